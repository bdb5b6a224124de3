#include "catalog/catalog.h"
#include "catalog/options.h"

namespace catalog {
namespace {

base::Status ReadOptions(OptionReader* options, View* view) {
  if (options->Text("allowed_lateness"))
    return base::Unsupported(
               "allowed_lateness belongs to EMIT ON WINDOW CLOSE, which is not supported yet")
        .WithHint(
            "Leave it out: a serving view takes late rows for as long as their window is "
            "retained.");
  ASSIGN_OR_RETURN(view->retention_us, options->Duration("retention"));
  if (view->retention_us && *view->retention_us == 0)
    return base::Invalid("a materialized view cannot have a retention of 0");
  ASSIGN_OR_RETURN(auto freshness, options->Duration("freshness"));
  view->freshness_us = freshness.value_or(5'000'000);
  return options->Finish();
}

// The relations of a catalog as a view sees them: sources with every column, kept or not.
class Inputs : public sql::RelationLookup {
 public:
  explicit Inputs(const Catalog& catalog) : catalog_(catalog) {
    for (const auto& [name, source] : catalog.sources)
      if (!source->is_table) sources_[name] = source->Input();
  }
  const sql::RelationInfo* Find(std::string_view schema, std::string_view name) const override {
    const auto source = sources_.find(name);
    const bool ours = schema.empty() || schema == "public";
    return ours && source != sources_.end() ? &source->second : catalog_.Find(schema, name);
  }
  std::vector<std::string_view> Names() const override { return catalog_.Names(); }

 private:
  const Catalog& catalog_;
  std::map<std::string, sql::RelationInfo, std::less<>> sources_;
};

// The source or view that a view reads; tables are joined with it.
base::Result<const sql::RelationInfo*> InputOf(
    const std::vector<const sql::RelationInfo*>& relations, const Catalog& catalog,
    std::vector<view::LookupTable>* tables) {
  const sql::RelationInfo* input = nullptr;
  bool several = false;
  for (const auto* relation : relations) {
    const Source* table =
        relation->schema == "public" ? catalog.FindTable(relation->name) : nullptr;
    if (table) {
      tables->push_back({table->name, table->fields, table->primary_key});
      continue;
    }
    several = several || input || relation->schema != "public";
    input = relation;
  }
  if (!input && !tables->empty())
    return base::Unsupported("a materialized view over table \"" + tables->front().name +
                             "\" alone is not supported")
        .WithHint(
            "Rows of a table change; query the table, or JOIN it with a source by its primary "
            "key.");
  if (!input || several)
    return base::Unsupported(
               "a materialized view must read exactly one source or materialized view")
        .WithHint("Name one source in FROM, and JOIN tables with it by their primary key.");
  return input;
}

// nullptr when the view reads a source.
const View* SetParent(const Catalog& catalog, View* view) {
  const auto parent = catalog.views.find(view->input);
  if (parent == catalog.views.end()) return nullptr;
  view->source = parent->second->source;
  view->ancestors = {parent->second->plan};
  view->ancestors.insert(view->ancestors.end(), parent->second->ancestors.begin(),
                         parent->second->ancestors.end());
  return parent->second.get();
}

}  // namespace

base::Result<std::shared_ptr<View>> MakeView(const sql::CreateView& statement,
                                             const std::string& text, const Catalog& catalog) {
  if (!(statement.or_replace && catalog.views.contains(statement.name)))
    RETURN_IF_ERROR(catalog.CheckNameIsFree(statement.name));
  auto view = std::make_shared<View>();
  view->name = statement.name;
  view->definition = text;
  OptionReader options(statement.options, "materialized view");
  RETURN_IF_ERROR(ReadOptions(&options, view.get()));

  auto select = statement.select->Clone();
  const Inputs inputs(catalog);
  ASSIGN_OR_RETURN(auto bound, sql::BindSelect(select.get(), inputs, {.text = text}));
  std::vector<view::LookupTable> tables;
  ASSIGN_OR_RETURN(const auto* input, InputOf(bound.relations, catalog, &tables));
  if (!bound.parameter_types.empty())
    return base::Invalid("there is no parameter $1 in a materialized view").WithSqlstate("42P02");
  view->input = view->source = input->name;
  const View* parent = SetParent(catalog, view.get());
  ASSIGN_OR_RETURN(auto plan, view::Compile(*select, *input, text,
                                            parent ? parent->plan.get() : nullptr, tables));
  if (view->retention_us && !plan.time)
    return base::Invalid("retention of a materialized view needs a time bucket among its keys")
        .WithHint("Group by window_start of TUMBLE(...) or by date_trunc of the event time.");
  view->plan = std::make_shared<const view::Plan>(std::move(plan));
  return view;
}

}  // namespace catalog
