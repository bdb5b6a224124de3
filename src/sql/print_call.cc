#include "sql/print_duckdb.h"
#include "sql/print_special.h"

namespace sql {

using Text = DuckDbPrinter::Text;

base::Result<std::vector<std::string>> DuckDbPrinter::PrintArgs(const std::vector<ExprPtr>& args) {
  std::vector<std::string> out;
  out.reserve(args.size());
  for (const ExprPtr& arg : args) {
    ASSIGN_OR_RETURN(std::string text, Print(*arg));
    out.push_back(std::move(text));
  }
  return out;
}

Text DuckDbPrinter::PrintFunction(const Expr& call) {
  ASSIGN_OR_RETURN(std::vector<std::string> args, PrintArgs(call.args));
  if (options_.function) {
    if (std::optional<std::string> text = options_.function(call, args)) return *text;
  }
  if (call.name.back() == "grouping" && call.name.size() == 1) {  // syntax, not a function
    ASSIGN_OR_RETURN(std::string text, PrintDuckDbCall(call, "GROUPING", args));
    return "CAST(" + text + " AS INTEGER)";
  }
  if (!IsBound(call)) return PrintUnboundCall(call, args);
  std::vector<model::Type> types;
  for (const ExprPtr& arg : call.args) types.push_back(arg->type);
  if (call.within_group)
    for (const SortKey& key : call.order_by) types.push_back(key.expr->type);
  if (call.star) types.push_back(model::kInt8);  // count(*)
  bool ambiguous = false;
  const std::optional<Resolved> resolved = Resolve(
      call.name.back(), false, types, call.within_group ? call.order_by.size() : 0, &ambiguous);
  if (!resolved) return base::Internal("function " + call.name.back() + " is bound but not known");
  return PrintKnown(*resolved->signature->info, call, std::move(args));
}

Text DuckDbPrinter::PrintUnboundCall(const Expr& call, const std::vector<std::string>& args) {
  return PrintDuckDbCall(call, QuoteIdentifier(call.name.back()), args);
}

// name(DISTINCT args ORDER BY ...) WITHIN GROUP (...) FILTER (...) OVER (...)
Text DuckDbPrinter::PrintDuckDbCall(const Expr& call, const std::string& name,
                                    const std::vector<std::string>& args) {
  std::string list = call.star ? "*" : "";
  for (const std::string& arg : args) list += (list.empty() ? "" : ", ") + arg;
  return PrintAggregateCall(name, call, list);
}

Text DuckDbPrinter::PrintAggregateCall(const std::string& name, const Expr& call,
                                       const std::string& args) {
  std::string out = name + "(" + (call.distinct ? "DISTINCT " : "") + args;
  std::string keys;
  if (!call.order_by.empty()) {
    ASSIGN_OR_RETURN(keys, PrintOrderBy(call.order_by, nullptr));
  }
  if (!keys.empty() && !call.within_group) out += " ORDER BY " + keys;
  out += ")";
  if (!keys.empty() && call.within_group) out += " WITHIN GROUP (ORDER BY " + keys + ")";
  if (call.filter != nullptr) {
    ASSIGN_OR_RETURN(std::string filter, Print(*call.filter));
    out += " FILTER (WHERE " + filter + ")";
  }
  if (call.over == nullptr) return out;
  const WindowSpec& over = *call.over;
  if (!over.name.empty() && over.partition_by.empty() && over.order_by.empty() &&
      !(over.frame.options & 1))
    return out + " OVER " + QuoteIdentifier(over.name);
  ASSIGN_OR_RETURN(std::string window, PrintWindow(over));
  return out + " OVER " + window;
}

Text DuckDbPrinter::PrintKnown(const FunctionInfo& info, const Expr& call,
                               std::vector<std::string> args) {
  std::string_view pattern = info.duckdb;
  if (pattern.empty()) return PrintDuckDbCall(call, info.name, args);
  if (pattern == "@percentile") return PrintPercentile(call, args);
  if (pattern.starts_with("@approx")) return PrintApproximate(call, args);
  if (pattern == "@one_row" || pattern == "@arg_extreme") return PrintOneRow(call, args);
  if (pattern[0] == '@') {
    const std::string_view word = pattern.substr(1);
    const SpecialCall special{info, call, args, options_};
    for (auto find :
         {FindMathPrinter, FindTextPrinter, FindTimePrinter, FindFormatPrinter, FindOtherPrinter})
      if (SpecialPrinter printer = find(word)) return printer(special);
    return base::Internal("no printer for " + std::string(word));
  }
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '$' && i + 1 < pattern.size() && pattern[i + 1] >= '1' &&
        pattern[i + 1] <= '9') {
      const size_t index = static_cast<size_t>(pattern[++i] - '1');
      if (index >= args.size())
        return base::Internal("a template asks for an argument that is not there");
      out += args[index];
    } else if (pattern[i] == '{') {
      const size_t close = pattern.find('}', i);
      ASSIGN_OR_RETURN(
          std::string aggregate,
          PrintDuckDbCall(call, std::string(pattern.substr(i + 1, close - i - 1)), args));
      out += aggregate;
      i = close;
    } else {
      out += pattern[i];
    }
  }
  return out;
}

// percentile_cont, percentile_disc, mode: the ordered value is of the type that the binder has
// given it.
Text DuckDbPrinter::PrintPercentile(const Expr& call, const std::vector<std::string>& args) {
  return PrintDuckDbCall(call, call.name.back(), args);
}

// The call without what its DuckDB form does not take: DISTINCT and the sort keys.
Expr DuckDbPrinter::Bare(const Expr& call) {
  Expr bare;
  bare.name = call.name;
  if (call.filter != nullptr) bare.filter = call.filter->Clone();
  if (call.over != nullptr) {
    const ExprPtr copy = call.Clone();
    bare.over = std::move(copy->over);
  }
  return bare;
}

// first, last, arg_min, arg_max: the value beside an extreme key.
Text DuckDbPrinter::PrintOneRow(const Expr& call, const std::vector<std::string>& args) {
  const std::string& name = call.name.back();
  if (name.starts_with("arg_")) {
    ASSIGN_OR_RETURN(std::string pair,
                     PrintAggregateCall(name == "arg_min" ? "min" : "max", Bare(call),
                                        "CASE WHEN " + args[0] + " IS NOT NULL AND " + args[1] +
                                            " IS NOT NULL THEN {'k': " + args[1] +
                                            ", 'v': " + args[0] + "} END"));
    return "(" + pair + ").v";
  }
  if (call.order_by.size() != 1)
    return base::Unsupported(name + " must be ordered by one expression")
        .WithHint("For example " + name + "(x ORDER BY order_time).");
  ASSIGN_OR_RETURN(const std::string key, Print(*call.order_by[0].expr));
  const bool smallest = (name == "first") != call.order_by[0].descending;
  return PrintAggregateCall(smallest ? "arg_min_null" : "arg_max_null", Bare(call),
                            args[0] + ", " + key);
}

// Sketches: freshet_quantile(freshet_ddsketch(x), p), freshet_hll_estimate(freshet_hll(text of x)),
// and counts of values.
Text DuckDbPrinter::PrintApproximate(const Expr& call, const std::vector<std::string>& args) {
  const Expr sketch = Bare(call);
  const std::string& name = call.name.back();
  if (name == "histogram" || name == "approx_top_k") {
    const bool all = name == "histogram";
    ASSIGN_OR_RETURN(std::string counts,
                     PrintAggregateCall(all ? "freshet_counts" : "freshet_frequent", sketch,
                                        AsText(args[0], call.args[0]->type, options_.time_zone)));
    return all ? "CAST(freshet_counts_json(" + counts + ") AS JSON)"
               : "CAST(freshet_frequent_json(" + counts + ", CAST(" + args[1] +
                     " AS DOUBLE)) AS JSON)";
  }
  if (name == "approx_count_distinct") {
    ASSIGN_OR_RETURN(std::string hll,
                     PrintAggregateCall("freshet_hll", sketch, "CAST(" + args[0] + " AS VARCHAR)"));
    return "coalesce(CAST(freshet_hll_estimate(" + hll + ") AS BIGINT), 0)";
  }
  ASSIGN_OR_RETURN(std::string value, Print(*call.order_by[0].expr));
  ASSIGN_OR_RETURN(std::string ddsketch,
                   PrintAggregateCall("freshet_ddsketch", sketch, "CAST(" + value + " AS DOUBLE)"));
  const std::string fraction = call.order_by[0].descending ? "1 - " + args[0] : args[0];
  return "freshet_quantile(" + ddsketch + ", " + fraction + ")";
}

}  // namespace sql
