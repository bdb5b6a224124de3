// SELECT: planned, printed, run on a connection of its own or on the transaction block's snapshot.

#include <algorithm>

#include "query/session.h"
#include "query/set_config.h"

namespace query {
namespace {

// Rows that other sessions read too.
class SharedRows : public model::RowSource {
 public:
  SharedRows(model::Fields fields, Flights::Rows rows)
      : fields_(std::move(fields)), rows_(std::move(rows)) {}
  const model::Fields& fields() const override { return fields_; }
  base::Result<model::ChunkView> Next() override {
    auto chunk = rows_->Read(at_, SIZE_MAX, &slicer_);
    at_ += chunk.rows;
    return chunk;
  }

 private:
  model::Fields fields_;
  Flights::Rows rows_;
  size_t at_ = 0;
  Slicer slicer_;
};

}  // namespace

base::Status SessionImpl::PrepareSelect(const sql::Select& select, const std::string& text,
                                        PreparedPlan* out) {
  out->returns_rows = true;
  if (IsSetConfig(select) && std::holds_alternative<sql::SelectStatement>(out->statement.body)) {
    out->sets = true;
    out->fields = SetConfigFields(select);
    return {};
  }
  if (engine_->system_catalog() != nullptr && engine_->system_catalog()->Owns(select)) {
    out->system = true;
    out->catalog_version = engine_->planner()->catalog_version();
    ASSIGN_OR_RETURN(out->fields, engine_->system_catalog()->Describe(select, Caller()));
    out->parameter_types =
        engine_->system_catalog()->ParameterTypes(select, std::move(out->parameter_types));
    return {};
  }
  ASSIGN_OR_RETURN(out->plan,
                   engine_->planner()->Plan(select, text, out->parameter_types, Context()));
  out->fields = out->plan->fields;
  out->parameter_types = out->plan->parameter_types;
  out->catalog_version = out->plan->catalog_version;
  out->light = false;
  return {};
}

// A plan made before the catalog or the time zone changed is made again; its columns must stay what
// the client was told.
base::Status SessionImpl::Refresh(const sql::Select& select, const std::string& text,
                                  PreparedPlan* prepared) {
  if (prepared->system || prepared->sets) return {};
  ASSIGN_OR_RETURN(auto plan,
                   engine_->planner()->Plan(select, text, prepared->parameter_types, Context()));
  if (plan->fields != prepared->fields)
    return base::Unsupported("cached plan must not change result type")
        .WithHint("Prepare the statement again.");
  prepared->plan = std::move(plan);
  return {};
}

base::Result<Execution> SessionImpl::RunSelect(PreparedPlan* prepared,
                                               const std::vector<Parameter>& parameters) {
  const auto& select = *std::get<sql::SelectStatement>(prepared->statement.body).select;
  if (prepared->sets) return RunSetConfig(select);
  if (prepared->system) {
    ASSIGN_OR_RETURN(auto rows, RunSystem(select, parameters));
    return Execution{std::move(rows), "SELECT", {}};
  }
  RETURN_IF_ERROR(Refresh(select, prepared->statement.text, prepared));
  ASSIGN_OR_RETURN(const auto literals, Literals(*prepared->plan, parameters));
  ASSIGN_OR_RETURN(auto rows, RunPlan(*prepared->plan, literals));
  return Execution{std::move(rows), "SELECT", {}};
}

// Outside a block equal statements of several sessions are computed once (flights.h).
base::Result<std::unique_ptr<model::RowSource>> SessionImpl::RunPlan(
    const SelectPlan& plan, const std::vector<std::string>& literals) {
  ASSIGN_OR_RETURN(const std::string text, Planner::Print(plan, literals));
  Flights::Turn turn;
  if (!block_ && plan.shareable) {
    std::string key = text;
    for (const auto& field : plan.fields)
      key += '\0' + field.name + '\0' + model::NameOf(field.type);
    auto joined =
        engine_->flights()->Join(key, activity_.get(), [&]() -> base::Result<Flights::Rows> {
          ASSIGN_OR_RETURN(auto stream, Open(text, plan.fields));
          ASSIGN_OR_RETURN(auto kept, stream->KeepAll(Flights::kMaxSharedBytes));
          return Flights::Rows(std::move(kept));
        });
    if (!joined.ok()) return joined.TakeStatus();
    if (joined->rows)
      return std::unique_ptr<model::RowSource>(
          std::make_unique<SharedRows>(plan.fields, joined->rows));
    turn.flight = std::move(joined->flight);
  }
  ASSIGN_OR_RETURN(auto stream, Open(text, plan.fields));
  return std::unique_ptr<model::RowSource>(std::make_unique<StreamRows>(std::move(stream)));
}

base::Result<std::unique_ptr<model::RowSource>> SessionImpl::RunSystem(
    const sql::Select& select, const std::vector<Parameter>& parameters) {
  std::vector<std::string> values;
  for (const auto& parameter : parameters) values.push_back(parameter.value_or("\1"));
  return engine_->system_catalog()->Run(select, Caller(), values);
}

base::Result<std::vector<std::string>> SessionImpl::Literals(
    const SelectPlan& plan, const std::vector<Parameter>& parameters) const {
  if (parameters.size() != plan.parameter_types.size())
    return base::Invalid("bind message supplies " + std::to_string(parameters.size()) +
                         " parameters, but prepared statement requires " +
                         std::to_string(plan.parameter_types.size()))
        .WithSqlstate("08P01");
  std::vector<std::string> literals;
  for (size_t i = 0; i < parameters.size(); ++i) {
    ASSIGN_OR_RETURN(auto literal,
                     ParameterLiteral(parameters[i], plan.parameter_types[i], plan.time_zone));
    literals.push_back(std::move(literal));
  }
  return literals;
}

base::Result<std::shared_ptr<Stream>> SessionImpl::Open(const std::string& text,
                                                        const model::Fields& fields) {
  StreamParts parts;
  parts.fields = fields;
  parts.time = Limit();
  ASSIGN_OR_RETURN(parts.place, engine_->places()->Enter(activity_.get()));
  ASSIGN_OR_RETURN(parts.connection, TakeConnection());
  activity_->RunsOn(parts.connection.get());
  auto rows = parts.connection->Query(text);
  activity_->RunsOn(nullptr);
  if (!rows.ok()) return activity_->Explain(rows.TakeStatus());
  const auto& options = engine_->options();
  parts.time.used = options.clock->Monotonic() - parts.time.begun;
  parts.rows = rows.Take();
  parts.activity = activity_;
  parts.kept_budget = engine_->kept_budget();
  parts.max_bytes = options.max_result_bytes;
  parts.clock = options.clock;
  auto stream = std::make_shared<Stream>(std::move(parts));
  Remember(stream);
  return stream;
}

// Outside a block each result has a connection of its own. In a block all are read on the one
// snapshot, which has one open result at a time: what another statement left half read moves to
// memory first.
base::Result<std::shared_ptr<store::Connection>> SessionImpl::TakeConnection() {
  if (!block_) return engine_->pool()->Take();
  KeepOpenStreams();
  std::shared_ptr<store::Connection> connection;
  {
    std::lock_guard lock(resources_mutex_);
    connection = block_connection_;
  }
  if (connection) return connection;
  ASSIGN_OR_RETURN(connection, engine_->pool()->Take());
  RETURN_IF_ERROR(connection->BeginSnapshot());
  std::lock_guard lock(resources_mutex_);
  block_connection_ = connection;
  return connection;
}

void SessionImpl::KeepOpenStreams() {
  for (const auto& stream : OpenStreams())
    if (stream->in_block() && stream->UsesConnection()) stream->Keep();
}

std::vector<std::shared_ptr<Stream>> SessionImpl::OpenStreams() const {
  std::lock_guard lock(resources_mutex_);
  std::vector<std::shared_ptr<Stream>> streams;
  for (const auto& weak : streams_)
    if (auto stream = weak.lock()) streams.push_back(std::move(stream));
  return streams;
}

void SessionImpl::Remember(const std::shared_ptr<Stream>& stream) {
  std::lock_guard lock(resources_mutex_);
  std::erase_if(streams_, [](const auto& weak) { return weak.expired(); });
  streams_.push_back(stream);
}

std::chrono::milliseconds SessionImpl::StatementTimeout() const {
  const std::chrono::milliseconds asked(settings_.Milliseconds("statement_timeout"));
  const auto most = engine_->options().statement_timeout;
  if (most.count() == 0 || administrator()) return asked;
  return asked.count() == 0 ? most : std::min(asked, most);
}

TimeLimit SessionImpl::Limit() const {
  TimeLimit limit;
  limit.timeout = StatementTimeout();
  limit.begun = engine_->options().clock->Monotonic();
  limit.counts_pauses = !block_;
  return limit;
}

}  // namespace query
