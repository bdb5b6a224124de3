#pragma once
// Joins of a view with tables, at read time (semantics 15): the view keeps its groups without the
// table, and what reads the view joins them with the table's rows of that moment. That equals the
// offline join as long as the join's key is among the view's group keys and is the table's whole
// primary key; anything else is refused with the kinds of joins that exist.
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
  };

  explicit Lookups(const std::vector<LookupTable>* tables) : tables_(tables) {}

  // Takes the joins with tables off FROM and gives what is left.
  base::Result<const sql::TableRef*> Take(const sql::TableRef& from);
  bool empty() const { return joins_.empty(); }
  const std::vector<Join>& joins() const { return joins_; }

  // A bound column of a joined table gets the name {"", "j0"}; false when it is none.
  bool Rename(sql::Expr* column);
  static bool IsJoined(const sql::Expr& expr);  // has such a column

  // The condition of join `index`, renamed, has an equality for each column of the table's key.
  base::Status CheckKey(size_t index, const sql::Expr& on) const;
  base::Status NotAtReadTime(size_t index) const;  // the refusal, with the kinds that exist
  // `on` is the text of each join's condition.
  std::vector<Lookup> TakePlan(std::vector<std::string> on);

 private:
  struct Column {
    size_t join;
    std::string field;
    bool operator==(const Column&) const = default;
  };
  const Column* ColumnOf(const sql::Expr& expr) const;  // nullptr: no joined column

  const std::vector<LookupTable>* tables_;
  std::vector<Join> joins_;
  std::vector<Column> columns_;  // j0, j1 ...
};

}  // namespace view
