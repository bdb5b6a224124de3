// to_char, to_timestamp and to_date with a format.

#include <algorithm>
#include <array>

#include "sql/print_special.h"
#include "sql/time_format.h"

namespace sql {
namespace {

using Text = base::Result<std::string>;
using model::TypeId;

base::Result<std::string> ConstantFormat(const SpecialCall& call) {
  const std::string* format = call.Constant(1);
  if (format == nullptr)
    return base::Unsupported(std::string(call.info.name) +
                             " with a format that is not a constant is not supported");
  return *format;
}

Text ToChar(const SpecialCall& call) {
  ASSIGN_OR_RETURN(const std::string format, ConstantFormat(call));
  ASSIGN_OR_RETURN(const std::vector<FormatPiece> pieces, ReadTimeFormat(format));
  const bool zoned = call.arg(0).type.id == TypeId::kTimestampTz;
  const std::string& zone = call.options.time_zone;
  return FormatTimeText(pieces, zoned ? ToCivil(call.args[0], zone) : call.args[0],
                        !zoned        ? ""
                        : IsUtc(zone) ? "UTC"
                                      : zone);
}

Text ToTimestamp(const SpecialCall& call) {
  ASSIGN_OR_RETURN(const std::string format, ConstantFormat(call));
  ASSIGN_OR_RETURN(const std::vector<FormatPiece> pieces, ReadTimeFormat(format));
  ASSIGN_OR_RETURN(const std::string strptime, StrptimeFormat(pieces));
  return FromCivil("strptime(" + call.args[0] + ", " + QuoteLiteral(strptime) + ")",
                   call.options.time_zone);
}

Text ToDate(const SpecialCall& call) {
  ASSIGN_OR_RETURN(const std::string format, ConstantFormat(call));
  ASSIGN_OR_RETURN(const std::vector<FormatPiece> pieces, ReadTimeFormat(format));
  ASSIGN_OR_RETURN(const std::string strptime, StrptimeFormat(pieces));
  return "CAST(strptime(" + call.args[0] + ", " + QuoteLiteral(strptime) + ") AS DATE)";
}

// What a number format of 9, 0, comma and point asks for.
struct NumberFormat {
  bool fill_mode = false, grouped = false, point = false;
  int whole = 0;           // digit places before the point
  int whole_zeros = 0;     // of them from the first 0 on
  int fraction = 0;        // digit places after it
  int fraction_zeros = 0;  // of them up to the last 0
  int commas = 0;
  std::string suffix;  // text after the number: '%'
};

base::Result<NumberFormat> ReadNumberFormat(const std::string& text) {
  NumberFormat out;
  size_t i = 0;
  if (text.starts_with("FM") || text.starts_with("fm")) {
    out.fill_mode = true;
    i = 2;
  }
  const auto wrong = [&] {
    return base::Unsupported("number format \"" + text + "\" is not supported")
        .WithHint("Formats of FM, 9, 0, comma and point are.");
  };
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '9' || c == '0') {
      if (!out.suffix.empty()) return wrong();
      if (out.point) {
        ++out.fraction;
        if (c == '0') out.fraction_zeros = out.fraction;
      } else {
        ++out.whole;
        if (c == '0' || out.whole_zeros > 0) ++out.whole_zeros;
      }
    } else if (c == ',' || c == 'G') {
      if (out.point) return wrong();
      ++out.commas;
    } else if ((c == '.' || c == 'D') && !out.point) {
      out.point = true;
    } else if (c == '%') {
      out.suffix += c;
    } else {
      return wrong();
    }
  }
  out.grouped = out.commas > 0;
  // Commas stand where thousands are.
  if (out.grouped && (out.commas != (out.whole - 1) / 3 || out.whole_zeros > 1)) return wrong();
  if (out.whole + out.fraction == 0 || out.whole + out.fraction > 30) return wrong();
  return out;
}

Text ToCharNumber(const SpecialCall& call) {
  ASSIGN_OR_RETURN(const std::string format, ConstantFormat(call));
  ASSIGN_OR_RETURN(const NumberFormat f, ReadNumberFormat(format));
  const std::string value =
      "round(CAST(" + call.args[0] + " AS DOUBLE), " + std::to_string(f.fraction) + ")";
  const std::string pattern =
      std::string("'{:") + (f.grouped ? "," : "") + "." + std::to_string(f.fraction) + "f}'";
  std::string body = "format(" + pattern + ", abs(" + value + "))";
  if (f.whole_zeros > 1) {
    const int width = f.whole_zeros + (f.fraction > 0 ? f.fraction + 1 : 0);
    body = "lpad(" + body + ", CAST(greatest(length(" + body + "), " + std::to_string(width) +
           ") AS INTEGER), '0')";
  }
  // Without a 0 before the point a fraction begins with the point.
  if (f.whole_zeros == 0 && f.fraction > 0) body = "regexp_replace(" + body + ", '^0\\.', '.')";
  if (f.fill_mode && f.fraction > f.fraction_zeros)
    body = "regexp_replace(" + body + ", '0{0," + std::to_string(f.fraction - f.fraction_zeros) +
           "}$', '')";
  if (f.point && f.fraction == 0) body = "(" + body + " || '.')";
  std::string out = "(CASE WHEN " + value + " < 0 THEN '-' ELSE '' END || " + body + " || " +
                    QuoteLiteral(f.suffix) + ")";
  const int width =
      f.whole + f.commas + f.fraction + f.point + static_cast<int>(f.suffix.size()) + 1;
  if (!f.fill_mode) out = "lpad(" + out + ", " + std::to_string(width) + ", ' ')";
  std::string too_large = std::string(f.fill_mode ? "" : " ") + std::string(f.whole, '#');
  if (f.point) too_large += "." + std::string(f.fraction, '#');
  return "CASE WHEN abs(" + value + ") >= 1e" + std::to_string(f.whole) + " THEN " +
         QuoteLiteral(too_large) + " ELSE " + out + " END";
}

struct Row {
  std::string_view word;
  SpecialPrinter printer;
};

constexpr std::array kRows{Row{"to_char", ToChar}, Row{"to_char_number", ToCharNumber},
                           Row{"to_timestamp", ToTimestamp}, Row{"to_date", ToDate}};

}  // namespace

SpecialPrinter FindFormatPrinter(std::string_view word) {
  for (const Row& row : kRows)
    if (row.word == word) return row.printer;
  return nullptr;
}

}  // namespace sql
