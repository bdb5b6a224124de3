// What changes of a source that is at work: ADD COLUMN, and dead letters that are tried again.

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "pipeline/replay.h"
#include "server/definer.h"
#include "server/definitions.h"
#include "server/system_relations.h"
#include "sql/parser.h"
#include "sql/printer.h"
#include "sql/tokens.h"

namespace server {
namespace {

// The source's definition with one more column at the end of its list.
base::Result<std::string> WithColumn(const std::string& definition, const std::string& column) {
  ASSIGN_OR_RETURN(const auto tokens, sql::Scan(definition, {}));
  int depth = 0;
  for (const auto& token : tokens) {
    if (token.Is("(")) ++depth;
    if (!token.Is(")") || --depth > 0) continue;
    return definition.substr(0, token.begin) + ", " + column + definition.substr(token.begin);
  }
  return base::Internal("a source's definition has no list of columns");
}

// The same without NOT NULL on one column.
base::Result<std::string> WithoutNotNull(const std::string& definition, const std::string& column) {
  ASSIGN_OR_RETURN(const auto tokens, sql::Scan(definition, {}));
  int depth = 0;
  bool reached = false;
  for (size_t i = 1; i + 1 < tokens.size(); ++i) {
    if (tokens[i].Is("(")) ++depth;
    if (tokens[i].Is(")")) --depth;
    const bool begins = depth == 1 && (tokens[i - 1].Is("(") || tokens[i - 1].Is(","));
    if (begins) reached = sql::NameOf(tokens[i]) == column;
    if (!reached || depth != 1 || !tokens[i].IsWord("NOT") || !tokens[i + 1].IsWord("NULL"))
      continue;
    return definition.substr(0, tokens[i].begin) + definition.substr(tokens[i + 1].end);
  }
  return base::Internal("a source's definition has no NOT NULL on column \"" + column + "\"");
}

base::Result<sql::CreateSource> ParseSource(const std::string& definition) {
  ASSIGN_OR_RETURN(auto statements, sql::ParseStatements(definition));
  if (statements.size() != 1 || !std::holds_alternative<sql::CreateSource>(statements[0].body))
    return base::Internal("a source's definition is not one");
  return std::get<sql::CreateSource>(std::move(statements[0].body));
}

base::Result<std::shared_ptr<catalog::View>> CompileAgain(const catalog::View& old,
                                                          const catalog::Catalog& catalog) {
  ASSIGN_OR_RETURN(auto view, MakeStoredView(old.definition, true, catalog));
  auto next = std::make_shared<catalog::View>(old);
  next->plan = view->plan;
  next->ancestors = view->ancestors;
  next->emission = view->emission;
  return next;
}

// Plans name the source's columns by number. Views after those that feed them or whose query they
// repeat; and those that are being built last, so that the others do not see them.
base::Status CompileViewsOf(const std::string& source, catalog::Catalog* catalog) {
  const auto building = std::exchange(catalog->building, {});
  const auto compile = [&](std::map<std::string, std::shared_ptr<const catalog::View>> old,
                           auto* views) -> base::Status {
    std::vector<std::shared_ptr<const catalog::View>> order;
    for (const auto& [name, view] : old)
      if (view->source == source) order.push_back(view);
    const auto level = [](const auto& view) {
      return view->ancestors.size() + (view->over.empty() ? 0 : 1);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](const auto& a, const auto& b) { return level(a) < level(b); });
    for (const auto& view : order) {
      ASSIGN_OR_RETURN((*views)[view->name], CompileAgain(*view, *catalog));
      catalog->Reindex();
    }
    return {};
  };
  RETURN_IF_ERROR(compile(catalog->views, &catalog->views));
  for (const auto& [name, view] : building)
    if (view->source != source) catalog->building[name] = view;
  return compile(building, &catalog->building);
}

}  // namespace

// Records from here on have the column; rows that are stored have NULL.
base::Status Definer::AddColumn(const sql::AlterSource& statement, Change* change) {
  const auto old = change->next->sources.at(statement.name);
  const model::SourceColumn& column = statement.column;
  if (old->schema.Find(column.name)) {
    if (statement.if_not_exists) return {};
    return base::AlreadyExists("column \"" + column.name + "\" of source \"" + old->name +
                               "\" already exists")
        .WithSqlstate("42701");
  }
  if (column.not_null || column.origin == model::Origin::kGenerated)
    return base::Unsupported("an added column cannot be " +
                             std::string(column.not_null ? "NOT NULL" : "generated") +
                             ": rows from before have no value for it")
        .WithHint(column.not_null ? "Leave NOT NULL out."
                                  : "Compute it in the views that need it.");
  ASSIGN_OR_RETURN(const std::string text, WithColumn(old->definition, statement.column_text));
  RETURN_IF_ERROR(Redefine(statement.name, text, change));
  const auto next = change->next->sources.at(statement.name);
  if (next->KeepsRaw() && next->kept[static_cast<size_t>(*next->schema.Find(column.name))]) {
    // A change that a crash cut off may have left the column there.
    const std::string table = "ALTER TABLE " + sql::QuoteIdentifier(next->RawTable());
    const std::string name = sql::QuoteIdentifier(column.name);
    change->alter.push_back(table + " DROP COLUMN IF EXISTS " + name);
    change->alter.push_back(table + " ADD COLUMN " + name + " " + sql::DuckDbType(column.type));
  }
  return {};
}

base::Status Definer::DropNotNull(const sql::AlterSource& statement, Change* change) {
  const auto old = change->next->sources.at(statement.name);
  const auto column = old->schema.Find(statement.column.name);
  if (!column)
    return base::NotFound("column \"" + statement.column.name + "\" of source \"" + old->name +
                          "\" does not exist")
        .WithSqlstate("42703");
  if (!old->schema.columns[*column].not_null) return {};
  ASSIGN_OR_RETURN(const std::string text, WithoutNotNull(old->definition, statement.column.name));
  return Redefine(statement.name, text, change);
}

// The source with another definition; what it has read stays.
base::Status Definer::Redefine(const std::string& name, const std::string& text, Change* change) {
  auto& sources = change->next->sources;
  const auto old = sources.at(name);
  ASSIGN_OR_RETURN(const auto create, ParseSource(text));
  sources.erase(name);  // its name is free for a moment
  change->next->Reindex();
  auto made = catalog::MakeSource(create, text, *change->next);
  if (!made.ok()) return made.TakeStatus().WithPosition(0);
  auto next = made.Take();
  next->id = old->id;
  next->paused = old->paused;
  next->incarnation = old->incarnation;
  next->topic_id = old->topic_id;
  next->SetCreated(old->created_us);
  next->warnings.clear();
  sources[name] = next;
  change->next->Reindex();
  RETURN_IF_ERROR(CompileViewsOf(name, change->next.get()));
  for (auto& built : change->built)  // of this very change: its history is still to be set
    if (const auto it = change->next->building.find(built->name);
        it != change->next->building.end())
      built = std::const_pointer_cast<catalog::View>(it->second);
  change->barrier.insert(next->id);
  change->dirty = true;
  return {};
}

base::Result<std::string> Definer::Replay(const sql::ReplayDeadLetters& statement) {
  const auto catalog = env_.catalog->Get();
  const auto source = catalog->sources.find(statement.source);
  if (source == catalog->sources.end())
    return base::NotFound("source \"" + statement.source + "\" does not exist")
        .WithSqlstate("42P01");
  if (source->second->is_table)
    return base::Unsupported("dead letters of table \"" + statement.source +
                             "\" cannot be replayed: newer records of their keys may have come")
        .WithHint("Produce the records again, or drop the table and create it again.");
  if (catalog->rebuilding.contains(statement.source))
    return base::Invalid("source \"" + statement.source + "\" is being rebuilt")
        .WithSqlstate("55006")
        .WithHint("Replay when freshet.sources shows it no more as rebuilding.");
  for (const auto& [name, view] : catalog->building)
    if (view->source == statement.source)
      return base::Invalid("materialized view \"" + name + "\" is being built over source \"" +
                           statement.source + "\"")
          .WithSqlstate("55006")
          .WithHint("Replay when it is full, see freshet.views.");
  pipeline::ReplayRequest request{env_.store, SetupOf(source->second, *catalog), &env_.readers, ""};
  if (statement.where) {
    const auto where = statement.where->Clone();
    ASSIGN_OR_RETURN(const auto type, sql::BindExpression(where.get(), DeadLetterFields()));
    if (type.id != model::TypeId::kBool)
      return base::Invalid("argument of WHERE must be type boolean, not type " +
                           model::NameOf(type))
          .WithSqlstate("42804");
    ASSIGN_OR_RETURN(request.condition, sql::PrintDuckDb(*where, {}));
  }
  pipeline::ReplayResult result;
  RETURN_IF_ERROR(env_.pipeline->WithBarrier(
      {source->second->id}, [&]() -> base::Result<std::vector<pipeline::SourceSetup>> {
        ASSIGN_OR_RETURN(result, pipeline::ReplayDeadLetters(request));
        return std::vector<pipeline::SourceSetup>{request.setup};
      }));
  env_.stage_two->NoteChanged(statement.source);
  base::Log(base::Level::kInfo, "server", "dead letters replayed",
            {{"source", statement.source},
             {"tried", std::to_string(result.tried)},
             {"failed again", std::to_string(result.failed_again)}});
  return "REPLAY " + std::to_string(result.tried - result.failed_again);
}

}  // namespace server
