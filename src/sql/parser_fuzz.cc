// Any text through the whole room: parsed, bound against a few relations, printed. Nothing may
// crash, and what is printed for PostgreSQL must be read back.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "sql/binder.h"
#include "sql/parser.h"
#include "sql/printer.h"
#include "sql/test_relations.h"

namespace {

void Check(bool condition) {
  if (!condition) std::abort();
}

// A tree as the system catalog prints it, and bound as a user's query.
void Exercise(const sql::Select& select, std::string_view text) {
  (void)sql::PrintDuckDb(select, {}).ok();
  const std::string once = sql::PrintPostgres(select);
  base::Result<sql::SelectPtr> again = sql::ParseSelect(once);
  // A reading may fail on limits (printing adds parentheses), never on syntax.
  if (again.ok()) Check(sql::PrintPostgres(**again) == once);
  else
    Check(again.status().sqlstate().substr(0, 2) == "54" || again.status().sqlstate() == "0A000");
  static const sql::TestRelations relations;
  for (const char* zone : {"UTC", "Europe/Paris"}) {
    sql::SelectPtr copy = select.Clone();
    sql::BindOptions options;
    options.text = text;
    options.time_zone = zone;
    if (!sql::BindSelect(copy.get(), relations, options).ok()) continue;
    sql::PrintOptions print;
    print.time_zone = zone;
    base::Result<std::string> printed = sql::PrintDuckDb(*copy, print);
    if (!printed.ok()) Check(printed.status().code() != base::Code::kInternal);
    (void)sql::PrintPostgres(*copy);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  sql::ParseLimits limits;
  limits.max_bytes = 1 << 16;
  base::Result<std::vector<sql::Statement>> statements = sql::ParseStatements(text, limits);
  if (!statements.ok()) return 0;
  for (const sql::Statement& statement : *statements) {
    (void)sql::IsDdl(statement);
    if (const auto* select = std::get_if<sql::SelectStatement>(&statement.body))
      Exercise(*select->select, statement.text);
    if (const auto* view = std::get_if<sql::CreateView>(&statement.body))
      Exercise(*view->select, statement.text);
    if (const auto* explain = std::get_if<sql::Explain>(&statement.body))
      if (explain->select != nullptr) Exercise(*explain->select, statement.text);
  }
  return 0;
}
