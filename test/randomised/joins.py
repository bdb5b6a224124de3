#!/usr/bin/env python3
"""Random joins in event time, of two streams and of a stream with a table as of each row's time, in random orders and modes of
test/slt, against one offline DuckDB query.

    test/randomised/joins.py [--seed N] [--seeds 40] [--jobs 2] [--kafka host:port]

A seed is a script of test/slt whose golden DuckDB writes: what a failure names repeats it.
"""

import argparse
import json
import os
import pathlib
import random
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import duckdb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness.broker import Broker  # noqa: E402
from slt.run import scratch_directory  # noqa: E402
from slt.runner import Options, run_script  # noqa: E402
from slt.script import load  # noqa: E402

START = datetime(2024, 1, 1)
KEYS = ["k1", "k2", "k3", "k4", "it's \"odd\"", None]
MODES = ["plain", "single", "shuffled", "lanes", "restart", "crash", "extended"]
AGGREGATES = [("count(*)", "I"), ("sum(a.x)", "I"), ("sum(a.x * b.y)", "N"), ("min(b.ts)", "Z"), ("max(a.ts)", "Z"),
              ("count(DISTINCT a.id)", "I"), ("max(b.k)", "T"), ("sum(b.y)::numeric(20,2)", "N"), ("count(b.y)", "I")]
GROUPS = [("date_trunc('hour', a.ts)", "Z"), ("date_trunc('day', {time})", "Z"), ("a.k", "T"), ("b.id % 3", "I"), ("a.x > 5", "B")]
FILTERS = ["a.x > 2", "b.y < 80 OR a.k = 'k1'", "a.k <> 'k2'", "10 / a.x > 2", "a.id % 5 <> b.id % 5"]


def moment(rng, hours, first=0.0):
    return START + timedelta(seconds=round(rng.uniform(first, first + hours) * 3600, rng.choice([0, 0, 3])))


def milliseconds(time):
    return int(time.replace(tzinfo=timezone.utc).timestamp() * 1000)


def row(rng, i, at):
    return {"id": i, "k": rng.choice(KEYS), "x": rng.choice([None, *range(1, 10)]), "y": rng.choice([None, *range(100)]), "at": at}


class Case:
    """Rows of both sides in blocks, the view, and where in all this it is made."""

    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.seed, self.as_of = seed, rng.random() < 0.4
        self.mode = rng.choice(MODES)
        self.left, self.right, self.blocks = [], [], []
        for number in range(rng.randint(2, 6)):
            side = rng.choice("ab") if number else "b"
            rows = [self._row(side, number) for _ in range(rng.randint(1, 60))]
            (self.left if side == "a" else self.right).extend(rows)
            self.blocks.append((side, rows))
        self.view = self._view()
        self.made_before = rng.randint(0, len(self.blocks))

    def _row(self, side, number):
        rng = self.rng
        made = row(rng, len(self.left) + len(self.right) + rng.randint(0, 10_000) * 1000, None)
        # Versions come at most a day late, so that none misses what it should meet.
        made["at"] = moment(rng, 24, 24 * number) if self.as_of and side == "b" else moment(rng, 150 if self.as_of else 72)
        if self.as_of and side == "b":
            made["k"] = made["k"] or "k1"
            made["at"] = made["at"].replace(microsecond=made["at"].microsecond // 1000 * 1000)
            made["deleted"] = rng.random() < 0.15
        return made

    def _view(self):
        rng = self.rng
        groups = rng.sample(GROUPS, rng.randint(0, 3))
        time = rng.choice(["a.ts", "a.ts" if self.as_of else "b.ts"])
        aggregates = rng.sample(AGGREGATES, rng.randint(1, 4))
        self.groups = [text.format(time=time) for text, _ in groups]
        self.types = "".join(kind for _, kind in groups + aggregates)
        items = [f"{text} AS g{i}" for i, text in enumerate(self.groups)] + [f"{text} AS v{i}" for i, (text, _) in enumerate(aggregates)]
        self.where = rng.choice(FILTERS) if rng.random() < 0.5 else "true"
        if self.as_of:
            self.outer = rng.random() < 0.5
            on = "a.k = b.k"
        else:
            low, high = sorted(rng.sample([-30, -6, -1, 0, 0.5, 4, 24, 48], 2))
            on = rng.choice(["a.k = b.k AND ", "b.k = a.k AND a.x = b.x AND "])
            hours = [f"INTERVAL '{int(abs(h) * 60)}' MINUTE" for h in (low, high)]
            signs = ["-" if h < 0 else "+" for h in (low, high)]
            bounds = [f"a.ts {sign} {hour}" for sign, hour in zip(signs, hours)]
            on += rng.choice([f"b.ts BETWEEN {bounds[0]} AND {bounds[1]}", f"b.ts > {bounds[0]} AND {bounds[1]} >= b.ts",
                              f"NOT b.ts < {bounds[0]} AND b.ts >= {bounds[0]} AND b.ts < {bounds[1]}"])
            if rng.random() < 0.3:
                on += f" AND ({rng.choice(FILTERS)})"
        self.on = on
        group_by = f" GROUP BY {', '.join(self.groups)}" if self.groups else ""
        return f"SELECT {', '.join(items)} FROM {{source}} WHERE {self.where}{group_by}"

    # ---- what Freshet is told

    def script(self):
        out = [f"# seed {self.seed}", self._create("a")]
        out.append(self._create_versions() if self.as_of else self._create("b"))
        for number, (side, rows) in enumerate(self.blocks):
            if number == self.made_before:
                out.append(self._create_view())
            out.append(f"ingest {side}\n" + "\n".join(self._record(side, made) for made in rows))
            if self.rng.random() < 0.4:
                out.append("settle")
        if self.made_before == len(self.blocks):
            out.append("settle")
            out.append(self._create_view())
        if self.as_of:   # what waits may go
            out.append(f'watermark b\n[key=none timestamp={milliseconds(START + timedelta(days=400))}] {{"k":"none"}}')
        out += ["settle", f"query {self.types} rowsort\nSELECT * FROM v\n----\n" + "\n".join(self.golden())]
        return "\n\n".join(out) + "\n"

    def _create(self, side):
        kept = self.rng.choice(["0", "3650 days"])
        return (f"statement ok\nCREATE SOURCE {side} (id BIGINT, k TEXT, x INTEGER, y DECIMAL(12,2), ts TIMESTAMPTZ, "
                f"WATERMARK FOR ts AS ts - INTERVAL '300' DAY) WITH (${{kafka:{side}}}, retention = '{kept}') FORMAT PLAIN ENCODE JSON")

    @staticmethod
    def _create_versions():
        return ("statement ok\nCREATE TABLE b (k TEXT PRIMARY KEY, id BIGINT, x INTEGER, y DECIMAL(12,2), "
                "WATERMARK FOR ts AS ts - INTERVAL '25' HOUR) INCLUDE timestamp AS ts WITH (${kafka:b}, idle_timeout = '1 hour') "
                "FORMAT UPSERT ENCODE JSON")

    def _create_view(self):
        if self.as_of:
            source, lateness = f"a {'LEFT ' if self.outer else ''}JOIN b FOR SYSTEM_TIME AS OF a.ts ON {self.on}", "0 days"
        else:
            source, lateness = f"a JOIN b ON {self.on}", "300 days"
        return f"statement ok\nCREATE MATERIALIZED VIEW v WITH (allowed_lateness = '{lateness}') AS {self.view.format(source=source)}"

    def _record(self, side, made):
        value = {name: made[name] for name in ("id", "k", "x", "y")}
        if not (self.as_of and side == "b"):
            return json.dumps({**value, "ts": made["at"].isoformat() + "Z"})
        head = f"timestamp={milliseconds(made['at'])} partition=0"
        return f"[{head} key={shlex.quote(made['k'])} tombstone]" if made["deleted"] else f"[{head}] {json.dumps(value)}"

    # ---- what is right

    def golden(self):
        database = duckdb.connect()
        database.execute("SET TimeZone = 'UTC'")
        for name, rows in (("a", self.left), ("b", self.right)):
            database.execute(f"CREATE TABLE {name} (id BIGINT, k VARCHAR, x INTEGER, y DECIMAL(12,2), ts TIMESTAMP, deleted BOOLEAN, place INTEGER)")
            for place, made in enumerate(rows):
                database.execute(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?, ?, ?)",
                                 [made["id"], made["k"], made["x"], made["y"], made["at"], made.get("deleted", False), place])
        if self.as_of:   # by a plain correlated search, not by the join that Freshet uses
            source = ("(SELECT a.*, (SELECT max(b.ts) FROM b WHERE b.k = a.k AND b.ts <= a.ts) AS since FROM a) AS a LEFT JOIN b "
                      "ON b.k = a.k AND b.ts = a.since AND NOT b.deleted")
            where = self.where if self.outer else f"b.k IS NOT NULL AND ({self.where})"
            sql = self.view.replace(f"WHERE {self.where}", f"WHERE {where}").format(source=source)
        else:
            sql = self.view.format(source=f"a JOIN b ON {self.on}")
        # PostgreSQL's integer division.
        sql = sql.replace("10 / a.x", "10 // a.x")
        return ["|".join(cell(value, kind) for value, kind in zip(found, self.types)) for found in database.execute(sql).fetchall()]


def cell(value, kind):
    if value is None:
        return "NULL"
    if kind == "B":
        return "t" if value else "f"
    if kind == "Z":
        text = value.strftime("%Y-%m-%d %H:%M:%S")
        fraction = f"{value.microsecond:06d}".rstrip("0")
        return text + (f".{fraction}" if fraction else "") + "+00"
    return str(value) if value != "" else "(empty)"


def run_seed(seed, bootstrap, directory, keep=True):
    case = Case(seed)
    path = directory / f"joins_{seed % 10**7}.slt"   # seeds from the clock are long, and the path of a socket is short
    path.write_text(case.script())
    result = run_script(load(path), case.mode, Options(bootstrap, directory, seed, 2, keep, "", False))
    if not result.failure and keep:
        path.unlink()
    return f"seed {seed}, {case.mode}: {result.failure}" if result.failure else ""


def run_seeds(first, count, jobs, bootstrap):
    directory = scratch_directory()
    with ThreadPoolExecutor(jobs) as pool:
        return [failure for failure in pool.map(lambda seed: run_seed(seed, bootstrap, directory), range(first, first + count)) if failure]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kafka", default="", help="a broker that runs already, host:port")
    arguments = parser.parse_args()
    if arguments.kafka:
        os.environ["FRESHET_TEST_KAFKA"] = arguments.kafka
    with Broker(scratch_directory() / "kafka") as broker:
        failures = run_seeds(arguments.seed, arguments.seeds, arguments.jobs, broker.bootstrap)
    for failure in failures:
        print(failure)
    print(f"{arguments.seeds - len(failures)} of {arguments.seeds} seeds passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
