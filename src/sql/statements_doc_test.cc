// The examples of docs/reference/statements.md are real: each is parsed, and each SELECT is bound
// against what the page has created before it.

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "sql/binder.h"
#include "sql/parser.h"
#include "sql/printer.h"

namespace sql {
namespace {

std::string Examples() {
  std::ifstream file("docs/reference/statements.md");
  std::string out;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```sql") inside = true;
    else if (line == "```") inside = false;
    else if (inside) out += line + "\n";
  }
  return out;
}

class Defined : public RelationLookup {
 public:
  const RelationInfo* Find(std::string_view, std::string_view name) const override {
    const auto found = relations_.find(name);
    return found == relations_.end() ? nullptr : &found->second;
  }
  std::vector<std::string_view> Names() const override { return {}; }
  void Add(const std::string& name, model::Fields fields) {
    relations_[name] = {"public", name, std::move(fields), ""};
  }

 private:
  std::map<std::string, RelationInfo, std::less<>> relations_;
};

void CheckSelect(const Select& select, const Defined& defined, const std::string& text,
                 model::Fields* output) {
  SelectPtr copy = select.Clone();
  base::Result<Bound> bound = BindSelect(copy.get(), defined, {});
  ASSERT_TRUE(bound.ok()) << bound.status().ToString() << "\n" << text;
  base::Result<std::string> printed = PrintDuckDb(*copy, {});
  EXPECT_TRUE(printed.ok()) << printed.status().ToString() << "\n" << text;
  if (output != nullptr) *output = bound->output;
}

TEST(StatementsDocument, ExamplesAreReal) {
  base::Result<std::vector<Statement>> statements = ParseStatements(Examples());
  ASSERT_TRUE(statements.ok()) << statements.status().ToString();
  EXPECT_GT(statements->size(), 30u);
  Defined defined;
  for (const Statement& statement : *statements) {
    EXPECT_FALSE(std::holds_alternative<RefusedStatement>(statement.body)) << statement.text;
    if (const auto* source = std::get_if<CreateSource>(&statement.body)) {
      model::Fields fields;
      for (const model::SourceColumn& column : source->schema.columns)
        fields.push_back({column.name, column.type});
      defined.Add(source->name, std::move(fields));
    }
    if (const auto* view = std::get_if<CreateView>(&statement.body)) {
      model::Fields fields;
      CheckSelect(*view->select, defined, statement.text, &fields);
      defined.Add(view->name, std::move(fields));
    }
    if (const auto* select = std::get_if<SelectStatement>(&statement.body))
      CheckSelect(*select->select, defined, statement.text, nullptr);
    if (const auto* explain = std::get_if<Explain>(&statement.body);
        explain != nullptr && explain->select != nullptr)
      CheckSelect(*explain->select, defined, statement.text, nullptr);
  }
}

}  // namespace
}  // namespace sql
