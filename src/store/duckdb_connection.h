#pragma once
// ReadConnection: a Session behind store::Connection, and the stream of rows that a query gives.
//
// A stream holds its transaction open until it ends, so one that is abandoned is rolled back at
// once, and running another statement closes it: its next Next() is an error.
//
// Threads: one owner, Interrupt any. Errors: PostgreSQL's SQLSTATEs (engine_error.h).

#include <memory>

#include "store/store.h"
#include "store/store_state.h"

namespace store {

class ReadConnection : public Connection {
 public:
  explicit ReadConnection(std::shared_ptr<StoreState> store);
  ~ReadConnection() override;

  base::Result<std::unique_ptr<model::RowSource>> Query(const std::string& sql) override;
  base::Result<model::Fields> Describe(const std::string& sql) override;
  base::Status Run(const std::string& sql) override;
  base::Result<size_t> Write(const std::string& sql) override;
  base::Status BeginSnapshot() override;
  void EndSnapshot() override;
  void Interrupt() override;

 private:
  struct State;
  class Stream;
  std::shared_ptr<State> state_;  // shared with the open stream, which may outlive this object
};

}  // namespace store
