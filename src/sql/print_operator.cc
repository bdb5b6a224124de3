#include <array>

#include "sql/coercion.h"
#include "sql/print_duckdb.h"
#include "sql/print_special.h"

namespace sql {

using Text = DuckDbPrinter::Text;

Text DuckDbPrinter::PrintOperator(const Expr& expr) {
  const std::string& name = expr.name[0];
  if (name == "AND" || name == "OR") return PrintJunction(expr);
  if (name == "NOT") {
    ASSIGN_OR_RETURN(std::string value, Print(*expr.args[0]));
    return "(NOT " + value + ")";
  }
  if (name == "LIKE" || name == "ILIKE") return PrintLike(expr);
  if (name == "SIMILAR TO") return PrintSimilar(expr);
  if (!IsBound(expr)) return PrintUnboundOperator(expr);
  std::vector<model::Type> types;
  for (const ExprPtr& arg : expr.args) types.push_back(arg->type);
  ASSIGN_OR_RETURN(std::vector<std::string> args, PrintArgs(expr.args));
  if (expr.args[0]->type.id == model::TypeId::kRecord && args.size() == 2)
    return "(" + args[0] + " " + name + " " + args[1] + ")";
  bool ambiguous = false;
  const std::optional<Resolved> resolved = Resolve(name, true, types, 0, &ambiguous);
  if (!resolved) return base::Internal("operator " + name + " is bound but not known");
  return PrintKnown(*resolved->signature->info, expr, std::move(args));
}

Text DuckDbPrinter::PrintJunction(const Expr& expr) {
  std::string out;
  for (const ExprPtr& arg : expr.args) {
    ASSIGN_OR_RETURN(std::string text, Print(*arg));
    out += (out.empty() ? "(" : " " + expr.name[0] + " ") + text;
  }
  return out + ")";
}

// Operators of the system catalog's queries, where no types are known.
Text DuckDbPrinter::PrintUnboundOperator(const Expr& expr) {
  const std::string& name = expr.name[0];
  ASSIGN_OR_RETURN(std::vector<std::string> args, PrintArgs(expr.args));
  if (args.size() == 1) return "(" + name + " " + args[0] + ")";
  if (name == "~" || name == "~*" || name == "!~" || name == "!~*") {
    const std::string* pattern = ConstantOf(*expr.args[1]);
    const std::string regex = pattern != nullptr ? QuoteLiteral(TranslateRegex(*pattern)) : args[1];
    const std::string match =
        "regexp_matches(" + args[0] + ", " + regex + (name.back() == '*' ? ", 'is')" : ", 's')");
    return name[0] == '!' ? "(NOT " + match + ")" : match;
  }
  static constexpr std::array<std::string_view, 18> kKnown{
      "=", "<>", "<",  "<=", ">", ">=", "+",  "-",  "*",
      "/", "%",  "||", "&",  "|", "<<", ">>", "->", "->>"};
  for (std::string_view known : kKnown)
    if (name == known) return "(" + args[0] + " " + name + " " + args[1] + ")";
  if (name == "^") return "pow(" + args[0] + ", " + args[1] + ")";
  if (name == "@>") return "list_has_all(" + args[0] + ", " + args[1] + ")";
  if (name == "<@") return "list_has_all(" + args[1] + ", " + args[0] + ")";
  if (name == "&&") return "list_has_any(" + args[0] + ", " + args[1] + ")";
  return base::NotFound("operator does not exist: " + name).WithSqlstate("42883");
}

// PostgreSQL's LIKE escapes with a backslash unless told otherwise; DuckDB's with nothing.
Text DuckDbPrinter::PrintLike(const Expr& expr) {
  ASSIGN_OR_RETURN(std::vector<std::string> args, PrintArgs(expr.args));
  std::string escape = "'\\'";
  const std::string* pattern = ConstantOf(*expr.args[1]);
  const std::string* given = args.size() > 2 ? ConstantOf(*expr.args[2]) : nullptr;
  if (args.size() > 2) escape = args[2];
  const bool none = given != nullptr ? given->empty()
                                     : args.size() == 2 && pattern != nullptr &&
                                           pattern->find('\\') == std::string::npos;
  return "(" + args[0] + (expr.negated ? " NOT " : " ") + expr.name[0] + " " + args[1] +
         (none ? "" : " ESCAPE " + escape) + ")";
}

// The pattern of SIMILAR TO as a regular expression; it must be a constant.
Text DuckDbPrinter::PrintSimilar(const Expr& expr) {
  const std::string* pattern = ConstantOf(*expr.args[1]);
  const std::string* given = expr.args.size() > 2 ? ConstantOf(*expr.args[2]) : nullptr;
  if (pattern == nullptr || (expr.args.size() > 2 && (given == nullptr || given->size() > 1)))
    return base::Unsupported("SIMILAR TO with a pattern that is not a constant is not supported")
        .WithHint("Use ~ with a regular expression.");
  const char escape = given == nullptr ? '\\' : given->empty() ? '\0' : (*given)[0];
  std::string regex = "^(?:";
  bool bracket = false;
  for (size_t i = 0; i < pattern->size(); ++i) {
    const char c = (*pattern)[i];
    if (escape != '\0' && c == escape && i + 1 < pattern->size()) {
      regex += std::string("\\") + (*pattern)[++i];
      continue;
    }
    if (c == '[') bracket = true;
    if (c == ']') bracket = false;
    if (bracket) regex += c == '\\' ? std::string("\\\\") : std::string(1, c);
    else if (c == '%') regex += ".*";
    else if (c == '_') regex += ".";
    else if (c == '.' || c == '^' || c == '$' || c == '\\') regex += std::string("\\") + c;
    else if (c == '(') regex += "(?:";
    else regex += c;
  }
  ASSIGN_OR_RETURN(std::string value, Print(*expr.args[0]));
  const std::string match =
      "regexp_matches(" + value + ", " + QuoteLiteral(regex + ")$") + ", 's')";
  return expr.negated ? "(NOT " + match + ")" : match;
}

}  // namespace sql
