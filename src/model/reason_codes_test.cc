#include "model/reason_codes.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace model {
namespace {

std::string Page() {
  std::ostringstream page;
  page << "<!-- Made by src/model/reason_codes_test.cc; `make docs` writes it again. -->\n"
       << "# Dead letters\n\n"
       << "A record that cannot be used is kept in `freshet.dead_letters` with its raw bytes, where it came from, a reason code\n"
       << "and a text that names the column. It is in no view; when `view` names a view, only that view is without the row.\n\n"
       << "| reason code | what it means | what to do |\n|---|---|---|\n";
  for (const ReasonRow& row : ReasonTable())
    page << "| `" << row.code << "` | " << row.meaning << " | " << row.remedy << " |\n";
  return page.str();
}

TEST(ReasonTable, DocumentationIsCurrent) {
  const char* path = "docs/reference/dead-letters.md";
  if (std::getenv("FRESHET_UPDATE_DOCS")) std::ofstream(path) << Page();
  std::stringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), Page()) << path << " is stale: run 'make docs'";
}

TEST(ReasonTable, EveryReasonHasItsOwnCodeInOrder) {
  std::set<std::string> codes;
  for (size_t i = 0; i < ReasonTable().size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(ReasonTable()[i].reason), i);
    EXPECT_TRUE(codes.insert(CodeOf(ReasonTable()[i].reason)).second);
  }
}

}  // namespace
}  // namespace model
