#include <array>

#include "sql/print_special.h"

namespace sql {
namespace {

using Text = base::Result<std::string>;

std::string PartText(const SpecialCall& call, size_t i) {
  return AsText(call.args[i], call.arg(i).type, call.options.time_zone);
}

Text ConcatOperator(const SpecialCall& call) {
  return "CAST((" + PartText(call, 0) + " || " + PartText(call, 1) + ") AS VARCHAR)";
}

Text Concat(const SpecialCall& call) {
  std::string out = std::string(call.info.name) + "(";
  for (size_t i = 0; i < call.args.size(); ++i)
    out += (i == 0 ? "" : ", ") + AsOutput(call.args[i], call.arg(i).type, call.options.time_zone);
  return out + ")";
}

const int64_t* IntegerConstant(const SpecialCall& call, size_t i) {
  if (i >= call.call.args.size() || call.arg(i).kind != ExprKind::kLiteral) return nullptr;
  return call.arg(i).literal.kind == Literal::Kind::kInteger ? &call.arg(i).literal.integer
                                                             : nullptr;
}

// PostgreSQL counts places before the first character too; DuckDB takes negative ones from the end.
Text Substring(const SpecialCall& call) {
  const int64_t* start = IntegerConstant(call, 1);
  const int64_t* length = IntegerConstant(call, 2);
  const bool two = call.args.size() == 2;
  if (start != nullptr && *start >= 1 && (two || (length != nullptr && *length >= 0)))
    return "substring(" + call.args[0] + ", " + call.args[1] +
           (two ? ")" : ", " + call.args[2] + ")");
  const std::string from = "greatest(" + call.args[1] + ", 1)";
  if (two) return "substring(" + call.args[0] + ", " + from + ")";
  return "CASE WHEN " + call.args[2] +
         " < 0 THEN error('negative substring length not allowed') ELSE substring(" + call.args[0] +
         ", " + from + ", greatest(CAST(" + call.args[1] + " AS BIGINT) + " + call.args[2] + " - " +
         from + ", 0)) END";
}

// Filling with nothing leaves the text as it is, or cut; DuckDB calls that an error.
Text Pad(const SpecialCall& call) {
  const std::string count = "greatest(" + call.args[1] + ", 0)";
  const std::string padded =
      std::string(call.info.name) + "(" + call.args[0] + ", " + count + ", " + call.args[2] + ")";
  const std::string* fill = call.Constant(2);
  if (fill != nullptr && !fill->empty()) return padded;
  return "CASE WHEN " + call.args[2] + " = '' THEN left(" + call.args[0] + ", " + count +
         ") ELSE " + padded + " END";
}

Text SplitPart(const SpecialCall& call) {
  const std::string part =
      "split_part(" + call.args[0] + ", " + call.args[1] + ", " + call.args[2] + ")";
  const std::string whole =
      "CASE WHEN " + call.args[2] + " IN (1, -1) THEN " + call.args[0] + " ELSE '' END";
  const std::string* separator = call.Constant(1);
  const int64_t* number = IntegerConstant(call, 2);
  if (separator != nullptr && !separator->empty() && number != nullptr && *number != 0) return part;
  return "CASE WHEN " + call.args[2] + " = 0 THEN error('field position must not be zero') WHEN " +
         call.args[1] + " = '' THEN " + whole + " ELSE " + part + " END";
}

Text Encode(const SpecialCall& call) {
  const std::string* format = call.Constant(1);
  if (format != nullptr && *format == "hex") return "lower(hex(" + call.args[0] + "))";
  if (format != nullptr && *format == "base64") return "to_base64(" + call.args[0] + ")";
  return base::Unsupported("encode is supported for the constant formats 'hex' and 'base64'");
}

Text Decode(const SpecialCall& call) {
  const std::string* format = call.Constant(1);
  if (format != nullptr && *format == "hex") return "unhex(" + call.args[0] + ")";
  if (format != nullptr && *format == "base64") return "from_base64(" + call.args[0] + ")";
  return base::Unsupported("decode is supported for the constant formats 'hex' and 'base64'");
}

// The pattern argument: constants are translated, what is computed is taken as it is.
std::string Pattern(const SpecialCall& call, size_t i) {
  const std::string* pattern = call.Constant(i);
  return pattern != nullptr ? QuoteLiteral(TranslateRegex(*pattern)) : call.args[i];
}

bool HasGroup(const std::string& pattern) {
  bool bracket = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (bracket) {
      bracket = pattern[i] != ']';
    } else if (pattern[i] == '[') {
      bracket = true;
    } else if (pattern[i] == '(' && (i + 1 == pattern.size() || pattern[i + 1] != '?')) {
      return true;
    }
  }
  return false;
}

// A dot matches a line feed in PostgreSQL.
std::string Match(const std::string& value, const std::string& pattern, bool any_case) {
  return "regexp_matches(" + value + ", " + pattern + (any_case ? ", 'is')" : ", 's')");
}

Text Regex(const SpecialCall& call) {
  const std::string_view op = call.info.name;
  const std::string match = Match(call.args[0], Pattern(call, 1), op.back() == '*');
  return op[0] == '!' ? "(NOT " + match + ")" : match;
}

// PostgreSQL's flags as DuckDB's; nullopt for one that is not supported.
base::Result<std::string> Flags(const SpecialCall& call, size_t i, const char* allowed) {
  if (i >= call.args.size()) return std::string("s");
  const std::string* flags = call.Constant(i);
  if (flags == nullptr) return base::Unsupported("regular expression flags must be a constant");
  std::string out = "s";
  for (char flag : *flags) {
    if (std::string_view(allowed).find(flag) == std::string_view::npos)
      return base::Invalid(std::string("invalid regular expression option: \"") + flag + "\"")
          .WithSqlstate("22023");
    if (flag != 'c') out += flag;
  }
  return out;
}

Text RegexpReplace(const SpecialCall& call) {
  ASSIGN_OR_RETURN(const std::string flags, Flags(call, 3, "gic"));
  std::string replacement = call.args[2];
  if (const std::string* constant = call.Constant(2)) {
    std::string text;
    for (size_t i = 0; i < constant->size(); ++i) {
      const bool whole =
          (*constant)[i] == '\\' && i + 1 < constant->size() && (*constant)[i + 1] == '&';
      text += whole ? "\\0" : std::string(1, (*constant)[i]);
      i += whole;
    }
    replacement = QuoteLiteral(text);
  }
  return "regexp_replace(" + call.args[0] + ", " + Pattern(call, 1) + ", " + replacement + ", " +
         QuoteLiteral(flags) + ")";
}

Text RegexpLike(const SpecialCall& call) {
  ASSIGN_OR_RETURN(const std::string flags, Flags(call, 2, "ic"));
  return "regexp_matches(" + call.args[0] + ", " + Pattern(call, 1) + ", " + QuoteLiteral(flags) +
         ")";
}

Text RegexpCount(const SpecialCall& call) {
  return "CAST(len(regexp_extract_all(" + call.args[0] + ", " + Pattern(call, 1) +
         ", 0, 's')) AS INTEGER)";
}

std::string Extract(const SpecialCall& call, int group) {
  const std::string pattern = Pattern(call, 1);
  return "CASE WHEN " + Match(call.args[0], pattern, false) + " THEN regexp_extract(" +
         call.args[0] + ", " + pattern + ", " + std::to_string(group) + ", 's') END";
}

Text RegexpSubstr(const SpecialCall& call) { return Extract(call, 0); }

Text RegexSubstring(const SpecialCall& call) {
  const std::string* pattern = call.Constant(1);
  if (pattern == nullptr)
    return base::Unsupported(
        "substring by a regular expression that is not a constant is not supported");
  return Extract(call, HasGroup(*pattern) ? 1 : 0);
}

Text RegexpMatch(const SpecialCall& call) {
  const std::string* constant = call.Constant(1);
  if (constant == nullptr)
    return base::Unsupported("regexp_match with a pattern that is not a constant is not supported");
  const std::string pattern = QuoteLiteral(TranslateRegex(*constant));
  int groups = 0;
  for (size_t i = 0; i < constant->size(); ++i) {
    if ((*constant)[i] == '\\') ++i;
    else if ((*constant)[i] == '(' && (i + 1 == constant->size() || (*constant)[i + 1] != '?'))
      ++groups;
  }
  std::string list;
  for (int group = groups > 0 ? 1 : 0; group <= groups; ++group)
    list += (list.empty() ? "" : ", ") + ("regexp_extract(" + call.args[0] + ", " + pattern + ", " +
                                          std::to_string(group) + ", 's')");
  return "CASE WHEN " + Match(call.args[0], pattern, false) + " THEN [" + list + "] END";
}

Text RegexpSplit(const SpecialCall& call) {
  return "regexp_split_to_array(" + call.args[0] + ", " + Pattern(call, 1) + ")";
}

Text StringToArray(const SpecialCall& call) {
  return "CASE WHEN " + call.args[0] + " = '' THEN CAST([] AS VARCHAR[]) WHEN " + call.args[1] +
         " = '' THEN [" + call.args[0] + "] WHEN " + call.args[1] + " IS NULL THEN string_split(" +
         call.args[0] + ", '') ELSE string_split(" + call.args[0] + ", " + call.args[1] + ") END";
}

Text ArrayToString(const SpecialCall& call) {
  model::Type element = call.arg(0).type;
  element.array = false;
  const std::string item = AsOutput("e", element, call.options.time_zone);
  const std::string filled =
      call.args.size() > 2 ? "coalesce(" + item + ", " + call.args[2] + ")" : item;
  const std::string joined = "array_to_string(list_transform(" + call.args[0] +
                             ", lambda e: " + filled + "), " + call.args[1] + ")";
  return "CASE WHEN len(" + call.args[0] + ") = 0 THEN '' ELSE " + joined + " END";
}

struct Row {
  std::string_view word;
  SpecialPrinter printer;
};

constexpr std::array kRows{Row{"concat_operator", ConcatOperator},
                           Row{"concat", Concat},
                           Row{"substring", Substring},
                           Row{"pad", Pad},
                           Row{"split_part", SplitPart},
                           Row{"encode", Encode},
                           Row{"decode", Decode},
                           Row{"regex", Regex},
                           Row{"regexp_replace", RegexpReplace},
                           Row{"regexp_like", RegexpLike},
                           Row{"regexp_count", RegexpCount},
                           Row{"regexp_substr", RegexpSubstr},
                           Row{"regex_substring", RegexSubstring},
                           Row{"regexp_match", RegexpMatch},
                           Row{"regexp_split", RegexpSplit},
                           Row{"string_to_array", StringToArray},
                           Row{"array_to_string", ArrayToString}};

}  // namespace

// Word boundaries are the difference that is met: \y \m \M and [[:<:]] [[:>:]].
std::string TranslateRegex(std::string_view pattern) {
  if (pattern.starts_with("***:")) pattern.remove_prefix(4);
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    if (rest.starts_with("[[:<:]]") || rest.starts_with("[[:>:]]")) {
      out += "\\b";
      i += 6;
    } else if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      const char c = pattern[++i];
      if (c == 'y' || c == 'm' || c == 'M') out += "\\b";
      else if (c == 'Y') out += "\\B";
      else if (c == 'Z') out += "\\z";
      else out += std::string("\\") + c;
    } else {
      out += pattern[i];
    }
  }
  return out;
}

SpecialPrinter FindTextPrinter(std::string_view word) {
  for (const Row& row : kRows)
    if (row.word == word) return row.printer;
  return nullptr;
}

}  // namespace sql
