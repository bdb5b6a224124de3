#!/usr/bin/env python3
"""What PostgreSQL 15 answers to pg-catalog-corpus.sql in a database with the objects of src/pgwire/catalog_corpus_test.cc.

    test/corpora/postgres_answers.py > test/corpora/pg-catalog-corpus.answers

Starts a PostgreSQL of its own (root, or any user that may run initdb) and writes one line a SELECT: its place in the
corpus, the number of rows or the SQLSTATE, and the names of the columns. Only needed when the corpus changes.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
OBJECTS = """
CREATE TABLE orders (id bigint, customer text, amount numeric(12,2), qty integer, paid boolean, day date, ts timestamptz, tags text[]);
CREATE TABLE items (id bigint, sku text, price double precision);
CREATE TABLE people (id bigint, name text);
CREATE MATERIALIZED VIEW v AS SELECT customer, count(*) AS n, sum(amount) AS total FROM orders GROUP BY customer;
CREATE MATERIALIZED VIEW mv AS SELECT day, count(*) AS n FROM orders GROUP BY day;
CREATE SCHEMA freshet;
CREATE VIEW freshet.sources AS SELECT ''::text AS name, 0::bigint AS rows;
CREATE ROLE superset LOGIN;
ALTER ROLE freshet SET search_path = public;
"""
OIDS = {"16386": "orders", "16395": "items", "16411": "v", "16415": "mv", "16425": "people"}


def statements(text):
    """(title, statement, parameters) of the corpus, in order."""
    title, parameters, lines = "", {}, []
    for line in text.splitlines():
        if not lines and line.startswith("--"):
            if line.startswith("-- ["):
                title, parameters = line[3:], {}
            for number, value in re.findall(r"\$(\d+) = '((?:[^']|'')*)'", line) if line.startswith("-- params") else []:
                parameters[int(number)] = value.replace("''", "'")
            continue
        if not lines and not line.strip():
            continue
        lines.append(line)
        if line.endswith(";"):
            yield title, "\n".join(lines)[:-1], parameters
            lines = []


def inlined(statement, parameters):
    return re.sub(r"\$(\d+)", lambda m: "'" + parameters.get(int(m.group(1)), "").replace("'", "''") + "'", statement)


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.as_postgres = ["runuser", "-u", "postgres", "--"] if subprocess.os.geteuid() == 0 else []
        if self.as_postgres:
            subprocess.run(["chown", "postgres", folder], check=True)
        self.run(BIN / "initdb", "-D", f"{folder}/data", "-U", "freshet", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust")
        self.run(BIN / "pg_ctl", "-D", f"{folder}/data", "-w", "-o", f"-k {folder} -c listen_addresses=''", "-l", f"{folder}/log", "start")

    def run(self, *command):
        subprocess.run([*self.as_postgres, *map(str, command)], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def psql(self, database, sql, *options):
        return subprocess.run([*self.as_postgres, "psql", "-h", self.folder, "-U", "freshet", "-d", database, "-qXA", "-F", "\x1f",
                               "-R", "\x1e", "-v", "VERBOSITY=sqlstate", *options, "-f", "-"],
                              input=sql, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/")

    def stop(self):
        self.run(BIN / "pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")


def answer(server, statement):
    result = server.psql("freshet", statement + "\n;", "-P", "footer=off")
    if "ERROR:" in result.stderr:
        return re.search(r"ERROR:\s+(\w{5})", result.stderr).group(1), ""
    records = result.stdout.rstrip("\n").split("\x1e")
    if not records[0]:
        return "0", ""
    return str(len(records) - 1), "|".join(records[0].split("\x1f"))


def main():
    text = (HERE / "pg-catalog-corpus.sql").read_text()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        server = Server(folder)
        try:
            server.psql("postgres", "CREATE DATABASE freshet")
            made = server.psql("freshet", OBJECTS)
            assert not made.stderr, made.stderr
            server.psql("freshet", "UPDATE pg_database SET datistemplate = false, datallowconn = true WHERE datname LIKE 'template%'")
            for other in ("postgres", "template1", "template0"):
                server.psql("freshet", f"DROP DATABASE {other}")
            server.psql("freshet", "SET allow_system_table_mods = on; DELETE FROM pg_authid WHERE rolname LIKE 'pg\\_%';")
            real_oids = {oid: server.psql("freshet", f"SELECT '{name}'::regclass::oid", "-t").stdout.strip() for oid, name in OIDS.items()}
            for place, (_, statement, parameters) in enumerate(statements(text)):
                if not re.match(r"(?is)\s*(select|with|values)\b", statement) or re.search(r"(?i)\binto\s+temp", statement):
                    continue
                for oid, real in real_oids.items():
                    statement = re.sub(rf"\b{oid}\b", real, statement)
                rows, columns = answer(server, inlined(statement, parameters))
                print(place, rows, columns, sep="\t")
        finally:
            server.stop()
    return 0


sys.exit(main())
