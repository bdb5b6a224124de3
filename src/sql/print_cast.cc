#include "sql/print_duckdb.h"
#include "sql/print_special.h"

namespace sql {

using model::Type;
using model::TypeId;
using Text = DuckDbPrinter::Text;

namespace {

std::string Cast(const std::string& text, const std::string& type) {
  return "CAST(" + text + " AS " + type + ")";
}

std::string WrongInput(const char* type, const std::string& text) {
  return "error('invalid input syntax for type " + std::string(type) + ": \"' || " + text +
         " || '\"')";
}

// Shortest exact digits as PostgreSQL writes them: no ".0", NaN and Infinity.
std::string FloatText(const std::string& text) {
  return "CASE WHEN isfinite(" + text + ") THEN regexp_replace(CAST(" + text +
         " AS VARCHAR), '\\.0$', '') WHEN isnan(" + text + ") THEN 'NaN' WHEN " + text +
         " > 0 THEN 'Infinity' WHEN " + text + " < 0 THEN '-Infinity' END";
}

// '2026-01-01 00:00:00+00': the offset of the zone at that time, with minutes only when there are
// some.
std::string ZonedText(const std::string& text, const std::string& zone) {
  if (IsUtc(zone)) return "(CAST(" + text + " AS VARCHAR) || '+00')";
  const std::string civil = ToCivil(text, zone);
  const std::string seconds = "date_diff('second', " + text + ", " + civil + ")";
  const std::string minutes = "(abs(" + seconds + ") // 60 % 60)";
  return "(CAST(" + civil + " AS VARCHAR) || CASE WHEN " + seconds +
         " < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(" + seconds +
         ") // 3600 AS VARCHAR), 2, '0') || CASE WHEN " + minutes +
         " = 0 THEN '' ELSE ':' || lpad(CAST(" + minutes + " AS VARCHAR), 2, '0') END)";
}

std::string ArrayText(const std::string& text, Type element, const std::string& zone) {
  const std::string item = AsOutput("e", element, zone);
  const std::string quoted =
      element.IsNumber() || element.id == TypeId::kBool
          ? item
          : "CASE WHEN regexp_full_match(" + item + ", '[^{}\",\\\\\\s]+') AND upper(" + item +
                ") <> 'NULL' THEN " + item + " ELSE '\"' || replace(replace(" + item +
                ", '\\', '\\\\'), '\"', '\\\"') || '\"' END";
  return "('{' || array_to_string(list_transform(" + text + ", lambda e: coalesce(" + quoted +
         ", 'NULL')), ',') || '}')";
}

std::string TextToBool(const std::string& text) {
  const std::string word = "lower(trim(" + text + "))";
  return "CASE WHEN " + word +
         " IN ('t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1') THEN true WHEN " + word +
         " IN ('f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0') THEN false WHEN " +
         text + " IS NOT NULL THEN " + WrongInput("boolean", text) + " END";
}

const char* LongName(TypeId id) {
  return id == TypeId::kInt2 ? "smallint" : id == TypeId::kInt4 ? "integer" : "bigint";
}

std::string FromText(const std::string& text, Type to, const std::string& zone) {
  switch (to.id) {
    case TypeId::kBool: return TextToBool(text);
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:  // DuckDB would round '1.5'
      return "CASE WHEN regexp_full_match(" + text + ", '\\s*[+-]?[0-9]+\\s*') THEN " +
             Cast("trim(" + text + ")", DuckDbType(to)) + " WHEN " + text + " IS NOT NULL THEN " +
             WrongInput(LongName(to.id), text) + " END";
    case TypeId::kTimestampTz: {
      // DuckDB wants seconds before a zone.
      const std::string padded =
          "regexp_replace(" + text +
          ", '^(\\s*\\d+-\\d+-\\d+[ Tt]+\\d+:\\d\\d)(\\s*[Zz+-].*)$', '\\1:00\\2')";
      const std::string with_zone = "timezone('UTC', CAST(" + padded + " AS TIMESTAMPTZ))";
      if (IsUtc(zone)) return with_zone;
      return "CASE WHEN regexp_matches(" + text +
             ", '([Zz]|[+-][0-9:]+|[A-Za-z]+/[A-Za-z_]+|UTC|GMT)\\s*$') AND " +
             "NOT regexp_full_match(" + text + ", '\\s*[0-9]+-[0-9]+-[0-9]+\\s*') THEN " +
             with_zone + " ELSE " + FromCivil(Cast(text, "TIMESTAMP"), zone) + " END";
    }
    case TypeId::kBytea:
      return "CASE WHEN starts_with(" + text + ", '\\x') THEN unhex(substr(" + text +
             ", 3)) ELSE encode(" + text + ") END";
    default: return Cast(text, DuckDbType(to));
  }
}

bool IsTextLike(Type type) { return type.IsText() || (type.id == TypeId::kUnknown && !type.array); }

base::Result<std::string> ToTime(const std::string& text, Type from, Type to,
                                 const std::string& zone) {
  switch (to.id) {
    case TypeId::kDate:
      return Cast(from.id == TypeId::kTimestampTz ? ToCivil(text, zone) : text, "DATE");
    case TypeId::kTimestamp:
      return from.id == TypeId::kTimestampTz ? ToCivil(text, zone) : Cast(text, "TIMESTAMP");
    case TypeId::kTimestampTz:
      return FromCivil(from.id == TypeId::kTimestamp ? text : Cast(text, "TIMESTAMP"), zone);
    case TypeId::kTime:
      if (from.id == TypeId::kInterval)
        return "CAST(TIMESTAMP '1970-01-01 00:00:00' + " + text + " AS TIME)";
      return Cast(from.id == TypeId::kTimestampTz ? ToCivil(text, zone) : text, "TIME");
    case TypeId::kInterval: return "to_microseconds(epoch_us(" + text + "))";
    default: return base::Internal("no time type");
  }
}

}  // namespace

std::string AsOutput(const std::string& text, Type from, const std::string& zone) {
  const bool boolean = from.id == TypeId::kBool && !from.array;
  return boolean ? "CASE WHEN " + text + " THEN 't' WHEN NOT " + text + " THEN 'f' END"
                 : AsText(text, from, zone);
}

std::string AsText(const std::string& text, Type from, const std::string& zone) {
  if (from.array) return ArrayText(text, Type{from.id, from.precision, from.scale}, zone);
  switch (from.id) {
    case TypeId::kText:
    case TypeId::kName:
    case TypeId::kChar:
    case TypeId::kUnknown: return text;
    case TypeId::kFloat4:
    case TypeId::kFloat8: return FloatText(text);
    case TypeId::kNumeric: return from.precision == 0 ? FloatText(text) : Cast(text, "VARCHAR");
    case TypeId::kTimestampTz: return ZonedText(text, zone);
    case TypeId::kBytea: return "('\\x' || lower(hex(" + text + ")))";
    case TypeId::kInterval: {  // -1 is a plural, and what follows a negative field has a sign
      const std::string plural =
          "regexp_replace(replace(CAST(" + text +
          " AS VARCHAR), 'month', 'mon'), '-1 (year|mon|day)( |$)', '-1 \\1s\\2', 'g')";
      return "regexp_replace(" + plural + ", '(-[0-9]+ [a-z]+) ([0-9])', '\\1 +\\2', 'g')";
    }
    default: return Cast(text, "VARCHAR");
  }
}

base::Result<std::string> CastText(const std::string& text, Type from, const TypeName& name,
                                   const std::string& zone) {
  const Type to = name.type;
  if (to.array && from.array) return Cast(text, DuckDbType(to));
  if (to.array)
    return base::Unsupported("a cast of text to an array that is not a constant is not supported")
        .WithHint("Use string_to_array.");
  if (to.IsText()) {
    std::string out = AsText(text, from, zone);
    if (name.name == "varchar" && !name.modifiers.empty())
      out = "left(" + out + ", " + std::to_string(name.modifiers[0]) + ")";
    return out;
  }
  if (IsTextLike(from)) return FromText(text, to, zone);
  if (from.id == TypeId::kJsonb && !to.IsText() && to.id != TypeId::kJson)
    return Cast("(" + text + " ->> '$')", DuckDbType(to));
  const bool to_time = to.IsTime() || to.id == TypeId::kTime || to.id == TypeId::kInterval;
  const bool same = from.id == to.id;
  if (to_time && !same) return ToTime(text, from, to, zone);
  if (to.id == TypeId::kTimestamp || to.id == TypeId::kTimestampTz) {
    if (name.modifiers.empty() || name.modifiers[0] == 6) return text;
    if (name.modifiers[0] == 0)
      return "date_trunc('second', " + text + " + INTERVAL '500 milliseconds')";
    if (name.modifiers[0] == 3)
      return "date_trunc('milliseconds', " + text + " + INTERVAL '500 microseconds')";
    return base::Unsupported("a precision of timestamps other than 0, 3 and 6 is not supported");
  }
  // A numeric that is kept in a double rounds halves away from zero all the same.
  if (to.IsInteger() && from.id == TypeId::kNumeric && from.precision == 0)
    return Cast("round(" + text + ")", DuckDbType(to));
  if (same && from == to) return text;
  return Cast(text, DuckDbType(to));
}

Text DuckDbPrinter::PrintTypedLiteral(const Expr& literal, const TypeName& to) {
  const std::string& text = literal.literal.text;
  switch (to.type.id) {
    case TypeId::kTimestampTz:
      if (text.ends_with("+00"))
        return "TIMESTAMP " + QuoteLiteral(text.substr(0, text.size() - 3));
      if (text == "infinity" || text == "-infinity") return "TIMESTAMP " + QuoteLiteral(text);
      if (text.find_first_not_of("0123456789-:. ") == std::string::npos)
        return FromCivil("TIMESTAMP " + QuoteLiteral(text), options_.time_zone);
      return FromText(QuoteLiteral(text), to.type, options_.time_zone);
    case TypeId::kTimestamp: return "TIMESTAMP " + QuoteLiteral(text);
    case TypeId::kDate: return "DATE " + QuoteLiteral(text);
    case TypeId::kTime: return "TIME " + QuoteLiteral(text);
    case TypeId::kInterval: return "INTERVAL " + QuoteLiteral(text);
    default: return FromText(QuoteLiteral(text), to.type, options_.time_zone);
  }
}

Text DuckDbPrinter::PrintCast(const Expr& expr) {
  const Expr& inner = *expr.args[0];
  if (!IsBound(expr)) {
    ASSIGN_OR_RETURN(std::string text, Print(inner));
    std::optional<std::string> type = options_.type ? options_.type(expr.cast) : std::nullopt;
    if (!type) {
      const std::string& name = expr.cast.name;
      const bool known =
          expr.cast.type.id != TypeId::kUnknown && expr.cast.type.id != TypeId::kRegclass;
      type = known ? DuckDbType(expr.cast.type)
                   : QuoteIdentifier(name.substr(name.rfind('.') + 1)) +
                         (expr.cast.type.array ? "[]" : "");
    }
    return Cast(text, *type);
  }
  const bool constant =
      inner.kind == ExprKind::kLiteral && inner.literal.kind == Literal::Kind::kString;
  if (constant && !expr.cast.type.array && !expr.cast.type.IsText())
    return PrintTypedLiteral(inner, expr.cast);
  ASSIGN_OR_RETURN(std::string text, Print(inner));
  if (inner.kind == ExprKind::kLiteral && inner.literal.kind == Literal::Kind::kNull)
    return Cast("NULL", DuckDbType(expr.cast.type));
  return CastText(text, inner.type, expr.cast, options_.time_zone);
}

std::string DuckDbType(Type type) {
  std::string name;
  switch (type.id) {
    case TypeId::kBool: name = "BOOLEAN"; break;
    case TypeId::kInt2: name = "SMALLINT"; break;
    case TypeId::kInt4: name = "INTEGER"; break;
    case TypeId::kInt8:
    case TypeId::kOid:
    case TypeId::kRegclass: name = "BIGINT"; break;
    case TypeId::kNumeric:
      name = type.precision == 0 ? "DOUBLE"
                                 : "DECIMAL(" + std::to_string(type.precision) + "," +
                                       std::to_string(type.scale) + ")";
      break;
    case TypeId::kFloat4: name = "FLOAT"; break;
    case TypeId::kFloat8: name = "DOUBLE"; break;
    case TypeId::kBytea: name = "BLOB"; break;
    case TypeId::kDate: name = "DATE"; break;
    case TypeId::kTime: name = "TIME"; break;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: name = "TIMESTAMP"; break;
    case TypeId::kInterval: name = "INTERVAL"; break;
    case TypeId::kUuid: name = "UUID"; break;
    case TypeId::kJson:
    case TypeId::kJsonb: name = "JSON"; break;
    default: name = "VARCHAR"; break;
  }
  return type.array ? name + "[]" : name;
}

}  // namespace sql
