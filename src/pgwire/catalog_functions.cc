#include "pgwire/catalog_functions.h"

#include <array>
#include <map>

namespace pgwire {
namespace {

#define FRESHET_TEXT_NULL "AS CAST(NULL AS VARCHAR)"

constexpr std::array kFunctionTable{
    // Of the session and the registry.
    CatalogFunction{"current_schema", 'n', "!"},
    CatalogFunction{"current_schemas", 'N', "!"},
    CatalogFunction{"current_database", 'n', "!"},
    CatalogFunction{"current_catalog", 'n', "!"},
    CatalogFunction{"current_user", 'n', "!"},
    CatalogFunction{"session_user", 'n', "!"},
    CatalogFunction{"user", 'n', "!"},
    CatalogFunction{"current_role", 'n', "!"},
    CatalogFunction{"version", 't', "!"},
    CatalogFunction{"pg_backend_pid", 'i', "!"},
    CatalogFunction{"current_setting", 't', "!"},
    CatalogFunction{"set_config", 't', "!"},
    CatalogFunction{"pg_terminate_backend", 'b', "!"},
    CatalogFunction{"pg_cancel_backend", 'b', "!"},
    CatalogFunction{"pg_table_is_visible", 'b', "!"},
    CatalogFunction{"has_table_privilege", 'b', "!"},
    CatalogFunction{"has_any_column_privilege", 'b', "!"},
    CatalogFunction{"has_column_privilege", 'b', "!"},
    CatalogFunction{"has_schema_privilege", 'b', "!"},
    CatalogFunction{"has_database_privilege", 'b', "!"},
    CatalogFunction{"has_sequence_privilege", 'b', "!"},
    CatalogFunction{"has_function_privilege", 'b', "!"},
    CatalogFunction{"has_type_privilege", 'b', "!"},
    CatalogFunction{"has_language_privilege", 'b', "!"},
    CatalogFunction{"has_tablespace_privilege", 'b', "!"},
    CatalogFunction{"pg_has_role", 'b', "!"},
    CatalogFunction{"to_regclass", 'o', "!"},
    CatalogFunction{"to_regtype", 'o', "!"},
    CatalogFunction{"to_regnamespace", 'o', "!"},
    CatalogFunction{"to_regrole", 'o', "!"},
    CatalogFunction{"format", 't', "!"},
    // Look-ups in the tables.
    CatalogFunction{"__oid_of", 'o',
                    "(x) AS coalesce(try_cast(CAST(x AS VARCHAR) AS UINTEGER), (SELECT "
                    "max(__s.oid) FROM pgc.__spellings __s "
                    "WHERE __s.name = CAST(x AS VARCHAR)))"},
    CatalogFunction{"__name_of", 't',
                    "(x) AS coalesce((SELECT max(__d.name) FROM pgc.__display __d WHERE __d.oid = "
                    "try_cast(x AS UINTEGER)), "
                    "CAST(x AS VARCHAR))"},
    CatalogFunction{"__type_of", 'o',
                    "(x) AS coalesce(try_cast(CAST(x AS VARCHAR) AS UINTEGER), (SELECT "
                    "max(__t.oid) FROM pgc.__formats __t WHERE "
                    "__t.typname = CAST(x AS VARCHAR) OR __t.format = CAST(x AS VARCHAR)))"},
    CatalogFunction{"__proc_of", 'o',
                    "(x) AS coalesce(try_cast(CAST(x AS VARCHAR) AS UINTEGER), (SELECT "
                    "max(__p.oid) FROM pgc.pg_proc __p WHERE "
                    "__p.proname = replace(CAST(x AS VARCHAR), 'pg_catalog.', '')))"},
    CatalogFunction{"__proc_name", 't',
                    "(x) AS CASE WHEN x = 0 THEN '-' ELSE coalesce((SELECT max(__p.proname) FROM "
                    "pgc.pg_proc __p WHERE __p.oid = "
                    "try_cast(x AS UINTEGER)), CAST(x AS VARCHAR)) END"},
    CatalogFunction{"__namespace_of", 'o',
                    "(x) AS coalesce(try_cast(CAST(x AS VARCHAR) AS UINTEGER), (SELECT "
                    "max(__n.oid) FROM pgc.pg_namespace __n WHERE "
                    "__n.nspname = CAST(x AS VARCHAR)))"},
    CatalogFunction{"__namespace_name", 't',
                    "(x) AS coalesce((SELECT max(__n.nspname) FROM pgc.pg_namespace __n WHERE "
                    "__n.oid = try_cast(x AS UINTEGER)), "
                    "CAST(x AS VARCHAR))"},
    CatalogFunction{"__role_of", 'o',
                    "(x) AS coalesce(try_cast(CAST(x AS VARCHAR) AS UINTEGER), (SELECT "
                    "max(__r.oid) FROM pgc.pg_roles __r WHERE "
                    "__r.rolname = CAST(x AS VARCHAR)))"},
    CatalogFunction{"__integer", 'i', "(x) AS CAST(x AS INTEGER)"},
    CatalogFunction{"__text", 't', "(x) AS CAST(x AS VARCHAR)"},
    CatalogFunction{"__instant", 'z', "(x) AS make_timestamp(CAST(x AS BIGINT))"},
    CatalogFunction{"__visible", 'b',
                    "(x, path) AS EXISTS (SELECT 1 FROM pgc.pg_class __c WHERE __c.oid = "
                    "try_cast(CAST(x AS VARCHAR) AS UINTEGER) AND "
                    "list_contains(path, __c.relnamespace))"},
    CatalogFunction{"__may_select", 'b',
                    "(who, x) AS pgc.__oid_of(x) < 14000 OR EXISTS (SELECT 1 FROM pgc.__grants __g "
                    "WHERE __g.role = who AND __g.oid = pgc.__oid_of(x))"},
    CatalogFunction{
        "format_type", 't',
        "(o, m) AS (SELECT CASE WHEN o IS NULL THEN NULL WHEN max(__f.oid) IS NULL THEN "
        "repeat('?', 3) WHEN max(__f.oid) = 1700 AND "
        "coalesce(m, -1) >= 4 THEN 'numeric(' || ((m - 4) // 65536) || ',' || ((m - 4) % 65536) || "
        "')' ELSE max(__f.format) END "
        "FROM pgc.__formats __f WHERE __f.oid = try_cast(CAST(o AS VARCHAR) AS UINTEGER))"},
    CatalogFunction{"pg_get_viewdef", 't',
                    "(a) AS (SELECT max(__v.definition) FROM pgc.__definitions __v WHERE __v.oid = "
                    "pgc.__oid_of(a))"},
    CatalogFunction{"pg_get_viewdef", 't',
                    "(a, b) AS (SELECT max(__v.definition) FROM pgc.__definitions __v WHERE "
                    "__v.oid = pgc.__oid_of(a))"},
    CatalogFunction{"pg_get_userbyid", 'n',
                    "(a) AS coalesce((SELECT max(__r.rolname) FROM pgc.pg_roles __r WHERE __r.oid "
                    "= a), 'unknown (OID=' || a || ')')"},
    CatalogFunction{"pg_encoding_to_char", 'n', "(a) AS CASE WHEN a = 6 THEN 'UTF8' ELSE '' END"},
    CatalogFunction{"pg_char_to_encoding", 'i',
                    "(a) AS CASE WHEN upper(a) IN ('UTF8', 'UTF-8', 'UNICODE') THEN 6 ELSE -1 END"},
    // Nothing of that kind exists here: no defaults, constraints, indexes, triggers, partitions,
    // comments.
    CatalogFunction{"pg_get_expr", 't', "(a, b) AS CAST(a AS VARCHAR)"},
    CatalogFunction{"pg_get_expr", 't', "(a, b, c) AS CAST(a AS VARCHAR)"},
    CatalogFunction{"pg_get_constraintdef", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_constraintdef", 't', "(a, b) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_indexdef", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_indexdef", 't', "(a, b, c) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_partkeydef", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_partition_constraintdef", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_ruledef", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_ruledef", 't', "(a, b) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_triggerdef", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_triggerdef", 't', "(a, b) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_functiondef", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_function_arg_default", 't', "(a, b) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_function_result", 't',
                    "(a) AS (SELECT pgc.format_type(max(__p.prorettype), NULL) FROM pgc.pg_proc "
                    "__p WHERE __p.oid = a)"},
    CatalogFunction{"pg_get_function_arguments", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_function_identity_arguments", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_function_sqlbody", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_statisticsobjdef", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_statisticsobjdef_columns", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_get_serial_sequence", 't', "(a, b) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_describe_object", 't', "(a, b, c) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_identify_object", 't', "(a, b, c) " FRESHET_TEXT_NULL},
    CatalogFunction{"obj_description", 't', "(a) " FRESHET_TEXT_NULL},
    CatalogFunction{"obj_description", 't', "(a, b) " FRESHET_TEXT_NULL},
    CatalogFunction{"shobj_description", 't', "(a, b) " FRESHET_TEXT_NULL},
    CatalogFunction{"col_description", 't', "(a, b) " FRESHET_TEXT_NULL},
    CatalogFunction{"pg_relation_is_publishable", 'b', "(a) AS false"},
    CatalogFunction{"row_security_active", 'b', "(a) AS false"},
    CatalogFunction{"pg_partition_ancestors", 'o', "(a) AS pgc.__oid_of(a)"},
    CatalogFunction{"pg_partition_root", 'o', "(a) AS pgc.__oid_of(a)"},
    CatalogFunction{"pg_type_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_function_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_operator_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_opclass_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_opfamily_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_collation_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_conversion_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_statistics_obj_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_ts_config_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_ts_dict_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_ts_parser_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_ts_template_is_visible", 'b', "(a) AS true"},
    CatalogFunction{"pg_my_temp_schema", 'o', "() AS CAST(0 AS UINTEGER)"},
    CatalogFunction{"pg_is_other_temp_schema", 'b', "(a) AS false"},
    CatalogFunction{"pg_is_in_recovery", 'b', "() AS false"},
    CatalogFunction{"pg_tablespace_location", 't', "(a) AS ''"},
    CatalogFunction{"pg_relation_size", 'l', "(a) AS CAST(NULL AS BIGINT)"},
    CatalogFunction{"pg_relation_size", 'l', "(a, b) AS CAST(NULL AS BIGINT)"},
    CatalogFunction{"pg_table_size", 'l', "(a) AS CAST(NULL AS BIGINT)"},
    CatalogFunction{"pg_indexes_size", 'l', "(a) AS CAST(0 AS BIGINT)"},
    CatalogFunction{"pg_total_relation_size", 'l', "(a) AS CAST(NULL AS BIGINT)"},
    CatalogFunction{"pg_database_size", 'l', "(a) AS CAST(NULL AS BIGINT)"},
    CatalogFunction{"pg_size_pretty", 't', "(a) AS CAST(a AS VARCHAR) || ' bytes'"},
    CatalogFunction{"pg_stat_get_numscans", 'l', "(a) AS CAST(0 AS BIGINT)"},
    CatalogFunction{"inet_server_addr", 't', "() " FRESHET_TEXT_NULL},
    CatalogFunction{"inet_server_port", 'i', "() AS CAST(NULL AS INTEGER)"},
    CatalogFunction{"inet_client_addr", 't', "() " FRESHET_TEXT_NULL},
    CatalogFunction{"inet_client_port", 'i', "() AS CAST(NULL AS INTEGER)"},
    // Text and arrays as PostgreSQL has them.
    CatalogFunction{"quote_ident", 't',
                    "(a) AS CASE WHEN regexp_full_match(CAST(a AS VARCHAR), '[a-z_][a-z0-9_$]*') "
                    "THEN CAST(a AS VARCHAR) ELSE '\"' || "
                    "replace(CAST(a AS VARCHAR), '\"', '\"\"') || '\"' END"},
    CatalogFunction{"quote_literal", 't',
                    "(a) AS '''' || replace(CAST(a AS VARCHAR), '''', '''''') || ''''"},
    CatalogFunction{
        "quote_nullable", 't',
        "(a) AS coalesce('''' || replace(CAST(a AS VARCHAR), '''', '''''') || '''', 'NULL')"},
    CatalogFunction{"array_to_string", 't',
                    "(a, b) AS array_to_string(list_filter(a, lambda __e: __e IS NOT NULL), b)"},
    CatalogFunction{"array_to_string", 't',
                    "(a, b, c) AS array_to_string(list_transform(a, lambda __e: coalesce(CAST(__e "
                    "AS VARCHAR), c)), b)"},
    CatalogFunction{"array_lower", 'i', "(a, b) AS CASE WHEN len(a) > 0 THEN 1 END"},
    CatalogFunction{"array_upper", 'i', "(a, b) AS CAST(nullif(len(a), 0) AS INTEGER)"},
    CatalogFunction{"array_length", 'i', "(a, b) AS CAST(nullif(len(a), 0) AS INTEGER)"},
    CatalogFunction{"cardinality", 'i', "(a) AS CAST(len(a) AS INTEGER)"},
    CatalogFunction{"array_remove", '?',
                    "(a, b) AS list_filter(a, lambda __e: __e IS DISTINCT FROM b)"},
    CatalogFunction{"array_position", 'i', "(a, b) AS list_position(a, b)"},
    CatalogFunction{"array_append", '?', "=list_append"},
    CatalogFunction{"array_cat", '?', "=list_concat"},
    CatalogFunction{"array_ndims", 'i', "(a) AS CASE WHEN len(a) > 0 THEN 1 END"},
    CatalogFunction{"_pg_expandarray", '?',
                    "(a) AS unnest(list_transform(range(1, len(a) + 1), lambda __i: {'x': a[__i], "
                    "'n': CAST(__i AS INTEGER)}))"},
    CatalogFunction{"generate_subscripts", 'i', "="},
    CatalogFunction{"unnest", '?', "="},
    CatalogFunction{"generate_series", '?', "="},
    CatalogFunction{"string_to_array", 'T', "="},
    CatalogFunction{"btrim", 't', "=trim"},
    CatalogFunction{"ltrim", 't', "="},
    CatalogFunction{"rtrim", 't', "="},
    CatalogFunction{"trim", 't', "="},
    CatalogFunction{"lower", 't', "="},
    CatalogFunction{"upper", 't', "="},
    CatalogFunction{"length", 'i', "(a) AS CAST(length(CAST(a AS VARCHAR)) AS INTEGER)"},
    CatalogFunction{"char_length", 'i', "(a) AS CAST(length(CAST(a AS VARCHAR)) AS INTEGER)"},
    CatalogFunction{"substring", 't', "="},
    CatalogFunction{"substr", 't', "="},
    CatalogFunction{"left", 't', "="},
    CatalogFunction{"right", 't', "="},
    CatalogFunction{"replace", 't', "="},
    CatalogFunction{"translate", 't', "="},
    CatalogFunction{"split_part", 't', "="},
    CatalogFunction{"strpos", 'i', "="},
    CatalogFunction{"position", 'i', "=strpos"},
    CatalogFunction{"starts_with", 'b', "="},
    CatalogFunction{"concat", 't', "="},
    CatalogFunction{"concat_ws", 't', "="},
    CatalogFunction{"md5", 't', "="},
    CatalogFunction{"chr", 't', "="},
    CatalogFunction{"ascii", 'i', "="},
    CatalogFunction{"reverse", 't', "="},
    CatalogFunction{"regexp_replace", 't', "="},
    CatalogFunction{"regexp_matches", '?', "=regexp_extract_all"},
    CatalogFunction{"json_build_object", 't', "=json_object"},
    CatalogFunction{"jsonb_build_object", 't', "=json_object"},
    CatalogFunction{"json_agg", 't', "=json_group_array"},
    CatalogFunction{"to_json", 't', "="},
    // Numbers, aggregates, windows.
    CatalogFunction{"abs", '?', "="},
    CatalogFunction{"floor", '?', "="},
    CatalogFunction{"ceil", '?', "="},
    CatalogFunction{"round", '?', "="},
    CatalogFunction{"mod", '?', "="},
    CatalogFunction{"count", 'l', "="},
    CatalogFunction{"sum", '?', "="},
    CatalogFunction{"min", '?', "="},
    CatalogFunction{"max", '?', "="},
    CatalogFunction{"avg", '?', "="},
    CatalogFunction{"bool_and", 'b', "="},
    CatalogFunction{"bool_or", 'b', "="},
    CatalogFunction{"every", 'b', "=bool_and"},
    CatalogFunction{"array_agg", '?', "="},
    CatalogFunction{"string_agg", 't', "="},
    CatalogFunction{"row_number", 'l', "="},
    CatalogFunction{"rank", 'l', "="},
    CatalogFunction{"dense_rank", 'l', "="},
    CatalogFunction{"lag", '?', "="},
    CatalogFunction{"lead", '?', "="},
    CatalogFunction{"first_value", '?', "="},
    CatalogFunction{"last_value", '?', "="},
    CatalogFunction{"age", 'I', "(a) AS CAST(NULL AS INTERVAL)"},
    CatalogFunction{"now", 'z', "() AS CAST(now() AS TIMESTAMP)"},
    CatalogFunction{"pg_postmaster_start_time", 'z', "!"},
    CatalogFunction{"pg_conf_load_time", 'z', "!"},
    CatalogFunction{"date_part", 'd', "="},
    CatalogFunction{"date_trunc", 'z', "="},
    CatalogFunction{"txid_current", 'l', "() AS CAST(1 AS BIGINT)"},
};

bool IsMacro(const CatalogFunction& function) { return function.body[0] == '('; }

}  // namespace

const CatalogFunction* FindCatalogFunction(std::string_view name) {
  static const auto by_name = [] {
    std::map<std::string_view, const CatalogFunction*> map;
    for (const auto& function : kFunctionTable) map.emplace(function.name, &function);
    return map;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

bool IsCatalogOnly(const CatalogFunction& function) {
  const std::string_view name = function.name;
  if (name.starts_with("pg_") || name.starts_with("has_") || name.starts_with("to_reg") ||
      name.starts_with("current_"))
    return true;
  for (std::string_view other :
       {"version", "session_user", "user", "format_type", "obj_description", "col_description",
        "shobj_description", "quote_ident", "inet_server_addr", "inet_server_port"})
    if (name == other) return true;
  return false;
}

const char* RelationOfTableFunction(std::string_view name) {
  constexpr std::array kRelations{std::pair("pg_show_all_settings", "pg_settings"),
                                  std::pair("pg_get_keywords", "__keywords"),
                                  std::pair("pg_stat_get_activity", "pg_stat_activity"),
                                  std::pair("pg_lock_status", "pg_locks")};
  for (const auto& [function, relation] : kRelations)
    if (name == function) return relation;
  return nullptr;
}

// Overloads of one name are one macro with several bodies.
std::vector<std::string> MacroDefinitions() {
  std::vector<std::string_view> order;
  std::map<std::string_view, std::string> bodies;
  for (const auto& function : kFunctionTable) {
    if (!IsMacro(function)) continue;
    std::string& text = bodies[function.name];
    if (text.empty()) order.push_back(function.name);
    text += (text.empty() ? "" : ", ") + std::string(function.body);
  }
  std::vector<std::string> out;
  for (std::string_view name : order)
    out.push_back("CREATE MACRO pgc.\"" + std::string(name) + "\"" + bodies[name]);
  return out;
}

}  // namespace pgwire
