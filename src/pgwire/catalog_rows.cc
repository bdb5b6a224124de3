#include "pgwire/catalog_rows.h"

#include <algorithm>

#include "pgwire/catalog_data.h"
#include "pgwire/catalog_functions.h"
#include "pgwire/catalog_insert.h"
#include "pgwire/type_oids.h"
#include "query/settings.h"
#include "sql/printer.h"

namespace pgwire {
namespace {

using sql::QuoteLiteral;
using Values = CatalogInsert::Values;

constexpr const char* kCatalog = "pg_catalog";
constexpr const char* kInformation = "information_schema";

std::string Number(int64_t value) { return std::to_string(value); }
std::string Bool(bool value) { return value ? "true" : "false"; }

std::string CreateTable(const CatalogRelation& relation) {
  std::string columns;
  for (const auto& column : relation.columns)
    columns += (columns.empty() ? "" : ", ") + sql::QuoteIdentifier(column.name) + " " + DuckDbTypeOf(column.letter);
  return "CREATE TABLE " + DuckDbNameOf(relation.schema, relation.name) + " (" + columns + ")";
}

// ---------------------------------------------------------------------------------------------- the same everywhere

const Values& ClassDefaults() {
  static const Values values{{"relowner", Number(kAdministratorOid)}, {"relpersistence", "'p'"}, {"relreplident", "'n'"},
                             {"relispopulated", "true"}, {"reltuples", "-1"}};
  return values;
}
const Values& AttributeDefaults() {
  static const Values values{{"attstattarget", "-1"}, {"attcacheoff", "-1"}, {"attalign", "'i'"}, {"attstorage", "'p'"}, {"attislocal", "true"}};
  return values;
}

void FixedTypeRows(std::vector<std::string>* out) {
  constexpr const char* kColumns[] = {"typlen", "typbyval", "typtype", "typcategory", "typispreferred", "typdelim", "typelem",
                                      "typarray", "typinput", "typoutput", "typreceive", "typsend", "typmodin", "typmodout",
                                      "typalign", "typstorage", "typbasetype", "typtypmod", "typcollation"};
  CatalogInsert types(kCatalog, "pg_type", {{"typowner", "10"}, {"typisdefined", "true"}}, out);
  std::string formats;
  for (const auto& type : FixedTypes()) {
    Values row{{"oid", Number(type.oid)}, {"typname", QuoteLiteral(type.name)},
               {"typnamespace", Number(type.information_schema ? kInformationNamespace : kCatalogNamespace)}};
    for (size_t i = 0; i < std::size(kColumns); ++i) {
      const std::string_view text = type.values[i];
      const bool flag = i == 1 || i == 4;   // typbyval, typispreferred
      row[kColumns[i]] = flag ? Bool(text == "t") : QuoteLiteral(text);
    }
    types.Add(row);
    formats += (formats.empty() ? "(" : ", (") + Number(type.oid) + ", " + QuoteLiteral(type.name) + ", " + QuoteLiteral(type.format) + ")";
  }
  out->push_back("INSERT INTO pgc.__formats VALUES " + formats);
}

void FixedProcRows(std::vector<std::string>* out) {
  CatalogInsert procs(kCatalog, "pg_proc",
                      {{"pronamespace", Number(kCatalogNamespace)}, {"proowner", "10"}, {"prolang", "12"}, {"procost", "1"},
                       {"prokind", "'f'"}, {"provolatile", "'s'"}, {"proparallel", "'s'"}, {"proisstrict", "true"}},
                      out);
  for (const auto& proc : FixedProcs())
    procs.Add({{"oid", Number(proc.oid)}, {"proname", QuoteLiteral(proc.name)}, {"prosrc", QuoteLiteral(proc.name)},
               {"prorettype", Number(proc.result)}, {"pronargs", Number(proc.arguments)}});
}

void FixedRelationRows(std::vector<std::string>* out) {
  CatalogInsert classes(kCatalog, "pg_class", ClassDefaults(), out);
  CatalogInsert attributes(kCatalog, "pg_attribute", AttributeDefaults(), out);
  std::string displays;
  for (const auto& relation : FixedRelations()) {
    const bool information = relation.schema == kInformation;
    classes.Add({{"oid", Number(relation.oid)}, {"relname", QuoteLiteral(relation.name)},
                 {"relnamespace", Number(information ? kInformationNamespace : kCatalogNamespace)},
                 {"relkind", std::string("'") + relation.kind + "'"}, {"relam", relation.kind == 'r' ? "2" : "0"},
                 {"relnatts", Number(static_cast<int64_t>(relation.columns.size()))}, {"relhasrules", Bool(relation.kind == 'v')}});
    displays += (displays.empty() ? "(" : ", (") + Number(relation.oid) + ", " +
                QuoteLiteral((information ? "information_schema." : "") + std::string(relation.name)) + ")";
    int number = 0;
    for (const auto& column : relation.columns)
      attributes.Add({{"attrelid", Number(relation.oid)}, {"attname", QuoteLiteral(column.name)}, {"attnum", Number(++number)},
                      {"atttypid", Number(TypeOidOf(column.letter))}, {"attnotnull", Bool(column.not_null)},
                      {"attlen", "-1"}, {"atttypmod", "-1"}});
  }
  out->push_back("INSERT INTO pgc.__display VALUES " + displays);
}

void FixedRest(std::vector<std::string>* out) {
  CatalogInsert ams(kCatalog, "pg_am", {}, out);
  ams.Add({{"oid", "2"}, {"amname", "'heap'"}, {"amhandler", "3"}, {"amtype", "'t'"}});
  ams.Add({{"oid", "403"}, {"amname", "'btree'"}, {"amhandler", "330"}, {"amtype", "'i'"}});
  CatalogInsert languages(kCatalog, "pg_language", {{"lanowner", "10"}}, out);
  languages.Add({{"oid", "12"}, {"lanname", "'internal'"}});
  languages.Add({{"oid", "14"}, {"lanname", "'sql'"}});
  CatalogInsert collations(kCatalog, "pg_collation",
                           {{"collnamespace", "11"}, {"collowner", "10"}, {"collisdeterministic", "true"}, {"collencoding", "-1"}}, out);
  collations.Add({{"oid", "100"}, {"collname", "'default'"}, {"collprovider", "'d'"}});
  collations.Add({{"oid", "950"}, {"collname", "'C'"}, {"collprovider", "'c'"}});
  collations.Add({{"oid", "951"}, {"collname", "'POSIX'"}, {"collprovider", "'c'"}});
  CatalogInsert spaces(kCatalog, "pg_tablespace", {{"spcowner", "10"}}, out);
  spaces.Add({{"oid", "1663"}, {"spcname", "'pg_default'"}});
  spaces.Add({{"oid", "1664"}, {"spcname", "'pg_global'"}});
  CatalogInsert namespaces(kCatalog, "pg_namespace", {{"nspowner", "10"}}, out);
  for (const auto& [oid, name] : CatalogNames::Namespaces()) namespaces.Add({{"oid", Number(oid)}, {"nspname", QuoteLiteral(name)}});
}

// ------------------------------------------------------------------------------------------------ of the registry

void ClassRows(const CatalogNames& names, std::vector<std::string>* out) {
  CatalogInsert classes(kCatalog, "pg_class", ClassDefaults(), out);
  CatalogInsert attributes(kCatalog, "pg_attribute", AttributeDefaults(), out);
  for (const auto& relation : names.relations()) {
    const std::string oid = Number(relation.oid);
    classes.Add({{"oid", oid}, {"relname", QuoteLiteral(relation.name)}, {"relnamespace", Number(relation.name_space)},
                 {"relkind", std::string("'") + relation.kind + "'"}, {"relam", relation.kind == 'v' ? "0" : "2"},
                 {"relnatts", Number(static_cast<int64_t>(relation.fields->size()))}, {"relhasrules", Bool(relation.kind != 'r')}});
    int number = 0;
    for (const auto& field : *relation.fields) {
      const TypeOid type = OidOf(field.type);
      attributes.Add({{"attrelid", oid}, {"attname", QuoteLiteral(field.name)}, {"attnum", Number(++number)},
                      {"atttypid", Number(type.oid)}, {"attlen", Number(type.length)}, {"atttypmod", Number(type.modifier)},
                      {"attndims", field.type.array ? "1" : "0"},
                      {"attcollation", field.type.id == model::TypeId::kText ? "100" : "0"}, {"attnotnull", "false"}});
    }
  }
}

void NameRows(const CatalogNames& names, std::vector<std::string>* out) {
  std::string spellings, displays, definitions, grants;
  const auto add = [](std::string* list, const std::string& row) { *list += (list->empty() ? "(" : ", (") + row + ")"; };
  for (const auto& relation : names.relations()) {
    const bool is_public = relation.name_space == kPublicNamespace;
    const std::string oid = Number(relation.oid), full = relation.schema + "." + relation.name;
    const std::string quoted = sql::QuoteIdentifier(relation.name), quoted_full = sql::QuoteIdentifier(relation.schema) + "." + quoted;
    for (const std::string& spelling : {full, quoted_full, relation.schema + "." + quoted}) add(&spellings, QuoteLiteral(spelling) + ", " + oid);
    if (is_public) add(&spellings, QuoteLiteral(relation.name) + ", " + oid + "), (" + QuoteLiteral(quoted) + ", " + oid);
    add(&displays, oid + ", " + QuoteLiteral(is_public ? relation.name : full));
    if (!relation.definition.empty()) add(&definitions, oid + ", " + QuoteLiteral(relation.definition));
    for (const auto& [role, unused] : names.snapshot().roles)
      if (names.snapshot().MaySelect(role, is_public ? relation.name : full)) add(&grants, QuoteLiteral(role) + ", " + oid);
  }
  for (const auto& [table, rows] : {std::pair("__spellings", &spellings), std::pair("__display", &displays),
                                    std::pair("__definitions", &definitions), std::pair("__grants", &grants)})
    if (!rows->empty()) out->push_back(std::string("INSERT INTO pgc.") + table + " VALUES " + *rows);
}

void ListingRows(const CatalogNames& names, std::vector<std::string>* out) {
  CatalogInsert tables(kCatalog, "pg_tables", {{"tableowner", "'freshet'"}, {"hasindexes", "false"}, {"hasrules", "false"},
                                               {"hastriggers", "false"}, {"rowsecurity", "false"}}, out);
  CatalogInsert views(kCatalog, "pg_views", {{"viewowner", "'freshet'"}}, out);
  CatalogInsert materialized(kCatalog, "pg_matviews", {{"matviewowner", "'freshet'"}, {"hasindexes", "false"}, {"ispopulated", "true"}}, out);
  for (const auto& fixed : FixedRelations()) {
    const bool table = fixed.kind == 'r';
    const std::string schema = QuoteLiteral(fixed.schema), name = QuoteLiteral(fixed.name);
    if (table) tables.Add({{"schemaname", schema}, {"tablename", name}});
    else views.Add({{"schemaname", schema}, {"viewname", name}});
  }
  for (const auto& relation : names.relations()) {
    const std::string schema = QuoteLiteral(relation.schema), name = QuoteLiteral(relation.name);
    if (relation.kind == 'r') tables.Add({{"schemaname", schema}, {"tablename", name}});
    else if (relation.kind == 'v') views.Add({{"schemaname", schema}, {"viewname", name}});
    else materialized.Add({{"schemaname", schema}, {"matviewname", name}, {"definition", QuoteLiteral(relation.definition)}});
  }
}

// numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision of information_schema.columns.
void AddPrecision(model::Type type, Values* row) {
  using model::TypeId;
  if (type.array) return;
  const auto number = [&](int precision, int radix) {
    (*row)["numeric_precision"] = Number(precision);
    (*row)["numeric_precision_radix"] = Number(radix);
    if (type.IsInteger()) (*row)["numeric_scale"] = "0";
  };
  switch (type.id) {
    case TypeId::kInt2: return number(16, 2);
    case TypeId::kInt4: return number(32, 2);
    case TypeId::kInt8: return number(64, 2);
    case TypeId::kFloat4: return number(24, 2);
    case TypeId::kFloat8: return number(53, 2);
    case TypeId::kNumeric:
      (*row)["numeric_precision_radix"] = "10";
      if (type.precision == 0) return;
      (*row)["numeric_precision"] = Number(type.precision);
      (*row)["numeric_scale"] = Number(type.scale);
      return;
    case TypeId::kDate: (*row)["datetime_precision"] = "0"; return;
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kInterval: (*row)["datetime_precision"] = "6"; return;
    default: return;
  }
}

Values ColumnRow(const NamedRelation& relation, const model::Field& field, int number) {
  model::Type plain = field.type;
  plain.precision = plain.scale = 0;
  const auto& types = FixedTypes();
  const uint32_t oid = OidOf(field.type).oid;
  const auto type = std::find_if(types.begin(), types.end(), [&](const auto& t) { return t.oid == oid; });
  Values row{{"table_schema", QuoteLiteral(relation.schema)}, {"table_name", QuoteLiteral(relation.name)},
             {"column_name", QuoteLiteral(field.name)}, {"ordinal_position", Number(number)}, {"dtd_identifier", QuoteLiteral(Number(number))},
             {"data_type", field.type.array ? "'ARRAY'" : QuoteLiteral(model::NameOf(plain))},
             {"udt_name", QuoteLiteral(type == types.end() ? "text" : type->name)}};
  AddPrecision(field.type, &row);
  return row;
}

// Materialized views are listed as views: tools that only know information_schema should see them.
void InformationRows(const CatalogNames& names, const std::string& database, std::vector<std::string>* out) {
  const std::string catalog = QuoteLiteral(database);
  CatalogInsert tables(kInformation, "tables", {{"table_catalog", catalog}, {"is_insertable_into", "'NO'"}, {"is_typed", "'NO'"}}, out);
  CatalogInsert columns(kInformation, "columns",
                        {{"table_catalog", catalog}, {"udt_catalog", catalog}, {"udt_schema", "'pg_catalog'"}, {"is_nullable", "'YES'"},
                         {"is_self_referencing", "'NO'"}, {"is_identity", "'NO'"}, {"identity_cycle", "'NO'"},
                         {"is_generated", "'NEVER'"}, {"is_updatable", "'NO'"}}, out);
  CatalogInsert views(kInformation, "views", {{"table_catalog", catalog}, {"check_option", "'NONE'"}, {"is_updatable", "'NO'"},
                                              {"is_insertable_into", "'NO'"}, {"is_trigger_updatable", "'NO'"},
                                              {"is_trigger_deletable", "'NO'"}, {"is_trigger_insertable_into", "'NO'"}}, out);
  for (const auto& fixed : FixedRelations())
    tables.Add({{"table_schema", QuoteLiteral(fixed.schema)}, {"table_name", QuoteLiteral(fixed.name)},
                {"table_type", fixed.kind == 'r' ? "'BASE TABLE'" : "'VIEW'"}});
  for (const auto& relation : names.relations()) {
    const Values name{{"table_schema", QuoteLiteral(relation.schema)}, {"table_name", QuoteLiteral(relation.name)}};
    Values row = name;
    row["table_type"] = relation.kind == 'r' ? "'BASE TABLE'" : "'VIEW'";
    tables.Add(row);
    if (relation.kind != 'r') {
      row = name;
      row["view_definition"] = relation.definition.empty() ? "NULL" : QuoteLiteral(relation.definition);
      views.Add(row);
    }
    int number = 0;
    for (const auto& field : *relation.fields) columns.Add(ColumnRow(relation, field, ++number));
  }
  CatalogInsert schemata(kInformation, "schemata", {{"catalog_name", catalog}, {"schema_owner", "'freshet'"}}, out);
  for (const auto& [oid, schema] : CatalogNames::Namespaces()) schemata.Add({{"schema_name", QuoteLiteral(schema)}});
  CatalogInsert character_sets(kInformation, "character_sets", {}, out);
  character_sets.Add({{"character_set_name", "'UTF8'"}, {"character_repertoire", "'UCS'"}, {"form_of_use", "'UTF8'"},
                      {"default_collate_catalog", catalog}, {"default_collate_schema", "'pg_catalog'"}, {"default_collate_name", "'default'"}});
  CatalogInsert name_row(kInformation, "information_schema_catalog_name", {}, out);
  name_row.Add({{"catalog_name", catalog}});
}

// A view's rule, and by it what the view reads: lineage for dbt and DBeaver.
void DependencyRows(const CatalogNames& names, std::vector<std::string>* out) {
  constexpr uint32_t kRuleOids = 1u << 30;   // above those of the views
  constexpr const char *kRules = "2618", *kClasses = "1259";
  CatalogInsert rules(kCatalog, "pg_rewrite", {{"rulename", "'_RETURN'"}, {"ev_type", "'1'"}, {"ev_enabled", "'O'"}, {"is_instead", "true"}}, out);
  CatalogInsert depends(kCatalog, "pg_depend", {{"classid", kRules}, {"refclassid", kClasses}}, out);
  for (const auto& relation : names.relations()) {
    if (relation.kind != 'm') continue;
    const std::string rule = Number(kRuleOids + relation.oid), oid = Number(relation.oid);
    rules.Add({{"oid", rule}, {"ev_class", oid}});
    depends.Add({{"objid", rule}, {"refobjid", oid}, {"deptype", "'i'"}});
    const auto input = names.Relation(names.snapshot().views.at(relation.name)->input, {"public"});
    if (input) depends.Add({{"objid", rule}, {"refobjid", Number(*input)}, {"deptype", "'n'"}});
  }
}

void RoleRows(const CatalogNames& names, std::vector<std::string>* out) {
  CatalogInsert roles(kCatalog, "pg_roles", {{"rolinherit", "true"}, {"rolcreatedb", "false"}, {"rolreplication", "false"},
                                             {"rolconnlimit", "-1"}, {"rolpassword", "'********'"}}, out);
  CatalogInsert users(kCatalog, "pg_user", {{"usecreatedb", "false"}, {"userepl", "false"}, {"passwd", "'********'"}}, out);
  CatalogInsert enabled(kInformation, "enabled_roles", {}, out);
  for (const auto& [name, role] : names.snapshot().roles) {
    const std::string oid = Number(CatalogNames::RoleOid(*role)), admin = Bool(role->administrator);
    roles.Add({{"oid", oid}, {"rolname", QuoteLiteral(name)}, {"rolsuper", admin}, {"rolcreaterole", admin}, {"rolbypassrls", admin},
               {"rolcanlogin", Bool(role->login)}});
    if (role->login) users.Add({{"usename", QuoteLiteral(name)}, {"usesysid", oid}, {"usesuper", admin}, {"usebypassrls", admin}});
    enabled.Add({{"role_name", QuoteLiteral(name)}});
  }
}

void DatabaseRows(const std::string& database, std::vector<std::string>* out) {
  CatalogInsert databases(kCatalog, "pg_database", {{"datdba", "10"}, {"encoding", "6"}, {"datlocprovider", "'c'"}, {"datallowconn", "true"},
                                                    {"datconnlimit", "-1"}, {"dattablespace", "1663"}, {"datcollate", "'C.UTF-8'"},
                                                    {"datctype", "'C.UTF-8'"}}, out);
  databases.Add({{"oid", Number(kDatabaseOid)}, {"datname", QuoteLiteral(database)}});
}

std::string Activity(const query::SystemCatalog::Caller& caller) {
  std::string values;
  if (caller.engine) {
    for (const auto& backend : caller.engine->Backends())
      values += (values.empty() ? "(" : ", (") + QuoteLiteral(caller.database) + ", " + Number(backend.pid) + ", " + QuoteLiteral(backend.role) +
                ", " + QuoteLiteral(backend.application_name) + ", " + QuoteLiteral(backend.client_address) + ", make_timestamp(" +
                Number(backend.since.time_since_epoch().count()) + "), " + QuoteLiteral(backend.state) + ", " + QuoteLiteral(backend.query) +
                ", " + (backend.waiting ? "'Lock'" : "NULL") + ")";
  }
  const bool none = values.empty();
  std::string columns;
  for (const auto& column : FindFixedRelation(kCatalog, "pg_stat_activity")->columns) {
    std::string value = "NULL";
    if (column.name == "datid") value = Number(kDatabaseOid);
    else if (column.name == "usesysid") value = "coalesce((SELECT max(__r.oid) FROM pgc.pg_roles __r WHERE __r.rolname = __a.usename), 10)";
    else if (column.name == "backend_type") value = "'client backend'";
    else if (column.letter == 'z') value = "since";
    else
      for (std::string_view own : {"datname", "pid", "usename", "application_name", "client_addr", "state", "query", "wait_event_type"})
        if (column.name == own) value = std::string(own);
    columns += (columns.empty() ? "" : ", ") + ("CAST(" + value + " AS " + DuckDbTypeOf(column.letter)) + ") AS " + sql::QuoteIdentifier(column.name);
  }
  return "(SELECT " + columns + " FROM (VALUES " + (none ? "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)" : values) +
         ") AS __a(datname, pid, usename, application_name, client_addr, since, state, query, wait_event_type)" + (none ? " WHERE false" : "") + ")";
}

std::string SettingsRelation(const query::SystemCatalog::Caller& caller) {
  std::string values;
  for (const auto& row : query::SettingTable()) {
    const std::string value = caller.setting ? caller.setting(row.name) : row.value;
    values += (values.empty() ? "(" : ", (") + QuoteLiteral(row.name) + ", " + QuoteLiteral(value) + ", " + QuoteLiteral(row.description) + ", " +
              (row.kind == query::SettingKind::kFixed ? "'internal'" : "'user'") + ", " +
              (row.kind == query::SettingKind::kBool      ? "'bool'"
               : row.kind == query::SettingKind::kEnum    ? "'enum'"
               : row.kind == query::SettingKind::kInteger ? "'integer'"
                                                          : "'string'") +
              ", " + QuoteLiteral(row.value) + ")";
  }
  std::string columns;
  for (const auto& column : FindFixedRelation(kCatalog, "pg_settings")->columns) {
    std::string value = "NULL";
    if (column.name == "category") value = "'Freshet'";
    else if (column.name == "source") value = "'default'";
    else if (column.name == "pending_restart") value = "false";
    else if (column.name == "reset_val") value = "boot_val";
    else
      for (std::string_view own : {"name", "setting", "short_desc", "context", "vartype", "boot_val"})
        if (column.name == own) value = std::string(own);
    columns += (columns.empty() ? "" : ", ") + ("CAST(" + value + " AS " + DuckDbTypeOf(column.letter)) + ") AS " + sql::QuoteIdentifier(column.name);
  }
  return "(SELECT " + columns + " FROM (VALUES " + values + ") AS __s(name, setting, short_desc, context, vartype, boot_val))";
}

}  // namespace

std::vector<std::string> CatalogDefinitions() {
  std::vector<std::string> out{"CREATE SCHEMA pgc", "CREATE SCHEMA infosch"};
  for (const auto& relation : FixedRelations()) out.push_back(CreateTable(relation));
  for (const char* table : {"__formats (oid UINTEGER, typname VARCHAR, format VARCHAR)", "__spellings (name VARCHAR, oid UINTEGER)",
                            "__display (oid UINTEGER, name VARCHAR)", "__definitions (oid UINTEGER, definition VARCHAR)",
                            "__grants (role VARCHAR, oid UINTEGER)"})
    out.push_back(std::string("CREATE TABLE pgc.") + table);
  out.push_back("CREATE TABLE pgc.__keywords AS SELECT keyword_name AS word, CASE keyword_category WHEN 'reserved' THEN 'R' ELSE 'U' END AS "
                "catcode, true AS barelabel, keyword_category AS catdesc, '' AS baredesc FROM duckdb_keywords()");
  for (auto& macro : MacroDefinitions()) out.push_back(std::move(macro));
  FixedTypeRows(&out);
  FixedProcRows(&out);
  FixedRelationRows(&out);
  FixedRest(&out);
  return out;
}

std::vector<std::string> CatalogRows(const CatalogNames& names, const std::string& database) {
  std::vector<std::string> out;
  const std::string ours = " >= " + Number(kFreshetNamespace);
  for (const std::string& old : {"pgc.pg_class WHERE oid" + ours, "pgc.pg_attribute WHERE attrelid" + ours, "pgc.__display WHERE oid" + ours})
    out.push_back("DELETE FROM " + old);
  for (const char* table : {"pgc.__spellings", "pgc.__definitions", "pgc.__grants", "pgc.pg_tables", "pgc.pg_views", "pgc.pg_matviews",
                            "pgc.pg_roles", "pgc.pg_user", "pgc.pg_database", "infosch.tables", "infosch.columns", "infosch.views",
                            "infosch.schemata", "infosch.information_schema_catalog_name", "infosch.enabled_roles", "infosch.character_sets",
                            "pgc.pg_rewrite", "pgc.pg_depend"})
    out.push_back(std::string("DELETE FROM ") + table);
  ClassRows(names, &out);
  NameRows(names, &out);
  ListingRows(names, &out);
  InformationRows(names, database, &out);
  DependencyRows(names, &out);
  RoleRows(names, &out);
  DatabaseRows(database, &out);
  return out;
}

std::string LiveRelation(std::string_view schema, std::string_view name, const query::SystemCatalog::Caller& caller) {
  if (schema == kInformation) return {};
  if (name == "pg_stat_activity") return Activity(caller);
  if (name == "pg_settings") return SettingsRelation(caller);
  return {};
}

}  // namespace pgwire
