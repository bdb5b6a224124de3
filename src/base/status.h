#pragma once
// Status and Result<T>: how every function of Freshet says that it failed. Nothing of ours throws.
//
// A Status has one of about a dozen codes. What each code means - who can mend it, whether to try again, what the
// pipeline does, its SQLSTATE and log level - is one table, CodeTable(), shared by code, documentation and tests.
// A message is lower case without a full stop; detail and hint are sentences (PostgreSQL's style).
//
// Threads: values. Errors: CHECK fails on value() of a failed Result.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace base {

enum class Code {
  kOk,
  kInvalid,            // the statement, setting or option is wrong
  kNotFound,           // it names something that does not exist
  kAlreadyExists,      // it creates something that exists
  kDenied,             // the role may not
  kUnsupported,        // correct, but not built
  kData,               // a value in a record or query cannot be used (cast, overflow, division by zero)
  kUnavailable,        // a broker, disk or service does not answer now
  kExhausted,          // a limit was reached: memory, connections, disk
  kCancelled,          // by the user, a timeout or the shutdown
  kCorrupt,            // stored state is not what was written
  kInternal,           // our own mistake
};

enum class Owner { kNobody, kUser, kDataOwner, kOperator, kTime, kUs };
enum class Retry { kNever, kAfterChange, kWithBackoff };

struct CodeRow {
  Code code;
  const char* name;
  Owner owner;
  Retry retry;
  const char* fate;      // what the pipeline does when a source or view meets it
  const char* sqlstate;  // unless the Status carries a more precise one
  const char* log_level;
};
std::span<const CodeRow> CodeTable();
const CodeRow& RowOf(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;  // success: one null pointer
  Status(Code code, std::string message);

  Status(const Status& other) { *this = other; }
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;

  bool ok() const { return state_ == nullptr; }
  Code code() const { return ok() ? Code::kOk : state_->code; }
  const std::string& message() const;
  const std::string& detail() const;
  const std::string& hint() const;
  std::string_view sqlstate() const;  // five characters
  int position() const { return ok() ? 0 : state_->position; }  // 1-based character in the statement, 0 = none

  Status&& WithDetail(std::string text) &&;
  Status&& WithHint(std::string text) &&;
  Status&& WithSqlstate(const char* five) &&;
  Status&& WithPosition(int one_based) &&;
  // Puts "context: " before the message.
  Status&& WithContext(std::string_view context) &&;

  // "ERROR 42P01: relation "x" does not exist; DETAIL ...; HINT ..." for logs.
  std::string ToString() const;

 private:
  struct State {
    Code code;
    int position = 0;
    char sqlstate[6] = {0};
    std::string message, detail, hint;
  };
  std::unique_ptr<State> state_;
};

Status Invalid(std::string message);
Status NotFound(std::string message);
Status AlreadyExists(std::string message);
Status Denied(std::string message);
Status Unsupported(std::string message);
Status DataError(std::string message);
Status Unavailable(std::string message);
Status Exhausted(std::string message);
Status Cancelled(std::string message);
Status Corrupt(std::string message);
Status Internal(std::string message);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                   // NOLINT: implicit on purpose
  Result(Status status) : status_(std::move(status)) { CHECK(!status_.ok()); }    // NOLINT
  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  Status TakeStatus() { return std::move(status_); }
  T& value() { CHECK(ok()); return *value_; }
  const T& value() const { CHECK(ok()); return *value_; }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T Take() { CHECK(ok()); return std::move(*value_); }

 private:
  std::optional<T> value_;
  Status status_;
};

// The element of `known` that is nearest to `name` (edit distance <= 2 or a third of its length), for HINTs.
std::optional<std::string> NearestName(std::string_view name, std::span<const std::string_view> known);

}  // namespace base

#define RETURN_IF_ERROR(expression)                          \
  do {                                                       \
    if (base::Status status_ = (expression); !status_.ok())  \
      return status_;                                        \
  } while (false)

#define FRESHET_JOIN2(a, b) a##b
#define FRESHET_JOIN(a, b) FRESHET_JOIN2(a, b)
// ASSIGN_OR_RETURN(auto x, F());
#define ASSIGN_OR_RETURN(target, expression) ASSIGN_OR_RETURN_IMPL(FRESHET_JOIN(result_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_IMPL(result, target, expression) \
  auto result = (expression);                             \
  if (!result.ok()) return result.TakeStatus();           \
  target = result.Take()
