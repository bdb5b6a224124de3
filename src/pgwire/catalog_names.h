#pragma once
// CatalogNames: what exists in one snapshot of the registry, with PostgreSQL's numbers, for rows and for names in SQL such as
// 'orders'::regclass.
//
// Oids: PostgreSQL's own are fixed; schema freshet is kFreshetNamespace, its relations follow kFirstSystemRelation in the order
// in which they were added; sources, views and roles are kFirstObject + their object id, which is never used again.
// Threads: const, any. Errors: nullopt for a name that does not exist.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"

namespace pgwire {

constexpr uint32_t kCatalogNamespace = 11, kToastNamespace = 99, kPublicNamespace = 2200, kInformationNamespace = 13'000;
constexpr uint32_t kFreshetNamespace = 14'000, kFirstSystemRelation = 14'001, kFirstObject = 16'384;
constexpr uint32_t kDatabaseOid = 5, kAdministratorOid = 10;

struct NamedRelation {
  uint32_t oid, name_space;
  std::string schema, name;
  char kind;                                // r source, m view, v relation of schema freshet
  const model::Fields* fields;              // of the snapshot
  std::string definition;                   // a view's SELECT
};

class CatalogNames {
 public:
  explicit CatalogNames(catalog::CatalogPtr snapshot);

  const catalog::Catalog& snapshot() const { return *snapshot_; }
  const std::vector<NamedRelation>& relations() const { return relations_; }
  static const std::vector<std::pair<uint32_t, const char*>>& Namespaces();
  static uint32_t RoleOid(const catalog::Role& role);

  // Text as written in '...'::regclass: a number, a name, schema.name, with or without quotes. `path`: schemas to look in.
  std::optional<uint32_t> Relation(std::string_view text, const std::vector<std::string>& path) const;
  std::optional<uint32_t> Type(std::string_view text) const;
  std::optional<uint32_t> Proc(std::string_view text) const;
  std::optional<uint32_t> Namespace(std::string_view text) const;
  std::optional<uint32_t> Role(std::string_view text) const;

 private:
  const catalog::CatalogPtr snapshot_;
  std::vector<NamedRelation> relations_;
  std::map<std::pair<std::string, std::string>, uint32_t> by_name_;   // schema, name; fixed ones included
};

}  // namespace pgwire
