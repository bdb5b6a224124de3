// From the catalog's objects to what a lane needs: columns in use, the store's description.

#include "pipeline/lane.h"
#include "sql/printer.h"

namespace pipeline {
namespace {

void MarkColumns(const sql::Expr& expr, const model::SourceSchema& schema,
                 std::vector<bool>* used) {
  if (expr.kind == sql::ExprKind::kColumn)
    if (const auto column = schema.Find(expr.name.back())) (*used)[*column] = true;
  for (const auto& arg : expr.args)
    if (arg) MarkColumns(*arg, schema, used);
}

}  // namespace

std::vector<bool> UsedColumns(const SourceSetup& setup) {
  const auto& schema = setup.source->schema;
  std::vector<bool> used(schema.columns.size());
  if (setup.source->KeepsRaw()) used = setup.source->kept;
  for (const auto& view : setup.views)
    for (int column : view->RootPlan().used_columns) used[column] = true;
  if (schema.event_time >= 0) used[schema.event_time] = true;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const auto& column = schema.columns[i];
    if (column.not_null || column.origin == model::Origin::kGenerated) used[i] = true;
  }
  for (const auto& generated : setup.source->generated) MarkColumns(*generated.expr, schema, &used);
  return used;
}

namespace {

// A view whose parent is left out (suspended) is computed from the rows themselves. The parent is
// known by its plan: of its name there may be two while it is being replaced.
store::Delta DeltaOf(const catalog::View& view, const SourceSetup& setup, model::LaneId lane) {
  store::Delta delta{view.id,      view.name,
                     view.Table(), view.DeltaOfRows(store::LaneWriter::RowsFunction(lane)),
                     -1,           ""};
  delta.reads_tables = view.LooksUp();
  for (size_t i = 0; i < setup.views.size(); ++i) {
    if (view.ancestors.empty() || setup.views[i]->plan != view.ancestors.front()) continue;
    delta.parent = static_cast<int>(i);
    delta.from_parent = view.plan->Delta(store::LaneWriter::DeltaFunction(lane, i));
  }
  return delta;
}

}  // namespace

base::Result<store::LaneSetup> MakeLaneSetup(const SourceSetup& setup, model::LaneId lane) {
  const auto& source = *setup.source;
  store::LaneSetup out;
  out.source = source.id;
  out.lane = lane;
  for (const auto& column : source.schema.columns) {
    out.column_names.push_back(column.name);
    out.column_types.push_back(column.type);
    out.not_null.push_back(column.not_null);
  }
  out.kept = source.kept;
  for (const auto& [column, expr] : source.generated) {
    ASSIGN_OR_RETURN(auto text, sql::PrintDuckDb(*expr, {}));
    out.generated.emplace_back(
        column,
        "CAST(" + text + " AS " + sql::DuckDbType(source.schema.columns[column].type) + ")");
  }
  out.event_time = source.schema.event_time;
  out.max_future_us = source.schema.max_future_us;
  if (source.KeepsRaw()) out.raw_table = source.RawTable();
  for (const auto& view : setup.views) out.deltas.push_back(DeltaOf(*view, setup, lane));
  return out;
}

}  // namespace pipeline
