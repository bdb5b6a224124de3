#include "store/stage.h"

#include "base/failure_point.h"
#include "store/statement.h"

namespace store {

using base::Result;
using base::Status;

Result<std::vector<size_t>> Stage::RunAll(const Session::Use& use,
                                          const std::vector<std::string>& statements) {
  std::vector<size_t> changed;
  for (const std::string& sql : statements) {
    Statement statement;
    RETURN_IF_ERROR(statement.Prepare(state_->engine.get(), use.connection, sql));
    ASSIGN_OR_RETURN(const size_t rows, statement.Execute(state_->engine.get()));
    changed.push_back(rows);
  }
  return changed;
}

Result<std::vector<size_t>> Stage::Commit(const std::vector<std::string>& statements) {
  ASSIGN_OR_RETURN(const Session::Use use, session_.Enter());
  RETURN_IF_ERROR(session_.Run(use, "BEGIN TRANSACTION"));
  auto changed = RunAll(use, statements);
  base::FailurePoint("stage.commit.before");
  Status status = changed.ok() ? session_.Run(use, "COMMIT") : changed.status();
  base::FailurePoint("stage.commit.after");
  if (status.ok()) {
    state_->load.Committed();
    return changed;
  }
  // Says that there is none when the engine ended it itself.
  (void)session_.Run(use, "ROLLBACK");
  return status;
}

}  // namespace store
