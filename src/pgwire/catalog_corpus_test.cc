// The statements that real clients send on their own (test/corpora), against what PostgreSQL 15 answered to them in a database
// with the same objects (pg-catalog-corpus.answers): number of rows and names of columns.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "pgwire/server.h"
#include "sql/parser.h"

namespace pgwire {
namespace {

struct CorpusStatement {
  std::string title, text;
  std::vector<std::string> parameters;
};

struct Answer {
  std::string rows;      // a number or a SQLSTATE
  std::string columns;   // joined by '|'
};

std::vector<CorpusStatement> ReadCorpus() {
  std::ifstream file("test/corpora/pg-catalog-corpus.sql");
  std::vector<CorpusStatement> out;
  CorpusStatement now;
  for (std::string line; std::getline(file, line);) {
    if (now.text.empty() && line.starts_with("--")) {
      if (line.starts_with("-- [")) now = {line.substr(3), "", {}};
      static const std::regex kParameter(R"(\$(\d+) = '((?:[^']|'')*)')");
      if (line.starts_with("-- params"))
        for (std::sregex_iterator it(line.begin(), line.end(), kParameter), end; it != end; ++it) now.parameters.push_back((*it)[2]);
      continue;
    }
    if (now.text.empty() && line.find_first_not_of(" \t") == std::string::npos) continue;
    now.text += (now.text.empty() ? "" : "\n") + line;
    if (!line.ends_with(';')) continue;
    now.text.pop_back();
    out.push_back(now);
    now.text.clear();
  }
  return out;
}

std::map<size_t, Answer> ReadAnswers() {
  std::ifstream file("test/corpora/pg-catalog-corpus.answers");
  std::map<size_t, Answer> out;
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    out[std::stoul(line.substr(0, first))] = {line.substr(first + 1, second - first - 1), line.substr(second + 1)};
  }
  return out;
}

// The objects of test/corpora/postgres_answers.py.
catalog::CatalogPtr MakeRegistry() {
  using model::Type;
  using model::TypeId;
  auto catalog = std::make_shared<catalog::Catalog>();
  int64_t id = 1;
  const auto source = [&](const std::string& name, model::Fields fields) {
    auto made = std::make_shared<catalog::Source>();
    made->id = model::ObjectId(id++);
    made->name = name;
    made->fields = std::move(fields);
    catalog->sources[name] = made;
  };
  const auto view = [&](const std::string& name, model::Fields fields, const std::string& select) {
    auto plan = std::make_shared<view::Plan>();
    plan->fields = std::move(fields);
    auto made = std::make_shared<catalog::View>();
    made->id = model::ObjectId(id++);
    made->name = name;
    made->definition = "CREATE MATERIALIZED VIEW " + name + " AS " + select;
    made->plan = plan;
    made->input = "orders";
    catalog->views[name] = made;
  };
  source("orders", {{"id", model::kInt8}, {"customer", model::kText}, {"amount", {TypeId::kNumeric, 12, 2}}, {"qty", model::kInt4},
                    {"paid", model::kBool}, {"day", {TypeId::kDate}}, {"ts", model::kTimestampTz}, {"tags", {TypeId::kText, 0, 0, true}}});
  source("items", {{"id", model::kInt8}, {"sku", model::kText}, {"price", model::kFloat8}});
  source("people", {{"id", model::kInt8}, {"name", model::kText}});
  view("v", {{"customer", model::kText}, {"n", model::kInt8}, {"total", model::kNumeric}},
       "SELECT customer, count(*) AS n, sum(amount) AS total FROM orders GROUP BY customer");
  view("mv", {{"day", {TypeId::kDate}}, {"n", model::kInt8}}, "SELECT day, count(*) AS n FROM orders GROUP BY day");
  for (const auto& [name, admin] : {std::pair("freshet", true), std::pair("superset", false)}) {
    auto role = std::make_shared<catalog::Role>();
    role->id = model::ObjectId(id++);
    role->name = name;
    role->login = true;
    role->administrator = admin;
    if (!admin) role->select_on = {"*"};
    catalog->roles[name] = role;
  }
  catalog->AddSystemRelation({"freshet", "sources", {{"name", model::kText}, {"rows", model::kInt8}}, ""});
  catalog->version = 1;
  return catalog;
}

class CatalogCorpusTest : public ::testing::Test {
 protected:
  CatalogCorpusTest() {
    holder_.Set(MakeRegistry());
    system_ = MakeSystemCatalog(&holder_, {});
    caller_.role = "freshet";
    caller_.database = "freshet";
    caller_.pid = 42;
    caller_.setting = [](std::string_view name) -> std::string {
      if (name == "search_path") return "public";
      return name == "server_version_num" ? "150000" : "on";
    };
    // Numbers that the corpus was recorded with, by the name of their relation.
    for (const auto& [recorded, name] : {std::pair("16386", "orders"), std::pair("16395", "items"), std::pair("16411", "v"),
                                         std::pair("16415", "mv"), std::pair("16425", "people")})
      oids_.emplace_back(recorded, Single(std::string("SELECT '") + name + "'::regclass::oid"));
  }

  // nullopt when the system catalog does not answer such a statement.
  std::optional<Answer> Ask(const std::string& text, const std::vector<std::string>& parameters, std::string* first = nullptr) {
    auto select = sql::ParseSelect(text);
    if (!select.ok()) return Answer{std::string(select.status().sqlstate()), select.status().message()};
    if (!system_->Owns(**select)) return std::nullopt;
    const auto fields = system_->Describe(**select, caller_);
    if (!fields.ok()) return Answer{std::string(fields.status().sqlstate()), fields.status().ToString()};
    auto rows = system_->Run(**select, caller_, parameters);
    if (!rows.ok()) return Answer{std::string(rows.status().sqlstate()), rows.status().ToString()};
    EXPECT_EQ((*rows)->fields(), *fields) << text;
    size_t count = 0;
    for (auto chunk = (*rows)->Next(); chunk.ok() && chunk->rows > 0; chunk = (*rows)->Next()) {
      if (first && count == 0 && chunk->columns[0].kind == model::CellKind::kString) *first = chunk->columns[0].Get<model::StringCell>(0).View();
      if (first && count == 0 && chunk->columns[0].kind == model::CellKind::kUInt32) *first = std::to_string(chunk->columns[0].Get<uint32_t>(0));
      count += chunk->rows;
    }
    std::string columns;
    for (const auto& field : *fields) columns += (columns.empty() ? "" : "|") + field.name;
    return Answer{std::to_string(count), columns};
  }
  std::string Single(const std::string& text) {
    std::string first;
    const auto answer = Ask(text, {}, &first);
    EXPECT_TRUE(answer && answer->rows == "1") << text << " " << (answer ? answer->columns : "not owned");
    return first;
  }

  catalog::CatalogHolder holder_;
  std::unique_ptr<query::SystemCatalog> system_;
  query::SystemCatalog::Caller caller_;
  std::vector<std::pair<std::string, std::string>> oids_;
};

TEST_F(CatalogCorpusTest, AnswersClientsAsPostgresDoes) {
  const auto corpus = ReadCorpus();
  const auto answers = ReadAnswers();
  ASSERT_GT(answers.size(), 150u);
  size_t asked = 0, right = 0, left_to_others = 0;
  for (const auto& [place, expected] : answers) {
    std::string text = corpus.at(place).text;
    for (const auto& [recorded, oid] : oids_) text = std::regex_replace(text, std::regex("\\b" + recorded + "\\b"), oid);
    const auto answer = Ask(text, corpus[place].parameters);
    if (!answer) {
      ++left_to_others;
      continue;
    }
    ++asked;
    const bool same = answer->rows == expected.rows && (expected.columns.empty() || answer->columns == expected.columns);
    right += same;
    if (!same)
      std::printf("#%zu %s: PostgreSQL %s (%s), here %s (%s)\n%.300s\n\n", place, corpus[place].title.c_str(), expected.rows.c_str(),
                  expected.columns.substr(0, 150).c_str(), answer->rows.c_str(), answer->columns.substr(0, 900).c_str(), text.c_str());
  }
  std::printf("%zu of %zu catalog statements as PostgreSQL has them; %zu read user relations\n", right, asked, left_to_others);
  EXPECT_GE(right * 100, asked * 95);
}

}  // namespace
}  // namespace pgwire
