#include "pgwire/catalog_insert.h"

#include <algorithm>

#include "base/check.h"
#include "sql/printer.h"

namespace pgwire {
namespace {

constexpr size_t kBatch = 1'000;

std::string ZeroOf(char letter) {
  switch (letter) {
    case 'b': return "false";
    case 'n':
    case 't':
    case 'c':
    case 'g': return "''";
    case 'v':
    case 'w':
    case 'O':
    case 'S':
    case 'T': return "[]";
    case 'z':
    case 'I':
    case 'B': return "NULL";
    default: return "0";
  }
}

}  // namespace

std::string DuckDbNameOf(std::string_view schema, std::string_view name) {
  return (schema == "information_schema" ? "infosch." : "pgc.") + sql::QuoteIdentifier(name);
}

CatalogInsert::CatalogInsert(std::string_view schema, std::string_view name, Values fixed, std::vector<std::string>* out)
    : relation_(FindFixedRelation(schema, name)), fixed_(std::move(fixed)), out_(out) {
  CHECK(relation_);
}

void CatalogInsert::Add(const Values& values) {
  std::vector<size_t> given;
  std::string row;
  for (size_t i = 0; i < relation_->columns.size(); ++i) {
    const auto found = values.find(relation_->columns[i].name);
    if (found == values.end()) continue;
    given.push_back(i);
    row += (row.empty() ? "(" : ", ") + found->second;
  }
  CHECK(given.size() == values.size());   // every name is a column
  if (given != given_) Flush();
  given_ = std::move(given);
  rows_ += (rows_.empty() ? "" : ", ") + row + ")";
  if (++count_ == kBatch) Flush();
}

// INSERT INTO t (columns) SELECT given, fixed and zero values FROM (VALUES ...).
void CatalogInsert::Flush() {
  if (rows_.empty()) return;
  std::string columns, values, names;
  for (size_t i = 0; i < relation_->columns.size(); ++i) {
    const CatalogColumn& column = relation_->columns[i];
    const bool given = std::find(given_.begin(), given_.end(), i) != given_.end();
    const auto fixed = fixed_.find(column.name);
    const std::string quoted = sql::QuoteIdentifier(column.name);
    if (!given && fixed == fixed_.end() && !column.not_null) continue;
    columns += (columns.empty() ? "" : ", ") + quoted;
    values += (values.empty() ? "" : ", ") + (given ? quoted : fixed != fixed_.end() ? fixed->second : ZeroOf(column.letter));
    if (given) names += (names.empty() ? "" : ", ") + quoted;
  }
  out_->push_back("INSERT INTO " + DuckDbNameOf(relation_->schema, relation_->name) + " (" + columns + ") SELECT " + values +
                  " FROM (VALUES " + rows_ + ") AS __v(" + names + ")");
  rows_.clear();
  count_ = 0;
}

}  // namespace pgwire
