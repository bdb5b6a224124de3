#include "store/fixed_tables.h"

#include <array>
#include <string>

#include "base/clock.h"
#include "store/duckdb_types.h"
#include "store/engine_error.h"
#include "store/statement.h"

namespace store {
namespace {

using base::Result;
using base::Status;

constexpr const char* kPartitionNames =
    "CREATE TABLE IF NOT EXISTS freshet_partition_names(source BIGINT, partition INTEGER, name "
    "VARCHAR)";
constexpr std::array kTables{
    "CREATE TABLE IF NOT EXISTS freshet_meta(key VARCHAR, value VARCHAR)",
    "CREATE TABLE IF NOT EXISTS freshet_definitions(version BIGINT, id BIGINT, kind VARCHAR, name "
    "VARCHAR, definition VARCHAR, "
    "properties VARCHAR)",
    "CREATE TABLE IF NOT EXISTS freshet_positions(source BIGINT, incarnation INTEGER, partition "
    "INTEGER, next_offset BIGINT, "
    "lane INTEGER, \"commit\" BIGINT, watermark TIMESTAMP, committed_at TIMESTAMP)",
    kPartitionNames,
    "CREATE TABLE IF NOT EXISTS freshet_dead_letters(source BIGINT, view VARCHAR, incarnation "
    "INTEGER, partition INTEGER, "
    "\"offset\" BIGINT, kafka_time TIMESTAMP, key BLOB, value BLOB, reason_code VARCHAR, reason "
    "VARCHAR, lane INTEGER, "
    "\"commit\" BIGINT, \"at\" TIMESTAMP, bytes BIGINT)",
    "CREATE TABLE IF NOT EXISTS freshet_late_rows(source BIGINT, object BIGINT, incarnation "
    "INTEGER, partition INTEGER, "
    "first_offset BIGINT, last_offset BIGINT, \"rows\" BIGINT, reason VARCHAR, lane INTEGER, "
    "\"commit\" BIGINT, "
    "\"at\" TIMESTAMP)",
    "CREATE TABLE IF NOT EXISTS freshet_emissions(\"view\" BIGINT, bound TIMESTAMP, number BIGINT, "
    "\"at\" TIMESTAMP)",
    "CREATE TABLE IF NOT EXISTS freshet_floors(object BIGINT, floor TIMESTAMP, \"at\" TIMESTAMP)",
    "CREATE TABLE IF NOT EXISTS freshet_left_out(\"view\" BIGINT, reason VARCHAR, \"at\" "
    "TIMESTAMP)",
};

Status Run(duckdb_connection connection, const char* sql) {
  duckdb_result result;
  Status status;
  if (duckdb_query(connection, sql, &result) != DuckDBSuccess) status = ResultStatus(&result);
  duckdb_destroy_result(&result);
  return status;
}

// One cell, or nothing when there is no row.
Result<std::optional<std::string>> ReadCell(duckdb_connection connection, const char* sql) {
  duckdb_result result;
  if (duckdb_query(connection, sql, &result) != DuckDBSuccess) {
    Status status = ResultStatus(&result);
    duckdb_destroy_result(&result);
    return status;
  }
  std::optional<std::string> cell;
  if (duckdb_row_count(&result) > 0) {
    char* text = duckdb_value_varchar(&result, 0, 0);
    cell = text ? text : "";
    duckdb_free(text);
  }
  duckdb_destroy_result(&result);
  return cell;
}

Status CheckFormatText(const std::string& format) {
  const int found = std::atoi(format.c_str());
  if (found < 1)
    return base::Corrupt("the store's format is \"" + format + "\", which is no number");
  if (found <= Store::kFormatVersion) return {};
  return base::Corrupt("the store has format " + format + ", this server knows formats up to " +
                       std::to_string(Store::kFormatVersion))
      .WithHint("Start the newer server that wrote it. Nothing was changed.");
}

}  // namespace

Status CheckFormat(duckdb_connection connection) {
  ASSIGN_OR_RETURN(const auto tables,
                   ReadCell(connection, "SELECT count(*) FROM duckdb_tables() WHERE NOT internal"));
  ASSIGN_OR_RETURN(
      const auto meta,
      ReadCell(connection, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'freshet_meta'"));
  if (!meta) {
    if (tables.value_or("0") == "0") return base::NotFound("there is no store yet");
    return base::Corrupt("the database file was not written by Freshet");
  }
  ASSIGN_OR_RETURN(const auto format,
                   ReadCell(connection, "SELECT value FROM freshet_meta WHERE key = 'format'"));
  if (!format) return base::NotFound("the store was not finished when it was made");
  return CheckFormatText(*format);
}

Status PrepareFixedTables(duckdb_connection connection) {
  Status status = CheckFormat(connection);
  if (!status.ok() && status.code() != base::Code::kNotFound) return status;
  // A store of an earlier server of the same format may lack a table that came later.
  for (const char* table : kTables) RETURN_IF_ERROR(Run(connection, table));
  if (status.ok()) return {};
  // The format comes last: a store without it is made again.
  const std::string format =
      "INSERT INTO freshet_meta VALUES ('format', '" + std::to_string(Store::kFormatVersion) + "')";
  RETURN_IF_ERROR(Run(connection, format.c_str()));
  return Run(connection, "CHECKPOINT");
}

Result<std::vector<Definition>> ReadNewestDefinitions(Session* session) {
  ASSIGN_OR_RETURN(
      const Rows rows,
      Rows::Read(session,
                 "SELECT id, kind, name, definition, properties FROM freshet_definitions WHERE "
                 "kind <> '' AND "
                 "version = (SELECT max(version) FROM freshet_definitions) ORDER BY id"));
  std::vector<Definition> definitions;
  for (size_t i = 0; i < rows.size(); ++i)
    definitions.push_back({model::ObjectId(rows.Int64(i, 0)), rows.Text(i, 1), rows.Text(i, 2),
                           rows.Text(i, 3), rows.Text(i, 4)});
  return definitions;
}

Status WriteNextDefinitions(Session* session, const std::vector<Definition>& definitions) {
  ASSIGN_OR_RETURN(const Session::Use use, session->Enter());
  ASSIGN_OR_RETURN(
      const Rows rows,
      Rows::Read(use, session, "SELECT coalesce(max(version), 0) + 1 FROM freshet_definitions"));
  const std::string version = std::to_string(rows.Int64(0, 0));
  // The row without a kind says that the version exists, even when it defines nothing.
  std::string sql = "INSERT INTO freshet_definitions VALUES (" + version + ", 0, '', '', '', '')";
  for (const Definition& d : definitions) {
    sql += ", (" + version + ", " + std::to_string(d.id.value) + ", " + QuoteText(d.kind) + ", " +
           QuoteText(d.name) + ", " + QuoteText(d.definition) + ", " + QuoteText(d.properties) +
           ")";
  }
  return session->Run(use, sql);
}

Result<std::vector<std::string>> ReadObjectTables(Session* session) {
  ASSIGN_OR_RETURN(
      const Rows rows,
      Rows::Read(session,
                 "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND "
                 "regexp_full_match(table_name, '(raw|partials|released|sent|outbox|kept|log)_[0-9]+') "
                 "ORDER BY table_name"));
  std::vector<std::string> tables;
  for (size_t i = 0; i < rows.size(); ++i) tables.push_back(rows.Text(i, 0));
  return tables;
}

Result<std::vector<PositionRow>> ReadNewestPositions(Session* session) {
  ASSIGN_OR_RETURN(const Rows rows,
                   Rows::Read(session,
                              "SELECT source, incarnation, partition, arg_max(next_offset, "
                              "\"commit\"), arg_max(lane, \"commit\"), max(\"commit\"), "
                              "epoch_us(max_by(struct_pack(w := watermark), \"commit\").w) FROM "
                              "freshet_positions GROUP BY ALL ORDER BY ALL"));
  std::vector<PositionRow> positions;
  for (size_t i = 0; i < rows.size(); ++i) {
    PositionRow row;
    row.position = {model::ObjectId(rows.Int64(i, 0)),
                    model::Incarnation(static_cast<int32_t>(rows.Int64(i, 1))),
                    model::PartitionId(static_cast<int32_t>(rows.Int64(i, 2))),
                    model::Offset(rows.Int64(i, 3)), std::nullopt};
    row.lane = model::LaneId(static_cast<int32_t>(rows.Int64(i, 4)));
    row.commit = model::CommitNumber(rows.Int64(i, 5));
    if (!rows.IsNull(i, 6)) row.position.watermark = model::EventTime(rows.Int64(i, 6));
    positions.push_back(row);
  }
  return positions;
}

std::string PositionsInsert(const std::vector<PositionRow>& rows) {
  const std::string now = "make_timestamp(" +
                          std::to_string(base::Clock::System().Wall().time_since_epoch().count()) +
                          ")";
  std::string sql = "INSERT INTO freshet_positions VALUES ";
  for (size_t i = 0; i < rows.size(); ++i) {
    const Position& p = rows[i].position;
    sql += (i ? ", (" : "(") + std::to_string(p.source.value) + ", " +
           std::to_string(p.incarnation.value) + ", " + std::to_string(p.partition.value) + ", " +
           std::to_string(p.next_offset.value) + ", " + std::to_string(rows[i].lane.value) + ", " +
           std::to_string(rows[i].commit.value) + ", " +
           (p.watermark ? "make_timestamp(" + std::to_string(p.watermark->value) + ")" : "NULL") +
           ", " + now + ")";
  }
  return sql;
}

Status InsertPositions(Session* session, const std::vector<PositionRow>& rows) {
  return rows.empty() ? Status() : session->Run(PositionsInsert(rows));
}

Result<std::vector<PartitionName>> ReadNames(Session* session, model::ObjectId source) {
  ASSIGN_OR_RETURN(
      const Rows rows,
      Rows::Read(session, "SELECT partition, name FROM freshet_partition_names WHERE source = " +
                              std::to_string(source.value) + " ORDER BY partition"));
  std::vector<PartitionName> names;
  for (size_t i = 0; i < rows.size(); ++i)
    names.push_back(
        {source, model::PartitionId(static_cast<int32_t>(rows.Int64(i, 0))), rows.Text(i, 1)});
  return names;
}

Status InsertNames(Session* session, const std::vector<PartitionName>& names) {
  if (names.empty()) return {};
  std::string sql = "INSERT INTO freshet_partition_names VALUES ";
  for (size_t i = 0; i < names.size(); ++i)
    sql += (i ? ", (" : "(") + std::to_string(names[i].source.value) + ", " +
           std::to_string(names[i].partition.value) + ", " + QuoteText(names[i].name) + ")";
  return session->Run(sql);
}

Result<std::vector<LeftOut>> ReadViewsLeftOut(Session* session) {
  ASSIGN_OR_RETURN(const Rows rows,
                   Rows::Read(session,
                              "SELECT \"view\", min_by(reason, \"at\") FROM freshet_left_out "
                              "GROUP BY 1 ORDER BY 1"));
  std::vector<LeftOut> views;
  for (size_t i = 0; i < rows.size(); ++i)
    views.push_back({model::ObjectId(rows.Int64(i, 0)), rows.Text(i, 1)});
  return views;
}

Status KeepViewsLeftOut(Session* session, const std::vector<model::ObjectId>& views) {
  std::string kept;
  for (const auto view : views) kept += (kept.empty() ? "" : ", ") + std::to_string(view.value);
  return session->Run("DELETE FROM freshet_left_out" +
                      (kept.empty() ? "" : " WHERE \"view\" NOT IN (" + kept + ")"));
}

}  // namespace store
