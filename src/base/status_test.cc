#include "base/status.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace base {
namespace {

const char* NameOf(Owner owner) {
  switch (owner) {
    case Owner::kNobody: return "nobody";
    case Owner::kUser: return "user";
    case Owner::kDataOwner: return "data owner";
    case Owner::kOperator: return "operator";
    case Owner::kTime: return "time";
    case Owner::kUs: return "Freshet";
  }
  return "?";
}

const char* NameOf(Retry retry) {
  switch (retry) {
    case Retry::kNever: return "never";
    case Retry::kAfterChange: return "after a change";
    case Retry::kWithBackoff: return "with back-off";
  }
  return "?";
}

std::string ErrorsPage() {
  std::ostringstream page;
  page << "<!-- Made by src/base/status_test.cc; `make docs` writes it again. -->\n"
       << "# Errors\n\n"
       << "Every error has one of these codes. It says who can mend it, whether trying again helps, what a source or view does\n"
       << "that meets it, and the SQLSTATE that a client sees unless the error carries a more precise one.\n\n"
       << "| code | who mends it | try again | what the pipeline does | SQLSTATE | log level |\n"
       << "|---|---|---|---|---|---|\n";
  for (const CodeRow& row : CodeTable())
    if (row.code != Code::kOk)
      page << "| `" << row.name << "` | " << NameOf(row.owner) << " | " << NameOf(row.retry) << " | " << row.fate << " | `"
           << row.sqlstate << "` | " << row.log_level << " |\n";
  return page.str();
}

TEST(CodeTable, DocumentationIsCurrent) {
  const char* path = "docs/reference/errors.md";
  if (std::getenv("FRESHET_UPDATE_DOCS")) std::ofstream(path) << ErrorsPage();
  std::stringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), ErrorsPage()) << path << " is stale: run 'make docs'";
}

TEST(CodeTable, EveryRowIsWholeAndInOrder) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < CodeTable().size(); ++i) {
    const CodeRow& row = CodeTable()[i];
    EXPECT_EQ(static_cast<size_t>(row.code), i);
    EXPECT_EQ(&RowOf(row.code), &row);
    EXPECT_EQ(std::string_view(row.sqlstate).size(), 5u) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    const std::set<std::string_view> levels{"debug", "info", "warning", "error"};
    EXPECT_TRUE(levels.contains(row.log_level)) << row.name;
  }
}

TEST(CodeTable, WhatPassesByItselfIsTriedAgainAndWhatIsOursIsAnError) {
  EXPECT_EQ(RowOf(Code::kUnavailable).retry, Retry::kWithBackoff);
  EXPECT_EQ(RowOf(Code::kInternal).owner, Owner::kUs);
  EXPECT_STREQ(RowOf(Code::kInternal).log_level, "error");
  EXPECT_EQ(RowOf(Code::kCorrupt).retry, Retry::kNever);
}

TEST(Status, SuccessIsEmpty) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), Code::kOk);
  EXPECT_EQ(status.sqlstate(), "00000");
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.ToString(), "ok");
}

TEST(Status, HasTheSqlstateOfItsCodeUnlessItCarriesAnother) {
  EXPECT_EQ(Denied("no").sqlstate(), "42501");
  EXPECT_EQ(NotFound("x").WithSqlstate("42P01").sqlstate(), "42P01");
}

TEST(Status, TellsDetailHintAndContext) {
  const Status status = NotFound("relation \"ordrs\" does not exist")
                            .WithSqlstate("42P01")
                            .WithDetail("There are 2 relations.")
                            .WithHint("Perhaps you meant \"orders\".")
                            .WithPosition(15)
                            .WithContext("view v");
  EXPECT_EQ(status.position(), 15);
  EXPECT_EQ(status.ToString(),
            "ERROR 42P01: view v: relation \"ordrs\" does not exist; DETAIL: There are 2 relations.; "
            "HINT: Perhaps you meant \"orders\".");
}

TEST(Status, CopiesAreIndependent) {
  Status first = Invalid("a");
  const Status second = first;
  first = std::move(first).WithContext("b");
  EXPECT_EQ(first.message(), "b: a");
  EXPECT_EQ(second.message(), "a");
}

TEST(Status, DecorationsOfSuccessAreNothing) {
  EXPECT_TRUE(Status().WithDetail("d").WithHint("h").WithContext("c").ok());
}

Result<int> Half(int n) {
  if (n % 2) return Invalid("odd");
  return n / 2;
}

Result<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const int half, Half(n));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckHalf(int n) {
  RETURN_IF_ERROR(Half(n).status());
  return Status();
}

TEST(Result, CarriesAValueOrTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
  EXPECT_TRUE(CheckHalf(2).ok());
  EXPECT_EQ(CheckHalf(1).code(), Code::kInvalid);
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  EXPECT_EQ(*result.Take(), 5);
}

TEST(ResultDeathTest, ValueOfAFailureIsABrokenInvariant) {
  Result<int> failed = Internal("x");
  EXPECT_DEATH(failed.value(), "CHECK failed");
}

TEST(NearestName, FindsTypingMistakesOnly) {
  const std::string_view known[] = {"scan.startup.mode", "topic", "retention"};
  EXPECT_EQ(NearestName("scan.startup.mod", known), "scan.startup.mode");
  EXPECT_EQ(NearestName("topik", known), "topic");
  EXPECT_EQ(NearestName("retenton", known), "retention");
  EXPECT_EQ(NearestName("colour", known), std::nullopt);
  EXPECT_EQ(NearestName("", known), std::nullopt);
  EXPECT_EQ(NearestName("x", {}), std::nullopt);
}

}  // namespace
}  // namespace base
