#pragma once
// Commands: the conversation after sign-in, without sockets: simple queries, and the extended protocol with its named
// statements and portals. Messages come as frames, answers go into the output buffer, and what may take long is only done
// when the caller says that this thread may (Lane).
//
// Threads: one at a time. Borrows: the query session, the output buffer. Errors: go to the client as ErrorResponse; a
// Status is returned only for what ends the connection.
// Limits: kMaxStatements, kMaxStatementBytes, kMaxPortals a session; beyond them 54000.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pgwire/codec.h"
#include "pgwire/portal.h"
#include "query/engine.h"

namespace pgwire {

constexpr size_t kMaxStatements = 1'000;                  // named prepared statements
constexpr size_t kMaxStatementBytes = size_t{16} << 20;   // of their texts together
constexpr size_t kMaxPortals = 100;
constexpr size_t kMaxParameters = 65'535;

// Where a step runs. kNetwork never blocks; kLight is for parsing, planning and what reads no stored rows, and for rows of a
// query that has begun; kHeavy may begin queries.
enum class Lane : uint8_t { kNetwork, kLight, kHeavy };

// What a conversation needs next.
enum class Wants : uint8_t { kInput, kDrain, kLight, kHeavy, kTls, kClose };

class Commands {
 public:
  Commands(query::Session* session, size_t flush_bytes, WriteBuffer* out);
  ~Commands();

  // True when something can be done without new input.
  bool pending() const { return work_ != Work::kNone; }
  // One message; only when not pending().
  base::Status Handle(const Frame& frame);
  // Goes on with the pending work: kInput when it is done.
  Wants Continue(Lane lane);
  // The pending work fails with 57014, before it ran.
  void CancelPending();
  bool ended() const { return ended_; }   // Terminate came, or a fatal error was sent

 private:
  struct StatementEntry {
    std::shared_ptr<query::Prepared> prepared;
    std::vector<uint32_t> parameter_oids;
    size_t text_bytes = 0;
  };
  enum class Work : uint8_t { kNone, kSimple, kExecute };

  // Simple protocol.
  void Query(std::string_view body);
  Wants ContinueSimple(Lane lane);
  bool NextSimpleStatement();
  void FinishSimple();

  // Extended protocol.
  base::Status Parse(std::string_view body);
  base::Status Bind(std::string_view body);
  base::Status Describe(std::string_view body);
  base::Status Execute(std::string_view body);
  base::Status Close(std::string_view body);
  base::Status DescribeStatement(const std::string& name);
  base::Status DescribePortal(const std::string& name);
  Wants ContinueExecute(Lane lane);
  void FailExecute(const base::Status& status);
  void Sync();

  // Both.
  base::Result<std::shared_ptr<query::Prepared>> Prepare(sql::Statement statement, std::vector<model::Type> types);
  base::Status CheckTransaction(const sql::Statement& statement) const;
  // Runs it, or says that this lane may not (nullopt).
  std::optional<base::Result<Portal::Progress>> RunPortal(Portal* portal, Lane lane);
  bool Deallocate(const sql::Statement& statement);
  void AfterStatement(const Portal* kept);
  void Fail(const base::Status& status);
  void Ready();
  base::Result<TextStyle> Style(const model::Fields& fields);
  StatementEntry* FindStatement(const std::string& name);
  Portal* FindPortal(const std::string& name);
  base::Status CheckRoom(const std::string& name, size_t text_bytes) const;
  void EraseStatement(const std::string& name);

  query::Session* const session_;
  const size_t flush_bytes_;
  WriteBuffer* const out_;

  std::map<std::string, StatementEntry> statements_;          // "" = the unnamed one
  std::map<std::string, std::unique_ptr<Portal>> portals_;
  size_t statement_bytes_ = 0;
  bool skip_to_sync_ = false, ended_ = false;

  Work work_ = Work::kNone;
  std::vector<sql::Statement> batch_;                         // of the simple query
  size_t batch_next_ = 0;
  std::unique_ptr<Portal> simple_portal_;
  std::string executing_;                                     // name of the portal of kExecute
  base::MonotonicTime begun_;
  std::string zone_name_ = "UTC";
  TextStyle style_;
};

}  // namespace pgwire
