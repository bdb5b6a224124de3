// PostgreSQL's spelling of a tree: readable, and equal for trees that mean the same text.

#include <array>

#include "sql/printer.h"

namespace sql {
namespace {

// Words that cannot stand as a name without quotes (reserved, or usable as a function or type
// only).
constexpr std::array<std::string_view, 96> kReserved{"all",
                                                     "analyse",
                                                     "analyze",
                                                     "and",
                                                     "any",
                                                     "array",
                                                     "as",
                                                     "asc",
                                                     "asymmetric",
                                                     "authorization",
                                                     "between",
                                                     "binary",
                                                     "both",
                                                     "case",
                                                     "cast",
                                                     "check",
                                                     "collate",
                                                     "collation",
                                                     "column",
                                                     "concurrently",
                                                     "constraint",
                                                     "create",
                                                     "cross",
                                                     "current_catalog",
                                                     "current_date",
                                                     "current_role",
                                                     "current_schema",
                                                     "current_time",
                                                     "current_timestamp",
                                                     "current_user",
                                                     "default",
                                                     "deferrable",
                                                     "desc",
                                                     "distinct",
                                                     "do",
                                                     "else",
                                                     "end",
                                                     "except",
                                                     "exists",
                                                     "extract",
                                                     "false",
                                                     "fetch",
                                                     "for",
                                                     "foreign",
                                                     "freeze",
                                                     "from",
                                                     "full",
                                                     "grant",
                                                     "group",
                                                     "having",
                                                     "ilike",
                                                     "in",
                                                     "initially",
                                                     "inner",
                                                     "intersect",
                                                     "interval",
                                                     "into",
                                                     "is",
                                                     "isnull",
                                                     "join",
                                                     "lateral",
                                                     "leading",
                                                     "left",
                                                     "like",
                                                     "limit",
                                                     "localtime",
                                                     "localtimestamp",
                                                     "natural",
                                                     "not",
                                                     "notnull",
                                                     "null",
                                                     "offset",
                                                     "on",
                                                     "only",
                                                     "or",
                                                     "order",
                                                     "outer",
                                                     "overlaps",
                                                     "placing",
                                                     "primary",
                                                     "references",
                                                     "returning",
                                                     "right",
                                                     "row",
                                                     "select",
                                                     "session_user",
                                                     "similar",
                                                     "some",
                                                     "table",
                                                     "then",
                                                     "to",
                                                     "trailing",
                                                     "true",
                                                     "union",
                                                     "user",
                                                     "values"};

std::string Name(const std::string& name) {
  bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') && name[0] != '$';
  for (char c : name)
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$');
  for (std::string_view word : kReserved) plain = plain && name != word;
  for (const char* word :
       {"unique", "using", "variadic", "verbose", "when", "where", "window", "with"})
    plain = plain && name != word;
  return plain ? name : QuoteIdentifier(name);
}

std::string Dotted(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ".") + Name(part);
  return out;
}

class PostgresPrinter {
 public:
  std::string Print(const Expr& expr) {
    switch (expr.kind) {
      case ExprKind::kLiteral: return PrintLiteral(expr.literal);
      case ExprKind::kParameter: return "$" + std::to_string(expr.parameter);
      case ExprKind::kColumn: return Dotted(expr.name);
      case ExprKind::kStar: return expr.name.empty() ? "*" : Dotted(expr.name) + ".*";
      case ExprKind::kFunction: return PrintCall(expr);
      case ExprKind::kOperator: return PrintOperator(expr);
      case ExprKind::kCast:
        return "CAST(" + Print(*expr.args[0]) + " AS " + TypeText(expr.cast) + ")";
      case ExprKind::kCase: return PrintCase(expr);
      case ExprKind::kCoalesce: return expr.name[0] + "(" + List(expr.args) + ")";
      case ExprKind::kIsNull:
        return "(" + Print(*expr.args[0]) + (expr.negated ? " IS NOT NULL)" : " IS NULL)");
      case ExprKind::kIsBool:
        return "(" + Print(*expr.args[0]) + (expr.negated ? " IS NOT " : " IS ") + expr.name[0] +
               ")";
      case ExprKind::kIsDistinct:
        return "(" + Print(*expr.args[0]) + (expr.negated ? " IS NOT" : " IS") + " DISTINCT FROM " +
               Print(*expr.args[1]) + ")";
      case ExprKind::kBetween:
        return "(" + Print(*expr.args[0]) + (expr.negated ? " NOT" : "") + " BETWEEN " +
               (expr.star ? "SYMMETRIC " : "") + Print(*expr.args[1]) + " AND " +
               Print(*expr.args[2]) + ")";
      case ExprKind::kIn: return PrintIn(expr);
      case ExprKind::kAnyAll:
        return "(" + Print(*expr.args[0]) + " " + expr.name[0] + " " + expr.name[1] + " (" +
               (expr.subquery != nullptr ? Print(*expr.subquery) : Print(*expr.args[1])) + "))";
      case ExprKind::kExists: return "EXISTS (" + Print(*expr.subquery) + ")";
      case ExprKind::kSubquery: return "(" + Print(*expr.subquery) + ")";
      case ExprKind::kArray:
        return expr.subquery != nullptr ? "ARRAY(" + Print(*expr.subquery) + ")"
                                        : "ARRAY[" + List(expr.args) + "]";
      case ExprKind::kRow: return "ROW(" + List(expr.args) + ")";
      case ExprKind::kSubscript:
        return "(" + Print(*expr.args[0]) + ")[" + Print(*expr.args[1]) +
               (expr.args.size() > 2 ? ":" + Print(*expr.args[2]) : "") + "]";
      case ExprKind::kField: return "(" + Print(*expr.args[0]) + ")." + Name(expr.name[0]);
      case ExprKind::kAtTimeZone:
        return "(" + Print(*expr.args[0]) + " AT TIME ZONE " + Print(*expr.args[1]) + ")";
      case ExprKind::kExtract:
        return "EXTRACT(" + QuoteLiteral(expr.name[0]) + " FROM " + Print(*expr.args[0]) + ")";
      case ExprKind::kCollate:
        return "(" + Print(*expr.args[0]) + " COLLATE " + Dotted(expr.name) + ")";
      case ExprKind::kDefault: return expr.name[0];
      case ExprKind::kGroupingSet: return PrintGroupingSet(expr);
    }
    return "";
  }

  std::string Print(const Select& select) {
    std::string out = PrintWith(select) + PrintCore(select);
    if (!select.order_by.empty()) out += " ORDER BY " + Keys(select.order_by);
    if (select.limit != nullptr) out += " LIMIT " + Print(*select.limit);
    if (select.offset != nullptr) out += " OFFSET " + Print(*select.offset);
    return out;
  }

 private:
  std::string List(const std::vector<ExprPtr>& list, size_t first = 0) {
    std::string out;
    for (size_t i = first; i < list.size(); ++i) out += (i == first ? "" : ", ") + Print(*list[i]);
    return out;
  }

  std::string Keys(const std::vector<SortKey>& keys) {
    std::string out;
    for (const SortKey& key : keys) {
      out += (out.empty() ? "" : ", ") + Print(*key.expr) + (key.descending ? " DESC" : "");
      if (key.nulls != SortKey::Nulls::kDefault)
        out += key.nulls == SortKey::Nulls::kFirst ? " NULLS FIRST" : " NULLS LAST";
    }
    return out;
  }

  static std::string PrintLiteral(const Literal& literal) {
    switch (literal.kind) {
      case Literal::Kind::kNull: return "NULL";
      case Literal::Kind::kBool: return literal.boolean ? "true" : "false";
      case Literal::Kind::kInteger:
        return literal.integer < 0 ? "(" + std::to_string(literal.integer) + ")"
                                   : std::to_string(literal.integer);
      case Literal::Kind::kDecimal:
        return literal.text[0] == '-' ? "(" + literal.text + ")" : literal.text;
      case Literal::Kind::kString: return QuoteLiteral(literal.text);
    }
    return "";
  }

  static std::string TypeText(const TypeName& type) {
    if (type.type.id == model::TypeId::kUnknown) {
      const size_t dot = type.name.find('.');
      const std::string name = dot == std::string::npos ? Name(type.name)
                                                        : Name(type.name.substr(0, dot)) + "." +
                                                              Name(type.name.substr(dot + 1));
      return name + (type.type.array ? "[]" : "");
    }
    if (type.name == "varchar" && !type.modifiers.empty())
      return "character varying(" + std::to_string(type.modifiers[0]) + ")";
    return model::NameOf(type.type);
  }

  // position has no plain call in the grammar, unless its name is quoted.
  static std::string FunctionName(const std::vector<std::string>& name) {
    return name.size() == 1 && name[0] == "position" ? QuoteIdentifier(name[0]) : Dotted(name);
  }

  std::string PrintCall(const Expr& call) {
    std::string out = FunctionName(call.name) + "(" + (call.distinct ? "DISTINCT " : "") +
                      (call.variadic ? "VARIADIC " : "") + (call.star ? "*" : List(call.args));
    if (!call.order_by.empty() && !call.within_group) out += " ORDER BY " + Keys(call.order_by);
    out += ")";
    if (call.within_group) out += " WITHIN GROUP (ORDER BY " + Keys(call.order_by) + ")";
    if (call.filter != nullptr) out += " FILTER (WHERE " + Print(*call.filter) + ")";
    if (call.over != nullptr) out += " OVER " + Window(*call.over);
    return out;
  }

  std::string PrintOperator(const Expr& expr) {
    const std::string& name = expr.name[0];
    if (expr.args.size() == 1) return "(" + name + " " + Print(*expr.args[0]) + ")";
    if (name == "LIKE" || name == "ILIKE" || name == "SIMILAR TO")
      return "(" + Print(*expr.args[0]) + (expr.negated ? " NOT " : " ") + name + " " +
             Print(*expr.args[1]) +
             (expr.args.size() > 2 ? " ESCAPE " + Print(*expr.args[2]) : "") + ")";
    std::string out = "(";
    for (size_t i = 0; i < expr.args.size(); ++i)
      out += (i == 0 ? "" : " " + name + " ") + Print(*expr.args[i]);
    return out + ")";
  }

  std::string PrintCase(const Expr& expr) {
    std::string out = "CASE";
    size_t i = 0;
    if (expr.has_operand) out += " " + Print(*expr.args[i++]);
    const size_t end = expr.args.size() - (expr.has_else ? 1 : 0);
    for (; i + 2 <= end; i += 2)
      out += " WHEN " + Print(*expr.args[i]) + " THEN " + Print(*expr.args[i + 1]);
    if (expr.has_else) out += " ELSE " + Print(*expr.args.back());
    return out + " END";
  }

  std::string PrintIn(const Expr& expr) {
    const std::string list = expr.subquery != nullptr ? Print(*expr.subquery) : List(expr.args, 1);
    return "(" + Print(*expr.args[0]) + (expr.negated ? " NOT IN (" : " IN (") + list + "))";
  }

  std::string PrintGroupingSet(const Expr& expr) {
    if (expr.name[0] == "EMPTY") return "()";
    return (expr.name[0] == "SETS" ? "GROUPING SETS" : expr.name[0]) + " (" + List(expr.args) + ")";
  }

  std::string Window(const WindowSpec& window) {
    const bool only_name =
        window.partition_by.empty() && window.order_by.empty() && !(window.frame.options & 1);
    if (!window.name.empty() && only_name) return Name(window.name);
    return "(" + WindowBody(window) + ")";
  }

  std::string WindowBody(const WindowSpec& window) {
    std::string out = window.name.empty() ? "" : Name(window.name);
    const auto add = [&](const std::string& part) { out += (out.empty() ? "" : " ") + part; };
    if (!window.partition_by.empty()) add("PARTITION BY " + List(window.partition_by));
    if (!window.order_by.empty()) add("ORDER BY " + Keys(window.order_by));
    if (window.frame.options & 1) add(Frame(window.frame));
    return out;
  }

  std::string Frame(const WindowFrame& frame) {
    const int o = frame.options;
    std::string out = o & 0x4 ? "ROWS " : o & 0x2 ? "RANGE " : "GROUPS ";
    const std::string start = o & 0x20    ? "UNBOUNDED PRECEDING"
                              : o & 0x200 ? "CURRENT ROW"
                              : frame.start == nullptr
                                  ? ""
                                  : Print(*frame.start) + (o & 0x800 ? " PRECEDING" : " FOLLOWING");
    const std::string end = o & 0x100   ? "UNBOUNDED FOLLOWING"
                            : o & 0x400 ? "CURRENT ROW"
                            : frame.end == nullptr
                                ? ""
                                : Print(*frame.end) + (o & 0x1000 ? " PRECEDING" : " FOLLOWING");
    out += o & 0x10 ? "BETWEEN " + start + " AND " + end : start;
    if (o & 0x8000) out += " EXCLUDE CURRENT ROW";
    if (o & 0x10000) out += " EXCLUDE GROUP";
    if (o & 0x20000) out += " EXCLUDE TIES";
    return out;
  }

  std::string PrintWith(const Select& select) {
    std::string out;
    for (const CommonTable& table : select.with) {
      out += out.empty() ? (select.recursive ? "WITH RECURSIVE " : "WITH ") : ", ";
      out += Name(table.name) + Columns(table.columns);
      out += !table.materialized   ? " AS ("
             : *table.materialized ? " AS MATERIALIZED ("
                                   : " AS NOT MATERIALIZED (";
      out += Print(*table.select) + ")";
    }
    return out.empty() ? out : out + " ";
  }

  std::string PrintCore(const Select& select) {
    if (select.set_op != Select::SetOp::kNone) {
      const char* op = select.set_op == Select::SetOp::kUnion       ? "UNION"
                       : select.set_op == Select::SetOp::kIntersect ? "INTERSECT"
                                                                    : "EXCEPT";
      return "(" + Print(*select.left) + ") " + op + (select.set_all ? " ALL (" : " (") +
             Print(*select.right) + ")";
    }
    if (!select.values.empty()) {
      std::string out;
      for (const auto& row : select.values)
        out += (out.empty() ? "VALUES (" : ", (") + List(row) + ")";
      return out;
    }
    return PrintBody(select);
  }

  std::string PrintBody(const Select& select) {
    std::string out = "SELECT";
    if (select.distinct) out += " DISTINCT";
    if (!select.distinct_on.empty()) out += " DISTINCT ON (" + List(select.distinct_on) + ")";
    for (size_t i = 0; i < select.items.size(); ++i) {
      out += (i == 0 ? " " : ", ") + Print(*select.items[i].expr);
      if (!select.items[i].alias.empty()) out += " AS " + Name(select.items[i].alias);
    }
    for (size_t i = 0; i < select.from.size(); ++i)
      out += (i == 0 ? " FROM " : ", ") + Print(*select.from[i]);
    if (select.where != nullptr) out += " WHERE " + Print(*select.where);
    if (!select.group_by.empty()) out += " GROUP BY " + List(select.group_by);
    if (select.having != nullptr) out += " HAVING " + Print(*select.having);
    for (size_t i = 0; i < select.windows.size(); ++i)
      out += (i == 0 ? " WINDOW " : ", ") + Name(select.windows[i].first) + " AS (" +
             WindowBody(select.windows[i].second) + ")";
    return out;
  }

  static std::string Columns(const std::vector<std::string>& columns) {
    std::string out;
    for (const std::string& column : columns) out += (out.empty() ? "(" : ", ") + Name(column);
    return out.empty() ? out : out + ")";
  }

  std::string Print(const TableRef& table) {
    std::string out;
    switch (table.kind) {
      case TableRef::Kind::kRelation: out = Dotted(table.name); break;
      case TableRef::Kind::kSubquery:
        out = (table.lateral ? "LATERAL (" : "(") + Print(*table.subquery) + ")";
        break;
      case TableRef::Kind::kFunction:
        out = (table.lateral ? "LATERAL " : "") + Print(*table.function) +
              (table.with_ordinality ? " WITH ORDINALITY" : "");
        break;
      case TableRef::Kind::kJoin: out = Join(table); break;
      case TableRef::Kind::kWindow: {
        constexpr const char* kWords[] = {"TUMBLE", "HOP", "SESSION", "CUMULATE"};
        out = std::string(kWords[static_cast<int>(table.window)]) + "(" + Dotted(table.name) +
              ", " + Name(table.time_column);
        if (!table.window_args.empty()) out += ", " + List(table.window_args);
        out += ")";
        break;
      }
    }
    if (!table.alias.empty()) out += " AS " + Name(table.alias) + Columns(table.column_aliases);
    return out;
  }

  std::string Join(const TableRef& table) {
    constexpr const char* kWords[] = {"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"};
    std::string out = "(" + Print(*table.left) + (table.natural ? " NATURAL " : " ") +
                      kWords[static_cast<int>(table.join)] + " " + Print(*table.right);
    if (!table.using_columns.empty()) out += " USING " + Columns(table.using_columns);
    else if (table.on != nullptr) out += " ON " + Print(*table.on);
    return out + ")";
  }
};

}  // namespace

std::string PrintPostgres(const Select& select) { return PostgresPrinter().Print(select); }
std::string PrintPostgres(const Expr& expr) { return PostgresPrinter().Print(expr); }

}  // namespace sql
