#include <algorithm>

#include "sql/print_duckdb.h"

namespace sql {

using Text = DuckDbPrinter::Text;

Text DuckDbPrinter::PrintSelect(const Select& select) {
  const size_t outer = common_tables_.size();
  ASSIGN_OR_RETURN(std::string out, PrintWith(select));
  ASSIGN_OR_RETURN(std::string core, PrintCore(select));
  out += core;
  if (!select.order_by.empty()) {
    ASSIGN_OR_RETURN(std::string keys, PrintOrderBy(select.order_by, &select));
    out += " ORDER BY " + keys;
  }
  if (select.limit != nullptr) {
    ASSIGN_OR_RETURN(std::string limit, Print(*select.limit));
    out += " LIMIT " + limit;
  }
  if (select.offset != nullptr) {
    ASSIGN_OR_RETURN(std::string offset, Print(*select.offset));
    out += " OFFSET " + offset;
  }
  common_tables_.resize(outer);
  return out;
}

Text DuckDbPrinter::PrintCore(const Select& select) {
  if (select.set_op == Select::SetOp::kNone)
    return select.values.empty() ? PrintBody(select) : PrintValues(select);
  ASSIGN_OR_RETURN(std::string left, PrintSelect(*select.left));
  ASSIGN_OR_RETURN(std::string right, PrintSelect(*select.right));
  const char* op = select.set_op == Select::SetOp::kUnion       ? "UNION"
                   : select.set_op == Select::SetOp::kIntersect ? "INTERSECT"
                                                                : "EXCEPT";
  return "(" + left + ") " + op + (select.set_all ? " ALL (" : " (") + right + ")";
}

Text DuckDbPrinter::PrintWith(const Select& select) {
  std::string out;
  // In a recursive WITH a query may read every table of the clause, otherwise those before it.
  if (select.recursive)
    for (const CommonTable& table : select.with) common_tables_.push_back(table.name);
  for (const CommonTable& table : select.with) {
    out += out.empty() ? (select.recursive ? "WITH RECURSIVE " : "WITH ") : ", ";
    out += QuoteIdentifier(table.name);
    if (!table.columns.empty()) {
      std::string columns;
      for (const std::string& column : table.columns)
        columns += (columns.empty() ? "" : ", ") + QuoteIdentifier(column);
      out += "(" + columns + ")";
    }
    out += !table.materialized   ? " AS ("
           : *table.materialized ? " AS MATERIALIZED ("
                                 : " AS NOT MATERIALIZED (";
    ASSIGN_OR_RETURN(std::string inner, PrintSelect(*table.select));
    out += inner + ")";
    if (!select.recursive) common_tables_.push_back(table.name);
  }
  return out.empty() ? out : out + " ";
}

// PostgreSQL names the columns column1, column2 ...
Text DuckDbPrinter::PrintValues(const Select& select) {
  std::string rows, columns;
  for (const auto& row : select.values) {
    ASSIGN_OR_RETURN(std::string list, PrintList(row));
    rows += (rows.empty() ? "(" : ", (") + list + ")";
  }
  for (size_t i = 1; i <= select.values[0].size(); ++i)
    columns += (columns.empty() ? "" : ", ") + QuoteIdentifier("column" + std::to_string(i));
  return "SELECT * FROM (VALUES " + rows + ") AS \"*VALUES*\"(" + columns + ")";
}

Text DuckDbPrinter::PrintItems(const Select& select) {
  if (select.items.empty()) return std::string("NULL AS \"?column?\"");
  std::string out;
  for (const SelectItem& item : select.items) {
    ASSIGN_OR_RETURN(std::string text, Print(*item.expr));
    out += (out.empty() ? "" : ", ") + text;
    if (item.expr->kind != ExprKind::kStar) out += " AS " + QuoteIdentifier(OutputName(item));
  }
  return out;
}

Text DuckDbPrinter::PrintBody(const Select& select) {
  std::string out = "SELECT ";
  if (select.distinct) out += "DISTINCT ";
  if (!select.distinct_on.empty()) {
    std::string keys;
    for (const ExprPtr& key : select.distinct_on) {
      ASSIGN_OR_RETURN(std::string text, PrintGroupKey(*key, select));
      keys += (keys.empty() ? "" : ", ") + text;
    }
    out += "DISTINCT ON (" + keys + ") ";
  }
  ASSIGN_OR_RETURN(std::string items, PrintItems(select));
  out += items;
  for (size_t i = 0; i < select.from.size(); ++i) {
    ASSIGN_OR_RETURN(std::string table, PrintTable(*select.from[i]));
    out += (i == 0 ? " FROM " : ", ") + table;
  }
  if (select.where != nullptr) {
    ASSIGN_OR_RETURN(std::string where, Print(*select.where));
    out += " WHERE " + where;
  }
  ASSIGN_OR_RETURN(std::string groups, PrintGroupBy(select));
  out += groups;
  if (select.having != nullptr) {
    ASSIGN_OR_RETURN(std::string having, Print(*select.having));
    out += " HAVING " + having;
  }
  for (size_t i = 0; i < select.windows.size(); ++i) {
    ASSIGN_OR_RETURN(std::string window, PrintWindow(select.windows[i].second));
    out +=
        (i == 0 ? " WINDOW " : ", ") + QuoteIdentifier(select.windows[i].first) + " AS " + window;
  }
  return out;
}

// GROUP BY and DISTINCT ON: a key that is a select item is printed as its number, which can only
// mean that item, while repeated text (or a constant) could be taken for something else.
Text DuckDbPrinter::PrintGroupKey(const Expr& key, const Select& select) {
  if (key.kind == ExprKind::kGroupingSet) {
    if (key.name[0] == "EMPTY") return std::string("()");
    std::string list;
    for (const ExprPtr& arg : key.args) {
      ASSIGN_OR_RETURN(std::string text, PrintGroupKey(*arg, select));
      list += (list.empty() ? "" : ", ") + text;
    }
    return (key.name[0] == "SETS" ? "GROUPING SETS" : key.name[0]) + " (" + list + ")";
  }
  if (key.kind == ExprKind::kRow && !key.args.empty()) {
    std::string list;
    for (const ExprPtr& arg : key.args) {
      ASSIGN_OR_RETURN(std::string text, PrintGroupKey(*arg, select));
      list += (list.empty() ? "" : ", ") + text;
    }
    return "(" + list + ")";
  }
  if (IsBound(key) && key.kind != ExprKind::kColumn)
    for (size_t i = 0; i < select.items.size(); ++i)
      if (SameExpr(key, *select.items[i].expr)) return std::to_string(i + 1);
  ASSIGN_OR_RETURN(std::string text, Print(key));
  // A bound constant is no ordinal.
  if (IsBound(key) && key.kind == ExprKind::kLiteral)
    return "CAST(" + text + " AS " + DuckDbType(key.type) + ")";
  return text;
}

Text DuckDbPrinter::PrintGroupBy(const Select& select) {
  std::string out;
  for (const ExprPtr& key : select.group_by) {
    const bool plain_row = key->kind == ExprKind::kRow;  // GROUP BY (a, b) is GROUP BY a, b
    ASSIGN_OR_RETURN(std::string text, PrintGroupKey(*key, select));
    if (plain_row && text.size() > 2) text = text.substr(1, text.size() - 2);
    out += (out.empty() ? " GROUP BY " : ", ") + text;
  }
  return out;
}

Text DuckDbPrinter::PrintOrderBy(const std::vector<SortKey>& keys, const Select* select) {
  std::string out;
  for (const SortKey& key : keys) {
    Text text = select != nullptr && IsBound(*key.expr) && key.expr->kind != ExprKind::kColumn
                    ? PrintGroupKey(*key.expr, *select)
                    : Print(*key.expr);
    if (!text.ok()) return text;
    out += (out.empty() ? "" : ", ") + *text + (key.descending ? " DESC" : " ASC");
    const bool first = key.nulls == SortKey::Nulls::kFirst ||
                       (key.nulls == SortKey::Nulls::kDefault && key.descending);
    out += first ? " NULLS FIRST" : " NULLS LAST";
  }
  return out;
}

Text DuckDbPrinter::PrintList(const std::vector<ExprPtr>& list) {
  std::string out;
  for (const ExprPtr& expr : list) {
    ASSIGN_OR_RETURN(std::string text, Print(*expr));
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

Text DuckDbPrinter::PrintFrame(const WindowFrame& frame) {
  // PostgreSQL's FRAMEOPTION_* bits.
  constexpr int kNonDefault = 0x1, kRange = 0x2, kRows = 0x4, kBetween = 0x10,
                kStartUnbounded = 0x20, kEndUnbounded = 0x100, kStartCurrent = 0x200,
                kEndCurrent = 0x400, kStartPreceding = 0x800, kEndPreceding = 0x1000,
                kStartFollowing = 0x2000, kExcludeCurrent = 0x8000, kExcludeGroup = 0x10000,
                kExcludeTies = 0x20000;
  if (!(frame.options & kNonDefault)) return std::string();
  std::string start, end;
  if (frame.start != nullptr) {
    ASSIGN_OR_RETURN(start, Print(*frame.start));
  }
  if (frame.end != nullptr) {
    ASSIGN_OR_RETURN(end, Print(*frame.end));
  }
  std::string out = frame.options & kRows ? "ROWS " : frame.options & kRange ? "RANGE " : "GROUPS ";
  if (frame.options & kBetween) out += "BETWEEN ";
  if (frame.options & kStartUnbounded) out += "UNBOUNDED PRECEDING";
  else if (frame.options & kStartCurrent) out += "CURRENT ROW";
  else if (frame.options & kStartPreceding) out += start + " PRECEDING";
  else if (frame.options & kStartFollowing) out += start + " FOLLOWING";
  if (frame.options & kBetween) {
    out += " AND ";
    if (frame.options & kEndUnbounded) out += "UNBOUNDED FOLLOWING";
    else if (frame.options & kEndCurrent) out += "CURRENT ROW";
    else out += end + (frame.options & kEndPreceding ? " PRECEDING" : " FOLLOWING");
  }
  if (frame.options & kExcludeCurrent) out += " EXCLUDE CURRENT ROW";
  if (frame.options & kExcludeGroup) out += " EXCLUDE GROUP";
  if (frame.options & kExcludeTies) out += " EXCLUDE TIES";
  return out;
}

Text DuckDbPrinter::PrintWindow(const WindowSpec& window) {
  std::string out = window.name.empty() ? "" : QuoteIdentifier(window.name);
  const auto add = [&](const std::string& part) {
    if (!part.empty()) out += (out.empty() ? "" : " ") + part;
  };
  if (!window.partition_by.empty()) {
    ASSIGN_OR_RETURN(std::string keys, PrintList(window.partition_by));
    add("PARTITION BY " + keys);
  }
  if (!window.order_by.empty()) {
    ASSIGN_OR_RETURN(std::string keys, PrintOrderBy(window.order_by, nullptr));
    add("ORDER BY " + keys);
  }
  ASSIGN_OR_RETURN(std::string frame, PrintFrame(window.frame));
  add(frame);
  return "(" + out + ")";
}

base::Result<std::string> PrintDuckDb(const Select& select, const PrintOptions& options) {
  return DuckDbPrinter(options).PrintSelect(select);
}

base::Result<std::string> PrintDuckDb(const Expr& expr, const PrintOptions& options) {
  return DuckDbPrinter(options).Print(expr);
}

}  // namespace sql
