// Types of constants and casts: what PostgreSQL's parse_coerce does.

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "sql/bind.h"
#include "sql/coercion.h"
#include "sql/convert.h"
#include "sql/interval.h"
#include "sql/position.h"
#include "sql/print_special.h"
#include "sql/timestamp.h"
#include "sql/type_names.h"

namespace sql {

using model::Type;
using model::TypeId;

namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

base::Status WrongInput(Type type, std::string_view text) {
  return base::DataError("invalid input syntax for type " +
                         model::NameOf(Type{type.id, 0, 0, type.array}) + ": \"" +
                         std::string(text) + "\"")
      .WithSqlstate("22P02");
}

bool ReadBool(std::string_view text, bool* value) {
  std::string word;
  for (char c : Trim(text)) word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto begins = [&](std::string_view whole, size_t least) {
    return word.size() >= least && whole.starts_with(word);
  };
  *value = begins("true", 1) || begins("yes", 1) || word == "on" || word == "1";
  return *value || begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0";
}

base::Result<int64_t> ReadInteger(std::string_view text, Type type) {
  std::string_view digits = Trim(text);
  if (digits.starts_with("+")) digits.remove_prefix(1);
  int64_t value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = !digits.empty() && stop == digits.data() + digits.size();
  if (!whole || error == std::errc::invalid_argument || digits.starts_with("+"))
    return WrongInput(type, text);
  const int64_t most = type.id == TypeId::kInt2   ? INT16_MAX
                       : type.id == TypeId::kInt4 ? INT32_MAX
                                                  : INT64_MAX;
  if (error != std::errc() || value > most || value < -most - 1)
    return base::DataError("value \"" + std::string(text) + "\" is out of range for type " +
                           model::NameOf(type))
        .WithSqlstate("22003");
  return value;
}

// Plain digits of a number with or without exponent, without needless zeros before the point; empty
// when it is no number.
std::string PlainDigits(std::string_view text) {
  text = Trim(text);
  std::string out, digits;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    if (text[0] == '-') out = "-";
    text.remove_prefix(1);
  }
  int point = -1, exponent = 0;
  size_t i = 0;
  for (; i < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[i])) || (text[i] == '.' && point < 0));
       ++i) {
    if (text[i] == '.') point = static_cast<int>(digits.size());
    else digits += text[i];
  }
  if (digits.empty() || digits.size() > 200) return "";
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return "";
    const std::string_view rest =
        text.substr(i + (i + 1 < text.size() && text[i + 1] == '+' ? 2 : 1));
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (error != std::errc() || stop != rest.data() + rest.size() || exponent > 200 ||
        exponent < -200)
      return "";
  }
  int whole = (point < 0 ? static_cast<int>(digits.size()) : point) + exponent;
  while (whole <= 0) digits.insert(0, "0"), ++whole;
  while (whole > static_cast<int>(digits.size())) digits += '0';
  std::string before = digits.substr(0, whole);
  before.erase(0, std::min(before.find_first_not_of('0'), before.size() - 1));
  const std::string after = digits.substr(whole);
  return out + before + (after.empty() ? "" : "." + after);
}

// The numeric type of plain digits; without precision when they are more than 38.
Type TypeOfDigits(std::string_view digits) {
  if (!digits.empty() && digits[0] == '-') digits.remove_prefix(1);
  const size_t point = digits.find('.');
  const size_t scale = point == std::string_view::npos ? 0 : digits.size() - point - 1;
  size_t whole = point == std::string_view::npos ? digits.size() : point;
  if (whole == 1 && digits[0] == '0' && scale > 0) whole = 0;
  if (whole + scale > 38) return model::kNumeric;
  return {TypeId::kNumeric, static_cast<uint8_t>(std::max<size_t>(whole + scale, 1)),
          static_cast<uint8_t>(scale)};
}

bool ReadHexOrEscape(std::string_view text) {
  if (!text.starts_with("\\x")) return text.find('\\') == std::string_view::npos;
  text.remove_prefix(2);
  if (text.size() % 2 != 0) return false;
  for (char c : text)
    if (!std::isxdigit(static_cast<unsigned char>(c))) return false;
  return true;
}

bool IsUuid(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c == '-' || c == '{' || c == '}') continue;
    if (!std::isxdigit(static_cast<unsigned char>(c))) return false;
    digits += c;
  }
  return digits.size() == 32;
}

std::string PlainUuid(std::string_view text) {
  std::string digits;
  for (char c : text)
    if (std::isxdigit(static_cast<unsigned char>(c)))
      digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (size_t at : {8, 13, 18, 23}) digits.insert(at, "-");
  return digits;
}

ExprPtr CastOf(ExprPtr inner, Type to) {
  ExprPtr cast = MakeExpr(ExprKind::kCast, inner->location);
  cast->cast.type = to;
  cast->cast.name = std::string(ShortName(to.id)) + (to.array ? "[]" : "");
  cast->type = to;
  cast->args.push_back(std::move(inner));
  return cast;
}

// "now" and its relatives as calls; nullptr for an ordinary time.
ExprPtr SpecialTime(const ReadTime& time, Type to, int location) {
  using Special = ReadTime::Special;
  if (time.special == Special::kNow) {
    ExprPtr now = MakeExpr(ExprKind::kDefault, location);
    now->name = {"CURRENT_TIMESTAMP"};
    now->type = model::kTimestampTz;
    return to.id == TypeId::kTimestampTz ? std::move(now) : CastOf(std::move(now), to);
  }
  if (time.special != Special::kToday && time.special != Special::kTomorrow &&
      time.special != Special::kYesterday)
    return nullptr;
  ExprPtr day = MakeExpr(ExprKind::kDefault, location);
  day->name = {"CURRENT_DATE"};
  day->type = Type{TypeId::kDate};
  if (time.special != Special::kToday) {
    ExprPtr one = MakeExpr(ExprKind::kLiteral, location);
    one->literal.kind = Literal::Kind::kInteger;
    one->literal.integer = 1;
    one->type = model::kInt4;
    ExprPtr moved = MakeExpr(ExprKind::kOperator, location);
    moved->name = {time.special == Special::kTomorrow ? "+" : "-"};
    moved->type = day->type;
    moved->args.push_back(std::move(day));
    moved->args.push_back(std::move(one));
    day = std::move(moved);
  }
  return to.id == TypeId::kDate ? std::move(day) : CastOf(std::move(day), to);
}

// The canonical text of a constant time, in UTC where that can be known without a time zone
// database.
std::string TimeText(const ReadTime& time, Type to, bool utc) {
  if (time.special == ReadTime::Special::kInfinity) return "infinity";
  if (time.special == ReadTime::Special::kMinusInfinity) return "-infinity";
  if (to.id == TypeId::kDate) return DateText(time.microseconds);
  if (to.id == TypeId::kTimestamp) return TimestampText(time.microseconds);
  if (time.offset_seconds)
    return TimestampText(time.microseconds - *time.offset_seconds * int64_t{1'000'000}) + "+00";
  const std::string civil = TimestampText(time.microseconds);
  if (!time.zone.empty()) return civil + " " + time.zone;
  return utc ? civil + "+00" : civil;
}

}  // namespace

base::Status Binder::Fail(base::Status status, int location) const {
  if (location < 0 || status.ok() || status.position() > 0) return status;
  if (!options_.text.empty()) return At(std::move(status), options_.text, location);
  return std::move(status).WithPosition(location + 1);
}

base::Status Binder::CoerceParameter(Expr* parameter, Type to) {
  Type& known = parameters_[static_cast<size_t>(parameter->parameter - 1)];
  if (IsUnknown(known)) known = to;
  parameter->type = known;
  return {};
}

base::Status Binder::Coerce(ExprPtr* slot, Type to) {
  Expr& expr = **slot;
  if (IsUnknown(to)) return {};
  if (IsUnknown(expr.type)) {
    if (expr.kind == ExprKind::kParameter) {
      RETURN_IF_ERROR(CoerceParameter(&expr, to));
      return IsUnknown(expr.type) || SameType(expr.type, to) ? base::Status() : Coerce(slot, to);
    }
    if (expr.kind == ExprKind::kLiteral) return CoerceLiteral(slot, to);
    expr.type = to;
    return {};
  }
  if (SameType(expr.type, to)) return {};
  if (to.id == TypeId::kNumeric && to.precision == 0 && !to.array) to = AsNumeric(expr.type);
  if (expr.kind == ExprKind::kLiteral && expr.literal.kind == Literal::Kind::kInteger &&
      !to.array) {
    if (to.id == TypeId::kNumeric) {
      expr.literal.kind = Literal::Kind::kDecimal;
      expr.literal.text = std::to_string(expr.literal.integer);
      expr.type = TypeOfDigits(expr.literal.text);
      return {};
    }
    if (to.IsInteger() || to.id == TypeId::kOid) {
      expr.type = to;
      return {};
    }
  }
  const int location = expr.location;
  *slot = CastOf(std::move(*slot), to);
  (*slot)->location = location;
  return {};
}

base::Status Binder::CoerceBool(ExprPtr* slot, const std::string& what) {
  const Type type = (*slot)->type;
  if (IsUnknown(type) || (type.id == TypeId::kBool && !type.array))
    return Coerce(slot, model::kBool);
  return Fail(base::Invalid("argument of " + what + " must be type boolean, not type " +
                            model::NameOf(Type{type.id, 0, 0, type.array}))
                  .WithSqlstate("42804"),
              (*slot)->location);
}

// An untyped constant becomes one of type `to`. Numbers and booleans become such literals; times,
// intervals and the like a cast of their canonical text.
base::Status Binder::CoerceLiteral(ExprPtr* slot, Type to) {
  Expr& expr = **slot;
  if (expr.literal.kind == Literal::Kind::kNull) {
    expr.type = to;
    return {};
  }
  if (to.array) return CoerceArrayLiteral(slot, to);
  if (to.IsNumber() || to.id == TypeId::kOid || to.id == TypeId::kBool)
    return CoerceNumberLiteral(slot, to);
  const std::string text = expr.literal.text;
  const int location = expr.location;
  std::string canonical = text;
  switch (to.id) {
    case TypeId::kDate:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: {
      base::Result<ReadTime> time = ReadTimeText(text, to);
      if (!time.ok()) return Fail(time.TakeStatus(), location);
      if (ExprPtr special = SpecialTime(*time, to, location)) {
        *slot = std::move(special);
        return {};
      }
      canonical = TimeText(*time, to, IsUtc(options_.time_zone));
      break;
    }
    case TypeId::kTime: {
      base::Result<int64_t> clock = ReadClock(text);
      if (!clock.ok()) return Fail(clock.TakeStatus(), location);
      canonical = ClockText(*clock);
      break;
    }
    case TypeId::kInterval: {
      base::Result<Interval> interval = ParseInterval(text);
      if (!interval.ok()) return Fail(interval.TakeStatus(), location);
      canonical = IntervalText(*interval);
      break;
    }
    case TypeId::kUuid:
      if (!IsUuid(text)) return Fail(WrongInput(to, text), location);
      canonical = PlainUuid(text);
      break;
    case TypeId::kBytea:
      if (!ReadHexOrEscape(text)) return Fail(WrongInput(to, text), location);
      break;
    case TypeId::kJson:
    case TypeId::kJsonb: break;
    case TypeId::kRegclass:
    case TypeId::kRecord:
      return Fail(base::Unsupported("type " + model::NameOf(to) +
                                    " is only supported in queries over the system catalog"),
                  location);
    default: expr.type = to; return {};
  }
  expr.literal.text = canonical;
  expr.type = model::kText;
  *slot = CastOf(std::move(*slot), to);
  return {};
}

base::Status Binder::CoerceNumberLiteral(ExprPtr* slot, Type to) {
  Expr& expr = **slot;
  Literal& literal = expr.literal;
  const std::string text = literal.text;
  const int location = expr.location;
  if (to.id == TypeId::kBool) {
    if (!ReadBool(text, &literal.boolean)) return Fail(WrongInput(to, text), location);
    literal.kind = Literal::Kind::kBool;
  } else if (to.id == TypeId::kNumeric) {
    const std::string digits = PlainDigits(text);
    if (digits.empty()) return Fail(WrongInput(to, text), location);
    literal.kind = Literal::Kind::kDecimal;
    literal.text = digits;
    expr.type = TypeOfDigits(digits);
    if (to.precision > 0 && !(expr.type == to)) *slot = CastOf(std::move(*slot), to);
    return {};
  } else if (to.IsFloat()) {
    const std::string number(Trim(text));
    char* end = nullptr;
    std::strtod(number.c_str(), &end);
    const bool odd = number.find_first_of("xXpP(") != std::string::npos;
    if (number.empty() || *end != '\0' || odd) return Fail(WrongInput(to, text), location);
    literal.text = number;
    expr.type = model::kText;
    *slot = CastOf(std::move(*slot), to);
    return {};
  } else {
    base::Result<int64_t> value = ReadInteger(text, to.id == TypeId::kOid ? model::kInt8 : to);
    if (!value.ok()) return Fail(value.TakeStatus(), location);
    literal.kind = Literal::Kind::kInteger;
    literal.integer = *value;
  }
  literal.text.clear();
  expr.type = to;
  return {};
}

// '{a,b}': one dimension, elements with or without double quotes.
base::Status Binder::CoerceArrayLiteral(ExprPtr* slot, Type to) {
  const std::string text = (*slot)->literal.text;
  const int location = (*slot)->location;
  std::string_view rest = Trim(text);
  const auto wrong = [&] {
    return Fail(base::DataError("malformed array literal: \"" + text + "\"").WithSqlstate("22P02"),
                location);
  };
  if (rest.size() < 2 || rest.front() != '{' || rest.back() != '}') return wrong();
  rest = rest.substr(1, rest.size() - 2);
  ExprPtr array = MakeExpr(ExprKind::kArray, location);
  array->type = to;
  while (!Trim(rest).empty() || !array->args.empty()) {
    std::string element;
    bool quoted = false;
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    if (!rest.empty() && rest.front() == '"') {
      quoted = true;
      rest.remove_prefix(1);
      while (!rest.empty() && rest.front() != '"') {
        if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
        element += rest.front();
        rest.remove_prefix(1);
      }
      if (rest.empty()) return wrong();
      rest.remove_prefix(1);
    }
    while (!rest.empty() && rest.front() != ',') {
      if (rest.front() == '{' || rest.front() == '}' || rest.front() == '"') return wrong();
      if (!quoted) element += rest.front();
      rest.remove_prefix(1);
    }
    if (!quoted) element = std::string(Trim(element));
    if (!quoted && element.empty()) return wrong();
    ExprPtr item = MakeExpr(ExprKind::kLiteral, location);
    if (quoted || (element != "NULL" && element != "null")) {
      item->literal.kind = Literal::Kind::kString;
      item->literal.text = element;
    }
    RETURN_IF_ERROR(Coerce(&item, Type{to.id, to.precision, to.scale}));
    array->args.push_back(std::move(item));
    if (rest.empty()) break;
    rest.remove_prefix(1);
  }
  *slot = std::move(array);
  return {};
}

base::Status Binder::BindCast(ExprPtr* slot, Level* level) {
  Expr& cast = **slot;
  const Type to = cast.cast.type;
  if (to.id == TypeId::kUnknown && cast.cast.name != "unknown")
    return Fail(
        base::NotFound("type \"" + cast.cast.name + "\" does not exist").WithSqlstate("42704"),
        cast.location);
  if (cast.cast.name == "bpchar" && !cast.cast.modifiers.empty())
    return Fail(
        base::Unsupported("type character(n) is not supported").WithHint("Use text or varchar(n)."),
        cast.location);
  if (to.id == TypeId::kRegclass || to.id == TypeId::kRecord)
    return Fail(base::Unsupported("type " + model::NameOf(to) +
                                  " is only supported in queries over the system catalog"),
                cast.location);
  Expr& inner = *cast.args[0];
  if (inner.kind == ExprKind::kArray && inner.subquery == nullptr &&
      to.array) {  // ARRAY[...]::int[] types its elements
    RETURN_IF_ERROR(BindArgs(&inner.args, level));
    for (ExprPtr& element : inner.args) {
      const Type item{to.id, to.precision, to.scale};
      if (!IsUnknown(element->type) && !ExplicitlyBecomes(element->type, item)) break;
      RETURN_IF_ERROR(Coerce(&element, item));
    }
    inner.type = to;
    *slot = std::move(cast.args[0]);
    return {};
  }
  RETURN_IF_ERROR(Bind(&cast.args[0], level));
  cast.type = to;
  if (IsUnknown(cast.args[0]->type)) {
    const bool limited = cast.cast.name == "varchar" && !cast.cast.modifiers.empty();
    const bool rounded = (to.id == TypeId::kTimestamp || to.id == TypeId::kTimestampTz) &&
                         !cast.cast.modifiers.empty();
    RETURN_IF_ERROR(Coerce(&cast.args[0], to));
    if (SameType(cast.args[0]->type, to) && !limited && !rounded &&
        (to.precision == 0 || cast.args[0]->type == to)) {
      ExprPtr value = std::move(cast.args[0]);
      *slot = std::move(value);
    }
    return {};
  }
  const Type from = cast.args[0]->type;
  if (!ExplicitlyBecomes(from, to))
    return Fail(base::Invalid("cannot cast type " + model::NameOf(Type{from.id, 0, 0, from.array}) +
                              " to " + model::NameOf(Type{to.id, 0, 0, to.array}))
                    .WithSqlstate("42846"),
                cast.location);
  if (to.id == TypeId::kNumeric && to.precision == 0 && !to.array) {
    cast.cast.type = cast.type = AsNumeric(from);
    if (from.id == TypeId::kNumeric) *slot = std::move(cast.args[0]);
  }
  return {};
}

}  // namespace sql
