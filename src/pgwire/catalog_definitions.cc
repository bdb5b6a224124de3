// Columns of pg_catalog and information_schema as PostgreSQL 15 has them, as far as clients ask for them, and the functions that
// go with them. A table is "name: column type, ..."; o = oid, i = int, s = smallint, l = bigint, t = text, b = bool, f = real,
// c = "char", z = timestamptz, O = oid[], T = text[], I = smallint[].

#include <array>
#include <map>
#include <set>

#include "pgwire/catalog_relations.h"

namespace pgwire {
namespace {

constexpr std::array kCatalogTables{
    "pg_namespace: oid o, nspname t, nspowner o, nspacl T",
    "pg_class: oid o, relname t, relnamespace o, reltype o, reloftype o, relowner o, relam o, relfilenode o, reltablespace o, "
    "relpages i, reltuples f, relallvisible i, reltoastrelid o, relhasindex b, relisshared b, relpersistence t, relkind t, "
    "relnatts s, relchecks s, relhasrules b, relhastriggers b, relhassubclass b, relrowsecurity b, relforcerowsecurity b, "
    "relispopulated b, relreplident t, relispartition b, relrewrite o, relfrozenxid l, relminmxid l, relacl T, reloptions T, "
    "relpartbound t, relhasoids b",
    "pg_attribute: attrelid o, attname t, atttypid o, attstattarget i, attlen s, attnum s, attndims i, attcacheoff i, atttypmod i, "
    "attbyval b, attalign t, attstorage t, attcompression t, attnotnull b, atthasdef b, atthasmissing b, attidentity t, "
    "attgenerated t, attisdropped b, attislocal b, attinhcount i, attcollation o, attacl T, attoptions T, attfdwoptions T, "
    "attmissingval t",
    "pg_type: oid o, typname t, typnamespace o, typowner o, typlen s, typbyval b, typtype t, typcategory t, typispreferred b, "
    "typisdefined b, typdelim t, typrelid o, typsubscript t, typelem o, typarray o, typinput t, typoutput t, typreceive t, "
    "typsend t, typmodin t, typmodout t, typanalyze t, typalign t, typstorage t, typnotnull b, typbasetype o, typtypmod i, "
    "typndims i, typcollation o, typdefaultbin t, typdefault t, typacl T",
    "pg_attrdef: oid o, adrelid o, adnum s, adbin t",
    "pg_index: indexrelid o, indrelid o, indnatts s, indnkeyatts s, indisunique b, indnullsnotdistinct b, indisprimary b, "
    "indisexclusion b, indimmediate b, indisclustered b, indisvalid b, indcheckxmin b, indisready b, indislive b, "
    "indisreplident b, indkey I, indcollation O, indclass O, indoption I, indexprs t, indpred t",
    "pg_constraint: oid o, conname t, connamespace o, contype t, condeferrable b, condeferred b, convalidated b, conrelid o, "
    "contypid o, conindid o, conparentid o, confrelid o, confupdtype t, confdeltype t, confmatchtype t, conislocal b, "
    "coninhcount i, connoinherit b, conkey I, confkey I, conpfeqop O, conppeqop O, conffeqop O, confdelsetcols I, conexclop O, "
    "conbin t",
    "pg_description: objoid o, classoid o, objsubid i, description t",
    "pg_shdescription: objoid o, classoid o, description t",
    "pg_proc: oid o, proname t, pronamespace o, proowner o, prolang o, procost f, prorows f, provariadic o, prosupport t, prokind t, "
    "prosecdef b, proleakproof b, proisstrict b, proretset b, provolatile t, proparallel t, pronargs s, pronargdefaults s, "
    "prorettype o, proargtypes O, proallargtypes O, proargmodes T, proargnames T, proargdefaults t, protrftypes O, prosrc t, "
    "probin t, prosqlbody t, proconfig T, proacl T",
    "pg_am: oid o, amname t, amhandler t, amtype t",
    "pg_enum: oid o, enumtypid o, enumsortorder f, enumlabel t",
    "pg_range: rngtypid o, rngsubtype o, rngmultitypid o, rngcollation o, rngsubopc o, rngcanonical t, rngsubdiff t",
    "pg_collation: oid o, collname t, collnamespace o, collowner o, collprovider t, collisdeterministic b, collencoding i, "
    "collcollate t, collctype t, colliculocale t, collversion t",
    "pg_database: oid o, datname t, datdba o, encoding i, datlocprovider t, datistemplate b, datallowconn b, datconnlimit i, "
    "datfrozenxid l, datminmxid l, dattablespace o, datcollate t, datctype t, daticulocale t, datcollversion t, datacl T",
    "pg_roles: oid o, rolname t, rolsuper b, rolinherit b, rolcreaterole b, rolcreatedb b, rolcanlogin b, rolreplication b, "
    "rolconnlimit i, rolpassword t, rolvaliduntil z, rolbypassrls b, rolconfig T",
    "pg_user: usename t, usesysid o, usecreatedb b, usesuper b, userepl b, usebypassrls b, passwd t, valuntil z, useconfig T",
    "pg_auth_members: roleid o, member o, grantor o, admin_option b",
    "pg_settings: name t, setting t, unit t, category t, short_desc t, extra_desc t, context t, vartype t, source t, min_val t, "
    "max_val t, enumvals T, boot_val t, reset_val t, sourcefile t, sourceline i, pending_restart b",
    "pg_stat_activity: datid o, datname t, pid i, leader_pid i, usesysid o, usename t, application_name t, client_addr t, "
    "client_hostname t, client_port i, backend_start z, xact_start z, query_start z, state_change z, wait_event_type t, "
    "wait_event t, state t, backend_xid l, backend_xmin l, query_id l, query t, backend_type t",
    "pg_tables: schemaname t, tablename t, tableowner t, tablespace t, hasindexes b, hasrules b, hastriggers b, rowsecurity b",
    "pg_views: schemaname t, viewname t, viewowner t, definition t",
    "pg_matviews: schemaname t, matviewname t, matviewowner t, tablespace t, hasindexes b, ispopulated b, definition t",
    "pg_inherits: inhrelid o, inhparent o, inhseqno i, inhdetachpending b",
    "pg_rewrite: oid o, rulename t, ev_class o, ev_type t, ev_enabled t, is_instead b, ev_qual t, ev_action t",
    "pg_extension: oid o, extname t, extowner o, extnamespace o, extrelocatable b, extversion t, extconfig O, extcondition T",
    "pg_available_extensions: name t, default_version t, installed_version t, comment t",
    "pg_trigger: oid o, tgrelid o, tgparentid o, tgname t, tgfoid o, tgtype s, tgenabled t, tgisinternal b, tgconstrrelid o, "
    "tgconstrindid o, tgconstraint o, tgdeferrable b, tginitdeferred b, tgnargs s, tgattr I, tgargs t, tgqual t, tgoldtable t, "
    "tgnewtable t",
    "pg_policy: oid o, polname t, polrelid o, polcmd t, polpermissive b, polroles O, polqual t, polwithcheck t",
    "pg_policies: schemaname t, tablename t, policyname t, permissive t, roles T, cmd t, qual t, with_check t",
    "pg_sequence: seqrelid o, seqtypid o, seqstart l, seqincrement l, seqmax l, seqmin l, seqcache l, seqcycle b",
    "pg_sequences: schemaname t, sequencename t, sequenceowner t, data_type t, start_value l, min_value l, max_value l, "
    "increment_by l, cycle b, cache_size l, last_value l",
    "pg_depend: classid o, objid o, objsubid i, refclassid o, refobjid o, refobjsubid i, deptype t",
    "pg_shdepend: dbid o, classid o, objid o, objsubid i, refclassid o, refobjid o, deptype t",
    "pg_opclass: oid o, opcmethod o, opcname t, opcnamespace o, opcowner o, opcfamily o, opcintype o, opcdefault b, opckeytype o",
    "pg_operator: oid o, oprname t, oprnamespace o, oprowner o, oprkind t, oprcanmerge b, oprcanhash b, oprleft o, oprright o, "
    "oprresult o, oprcom o, oprnegate o, oprcode t, oprrest t, oprjoin t",
    "pg_tablespace: oid o, spcname t, spcowner o, spcacl T, spcoptions T",
    "pg_publication: oid o, pubname t, pubowner o, puballtables b, pubinsert b, pubupdate b, pubdelete b, pubtruncate b, pubviaroot b",
    "pg_publication_rel: oid o, prpubid o, prrelid o, prqual t, prattrs I",
    "pg_publication_namespace: oid o, pnpubid o, pnnspid o",
    "pg_publication_tables: pubname t, schemaname t, tablename t, attnames T, rowfilter t",
    "pg_subscription: oid o, subdbid o, subname t, subowner o, subenabled b",
    "pg_statistic_ext: oid o, stxrelid o, stxname t, stxnamespace o, stxowner o, stxstattarget i, stxkeys I, stxkind T, stxexprs t",
    "pg_foreign_table: ftrelid o, ftserver o, ftoptions T",
    "pg_foreign_server: oid o, srvname t, srvowner o, srvfdw o, srvtype t, srvversion t, srvacl T, srvoptions T",
    "pg_foreign_data_wrapper: oid o, fdwname t, fdwowner o, fdwhandler o, fdwvalidator o, fdwacl T, fdwoptions T",
    "pg_partitioned_table: partrelid o, partstrat t, partnatts s, partdefid o, partattrs I, partclass O, partcollation O, partexprs t",
    "pg_language: oid o, lanname t, lanowner o, lanispl b, lanpltrusted b, lanplcallfoid o, laninline o, lanvalidator o, lanacl T",
    "pg_cast: oid o, castsource o, casttarget o, castfunc o, castcontext t, castmethod t",
    "pg_event_trigger: oid o, evtname t, evtevent t, evtowner o, evtfoid o, evtenabled t, evttags T",
    "pg_default_acl: oid o, defaclrole o, defaclnamespace o, defaclobjtype t, defaclacl T",
    "pg_locks: locktype t, database o, relation o, page i, tuple s, virtualxid t, transactionid l, classid o, objid o, objsubid s, "
    "virtualtransaction t, pid i, mode t, granted b, fastpath b, waitstart z",
    "pg_stat_user_tables: relid o, schemaname t, relname t, seq_scan l, seq_tup_read l, idx_scan l, idx_tup_fetch l, n_tup_ins l, "
    "n_tup_upd l, n_tup_del l, n_live_tup l, n_dead_tup l, last_vacuum z, last_autovacuum z, last_analyze z, last_autoanalyze z",
    "pg_indexes: schemaname t, tablename t, indexname t, tablespace t, indexdef t",
    "pg_timezone_names: name t, abbrev t, utc_offset t, is_dst b",
    "pg_aggregate: aggfnoid o, aggkind t, aggnumdirectargs s",
    "pg_conversion: oid o, conname t, connamespace o",
    "pg_ts_config: oid o, cfgname t, cfgnamespace o, cfgowner o, cfgparser o",
    "pg_stat_ssl: pid i, ssl b, version t, cipher t, bits i",
};

constexpr std::array kInformationTables{
    "schemata: catalog_name t, schema_name t, schema_owner t, default_character_set_catalog t, default_character_set_schema t, "
    "default_character_set_name t, sql_path t",
    "tables: table_catalog t, table_schema t, table_name t, table_type t, self_referencing_column_name t, reference_generation t, "
    "user_defined_type_catalog t, user_defined_type_schema t, user_defined_type_name t, is_insertable_into t, is_typed t, "
    "commit_action t",
    "columns: table_catalog t, table_schema t, table_name t, column_name t, ordinal_position i, column_default t, is_nullable t, "
    "data_type t, character_maximum_length i, character_octet_length i, numeric_precision i, numeric_precision_radix i, "
    "numeric_scale i, datetime_precision i, interval_type t, interval_precision i, character_set_catalog t, character_set_schema t, "
    "character_set_name t, collation_catalog t, collation_schema t, collation_name t, domain_catalog t, domain_schema t, "
    "domain_name t, udt_catalog t, udt_schema t, udt_name t, scope_catalog t, scope_schema t, scope_name t, "
    "maximum_cardinality i, dtd_identifier t, is_self_referencing t, is_identity t, identity_generation t, identity_start t, "
    "identity_increment t, identity_maximum t, identity_minimum t, identity_cycle t, is_generated t, generation_expression t, "
    "is_updatable t",
    "views: table_catalog t, table_schema t, table_name t, view_definition t, check_option t, is_updatable t, is_insertable_into t, "
    "is_trigger_updatable t, is_trigger_deletable t, is_trigger_insertable_into t",
    "table_constraints: constraint_catalog t, constraint_schema t, constraint_name t, table_catalog t, table_schema t, table_name t, "
    "constraint_type t, is_deferrable t, initially_deferred t, enforced t, nulls_distinct t",
    "key_column_usage: constraint_catalog t, constraint_schema t, constraint_name t, table_catalog t, table_schema t, table_name t, "
    "column_name t, ordinal_position i, position_in_unique_constraint i",
    "referential_constraints: constraint_catalog t, constraint_schema t, constraint_name t, unique_constraint_catalog t, "
    "unique_constraint_schema t, unique_constraint_name t, match_option t, update_rule t, delete_rule t",
    "constraint_column_usage: table_catalog t, table_schema t, table_name t, column_name t, constraint_catalog t, "
    "constraint_schema t, constraint_name t",
    "routines: specific_catalog t, specific_schema t, specific_name t, routine_catalog t, routine_schema t, routine_name t, "
    "routine_type t, data_type t, routine_definition t",
    "parameters: specific_catalog t, specific_schema t, specific_name t, ordinal_position i, parameter_mode t, parameter_name t, data_type t",
    "sequences: sequence_catalog t, sequence_schema t, sequence_name t, data_type t",
    "triggers: trigger_catalog t, trigger_schema t, trigger_name t, event_manipulation t, event_object_table t",
    "table_privileges: grantor t, grantee t, table_catalog t, table_schema t, table_name t, privilege_type t, is_grantable t",
    "role_table_grants: grantor t, grantee t, table_catalog t, table_schema t, table_name t, privilege_type t, is_grantable t",
    "applicable_roles: grantee t, role_name t, is_grantable t",
    "enabled_roles: role_name t",
};

// name(parameters) AS body. Bodies use aliases of their own (__x), because macros are textual.
constexpr std::array kMacros{
    "__oid_of(x) AS coalesce(try_cast(CAST(x AS VARCHAR) AS UINTEGER), (SELECT max(__c.oid) FROM pgc.pg_class __c WHERE __c.relname = "
    "replace(regexp_replace(CAST(x AS VARCHAR), '^\"?(public|freshet|pg_catalog|information_schema)\"?[.]', ''), '\"', '')))",
    "__name_of(x) AS coalesce((SELECT max(__c.relname) FROM pgc.pg_class __c WHERE __c.oid = pgc.__oid_of(x)), CAST(x AS VARCHAR))",
    "__type_oid(x) AS coalesce(try_cast(CAST(x AS VARCHAR) AS UINTEGER), (SELECT max(__t.oid) FROM pgc.pg_type __t WHERE __t.typname = "
    "CAST(x AS VARCHAR)))",
    "format_type(o, m) AS (SELECT CASE WHEN o IS NULL THEN NULL ELSE coalesce(max(CASE WHEN __t.typname = 'numeric' AND "
    "coalesce(m, -1) >= 4 THEN 'numeric(' || ((m - 4) // 65536) || ',' || ((m - 4) % 65536) || ')' ELSE __t.typformat END), repeat('?', 3)) END "
    "FROM pgc.__type_names __t WHERE __t.oid = o)",
    "pg_get_expr(a, b) AS CAST(a AS VARCHAR)", "pg_get_expr(a, b, c) AS CAST(a AS VARCHAR)",
    "pg_get_viewdef(a) AS (SELECT max(__v.definition) FROM pgc.__definitions __v WHERE __v.oid = pgc.__oid_of(a))",
    "pg_get_viewdef(a, b) AS (SELECT max(__v.definition) FROM pgc.__definitions __v WHERE __v.oid = pgc.__oid_of(a))",
    "pg_get_userbyid(a) AS coalesce((SELECT max(__r.rolname) FROM pgc.pg_roles __r WHERE __r.oid = a), 'unknown (OID=' || a || ')')",
    "pg_table_is_visible(a) AS EXISTS (SELECT 1 FROM pgc.pg_class __c WHERE __c.oid = a AND __c.relnamespace IN (2200, 11))",
    "pg_type_is_visible(a) AS true", "pg_function_is_visible(a) AS true", "pg_operator_is_visible(a) AS true",
    "pg_opclass_is_visible(a) AS true", "pg_collation_is_visible(a) AS true", "pg_statistics_obj_is_visible(a) AS true",
    "pg_get_constraintdef(a) AS CAST(NULL AS VARCHAR)", "pg_get_constraintdef(a, b) AS CAST(NULL AS VARCHAR)",
    "pg_get_indexdef(a) AS CAST(NULL AS VARCHAR)", "pg_get_indexdef(a, b, c) AS CAST(NULL AS VARCHAR)",
    "pg_get_partkeydef(a) AS CAST(NULL AS VARCHAR)", "pg_get_ruledef(a) AS CAST(NULL AS VARCHAR)",
    "pg_get_ruledef(a, b) AS CAST(NULL AS VARCHAR)", "pg_get_triggerdef(a) AS CAST(NULL AS VARCHAR)",
    "pg_get_triggerdef(a, b) AS CAST(NULL AS VARCHAR)", "pg_get_functiondef(a) AS CAST(NULL AS VARCHAR)",
    "pg_get_function_result(a) AS CAST(NULL AS VARCHAR)", "pg_get_function_arguments(a) AS CAST(NULL AS VARCHAR)",
    "pg_get_function_identity_arguments(a) AS CAST(NULL AS VARCHAR)", "pg_get_statisticsobjdef_columns(a) AS CAST(NULL AS VARCHAR)",
    "pg_get_serial_sequence(a, b) AS CAST(NULL AS VARCHAR)", "pg_relation_is_publishable(a) AS false",
    "pg_encoding_to_char(a) AS CASE WHEN a = 6 THEN 'UTF8' ELSE 'SQL_ASCII' END", "pg_char_to_encoding(a) AS 6",
    "obj_description(a) AS CAST(NULL AS VARCHAR)", "obj_description(a, b) AS CAST(NULL AS VARCHAR)",
    "shobj_description(a, b) AS CAST(NULL AS VARCHAR)", "col_description(a, b) AS CAST(NULL AS VARCHAR)",
    "has_table_privilege(a, b) AS true", "has_table_privilege(a, b, c) AS true", "has_schema_privilege(a, b) AS true",
    "has_schema_privilege(a, b, c) AS true", "has_database_privilege(a, b) AS true", "has_database_privilege(a, b, c) AS true",
    "has_column_privilege(a, b, c) AS true", "has_column_privilege(a, b, c, d) AS true", "has_any_column_privilege(a, b) AS true",
    "has_any_column_privilege(a, b, c) AS true", "has_function_privilege(a, b) AS true", "has_function_privilege(a, b, c) AS true",
    "has_sequence_privilege(a, b) AS true", "has_sequence_privilege(a, b, c) AS true", "pg_has_role(a, b) AS true",
    "pg_has_role(a, b, c) AS true", "row_security_active(a) AS false",
    "quote_ident(a) AS CASE WHEN regexp_full_match(CAST(a AS VARCHAR), '[a-z_][a-z0-9_$]*') THEN CAST(a AS VARCHAR) ELSE '\"' || "
    "replace(CAST(a AS VARCHAR), '\"', '\"\"') || '\"' END",
    "quote_literal(a) AS '''' || replace(CAST(a AS VARCHAR), '''', '''''') || ''''",
    "array_to_string(a, b) AS list_aggregate(a, 'string_agg', b)", "array_length(a, b) AS nullif(len(a), 0)",
    "array_lower(a, b) AS CASE WHEN len(a) > 0 THEN 1 END", "array_upper(a, b) AS nullif(len(a), 0)",
    "to_regclass(a) AS pgc.__oid_of(a)", "to_regtype(a) AS pgc.__type_oid(a)", "pg_is_in_recovery() AS false",
    "pg_postmaster_start_time() AS CAST(now() AS TIMESTAMP)", "pg_conf_load_time() AS CAST(now() AS TIMESTAMP)",
    "txid_current() AS CAST(1 AS BIGINT)", "pg_relation_size(a) AS CAST(0 AS BIGINT)", "pg_table_size(a) AS CAST(0 AS BIGINT)",
    "pg_total_relation_size(a) AS CAST(0 AS BIGINT)", "pg_indexes_size(a) AS CAST(0 AS BIGINT)",
    "pg_database_size(a) AS CAST(0 AS BIGINT)", "pg_size_pretty(a) AS CAST(a AS VARCHAR) || ' bytes'",
    "pg_tablespace_location(a) AS ''", "pg_stat_get_numscans(a) AS CAST(0 AS BIGINT)", "pg_my_temp_schema() AS CAST(0 AS UINTEGER)",
    "pg_is_other_temp_schema(a) AS false", "inet_server_addr() AS CAST(NULL AS VARCHAR)", "inet_server_port() AS CAST(NULL AS INTEGER)",
    "pg_partition_ancestors(a) AS a", "pg_export_snapshot() AS ''", "pg_listening_channels() AS CAST(NULL AS VARCHAR)",
};

std::string DuckType(char letter) {
  switch (letter) {
    case 'o': return "UINTEGER";
    case 'i': return "INTEGER";
    case 's': return "SMALLINT";
    case 'l': return "BIGINT";
    case 'b': return "BOOLEAN";
    case 'f': return "FLOAT";
    case 'z': return "TIMESTAMP";
    case 'O': return "UINTEGER[]";
    case 'T': return "VARCHAR[]";
    case 'I': return "SMALLINT[]";
    default: return "VARCHAR";
  }
}

std::string CreateTable(std::string_view spec, const char* schema) {
  const size_t colon = spec.find(':');
  std::string out = std::string("CREATE TABLE ") + schema + ".\"" + std::string(spec.substr(0, colon)) + "\" (";
  std::string_view rest = spec.substr(colon + 1);
  for (bool first = true; !rest.empty(); first = false) {
    const size_t comma = std::min(rest.find(','), rest.size());
    std::string_view column = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (column.front() == ' ') column.remove_prefix(1);
    const size_t space = column.find(' ');
    out += (first ? "\"" : ", \"") + std::string(column.substr(0, space)) + "\" " + DuckType(column[space + 1]);
  }
  return out + ")";
}

template <size_t N>
std::set<std::string_view> NamesOf(const std::array<const char*, N>& specs, char end) {
  std::set<std::string_view> names;
  for (const char* spec : specs) names.insert(std::string_view(spec).substr(0, std::string_view(spec).find(end)));
  return names;
}

}  // namespace

bool IsCatalogRelation(std::string_view schema, std::string_view name) {
  static const auto catalog = NamesOf(kCatalogTables, ':'), information = NamesOf(kInformationTables, ':');
  if (schema == "information_schema") return information.contains(name);
  return (schema.empty() || schema == "pg_catalog") && catalog.contains(name);
}

bool IsCatalogFunction(std::string_view name) {
  static const auto names = NamesOf(kMacros, '(');
  return names.contains(name) || name == "pg_terminate_backend" || name == "pg_cancel_backend";
}

std::vector<std::string> CatalogDefinitions() {
  std::vector<std::string> out{"CREATE SCHEMA pgc", "CREATE SCHEMA infosch"};
  for (const char* spec : kCatalogTables) out.push_back(CreateTable(spec, "pgc"));
  for (const char* spec : kInformationTables) out.push_back(CreateTable(spec, "infosch"));
  out.push_back("CREATE TABLE pgc.__type_names (oid UINTEGER, typname VARCHAR, typformat VARCHAR)");
  out.push_back("CREATE TABLE pgc.__definitions (oid UINTEGER, definition VARCHAR)");
  // Overloads of one name are one macro.
  std::vector<std::string_view> order;
  std::map<std::string_view, std::string> bodies;
  for (const char* macro : kMacros) {
    const std::string_view text = macro;
    const std::string_view name = text.substr(0, text.find('('));
    if (!bodies.contains(name)) order.push_back(name);
    bodies[name] += (bodies[name].empty() ? "" : ", ") + std::string(text.substr(name.size()));
  }
  for (std::string_view name : order) out.push_back("CREATE MACRO pgc." + std::string(name) + bodies[name]);
  return out;
}

}  // namespace pgwire
