"""Mode "postgres": the same script against a real PostgreSQL 15, to prove the goldens and not Freshet.

A source becomes a table, records become INSERTs, a table is a table, a materialized view
becomes a plain view, which is its query run offline over all rows. Approximate aggregates become the exact ones. What
PostgreSQL has no word for (dead letters, restarts, roles, schema freshet) is left out here.

Threads: one owner. Errors: AssertionError, WireLost.
"""

import datetime
import decimal
import json
import re
import time

from harness.wire import Wire
from slt.compare import cell_text, check_error, difference_of
from slt.postgres_windows import closing, split_top, translate_windows

FUNCTIONS = """
CREATE FUNCTION time_bucket(size interval, t timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE
  AS $$ SELECT date_bin(size, t, timestamptz '1970-01-01 00:00:00+00') $$;
CREATE FUNCTION time_bucket(size interval, t timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE
  AS $$ SELECT date_bin(size, t, timestamp '1970-01-01 00:00:00') $$;
"""
AGGREGATES = """
CREATE FUNCTION keep_first(kept anyarray, v anyelement) RETURNS anyarray LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(kept, ARRAY[v]) $$;
CREATE FUNCTION keep_last(kept anyarray, v anyelement) RETURNS anyarray LANGUAGE sql IMMUTABLE AS $$ SELECT ARRAY[v] $$;
CREATE FUNCTION kept(kept anyarray, v anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS $$ SELECT kept[1] $$;
CREATE AGGREGATE first(anyelement) (sfunc = keep_first, stype = anyarray, finalfunc = kept, finalfunc_extra);
CREATE AGGREGATE last(anyelement) (sfunc = keep_last, stype = anyarray, finalfunc = kept, finalfunc_extra);
CREATE FUNCTION count_value(counts jsonb, v anyelement) RETURNS jsonb LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN v IS NULL THEN counts ELSE coalesce(counts, '{}') ||
               jsonb_build_object(v::text, coalesce((counts ->> v::text)::bigint, 0) + 1) END $$;
CREATE AGGREGATE histogram(anyelement) (sfunc = count_value, stype = jsonb);
CREATE FUNCTION count_frequent(counts jsonb, v anyelement, most int) RETURNS jsonb LANGUAGE sql IMMUTABLE
  AS $$ SELECT coalesce(count_value(counts, v), '{}') || jsonb_build_object('$most', most) $$;
CREATE FUNCTION frequent(counts jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
  AS $$ SELECT jsonb_agg(jsonb_build_object('value', value, 'count', n) ORDER BY n DESC, value) FROM
        (SELECT key AS value, value::bigint AS n FROM jsonb_each_text(counts) WHERE key <> '$most'
         ORDER BY n DESC, key COLLATE "C" LIMIT (counts ->> '$most')::int) AS best $$;
CREATE AGGREGATE approx_top_k(anyelement, int) (sfunc = count_frequent, stype = jsonb, finalfunc = frequent);
"""
UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
NOT_HERE = re.compile(r"\bfreshet\.|^\s*(SHOW|EXPLAIN|ALTER|GRANT|REVOKE|CREATE (ROLE|USER)|DROP (ROLE|USER))\b", re.I)


class _Source:
    """A CREATE SOURCE as far as rows need it."""

    def __init__(self, sql):
        sql = re.sub(r"--.*", "", sql)
        self.name = re.match(r'\s*CREATE SOURCE (?:IF NOT EXISTS )?("[^"]+"|\S+)', sql, re.I)[1]
        begin = sql.index("(")
        end = closing(sql, begin)
        rest = sql[end + 1:]
        self.topic = re.search(r"\$\{(?:kafka|topic):(\w+)\}", rest)[1]
        unit = re.search(r"timestamp\.unit\s*=\s*'(\w+)'", rest)
        self.unit = unit[1] if unit else "ms"
        self.columns = []   # name, type, origin, detail
        self.not_null = set()
        self.event_time = None
        for item in split_top(sql[begin + 1:end]):
            self._add(" ".join(item.split()))
        for kind, header, name in re.findall(r"INCLUDE (key|partition|offset|timestamp|header)(?: '(\w+)')? AS (\w+)", rest, re.I):
            types = {"key": "text", "partition": "int", "offset": "bigint", "timestamp": "timestamptz", "header": "text"}
            self.columns.append((name, types[kind.lower()], kind.lower(), header))

    def _add(self, item):
        if watermark := re.match(r"WATERMARK FOR (\S+)", item, re.I):
            self.event_time = watermark[1]
            return
        name, rest = re.match(r'("[^"]+"|\S+)(.*)$', item).groups()
        generated = re.search(r" AS \((.*)\)$", rest, re.I)
        path = re.search(r" PATH '([^']*)'", rest, re.I)
        kind = re.sub(r" (AS \(|PATH '|NOT NULL).*", "", rest, flags=re.I).strip()
        if re.search(r" NOT NULL", rest, re.I):
            self.not_null.add(name)
        if generated:
            self.columns.append((name, kind, "generated", generated[1]))
            return
        field = name.strip('"') if name.startswith('"') else name.lower()
        self.columns.append((name, kind, "value", path[1].split(".") if path else [field]))

    def ddl(self):
        required = self.not_null | {self.event_time}
        columns = ", ".join(f"{name} {kind}{' NOT NULL' if name in required else ''}" for name, kind, _, _ in self.columns)
        return f"CREATE TABLE {self.name} ({columns})"

    def insert(self, record, offset):
        """The row of one record; fails for a record that is a dead letter."""
        value = json.loads(record.value, parse_float=decimal.Decimal)
        if not isinstance(value, dict):
            raise ValueError("no object")
        read = [column for column in self.columns if column[2] != "generated"]
        cells = ", ".join(f"CAST({self._cell(kind, origin, detail, record, offset, value)} AS {kind})" for _, kind, origin, detail in read)
        items = ", ".join(f"CAST({detail} AS {kind})" if origin == "generated" else name for name, kind, origin, detail in self.columns)
        names = ", ".join(name for name, _, _, _ in read)
        return f"INSERT INTO {self.name} SELECT {items} FROM (VALUES ({cells})) AS r({names})"

    def _cell(self, kind, origin, detail, record, offset, value):
        if origin == "value":
            for step in detail:
                value = value.get(step) if isinstance(value, dict) else None
            return self._literal(value, kind)
        cells = {"partition": 0, "offset": offset, "key": record.key and record.key.decode(),
                 "header": next((text.decode() for name, text in record.headers if name == detail), None),
                 "timestamp": record.timestamp_ms}
        if origin == "timestamp":
            return f"to_timestamp({cells[origin]}::numeric / 1000)"
        return self._literal(cells[origin], kind)

    def _literal(self, value, kind):
        if value is None:
            return "NULL"
        if not _fits(value, kind.lower()):
            raise ValueError(f"{value!r} is no {kind}")
        if kind.lower().startswith("timestamp") and not isinstance(value, str):
            microseconds = int(decimal.Decimal(value) * 1_000_000 / UNITS[self.unit])
            value = (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=microseconds)).isoformat() + "Z"
        if isinstance(value, (dict, list)):
            value = json.dumps(value, default=str)
        if isinstance(value, bool):
            value = "true" if value else "false"
        return "'" + str(value).replace("'", "''") + "'"


def _fits(value, kind):
    """JSON's types are strict: a number is no text."""
    number = isinstance(value, (int, decimal.Decimal)) and not isinstance(value, bool)
    if kind in ("smallint", "integer", "int", "bigint"):
        return number and value == int(value)
    if kind in ("real", "double precision"):
        return number
    if kind.startswith(("decimal", "numeric")):
        digits = re.search(r"\((\d+),\s*(\d+)\)", kind)
        return number and (not digits or abs(value) < 10 ** (int(digits[1]) - int(digits[2])))
    if kind.startswith("bool"):
        return isinstance(value, bool)
    if kind in ("text", "varchar"):
        return isinstance(value, str)
    return kind.startswith("json") or isinstance(value, str) or (number and kind.startswith("timestamp"))


def translate(sql):
    """Freshet's own words -> PostgreSQL's, in a query."""
    sql = translate_windows(sql)
    sql = re.sub(r"\bpublic\.", "", sql)
    sql = re.sub(r"\bapprox_percentile\s*\((.*?)\) WITHIN GROUP \(ORDER BY ((?:[^()]|\([^()]*\))+?)( DESC)?\)",
                 r"percentile_disc(\1) WITHIN GROUP (ORDER BY (\2)::float8\3)",
                 sql, flags=re.I)
    for name, order in (("arg_min", ""), ("arg_max", " DESC")):
        sql = re.sub(rf"\b{name}\((\w+), (\w+)\)", rf"(array_agg(\1 ORDER BY \2{order}, \1{order}) "
                     r"FILTER (WHERE \1 IS NOT NULL AND \2 IS NOT NULL))[1]", sql, flags=re.I)
    return re.sub(r"\bapprox_count_distinct\s*\(", "count(DISTINCT ", sql, flags=re.I)


class Oracle:
    """`write`: goldens that are empty are filled with PostgreSQL's answers, in the file."""

    def __init__(self, script, address, write=False):
        self.line, self._script = 0, script
        host, port = address.rsplit(":", 1)
        self._wire = Wire((host, int(port)), "freshet", "", "postgres")
        self._schema = f"slt_{time.time_ns()}"
        self._sources, self._offset, self._foreign = [], 0, False
        self._views = {}   # name -> query, as defined
        self._write, self._written = write, {}

    def run(self):
        if self._script.beyond_postgres():
            return
        self._must(f"CREATE SCHEMA {self._schema}; SET search_path = {self._schema}; SET TimeZone = 'UTC'; "
                   "SET client_min_messages = error;" + FUNCTIONS + AGGREGATES)
        for step in self._script.steps:
            self.line = step.line
            if step.runs_in("postgres") and step.kind in ("statement", "query", "await", "ingest", "watermark", "user"):
                getattr(self, "_do_" + step.kind)(step)
        if self._written:
            lines = self._script.path.read_text().splitlines()
            for line in sorted(self._written, reverse=True):
                lines[line:line] = self._written[line]
            self._script.path.write_text("\n".join(lines) + "\n")

    def close(self):
        self._wire.run("ROLLBACK")
        self._wire.run(f"DROP SCHEMA {self._schema} CASCADE")
        self._wire.close()

    def _must(self, sql):
        answer = self._wire.run(sql)
        assert not answer.error, f"{sql}\nPostgreSQL: {answer.error_text()}"
        return answer

    def _do_user(self, step):
        self._foreign = step.words[0] != "freshet"

    def _do_ingest(self, step):
        for record in step.records:
            self._offset += 1
            for source in self._sources:
                if source.topic != step.words[0] or record.value is None:
                    continue
                try:
                    self._wire.run(source.insert(record, self._offset))   # a record that does not fit fails alone
                except (ValueError, decimal.DecimalException):
                    pass

    _do_watermark = _do_ingest

    def _do_statement(self, step):
        if self._foreign or NOT_HERE.search(step.text):
            return
        sql, wants_error = step.text, step.words[0] == "error"
        if re.match(r"\s*(CREATE|DROP|ALTER)\b", sql, re.I):
            if not wants_error:
                self._define(sql)
            return
        answer = self._wire.run(translate(sql))
        if wants_error:
            check_error(step, answer)
        else:
            assert not answer.error, f"{sql}\nPostgreSQL: {answer.error_text()}"

    def _define(self, sql):
        if re.match(r"\s*CREATE SOURCE", sql, re.I):
            source = _Source(sql)
            if all(known.name != source.name for known in self._sources):
                self._sources.append(source)
                self._must(source.ddl())
        elif re.match(r"\s*(CREATE|DROP) TABLE\b", sql, re.I):   # of rows that SQL writes: PostgreSQL's own
            self._must(sql)
        elif match := re.match(r'\s*CREATE (OR REPLACE )?MATERIALIZED VIEW (IF NOT EXISTS )?("[^"]+"|\S+)(.*?)\bAS\s+(SELECT.*)$', sql,
                               re.I | re.S):
            if match[2] and self._is_there(match[3]):
                return
            self._must(f"DROP VIEW IF EXISTS {match[3]} CASCADE; CREATE VIEW {match[3]} AS {translate(match[5])}")
            self._views[match[3]] = translate(match[5])
            for name, query in self._views.items():   # those over it are made anew with it
                if not self._is_there(name):
                    self._must(f"CREATE VIEW {name} AS {query}")
        elif match := re.match(r"\s*DROP (SOURCE|MATERIALIZED VIEW) (IF EXISTS )?(.*?)( CASCADE)?$", sql.strip(), re.I):
            if match[1].upper() != "SOURCE":
                self._must(f"DROP VIEW IF EXISTS {match[3]} CASCADE")
            for source in [s for s in self._sources if s.name in split_top(match[3])]:
                self._sources.remove(source)
                self._must(f"DROP TABLE {source.name} CASCADE")
            self._views = {name: query for name, query in self._views.items() if self._is_there(name)}

    def _is_there(self, name):
        return self._wire.run(f"SELECT FROM {name}").error == {}

    def _do_query(self, step):
        if self._foreign or NOT_HERE.search(step.text):
            return
        answer = self._must(translate(step.text))
        if self._write and not step.golden:
            rows = ["|".join(map(cell_text, row)) for row in answer.rows]
            names = ["|".join(answer.names)] if "names" in step.words[1:] else []
            self._written[step.golden_line] = names + (sorted(rows) if "rowsort" in step.words[1:] else rows)
            return
        difference = difference_of(step, answer)
        assert not difference, f"PostgreSQL says (actual):\n{difference}"

    _do_await = _do_query
