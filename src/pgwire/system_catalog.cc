// MakeSystemCatalog: answers SELECTs over pg_catalog and information_schema from an in-memory DuckDB that is filled anew when
// the registry's version changes. Nothing of a user's data is in it, so its queries are printed by name, unbound.
//
// Threads: any; one statement at a time fills, each Run has a connection of its own.

#include <algorithm>
#include <mutex>
#include <set>

#include "pgwire/catalog_relations.h"
#include "pgwire/server.h"
#include "sql/functions.h"
#include "sql/printer.h"
#include "sql/walk.h"
#include "store/store.h"

namespace pgwire {
namespace {

using Caller = query::SystemCatalog::Caller;

// The rows keep the connection that they come from.
class OwnedRows : public model::RowSource {
 public:
  OwnedRows(std::unique_ptr<store::Connection> connection, std::unique_ptr<model::RowSource> rows)
      : connection_(std::move(connection)), rows_(std::move(rows)) {}
  ~OwnedRows() override { rows_.reset(); }
  const model::Fields& fields() const override { return rows_->fields(); }
  base::Result<model::ChunkView> Next() override { return rows_->Next(); }

 private:
  std::unique_ptr<store::Connection> connection_;
  std::unique_ptr<model::RowSource> rows_;
};

sql::ExprPtr Call(const char* name, sql::ExprPtr argument) {
  auto call = std::make_unique<sql::Expr>();
  call->kind = sql::ExprKind::kFunction;
  call->name = {name};
  call->args.push_back(std::move(argument));
  return call;
}

bool IsReg(const sql::Expr& expr, const char* name) { return expr.kind == sql::ExprKind::kCast && expr.cast.name == name; }

// regclass and its relatives are numbers with a text form: casts to them become look-ups.
void ReplaceReg(sql::ExprPtr* expr) {
  sql::Expr& e = **expr;
  if (e.kind == sql::ExprKind::kCast && e.cast.type.IsText() && IsReg(*e.args[0], "regclass")) {
    *expr = Call("__name_of", std::move(e.args[0]->args[0]));
  } else if (IsReg(e, "regclass")) {
    *expr = Call("__oid_of", std::move(e.args[0]));
  } else if (IsReg(e, "regtype")) {
    *expr = Call("__type_oid", std::move(e.args[0]));
  }
  sql::VisitChildren(expr->get(), [](sql::ExprPtr& child) {
    if (child) ReplaceReg(&child);
  });
}

void ReplaceRegIn(sql::Select* select);

void ReplaceRegIn(sql::TableRef* table) {
  if (table->subquery) ReplaceRegIn(table->subquery.get());
  if (table->function) ReplaceReg(&table->function);
  if (table->left) ReplaceRegIn(table->left.get());
  if (table->right) ReplaceRegIn(table->right.get());
  if (table->on) ReplaceReg(&table->on);
}

void ReplaceRegIn(sql::Select* select) {
  const auto all = [](std::vector<sql::ExprPtr>& list) {
    for (auto& expr : list) ReplaceReg(&expr);
  };
  for (auto& table : select->with) ReplaceRegIn(table.select.get());
  if (select->left) ReplaceRegIn(select->left.get());
  if (select->right) ReplaceRegIn(select->right.get());
  for (auto& item : select->items) ReplaceReg(&item.expr);
  for (auto& table : select->from) ReplaceRegIn(table.get());
  if (select->where) ReplaceReg(&select->where);
  if (select->having) ReplaceReg(&select->having);
  all(select->group_by);
  all(select->distinct_on);
  for (auto& key : select->order_by) ReplaceReg(&key.expr);
  sql::VisitExprs(select, [](sql::Expr& e) {
    if (e.subquery) ReplaceRegIn(e.subquery.get());
  });
}

class SystemCatalogImpl : public query::SystemCatalog {
 public:
  SystemCatalogImpl(std::unique_ptr<store::Store> store, catalog::CatalogHolder* catalog, std::string server_version)
      : store_(std::move(store)), catalog_(catalog), server_version_(std::move(server_version)) {}

  base::Status Define() {
    ASSIGN_OR_RETURN(auto connection, store_->Connect());
    for (const auto& statement : CatalogDefinitions()) {
      base::Status status = connection->Run(statement);
      if (!status.ok()) return std::move(status).WithContext(statement.substr(0, 80));
    }
    return {};
  }

  bool Owns(const sql::Select& select) const override {
    bool system = false, user = false;
    auto copy = select.Clone();  // the visitors want to be able to change it
    std::set<std::string> common;
    CollectCommon(*copy, &common);
    const auto snapshot = catalog_->Get();
    sql::VisitTables(copy.get(), [&](sql::TableRef& table) {
      if (table.kind == sql::TableRef::Kind::kWindow) user = true;
      if (table.kind != sql::TableRef::Kind::kRelation || (table.name.size() == 1 && common.contains(table.name[0]))) return;
      const std::string schema = table.name.size() > 1 ? table.name[table.name.size() - 2] : "";
      const bool known = IsCatalogRelation(schema, table.name.back()) && !(schema.empty() && snapshot->Find("", table.name.back()));
      (known ? system : user) = true;
    });
    if (system || user) return system && !user;
    sql::VisitExprs(copy.get(), [&](sql::Expr& e) {
      if (e.kind == sql::ExprKind::kFunction && IsCatalogFunction(e.name.back())) system = true;
      if (IsReg(e, "regclass") || IsReg(e, "regtype")) system = true;
    });
    return system;
  }

  base::Result<model::Fields> Describe(const sql::Select& select, const Caller& caller) override {
    RETURN_IF_ERROR(Refresh(caller.database));
    if (const char* action = SignalOf(select)) return model::Fields{{action, model::kText}};
    ASSIGN_OR_RETURN(auto text, Print(select, caller, {}));
    ASSIGN_OR_RETURN(auto connection, store_->Connect());
    return connection->Describe(text);
  }

  base::Result<std::unique_ptr<model::RowSource>> Run(const sql::Select& select, const Caller& caller,
                                                      const std::vector<std::string>& parameters) override {
    RETURN_IF_ERROR(Refresh(caller.database));
    if (const char* action = SignalOf(select)) return Signal(select, action, caller, parameters);
    ASSIGN_OR_RETURN(auto text, Print(select, caller, parameters));
    ASSIGN_OR_RETURN(auto connection, store_->Connect());
    ASSIGN_OR_RETURN(auto rows, connection->Query(text));
    return std::unique_ptr<model::RowSource>(std::make_unique<OwnedRows>(std::move(connection), std::move(rows)));
  }

 private:
  // SELECT pg_terminate_backend(pid) FROM ...: the name of the function, else nullptr.
  static const char* SignalOf(const sql::Select& select) {
    if (select.items.size() != 1 || select.items[0].expr->kind != sql::ExprKind::kFunction) return nullptr;
    const std::string& name = select.items[0].expr->name.back();
    if (select.items[0].expr->args.size() != 1) return nullptr;
    return name == "pg_terminate_backend" ? "pg_terminate_backend" : name == "pg_cancel_backend" ? "pg_cancel_backend" : nullptr;
  }

  // Finds the sessions first, then signals each; once per row, as PostgreSQL does.
  base::Result<std::unique_ptr<model::RowSource>> Signal(const sql::Select& select, const char* action, const Caller& caller,
                                                         const std::vector<std::string>& parameters) {
    auto pids = select.Clone();
    sql::ExprPtr argument = std::move(pids->items[0].expr->args[0]);
    auto cast = std::make_unique<sql::Expr>();
    cast->kind = sql::ExprKind::kCast;
    cast->cast = {model::kInt8, "int8", {}};
    cast->args.push_back(std::move(argument));
    pids->items[0].expr = std::move(cast);
    ASSIGN_OR_RETURN(auto text, Print(*pids, caller, parameters));
    ASSIGN_OR_RETURN(auto connection, store_->Connect());
    ASSIGN_OR_RETURN(auto rows, connection->Query(text));
    std::vector<std::vector<std::string>> answers;
    while (true) {
      ASSIGN_OR_RETURN(auto chunk, rows->Next());
      if (chunk.rows == 0) break;
      for (size_t i = 0; i < chunk.rows; ++i) {
        if (chunk.columns[0].IsNull(i)) continue;
        const auto pid = static_cast<int>(chunk.columns[0].Get<int64_t>(i));
        const bool done = caller.engine != nullptr && caller.engine->CancelBackend(pid, std::string_view(action) == "pg_terminate_backend");
        answers.push_back({done ? "t" : "f"});
      }
    }
    return std::unique_ptr<model::RowSource>(std::make_unique<model::TextRows>(model::Fields{{action, model::kText}}, std::move(answers)));
  }

  static void CollectCommon(sql::Select& select, std::set<std::string>* names) {
    for (auto& table : select.with) {
      names->insert(table.name);
      CollectCommon(*table.select, names);
    }
    if (select.left) CollectCommon(*select.left, names);
    if (select.right) CollectCommon(*select.right, names);
    sql::VisitTables(&select, [names](sql::TableRef& table) {
      if (table.subquery) CollectCommon(*table.subquery, names);
    });
  }

  base::Status Refresh(const std::string& database) {
    std::lock_guard lock(mutex_);
    const auto snapshot = catalog_->Get();
    if (snapshot == filled_ && database == database_) return {};
    ASSIGN_OR_RETURN(auto connection, store_->Connect());
    RETURN_IF_ERROR(connection->Run("BEGIN"));
    for (const auto& statement : CatalogRows(*snapshot, database, server_version_)) {
      base::Status status = connection->Run(statement);
      if (status.ok()) continue;
      const base::Status undone = connection->Run("ROLLBACK");
      (void)undone.ok();  // the first error is the one to tell
      return std::move(status).WithContext("system catalog");
    }
    RETURN_IF_ERROR(connection->Run("COMMIT"));
    filled_ = snapshot;
    database_ = database;
    return {};
  }

  base::Result<std::string> Print(const sql::Select& select, const Caller& caller, const std::vector<std::string>& parameters) const {
    auto copy = select.Clone();
    ReplaceRegIn(copy.get());
    sql::PrintOptions options;
    options.relation = [&](const std::vector<std::string>& name) -> base::Result<std::string> {
      const std::string schema = name.size() > 1 ? name[name.size() - 2] : "";
      if (!IsCatalogRelation(schema, name.back()))
        return base::NotFound("relation \"" + name.back() + "\" does not exist").WithSqlstate("42P01");
      if (name.back() == "pg_stat_activity") return ActivityRows(caller.engine, caller.database);
      return (schema == "information_schema" ? "infosch." : "pgc.") + sql::QuoteIdentifier(name.back());
    };
    options.parameter = [&](int n) {
      const auto index = static_cast<size_t>(n) - 1;
      if (index >= parameters.size() || parameters[index] == "\1") return std::string("NULL");
      return sql::QuoteLiteral(parameters[index]);
    };
    options.type = [](const sql::TypeName& type) -> std::optional<std::string> {
      if (type.name == "regclass" || type.name == "regtype" || type.name == "oid" || type.name == "regproc" || type.name == "xid" ||
          type.name == "regnamespace")
        return type.type.array ? "UINTEGER[]" : "UINTEGER";
      if (type.name == "name" || type.name == "char" || type.name == "cstring") return type.type.array ? "VARCHAR[]" : "VARCHAR";
      if (type.name == "int2vector") return "SMALLINT[]";
      if (type.name == "oidvector") return "UINTEGER[]";
      return std::nullopt;
    };
    options.function = [&](const sql::Expr& call, const std::vector<std::string>& args) { return Spell(call, args, caller); };
    return sql::PrintDuckDb(*copy, options);
  }

  std::optional<std::string> Spell(const sql::Expr& call, const std::vector<std::string>& args, const Caller& caller) const {
    const std::string& name = call.name.back();
    if (name == "current_database" || name == "current_catalog") return sql::QuoteLiteral(caller.database);
    if (name == "current_schema") return "'public'";
    if (name == "current_schemas") return "['pg_catalog', 'public']";
    if (name == "current_user" || name == "session_user" || name == "user" || name == "current_role") return sql::QuoteLiteral(caller.role);
    if (name == "version") return sql::QuoteLiteral("PostgreSQL " + server_version_);
    if (name == "pg_backend_pid") return std::to_string(caller.pid);
    if (name == "current_setting" && !call.args.empty() && call.args[0]->kind == sql::ExprKind::kLiteral)
      return sql::QuoteLiteral(caller.setting ? caller.setting(call.args[0]->literal.text) : "");
    if (name == "json_build_object") return Joined("json_object", args);
    if (!IsCatalogFunction(name) && !name.starts_with("__")) return std::nullopt;
    return Joined("pgc." + sql::QuoteIdentifier(name), args);
  }

  static std::string Joined(const std::string& name, const std::vector<std::string>& args) {
    std::string out = name + "(";
    for (size_t i = 0; i < args.size(); ++i) out += (i ? ", " : "") + args[i];
    return out + ")";
  }

  const std::unique_ptr<store::Store> store_;
  catalog::CatalogHolder* const catalog_;
  const std::string server_version_;
  std::mutex mutex_;
  catalog::CatalogPtr filled_;
  std::string database_;
};

}  // namespace

base::Result<std::unique_ptr<query::SystemCatalog>> MakeSystemCatalog(catalog::CatalogHolder* catalog,
                                                                      const query::EngineOptions& options) {
  store::StoreOptions store_options;
  store_options.memory_limit_bytes = size_t{64} << 20;
  store_options.threads = 1;
  store_options.lock_settings = false;
  ASSIGN_OR_RETURN(auto store, store::Store::Open(store_options));
  auto system = std::make_unique<SystemCatalogImpl>(std::move(store), catalog, options.server_version);
  RETURN_IF_ERROR(system->Define());
  return std::unique_ptr<query::SystemCatalog>(std::move(system));
}

}  // namespace pgwire
