#pragma once
// EMIT ON WINDOW CLOSE: what is stored of such a view, and the statements by which stage two
// releases its windows (semantics 11). Lanes write partials as for any view, but apart by partition
// and with the number and offsets of their rows, so that rows which come after their window was
// released can be told, counted and left out.
//
// The released table has the view's columns, its keys (__k0 ...), the number of the release and its
// kind: 0 released, 1 corrected, 2 taken back.
//
// Threads: any; pure. Errors: kUnsupported for a view whose windows have no end.

#include <optional>
#include <string>
#include <vector>

#include "view/plan.h"

namespace view {

// A SELECT over the view's rows: items and a filter, as in CREATE SINK ... AS SELECT ... FROM view.
struct Outer {
  std::string relation;              // as the texts name it
  std::vector<std::string> outputs;  // DuckDB text over the view's columns
  std::string filter;                // the same, empty = none
  model::Fields fields;
};

// `select` is bound, over one relation; anything but expressions and WHERE is refused.
base::Result<Outer> MakeOuter(const sql::Select& select);

// One run of stage two over one view; times are UTC microseconds.
struct EmissionStep {
  int64_t source, view;          // ids, for freshet_late_rows
  int incarnation;
  std::string partials, released;  // table names, quoted
  std::optional<int64_t> bound;    // windows that end here or before were released
  int64_t next_bound;
  int64_t number;                  // of this release
  int64_t now;
  bool corrections = false;
};

class Emission {
 public:
  static base::Result<Emission> Make(const Plan& plan, std::optional<Outer> outer);

  const Plan& stored() const { return stored_; }  // what lanes write, compaction merges
  const model::Fields& fields() const { return outer_ ? outer_->fields : final_fields_; }

  // The columns that are the view's keys; none when a key is not shown.
  model::Fields KeyFields() const;

  std::string CreateReleased(const std::string& table) const;
  // What SELECT from the view reads.
  std::string Read(const std::string& table, bool corrections) const;
  // How many windows' partials wait that this step would take; 0 = nothing to do.
  std::string Pending(const EmissionStep& step) const;
  // The step: late rows told, windows released, in this order; all in one transaction.
  std::vector<std::string> Statements(const EmissionStep& step) const;
  // Released rows of windows that began before `floor`, numbered at most `number`, go.
  std::string Forget(const std::string& table, int64_t floor, int64_t number) const;

 private:
  std::string Rows(const std::string& partials) const;  // view's columns and __k*, over a FROM text
  std::string Columns() const;                          // of the released table, but number and kind
  std::string SameKeys(const std::string& left, const std::string& right) const;
  void AddCorrections(const EmissionStep& step, const std::string& late,
                      std::vector<std::string>* out) const;

  Plan stored_;  // with hidden keys and states
  Plan final_;   // without them, its outputs followed by its keys
  model::Fields final_fields_;
  std::vector<std::string> keys_;  // visible: k0 ...
  std::vector<std::string> key_types_;
  std::string time_key_, window_end_;
  std::optional<Outer> outer_;
};

}  // namespace view
