#include "pgwire/catalog_data.h"

#include <array>
#include <charconv>
#include <map>
#include <string>

#include "base/check.h"

namespace pgwire {
namespace {

using model::Type;
using model::TypeId;

struct LetterRow {
  char letter;
  const char* duckdb;
  Type shown;
  uint32_t oid;
};

constexpr Type Array(TypeId id) { return {id, 0, 0, true}; }

constexpr std::array kLetters{
    LetterRow{'o', "UINTEGER", {TypeId::kOid}, 26},        LetterRow{'n', "VARCHAR", {TypeId::kName}, 19},
    LetterRow{'c', "VARCHAR", {TypeId::kChar}, 18},        LetterRow{'b', "BOOLEAN", {TypeId::kBool}, 16},
    LetterRow{'s', "SMALLINT", {TypeId::kInt2}, 21},       LetterRow{'i', "INTEGER", {TypeId::kInt4}, 23},
    LetterRow{'l', "BIGINT", {TypeId::kInt8}, 20},         LetterRow{'r', "FLOAT", {TypeId::kFloat4}, 700},
    LetterRow{'d', "DOUBLE", {TypeId::kFloat8}, 701},      LetterRow{'m', "DOUBLE", {TypeId::kNumeric}, 1700},
    LetterRow{'t', "VARCHAR", {TypeId::kText}, 25},        LetterRow{'p', "UINTEGER", {TypeId::kOid}, 24},
    LetterRow{'q', "UINTEGER", {TypeId::kOid}, 2206},      LetterRow{'x', "UINTEGER", {TypeId::kOid}, 28},
    LetterRow{'z', "TIMESTAMP", {TypeId::kTimestampTz}, 1184}, LetterRow{'I', "INTERVAL", {TypeId::kInterval}, 1186},
    LetterRow{'B', "BLOB", {TypeId::kBytea}, 17},          LetterRow{'g', "VARCHAR", {TypeId::kText}, 194},
    LetterRow{'v', "SMALLINT[]", Array(TypeId::kInt2), 22}, LetterRow{'w', "UINTEGER[]", Array(TypeId::kOid), 30},
    LetterRow{'a', "VARCHAR[]", Array(TypeId::kText), 1034}, LetterRow{'T', "VARCHAR[]", Array(TypeId::kText), 1009},
    LetterRow{'N', "VARCHAR[]", Array(TypeId::kName), 1003}, LetterRow{'O', "UINTEGER[]", Array(TypeId::kOid), 1028},
    LetterRow{'S', "SMALLINT[]", Array(TypeId::kInt2), 1005}, LetterRow{'C', "VARCHAR[]", Array(TypeId::kChar), 1002},
    LetterRow{'R', "FLOAT[]", Array(TypeId::kFloat4), 1021}, LetterRow{'D', "DOUBLE[]", Array(TypeId::kFloat8), 1022},
    LetterRow{'L', "BOOLEAN[]", Array(TypeId::kBool), 1000}, LetterRow{'Q', "UINTEGER[]", Array(TypeId::kOid), 2211},
};

const LetterRow& RowOf(char letter) {
  for (const LetterRow& row : kLetters)
    if (row.letter == letter) return row;
  CHECK(false);
  return kLetters[0];
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

uint32_t Number(std::string_view text) {
  uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void AddRelations(std::string_view text, std::string_view schema, char kind, std::vector<CatalogRelation>* out) {
  for (std::string_view entry : Split(text, '|')) {
    const auto words = Split(entry, ' ');
    CatalogRelation relation{Number(words[0]), schema, words[1], kind, {}};
    for (size_t i = 2; i + 1 < words.size(); i += 2) relation.columns.push_back({words[i], words[i + 1][0], words[i + 1].size() > 1});
    out->push_back(std::move(relation));
  }
}

std::vector<CatalogRelation> MakeRelations() {
  std::vector<CatalogRelation> out;
  AddRelations(kCatalogTables, "pg_catalog", 'r', &out);
  AddRelations(kCatalogViews, "pg_catalog", 'v', &out);
  AddRelations(kInformationTables, "information_schema", 'r', &out);
  AddRelations(kInformationViews, "information_schema", 'v', &out);
  return out;
}

std::vector<CatalogType> MakeTypes() {
  constexpr size_t kFormatAt = 22;   // words before the last, which may hold spaces
  std::vector<CatalogType> out;
  for (std::string_view entry : Split(kTypes, '|')) {
    std::string_view rest = entry;
    std::vector<std::string_view> words;
    for (size_t i = 0; i < kFormatAt; ++i) {
      const size_t space = rest.find(' ');
      words.push_back(rest.substr(0, space));
      rest.remove_prefix(space + 1);
    }
    out.push_back({Number(words[0]), words[1] == "t", words[2], {words.begin() + 3, words.end()}, rest});
  }
  return out;
}

std::vector<CatalogProc> MakeProcs() {
  std::vector<CatalogProc> out;
  for (std::string_view entry : Split(kFunctions, '|')) {
    const auto words = Split(entry, ' ');
    out.push_back({Number(words[0]), words[1], Number(words[2]), static_cast<int>(Number(words[3]))});
  }
  return out;
}

}  // namespace

const std::vector<CatalogRelation>& FixedRelations() {
  static const auto relations = MakeRelations();
  return relations;
}

const std::vector<CatalogType>& FixedTypes() {
  static const auto types = MakeTypes();
  return types;
}

const std::vector<CatalogProc>& FixedProcs() {
  static const auto procs = MakeProcs();
  return procs;
}

const CatalogRelation* FindFixedRelation(std::string_view schema, std::string_view name) {
  static const auto by_name = [] {
    std::map<std::pair<std::string_view, std::string_view>, const CatalogRelation*> map;
    for (const auto& relation : FixedRelations()) map[{relation.schema, relation.name}] = &relation;
    return map;
  }();
  const auto found = by_name.find({schema.empty() ? "pg_catalog" : schema, name});
  return found == by_name.end() ? nullptr : found->second;
}

const CatalogType* FindFixedType(std::string_view name) {
  static const auto by_name = [] {
    std::map<std::string_view, const CatalogType*> map;
    for (const auto& type : FixedTypes()) map.emplace(type.format, &type);
    for (const auto& type : FixedTypes()) map.emplace(type.name, &type);
    return map;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

const char* DuckDbTypeOf(char letter) { return RowOf(letter).duckdb; }
model::Type ShownTypeOf(char letter) { return RowOf(letter).shown; }
uint32_t TypeOidOf(char letter) { return RowOf(letter).oid; }

}  // namespace pgwire
