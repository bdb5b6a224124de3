#include "pgwire/catalog_rewrite.h"

#include <set>
#include <string_view>

#include "pgwire/catalog_data.h"
#include "pgwire/catalog_functions.h"
#include "pgwire/catalog_rows.h"
#include "pgwire/catalog_tree.h"

namespace pgwire {
namespace {

using sql::ExprKind;
using sql::ExprPtr;

// DuckDB's word for a type of the catalog that the printer does not know.
const char* TypeWord(std::string_view name) {
  for (std::string_view number : {"oid", "regclass", "regtype", "regproc", "regprocedure", "regoper", "regoperator", "regnamespace", "regrole",
                                  "regconfig", "xid", "cid"})
    if (name == number) return "UINTEGER";
  for (std::string_view text : {"name", "char", "bpchar", "cstring", "text", "varchar", "character varying", "pg_node_tree", "inet", "aclitem",
                                "unknown", "anyarray", "xml", "citext", "sql_identifier", "character_data", "yes_or_no"})
    if (name == text) return "VARCHAR";
  if (name == "int2vector") return "SMALLINT[]";
  if (name == "oidvector") return "UINTEGER[]";
  if (name == "cardinal_number") return "INTEGER";
  return nullptr;
}

void CollectAliases(const sql::TableRef& table, std::set<std::string>* aliases) {
  if (table.left) CollectAliases(*table.left, aliases);
  if (table.right) CollectAliases(*table.right, aliases);
  if (table.kind != sql::TableRef::Kind::kJoin) aliases->insert(table.alias.empty() && !table.name.empty() ? table.name.back() : table.alias);
}

// GROUP BY x where x is an item's alias and an item of FROM: PostgreSQL means the alias, DuckDB the whole row.
void GroupByAliases(sql::Select* select) {
  std::set<std::string> aliases;
  for (const auto& table : select->from) CollectAliases(*table, &aliases);
  for (auto& key : select->group_by) {
    if (key->kind != ExprKind::kColumn || key->name.size() != 1 || !aliases.contains(key->name[0])) continue;
    for (const auto& item : select->items)
      if (item.alias == key->name[0]) {
        key = item.expr->Clone();
        break;
      }
  }
}

std::string LastPart(std::string_view name) { return std::string(name.substr(name.rfind('.') + 1)); }

}  // namespace

std::string RegKind(const sql::Expr& expr) {
  if (expr.kind != ExprKind::kCast || expr.cast.type.array) return {};
  const std::string name = LastPart(expr.cast.name);
  for (const char* kind : {"regclass", "regtype", "regproc", "regprocedure", "regnamespace", "regrole"})
    if (name == kind) return kind;
  return {};
}

CatalogRewrite::CatalogRewrite(const CatalogNames& names, const query::SystemCatalog::Caller& caller, const Server& server)
    : names_(names), caller_(caller), server_(server) {}

base::Status CatalogRewrite::Select(sql::Select* select, bool is_result) {
  for (auto& table : select->with) RETURN_IF_ERROR(Select(table.select.get(), false));
  if (select->left) RETURN_IF_ERROR(Select(select->left.get(), is_result));
  if (select->right) RETURN_IF_ERROR(Select(select->right.get(), is_result));
  for (auto& item : select->items) {
    if (item.expr->kind != ExprKind::kStar && item.alias.empty()) item.alias = sql::OutputName(item);
  }
  for (auto& table : select->from) RETURN_IF_ERROR(Table(table.get()));
  for (auto& item : select->items) RETURN_IF_ERROR(Item(&item.expr, is_result));
  GroupByAliases(select);
  RETURN_IF_ERROR(List(&select->distinct_on));
  RETURN_IF_ERROR(Expr(&select->where));
  RETURN_IF_ERROR(List(&select->group_by));
  RETURN_IF_ERROR(Expr(&select->having));
  for (auto& key : select->order_by) RETURN_IF_ERROR(Expr(&key.expr));
  RETURN_IF_ERROR(Expr(&select->limit));
  RETURN_IF_ERROR(Expr(&select->offset));
  for (auto& row : select->values) RETURN_IF_ERROR(List(&row));
  for (auto& [name, window] : select->windows) {
    RETURN_IF_ERROR(List(&window.partition_by));
    for (auto& key : window.order_by) RETURN_IF_ERROR(Expr(&key.expr));
  }
  return {};
}

base::Status CatalogRewrite::Item(Slot* slot, bool is_result) {
  const std::string kind = is_result ? RegKind(**slot) : "";
  RETURN_IF_ERROR(Expr(slot));
  return kind.empty() ? base::Status() : TextOfReg(slot, kind);
}

base::Status CatalogRewrite::List(std::vector<Slot>* list) {
  for (auto& slot : *list) RETURN_IF_ERROR(Expr(&slot));
  return {};
}

base::Status CatalogRewrite::Table(sql::TableRef* table) {
  if (table->subquery) RETURN_IF_ERROR(Select(table->subquery.get(), false));
  if (table->left) RETURN_IF_ERROR(Table(table->left.get()));
  if (table->right) RETURN_IF_ERROR(Table(table->right.get()));
  if (table->on) RETURN_IF_ERROR(Expr(&table->on));
  return table->function ? TableFunction(table) : base::Status();
}

// Functions in FROM: some stand for relations, sets stay, one value becomes a sub-select of one row.
base::Status CatalogRewrite::TableFunction(sql::TableRef* table) {
  const std::string name = table->function->name.empty() ? "" : table->function->name.back();
  if (const char* relation = RelationOfTableFunction(name)) {
    if (table->alias.empty()) table->alias = name;
    table->kind = sql::TableRef::Kind::kRelation;
    table->name = {"", relation};
    table->function = nullptr;
    return {};
  }
  if (name == "generate_series" || name == "unnest" || name == "generate_subscripts") {
    RETURN_IF_ERROR(List(&table->function->args));
    return {};
  }
  RETURN_IF_ERROR(Expr(&table->function));
  auto one = std::make_unique<sql::Select>();
  const std::string alias = table->alias.empty() ? name : table->alias;
  one->items.push_back({std::move(table->function), table->column_aliases.empty() ? alias : table->column_aliases[0]});
  table->kind = sql::TableRef::Kind::kSubquery;
  table->lateral = true;
  table->alias = alias;
  table->subquery = std::move(one);
  return {};
}

base::Status CatalogRewrite::Children(sql::Expr* expr) {
  RETURN_IF_ERROR(List(&expr->args));
  RETURN_IF_ERROR(Expr(&expr->filter));
  for (auto& key : expr->order_by) RETURN_IF_ERROR(Expr(&key.expr));
  if (expr->over) {
    RETURN_IF_ERROR(List(&expr->over->partition_by));
    for (auto& key : expr->over->order_by) RETURN_IF_ERROR(Expr(&key.expr));
  }
  return expr->subquery ? Select(expr->subquery.get(), false) : base::Status();
}

// Children come first, but for one shape that is known by what is inside: reg... as text.
base::Status CatalogRewrite::Expr(Slot* slot) {
  if (!*slot) return {};
  sql::Expr& expr = **slot;
  if (expr.kind == ExprKind::kCast) {
    // name::regclass::text
    const std::string inner = RegKind(*expr.args[0]);
    if (!inner.empty() && expr.cast.type.IsText() && !expr.cast.type.array) {
      Slot number = std::move(expr.args[0]);
      RETURN_IF_ERROR(Expr(&number));
      *slot = std::move(number);
      return TextOfReg(slot, inner);
    }
  }
  RETURN_IF_ERROR(Children(&expr));
  switch (expr.kind) {
    case ExprKind::kParameter: {
      const auto index = static_cast<size_t>(expr.parameter) - 1;
      const bool given = parameters_ && index < parameters_->size() && (*parameters_)[index] != "\1";
      *slot = given ? TextLiteral((*parameters_)[index]) : NullLiteral();
      return {};
    }
    case ExprKind::kCast: return Cast(slot);
    case ExprKind::kFunction: return Function(slot);
    case ExprKind::kDefault: return ValueFunction(slot);
    case ExprKind::kCollate: {
      Slot inner = std::move(expr.args[0]);
      *slot = std::move(inner);
      return {};
    }
    case ExprKind::kAnyAll:
      return !expr.subquery && TextOf(*expr.args[1]) ? ArrayOf(&expr.args[1]) : base::Status();
    case ExprKind::kOperator: return expr.name[0] == "/" && expr.args.size() == 2 ? Division(slot) : base::Status();
    default: return {};
  }
}

// DuckDB's / is not PostgreSQL's where both sides are integers.
base::Status CatalogRewrite::Division(Slot* slot) {
  const auto is_integer = [](const sql::Expr& expr) {
    return (expr.kind == ExprKind::kLiteral && expr.literal.kind == sql::Literal::Kind::kInteger) ||
           (expr.kind == ExprKind::kCast && expr.cast.type.IsInteger());
  };
  if (!is_integer(*(*slot)->args[0]) || !is_integer(*(*slot)->args[1])) return {};
  (*slot)->kind = ExprKind::kFunction;
  (*slot)->name = {"divide"};
  return {};
}

base::Status CatalogRewrite::Cast(Slot* slot) {
  sql::Expr& cast = **slot;
  const std::string kind = RegKind(cast);
  if (!kind.empty()) {
    Slot inner = std::move(cast.args[0]);
    *slot = std::move(inner);
    return RegOf(slot, kind, false);
  }
  const std::string name = LastPart(cast.cast.name);
  const bool known = TypeWord(name) || (cast.cast.type.id != model::TypeId::kUnknown && cast.cast.type.id != model::TypeId::kRecord);
  if (!known) return base::NotFound("type \"" + name + "\" does not exist").WithSqlstate("42704");
  if (cast.cast.type.array && TextOf(*cast.args[0])) return ArrayOf(&cast.args[0]);
  return {};
}

std::optional<uint32_t> CatalogRewrite::Resolve(const std::string& kind, std::string_view text) const {
  if (kind == "regclass") return names_.Relation(text, Path(true));
  if (kind == "regtype") return names_.Type(text);
  if (kind == "regnamespace") return names_.Namespace(text);
  if (kind == "regrole") return names_.Role(text);
  return names_.Proc(text);
}

// A value of any kind -> the number of the object that it names.
base::Status CatalogRewrite::RegOf(Slot* slot, const std::string& kind, bool missing_is_null) {
  if (const std::string* text = TextOf(**slot)) {
    const auto oid = Resolve(kind, *text);
    if (oid) return *slot = OidLiteral(*oid), base::Status();
    if (missing_is_null) return *slot = NullLiteral(), base::Status();
    const size_t dot = text->find('.');
    if (kind == "regclass" && dot != std::string::npos && !names_.Namespace(text->substr(0, dot)))
      return base::NotFound("schema \"" + text->substr(0, dot) + "\" does not exist").WithSqlstate("3F000");
    if (kind == "regclass") return base::NotFound("relation \"" + *text + "\" does not exist").WithSqlstate("42P01");
    if (kind == "regtype") return base::NotFound("type \"" + *text + "\" does not exist").WithSqlstate("42704");
    if (kind == "regnamespace") return base::NotFound("schema \"" + *text + "\" does not exist").WithSqlstate("3F000");
    if (kind == "regrole") return base::NotFound("role \"" + *text + "\" does not exist").WithSqlstate("42704");
    return base::NotFound("function \"" + *text + "\" does not exist").WithSqlstate("42883");
  }
  const char* look_up = kind == "regclass" ? "__oid_of" : kind == "regtype" ? "__type_of" : kind == "regnamespace" ? "__namespace_of"
                        : kind == "regrole" ? "__role_of" : "__proc_of";
  *slot = Call(look_up, std::move(*slot));
  return {};
}

base::Status CatalogRewrite::TextOfReg(Slot* slot, const std::string& kind) {
  if (kind == "regtype") {
    *slot = Call("format_type", std::move(*slot), NullLiteral());
    return {};
  }
  const char* look_up = kind == "regclass" ? "__name_of" : kind == "regnamespace" ? "__namespace_name" : kind == "regrole" ? "pg_get_userbyid"
                                                                                                                          : "__proc_name";
  *slot = Call(look_up, std::move(*slot));
  return {};
}

// '{a,b}' where a list is meant.
base::Status CatalogRewrite::ArrayOf(Slot* slot) {
  const auto elements = ParseArray(*TextOf(**slot));
  if (!elements) return base::DataError("malformed array literal: \"" + *TextOf(**slot) + "\"").WithSqlstate("22P02");
  auto array = std::make_unique<sql::Expr>();
  array->kind = ExprKind::kArray;
  for (const auto& element : *elements) array->args.push_back(element ? TextLiteral(*element) : NullLiteral());
  *slot = std::move(array);
  return {};
}

base::Status CatalogRewrite::Function(Slot* slot) {
  sql::Expr& call = **slot;
  const std::string name = call.name.back();
  const std::string schema = call.name.size() > 1 ? call.name[call.name.size() - 2] : "pg_catalog";
  const CatalogFunction* function = schema == "pg_catalog" || schema == "information_schema" ? FindCatalogFunction(name) : nullptr;
  if (!function || name.starts_with("__")) {
    return base::NotFound("function " + (call.name.size() > 1 ? schema + "." : "") + name + " does not exist")
        .WithSqlstate("42883")
        .WithPosition(call.location + 1)
        .WithDetail("The system catalog's queries may call a limited set of functions.");
  }
  call.name = {name};
  const std::string_view body = function->body;
  if (body == "!") return CallerFunction(slot);
  if (body[0] == '=' && body.size() > 1) call.name = {std::string(body.substr(1))};
  if (name == "now") cacheable_ = false;
  return {};
}

base::Result<std::string> CatalogRewrite::Print(const sql::Select& select) const {
  sql::PrintOptions options;
  options.relation = [this](const std::vector<std::string>& name) -> base::Result<std::string> {
    const std::string schema = name.size() > 1 ? name[name.size() - 2] : "pg_catalog";
    if (std::string live = LiveRelation(schema, name.back(), caller_); !live.empty()) return live;
    if (schema.empty()) return "pgc." + sql::QuoteIdentifier(name.back());   // one of ours, put there by TableFunction
    const CatalogRelation* relation = FindFixedRelation(schema, name.back());
    if (!relation) return base::NotFound("relation \"" + name.back() + "\" does not exist").WithSqlstate("42P01");
    return (schema == "information_schema" ? "infosch." : "pgc.") + sql::QuoteIdentifier(relation->name);
  };
  options.type = [](const sql::TypeName& type) -> std::optional<std::string> {
    const char* word = TypeWord(LastPart(type.name));
    return word ? std::optional(std::string(word) + (type.type.array ? "[]" : "")) : std::nullopt;
  };
  options.function = [](const sql::Expr& call, const std::vector<std::string>& args) -> std::optional<std::string> {
    if (call.kind != ExprKind::kFunction) return std::nullopt;
    const CatalogFunction* function = FindCatalogFunction(call.name.back());
    if (!function) return std::nullopt;
    std::string list;
    for (const auto& arg : args) list += (list.empty() ? "" : ", ") + arg;
    // Sets of rows: the printer knows these words, and DuckDB's generate_series is a list.
    const std::string_view name = function->name;
    if (name == "generate_series") return "unnest(generate_series(" + list + "))";
    if (name == "unnest" || name == "generate_subscripts") return std::string(name) + "(" + list + ")";
    if (function->body[0] != '(') return std::nullopt;
    return "pgc." + sql::QuoteIdentifier(name) + "(" + list + ")";
  };
  return sql::PrintDuckDb(select, options);
}

}  // namespace pgwire
