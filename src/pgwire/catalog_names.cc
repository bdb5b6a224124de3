#include "pgwire/catalog_names.h"

#include <charconv>

#include "pgwire/catalog_data.h"
#include "sql/parser.h"

namespace pgwire {
namespace {

std::optional<uint32_t> Number(std::string_view text) {
  uint32_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size() && !text.empty()
             ? std::optional(value)
             : std::nullopt;
}

// a."B c".d -> {a, B c, d}: folded unless quoted.
std::vector<std::string> NameParts(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      parts.back() += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += !quoted && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
  }
  return parts;
}

// The SELECT of CREATE MATERIALIZED VIEW, which is what pg_get_viewdef shows.
std::string SelectOf(const std::string& definition) {
  const auto statements = sql::ParseStatements(definition);
  if (!statements.ok() || statements->size() != 1) return definition;
  const auto* view = std::get_if<sql::CreateView>(&statements->front().body);
  return view ? " " + view->select_text + ";" : definition;
}

}  // namespace

CatalogNames::CatalogNames(catalog::CatalogPtr snapshot) : snapshot_(std::move(snapshot)) {
  for (const auto& [name, source] : snapshot_->sources)
    if (!source->join)
      relations_.push_back({kFirstObject + static_cast<uint32_t>(source->id.value),
                            kPublicNamespace, "public", name, 'r', &source->fields, ""});
  for (const auto& [name, view] : snapshot_->views)
    if (view->owner.empty())
      relations_.push_back({kFirstObject + static_cast<uint32_t>(view->id.value), kPublicNamespace,
                            "public", name, 'm', &view->plan->fields, SelectOf(view->definition)});
  uint32_t system = kFirstSystemRelation;
  for (const auto& info : snapshot_->system_relations())
    relations_.push_back(
        {system++, kFreshetNamespace, info.schema, info.name, 'v', &info.fields, ""});
  for (const auto& fixed : FixedRelations())
    by_name_[{std::string(fixed.schema), std::string(fixed.name)}] = fixed.oid;
  for (const auto& relation : relations_) by_name_[{relation.schema, relation.name}] = relation.oid;
}

const std::vector<std::pair<uint32_t, const char*>>& CatalogNames::Namespaces() {
  static const std::vector<std::pair<uint32_t, const char*>> namespaces{
      {kCatalogNamespace, "pg_catalog"},
      {kToastNamespace, "pg_toast"},
      {kPublicNamespace, "public"},
      {kInformationNamespace, "information_schema"},
      {kFreshetNamespace, "freshet"}};
  return namespaces;
}

uint32_t CatalogNames::RoleOid(const catalog::Role& role) {
  return role.name == "freshet" ? kAdministratorOid
                                : kFirstObject + static_cast<uint32_t>(role.id.value);
}

std::optional<uint32_t> CatalogNames::Relation(std::string_view text,
                                               const std::vector<std::string>& path) const {
  if (const auto number = Number(text)) return number;
  const auto parts = NameParts(text);
  if (parts.size() > 1) {
    const auto found = by_name_.find({parts[parts.size() - 2], parts.back()});
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
  }
  for (const auto& schema : path) {
    const auto found = by_name_.find({schema, parts.back()});
    if (found != by_name_.end()) return found->second;
  }
  return std::nullopt;
}

std::optional<uint32_t> CatalogNames::Type(std::string_view text) const {
  if (const auto number = Number(text)) return number;
  if (const auto* type = FindFixedType(text)) return type->oid;
  const auto parts = NameParts(text);
  std::string name = parts.back();
  for (const auto& [alias, full] :
       {std::pair("int", "int4"), std::pair("decimal", "numeric"), std::pair("float", "float8"),
        std::pair("varchar", "varchar"), std::pair("char", "bpchar"), std::pair("bool", "bool")})
    if (name == alias) name = full;
  const auto* type = FindFixedType(name);
  return type ? std::optional(type->oid) : std::nullopt;
}

std::optional<uint32_t> CatalogNames::Proc(std::string_view text) const {
  if (const auto number = Number(text)) return number;
  if (text == "-") return 0;
  const auto parts = NameParts(text.substr(0, text.find('(')));
  for (const auto& proc : FixedProcs())
    if (proc.name == parts.back()) return proc.oid;
  return std::nullopt;
}

std::optional<uint32_t> CatalogNames::Namespace(std::string_view text) const {
  if (const auto number = Number(text)) return number;
  const auto parts = NameParts(text);
  for (const auto& [oid, name] : Namespaces())
    if (parts.back() == name) return oid;
  return std::nullopt;
}

std::optional<uint32_t> CatalogNames::Role(std::string_view text) const {
  if (const auto number = Number(text)) return number;
  const auto found = snapshot_->roles.find(NameParts(text).back());
  return found == snapshot_->roles.end() ? std::nullopt : std::optional(RoleOid(*found->second));
}

}  // namespace pgwire
