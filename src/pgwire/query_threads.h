#pragma once
// QueryThreads: the threads (`pgwire-query-N`) on which sessions do what may block. Light work - parsing, planning, session
// commands, the system catalog, further rows of a running query - never waits for heavy work, which begins queries: two
// threads are always left to it, so rows that have begun keep flowing and a new connection is answered while long queries run.
//
// Threads: any may call. Errors: none. Limits: one job a connection, so the queues are bounded by max_connections.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "pgwire/commands.h"

namespace pgwire {

class QueryThreads {
 public:
  explicit QueryThreads(int threads);   // at least three
  ~QueryThreads() { Stop(); }
  QueryThreads(const QueryThreads&) = delete;
  QueryThreads& operator=(const QueryThreads&) = delete;

  // `owner` names the job for Withdraw. After Stop nothing is run any more.
  void Post(Lane lane, const void* owner, std::function<void()> job);
  // Takes back a heavy job that has not begun. False when there is none.
  bool Withdraw(const void* owner);
  // Finishes what runs and what is queued. Idempotent.
  void Stop();

 private:
  struct Job {
    const void* owner;
    std::function<void()> run;
  };
  void Run(int number);
  bool HasWork() const;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> light_, heavy_;
  int running_heavy_ = 0;
  const int max_heavy_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace pgwire
