// Definitions: handed to the definer. All definitions that stand together in one simple-query
// string are applied together, when the first of them runs; the others then only tell their tags.

#include "query/session.h"
#include "sql/parser.h"

namespace query {

base::Result<Execution> SessionImpl::RunDdl(const sql::Statement& statement) {
  for (auto applied = applied_.begin(); applied != applied_.end(); ++applied) {
    if (applied->begin != statement.begin) continue;
    Execution done{nullptr, applied->tag, {}};
    applied_.erase(applied);
    return done;
  }
  ASSIGN_OR_RETURN(auto all, sql::ParseStatements(text_));
  std::vector<sql::Statement> together;
  bool reached = false;
  for (auto& candidate : all) {
    reached = reached || (candidate.begin == statement.begin && candidate.text == statement.text);
    if (!reached || std::holds_alternative<sql::EmptyStatement>(candidate.body)) continue;
    if (!sql::IsDdl(candidate)) break;
    together.push_back(std::move(candidate));
  }
  if (!reached) {  // prepared by an earlier Parse
    ASSIGN_OR_RETURN(together, sql::ParseStatements(statement.text));
  }
  std::vector<int> begins;
  for (const auto& candidate : together) begins.push_back(candidate.begin);
  std::vector<std::string> warnings;
  auto tags =
      engine_->definer()->Apply(together, &warnings, [this] { return activity_->Stopped(); });
  // Which of several failed is not known, and so not where in the string.
  if (!tags.ok())
    return together.size() == 1 ? tags.TakeStatus() : tags.TakeStatus().WithPosition(0);
  if (tags->size() != together.size()) return base::Internal("the definer gave no tag");
  for (size_t i = 1; i < tags->size(); ++i) applied_.push_back({begins[i], (*tags)[i]});
  Execution done{nullptr, tags->front(), {}};
  for (auto& warning : warnings) done.notices.emplace_back("WARNING", std::move(warning));
  return done;
}

}  // namespace query
