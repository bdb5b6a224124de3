// Every SELECT that real clients sent must be taken by our tree.

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "sql/parser.h"
#include "sql/printer.h"

namespace sql {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Counts {
  int selects = 0, others = 0, refused = 0;
};

// Both printers take what the parser takes, and PostgreSQL's spelling is read back as the same
// tree.
void CheckPrinters(const Select& select) {
  const base::Result<std::string> duckdb = PrintDuckDb(select, {});
  EXPECT_TRUE(duckdb.ok()) << duckdb.status().ToString() << "\n" << PrintPostgres(select);
  const std::string postgres = PrintPostgres(select);
  base::Result<SelectPtr> again = ParseSelect(postgres);
  ASSERT_TRUE(again.ok()) << again.status().ToString() << "\n" << postgres;
  EXPECT_EQ(PrintPostgres(**again), postgres);
}

// Statements end with a semicolon at the end of a line.
Counts ParseCorpus(const std::string& name) {
  const std::string text = ReadFile("test/corpora/" + name);
  EXPECT_FALSE(text.empty()) << "cannot read test/corpora/" << name;
  Counts counts;
  std::stringstream lines(text);
  std::string statement;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("--") && statement.empty()) continue;
    statement += line + "\n";
    if (line.empty() || line.back() != ';') continue;
    base::Result<std::vector<Statement>> parsed = ParseStatements(statement);
    EXPECT_TRUE(parsed.ok()) << parsed.status().ToString() << "\n" << statement;
    if (parsed.ok())
      for (const Statement& one : *parsed) {
        if (auto* select = std::get_if<SelectStatement>(&one.body)) {
          ++counts.selects;
          CheckPrinters(*select->select);
        }
        if (std::holds_alternative<SelectStatement>(one.body)) continue;
        if (std::holds_alternative<RefusedStatement>(one.body)) ++counts.refused;
        else ++counts.others;
      }
    statement.clear();
  }
  std::printf("%s: %d SELECT, %d other, %d refused\n", name.c_str(), counts.selects, counts.others,
              counts.refused);
  return counts;
}

TEST(Corpus, EverySupersetStatementConverts) {
  const Counts counts = ParseCorpus("superset-sql.sql");
  EXPECT_EQ(counts.refused, 0);
  EXPECT_GE(counts.selects, 95);
}

TEST(Corpus, EveryClientStatementConverts) {
  const Counts counts = ParseCorpus("pg-catalog-corpus.sql");
  EXPECT_GE(counts.selects, 180);
}

}  // namespace
}  // namespace sql
