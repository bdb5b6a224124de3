#pragma once
// CatalogRewrite: a SELECT over the system catalog -> a tree that sql::PrintDuckDb says in DuckDB's words for the tables and
// macros of catalog_rows.h. What depends on the caller (role, settings, search path) is put in as values; regclass and its
// relatives become numbers and look-ups; a function or type that is not known is refused.
//
// Threads: one owner. Borrows: names and caller, for its life.
// Errors: 42883, 42704, 42P01 as PostgreSQL has them; 0A000 for what cannot be said.

#include <optional>
#include <string>
#include <vector>

#include "pgwire/catalog_names.h"
#include "query/engine.h"
#include "sql/ast.h"
#include "sql/printer.h"

namespace pgwire {

class CatalogRewrite {
 public:
  struct Server {
    std::string version;          // text of version()
    int64_t started_us = 0;       // since 1970
  };

  CatalogRewrite(const CatalogNames& names, const query::SystemCatalog::Caller& caller, const Server& server);

  // Values of $1.., "\1" = NULL; without them parameters are NULL (to describe).
  void SetParameters(const std::vector<std::string>* parameters) { parameters_ = parameters; }

  // The whole statement: its result columns show the names of regclass values.
  base::Status Rewrite(sql::Select* select) { return Select(select, true); }
  // DuckDB's text of a rewritten select.
  base::Result<std::string> Print(const sql::Select& select) const;
  // False when the answer may change although neither the registry nor the text does.
  bool cacheable() const { return cacheable_; }

 private:
  using Slot = sql::ExprPtr;

  base::Status Select(sql::Select* select, bool is_result);
  base::Status Item(Slot* slot, bool is_result);
  base::Status Table(sql::TableRef* table);
  base::Status TableFunction(sql::TableRef* table);
  base::Status Expr(Slot* slot);
  base::Status Children(sql::Expr* expr);
  base::Status List(std::vector<Slot>* list);

  base::Status Cast(Slot* slot);
  base::Status TextOfReg(Slot* slot, const std::string& kind);
  base::Status RegOf(Slot* slot, const std::string& kind, bool missing_is_null);
  std::optional<uint32_t> Resolve(const std::string& kind, std::string_view text) const;
  base::Status ArrayOf(Slot* slot);
  base::Status Function(Slot* slot);
  base::Status CallerFunction(Slot* slot);
  base::Status Privilege(Slot* slot);
  base::Status TablePrivilege(Slot* slot, size_t target);
  base::Status Setting(Slot* slot);
  base::Status Format(Slot* slot);
  base::Status ValueFunction(Slot* slot);
  base::Status Division(Slot* slot);
  std::vector<std::string> Path(bool with_catalog) const;

  const CatalogNames& names_;
  const query::SystemCatalog::Caller& caller_;
  const Server& server_;
  const std::vector<std::string>* parameters_ = nullptr;
  bool cacheable_ = true;
};

// The cast's name when it is to regclass or a relative, else "".
std::string RegKind(const sql::Expr& expr);

}  // namespace pgwire
