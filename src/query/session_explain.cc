// EXPLAIN: which relation is read and why, and the engine's plan; EXPLAIN MATERIALIZED VIEW: a
// view's four statements.

#include <algorithm>

#include "query/session.h"
#include "view/explain.h"

namespace query {
namespace {

using Lines = std::vector<std::string>;

const model::Fields& PlanFields() {
  static const model::Fields fields{{"QUERY PLAN", model::kText}};
  return fields;
}

void AddText(std::string_view text, const std::string& indent, Lines* lines) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines->push_back(indent + std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string Plural(size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void ExplainSource(const catalog::Source& source, const catalog::Catalog& catalog, Lines* lines) {
  if (source.is_table) {
    lines->push_back("Table " + source.name + ": read from the versions of its rows in " +
                     source.RawTable() + ", the newest of each key");
    return;
  }
  lines->push_back("Source " + source.name + ": read from its rows in " + source.RawTable());
  lines->push_back(
      "  Reason: the query names the source; queries over a source are not answered from its views "
      "yet");
  for (const auto& [name, view] : catalog.views)
    if (view->source == source.name && view->owner.empty())
      lines->push_back("  Not considered: materialized view " + name +
                       "; name it in FROM to read it");
}

void ExplainReadView(const catalog::View& view, Lines* lines) {
  lines->push_back("Materialized View " + view.name + ": read from its partials in " +
                   view.Table() + ", merged and finalized (" +
                   Plural(view.plan->keys.size(), "key") + ", " +
                   Plural(view.plan->states.size(), "state") + ")");
  lines->push_back("  Reason: the query names the view");
  if (!view.suspended.empty()) lines->push_back("  Suspended: " + view.suspended);
}

void ExplainHistory(const catalog::Source* source, bool replaces, Lines* lines) {
  lines->push_back(source->KeepsRaw()
                       ? "Filled from the rows that source " + source->name + " keeps in " +
                             source->RawTable() + ", beside the stream"
                       : "Filled from topic " + source->topic +
                             " by a second reader, beside the "
                             "stream; source " +
                             source->name + " keeps no rows");
  if (replaces)
    lines->push_back(
        "The old view answers until the new one is full; one commit of the catalog then swaps "
        "them");
}

Lines ExplainReads(const SelectPlan& plan) {
  Lines lines;
  for (const auto& relation : plan.reads) {
    const auto source = plan.catalog->sources.find(relation.name);
    const auto view = plan.catalog->views.find(relation.name);
    if (relation.schema != "public")
      lines.push_back("System relation " + relation.schema + "." + relation.name +
                      ": rows of this moment");
    else if (view != plan.catalog->views.end()) ExplainReadView(*view->second, &lines);
    else if (source != plan.catalog->sources.end())
      ExplainSource(*source->second, *plan.catalog, &lines);
  }
  if (lines.empty()) lines.push_back("No relation is read");
  return lines;
}

}  // namespace

base::Status SessionImpl::PrepareExplain(const sql::Explain& explain, const std::string& text,
                                         PreparedPlan* out) {
  if (explain.select) {
    RETURN_IF_ERROR(PrepareSelect(*explain.select, text, out));
    if (out->system && explain.kind == sql::Explain::Kind::kAnalyze)
      return base::Unsupported(
          "EXPLAIN ANALYZE of a query over the system catalog is not supported");
  }
  out->fields = PlanFields();
  out->returns_rows = true;
  return {};
}

base::Result<Execution> SessionImpl::RunExplain(const sql::Explain& explain, PreparedPlan* prepared,
                                                const std::vector<Parameter>& parameters) {
  Lines lines;
  if (explain.kind == sql::Explain::Kind::kView) {
    ASSIGN_OR_RETURN(lines, ExplainView(explain));
  } else if (explain.kind == sql::Explain::Kind::kReplace) {
    ASSIGN_OR_RETURN(lines, ExplainReplace(explain, prepared->statement.text));
  } else if (prepared->system) {
    lines.push_back(
        "System catalog: answered from the registry of definitions, no stored row is read");
  } else {
    ASSIGN_OR_RETURN(auto plan, engine_->planner()->Plan(*explain.select, prepared->statement.text,
                                                         prepared->parameter_types, Context()));
    ASSIGN_OR_RETURN(lines, ExplainQuery(explain, *plan, parameters));
  }
  std::vector<std::vector<std::string>> rows;
  for (auto& line : lines) rows.push_back({std::move(line)});
  return Execution{std::make_unique<model::TextRows>(PlanFields(), std::move(rows)), "EXPLAIN", {}};
}

base::Result<std::vector<std::string>> SessionImpl::ExplainQuery(
    const sql::Explain& explain, const SelectPlan& plan, const std::vector<Parameter>& parameters) {
  Lines lines = ExplainReads(plan);
  if (explain.kind == sql::Explain::Kind::kRewrite) return lines;
  const bool analyze = explain.kind == sql::Explain::Kind::kAnalyze;
  ASSIGN_OR_RETURN(const auto literals, Literals(plan, parameters));
  ASSIGN_OR_RETURN(const std::string text, Planner::Print(plan, literals));
  const model::Fields fields{{"explain_key", model::kText}, {"explain_value", model::kText}};
  ASSIGN_OR_RETURN(auto stream, Open((analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ") + text, fields));
  while (true) {
    auto chunk = stream->Take(SIZE_MAX);
    if (!chunk.ok()) return chunk.TakeStatus();
    if (chunk->rows == 0) return lines;
    for (size_t row = 0; row < chunk->rows; ++row)
      AddText(chunk->columns[1].Get<model::StringCell>(row).View(), "  ", &lines);
  }
}

// What CREATE [OR REPLACE] MATERIALIZED VIEW would do; its checks are made, nothing is changed.
base::Result<std::vector<std::string>> SessionImpl::ExplainReplace(const sql::Explain& explain,
                                                                   const std::string& text) const {
  const auto catalog = engine_->planner()->catalog();
  if (!administrator())
    return base::Denied("permission denied: only an administrator may explain a definition");
  ASSIGN_OR_RETURN(const auto next, catalog::MakeView(*explain.create, text, *catalog));
  const auto found = catalog->views.find(explain.view);
  const catalog::View* old = found == catalog->views.end() ? nullptr : found->second.get();
  if (old && catalog::SameDefinition(old->definition, explain.create_text))
    return Lines{"Materialized View " + explain.view + " is defined so already: nothing changes"};
  Lines lines = view::ExplainChange(explain.view, old ? old->plan.get() : nullptr, *next->plan);
  const bool waits = catalog->building.contains(next->input);
  for (const auto& rows : next->join_rows)
    for (auto& line : rows->join->plan.Describe()) lines.push_back(std::move(line));
  if (!next->join_rows.empty())
    lines.push_back("  Both streams are filled from history, beside what they read");
  else if (next->ancestors.empty())
    ExplainHistory(catalog->sources.at(next->source).get(), old != nullptr, &lines);
  else
    lines.push_back("  Filled from " + next->input + "'s groups " +
                    (waits ? "when that is built" : "at a commit boundary"));
  for (const auto& child : catalog->FedBy(explain.view))
    lines.push_back("  Materialized View " + child + " is filled anew with it, in the same commit");
  return lines;
}

base::Result<std::vector<std::string>> SessionImpl::ExplainView(const sql::Explain& explain) const {
  const auto catalog = engine_->planner()->catalog();
  const auto found = catalog->views.find(explain.view);
  if (found == catalog->views.end() || !found->second->owner.empty()) {
    std::vector<std::string_view> names;
    for (const auto& [name, view] : catalog->views)
      if (view->owner.empty()) names.push_back(name);
    auto status = base::NotFound("materialized view \"" + explain.view + "\" does not exist")
                      .WithSqlstate("42P01");
    if (const auto near = base::NearestName(explain.view, names))
      return std::move(status).WithHint("Perhaps you meant \"" + *near + "\".");
    return status;
  }
  if (!catalog->MaySelect(info_.role, explain.view))
    return base::Denied("permission denied for materialized view " + explain.view);
  if (!explain.dialect.empty())
    return base::Unsupported("EXPLAIN MATERIALIZED VIEW ... FOR " + explain.dialect +
                             " is not supported yet")
        .WithHint("Leave FOR out for the statements that run in the embedded store.");
  const catalog::View& view = *found->second;
  Lines lines = view::Explain(*view.plan, view.name, view.Table(), view.input);
  for (const auto& [name, source] : catalog->sources)
    if (source->join && source->join->owner == view.name)
      for (auto& line : source->join->plan.Describe()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace query
