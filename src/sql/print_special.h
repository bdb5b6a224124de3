#pragma once
// Functions and operators whose DuckDB text is more than a template: the "@word" entries of the
// function table.
//
// Threads: any; pure. Errors: kUnsupported for what DuckDB cannot say.

#include <string>
#include <string_view>
#include <vector>

#include "sql/functions.h"
#include "sql/printer.h"

namespace sql {

struct SpecialCall {
  const FunctionInfo& info;
  const Expr& call;
  const std::vector<std::string>& args;  // printed
  const PrintOptions& options;

  const Expr& arg(size_t i) const { return *call.args[i]; }
  // The string constant that argument i is; nullptr when it is none.
  const std::string* Constant(size_t i) const;
};

using SpecialPrinter = base::Result<std::string> (*)(const SpecialCall& call);

// nullptr when the word is not one of this file's.
SpecialPrinter FindMathPrinter(std::string_view word);
SpecialPrinter FindTextPrinter(std::string_view word);
SpecialPrinter FindTimePrinter(std::string_view word);
SpecialPrinter FindFormatPrinter(std::string_view word);
SpecialPrinter FindOtherPrinter(std::string_view word);

// The string constant that an expression is, under casts; nullptr when it is none.
const std::string* ConstantOf(const Expr& expr);

bool IsUtc(std::string_view zone);
// A zone's name as AT TIME ZONE takes it, in the form that ToCivil takes. Errors: 22023.
base::Result<std::string> ZoneOf(const std::string& written);
// UTC TIMESTAMP text -> civil TIMESTAMP text of a zone, and back.
std::string ToCivil(const std::string& text, const std::string& zone);
std::string FromCivil(const std::string& text, const std::string& zone);

// A field of EXTRACT or date_part, canonical ("second", "dow"); empty when PostgreSQL has no such
// field.
std::string_view CanonicalField(std::string_view field);
// EXTRACT's text for a value of type `type`; numeric as EXTRACT gives it.
base::Result<std::string> ExtractText(std::string_view field, const std::string& text,
                                      model::Type type, const std::string& zone);
model::Type ExtractType(std::string_view field);
// date_trunc's text for a civil time or an interval.
base::Result<std::string> TruncText(std::string_view unit, const std::string& text,
                                    model::Type type);

// The text of a value cast to a type with PostgreSQL's meaning. `zone` is the session's.
base::Result<std::string> CastText(const std::string& text, model::Type from, const TypeName& to,
                                   const std::string& zone);
std::string AsText(const std::string& text, model::Type from, const std::string& zone);
// As concat and array_to_string show it, and as it stands in an array: booleans are t and f.
std::string AsOutput(const std::string& text, model::Type from, const std::string& zone);

// A regular expression of PostgreSQL in RE2's words, as far as they differ.
std::string TranslateRegex(std::string_view pattern);

}  // namespace sql
