// From the catalog's objects to what a lane needs: columns in use, the store's description.

#include "pipeline/lane.h"
#include "sql/parser.h"
#include "sql/printer.h"

namespace pipeline {
namespace {

void MarkColumns(const sql::Expr& expr, const model::SourceSchema& schema, std::vector<bool>* used) {
  if (expr.kind == sql::ExprKind::kColumn)
    if (const auto column = schema.Find(expr.name.back())) (*used)[*column] = true;
  for (const auto& arg : expr.args)
    if (arg) MarkColumns(*arg, schema, used);
}

model::Fields PlainFields(const model::SourceSchema& schema) {
  model::Fields fields;
  for (const auto& column : schema.columns)
    if (column.origin != model::Origin::kGenerated) fields.push_back({column.name, column.type});
  return fields;
}

base::Result<sql::ExprPtr> BindGenerated(const model::SourceColumn& column, const model::SourceSchema& schema) {
  ASSIGN_OR_RETURN(auto expr, sql::ParseExpression(column.expression));
  ASSIGN_OR_RETURN(auto type, sql::BindExpression(expr.get(), PlainFields(schema)));
  (void)type;
  return expr;
}

}  // namespace

std::vector<bool> UsedColumns(const SourceSetup& setup) {
  const auto& schema = setup.source->schema;
  std::vector<bool> used(schema.columns.size(), setup.source->KeepsRaw());
  for (const auto& view : setup.views)
    for (int column : view->plan->used_columns) used[column] = true;
  if (schema.event_time >= 0) used[schema.event_time] = true;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const auto& column = schema.columns[i];
    if (column.not_null || column.origin == model::Origin::kGenerated) used[i] = true;
    if (column.origin != model::Origin::kGenerated) continue;
    auto expr = BindGenerated(column, schema);
    if (expr.ok()) MarkColumns(**expr, schema, &used);
  }
  return used;
}

base::Result<store::LaneSetup> MakeLaneSetup(const SourceSetup& setup, model::LaneId lane) {
  const auto& source = *setup.source;
  store::LaneSetup out;
  out.source = source.id;
  out.lane = lane;
  for (size_t i = 0; i < source.schema.columns.size(); ++i) {
    const auto& column = source.schema.columns[i];
    out.column_names.push_back(column.name);
    out.column_types.push_back(column.type);
    out.not_null.push_back(column.not_null);
    if (column.origin != model::Origin::kGenerated) continue;
    ASSIGN_OR_RETURN(auto expr, BindGenerated(column, source.schema));
    ASSIGN_OR_RETURN(auto text, sql::PrintDuckDb(*expr, {}));
    out.generated.emplace_back(static_cast<int>(i), "CAST(" + text + " AS " + sql::DuckDbType(column.type) + ")");
  }
  out.event_time = source.schema.event_time;
  out.max_future_us = source.schema.max_future_us;
  if (source.KeepsRaw()) out.raw_table = source.RawTable();
  for (const auto& view : setup.views)
    out.deltas.push_back({view->id, view->name, view->Table(), view->plan->Delta(store::LaneWriter::RowsFunction(lane))});
  return out;
}

}  // namespace pipeline
