#include "server/system_relations.h"

#include <cmath>

#include <fmt/format.h>

#include "sql/printer.h"
#include "sql/shown_text.h"

namespace server {
namespace {

using model::Type;
using model::TypeId;
using Row = std::vector<std::string>;
using Rows = std::vector<Row>;

constexpr Type kTime{TypeId::kTimestampTz};
const std::string kNull = "\1";

// UTC microseconds as a timestamp literal.
std::string TimeText(int64_t microseconds) {
  const auto time = base::WallTime(std::chrono::microseconds(microseconds));
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto of_day = (time - day).count();
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     of_day / 3'600'000'000, of_day / 60'000'000 % 60, of_day / 1'000'000 % 60,
                     of_day % 1'000'000);
}

std::string TimeText(const std::optional<model::EventTime>& time) {
  return time ? TimeText(time->value) : kNull;
}
std::string TimeText(base::WallTime time) {
  return time.time_since_epoch().count() == 0 ? kNull : TimeText(time.time_since_epoch().count());
}
std::string SecondsText(double seconds) { return fmt::format("{:.3f}", seconds); }

std::string RetentionText(const std::optional<int64_t>& microseconds) {
  return microseconds ? fmt::format("{}", *microseconds / 1'000'000) : kNull;
}

const catalog::Source* RebuiltSource(const catalog::Catalog& catalog, model::ObjectId id) {
  for (const auto& [name, rebuild] : catalog.rebuilding)
    if (rebuild.source->id == id) return rebuild.source.get();
  return nullptr;
}

SystemRelation Sources(const SystemState* state) {
  SystemRelation out{"sources",
                     {{"name", model::kText},
                      {"connector", model::kText},
                      {"topic", model::kText},
                      {"state", model::kText},
                      {"error", model::kText},
                      {"since", kTime},
                      {"reader", model::kText},
                      {"lanes", model::kInt4},
                      {"partitions", model::kInt4},
                      {"lag", model::kInt8},
                      {"rows_per_second", model::kFloat8},
                      {"watermark", kTime},
                      {"newest_event_time", kTime},
                      {"last_commit", kTime},
                      {"retention_seconds", model::kInt8},
                      {"definition", model::kText}},
                     nullptr,
                     nullptr};
  out.rows = [state] {
    Rows rows;
    const auto catalog = state->catalog->Get();
    for (const auto& progress : state->pipeline->Progress()) {
      const auto* source = catalog->FindSource(progress.source);
      const bool rebuilding = source == nullptr;
      if (rebuilding) source = RebuiltSource(*catalog, progress.source);
      if (source == nullptr) continue;
      double rate = 0;
      for (const auto& partition : progress.partitions) rate += partition.rows_per_second;
      rows.push_back({source->name, source->connector, source->topic,
                      rebuilding ? "rebuilding" : pipeline::NameOf(progress.state),
                      progress.error.ok() ? kNull : progress.error.ToString(),
                      TimeText(progress.since), progress.reader.empty() ? kNull : progress.reader,
                      std::to_string(progress.lanes), std::to_string(progress.partitions.size()),
                      std::to_string(progress.lag()), fmt::format("{:.1f}", rate),
                      TimeText(progress.watermark), TimeText(progress.newest_event),
                      TimeText(progress.last_commit), RetentionText(source->retention_us),
                      sql::ShownText(source->definition)});
    }
    return rows;
  };
  return out;
}

std::string PartitionState(const pipeline::PartitionProgress& partition,
                           const catalog::Source& source, const base::Clock& clock) {
  const auto quiet = clock.Monotonic() - partition.last_row;
  if (quiet <= std::chrono::microseconds(source.idle_timeout_us)) return "active";
  return partition.lag() == 0 ? "idle" : "stalled";
}

SystemRelation SourcePartitions(const SystemState* state) {
  SystemRelation out{"source_partitions",
                     {{"source", model::kText},
                      {"partition", model::kInt4},
                      {"lane", model::kInt4},
                      {"position", model::kInt8},
                      {"high_watermark_offset", model::kInt8},
                      {"lag", model::kInt8},
                      {"rows_per_second", model::kFloat8},
                      {"seconds_to_go", model::kFloat8},
                      {"watermark", kTime},
                      {"state", model::kText}},
                     nullptr,
                     nullptr};
  out.rows = [state] {
    Rows rows;
    const auto catalog = state->catalog->Get();
    for (const auto& progress : state->pipeline->Progress()) {
      const auto* source = catalog->FindSource(progress.source);
      if (source == nullptr) continue;
      for (const auto& partition : progress.partitions) {
        const bool moving = partition.rows_per_second >= 1;
        rows.push_back(
            {source->name, std::to_string(partition.partition.value),
             std::to_string(partition.lane.value), std::to_string(partition.next_offset),
             partition.high_watermark_offset < 0 ? kNull
                                                 : std::to_string(partition.high_watermark_offset),
             std::to_string(partition.lag()), fmt::format("{:.1f}", partition.rows_per_second),
             partition.lag() == 0 ? "0"
             : moving
                 ? SecondsText(static_cast<double>(partition.lag()) / partition.rows_per_second)
                 : kNull,
             TimeText(partition.watermark), PartitionState(partition, *source, *state->clock)});
      }
    }
    return rows;
  };
  return out;
}

// "idle" has nothing to read; "stalled" has, or cannot ask.
std::string FreshnessState(const pipeline::SourceProgress& progress, double actual,
                           double objective) {
  if (progress.state != pipeline::SourceState::kRunning) return pipeline::NameOf(progress.state);
  if (actual <= objective) return "fresh";
  return progress.lag() == 0 ? "idle" : "stale";
}

SystemRelation Freshness(const SystemState* state) {
  SystemRelation out{"freshness",
                     {{"relation", model::kText},
                      {"kind", model::kText},
                      {"objective_seconds", model::kFloat8},
                      {"actual_seconds", model::kFloat8},
                      {"met", model::kBool},
                      {"state", model::kText},
                      {"newest_event_time", kTime},
                      {"last_commit", kTime}},
                     nullptr,
                     nullptr};
  out.rows = [state] {
    Rows rows;
    const auto catalog = state->catalog->Get();
    const auto now = state->clock->Wall().time_since_epoch().count();
    auto add = [&](const std::string& name, const char* kind, int64_t objective_us,
                   const pipeline::SourceProgress& progress) {
      const double objective = static_cast<double>(objective_us) / 1e6;
      const bool known = progress.newest_event.has_value();
      const double actual =
          known ? std::max(0.0, static_cast<double>(now - progress.newest_event->value) / 1e6) : 0;
      rows.push_back(
          {name, kind, SecondsText(objective), known ? SecondsText(actual) : kNull,
           known ? (actual <= objective ? "true" : "false") : kNull,
           known ? FreshnessState(progress, actual, objective) : pipeline::NameOf(progress.state),
           TimeText(progress.newest_event), TimeText(progress.last_commit)});
    };
    for (const auto& progress : state->pipeline->Progress()) {
      const auto* source = catalog->FindSource(progress.source);
      if (source == nullptr || source->schema.event_time < 0) continue;
      add(source->name, "source", source->freshness_us, progress);
      for (const auto& [name, view] : catalog->views)
        if (view->source == source->name) add(name, "view", view->freshness_us, progress);
    }
    return rows;
  };
  return out;
}

// One row of freshet.views; `progress` when the view is being built. The table is not named in
// FROM: it may be gone by the time the statement runs.
std::string ViewRow(const catalog::View& view, std::optional<double> progress,
                    const std::string* before) {
  const char* state = progress ? "building" : view.suspended.empty() ? "running" : "suspended";
  return (before->empty() ? "SELECT " : " UNION ALL SELECT ") + sql::QuoteLiteral(view.name) +
         "::VARCHAR AS name, " + sql::QuoteLiteral(view.source) + "::VARCHAR AS source, " +
         (view.ancestors.empty() ? "NULL" : sql::QuoteLiteral(view.input)) +
         "::VARCHAR AS parent, '" + state + "'::VARCHAR AS state, " +
         (progress ? fmt::format("{:.4f}", *progress) : "NULL") + "::DOUBLE AS progress, " +
         (view.suspended.empty() ? "NULL" : sql::QuoteLiteral(view.suspended)) +
         "::VARCHAR AS error, coalesce((SELECT estimated_size FROM duckdb_tables() WHERE "
         "table_name = " +
         sql::QuoteLiteral(view.Table()) + "), 0)::BIGINT AS partials, " +
         (view.retention_us ? std::to_string(*view.retention_us / 1'000'000) : "NULL") +
         "::BIGINT AS retention_seconds, " +
         fmt::format("{}", static_cast<double>(view.freshness_us) / 1e6) +
         "::DOUBLE AS freshness_seconds, " + sql::QuoteLiteral(sql::ShownText(view.definition)) +
         "::VARCHAR AS definition";
}

SystemRelation Views(const SystemState* state) {
  SystemRelation out{"views",
                     {{"name", model::kText},
                      {"source", model::kText},
                      {"parent", model::kText},
                      {"state", model::kText},
                      {"progress", model::kFloat8},
                      {"error", model::kText},
                      {"partials", model::kInt8},
                      {"retention_seconds", model::kInt8},
                      {"freshness_seconds", model::kFloat8},
                      {"definition", model::kText}},
                     nullptr,
                     nullptr};
  out.sql = [state] {
    std::string text;
    const auto catalog = state->catalog->Get();
    const auto progress = state->pipeline->FillProgress();
    for (const auto& [name, view] : catalog->views) text += ViewRow(*view, std::nullopt, &text);
    for (const auto& [name, view] : catalog->building) {
      const auto known = progress.find(view->id);
      text += ViewRow(*view, known == progress.end() ? 0 : known->second, &text);
    }
    if (text.empty())
      text =
          "SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS source, NULL::VARCHAR AS parent, "
          "NULL::VARCHAR AS state, "
          "NULL::DOUBLE AS progress, NULL::VARCHAR AS error, NULL::BIGINT AS partials, "
          "NULL::BIGINT AS retention_seconds, NULL::DOUBLE AS freshness_seconds, "
          "NULL::VARCHAR AS definition WHERE false";
    return text;
  };
  return out;
}

SystemRelation Secrets(const SystemState* state) {
  SystemRelation out{"secrets",
                     {{"name", model::kText},
                      {"kind", model::kText},
                      {"place", model::kText},
                      {"used_by", model::kText}},
                     nullptr,
                     nullptr};
  out.rows = [state] {
    Rows rows;
    const auto catalog = state->catalog->Get();
    for (const auto& [name, secret] : catalog->secrets) {
      std::string users;
      for (const auto& [source_name, source] : catalog->sources)
        for (const auto& [option, used] : source->secrets)
          if (used == name) users += (users.empty() ? "" : ", ") + source_name;
      const bool file = !secret->file.empty();
      rows.push_back({name, file ? "file" : "environment",
                      file ? secret->file : secret->environment, users.empty() ? kNull : users});
    }
    return rows;
  };
  return out;
}

// One row of freshet.sinks.
std::string SinkRow(const catalog::Sink& sink, const catalog::View& view,
                    const pipeline::SinkProgress& progress) {
  const auto last = progress.last_delivery.time_since_epoch().count();
  return "SELECT " + TextOrNull(sink.name) + " AS name, " + TextOrNull(sink.input) +
         " AS input, 'kafka'::VARCHAR AS connector, " + TextOrNull(sink.topic) + " AS topic, " +
         TextOrNull(sink.upsert ? "UPSERT" : "PLAIN") + " AS format, " +
         TextOrNull(pipeline::NameOf(progress.state)) + " AS state, " +
         TextOrNull(progress.error.ok() ? "" : progress.error.ToString()) + " AS error, " +
         std::to_string(progress.delivered.number) + "::BIGINT AS position, (" +
         pipeline::Delivery::Waiting(sink, view, progress.delivered) + ")::BIGINT AS lag, " +
         std::to_string(progress.messages) + "::BIGINT AS messages, " +
         (last == 0 ? "NULL" : "make_timestamp(" + std::to_string(last) + ")") +
         "::TIMESTAMP AS last_delivery, " + TextOrNull(sql::ShownText(sink.definition)) +
         " AS definition";
}

SystemRelation Sinks(const SystemState* state) {
  SystemRelation out{"sinks",
                     {{"name", model::kText},
                      {"input", model::kText},
                      {"connector", model::kText},
                      {"topic", model::kText},
                      {"format", model::kText},
                      {"state", model::kText},
                      {"error", model::kText},
                      {"position", model::kInt8},
                      {"lag", model::kInt8},
                      {"messages", model::kInt8},
                      {"last_delivery", kTime},
                      {"definition", model::kText}},
                     nullptr,
                     nullptr};
  out.sql = [state] {
    const auto catalog = state->catalog->Get();
    auto progress = state->stage_two->Progress();
    std::string text;
    for (const auto& [name, sink] : catalog->sinks)
      for (const auto* views : {&catalog->views, &catalog->building})
        if (const auto view = views->find(sink->input); view != views->end()) {
          text += (text.empty() ? "" : " UNION ALL ") +
                  SinkRow(*sink, *view->second, progress[sink->id]);
          break;
        }
    if (!text.empty()) return text;
    return std::string(
        "SELECT * FROM (SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS input, NULL::VARCHAR AS "
        "connector, NULL::VARCHAR AS topic, NULL::VARCHAR AS format, NULL::VARCHAR AS state, "
        "NULL::VARCHAR AS error, NULL::BIGINT AS position, NULL::BIGINT AS lag, NULL::BIGINT AS "
        "messages, NULL::TIMESTAMP AS last_delivery, NULL::VARCHAR AS definition) WHERE false");
  };
  return out;
}

// Two rows of each join: what it keeps of its streams.
SystemRelation Joins(const SystemState* state) {
  SystemRelation out{"joins",
                     {{"view", model::kText},
                      {"side", model::kText},
                      {"stream", model::kText},
                      {"state", model::kText},
                      {"rows_waiting", model::kInt8},
                      {"rows_kept", model::kInt8},
                      {"max_state_rows", model::kInt8},
                      {"floor", kTime},
                      {"joined_rows", model::kText},
                      {"pairs", model::kInt8},
                      {"looked_at", kTime}},
                     nullptr,
                     nullptr};
  out.rows = [state] {
    Rows rows;
    const auto catalog = state->catalog->Get();
    const auto progress = state->stage_two->Joins();
    for (const auto& [name, source] : catalog->sources) {
      const auto known = source->join ? progress.find(source->id) : progress.end();
      if (known == progress.end()) continue;
      for (size_t side : {0, 1}) {
        const auto& own = known->second.sides[side];
        const auto& plan = source->join->plan.sides[side];
        rows.push_back({source->join->owner, plan.alias, plan.relation,
                        known->second.current ? "current" : "joining", std::to_string(own.waiting),
                        std::to_string(own.kept), std::to_string(source->join->max_state_rows),
                        TimeText(own.floor), name, std::to_string(known->second.pairs),
                        TimeText(known->second.looked_at)});
      }
    }
    return rows;
  };
  return out;
}

// The name of the object whose id is in `column`, for relations over stored rows; '#7' when it is
// gone. Ids are never used again, so one list serves sources and views.
std::string NameOfId(const std::string& column, const catalog::Catalog& catalog) {
  std::string cases;
  const auto add = [&cases](const std::string& name, model::ObjectId id) {
    cases += " WHEN " + std::to_string(id.value) + " THEN " + sql::QuoteLiteral(name);
  };
  for (const auto& [name, source] : catalog.sources) add(name, source->id);
  for (const auto& [name, view] : catalog.views) add(name, view->id);
  const std::string gone = "'#' || " + column;
  return cases.empty() ? gone : "CASE " + column + cases + " ELSE " + gone + " END";
}

SystemRelation DeadLetters(const SystemState* state) {
  SystemRelation out{"dead_letters", DeadLetterFields(), nullptr, nullptr};
  out.sql = [state] {
    return "SELECT " + NameOfId("source", *state->catalog->Get()) +
           " AS source, nullif(\"view\", '') AS \"view\", \"partition\", \"offset\", kafka_time, "
           "\"key\", \"value\", "
           "reason_code, reason, \"at\" "
           "FROM freshet_dead_letters";
  };
  return out;
}

SystemRelation LateRows(const SystemState* state) {
  SystemRelation out{"late_rows",
                     {{"source", model::kText},
                      {"relation", model::kText},
                      {"partition", model::kInt4},
                      {"first_offset", model::kInt8},
                      {"last_offset", model::kInt8},
                      {"rows", model::kInt8},
                      {"reason", model::kText},
                      {"at", kTime}},
                     nullptr,
                     nullptr};
  out.sql = [state] {
    const auto catalog = state->catalog->Get();
    return "SELECT " + NameOfId("source", *catalog) + " AS source, " +
           NameOfId("object", *catalog) +
           " AS relation, \"partition\", first_offset, last_offset, \"rows\", reason, \"at\" "
           "FROM freshet_late_rows";
  };
  return out;
}

SystemRelation Queries(const SystemState* state) {
  SystemRelation out{"queries",
                     {{"pid", model::kInt4},
                      {"role", model::kText},
                      {"application_name", model::kText},
                      {"client_address", model::kText},
                      {"state", model::kText},
                      {"waiting", model::kBool},
                      {"since", kTime},
                      {"query", model::kText}},
                     nullptr,
                     nullptr};
  out.rows = [state] {
    Rows rows;
    for (const auto& backend : state->engine->Backends())
      rows.push_back({std::to_string(backend.pid), backend.role, backend.application_name,
                      backend.client_address, backend.state, backend.waiting ? "true" : "false",
                      TimeText(backend.since), backend.query});
    return rows;
  };
  return out;
}

SystemRelation SettingsRelation(const SystemState* state) {
  SystemRelation out{"settings",
                     {{"name", model::kText},
                      {"value", model::kText},
                      {"unit", model::kText},
                      {"description", model::kText}},
                     nullptr,
                     nullptr};
  out.rows = [state] { return DescribeSettings(*state->settings); };
  return out;
}

}  // namespace

std::string TextOrNull(const std::string& text) {
  return (text.empty() ? "NULL" : sql::QuoteLiteral(text)) + "::VARCHAR";
}

model::Fields DeadLetterFields() {
  return {{"source", model::kText},        {"view", model::kText},
          {"partition", model::kInt4},     {"offset", model::kInt8},
          {"kafka_time", kTime},           {"key", Type{TypeId::kBytea}},
          {"value", Type{TypeId::kBytea}}, {"reason_code", model::kText},
          {"reason", model::kText},        {"at", kTime}};
}

std::vector<SystemRelation> MakeSystemRelations(const SystemState* state) {
  return {Sources(state),     SourcePartitions(state),
          Views(state),       Freshness(state),
          Sinks(state),       Joins(state),
          DeadLetters(state), LateRows(state),
          Queries(state),     SettingsRelation(state),
          Secrets(state),     TablesRelation(state)};
}

}  // namespace server
