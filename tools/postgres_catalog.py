#!/usr/bin/env python3
"""Writes the fixed part of the system catalog as PostgreSQL has it: relations with their columns, types, functions.

    tools/postgres_catalog.py 'host=127.0.0.1 port=5432 user=postgres' src/pgwire

Asks a running PostgreSQL 15 through psql and rewrites src/pgwire/catalog_data_*.cc. Only needed when the version that
Freshet says it is (EngineOptions::server_version) moves on.
"""

import pathlib
import subprocess
import sys
import textwrap

LETTERS = {
    "oid": "o", "name": "n", "information_schema.sql_identifier": "n", '"char"': "c", "boolean": "b", "smallint": "s",
    "integer": "i", "information_schema.cardinal_number": "i", "bigint": "l", "real": "r", "double precision": "d",
    "text": "t", "information_schema.character_data": "t", "information_schema.yes_or_no": "t", "regproc": "p",
    "int2vector": "v", "oidvector": "w", "pg_node_tree": "g", "timestamp with time zone": "z",
    "information_schema.time_stamp": "z", "xid": "x", "aclitem[]": "a", "text[]": "T", "name[]": "N", "oid[]": "O",
    "smallint[]": "S", '"char"[]': "C", "real[]": "R", "double precision[]": "D", "interval": "I", "bytea": "B",
    "numeric": "m", "boolean[]": "L", "regtype": "q", "regtype[]": "Q",
}  # everything else, such as inet and pg_lsn, is text: "t"

COLUMNS = """
SELECT c.oid, n.nspname, c.relkind, c.relname, a.attname, format_type(a.atttypid, -1), a.attnotnull
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND a.attnum > 0
ORDER BY n.nspname, c.relkind, c.relname COLLATE "C", a.attnum"""

TYPES = """
SELECT t.oid, n.nspname = 'information_schema', t.typname, t.typlen, t.typbyval, t.typtype, t.typcategory, t.typispreferred,
  t.typdelim, t.typelem, t.typarray, t.typinput::oid, t.typoutput::oid, t.typreceive::oid, t.typsend::oid, t.typmodin::oid,
  t.typmodout::oid, t.typalign, t.typstorage, t.typbasetype, t.typtypmod, t.typcollation, format_type(t.oid, NULL)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname IN ('pg_catalog', 'information_schema') AND t.typrelid = 0
  AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.oid = t.typelem AND e.typrelid <> 0 AND e.typarray = t.oid)
ORDER BY t.oid"""

FUNCTIONS = """
SELECT DISTINCT p.oid, p.proname, p.prorettype, p.pronargs, p.prokind, p.proretset, p.provolatile
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'pg_catalog' AND (p.proname ~ ('^(pg_get_|pg_.*_is_visible$|has_.*_privilege$|col_description|obj_description'
  || '|format_type|current_|version$|quote_|array_to_string|pg_backend_pid|pg_terminate_backend|pg_cancel_backend)')
  OR p.oid IN (SELECT unnest(ARRAY[typinput::oid, typoutput, typreceive, typsend, typmodin, typmodout]) FROM pg_type t
               WHERE t.typrelid = 0))
ORDER BY p.oid"""


def ask(connection, query):
    answer = subprocess.run(["psql", connection, "-qXAt", "-F", "\t", "-c", query], text=True, stdout=subprocess.PIPE, check=True)
    return [line.split("\t") for line in answer.stdout.splitlines()]


def literal(text):
    wrapped = textwrap.wrap(text, 112, break_long_words=False, break_on_hyphens=False, drop_whitespace=False)
    return "\n".join('    "' + part.replace('"', '\\"') + '"' for part in wrapped)


def write(path, comment, arrays):
    out = [f"// {comment}", "// Written by tools/postgres_catalog.py from PostgreSQL 15; not by hand.",
           '#include "pgwire/catalog_data.h"', "", "namespace pgwire {", ""]
    for name, rows in arrays:
        out.append(f"const std::string_view {name} =")
        out.append(literal("".join(row + "|" for row in rows)) + ";")
        out.append("")
    out.append("}  // namespace pgwire")
    path.write_text("\n".join(out) + "\n")


def relations(rows):
    """{(schema, kind): ["oid name column letter column letter! ..."]}; ! is NOT NULL"""
    found = {}
    for oid, schema, kind, relation, column, type_name, not_null in rows:
        names = found.setdefault((schema, kind), {}).setdefault((oid, relation), [])
        names.append(f"{column} {LETTERS.get(type_name, 't')}{'!' if not_null == 't' else ''}")
    return {key: [f"{oid} {name} {' '.join(columns)}" for (oid, name), columns in tables.items()]
            for key, tables in found.items()}


def main():
    connection, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    by_kind = relations(ask(connection, COLUMNS))
    write(folder / "catalog_data_tables.cc", "The tables of pg_catalog.", [("kCatalogTables", by_kind["pg_catalog", "r"])])
    write(folder / "catalog_data_views.cc", "The views of pg_catalog.", [("kCatalogViews", by_kind["pg_catalog", "v"])])
    write(folder / "catalog_data_information.cc", "information_schema.",
          [("kInformationTables", by_kind["information_schema", "r"]),
           ("kInformationViews", by_kind["information_schema", "v"])])
    write(folder / "catalog_data_types.cc", "pg_type and the functions it names.",
          [("kTypes", [" ".join(row) for row in ask(connection, TYPES)]),
           ("kFunctions", [" ".join(row) for row in ask(connection, FUNCTIONS)])])


main()
