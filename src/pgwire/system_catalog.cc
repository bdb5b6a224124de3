// MakeSystemCatalog: answers SELECTs over pg_catalog and information_schema from an in-memory
// DuckDB that is filled anew when the registry changes. Nothing of a user's data is in it; what its
// queries may call is CatalogFunctions' list.
//
// Threads: any; one statement at a time fills the tables, each query has a connection of its own.
// Limits: kMaxResultBytes a result, kMaxIdle idle connections, 64 MiB for the engine.

#include <algorithm>
#include <mutex>
#include <set>

#include "base/clock.h"
#include "pgwire/catalog_answers.h"
#include "pgwire/catalog_data.h"
#include "pgwire/catalog_functions.h"
#include "pgwire/catalog_output.h"
#include "pgwire/catalog_rewrite.h"
#include "pgwire/catalog_rows.h"
#include "pgwire/server.h"
#include "sql/walk.h"
#include "store/store.h"

namespace pgwire {
namespace {

using Caller = query::SystemCatalog::Caller;
using sql::ExprKind;

constexpr size_t kMaxResultBytes = size_t{64} << 20;
constexpr size_t kMaxIdle = 4;

// What a SELECT reads and calls, as far as ownership goes.
struct Uses {
  bool system = false;  // a relation of the system catalog
  bool other = false;   // any other relation, or a window
  bool catalog_only = false;
  bool unknown = false;  // a function that the catalog's queries may not call
  bool constant = true;  // nothing but literals
};

void CollectCommon(sql::Select* select, std::set<std::string>* names) {
  for (auto& table : select->with) names->insert(table.name);
  sql::VisitTables(select, [&](sql::TableRef& table) {
    if (table.subquery)
      for (auto& common : table.subquery->with) names->insert(common.name);
  });
  for (auto& table : select->with) CollectCommon(table.select.get(), names);
  if (select->left) CollectCommon(select->left.get(), names);
  if (select->right) CollectCommon(select->right.get(), names);
}

Uses UsesOf(const sql::Select& const_select, const catalog::Catalog& catalog) {
  auto* select = const_cast<sql::Select*>(&const_select);  // the visitors only read
  Uses uses;
  std::set<std::string> common;
  CollectCommon(select, &common);
  sql::VisitTables(select, [&](sql::TableRef& table) {
    if (table.kind == sql::TableRef::Kind::kWindow) uses.other = true;
    if (table.kind == sql::TableRef::Kind::kFunction && table.function &&
        IsCatalogTableFunction(table.function->name.back()))
      uses.system = true;
    if (table.kind != sql::TableRef::Kind::kRelation ||
        (table.name.size() == 1 && common.contains(table.name[0])))
      return;
    const std::string schema = table.name.size() > 1 ? table.name[table.name.size() - 2] : "";
    const bool system = FindFixedRelation(schema, table.name.back()) &&
                        !(schema.empty() && catalog.Find("", table.name.back()));
    (system || schema == "pg_catalog" || schema == "information_schema" ? uses.system
                                                                        : uses.other) = true;
  });
  sql::VisitExprs(select, [&](sql::Expr& expr) {
    if (expr.kind != ExprKind::kLiteral) uses.constant = false;
    if (!RegKind(expr).empty()) uses.catalog_only = true;
    if (expr.kind == ExprKind::kDefault &&
        (expr.name[0] == "CURRENT_SCHEMA" || expr.name[0] == "CURRENT_CATALOG"))
      uses.catalog_only = true;
    if (expr.kind != ExprKind::kFunction) return;
    const CatalogFunction* function = FindCatalogFunction(expr.name.back());
    if (!function) uses.unknown = true;
    else uses.catalog_only |= IsCatalogOnly(*function);
  });
  return uses;
}

class SystemCatalogImpl : public query::SystemCatalog {
 public:
  SystemCatalogImpl(catalog::CatalogHolder* catalog, const std::string& server_version)
      : catalog_(catalog),
        server_{"PostgreSQL " + server_version,
                base::Clock::System().Wall().time_since_epoch().count()} {}

  bool Owns(const sql::Select& select) const override {
    const auto snapshot = catalog_->Get();
    const Uses uses = UsesOf(select, *snapshot);
    if (uses.system || uses.other) return uses.system && !uses.other;
    if (uses.constant && !select.items.empty() && select.from.empty()) return true;  // SELECT 1
    return uses.catalog_only && !uses.unknown;
  }

  base::Result<model::Fields> Describe(const sql::Select& select, const Caller& caller) override {
    if (SignalOf(select)) return model::Fields{{sql::OutputName(select.items[0]), model::kBool}};
    ASSIGN_OR_RETURN(const Query query, Prepare(select, caller, nullptr));
    if (query.cacheable) {
      // It is asked for in a moment: the answer describes itself.
      ASSIGN_OR_RETURN(const auto answer, Answer(query, caller));
      return ShownFields(select, answer->fields);
    }
    ASSIGN_OR_RETURN(auto connection, TakeConnection());
    auto fields = connection->Describe(query.text);
    GiveConnection(std::move(connection));
    if (!fields.ok()) return fields.TakeStatus();
    return ShownFields(select, fields.Take());
  }

  std::vector<model::Type> ParameterTypes(const sql::Select& select,
                                          std::vector<model::Type> declared) const override {
    return ParameterTypesOf(select, std::move(declared));
  }

  base::Result<std::unique_ptr<model::RowSource>> Run(
      const sql::Select& select, const Caller& caller,
      const std::vector<std::string>& parameters) override {
    if (SignalOf(select)) return Signal(select, caller, parameters);
    ASSIGN_OR_RETURN(const Query query, Prepare(select, caller, &parameters));
    ASSIGN_OR_RETURN(const auto answer, Answer(query, caller));
    return std::unique_ptr<model::RowSource>(
        std::make_unique<AnswerRows>(answer, ShownFields(select, answer->fields)));
  }

 private:
  struct Query {
    std::string text;
    bool cacheable = false;
    int64_t generation = 0;
  };

  static base::Status RunAll(store::Connection* connection,
                             const std::vector<std::string>& statements) {
    RETURN_IF_ERROR(connection->Run("BEGIN"));
    for (const auto& statement : statements) {
      base::Status status = connection->Run(statement);
      if (status.ok()) continue;
      const base::Status undone = connection->Run("ROLLBACK");
      (void)undone.ok();  // the first error is the one to tell
      return std::move(status).WithContext("system catalog: " + statement.substr(0, 60));
    }
    return connection->Run("COMMIT");
  }

  // Under fill_mutex_. The tables take 0.2 s to make, which a start need not wait for.
  base::Status Define() {
    if (store_) return {};
    store::StoreOptions options;
    options.memory_limit_bytes = size_t{64} << 20;
    options.threads = 1;
    ASSIGN_OR_RETURN(auto store, store::Store::Open(options));
    ASSIGN_OR_RETURN(auto connection, store->Connect());
    RETURN_IF_ERROR(RunAll(connection.get(), CatalogDefinitions()));
    connection.reset();
    store_ = std::move(store);
    return {};
  }

  // The registry's rows are in the tables when it returns. Gives the names that they were made
  // from.
  base::Result<std::shared_ptr<const CatalogNames>> Refresh(const std::string& database,
                                                            int64_t* generation) {
    std::lock_guard lock(fill_mutex_);
    RETURN_IF_ERROR(Define());
    const auto snapshot = catalog_->Get();
    if (!names_ || &names_->snapshot() != snapshot.get() || database != database_) {
      auto names = std::make_shared<const CatalogNames>(snapshot);
      ASSIGN_OR_RETURN(auto connection, TakeConnection());
      base::Status status = RunAll(connection.get(), CatalogRows(*names, database));
      GiveConnection(std::move(connection));
      if (!status.ok()) return status;
      names_ = std::move(names);
      database_ = database;
      ++generation_;
    }
    *generation = generation_;
    return names_;
  }

  base::Result<Query> Prepare(const sql::Select& select, const Caller& caller,
                              const std::vector<std::string>* parameters) {
    Query query;
    ASSIGN_OR_RETURN(const auto names, Refresh(caller.database, &query.generation));
    const auto copy = select.Clone();
    CatalogRewrite rewrite(*names, caller, server_);
    rewrite.SetParameters(parameters);
    RETURN_IF_ERROR(rewrite.Rewrite(copy.get()));
    // A column that is nothing but NULL is a text.
    for (auto& item : copy->items)
      if (item.expr->kind == ExprKind::kLiteral &&
          item.expr->literal.kind == sql::Literal::Kind::kNull)
        item.expr->type = model::kText;
    ASSIGN_OR_RETURN(query.text, rewrite.Print(*copy));
    query.cacheable = rewrite.cacheable();
    return query;
  }

  base::Result<CatalogAnswerPtr> Answer(const Query& query, const Caller& caller) {
    if (query.cacheable)
      if (auto kept = answers_.Find(query.text, query.generation)) return kept;
    ASSIGN_OR_RETURN(auto connection, TakeConnection());
    if (caller.runs_on) caller.runs_on(connection.get());
    auto answer = Read(connection.get(), query.text);
    if (caller.runs_on) caller.runs_on(nullptr);
    GiveConnection(std::move(connection));
    if (!answer.ok()) return answer.TakeStatus();
    if (query.cacheable) answers_.Keep(query.text, query.generation, *answer);
    return answer;
  }

  static base::Result<CatalogAnswerPtr> Read(store::Connection* connection,
                                             const std::string& text) {
    ASSIGN_OR_RETURN(const auto rows, connection->Query(text));
    auto answer = std::make_shared<CatalogAnswer>();
    answer->fields = rows->fields();
    while (true) {
      ASSIGN_OR_RETURN(const auto chunk, rows->Next());
      if (chunk.rows == 0) return CatalogAnswerPtr(std::move(answer));
      answer->bytes += query::BytesOf(chunk);
      if (answer->bytes > kMaxResultBytes)
        return base::Exhausted("the result is too large for the system catalog")
            .WithSqlstate("53200")
            .WithHint("Select fewer rows.");
      answer->chunks.emplace_back(chunk);
    }
  }

  base::Result<std::unique_ptr<store::Connection>> TakeConnection() {
    std::lock_guard lock(idle_mutex_);
    if (idle_.empty()) return store_->Connect();
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  void GiveConnection(std::unique_ptr<store::Connection> connection) {
    std::lock_guard lock(idle_mutex_);
    if (idle_.size() < kMaxIdle) idle_.push_back(std::move(connection));
  }

  // SELECT pg_terminate_backend(pid) FROM ...: signalling is the whole statement.
  static bool SignalOf(const sql::Select& select) {
    if (select.items.size() != 1 || select.items[0].expr->kind != ExprKind::kFunction) return false;
    const sql::Expr& call = *select.items[0].expr;
    return call.args.size() == 1 &&
           (call.name.back() == "pg_terminate_backend" || call.name.back() == "pg_cancel_backend");
  }

  // Finds the sessions first, then signals each: once a row, as PostgreSQL does.
  base::Result<std::unique_ptr<model::RowSource>> Signal(
      const sql::Select& select, const Caller& caller, const std::vector<std::string>& parameters) {
    auto pids = select.Clone();
    sql::ExprPtr call = std::move(pids->items[0].expr);
    auto cast = std::make_unique<sql::Expr>();
    cast->kind = ExprKind::kCast;
    cast->cast = {model::kInt8, "int8", {}};
    cast->args.push_back(std::move(call->args[0]));
    pids->items[0] = {std::move(cast), "pid"};
    ASSIGN_OR_RETURN(const Query query, Prepare(*pids, caller, &parameters));
    ASSIGN_OR_RETURN(const auto answer, Answer(query, caller));
    model::Fields fields{{sql::OutputName({call->Clone(), select.items[0].alias}), model::kBool}};
    auto signalled = std::make_unique<SignalRows>(std::move(fields));
    for (const auto& chunk : answer->chunks) {
      for (size_t i = 0; i < chunk.view().rows; ++i) {
        const model::ColumnView& column = chunk.view().columns[0];
        const bool known = !column.IsNull(i) && caller.engine;
        const auto pid = known ? column.Get<int64_t>(i) : 0;
        signalled->Add(known &&
                       caller.engine->CancelBackend(static_cast<int>(pid),
                                                    call->name.back() == "pg_terminate_backend"));
      }
    }
    return std::unique_ptr<model::RowSource>(std::move(signalled));
  }

  // One boolean a signalled session.
  class SignalRows : public model::RowSource {
   public:
    explicit SignalRows(model::Fields fields) : fields_(std::move(fields)) {}
    void Add(bool done) { done_.push_back(done); }
    const model::Fields& fields() const override { return fields_; }
    base::Result<model::ChunkView> Next() override {
      model::ColumnView column;
      column.kind = model::CellKind::kBool;
      column.data = done_.data();
      return model::ChunkView{std::exchange(read_, true) ? 0 : done_.size(), {column}};
    }

   private:
    const model::Fields fields_;
    std::vector<uint8_t> done_;
    bool read_ = false;
  };

  catalog::CatalogHolder* const catalog_;
  const CatalogRewrite::Server server_;
  CatalogAnswers answers_;

  std::mutex fill_mutex_;                // before idle_mutex_
  std::unique_ptr<store::Store> store_;  // made by the first statement, then never changed
  std::shared_ptr<const CatalogNames> names_;
  std::string database_;
  int64_t generation_ = 0;

  std::mutex idle_mutex_;
  std::vector<std::unique_ptr<store::Connection>> idle_;
};

}  // namespace

std::unique_ptr<query::SystemCatalog> MakeSystemCatalog(catalog::CatalogHolder* catalog,
                                                        const query::EngineOptions& options) {
  return std::make_unique<SystemCatalogImpl>(catalog, options.server_version);
}

}  // namespace pgwire
