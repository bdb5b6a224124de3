// From the registry to the rows of pg_catalog and information_schema.

#include <array>

#include "pgwire/catalog_relations.h"
#include "pgwire/type_oids.h"
#include "sql/printer.h"

namespace pgwire {
namespace {

using model::Type;
using model::TypeId;
using sql::QuoteLiteral;

constexpr uint32_t kCatalogNamespace = 11, kPublicNamespace = 2200, kInformationNamespace = 13000, kFreshetNamespace = 13001;
constexpr uint32_t kFirstSystemRelation = 13100, kFirstObject = 16384, kDatabaseOid = 5, kOwner = 10;

struct KnownType {
  Type type;
  const char* name;
  char category;
  bool preferred, by_value;
  char align;
};

constexpr std::array kTypes{
    KnownType{{TypeId::kBool}, "bool", 'B', true, true, 'c'},          KnownType{{TypeId::kBytea}, "bytea", 'U', false, false, 'i'},
    KnownType{{TypeId::kChar}, "char", 'Z', false, true, 'c'},         KnownType{{TypeId::kName}, "name", 'S', false, false, 'c'},
    KnownType{{TypeId::kInt8}, "int8", 'N', false, true, 'd'},         KnownType{{TypeId::kInt2}, "int2", 'N', false, true, 's'},
    KnownType{{TypeId::kInt4}, "int4", 'N', false, true, 'i'},         KnownType{{TypeId::kText}, "text", 'S', true, false, 'i'},
    KnownType{{TypeId::kOid}, "oid", 'N', true, true, 'i'},            KnownType{{TypeId::kJson}, "json", 'U', false, false, 'i'},
    KnownType{{TypeId::kFloat4}, "float4", 'N', false, true, 'i'},     KnownType{{TypeId::kFloat8}, "float8", 'N', true, true, 'd'},
    KnownType{{TypeId::kDate}, "date", 'D', false, true, 'i'},         KnownType{{TypeId::kTime}, "time", 'D', false, true, 'd'},
    KnownType{{TypeId::kTimestamp}, "timestamp", 'D', false, true, 'd'},
    KnownType{{TypeId::kTimestampTz}, "timestamptz", 'D', true, true, 'd'},
    KnownType{{TypeId::kInterval}, "interval", 'T', true, false, 'd'}, KnownType{{TypeId::kNumeric}, "numeric", 'N', false, false, 'i'},
    KnownType{{TypeId::kUuid}, "uuid", 'U', false, false, 'c'},        KnownType{{TypeId::kJsonb}, "jsonb", 'U', false, false, 'i'},
    KnownType{{TypeId::kRegclass}, "regclass", 'N', false, true, 'i'}, KnownType{{TypeId::kRecord}, "record", 'P', false, false, 'd'},
};

std::string Bool(bool value) { return value ? "true" : "false"; }
std::string Number(int64_t value) { return std::to_string(value); }

// Collects rows of one table into INSERTs of at most 500 rows.
class Rows {
 public:
  Rows(std::string table, std::string columns, std::vector<std::string>* out)
      : head_("INSERT INTO " + std::move(table) + " (" + std::move(columns) + ") VALUES "), out_(out) {}
  ~Rows() { Flush(); }
  void Add(const std::string& values) {
    text_ += (text_.empty() ? "(" : ", (") + values + ")";
    if (++rows_ == 500) Flush();
  }

 private:
  void Flush() {
    if (!text_.empty()) out_->push_back(head_ + text_);
    text_.clear();
    rows_ = 0;
  }
  const std::string head_;
  std::vector<std::string>* out_;
  std::string text_;
  int rows_ = 0;
};

struct Relation {
  uint32_t oid;
  uint32_t name_space;
  std::string schema, name;
  char kind;                    // r source, m view, v system relation
  const model::Fields* fields;
  std::string definition;
};

std::vector<Relation> RelationsOf(const catalog::Catalog& catalog) {
  std::vector<Relation> out;
  for (const auto& [name, source] : catalog.sources)
    out.push_back({kFirstObject + static_cast<uint32_t>(source->id.value), kPublicNamespace, "public", name, 'r', &source->fields, ""});
  for (const auto& [name, view] : catalog.views)
    out.push_back({kFirstObject + static_cast<uint32_t>(view->id.value), kPublicNamespace, "public", name, 'm', &view->plan->fields,
                   view->definition});
  uint32_t system = kFirstSystemRelation;
  for (const auto& info : catalog.system_relations())
    out.push_back({system++, kFreshetNamespace, info.schema, info.name, 'v', &info.fields, ""});
  return out;
}

void Types(std::vector<std::string>* out) {
  Rows rows("pgc.pg_type",
            "oid, typname, typnamespace, typowner, typlen, typbyval, typtype, typcategory, typispreferred, typisdefined, typdelim, "
            "typrelid, typelem, typarray, typalign, typstorage, typnotnull, typbasetype, typtypmod, typndims, typcollation, "
            "typinput, typoutput, typreceive, typsend",
            out);
  Rows names("pgc.__type_names", "oid, typname, typformat", out);
  for (const auto& known : kTypes) {
    Type array_type = known.type;
    array_type.array = true;
    const TypeOid oid = OidOf(known.type), array = OidOf(array_type);
    const std::string name = known.name, pseudo = known.category == 'P' ? "'p'" : "'b'";
    const uint32_t array_oid = array.oid == oid.oid ? 0 : array.oid;
    rows.Add(Number(oid.oid) + ", '" + name + "', 11, 10, " + Number(oid.length) + ", " + Bool(known.by_value) + ", " + pseudo + ", '" +
             known.category + "', " + Bool(known.preferred) + ", true, ',', 0, 0, " + Number(array_oid) + ", '" + known.align +
             "', 'p', false, 0, -1, 0, " + (known.category == 'S' ? "100" : "0") + ", '" + name + "in', '" + name + "out', '" + name +
             "recv', '" + name + "send'");
    names.Add(Number(oid.oid) + ", '" + name + "', " + QuoteLiteral(model::NameOf(known.type)));
    if (array_oid == 0) continue;
    rows.Add(Number(array_oid) + ", '_" + name + "', 11, 10, -1, false, 'b', 'A', false, true, ',', 0, " + Number(oid.oid) +
             ", 0, 'i', 'x', false, 0, -1, 0, 0, 'array_in', 'array_out', 'array_recv', 'array_send'");
    names.Add(Number(array_oid) + ", '_" + name + "', " + QuoteLiteral(model::NameOf(array_type)));
  }
}

void Classes(const std::vector<Relation>& relations, std::vector<std::string>* out) {
  Rows classes("pgc.pg_class",
               "oid, relname, relnamespace, reltype, reloftype, relowner, relam, relfilenode, reltablespace, relpages, reltuples, "
               "relallvisible, reltoastrelid, relhasindex, relisshared, relpersistence, relkind, relnatts, relchecks, relhasrules, "
               "relhastriggers, relhassubclass, relrowsecurity, relforcerowsecurity, relispopulated, relreplident, relispartition, "
               "relrewrite, relfrozenxid, relminmxid, relhasoids",
               out);
  Rows attributes("pgc.pg_attribute",
                  "attrelid, attname, atttypid, attstattarget, attlen, attnum, attndims, attcacheoff, atttypmod, attbyval, attalign, "
                  "attstorage, attcompression, attnotnull, atthasdef, atthasmissing, attidentity, attgenerated, attisdropped, "
                  "attislocal, attinhcount, attcollation",
                  out);
  Rows definitions("pgc.__definitions", "oid, definition", out);
  for (const auto& relation : relations) {
    classes.Add(Number(relation.oid) + ", " + QuoteLiteral(relation.name) + ", " + Number(relation.name_space) + ", 0, 0, " +
                Number(kOwner) + ", " + (relation.kind == 'v' ? "0" : "2") + ", 0, 0, 0, -1, 0, 0, false, false, 'p', '" + relation.kind +
                "', " + Number(static_cast<int64_t>(relation.fields->size())) + ", 0, " + Bool(relation.kind == 'v') +
                ", false, false, false, false, true, 'n', false, 0, 0, 0, false");
    if (!relation.definition.empty()) definitions.Add(Number(relation.oid) + ", " + QuoteLiteral(relation.definition));
    int number = 0;
    for (const auto& field : *relation.fields) {
      const TypeOid oid = OidOf(field.type);
      attributes.Add(Number(relation.oid) + ", " + QuoteLiteral(field.name) + ", " + Number(oid.oid) + ", -1, " + Number(oid.length) +
                     ", " + Number(++number) + ", 0, -1, " + Number(oid.modifier) +
                     ", false, 'i', 'p', '', false, false, false, '', '', false, true, 0, " +
                     (field.type.IsText() ? "100" : "0"));
    }
  }
}

void Listings(const std::vector<Relation>& relations, std::vector<std::string>* out) {
  Rows tables("pgc.pg_tables", "schemaname, tablename, tableowner, hasindexes, hasrules, hastriggers, rowsecurity", out);
  Rows views("pgc.pg_views", "schemaname, viewname, viewowner, definition", out);
  Rows materialized("pgc.pg_matviews", "schemaname, matviewname, matviewowner, hasindexes, ispopulated, definition", out);
  for (const auto& relation : relations) {
    const std::string name = QuoteLiteral(relation.schema) + ", " + QuoteLiteral(relation.name) + ", 'freshet'";
    if (relation.kind == 'r') tables.Add(name + ", false, false, false, false");
    else if (relation.kind == 'v') views.Add(name + ", ''");
    else materialized.Add(name + ", false, true, " + QuoteLiteral(relation.definition));
  }
}

void Information(const std::vector<Relation>& relations, const std::string& database, std::vector<std::string>* out) {
  Rows tables("infosch.tables", "table_catalog, table_schema, table_name, table_type, is_insertable_into, is_typed", out);
  Rows columns("infosch.columns",
               "table_catalog, table_schema, table_name, column_name, ordinal_position, is_nullable, data_type, numeric_precision, "
               "numeric_scale, udt_catalog, udt_schema, udt_name, is_self_referencing, is_identity, is_generated, is_updatable",
               out);
  Rows views("infosch.views", "table_catalog, table_schema, table_name, view_definition, check_option, is_updatable, is_insertable_into", out);
  for (const auto& relation : relations) {
    const std::string name = QuoteLiteral(database) + ", " + QuoteLiteral(relation.schema) + ", " + QuoteLiteral(relation.name);
    tables.Add(name + ", " + (relation.kind == 'r' ? "'BASE TABLE'" : "'VIEW'") + ", 'NO', 'NO'");
    if (relation.kind != 'r') views.Add(name + ", " + QuoteLiteral(relation.definition) + ", 'NONE', 'NO', 'NO'");
    int number = 0;
    for (const auto& field : *relation.fields) {
      Type plain = field.type;
      plain.precision = plain.scale = 0;
      std::string udt = "text";
      for (const auto& known : kTypes)
        if (known.type.id == field.type.id) udt = (field.type.array ? "_" : "") + std::string(known.name);
      const bool sized = field.type.id == TypeId::kNumeric && field.type.precision > 0;
      columns.Add(name + ", " + QuoteLiteral(field.name) + ", " + Number(++number) + ", 'YES', " +
                  (field.type.array ? "'ARRAY'" : QuoteLiteral(model::NameOf(plain))) + ", " +
                  (sized ? Number(field.type.precision) : "NULL") + ", " + (sized ? Number(field.type.scale) : "NULL") + ", " +
                  QuoteLiteral(database) + ", 'pg_catalog', '" + udt + "', 'NO', 'NO', 'NEVER', 'NO'");
    }
  }
}

void Namespaces(const std::string& database, std::vector<std::string>* out) {
  Rows rows("pgc.pg_namespace", "oid, nspname, nspowner", out);
  Rows schemata("infosch.schemata", "catalog_name, schema_name, schema_owner", out);
  const std::pair<uint32_t, const char*> known[] = {{kCatalogNamespace, "pg_catalog"}, {kPublicNamespace, "public"},
                                                    {kInformationNamespace, "information_schema"}, {kFreshetNamespace, "freshet"}};
  for (const auto& [oid, name] : known) {
    rows.Add(Number(oid) + ", '" + name + "', 10");
    schemata.Add(QuoteLiteral(database) + ", '" + name + "', 'freshet'");
  }
}

void Roles(const catalog::Catalog& catalog, std::vector<std::string>* out) {
  Rows roles("pgc.pg_roles",
             "oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolconnlimit, rolpassword, rolbypassrls",
             out);
  Rows users("pgc.pg_user", "usename, usesysid, usecreatedb, usesuper, userepl, usebypassrls, passwd", out);
  for (const auto& [name, role] : catalog.roles) {
    const std::string oid = name == "freshet" ? Number(kOwner) : Number(kFirstObject + static_cast<uint32_t>(role->id.value));
    const std::string admin = Bool(role->administrator);
    roles.Add(oid + ", " + QuoteLiteral(name) + ", " + admin + ", true, " + admin + ", false, " + Bool(role->login) +
              ", false, -1, '********', " + admin);
    if (role->login) users.Add(QuoteLiteral(name) + ", " + oid + ", false, " + admin + ", false, " + admin + ", '********'");
  }
}

void Rest(const std::string& database, const std::string& server_version, std::vector<std::string>* out) {
  out->push_back(
      "INSERT INTO pgc.pg_database (oid, datname, datdba, encoding, datlocprovider, datistemplate, datallowconn, datconnlimit, "
      "dattablespace, datcollate, datctype) VALUES (" + Number(kDatabaseOid) + ", " + QuoteLiteral(database) +
      ", 10, 6, 'c', false, true, -1, 1663, 'C.UTF-8', 'C.UTF-8')");
  out->push_back("INSERT INTO pgc.pg_am (oid, amname, amhandler, amtype) VALUES (2, 'heap', 'heap_tableam_handler', 't')");
  out->push_back("INSERT INTO pgc.pg_tablespace (oid, spcname, spcowner) VALUES (1663, 'pg_default', 10)");
  out->push_back("INSERT INTO pgc.pg_language (oid, lanname, lanowner, lanispl, lanpltrusted) VALUES (14, 'sql', 10, false, true)");
  out->push_back(
      "INSERT INTO pgc.pg_collation (oid, collname, collnamespace, collowner, collprovider, collisdeterministic, collencoding) VALUES "
      "(100, 'default', 11, 10, 'd', true, -1), (950, 'C', 11, 10, 'c', true, -1)");
  out->push_back(
      "INSERT INTO pgc.pg_settings (name, setting, category, context, vartype, source) VALUES "
      "('server_version', " + QuoteLiteral(server_version) + ", 'Preset Options', 'internal', 'string', 'default'), "
      "('server_encoding', 'UTF8', 'Preset Options', 'internal', 'string', 'default'), "
      "('max_index_keys', '32', 'Preset Options', 'internal', 'integer', 'default'), "
      "('max_identifier_length', '63', 'Preset Options', 'internal', 'integer', 'default'), "
      "('standard_conforming_strings', 'on', 'Client', 'user', 'bool', 'default')");
  out->push_back("INSERT INTO infosch.enabled_roles (role_name) SELECT rolname FROM pgc.pg_roles");
}

}  // namespace

std::vector<std::string> CatalogRows(const catalog::Catalog& catalog, const std::string& database, const std::string& server_version) {
  std::vector<std::string> out;
  for (const char* table : {"pgc.pg_type", "pgc.__type_names", "pgc.pg_class", "pgc.pg_attribute", "pgc.__definitions", "pgc.pg_tables",
                            "pgc.pg_views", "pgc.pg_matviews", "infosch.tables", "infosch.columns", "infosch.views", "pgc.pg_namespace",
                            "infosch.schemata", "pgc.pg_roles", "pgc.pg_user", "pgc.pg_database", "pgc.pg_am", "pgc.pg_tablespace",
                            "pgc.pg_language", "pgc.pg_collation", "pgc.pg_settings", "infosch.enabled_roles"})
    out.push_back(std::string("DELETE FROM ") + table);
  const auto relations = RelationsOf(catalog);
  Types(&out);
  Classes(relations, &out);
  Listings(relations, &out);
  Information(relations, database, &out);
  Namespaces(database, &out);
  Roles(catalog, &out);
  Rest(database, server_version, &out);
  return out;
}

std::string ActivityRows(const query::Engine* engine, const std::string& database) {
  std::string values;
  if (engine != nullptr) {
    for (const auto& backend : engine->Backends())
      values += (values.empty() ? "(" : ", (") + Number(kDatabaseOid) + ", " + QuoteLiteral(database) + ", " + Number(backend.pid) + ", " +
                QuoteLiteral(backend.role) + ", " + QuoteLiteral(backend.application_name) + ", " + QuoteLiteral(backend.client_address) +
                ", make_timestamp(" + Number(backend.since.time_since_epoch().count()) + "), " + QuoteLiteral(backend.state) + ", " +
                QuoteLiteral(backend.query) + ")";
  }
  const std::string none = "(0, '', 0, '', '', '', NULL, '', '')";
  return "(SELECT CAST(datid AS UINTEGER) AS datid, datname, CAST(pid AS INTEGER) AS pid, CAST(NULL AS INTEGER) AS leader_pid, "
         "CAST(10 AS UINTEGER) AS usesysid, usename, application_name, client_addr, CAST(NULL AS VARCHAR) AS client_hostname, "
         "CAST(NULL AS INTEGER) AS client_port, CAST(query_start AS TIMESTAMP) AS backend_start, CAST(query_start AS TIMESTAMP) AS xact_start, "
         "CAST(query_start AS TIMESTAMP) AS query_start, CAST(query_start AS TIMESTAMP) AS state_change, CAST(NULL AS VARCHAR) AS "
         "wait_event_type, CAST(NULL AS VARCHAR) AS wait_event, state, CAST(NULL AS BIGINT) AS backend_xid, CAST(NULL AS BIGINT) AS "
         "backend_xmin, CAST(NULL AS BIGINT) AS query_id, query, 'client backend' AS backend_type FROM (VALUES " +
         (values.empty() ? none : values) + ") AS __a(datid, datname, pid, usename, application_name, client_addr, query_start, state, query)" +
         (values.empty() ? " WHERE false" : "") + ")";
}

}  // namespace pgwire
