#include "sql/time_format.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "sql/printer.h"
#include "sql/timestamp.h"

namespace sql {
namespace {

// Longest first where one begins another.
constexpr std::array<std::string_view, 39> kPatterns{
    "SSSSS", "SSSS", "Y,YYY", "YYYY", "IYYY", "MONTH", "HH24", "HH12", "A.M.", "P.M.",
    "YYY",   "DDD",  "DAY",   "MON",  "TZH",  "TZM",   "YY",   "MM",   "MI",   "MS",
    "DD",    "DY",   "HH",    "SS",   "US",   "AM",    "PM",   "WW",   "IW",   "ID",
    "CC",    "TZ",   "OF",    "RM",   "Y",    "D",     "W",    "Q",    "J"};

constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

base::Status NotSupported(std::string_view pattern) {
  return base::Unsupported("format pattern \"" + std::string(pattern) + "\" is not supported");
}

// strftime's letter for patterns that mean the same, 0 when there is none.
char StrftimeLetter(const FormatPiece& piece) {
  const std::string& p = piece.pattern;
  if (piece.fill_mode && p != "YYYY" && p != "MS" && p != "US") return 0;
  if (p == "YYYY") return 'Y';
  if (p == "YY") return 'y';
  if (p == "IYYY") return 'G';
  if (p == "MM") return 'm';
  if (p == "DD") return 'd';
  if (p == "DDD") return 'j';
  if (p == "HH24") return 'H';
  if (p == "HH12" || p == "HH") return 'I';
  if (p == "MI") return 'M';
  if (p == "SS") return 'S';
  if (p == "MS") return 'g';
  if (p == "US") return 'f';
  if (p == "IW") return 'V';
  if (p == "ID") return 'u';
  if (piece.text == "Mon") return 'b';
  if (piece.text == "Dy") return 'a';
  if (piece.text == "AM" || piece.text == "PM") return 'p';
  return 0;
}

// "Month" is padded to nine letters; capitals as the pattern has them.
std::string NameText(const FormatPiece& piece, const std::string& civil, const char* letter,
                     bool pad) {
  std::string out = "strftime(" + civil + ", '%" + letter + "')";
  if (piece.text == piece.pattern) out = "upper(" + out + ")";
  else if (std::islower(static_cast<unsigned char>(piece.text[0]))) out = "lower(" + out + ")";
  return pad && !piece.fill_mode ? "rpad(" + out + ", 9, ' ')" : out;
}

std::string Number(const std::string& text, int digits) {
  const std::string out = "CAST(" + text + " AS VARCHAR)";
  return digits > 1 ? "lpad(" + out + ", " + std::to_string(digits) + ", '0')" : out;
}

base::Result<std::string> PieceText(const FormatPiece& piece, const std::string& civil,
                                    const std::string& zone) {
  const std::string& p = piece.pattern;
  const auto part = [&](const char* field) {
    return "date_part('" + std::string(field) + "', " + civil + ")";
  };
  const int two = piece.fill_mode ? 1 : 2;
  if (p == "MONTH") return NameText(piece, civil, "B", true);
  if (p == "DAY") return NameText(piece, civil, "A", true);
  if (p == "MON") return NameText(piece, civil, "b", false);
  if (p == "DY") return NameText(piece, civil, "a", false);
  if (p == "AM" || p == "PM") return NameText(piece, civil, "p", false);
  if (p == "MM") return Number(part("month"), two);
  if (p == "DD") return Number(part("day"), two);
  if (p == "DDD") return Number(part("doy"), piece.fill_mode ? 1 : 3);
  if (p == "HH24") return Number(part("hour"), two);
  if (p == "HH12" || p == "HH") return Number("(" + part("hour") + " + 11) % 12 + 1", two);
  if (p == "MI") return Number(part("minute"), two);
  if (p == "SS") return Number(part("second"), two);
  if (p == "YY") return Number(part("year") + " % 100", two);
  if (p == "IW") return Number(part("week"), two);
  if (p == "WW") return Number("(" + part("doy") + " - 1) // 7 + 1", two);
  if (p == "CC") return Number(part("century"), two);
  if (p == "W") return Number("(" + part("day") + " - 1) // 7 + 1", 1);
  if (p == "Q") return Number(part("quarter"), 1);
  if (p == "D") return Number(part("dow") + " + 1", 1);
  if (p == "Y") return Number(part("year") + " % 10", 1);
  if (p == "YYY") return Number(part("year") + " % 1000", piece.fill_mode ? 1 : 3);
  if (p == "J") return Number("CAST(floor(" + part("julian") + ") AS BIGINT)", 1);
  if (p == "SSSS" || p == "SSSSS")
    return Number("CAST(floor(epoch(CAST(" + civil + " AS TIME))) AS BIGINT)", 1);
  if (p == "TZ" && zone == "UTC") return std::string(piece.text == "tz" ? "'utc'" : "'UTC'");
  if (p == "OF" && zone == "UTC") return std::string("'+00'");
  return NotSupported(piece.text);
}

bool EndsWithOrdinal(std::string_view rest) {
  return rest.starts_with("TH") || rest.starts_with("th");
}

std::string_view FindPattern(std::string_view rest) {
  const std::string upper = Upper(rest.substr(0, 6));
  for (std::string_view pattern : kPatterns)
    if (upper.starts_with(pattern)) return pattern;
  return {};
}

}  // namespace

base::Result<std::vector<FormatPiece>> ReadTimeFormat(std::string_view format) {
  std::vector<FormatPiece> pieces;
  const auto add_text = [&](char c) {
    if (pieces.empty() || !pieces.back().pattern.empty()) pieces.push_back({});
    pieces.back().text += c;
  };
  bool fill_mode = false;
  for (size_t i = 0; i < format.size();) {
    const std::string_view rest = format.substr(i);
    if (rest.starts_with("FM") || rest.starts_with("fm")) {
      fill_mode = true;
      i += 2;
      continue;
    }
    if (rest[0] == '"') {
      for (++i; i < format.size() && format[i] != '"'; ++i) add_text(format[i]);
      ++i;
      continue;
    }
    const std::string_view pattern = FindPattern(rest);
    if (!pattern.empty()) {
      pieces.push_back(
          {std::string(pattern), std::string(rest.substr(0, pattern.size())), fill_mode});
      i += pattern.size();
      if (EndsWithOrdinal(format.substr(i))) return NotSupported("TH");
      fill_mode = false;
      continue;
    }
    if (std::isalpha(static_cast<unsigned char>(rest[0])) && rest[0] != 'T' && rest[0] != 't' &&
        rest[0] != 'Z' && rest[0] != 'z')
      return NotSupported(rest.substr(0, 1));
    add_text(rest[0] == '\\' && rest.size() > 1 ? format[++i] : rest[0]);
    ++i;
  }
  return pieces;
}

base::Result<std::string> FormatTimeText(const std::vector<FormatPiece>& pieces,
                                         const std::string& civil, const std::string& zone) {
  std::string out, strftime;
  const auto append = [&](const std::string& text) { out += (out.empty() ? "" : " || ") + text; };
  const auto flush = [&] {
    if (!strftime.empty()) append("strftime(" + civil + ", " + QuoteLiteral(strftime) + ")");
    strftime.clear();
  };
  for (const FormatPiece& piece : pieces) {
    if (piece.pattern.empty()) {
      for (char c : piece.text) strftime += c == '%' ? std::string("%%") : std::string(1, c);
    } else if (const char letter = StrftimeLetter(piece); letter != 0) {
      strftime += std::string("%") + letter;
    } else {
      flush();
      ASSIGN_OR_RETURN(std::string text, PieceText(piece, civil, zone));
      append(text);
    }
  }
  flush();
  if (out.empty()) return "CASE WHEN " + civil + " IS NOT NULL THEN '' END";
  return "(" + out + ")";
}

base::Result<std::string> StrptimeFormat(const std::vector<FormatPiece>& pieces) {
  std::string out;
  for (FormatPiece piece : pieces) {
    if (piece.pattern.empty()) {
      for (char c : piece.text) out += c == '%' ? std::string("%%") : std::string(1, c);
      continue;
    }
    piece.fill_mode = false;
    char letter = StrftimeLetter(piece);
    if (piece.pattern == "MON") letter = 'b';
    if (piece.pattern == "MONTH") letter = 'B';
    if (piece.pattern == "AM" || piece.pattern == "PM") letter = 'p';
    if (letter == 0 || letter == 'G' || letter == 'V' || letter == 'u' || letter == 'a')
      return NotSupported(piece.text);
    out += std::string("%") + letter;
  }
  return out;
}

namespace {

// Reads a constant by a format, as leniently as PostgreSQL where that is common: separators stand
// for each other, numbers may have fewer digits, spaces are skipped.
class FormatReader {
 public:
  explicit FormatReader(std::string_view text) : text_(text) {}

  base::Result<int64_t> Read(const std::vector<FormatPiece>& pieces) {
    for (size_t i = 0; i < pieces.size(); ++i) {
      if (pieces[i].pattern.empty()) {
        SkipSeparators(pieces[i].text);
      } else {
        if (at_ >= text_.size()) break;  // what is missing at the end is zero
        const bool next_is_number = i + 1 < pieces.size() && !pieces[i + 1].pattern.empty();
        RETURN_IF_ERROR(ReadPiece(pieces[i], next_is_number));
      }
    }
    if (afternoon_ && time_.hour < 12) time_.hour += 12;
    if (morning_ && time_.hour == 12) time_.hour = 0;
    if (day_of_year_ > 0 && !month_given_) return YearDay();
    base::Result<int64_t> out = ToMicroseconds(time_);
    if (!out.ok())
      return base::DataError("date/time field value out of range: \"" + std::string(text_) + "\"")
          .WithSqlstate("22008");
    return out;
  }

 private:
  // The value is shown as far as the pattern would have read it.
  base::Status Wrong(const std::string& pattern) const {
    return base::DataError("invalid value \"" +
                           std::string(text_.substr(std::min(at_, text_.size()), pattern.size())) +
                           "\" for \"" + pattern + "\"")
        .WithSqlstate("22007");
  }

  base::Result<int64_t> YearDay() {
    time_.month = time_.day = 1;
    ASSIGN_OR_RETURN(const int64_t start, ToMicroseconds(time_));
    return start + (day_of_year_ - 1) * int64_t{86'400'000'000};
  }

  void SkipSeparators(const std::string& literal) {
    for (char c : literal) {
      if (at_ >= text_.size()) return;
      if (c == ' ') {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
      } else if (!std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == c) {
        ++at_;
      }
    }
  }

  base::Status ReadNumber(const FormatPiece& piece, size_t digits, int* out) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    const size_t begin = at_;
    while (at_ < text_.size() && at_ - begin < digits &&
           std::isdigit(static_cast<unsigned char>(text_[at_])))
      ++at_;
    if (at_ == begin) return Wrong(piece.text);
    *out = std::atoi(std::string(text_.substr(begin, at_ - begin)).c_str());
    return {};
  }

  base::Status ReadFraction(const FormatPiece& piece, int digits, int scale) {
    const size_t begin = at_;
    int value = 0;
    RETURN_IF_ERROR(ReadNumber(piece, static_cast<size_t>(digits), &value));
    for (size_t i = at_ - begin; i < static_cast<size_t>(digits); ++i) value *= 10;
    time_.microsecond += value * scale;
    return {};
  }

  base::Status ReadMonthName(const FormatPiece& piece, bool whole) {
    std::string word;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) &&
           (whole || word.size() < 3))
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(text_[at_++])));
    for (size_t i = 0; i < kMonths.size(); ++i)
      if (kMonths[i] == word || (word.size() == 3 && kMonths[i].starts_with(word))) {
        time_.month = static_cast<int>(i) + 1;
        month_given_ = true;
        return {};
      }
    return Wrong(piece.text);
  }

  base::Status ReadHalf(const FormatPiece& piece) {
    const std::string half = Upper(text_.substr(at_, 2));
    if (half != "AM" && half != "PM") return Wrong(piece.text);
    (half == "AM" ? morning_ : afternoon_) = true;
    at_ += 2;
    return {};
  }

  base::Status ReadPiece(const FormatPiece& piece, bool next_is_number) {
    const std::string& p = piece.pattern;
    if (p == "YYYY") return ReadNumber(piece, next_is_number ? 4 : 6, &time_.year);
    if (p == "YY") {
      RETURN_IF_ERROR(ReadNumber(piece, 2, &time_.year));
      time_.year += time_.year < 70 ? 2000 : 1900;
      return {};
    }
    if (p == "MM") {
      month_given_ = true;
      return ReadNumber(piece, 2, &time_.month);
    }
    if (p == "MON" || p == "MONTH") return ReadMonthName(piece, p == "MONTH");
    if (p == "DD") return ReadNumber(piece, 2, &time_.day);
    if (p == "DDD") return ReadNumber(piece, 3, &day_of_year_);
    if (p == "HH24" || p == "HH12" || p == "HH") return ReadNumber(piece, 2, &time_.hour);
    if (p == "MI") return ReadNumber(piece, 2, &time_.minute);
    if (p == "SS") return ReadNumber(piece, 2, &time_.second);
    if (p == "MS") return ReadFraction(piece, 3, 1000);
    if (p == "US") return ReadFraction(piece, 6, 1);
    if (p == "AM" || p == "PM") return ReadHalf(piece);
    return NotSupported(piece.text);
  }

  std::string_view text_;
  size_t at_ = 0;
  CivilTime time_{.year = 1, .month = 1, .day = 1};
  bool afternoon_ = false, morning_ = false, month_given_ = false;
  int day_of_year_ = 0;
};

}  // namespace

base::Result<int64_t> ParseByFormat(std::string_view text, const std::vector<FormatPiece>& pieces) {
  return FormatReader(text).Read(pieces);
}

}  // namespace sql
