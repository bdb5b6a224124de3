#include "sql/print_duckdb.h"
#include "sql/print_special.h"
#include "sql/type_names.h"

namespace sql {

using model::TypeId;
using Text = DuckDbPrinter::Text;

namespace {

constexpr size_t kMaxText = size_t{4} << 20;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string QuoteLiteral(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

Text DuckDbPrinter::Print(const Expr& expr) {
  Text text = PrintNode(expr);
  if (text.ok() && text->size() > kMaxText)
    return base::Invalid("statement is too complex")
        .WithSqlstate("54001")
        .WithDetail("Its text for the executor is longer than 4 MB.");
  return text;
}

Text DuckDbPrinter::PrintNode(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kLiteral: return PrintLiteral(expr);
    case ExprKind::kParameter: return PrintParameter(expr);
    case ExprKind::kColumn: return PrintColumn(expr);
    case ExprKind::kStar:
      return expr.name.empty() ? std::string("*") : QuoteIdentifier(expr.name.back()) + ".*";
    case ExprKind::kFunction: return PrintFunction(expr);
    case ExprKind::kOperator: return PrintOperator(expr);
    case ExprKind::kCast: return PrintCast(expr);
    case ExprKind::kCase: return PrintCase(expr);
    case ExprKind::kCoalesce: return PrintCoalesce(expr);
    case ExprKind::kIsNull:
    case ExprKind::kIsBool:
    case ExprKind::kIsDistinct: return PrintTest(expr);
    case ExprKind::kBetween: return PrintBetween(expr);
    case ExprKind::kIn: return PrintIn(expr);
    case ExprKind::kAnyAll: return PrintAnyAll(expr);
    case ExprKind::kExists:
    case ExprKind::kSubquery: {
      ASSIGN_OR_RETURN(std::string inner, PrintSelect(*expr.subquery));
      return (expr.kind == ExprKind::kExists ? "EXISTS (" : "(") + inner + ")";
    }
    case ExprKind::kArray: return PrintArray(expr);
    case ExprKind::kRow: {
      ASSIGN_OR_RETURN(std::string list, PrintList(expr.args));
      return "row(" + list + ")";
    }
    case ExprKind::kSubscript: return PrintSubscript(expr);
    case ExprKind::kField:
    case ExprKind::kExtract:
    case ExprKind::kAtTimeZone: return PrintField(expr);
    case ExprKind::kCollate: return PrintCollate(expr);
    case ExprKind::kDefault: return PrintValueFunction(expr);
    case ExprKind::kGroupingSet: return base::Internal("a grouping set outside GROUP BY");
  }
  return base::Internal("an expression of unknown kind");
}

Text DuckDbPrinter::PrintLiteral(const Expr& expr) {
  const Literal& literal = expr.literal;
  const auto cast = [&](const std::string& text) {
    return "CAST(" + text + " AS " + DuckDbType(expr.type) + ")";
  };
  switch (literal.kind) {
    case Literal::Kind::kNull: return IsBound(expr) ? cast("NULL") : std::string("NULL");
    case Literal::Kind::kBool: return std::string(literal.boolean ? "true" : "false");
    case Literal::Kind::kString:
      return IsBound(expr) && !expr.type.IsText() ? cast(QuoteLiteral(literal.text))
                                                  : QuoteLiteral(literal.text);
    case Literal::Kind::kInteger: {
      const std::string digits = std::to_string(literal.integer);
      if (literal.integer == INT64_MIN) return "CAST('" + digits + "' AS BIGINT)";
      const bool small = literal.integer >= INT32_MIN && literal.integer <= INT32_MAX;
      const bool natural = !IsBound(expr) || (expr.type.id == TypeId::kInt4 && small) ||
                           (expr.type.id == TypeId::kInt8 && !small);
      if (!natural) return cast(digits);
      return literal.integer < 0 ? "(" + digits + ")" : digits;
    }
    case Literal::Kind::kDecimal: {
      if (!IsBound(expr)) return literal.text[0] == '-' ? "(" + literal.text + ")" : literal.text;
      const bool natural =
          expr.type.id == TypeId::kNumeric && expr.type.precision > 0 && expr.type.scale > 0;
      if (!natural) return cast(QuoteLiteral(literal.text));
      return literal.text[0] == '-' ? "(" + literal.text + ")" : literal.text;
    }
  }
  return base::Internal("a literal of unknown kind");
}

// Relations are known by their alias, so a schema before it is dropped.
Text DuckDbPrinter::PrintColumn(const Expr& expr) {
  if (expr.name.empty()) return base::Internal("a column without a name");
  if (expr.name.size() == 1) return QuoteIdentifier(expr.name[0]);
  return QuoteIdentifier(expr.name[expr.name.size() - 2]) + "." + QuoteIdentifier(expr.name.back());
}

Text DuckDbPrinter::PrintParameter(const Expr& expr) {
  if (options_.parameter) return options_.parameter(expr.parameter);
  const std::string text = "$" + std::to_string(expr.parameter);
  return IsBound(expr) ? "CAST(" + text + " AS " + DuckDbType(expr.type) + ")" : text;
}

Text DuckDbPrinter::PrintCase(const Expr& expr) {
  std::string out = "CASE";
  size_t i = 0;
  if (expr.has_operand) {
    ASSIGN_OR_RETURN(std::string operand, Print(*expr.args[i++]));
    out += " " + operand;
  }
  const size_t end = expr.args.size() - (expr.has_else ? 1 : 0);
  for (; i + 2 <= end; i += 2) {
    ASSIGN_OR_RETURN(std::string when, Print(*expr.args[i]));
    ASSIGN_OR_RETURN(std::string then, Print(*expr.args[i + 1]));
    out += " WHEN " + when + " THEN " + then;
  }
  if (expr.has_else) {
    ASSIGN_OR_RETURN(std::string otherwise, Print(*expr.args.back()));
    out += " ELSE " + otherwise;
  }
  return out + " END";
}

Text DuckDbPrinter::PrintCoalesce(const Expr& expr) {
  ASSIGN_OR_RETURN(std::string list, PrintList(expr.args));
  return Lower(expr.name[0]) + "(" + list + ")";
}

Text DuckDbPrinter::PrintTest(const Expr& expr) {
  ASSIGN_OR_RETURN(std::string value, Print(*expr.args[0]));
  const std::string is = expr.negated ? " IS NOT " : " IS ";
  if (expr.kind == ExprKind::kIsNull) return "(" + value + is + "NULL)";
  if (expr.kind == ExprKind::kIsBool) {
    if (expr.name[0] == "UNKNOWN") return "(" + value + is + "NULL)";
    return "(" + value + (expr.negated ? " IS DISTINCT FROM " : " IS NOT DISTINCT FROM ") +
           Lower(expr.name[0]) + ")";
  }
  ASSIGN_OR_RETURN(std::string other, Print(*expr.args[1]));
  return "(" + value + is + "DISTINCT FROM " + other + ")";
}

Text DuckDbPrinter::PrintBetween(const Expr& expr) {
  ASSIGN_OR_RETURN(std::string value, Print(*expr.args[0]));
  ASSIGN_OR_RETURN(std::string low, Print(*expr.args[1]));
  ASSIGN_OR_RETURN(std::string high, Print(*expr.args[2]));
  std::string out = "(" + value + " BETWEEN " + low + " AND " + high + ")";
  if (expr.star) out = "(" + out + " OR (" + value + " BETWEEN " + high + " AND " + low + "))";
  return expr.negated ? "(NOT " + out + ")" : out;
}

Text DuckDbPrinter::PrintIn(const Expr& expr) {
  ASSIGN_OR_RETURN(std::string value, Print(*expr.args[0]));
  std::string list;
  if (expr.subquery != nullptr) {
    ASSIGN_OR_RETURN(list, PrintSelect(*expr.subquery));
  } else {
    for (size_t i = 1; i < expr.args.size(); ++i) {
      ASSIGN_OR_RETURN(std::string item, Print(*expr.args[i]));
      list += (list.empty() ? "" : ", ") + item;
    }
  }
  return "(" + value + (expr.negated ? " NOT IN (" : " IN (") + list + "))";
}

Text DuckDbPrinter::PrintAnyAll(const Expr& expr) {
  const std::string& op = expr.name[0];
  const bool any = expr.name[1] == "ANY";
  ASSIGN_OR_RETURN(std::string value, Print(*expr.args[0]));
  if (expr.subquery != nullptr) {
    ASSIGN_OR_RETURN(std::string inner, PrintSelect(*expr.subquery));
    if ((op == "=" && any) || (op == "<>" && !any))
      return "(" + value + (any ? " IN (" : " NOT IN (") + inner + "))";
    return "(" + value + " " + op + (any ? " ANY (" : " ALL (") + inner + "))";
  }
  const Expr& list = *expr.args[1];
  const bool membership = (op == "=" && any) || (op == "<>" && !any);
  if (membership && list.kind == ExprKind::kArray && list.subquery == nullptr &&
      !list.args.empty()) {
    ASSIGN_OR_RETURN(std::string items, PrintList(list.args));
    return "(" + value + (any ? " IN (" : " NOT IN (") + items + "))";
  }
  ASSIGN_OR_RETURN(std::string array, Print(list));
  if (membership && !IsBound(expr))
    return any ? "list_contains(" + array + ", " + value + ")"
               : "(NOT list_contains(" + array + ", " + value + "))";
  if (membership) {  // with PostgreSQL's answer for NULL elements
    const std::string found = "CASE WHEN " + array + " IS NULL THEN NULL WHEN len(" + array +
                              ") = 0 THEN false WHEN list_contains(" + array + ", " + value +
                              ") THEN true WHEN " + value + " IS NULL OR len(list_filter(" + array +
                              ", lambda e: e IS NULL)) > 0 THEN NULL ELSE false END";
    return any ? found : "(NOT " + found + ")";
  }
  return "(" + value + " " + op + (any ? " ANY (" : " ALL (") + "SELECT unnest(" + array + ")))";
}

Text DuckDbPrinter::PrintArray(const Expr& expr) {
  if (expr.subquery != nullptr) {
    ASSIGN_OR_RETURN(std::string inner, PrintSelect(*expr.subquery));
    return "ARRAY(" + inner + ")";
  }
  ASSIGN_OR_RETURN(std::string list, PrintList(expr.args));
  if (IsBound(expr) && expr.args.empty()) return "CAST([] AS " + DuckDbType(expr.type) + ")";
  return "[" + list + "]";
}

Text DuckDbPrinter::PrintSubscript(const Expr& expr) {
  ASSIGN_OR_RETURN(std::string array, Print(*expr.args[0]));
  ASSIGN_OR_RETURN(std::string first, Print(*expr.args[1]));
  if (expr.args.size() == 2) {
    // DuckDB counts negative subscripts from the end; PostgreSQL has no such element.
    if (IsBound(expr) && expr.args[1]->kind != ExprKind::kLiteral)
      return "CASE WHEN " + first + " > 0 THEN (" + array + ")[" + first + "] END";
    return "(" + array + ")[" + first + "]";
  }
  ASSIGN_OR_RETURN(std::string last, Print(*expr.args[2]));
  return "(" + array + ")[greatest(" + first + ", 1):greatest(" + last + ", 0)]";
}

// DuckDB orders and compares text by code points, as "C" and the default collation here do.
Text DuckDbPrinter::PrintCollate(const Expr& expr) { return Print(*expr.args[0]); }

Text DuckDbPrinter::PrintValueFunction(const Expr& expr) {
  const std::string& name = expr.name[0];
  const std::string now = "make_timestamp(epoch_us(now()))";
  if (name == "CURRENT_TIMESTAMP") return now;
  const std::string civil = ToCivil(now, options_.time_zone);
  if (name == "LOCALTIMESTAMP") return civil;
  if (name == "CURRENT_DATE") return "CAST(" + civil + " AS DATE)";
  if (name == "LOCALTIME") return "CAST(" + civil + " AS TIME)";
  if (options_.function) {
    if (std::optional<std::string> text = options_.function(expr, {})) return *text;
  }
  // The binder puts values in the place of the others.
  return Lower(name == "USER" || name == "CURRENT_ROLE" ? "CURRENT_USER" : name);
}

Text DuckDbPrinter::PrintField(const Expr& expr) {
  ASSIGN_OR_RETURN(std::string value, Print(*expr.args[0]));
  if (expr.kind == ExprKind::kField) return "(" + value + ")." + QuoteIdentifier(expr.name[0]);
  if (expr.kind == ExprKind::kExtract) {
    if (!IsBound(expr)) return "date_part(" + QuoteLiteral(expr.name[0]) + ", " + value + ")";
    return ExtractText(expr.name[0], value, expr.args[0]->type, options_.time_zone);
  }
  ASSIGN_OR_RETURN(std::string zone, Print(*expr.args[1]));
  if (!IsBound(expr)) return "timezone(" + zone + ", " + value + ")";
  if (const std::string* given = ConstantOf(*expr.args[1])) {
    ASSIGN_OR_RETURN(const std::string name, ZoneOf(*given));
    if (IsUtc(name)) return value;
    zone = QuoteLiteral(name);
  }
  const bool to_civil = expr.args[0]->type.id == TypeId::kTimestampTz;
  return (to_civil ? "freshet_to_civil(" : "freshet_from_civil(") + zone + ", " + value + ")";
}

}  // namespace sql
