#include "query/test_world.h"

#include "sql/parser.h"
#include "sql/printer.h"

namespace query {
namespace {

const model::Type kAmount{model::TypeId::kNumeric, 12, 2};

std::shared_ptr<catalog::Source> MakeSource(int64_t id, const std::string& name) {
  auto source = std::make_shared<catalog::Source>();
  source->id = model::ObjectId(id);
  source->name = name;
  source->connector = "kafka";
  source->topic = name;
  source->fields = {{"order_id", model::kInt8}, {"region", model::kText},
                    {"amount", kAmount},        {"qty", model::kInt4},
                    {"paid", model::kBool},     {"order_time", model::kTimestampTz}};
  for (const auto& field : source->fields)
    source->schema.columns.push_back({field.name, field.type});
  source->schema.event_time = 5;
  return source;
}

std::string Decimal(__int128 units, int scale) {
  const bool negative = units < 0;
  if (negative) units = -units;
  std::string digits;
  for (; units > 0 || static_cast<int>(digits.size()) <= scale; units /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(units % 10)));
  if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), ".");
  return (negative ? "-" : "") + digits;
}

__int128 Huge(const model::ColumnView& column, size_t row) {
  struct Words {
    uint64_t low;
    int64_t high;
  };
  const auto words = column.Get<Words>(row);
  return static_cast<__int128>(words.high) << 64 | words.low;
}

std::string CellText(const model::ColumnView& column, size_t row) {
  using model::CellKind;
  if (column.IsNull(row)) return "NULL";
  switch (column.kind) {
    case CellKind::kBool: return column.Get<uint8_t>(row) ? "t" : "f";
    case CellKind::kInt16: return std::to_string(column.Get<int16_t>(row));
    case CellKind::kInt32: return std::to_string(column.Get<int32_t>(row));
    case CellKind::kDate: return std::to_string(column.Get<int32_t>(row)) + "d";
    case CellKind::kInt64: return std::to_string(column.Get<int64_t>(row));
    case CellKind::kTimestamp: return std::to_string(column.Get<int64_t>(row)) + "us";
    case CellKind::kHugeInt: return Decimal(Huge(column, row), 0);
    case CellKind::kDecimal:
      return Decimal(column.cell_bytes == 2   ? column.Get<int16_t>(row)
                     : column.cell_bytes == 4 ? column.Get<int32_t>(row)
                     : column.cell_bytes == 8 ? column.Get<int64_t>(row)
                                              : Huge(column, row),
                     column.scale);
    case CellKind::kDouble: return std::to_string(column.Get<double>(row));
    case CellKind::kFloat: return std::to_string(column.Get<float>(row));
    case CellKind::kString: return std::string(column.Get<model::StringCell>(row).View());
    default: return "?" + std::to_string(static_cast<int>(column.kind));
  }
}

}  // namespace

base::Result<std::vector<std::string>> NotingDefiner::Apply(
    const std::vector<sql::Statement>& statements, std::vector<std::string>*,
    const std::function<base::Status()>&) {
  if (!error.ok()) return error;
  applied.emplace_back();
  std::vector<std::string> tags;
  for (const auto& statement : statements) {
    applied.back().push_back(statement.text);
    tags.push_back("DONE " + std::to_string(tags.size()));
  }
  return tags;
}

World::World(EngineOptions options) {
  auto opened = store::Store::Open({});
  EXPECT_TRUE(opened.ok()) << opened.status().ToString();
  store = opened.Take();
  MakeCatalog();
  engine = Engine::Make(options, store.get(), &catalog_, &definer, nullptr);
}

World::~World() { engine.reset(); }

void World::AddRole(const std::string& name, bool administrator, std::set<std::string> select_on,
                    catalog::Catalog* catalog) {
  auto role = std::make_shared<catalog::Role>();
  role->name = name;
  role->login = true;
  role->administrator = administrator;
  role->select_on = std::move(select_on);
  catalog->roles[name] = role;
}

void World::MakeCatalog() {
  auto catalog = std::make_shared<catalog::Catalog>();
  catalog->version = 1;
  const auto source = MakeSource(1, "orders");
  auto silent = MakeSource(2, "silent");
  silent->retention_us = 0;
  catalog->sources = {{"orders", source}, {"silent", silent}};
  AddRole("freshet", true, {}, catalog.get());
  AddRole("superset", false, {"*"}, catalog.get());
  AddRole("guest", false, {"orders"}, catalog.get());
  catalog->Reindex();
  catalog_.Set(catalog);
  std::string columns;
  for (const auto& field : source->fields)
    columns += sql::QuoteIdentifier(field.name) + " " + sql::DuckDbType(field.type) + ", ";
  Run("CREATE TABLE raw_1 (" + columns + "\"__partition\" INTEGER)");
  AddView("per_region",
          "SELECT region, count(*) AS orders, sum(amount) AS revenue FROM orders GROUP BY region");
  AddView("per_minute",
          "SELECT window_start, window_end, count(*) AS orders, sum(amount) AS revenue, avg(qty) "
          "AS qty "
          "FROM TUMBLE(orders, order_time, INTERVAL '1' MINUTE) GROUP BY window_start, window_end");
}

void World::AddView(const std::string& name, const std::string& text) {
  auto catalog = std::make_shared<catalog::Catalog>(*catalog_.Get());
  auto select = sql::ParseSelect(text);
  ASSERT_TRUE(select.ok()) << select.status().ToString();
  auto bound = sql::BindSelect(select->get(), *catalog, {});
  ASSERT_TRUE(bound.ok()) << bound.status().ToString();
  auto plan = view::Compile(**select, *bound->relations.front());
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  auto view = std::make_shared<catalog::View>();
  view->id = model::ObjectId(100 + static_cast<int64_t>(view_names_.size()));
  view->name = name;
  view->input = view->source = "orders";
  view->plan = std::make_shared<const view::Plan>(plan.Take());
  Run(view->plan->CreateTable(view->Table()));
  Run("INSERT INTO " + view->Table() + " " + view->plan->Delta("raw_1"));
  catalog->views[name] = view;
  ++catalog->version;
  catalog->Reindex();
  catalog_.Set(catalog);
  view_names_.push_back(name);
}

void World::Run(const std::string& sql) {
  auto connection = store->Connect();
  ASSERT_TRUE(connection.ok()) << connection.status().ToString();
  const auto status = (*connection)->Run(sql);
  ASSERT_TRUE(status.ok()) << sql << ": " << status.ToString();
}

void World::Insert(const std::string& values) {
  Run("INSERT INTO raw_1 VALUES (" + values + ", 0)");
  const auto catalog = catalog_.Get();
  std::string names;
  for (const auto& field : catalog->sources.at("orders")->fields)
    names += (names.empty() ? "" : ", ") + field.name;
  for (const auto& [name, view] : catalog->views)
    Run("INSERT INTO " + view->Table() + " " +
        view->plan->Delta("(SELECT * FROM (VALUES (" + values + ")) AS v(" + names + "))"));
}

std::unique_ptr<Session> World::Connect(const std::string& role) {
  SessionInfo info;
  info.role = role;
  return Connect(std::move(info));
}

std::unique_ptr<Session> World::Connect(SessionInfo info) {
  if (info.database.empty()) info.database = "freshet";
  auto session = engine->Connect(info);
  EXPECT_TRUE(session.ok()) << session.status().ToString();
  return session.ok() ? session.Take() : nullptr;
}

std::vector<std::string> RowText(const model::ChunkView& chunk, size_t row) {
  std::vector<std::string> cells;
  for (const auto& column : chunk.columns) cells.push_back(CellText(column, row));
  return cells;
}

namespace {

base::Result<Rows> Read(model::RowSource* source) {
  Rows rows;
  while (true) {
    ASSIGN_OR_RETURN(const auto chunk, source->Next());
    if (chunk.rows == 0) return rows;
    for (size_t row = 0; row < chunk.rows; ++row) rows.push_back(RowText(chunk, row));
  }
}

base::Result<Execution> Run(Session* session, const std::string& text,
                            const std::vector<Parameter>& parameters) {
  ASSIGN_OR_RETURN(auto statements, session->Parse(text));
  Execution last;
  for (auto& statement : statements) {
    last = {};
    ASSIGN_OR_RETURN(auto prepared, session->Prepare(std::move(statement), {}));
    ASSIGN_OR_RETURN(last, session->Execute(prepared, parameters));
  }
  return last;
}

}  // namespace

Rows ReadAll(model::RowSource* source) {
  auto rows = Read(source);
  EXPECT_TRUE(rows.ok()) << rows.status().ToString();
  return rows.ok() ? rows.Take() : Rows();
}

Execution MustRun(Session* session, const std::string& text,
                  const std::vector<Parameter>& parameters) {
  auto execution = Run(session, text, parameters);
  EXPECT_TRUE(execution.ok()) << text << ": " << execution.status().ToString();
  return execution.ok() ? execution.Take() : Execution();
}

base::Result<Rows> TryRead(Session* session, const std::string& text,
                           const std::vector<Parameter>& parameters) {
  ASSIGN_OR_RETURN(auto execution, Run(session, text, parameters));
  if (!execution.rows) return Rows();
  return Read(execution.rows.get());
}

Rows MustRead(Session* session, const std::string& text, const std::vector<Parameter>& parameters) {
  auto rows = TryRead(session, text, parameters);
  EXPECT_TRUE(rows.ok()) << text << ": " << rows.status().ToString();
  return rows.ok() ? rows.Take() : Rows();
}

base::Status Error(Session* session, const std::string& text,
                   const std::vector<Parameter>& parameters) {
  auto rows = TryRead(session, text, parameters);
  EXPECT_FALSE(rows.ok()) << text;
  return rows.ok() ? base::Status() : rows.TakeStatus();
}

}  // namespace query
