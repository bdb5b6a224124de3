#include "sql/signatures.h"

#include <algorithm>
#include <map>

#include "sql/functions.h"
#include "sql/type_names.h"

namespace sql {
namespace {

using model::Type;
using model::TypeId;

struct Parameter {
  bool any = false;
  bool array = false;
  Type type;
};

struct Overload {
  const FunctionInfo* info;
  std::vector<Parameter> parameters;
  bool variadic = false;
};

using Overloads = std::map<std::string_view, std::vector<Overload>>;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Parameter ParseParameter(std::string_view word) {
  if (word == "any" || word == "anyelement") return {true, false, Type{}};
  if (word == "anyarray") return {true, true, Type{}};
  const bool array = word.ends_with("[]");
  auto type = TypeByName(array ? word.substr(0, word.size() - 2) : word);
  CHECK(type);
  type->array = array;
  return {false, array, *type};
}

// "float8, float8", "any...", "float8 ORDER BY float8": what WITHIN GROUP orders by counts as one more argument.
Overload ParseRow(const FunctionInfo& row) {
  Overload out{&row, {}, false};
  std::string list = row.arguments;
  if (const size_t order = list.find("ORDER BY"); order != std::string::npos) list.replace(order, 8, order == 0 ? "" : ",");
  for (std::string_view rest = list; !Trim(rest).empty();) {
    const size_t comma = std::min(rest.find(','), rest.size());
    std::string_view word = Trim(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (word.ends_with("...")) {
      out.variadic = true;
      word.remove_suffix(3);
    }
    out.parameters.push_back(ParseParameter(word));
  }
  return out;
}

const Overloads& All(bool operators) {
  static const auto made = [] {
    std::pair<Overloads, Overloads> out;
    for (const FunctionInfo& row : FunctionTable())
      (row.kind == FunctionKind::kOperator ? out.second : out.first)[row.name].push_back(ParseRow(row));
    // count(*) has no argument.
    for (const Overload& overload : std::vector<Overload>(out.first["count"])) out.first["count"].push_back({overload.info, {}, false});
    return out;
  }();
  return operators ? made.second : made.first;
}
const Overloads& Functions() { return All(false); }
const Overloads& Operators() { return All(true); }

const Parameter& ParameterAt(const Overload& overload, size_t i) {
  return overload.parameters[std::min(i, overload.parameters.size() - 1)];
}

// How well an argument fits: -1 not at all, 0 by conversion, 1 by a preferred type, 2 exactly.
int Fit(Type argument, const Parameter& parameter) {
  if (parameter.any) return parameter.array == argument.array || argument.id == TypeId::kUnknown || !parameter.array ? 1 : -1;
  if (argument.id == TypeId::kUnknown && !argument.array) {
    const auto id = parameter.type.id;
    return id == TypeId::kText || id == TypeId::kTimestampTz || id == TypeId::kFloat8 || id == TypeId::kBool ? 1 : 0;
  }
  if (argument.array != parameter.type.array) return -1;
  if (argument.id == parameter.type.id) return 2;
  return ConvertsImplicitly(argument, parameter.type) ? 0 : -1;
}

bool Accepts(const Overload& overload, size_t count) {
  if (overload.variadic) return count + 1 >= overload.parameters.size() && (count > 0 || overload.parameters.empty());
  return overload.parameters.size() == count;
}

// Distance along int2 < int4 < int8 < numeric < float4 < float8 and date < timestamp < timestamptz: the nearest wins.
int Distance(Type from, Type to) { return std::abs(static_cast<int>(to.id) - static_cast<int>(from.id)); }

struct Score {
  int exact = 0, preferred = 0, distance = 0;
  bool operator<(const Score& other) const {
    if (exact != other.exact) return exact < other.exact;
    if (preferred != other.preferred) return preferred < other.preferred;
    return distance > other.distance;
  }
};

std::optional<Score> ScoreOf(const Overload& overload, const std::vector<Type>& arguments) {
  if (!Accepts(overload, arguments.size())) return std::nullopt;
  Score score;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Parameter& parameter = ParameterAt(overload, i);
    const int fit = Fit(arguments[i], parameter);
    if (fit < 0) return std::nullopt;
    score.exact += fit == 2;
    score.preferred += fit == 1;
    if (fit == 0 && arguments[i].id != TypeId::kUnknown) score.distance += Distance(arguments[i], parameter.type);
  }
  return score;
}

const Overload* Choose(const std::vector<Overload>& overloads, const std::vector<Type>& arguments) {
  const Overload* best = nullptr;
  Score best_score;
  for (const auto& overload : overloads) {
    const auto score = ScoreOf(overload, arguments);
    if (!score || (best != nullptr && !(best_score < *score))) continue;
    best = &overload;
    best_score = *score;
  }
  return best;
}

// Digits before and after the point that an integer or numeric may have; nullopt = not known.
std::optional<std::pair<int, int>> Digits(Type type) {
  switch (type.id) {
    case TypeId::kInt2: return std::pair(5, 0);
    case TypeId::kInt4: return std::pair(10, 0);
    case TypeId::kInt8: return std::pair(19, 0);
    case TypeId::kNumeric:
      if (type.precision > 0) return std::pair(type.precision - type.scale, static_cast<int>(type.scale));
      return std::nullopt;
    default: return std::nullopt;
  }
}

Type NumericOf(int integer_digits, int scale) {
  if (scale > 38) return model::kNumeric;
  const int precision = std::clamp(integer_digits + scale, 1, 38);
  return Type{TypeId::kNumeric, static_cast<uint8_t>(precision), static_cast<uint8_t>(scale)};
}

// PostgreSQL forgets precision and scale in arithmetic; states need the scale, so it is kept where it is known.
Type ArithmeticResult(std::string_view rule, const std::vector<Type>& arguments) {
  const auto a = Digits(arguments[0]), b = Digits(arguments.back());
  if (!a || !b) return model::kNumeric;
  if (rule == "sum") return NumericOf(38 - a->second, a->second);
  if (rule == "*") return NumericOf(a->first + b->first, a->second + b->second);
  return NumericOf(std::max(a->first, b->first) + 1, std::max(a->second, b->second));
}

// Keeps precision and scale of the argument where PostgreSQL's value has them.
bool KeepsType(std::string_view name) { return name == "min" || name == "max" || name == "abs" || name == "-" || name == "+" || name == "@"; }

Type ResultOf(const FunctionInfo& info, const std::vector<Type>& arguments) {
  const std::string_view rule = info.result, name = info.name;
  const bool operation = info.kind == FunctionKind::kOperator && arguments.size() == 2;
  if (rule == "numeric" && operation && (name == "+" || name == "-" || name == "%")) return ArithmeticResult("+", arguments);
  if (rule == "numeric" && operation && name == "*") return ArithmeticResult("*", arguments);
  if (rule == "numeric" && name == "sum") return ArithmeticResult("sum", arguments);
  if (rule == "numeric" && arguments.size() == 1 && KeepsType(name) && arguments[0].id == TypeId::kNumeric) return arguments[0];
  const bool array = rule.starts_with("array of "), element = rule.starts_with("element of argument");
  if (array || element || rule.starts_with("same as argument")) {
    Type type = arguments[static_cast<size_t>(rule.back() - '1')];
    if (type.id == TypeId::kUnknown) type = model::kText;
    if (array) type.array = true;
    if (element) type.array = false;
    return type;
  }
  const Parameter result = ParseParameter(rule);
  return result.any ? arguments[0] : result.type;
}

Resolved Finish(const Overload& overload, const std::vector<Type>& arguments) {
  Resolved out;
  out.aggregate = overload.info->kind == FunctionKind::kAggregate;
  out.window = overload.info->kind == FunctionKind::kWindow;
  out.result = ResultOf(*overload.info, arguments);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Parameter& parameter = ParameterAt(overload, i);
    const bool same = parameter.any || arguments[i].id == parameter.type.id;
    out.arguments.push_back(same ? Type{} : parameter.type);
    if (parameter.any && arguments[i].id == TypeId::kUnknown) out.arguments.back() = model::kText;
  }
  return out;
}

std::string ListOf(const std::vector<Type>& types) {
  std::string out;
  for (const auto& type : types) {
    Type plain = type;
    plain.precision = plain.scale = 0;
    out += (out.empty() ? "" : ", ") + model::NameOf(plain);
  }
  return out;
}

int NumberRank(TypeId id) { return id >= TypeId::kInt2 && id <= TypeId::kFloat8 ? static_cast<int>(id) : -1; }

}  // namespace

bool ConvertsImplicitly(Type from, Type to) {
  if (from.array || to.array) return from.array == to.array && from.id == to.id;
  if (from.id == to.id || from.id == TypeId::kUnknown) return true;
  const int a = NumberRank(from.id), b = NumberRank(to.id);
  if (a >= 0 && b >= 0) return a < b;
  switch (from.id) {
    case TypeId::kDate: return to.id == TypeId::kTimestamp || to.id == TypeId::kTimestampTz;
    case TypeId::kTimestamp: return to.id == TypeId::kTimestampTz;
    case TypeId::kTime: return to.id == TypeId::kInterval;
    case TypeId::kName: case TypeId::kChar: return to.id == TypeId::kText;
    case TypeId::kInt2: case TypeId::kInt4: case TypeId::kInt8: return to.id == TypeId::kOid;
    case TypeId::kOid: return to.id == TypeId::kInt8;
    default: return false;
  }
}

bool ConvertsExplicitly(Type from, Type to) {
  if (ConvertsImplicitly(from, to) || to.id == TypeId::kText || from.IsText()) return true;
  if (from.array || to.array) return from.array == to.array;
  if (NumberRank(from.id) >= 0 && NumberRank(to.id) >= 0) return true;
  if (from.id == TypeId::kBool) return to.id == TypeId::kInt4;
  if (to.id == TypeId::kBool) return from.id == TypeId::kInt4;
  if (from.IsTime()) return to.IsTime() || (to.id == TypeId::kTime && from.id != TypeId::kDate);
  if (from.id == TypeId::kInterval) return to.id == TypeId::kTime;
  const bool from_json = from.id == TypeId::kJson || from.id == TypeId::kJsonb;
  return from_json && (to.id == TypeId::kJson || to.id == TypeId::kJsonb);
}

std::optional<Type> CommonType(const std::vector<Type>& types) {
  Type common;
  for (const Type& type : types) {
    if (type.id == TypeId::kUnknown) continue;
    if (common.id == TypeId::kUnknown) {
      common = type;
      continue;
    }
    if (common.id == TypeId::kNumeric || type.id == TypeId::kNumeric) {
      const auto a = Digits(common), b = Digits(type);
      if (a && b) common = NumericOf(std::max(a->first, b->first), std::max(a->second, b->second));
      else if (common.IsFloat() || type.IsFloat()) common = model::kFloat8;
      else if (common.IsNumber() && type.IsNumber()) common = model::kNumeric;
      else return std::nullopt;
      continue;
    }
    if (type == common) continue;
    if (ConvertsImplicitly(common, type)) common = type;
    else if (!ConvertsImplicitly(type, common)) return std::nullopt;
  }
  return common;
}

base::Result<Resolved> ResolveFunction(std::string_view name, const std::vector<Type>& arguments) {
  const auto it = Functions().find(name);
  if (it != Functions().end())
    if (const Overload* overload = Choose(it->second, arguments)) return Finish(*overload, arguments);
  auto error = base::NotFound("function " + std::string(name) + "(" + ListOf(arguments) + ") does not exist").WithSqlstate("42883");
  if (it == Functions().end()) {
    const auto names = KnownFunctionNames();
    if (const auto near = base::NearestName(name, names))
      return std::move(error).WithHint("Perhaps you meant the function " + *near + "(). docs/reference/functions.md lists what there is.");
    return std::move(error).WithHint("docs/reference/functions.md lists the functions that there are.");
  }
  return std::move(error).WithHint("No function matches the given name and argument types. You might need to add explicit type casts.");
}

base::Result<Resolved> ResolveOperator(std::string_view op, const std::vector<Type>& operands) {
  const auto failed = [&] {
    std::string text = operands.size() == 2 ? model::NameOf(operands[0]) + " " + std::string(op) + " " + model::NameOf(operands[1])
                                            : std::string(op) + " " + model::NameOf(operands[0]);
    return base::NotFound("operator does not exist: " + text)
        .WithSqlstate("42883")
        .WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.");
  };
  const bool comparison = op == "=" || op == "<>" || op == "<" || op == ">" || op == "<=" || op == ">=";
  if (comparison && operands.size() == 2) {
    const auto common = CommonType(operands);
    if (!common) return failed();
    Resolved out{model::kBool, {Type{}, Type{}}};
    const Type target = common->id == TypeId::kUnknown ? model::kText : *common;
    for (size_t i = 0; i < 2; ++i)
      if (operands[i].id != target.id && !(operands[i].IsNumber() && target.IsNumber())) out.arguments[i] = target;
    return out;
  }
  // An unknown operand takes the type of the other side before anything else.
  std::vector<Type> guess = operands;
  if (operands.size() == 2)
    for (size_t i = 0; i < 2; ++i)
      if (guess[i].id == TypeId::kUnknown && guess[1 - i].id != TypeId::kUnknown) guess[i] = guess[1 - i];
  const auto it = Operators().find(op);
  if (it == Operators().end()) return failed();
  const Overload* overload = Choose(it->second, guess);
  if (overload == nullptr || ScoreOf(*overload, guess)->exact < static_cast<int>(guess.size())) {
    const Overload* other = Choose(it->second, operands);
    if (other != nullptr) overload = overload == nullptr ? other : overload;
  }
  if (overload == nullptr) return failed();
  Resolved out = Finish(*overload, guess);
  for (size_t i = 0; i < operands.size(); ++i)
    if (operands[i].id == TypeId::kUnknown) out.arguments[i] = overload->parameters[i].any ? model::kText : overload->parameters[i].type;
  return out;
}

bool IsWindowFunction(std::string_view name) {
  const auto it = Functions().find(name);
  return it != Functions().end() && it->second[0].info->kind == FunctionKind::kWindow;
}

bool IsKnownFunction(std::string_view name) { return Functions().contains(name); }

std::vector<std::string_view> KnownFunctionNames() {
  std::vector<std::string_view> names;
  for (const auto& [name, overloads] : Functions()) names.push_back(name);
  return names;
}

}  // namespace sql
