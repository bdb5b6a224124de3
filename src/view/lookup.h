#pragma once
// Joins of a view with tables (semantics 15), over the table's whole primary key; anything else is
// refused with the kinds of joins that exist.
//
// At read time: the view keeps its groups without the table, and what reads the view joins them
// with the table's rows of that moment. That equals the offline join as long as the join's key is
// among the view's group keys.
//
// As of processing time (`stored`): a record's row is joined with the table as the commit's
// snapshot shows it, before it is filtered and grouped. The table's columns are then columns of the
// row.
//
// Threads: one owner. Borrows: the tables and the SELECT, for its life. Errors: kUnsupported
// (0A000) with HINT and position.

#include <string>
#include <vector>

#include "base/status.h"
#include "sql/ast.h"
#include "view/plan.h"

namespace view {

class Lookups {
 public:
  struct Join {
    std::string alias;
    const LookupTable* table;
    bool left;
    const sql::Expr* on;
    int location;
    bool stored;
  };

  explicit Lookups(const std::vector<LookupTable>* tables) : tables_(tables) {}

  // Takes the joins with tables off FROM and gives what is left.
  base::Result<const sql::TableRef*> Take(const sql::TableRef& from);
  bool empty() const { return joins_.empty(); }
  const std::vector<Join>& joins() const { return joins_; }

  // A bound column of a joined table gets the name {"", "j0"}, or {"__j0"} of a stored join; false
  // when it is none.
  bool Rename(sql::Expr* column);
  static bool IsJoined(const sql::Expr& expr);  // has a column of a table joined at read time
  // The name as written of a column that Rename made "__j0"; empty for others.
  std::string WrittenName(const std::string& column) const;

  // The condition of join `index`, renamed, has an equality for each column of the table's key.
  base::Status CheckKey(size_t index, const sql::Expr& on) const;
  base::Status NotAtReadTime(size_t index) const;  // the refusal, with the kinds that exist
  // Of joins at read time and of stored ones; `on` is the text of each join's condition.
  void TakePlan(std::vector<std::string> on, Plan* plan);

 private:
  struct Column {
    size_t join;
    std::string field;
    bool operator==(const Column&) const = default;
  };
  const Column* ColumnOf(const sql::Expr& expr) const;  // nullptr: no joined column
  void TakeStored(size_t join, const std::string& on, Plan* plan) const;

  const std::vector<LookupTable>* tables_;
  std::vector<Join> joins_;
  std::vector<Column> columns_;  // j0, j1 ...
};

}  // namespace view
