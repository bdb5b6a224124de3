// CatalogRewrite's functions whose answer depends on the caller: identity, settings, search path, privileges.
#include <algorithm>

#include "pgwire/catalog_functions.h"
#include "pgwire/catalog_rewrite.h"
#include "pgwire/catalog_tree.h"
#include "query/settings.h"

namespace pgwire {
namespace {

using sql::ExprKind;
using sql::ExprPtr;

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

bool SameName(std::string_view a, std::string_view b) { return Upper(a) == Upper(b); }

bool IsSetting(std::string_view name) {
  const auto table = query::SettingTable();
  return std::any_of(table.begin(), table.end(), [&](const auto& row) { return SameName(row.name, name); });
}

// "a, "B"": the words of a search path.
std::vector<std::string> PathWords(std::string_view text) {
  std::vector<std::string> words(1);
  for (char c : text) {
    if (c == ',') words.emplace_back();
    else if (c != '"' && c != ' ') words.back() += c;
  }
  return words;
}

}  // namespace

// Schemas in which unqualified names are looked up; those that do not exist are passed over.
std::vector<std::string> CatalogRewrite::Path(bool with_catalog) const {
  std::vector<std::string> path;
  for (const auto& word : PathWords(caller_.setting ? caller_.setting("search_path") : "public")) {
    const auto& known = CatalogNames::Namespaces();
    const bool exists = std::any_of(known.begin(), known.end(), [&](const auto& schema) { return word == schema.second; });
    if (exists && std::find(path.begin(), path.end(), word) == path.end()) path.push_back(word);
  }
  const bool implicit = std::find(path.begin(), path.end(), "pg_catalog") == path.end();
  if (with_catalog && implicit) path.insert(path.begin(), "pg_catalog");
  return path;
}

base::Status CatalogRewrite::ValueFunction(Slot* slot) {
  const std::string name = (*slot)->name[0];
  if (name == "CURRENT_SCHEMA") {
    const auto path = Path(false);
    *slot = path.empty() ? NullLiteral() : TextLiteral(path.front());
  } else if (name == "CURRENT_CATALOG") {
    *slot = TextLiteral(caller_.database);
  } else if (name == "CURRENT_USER" || name == "SESSION_USER" || name == "USER" || name == "CURRENT_ROLE") {
    *slot = TextLiteral(caller_.role);
  } else {
    cacheable_ = false;   // the clock
  }
  return {};
}

base::Status CatalogRewrite::CallerFunction(Slot* slot) {
  sql::Expr& call = **slot;
  const std::string name = call.name[0];
  const auto answer = [&](ExprPtr value) {
    *slot = std::move(value);
    return base::Status();
  };
  if (name == "version") return answer(TextLiteral(server_.version));
  if (name == "current_database" || name == "current_catalog") return answer(TextLiteral(caller_.database));
  if (name == "current_schema") return call.name = {"CURRENT_SCHEMA"}, ValueFunction(slot);
  if (name == "current_user" || name == "session_user" || name == "user" || name == "current_role") return answer(TextLiteral(caller_.role));
  if (name == "pg_backend_pid") return answer(Call("__integer", TextLiteral(std::to_string(caller_.pid))));
  if (name == "pg_postmaster_start_time" || name == "pg_conf_load_time")
    return answer(Call("__instant", TextLiteral(std::to_string(server_.started_us))));
  if (name == "current_setting" || name == "set_config") return Setting(slot);
  if (name == "format") return Format(slot);
  if (name.starts_with("has_") || name == "pg_has_role") return Privilege(slot);
  if (call.args.size() != 1 && name != "current_schemas") return base::NotFound("function " + name + " does not exist").WithSqlstate("42883");
  if (name.starts_with("to_reg")) {
    ExprPtr argument = std::move(call.args[0]);
    *slot = std::move(argument);
    return RegOf(slot, name.substr(3), true);
  }
  if (name == "current_schemas") {
    const bool implicit = call.args.size() == 1 && call.args[0]->kind == ExprKind::kLiteral && call.args[0]->literal.boolean;
    std::vector<ExprPtr> schemas;
    for (const auto& schema : Path(implicit)) schemas.push_back(TextLiteral(schema));
    return answer(ArrayExpr(std::move(schemas)));
  }
  if (name == "pg_table_is_visible") {
    std::vector<ExprPtr> path;
    for (const auto& schema : Path(true)) path.push_back(OidLiteral(*names_.Namespace(schema)));
    return answer(Call("__visible", std::move(call.args[0]), ArrayExpr(std::move(path))));
  }
  return base::Unsupported(name + " can only be the one thing that a SELECT returns");   // pg_terminate_backend, pg_cancel_backend
}

base::Status CatalogRewrite::Setting(Slot* slot) {
  sql::Expr& call = **slot;
  const bool sets = call.name[0] == "set_config";
  const std::string* name = call.args.empty() ? nullptr : TextOf(*call.args[0]);
  if (!name) return base::Unsupported(call.name[0] + " needs a constant name");
  if (!IsSetting(*name)) {
    const bool missing_ok = !sets && call.args.size() > 1 && call.args[1]->literal.boolean;
    if (missing_ok) return *slot = NullLiteral(), base::Status();
    return base::NotFound("unrecognized configuration parameter \"" + *name + "\"").WithSqlstate("42704");
  }
  const std::string now = caller_.setting ? caller_.setting(*name) : "";
  if (sets) {
    const std::string* wanted = call.args.size() > 1 ? TextOf(*call.args[1]) : nullptr;
    if (!wanted || !SameName(*wanted, now))
      return base::Unsupported("set_config over a relation can only confirm what is set").WithHint("Use SET, or set_config alone.");
  }
  *slot = TextLiteral(now);
  return {};
}

// has_..._privilege([role,] object, [column,] privileges): everybody reads what was granted, nobody writes.
base::Status CatalogRewrite::Privilege(Slot* slot) {
  sql::Expr& call = **slot;
  const std::string name = call.name[0];
  const bool column = name == "has_column_privilege";
  const size_t plain = column ? 3 : 2;
  if (call.args.size() != plain && call.args.size() != plain + 1)
    return base::NotFound("function " + name + " does not exist").WithSqlstate("42883");
  const std::string* given = TextOf(*call.args.back());
  const std::string asked = given ? Upper(*given) : "SELECT";
  const auto has = [&](const char* privilege) { return asked.find(privilege) != std::string::npos; };
  const auto answer = [&](bool value) {
    *slot = BoolLiteral(value);
    return base::Status();
  };
  if (name == "has_table_privilege" || name == "has_any_column_privilege" || column)
    return has("SELECT") ? TablePrivilege(slot, call.args.size() - plain) : answer(false);
  if (name == "has_schema_privilege" || name == "has_type_privilege" || name == "has_language_privilege") return answer(has("USAGE"));
  if (name == "has_database_privilege") return answer(has("CONNECT"));
  if (name == "has_function_privilege") return answer(true);
  if (name == "pg_has_role") {
    auto same = std::make_unique<sql::Expr>();   // role IN ('name', 'oid'): only oneself
    same->kind = ExprKind::kIn;
    const auto role = names_.snapshot().roles.find(caller_.role);
    const bool administrator = role != names_.snapshot().roles.end() && role->second->administrator;
    if (administrator) return answer(true);
    same->args.push_back(Call("__text", std::move(call.args[call.args.size() - 2])));
    same->args.push_back(TextLiteral(caller_.role));
    if (role != names_.snapshot().roles.end()) same->args.push_back(TextLiteral(std::to_string(CatalogNames::RoleOid(*role->second))));
    *slot = std::move(same);
    return {};
  }
  return answer(false);   // sequences, tablespaces
}

base::Status CatalogRewrite::TablePrivilege(Slot* slot, size_t target) {
  sql::Expr& call = **slot;
  ExprPtr who = target == 0 ? TextLiteral(caller_.role) : std::move(call.args[0]);
  *slot = Call("__may_select", std::move(who), std::move(call.args[target]));
  return {};
}

// format('%I.%I', a, b) with a constant pattern -> concat of its parts.
base::Status CatalogRewrite::Format(Slot* slot) {
  sql::Expr& call = **slot;
  const std::string* pattern = call.args.empty() ? nullptr : TextOf(*call.args[0]);
  if (!pattern) return base::Unsupported("format needs a constant pattern");
  auto concat = std::make_unique<sql::Expr>();
  concat->kind = ExprKind::kFunction;
  concat->name = {"concat"};
  std::string plain;
  size_t next = 1;
  for (size_t i = 0; i < pattern->size(); ++i) {
    const char c = (*pattern)[i];
    const char kind = c == '%' && i + 1 < pattern->size() ? (*pattern)[++i] : '\0';
    if (kind == '\0' || kind == '%') {
      plain += c;
      continue;
    }
    if ((kind != 's' && kind != 'I' && kind != 'L') || next >= call.args.size())
      return base::Invalid("format has a specifier or too few arguments that are not supported").WithSqlstate("22023");
    if (!plain.empty()) concat->args.push_back(TextLiteral(std::exchange(plain, {})));
    ExprPtr argument = std::move(call.args[next++]);
    if (kind == 'I') argument = Call("quote_ident", std::move(argument));
    if (kind == 'L') argument = Call("quote_nullable", std::move(argument));
    concat->args.push_back(std::move(argument));
  }
  concat->args.push_back(TextLiteral(plain));
  *slot = std::move(concat);
  return {};
}

}  // namespace pgwire
