#include "catalog/catalog.h"
#include "catalog/options.h"
#include "sql/position.h"
#include "view/top.h"

namespace catalog {
namespace {

base::Result<std::optional<view::TopOptions>> ReadTop(OptionReader* options) {
  ASSIGN_OR_RETURN(const auto count, options->Integer("top"));
  view::TopOptions top;
  top.of = options->Text("top_of").value_or("");
  top.by = options->Text("top_by").value_or("");
  top.other = options->Text("other");
  if (count) {
    top.count = *count;
    return std::optional(top);
  }
  if (top.of.empty() && top.by.empty() && !top.other) return std::optional<view::TopOptions>();
  return base::Invalid("options \"top_of\", \"top_by\" and \"other\" belong to \"top\"")
      .WithHint("top = 10 shows the ten groups with the most of top_by.");
}

constexpr int64_t kMaxStateRows = 10'000'000;

base::Result<JoinOptions> ReadJoinOptions(OptionReader* options) {
  ASSIGN_OR_RETURN(const auto lateness, options->Duration("allowed_lateness"));
  ASSIGN_OR_RETURN(const auto rows, options->Integer("max_state_rows"));
  if (rows && *rows < 1)
    return base::Invalid("max_state_rows must be at least 1").WithSqlstate("22023");
  return JoinOptions{lateness, rows.value_or(kMaxStateRows)};
}

base::Status ReadOptions(OptionReader* options, bool emits, bool joins, View* view,
                         std::optional<view::TopOptions>* top) {
  if (emits) {
    ASSIGN_OR_RETURN(const auto lateness, options->Duration("allowed_lateness"));
    view->allowed_lateness_us = lateness.value_or(0);
    ASSIGN_OR_RETURN(const auto corrections, options->OneOf("corrections", {"false", "true"}));
    view->corrections = corrections == "true";
  } else {
    for (const char* name : {"allowed_lateness", "corrections"})
      if (options->Text(name) && !(joins && std::string_view(name) == "allowed_lateness"))
        return base::Invalid(std::string(name) + " belongs to EMIT ON WINDOW CLOSE")
            .WithHint(
                "Leave it out: a view without EMIT takes late rows for as long as their window is "
                "retained.");
  }
  ASSIGN_OR_RETURN(view->retention_us, options->Duration("retention"));
  if (view->retention_us && *view->retention_us == 0)
    return base::Invalid("a materialized view cannot have a retention of 0");
  ASSIGN_OR_RETURN(*top, ReadTop(options));
  ASSIGN_OR_RETURN(auto freshness, options->Duration("freshness"));
  view->freshness_us = freshness.value_or(5'000'000);
  return options->Finish();
}

// The relations of a catalog as a view sees them: sources with every column, kept or not, and views
// as they will be.
class Inputs : public sql::RelationLookup {
 public:
  explicit Inputs(const Catalog& catalog) : catalog_(catalog) {
    for (const auto& [name, source] : catalog.sources)
      if (!source->is_table && !source->join) inputs_[name] = source->Input();
    for (const auto& [name, view] : catalog.building)
      if (view->owner.empty()) inputs_[name] = view->Output();
  }
  const sql::RelationInfo* Find(std::string_view schema, std::string_view name) const override {
    const auto input = inputs_.find(name);
    const bool ours = schema.empty() || schema == "public";
    return ours && input != inputs_.end() ? &input->second : catalog_.Find(schema, name);
  }
  std::vector<std::string_view> Names() const override { return catalog_.Names(); }

 private:
  const Catalog& catalog_;
  std::map<std::string, sql::RelationInfo, std::less<>> inputs_;
};

// The view emits its windows: what is stored of it is another plan than what it shows.
base::Status Emit(std::optional<view::Outer> outer, View* view) {
  if (view->plan->top && view->corrections)
    return base::Unsupported("option \"top\" with corrections is not supported")
        .WithHint("Leave corrections out: late rows are counted in freshet.late_rows.");
  ASSIGN_OR_RETURN(auto emission, view::Emission::Make(*view->plan, std::move(outer)));
  view->emission = std::make_shared<const view::Emission>(std::move(emission));
  view->plan = std::make_shared<const view::Plan>(view->emission->stored());
  return {};
}

// SELECT columns FROM view [WHERE ...] EMIT ON WINDOW CLOSE: the view's own query is kept once
// more, so that what is released does not hang on the view's retention.
base::Status EmitRowsOf(const View& parent, const sql::Select& select, const Catalog& catalog,
                        View* view) {
  if (catalog.sources.at(parent.source)->join)
    return base::Unsupported("EMIT ON WINDOW CLOSE over \"" + parent.name +
                             "\", which joins streams, is not supported")
        .WithHint("Write EMIT ON WINDOW CLOSE in the view that joins them.");
  if (parent.emission)
    return base::Unsupported("materialized view \"" + parent.name + "\" emits its windows already")
        .WithHint("Use CREATE SINK ... FROM " + parent.name + ".");
  ASSIGN_OR_RETURN(auto outer, view::MakeOuter(select));
  view->input = parent.input;
  view->source = parent.source;
  view->over = parent.name;
  view->plan = parent.plan;
  return Emit(std::move(outer), view);
}

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
      tables->push_back({table->name, table->fields, table->primary_key, table->CurrentRows()});
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

// Trees carry bytes, clients are told characters.
base::Status InCharacters(base::Status status, const std::string& text) {
  if (status.position() == 0) return status;
  const int byte = status.position() - 1;
  return std::move(status).WithPosition(sql::CharacterPosition(text, byte));
}

// nullptr when the view reads a source.
base::Result<std::shared_ptr<const View>> SetParent(const Catalog& catalog, View* view) {
  auto parent = catalog.ComingView(view->input);
  if (!parent) return parent;
  if (parent->emission)
    return base::Unsupported("a materialized view over \"" + parent->name +
                             "\", which has EMIT ON WINDOW CLOSE, is not supported")
        .WithHint("Group the source itself, with EMIT ON WINDOW CLOSE and the coarser window.");
  view->source = parent->source;
  view->ancestors = {parent->plan};
  view->ancestors.insert(view->ancestors.end(), parent->ancestors.begin(), parent->ancestors.end());
  return parent;
}

}  // namespace

base::Result<std::shared_ptr<View>> MakeView(const sql::CreateView& statement,
                                             const std::string& text, const Catalog& catalog) {
  const bool known =
      catalog.views.contains(statement.name) || catalog.building.contains(statement.name);
  if (!(statement.or_replace && known)) RETURN_IF_ERROR(catalog.CheckNameIsFree(statement.name));
  auto view = std::make_shared<View>();
  view->name = statement.name;
  view->definition = text;
  auto select = statement.select->Clone();
  const Inputs inputs(catalog);
  ASSIGN_OR_RETURN(auto bound, sql::BindSelect(select.get(), inputs, {.text = text}));
  OptionReader options(statement.options, "materialized view");
  ASSIGN_OR_RETURN(const JoinOptions join_options, ReadJoinOptions(&options));
  auto joins = MakeJoins(join_options, catalog, select.get(), view.get());
  if (!joins.ok()) return InCharacters(joins.TakeStatus(), text);
  if (!*joins && options.Text("max_state_rows"))
    return base::Invalid("max_state_rows belongs to a join of streams");
  std::optional<view::TopOptions> top;
  RETURN_IF_ERROR(ReadOptions(&options, statement.emit_on_close, *joins, view.get(), &top));
  if (statement.emit_on_close && bound.relations.size() == 1)
    if (const auto parent = catalog.ComingView(bound.relations.front()->name)) {
      if (top)
        return base::Unsupported(
                   "option \"top\" of a view that emits another's rows is not supported")
            .WithHint("Give it to \"" + parent->name + "\".");
      RETURN_IF_ERROR(EmitRowsOf(*parent, *select, catalog, view.get()));
      return view;
    }
  std::vector<view::LookupTable> tables;
  sql::RelationInfo joined;
  if (*joins) {
    joined = view->join_rows.back()->Input();
    std::erase_if(bound.relations, [&](const auto* relation) {
      return relation->schema == "public" && !catalog.FindTable(relation->name);
    });
    bound.relations.push_back(&joined);
  }
  ASSIGN_OR_RETURN(const auto* input, InputOf(bound.relations, catalog, &tables));
  if (!bound.parameter_types.empty())
    return base::Invalid("there is no parameter $1 in a materialized view").WithSqlstate("42P02");
  view->input = view->source = input->name;
  ASSIGN_OR_RETURN(const auto parent, SetParent(catalog, view.get()));
  ASSIGN_OR_RETURN(auto plan, view::Compile(*select, *input, text,
                                            parent ? parent->plan.get() : nullptr, tables));
  if (view->retention_us && !plan.time)
    return base::Invalid("retention of a materialized view needs a time bucket among its keys")
        .WithHint("Group by window_start of TUMBLE(...) or by date_trunc of the event time.");
  if (top) RETURN_IF_ERROR(view::SetTop(*top, &plan));
  view->plan = std::make_shared<const view::Plan>(std::move(plan));
  if (statement.emit_on_close) RETURN_IF_ERROR(Emit(std::nullopt, view.get()));
  return view;
}

}  // namespace catalog
