#pragma once
// The windows of FROM over one time column, in DuckDB's words. Used by queries (print_from.cc) and
// by views (view/plan.cc).
//
// TUMBLE, HOP and CUMULATE are arithmetic: a row's windows follow from its pane, the bucket of the
// finest width whose bounds are those of all windows; so rows, and partials of rows at that grain,
// are spread over windows by the same text. Sessions are islands of rows, or of fragments that
// stand for rows from a first to a last time: the same text joins both.
//
// Threads: any; values. Errors: 22023 and 42804 with the position of the argument (bytes + 1).
// Limits: a row stands in at most kMaxWindowsOfRow windows.

#include <string>
#include <vector>

#include "base/status.h"
#include "sql/ast.h"

namespace sql {

constexpr int64_t kMaxWindowsOfRow = 10'000;

// Either months or microseconds.
struct Span {
  int32_t months = 0;
  int64_t microseconds = 0;

  std::string Text() const;                                             // INTERVAL '...'
  std::string Times(const std::string& count) const;                    // that many of it
  int64_t Count() const { return months > 0 ? months : microseconds; }  // in its own unit
  bool operator==(const Span&) const = default;
};

// Windows are half-open and begin at 1970-01-01 00:00 UTC plus the offset plus multiples of
// `slide`; those of CUMULATE at multiples of `size`, and end at multiples of `slide` (its step).
struct TimeWindow {
  TableRef::Window kind = TableRef::Window::kTumble;
  std::string column;  // of the relation
  Span slide, size;    // TUMBLE: equal; SESSION: the gap
  int64_t offset_us = 0;
  std::string zone;               // TUMBLE: whole days or months of its civil time; empty = UTC
  std::vector<std::string> keys;  // SESSION: columns of the relation

  bool IsSession() const { return kind == TableRef::Window::kSession; }
  // Whether a row stands in several windows.
  bool Overlaps() const {
    return kind == TableRef::Window::kHop || kind == TableRef::Window::kCumulate;
  }
  Span Pane() const;
  // At most.
  int64_t WindowsOfRow() const { return (size.Count() + slide.Count() - 1) / slide.Count(); }

  // DuckDB text: the start of the bucket of `width` that holds `time`.
  std::string Bucket(const Span& width, const std::string& time) const;
  std::string PaneOf(const std::string& time) const { return Bucket(Pane(), time); }
  // The end of a window of TUMBLE or HOP that begins at `start`; of SESSION after its last row.
  std::string EndText(const std::string& start) const;

  // A row of the time (or the pane) `time` stands once in FROM for each number from 0 to
  // WindowsOfRow() - 1: its window's bounds then, and whether there is such a window ("" = always).
  struct Bounds {
    std::string start, end, condition;
  };
  Bounds BoundsOf(const std::string& time, const std::string& number) const;

  // SESSION. Text for FROM: the rows of `from` with a column `island`, which numbers the sessions
  // of each combination of `keys`. A row stands for the times from `first` to `last`.
  struct Fragments {
    std::string from, first, last;  // DuckDB text
    std::vector<std::string> keys;  // DuckDB text
  };
  std::string Islands(const Fragments& fragments) const;

  // Text for FROM: every row of `input` with window_start and window_end, once for each window.
  std::string Rows(const std::string& input) const;

 private:
  std::string SessionRows(const std::string& input) const;
  std::string CivilBucket(const std::string& civil) const;
};

const char* NameOf(TableRef::Window window);
// Whether an argument after the size is the name of a time zone and no interval.
bool IsZoneArgument(const Expr& arg);
base::Result<TimeWindow> MakeTimeWindow(const TableRef& table);

}  // namespace sql
