// CREATE SINK: its input, its options, what is in a message's key.

#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/options.h"
#include "model/kafka_properties.h"

namespace catalog {
namespace {

// How long what was sent can be read under the sink's name.
constexpr const char* kReleasedRetention = "7 days";
constexpr const char* kViewOptions[] = {"allowed_lateness", "corrections", "retention", "top",
                                        "top_of",           "top_by",      "other"};

base::Status ReadOptions(OptionReader* options, Sink* sink, std::string* key) {
  ASSIGN_OR_RETURN(const std::string connector, options->Required("connector"));
  if (connector != "kafka")
    return base::Unsupported("connector \"" + connector + "\" is not supported for a sink yet")
        .WithHint("Use connector = 'kafka'.");
  ASSIGN_OR_RETURN(sink->topic, options->Required("topic"));
  const sql::Options given = options->WithPrefix("properties.");
  RETURN_IF_ERROR(model::CheckKafkaProperties(given));
  sink->properties = model::CanonicalKafkaProperties(given);
  if (!sink->properties.contains("bootstrap.servers"))
    return base::Invalid("option \"properties.bootstrap.server\" is required for a Kafka sink")
        .WithHint("Add it to the WITH clause: properties.bootstrap.server = 'host:9092'.");
  ASSIGN_OR_RETURN(const auto interval, options->Duration("interval"));
  sink->interval_us = std::max<int64_t>(interval.value_or(1'000'000), 10'000);
  *key = options->Text("key").value_or("");
  return {};
}

std::vector<std::string> Words(const std::string& list) {
  std::vector<std::string> words(1);
  for (const char c : list) {
    if (c == ',') words.emplace_back();
    else if (c != ' ' || !words.back().empty()) words.back().push_back(c);
  }
  for (std::string& word : words)
    while (!word.empty() && word.back() == ' ') word.pop_back();
  return words;
}

// The columns that are the view's group keys; nothing when one of them is not shown.
model::Fields GroupKeys(const View& view) {
  if (view.emission) return view.emission->KeyFields();
  model::Fields out;
  for (const auto& key : view.plan->keys)
    for (size_t i = 0; i < view.plan->outputs.size(); ++i)
      if (view.plan->outputs[i] == key.column || view.plan->outputs[i] == '"' + key.column + '"') {
        out.push_back(view.plan->fields[i]);
        break;
      }
  return out.size() == view.plan->keys.size() ? out : model::Fields{};
}

base::Status FindKey(const std::string& key, const View& view, Sink* sink) {
  if (key.empty() && !sink->upsert) return {};
  if (key.empty()) sink->key = GroupKeys(view);
  const model::Fields& fields = view.plan->fields;
  for (const std::string& name : key.empty() ? std::vector<std::string>{} : Words(key)) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& known) { return known.name == name; });
    if (field == fields.end())
      return base::NotFound("column \"" + name + "\" of option \"key\" is not in \"" + view.name +
                            "\"")
          .WithSqlstate("42703");
    sink->key.push_back(*field);
  }
  if (!sink->key.empty()) return {};
  return base::Invalid("FORMAT UPSERT needs the columns that tell the rows of \"" + view.name +
                       "\" apart")
      .WithHint(
          "Put every group key among the view's columns, or name the columns with key = 'a, b'.");
}

base::Status CheckInput(const View& view, const Sink& sink) {
  if (!view.plan->lookups.empty())
    return base::Unsupported("a sink of \"" + view.name +
                             "\", which joins tables when it is read, "
                             "is not supported")
        .WithHint("Send a view without the tables.");
  if (view.emission || sink.upsert) return {};
  return base::Unsupported("FORMAT PLAIN needs rows that do not change any more, but \"" +
                           view.name + "\" shows open windows")
      .WithHint("Use FORMAT UPSERT, or a view with EMIT ON WINDOW CLOSE.");
}

base::Result<const View*> FindInput(const sql::CreateSink& statement, const Catalog& catalog) {
  RETURN_IF_ERROR(catalog.CheckNameIsFree(statement.name));
  if (statement.emit_on_close)
    return base::Invalid("EMIT ON WINDOW CLOSE belongs to a SELECT")
        .WithSqlstate("42601")
        .WithHint("Write it in the definition of the view.");
  for (const auto* views : {&catalog.views, &catalog.building})
    if (const auto found = views->find(statement.from);
        found != views->end() && found->second->owner.empty())
      return found->second.get();
  return base::NotFound("materialized view \"" + statement.from + "\" does not exist")
      .WithSqlstate("42P01")
      .WithHint(catalog.sources.contains(statement.from)
                    ? "A sink reads a view; make one over the source."
                    : "");
}

}  // namespace

base::Result<std::shared_ptr<View>> MakeSinkView(const sql::CreateSink& statement,
                                                 const std::string& text, const Catalog& catalog,
                                                 bool again) {
  if (!statement.select) return std::shared_ptr<View>();
  if (!statement.emit_on_close)
    return base::Unsupported("a sink AS SELECT needs EMIT ON WINDOW CLOSE")
        .WithHint(
            "Add it after the SELECT, or make a materialized view and send what changes in it: "
            "CREATE SINK ... FROM view ... FORMAT UPSERT.");
  sql::CreateView view;
  view.name = statement.name;
  view.select = statement.select->Clone();
  view.emit_on_close = true;
  view.or_replace = again;
  view.options["retention"] = kReleasedRetention;
  for (const char* option : kViewOptions)
    if (const auto given = statement.options.find(option); given != statement.options.end())
      view.options[option] = given->second;
  ASSIGN_OR_RETURN(auto made, MakeView(view, text, catalog));
  if (!made->join_rows.empty())
    return base::Unsupported("a sink AS SELECT that joins streams is not supported")
        .WithHint("Make a materialized view with EMIT ON WINDOW CLOSE, and a sink FROM it.");
  return made;
}

base::Result<std::shared_ptr<Sink>> MakeSink(const sql::CreateSink& statement,
                                             const std::string& text, const View* own,
                                             const Catalog& catalog) {
  auto sink = std::make_shared<Sink>();
  sink->name = statement.name;
  sink->definition = text;
  sink->upsert = statement.format == "UPSERT";
  if (!statement.encode_options.empty())
    return base::Invalid("unknown option \"" + statement.encode_options.begin()->first +
                         "\" for ENCODE JSON")
        .WithHint("ENCODE JSON has no options.");
  OptionReader options(statement.options, "sink");
  std::string key;
  RETURN_IF_ERROR(ReadOptions(&options, sink.get(), &key));
  if (own)
    for (const char* option : kViewOptions) (void)options.Text(option);  // its view has them
  RETURN_IF_ERROR(options.Finish());
  const View* view = own;
  if (!own) {
    ASSIGN_OR_RETURN(view, FindInput(statement, catalog));
  }
  sink->input = view->name;
  sink->owns_input = own != nullptr;
  RETURN_IF_ERROR(CheckInput(*view, *sink));
  RETURN_IF_ERROR(FindKey(key, *view, sink.get()));
  return sink;
}

}  // namespace catalog
