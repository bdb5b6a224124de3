#pragma once
// The windows of FROM: TUMBLE, HOP and CUMULATE over one time column, as arithmetic in DuckDB's
// words. A row's windows follow from its pane, the bucket of the finest width whose bounds are
// those of all windows; so rows, and partials of rows at that grain, are spread over windows by the
// same text. Used by queries (print_from.cc) and by views (view/plan.cc).
//
// Threads: any; values. Errors: 22023 and 42804 with the position of the argument (bytes + 1).
// Limits: a row stands in at most kMaxWindowsOfRow windows.

#include <string>

#include "base/status.h"
#include "sql/ast.h"

namespace sql {

constexpr int64_t kMaxWindowsOfRow = 10'000;

// Either months or microseconds.
struct Span {
  int32_t months = 0;
  int64_t microseconds = 0;

  std::string Text() const;                           // INTERVAL '...'
  std::string Times(const std::string& count) const;  // that many of it
  int64_t Count() const { return months > 0 ? months : microseconds; }  // in its own unit
  bool operator==(const Span&) const = default;
};

// Windows are half-open and begin at 1970-01-01 00:00 UTC plus the offset plus multiples of
// `slide`; those of CUMULATE at multiples of `size`, and end at multiples of `slide` (its step).
struct TimeWindow {
  TableRef::Window kind = TableRef::Window::kTumble;
  std::string column;  // of the relation
  Span slide, size;    // TUMBLE: equal
  int64_t offset_us = 0;

  bool Overlaps() const { return kind != TableRef::Window::kTumble; }
  Span Pane() const;
  // At most.
  int64_t WindowsOfRow() const { return (size.Count() + slide.Count() - 1) / slide.Count(); }

  // DuckDB text: the start of the bucket of `width` that holds `time`.
  std::string Bucket(const Span& width, const std::string& time) const;
  std::string PaneOf(const std::string& time) const { return Bucket(Pane(), time); }
  // The end of a window of TUMBLE or HOP that begins at `start`.
  std::string EndText(const std::string& start) const;

  // A row of the time (or the pane) `time` stands once in FROM for each number from 0 to
  // WindowsOfRow() - 1: its window's bounds then, and whether there is such a window ("" = always).
  struct Bounds {
    std::string start, end, condition;
  };
  Bounds BoundsOf(const std::string& time, const std::string& number) const;

  // Text for FROM: every row of `input` with window_start and window_end, once for each window.
  std::string Rows(const std::string& input) const;
};

const char* NameOf(TableRef::Window window);
base::Result<TimeWindow> MakeTimeWindow(const TableRef& table);

}  // namespace sql
