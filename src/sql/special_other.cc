#include <array>

#include "sql/print_special.h"

namespace sql {
namespace {

using Text = base::Result<std::string>;

// A key as a path, so that a key which looks like a path is none.
std::string JsonPath(const SpecialCall& call, size_t i) {
  const std::string open = "'$.\"'";
  if (const std::string* key = call.Constant(i);
      key != nullptr && key->find_first_of("\"\\") == std::string::npos)
    return QuoteLiteral("$.\"" + *key + "\"");
  return "(" + open + " || replace(replace(" + call.args[i] +
         ", '\\', '\\\\'), '\"', '\\\"') || '\"')";
}

std::string JsonKey(const SpecialCall& call) {
  return call.arg(1).type.IsText() ? JsonPath(call, 1) : call.args[1];
}

Text JsonGet(const SpecialCall& call) { return "(" + call.args[0] + " -> " + JsonKey(call) + ")"; }
Text JsonGetText(const SpecialCall& call) {
  return "(" + call.args[0] + " ->> " + JsonKey(call) + ")";
}

Text JsonPathText(const SpecialCall& call) {
  std::string out = call.args[0];
  for (size_t i = 1; i < call.args.size(); ++i)
    out = "(" + out + (i + 1 == call.args.size() ? " ->> " : " -> ") + JsonPath(call, i) + ")";
  return out;
}

Text JsonTypeof(const SpecialCall& call) {
  return "CASE json_type(" + call.args[0] +
         ") WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string' " +
         "WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' WHEN NULL THEN NULL ELSE CASE "
         "WHEN " +
         call.args[0] + " IS NOT NULL THEN 'number' END END";
}

Text PgTypeof(const SpecialCall& call) {
  model::Type type = call.arg(0).type;
  type.precision = type.scale = 0;
  return QuoteLiteral(model::NameOf(type));
}

// The binder has put the session's value in place of the call, unless it was not given one.
Text SessionFunction(const SpecialCall& call) {
  return base::Unsupported("function " + std::string(call.info.name) + " needs a session");
}

struct Row {
  std::string_view word;
  SpecialPrinter printer;
};

constexpr std::array kRows{Row{"json_get", JsonGet},
                           Row{"json_get_text", JsonGetText},
                           Row{"json_path_text", JsonPathText},
                           Row{"json_typeof", JsonTypeof},
                           Row{"pg_typeof", PgTypeof},
                           Row{"session", SessionFunction}};

}  // namespace

SpecialPrinter FindOtherPrinter(std::string_view word) {
  for (const Row& row : kRows)
    if (row.word == word) return row.printer;
  return nullptr;
}

}  // namespace sql
