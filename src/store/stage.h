#pragma once
// Stage: transactions of one writer of stage two, on a session of its own. Threads: one owner.
// Errors: those of the engine.

#include <memory>

#include "store/store.h"
#include "store/store_state.h"

namespace store {

class Stage : public StageWriter {
 public:
  explicit Stage(std::shared_ptr<StoreState> state)
      : state_(std::move(state)), session_(state_->engine.get()) {}
  base::Result<std::vector<size_t>> Commit(const std::vector<std::string>& statements) override;

 private:
  base::Result<std::vector<size_t>> RunAll(const Session::Use& use,
                                           const std::vector<std::string>& statements);

  const std::shared_ptr<StoreState> state_;
  Session session_;
};

}  // namespace store
