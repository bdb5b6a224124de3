#include "sql/function_tables.h"

// One row is one line, however long.
// clang-format off

namespace sql {
namespace {

constexpr FunctionKind kFn = FunctionKind::kScalar;

constexpr FunctionInfo kRows[] = {
    {"length", kFn, "text", "int4", "CAST(length($1) AS INTEGER)", "number of characters"},
    {"length", kFn, "bytea", "int4", "CAST(octet_length($1) AS INTEGER)", "number of bytes"},
    {"char_length", kFn, "text", "int4", "CAST(length($1) AS INTEGER)", "number of characters"},
    {"character_length", kFn, "text", "int4", "CAST(length($1) AS INTEGER)", "number of characters"},
    {"octet_length", kFn, "text", "int4", "CAST(strlen($1) AS INTEGER)", "number of bytes"},
    {"octet_length", kFn, "bytea", "int4", "CAST(octet_length($1) AS INTEGER)", "number of bytes"},
    {"bit_length", kFn, "text", "int4", "CAST(8 * strlen($1) AS INTEGER)", "number of bits"},
    {"lower", kFn, "text", "text", "", "in lower case"},
    {"upper", kFn, "text", "text", "", "in upper case"},
    {"initcap", kFn, "text", "text",
     "array_to_string(list_transform(regexp_extract_all($1, '[\\pL\\pN]+|[^\\pL\\pN]+'), "
     "lambda w: upper(w[1]) || lower(w[2:])), '')",
     "the first letter of each word in upper case, the rest in lower case"},
    {"substring", kFn, "text, int4", "text", "@substring", "from this character on; SUBSTRING(x FROM n)"},
    {"substring", kFn, "text, int4, int4", "text", "@substring", "so many characters from this one on; SUBSTRING(x FROM n FOR m)"},
    {"substring", kFn, "text, text", "text", "@regex_substring", "the first match of a regular expression, or of its first group"},
    {"substr", kFn, "text, int4", "text", "@substring", "the same as substring"},
    {"substr", kFn, "text, int4, int4", "text", "@substring", "the same as substring"},
    {"overlay", kFn, "text, text, int4", "text",
     "(left($1, greatest($3 - 1, 0)) || $2 || substr($1, greatest($3 + length($2), 1)))", "with characters replaced; OVERLAY(x PLACING y FROM n)"},
    {"overlay", kFn, "text, text, int4, int4", "text",
     "(left($1, greatest($3 - 1, 0)) || $2 || substr($1, greatest($3 + $4, 1)))", "with so many characters replaced; OVERLAY(x PLACING y FROM n FOR m)"},
    {"position", kFn, "text, text", "int4", "CAST(strpos($1, $2) AS INTEGER)", "place of a text in another, 0 = nowhere; POSITION(y IN x)"},
    {"strpos", kFn, "text, text", "int4", "CAST(strpos($1, $2) AS INTEGER)", "place of the second text in the first, 0 = nowhere"},
    {"left", kFn, "text, int4", "text", "", "the first characters; with a negative number all but the last"},
    {"right", kFn, "text, int4", "text", "", "the last characters; with a negative number all but the first"},
    {"lpad", kFn, "text, int4", "text", "lpad($1, greatest($2, 0), ' ')", "filled up on the left with spaces, or cut"},
    {"lpad", kFn, "text, int4, text", "text", "@pad", "filled up on the left, or cut"},
    {"rpad", kFn, "text, int4", "text", "rpad($1, greatest($2, 0), ' ')", "filled up on the right with spaces, or cut"},
    {"rpad", kFn, "text, int4, text", "text", "@pad", "filled up on the right, or cut"},
    {"ltrim", kFn, "text", "text", "", "without spaces on the left"},
    {"ltrim", kFn, "text, text", "text", "", "without these characters on the left; TRIM(LEADING y FROM x)"},
    {"rtrim", kFn, "text", "text", "", "without spaces on the right"},
    {"rtrim", kFn, "text, text", "text", "", "without these characters on the right; TRIM(TRAILING y FROM x)"},
    {"btrim", kFn, "text", "text", "trim($1)", "without spaces on both sides; TRIM(x)"},
    {"btrim", kFn, "text, text", "text", "trim($1, $2)", "without these characters on both sides; TRIM(y FROM x)"},
    {"replace", kFn, "text, text, text", "text", "CASE WHEN $2 = '' THEN $1 ELSE replace($1, $2, $3) END", "with every occurrence replaced"},
    {"translate", kFn, "text, text, text", "text", "", "with characters exchanged one by one"},
    {"split_part", kFn, "text, text, int4", "text", "@split_part", "the n-th part between separators; negative counts from the end"},
    {"concat", kFn, "any...", "text", "@concat", "text forms one after the other, NULL left out"},
    {"concat_ws", kFn, "text, any...", "text", "@concat", "text forms with a separator, NULL left out"},
    {"repeat", kFn, "text, int4", "text", "repeat($1, greatest($2, 0))", "the text so many times"},
    {"reverse", kFn, "text", "text", "", "backwards"},
    {"starts_with", kFn, "text, text", "bool", "", "whether it begins with"},
    {"md5", kFn, "text", "text", "", "MD5 as hexadecimal text"},
    {"ascii", kFn, "text", "int4", "CASE WHEN $1 = '' THEN 0 ELSE unicode($1) END", "code point of the first character"},
    {"chr", kFn, "int4", "text", "", "character of a code point"},
    {"to_hex", kFn, "int4", "text", "lower(to_hex(CASE WHEN $1 < 0 THEN $1 + 4294967296 ELSE CAST($1 AS BIGINT) END))", "in hexadecimal"},
    {"to_hex", kFn, "int8", "text", "lower(to_hex($1))", "in hexadecimal"},
    {"encode", kFn, "bytea, text", "text", "@encode", "bytes as text, in 'hex' or 'base64'"},
    {"decode", kFn, "text, text", "bytea", "@decode", "text in 'hex' or 'base64' as bytes"},
    {"regexp_replace", kFn, "text, text, text", "text", "@regexp_replace", "the first match replaced"},
    {"regexp_replace", kFn, "text, text, text, text", "text", "@regexp_replace", "matches replaced, by flags: g all of them, i in any case"},
    {"regexp_like", kFn, "text, text", "bool", "@regexp_like", "contains a match"},
    {"regexp_like", kFn, "text, text, text", "bool", "@regexp_like", "contains a match, by flags"},
    {"regexp_count", kFn, "text, text", "int4", "@regexp_count", "number of matches"},
    {"regexp_substr", kFn, "text, text", "text", "@regexp_substr", "the first match"},
    {"regexp_match", kFn, "text, text", "text[]", "@regexp_match", "the groups of the first match"},
    {"regexp_split_to_array", kFn, "text, text", "text[]", "@regexp_split", "parts between matches"},
    {"string_to_array", kFn, "text, text", "text[]", "@string_to_array", "parts between separators"},
    {"array_to_string", kFn, "anyarray, text", "text", "@array_to_string", "elements as text with a separator, NULL left out"},
    {"array_to_string", kFn, "anyarray, text, text", "text", "@array_to_string", "elements as text with a separator and a word for NULL"},
    {"quote_ident", kFn, "text", "text",
     "CASE WHEN regexp_full_match($1, '[a-z_][a-z0-9_$]*') THEN $1 ELSE '\"' || replace($1, '\"', '\"\"') || '\"' END", "as an identifier"},
    {"quote_literal", kFn, "text", "text", "('''' || replace($1, '''', '''''') || '''')", "as a string literal"},
    {"to_char", kFn, "timestamptz, text", "text", "@to_char", "time by a format, in the session's time zone"},
    {"to_char", kFn, "timestamp, text", "text", "@to_char", "time by a format"},
    {"to_char", kFn, "numeric, text", "text", "@to_char_number", "number by a format of 9 0 . , and FM"},
    {"to_char", kFn, "int4, text", "text", "@to_char_number", "number by a format"},
    {"to_char", kFn, "int8, text", "text", "@to_char_number", "number by a format"},
    {"to_char", kFn, "float8, text", "text", "@to_char_number", "number by a format"},
};

}  // namespace

std::span<const FunctionInfo> TextRows() { return kRows; }

}  // namespace sql
