#include "base/status.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace base {
namespace {

constexpr const char* kNoEffect = "the statement has no effect";

constexpr std::array kCodes{
    CodeRow{Code::kOk, "ok", Owner::kNobody, Retry::kNever, "goes on", "00000", "debug"},
    CodeRow{Code::kInvalid, "invalid", Owner::kUser, Retry::kAfterChange, kNoEffect, "22023", "info"},
    CodeRow{Code::kNotFound, "not_found", Owner::kUser, Retry::kAfterChange, kNoEffect, "42704", "info"},
    CodeRow{Code::kAlreadyExists, "already_exists", Owner::kUser, Retry::kAfterChange, kNoEffect, "42710", "info"},
    CodeRow{Code::kDenied, "denied", Owner::kOperator, Retry::kAfterChange, kNoEffect, "42501", "warning"},
    CodeRow{Code::kUnsupported, "unsupported", Owner::kUser, Retry::kAfterChange, kNoEffect, "0A000", "info"},
    CodeRow{Code::kData, "data", Owner::kDataOwner, Retry::kNever, "dead letter, the source goes on", "22000", "info"},
    CodeRow{Code::kUnavailable, "unavailable", Owner::kTime, Retry::kWithBackoff, "the source waits and tries again",
            "08006", "warning"},
    CodeRow{Code::kExhausted, "exhausted", Owner::kOperator, Retry::kAfterChange,
            "the view is suspended or the source paused", "53200", "warning"},
    CodeRow{Code::kCancelled, "cancelled", Owner::kUser, Retry::kNever, kNoEffect, "57014", "info"},
    CodeRow{Code::kCorrupt, "corrupt", Owner::kOperator, Retry::kNever,
            "the source or view stops, nothing is repaired silently", "XX001", "error"},
    CodeRow{Code::kInternal, "internal", Owner::kUs, Retry::kNever, "the source or view stops", "XX000", "error"},
};

const std::string kEmpty;

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

std::span<const CodeRow> CodeTable() { return kCodes; }

const CodeRow& RowOf(Code code) {
  const CodeRow& row = kCodes[static_cast<size_t>(code)];
  CHECK(row.code == code);
  return row;
}

Status::Status(Code code, std::string message) : state_(std::make_unique<State>()) {
  CHECK(code != Code::kOk);
  state_->code = code;
  state_->message = std::move(message);
  std::memcpy(state_->sqlstate, RowOf(code).sqlstate, 6);
}

Status& Status::operator=(const Status& other) {
  if (this != &other) state_ = other.state_ ? std::make_unique<State>(*other.state_) : nullptr;
  return *this;
}

const std::string& Status::message() const { return ok() ? kEmpty : state_->message; }
const std::string& Status::detail() const { return ok() ? kEmpty : state_->detail; }
const std::string& Status::hint() const { return ok() ? kEmpty : state_->hint; }
std::string_view Status::sqlstate() const { return ok() ? "00000" : std::string_view(state_->sqlstate, 5); }

Status&& Status::WithDetail(std::string text) && {
  if (state_) state_->detail = std::move(text);
  return std::move(*this);
}
Status&& Status::WithHint(std::string text) && {
  if (state_) state_->hint = std::move(text);
  return std::move(*this);
}
Status&& Status::WithSqlstate(const char* five) && {
  CHECK(std::strlen(five) == 5);
  if (state_) std::memcpy(state_->sqlstate, five, 6);
  return std::move(*this);
}
Status&& Status::WithPosition(int one_based) && {
  if (state_) state_->position = one_based;
  return std::move(*this);
}
Status&& Status::WithContext(std::string_view context) && {
  if (state_) state_->message = std::string(context) + ": " + state_->message;
  return std::move(*this);
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  std::string text = "ERROR " + std::string(sqlstate()) + ": " + state_->message;
  if (!state_->detail.empty()) text += "; DETAIL: " + state_->detail;
  if (!state_->hint.empty()) text += "; HINT: " + state_->hint;
  return text;
}

Status Invalid(std::string message) { return {Code::kInvalid, std::move(message)}; }
Status NotFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
Status AlreadyExists(std::string message) { return {Code::kAlreadyExists, std::move(message)}; }
Status Denied(std::string message) { return {Code::kDenied, std::move(message)}; }
Status Unsupported(std::string message) { return {Code::kUnsupported, std::move(message)}; }
Status DataError(std::string message) { return {Code::kData, std::move(message)}; }
Status Unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }
Status Exhausted(std::string message) { return {Code::kExhausted, std::move(message)}; }
Status Cancelled(std::string message) { return {Code::kCancelled, std::move(message)}; }
Status Corrupt(std::string message) { return {Code::kCorrupt, std::move(message)}; }
Status Internal(std::string message) { return {Code::kInternal, std::move(message)}; }

std::optional<std::string> NearestName(std::string_view name, std::span<const std::string_view> known) {
  size_t best = std::max<size_t>(2, name.size() / 3) + 1;
  std::optional<std::string> nearest;
  for (std::string_view candidate : known) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best && distance < candidate.size()) {
      best = distance;
      nearest = std::string(candidate);
    }
  }
  return nearest;
}

}  // namespace base
