"""seed -> what one run does: schema, views, records, and when the server is ended. Pure; the same seed is the same scenario.

Each aggregate and key is written twice, for Freshet and for DuckDB, by hand. Threads: values.
"""

import datetime
import json
import random
import re
from dataclasses import dataclass, field

# A usual day, and the ones after which late rows reach over both changes of New York's clocks.
STARTS = tuple(datetime.datetime(*at) for at in ((2024, 1, 1), (2024, 1, 1), (2024, 3, 10, 6, 58), (2024, 3, 11, 4, 2), (2024, 11, 3, 5, 57),
                                                 (2024, 11, 4, 5, 3)))
# New York's civil day of a time in UTC, and when a civil day begins there: summer time is from 2024-03-10 07:00 to 2024-11-03 06:00.
CIVIL_DAY = ("date_trunc('day', ts - CASE WHEN ts >= '2024-03-10 07:00' AND ts < '2024-11-03 06:00' THEN INTERVAL '4 hours' "
             "ELSE INTERVAL '5 hours' END)")


def new_york_midnight(day):
    return f"({day} + CASE WHEN {day} > '2024-03-10' AND {day} <= '2024-11-03' THEN INTERVAL '4 hours' ELSE INTERVAL '5 hours' END)"


WATERMARK_DELAY = datetime.timedelta(seconds=5)
KEYS = {  # name -> (Freshet, DuckDB)
    "k": ("k", "k"),
    "j": ("j", "j"),
    "b": ("b", "b"),
    "tier": ("tier", "tier"),
    "j3": ("j % 3", "j % 3"),
    "upper_k": ("coalesce(upper(k), 'NONE')", "coalesce(upper(k), 'NONE')"),
    "big": ("amount > 100", "amount > 100"),
    "day": ("date_trunc('day', ts)", "date_trunc('day', ts)"),
    "civil_day": ("date_trunc('day', ts, 'America/New_York')", new_york_midnight(CIVIL_DAY)),
    "minute": ("date_trunc('minute', ts)", "date_trunc('minute', ts)"),
    "hour": ("date_bin(INTERVAL '1 hour', ts, TIMESTAMPTZ '2024-01-01 00:00:00+00')", "time_bucket(INTERVAL '1 hour', ts)"),
    "quarter": ("time_bucket(INTERVAL '15 minutes', ts)", "time_bucket(INTERVAL '15 minutes', ts)"),
}
AGGREGATES = {  # name -> (Freshet, DuckDB, how it is compared)
    "rows": ("count(*)", "count(*)", "exact"),
    "amounts": ("count(amount)", "count(amount)", "exact"),
    "sum_amount": ("sum(amount)", "sum(amount)", "exact"),
    "sum_j": ("sum(j)", "sum(j)", "exact"),
    "sum_big": ("sum(big)", "sum(big)", "exact"),
    "sum_f": ("sum(f)", "sum(f)", "double"),
    "avg_amount": ("avg(amount)", "CAST(sum(amount) AS DOUBLE) / count(amount)", "double"),
    "avg_f": ("avg(f)", "avg(f)", "double"),
    "avg_j": ("avg(j)", "avg(j)", "double"),
    "min_at": ("min(ts)", "min(ts)", "exact"),
    "max_at": ("max(ts)", "max(ts)", "exact"),
    "min_amount": ("min(amount)", "min(amount)", "exact"),
    "max_f": ("max(f)", "max(f)", "exact"),
    "min_k": ("min(k)", "min(k)", "exact"),
    "sd_j": ("stddev(j)", "stddev_samp(j)", "double"),
    "var_f": ("var_pop(f)", "var_pop(f)", "double"),
    "var_amount": ("variance(amount)", "var_samp(CAST(amount AS DOUBLE))", "double"),
    "paid": ("count(*) FILTER (WHERE b)", "count(*) FILTER (WHERE b)", "exact"),
    "sum_tier": ("sum(amount) FILTER (WHERE tier = 'gold')", "sum(amount) FILTER (WHERE tier = 'gold')", "exact"),
    "any_b": ("bool_or(b)", "bool_or(b)", "exact"),
    "all_b": ("bool_and(b)", "bool_and(b)", "exact"),
    "product": ("sum(amount * 2 - 1)", "sum(amount * 2 - 1)", "exact"),
    "cases": ("sum(CASE WHEN amount > 50 THEN 1 ELSE 0 END)", "sum(CASE WHEN amount > 50 THEN 1 ELSE 0 END)", "exact"),
    "distinct_j": ("count(DISTINCT j)", "count(DISTINCT j)", "exact"),
    "distinct_k": ("count(DISTINCT k) FILTER (WHERE b)", "count(DISTINCT k) FILTER (WHERE b)", "exact"),
    "distinct_sum": ("sum(DISTINCT amount)", "sum(DISTINCT amount)", "exact"),
    "distinct_avg": ("avg(DISTINCT j)", "avg(DISTINCT j)", "double"),
    "first_k": ("first(k ORDER BY ts)", "first(k ORDER BY ts)", "exact"),
    "last_amount": ("last(amount ORDER BY ts)", "last(amount ORDER BY ts)", "exact"),
    "arg_k": ("arg_max(k, f)", "arg_max(k, f)", "exact"),
    "sd_pop": ("stddev_pop(f)", "stddev_pop(f)", "double"),
    "corr": ("corr(f, j)", "CASE WHEN NOT isnan(corr(f, j)) THEN corr(f, j) END", "double"),
    "covar": ("covar_samp(f, j)", "covar_samp(f, j)", "double"),
    "slope": ("regr_slope(f, j)", "CASE WHEN NOT isnan(regr_slope(f, j)) THEN regr_slope(f, j) END", "double"),
    "covar_pop": ("covar_pop(f, j)", "covar_pop(f, j)", "double"),
    "avg_x": ("regr_avgx(f, j)", "regr_avgx(f, j)", "double"),
    "avg_y": ("regr_avgy(f, j)", "regr_avgy(f, j)", "double"),
    "squares_x": ("regr_sxx(f, j)", "regr_sxx(f, j)", "double"),
    "squares_y": ("regr_syy(f, j)", "regr_syy(f, j)", "double"),
    "products": ("regr_sxy(f, j)", "regr_sxy(f, j)", "double"),
    "var_samp": ("var_samp(f)", "var_samp(f)", "double"),
    "every_b": ("every(b)", "bool_and(b)", "exact"),
    "bits_and": ("bit_and(j)", "bit_and(j)", "exact"),
    "pairs": ("regr_count(f, j)", "regr_count(f, j)", "exact"),
    "bits_or": ("bit_or(j)", "bit_or(j)", "exact"),
    "bits_xor": ("bit_xor(big)", "bit_xor(big)", "exact"),
    "codes_list": ("string_agg(code, ',' ORDER BY ts)", "string_agg(code, ',' ORDER BY ts)", "exact"),
    "codes_set": ("string_agg(DISTINCT code, '|' ORDER BY code)", "string_agg(DISTINCT code, '|' ORDER BY code)", "exact"),
    "array_j": ("array_agg(j ORDER BY ts)", "list(j ORDER BY ts)", "exact"),
    "first_j": ("first(j)", "first(j ORDER BY ts)", "exact"),
    "last_b": ("last(b) FILTER (WHERE j > 0)", "last(b ORDER BY ts) FILTER (WHERE j > 0)", "exact"),
    "arg_min_j": ("arg_min(j, f)", "arg_min(j, f)", "exact"),
    "top_k": ("approx_top_k(k, 10)", "histogram(k)", "counts"),
    "histogram_k": ("histogram(k)", "histogram(k)", "exact"),
    "p50": ("approx_percentile(0.5) WITHIN GROUP (ORDER BY f)", "quantile_disc(f, 0.5)", "percentile"),
    "p95": ("approx_percentile(0.95) WITHIN GROUP (ORDER BY amount)", "quantile_disc(CAST(amount AS DOUBLE), 0.95)", "percentile"),
    "p99": ("approx_percentile(0.99) WITHIN GROUP (ORDER BY f) FILTER (WHERE f > 0)", "quantile_disc(f, 0.99) FILTER (WHERE f > 0)",
            "percentile"),
    "ids": ("approx_count_distinct(id)", "count(DISTINCT id)", "distinct"),
    "ks": ("approx_count_distinct(k)", "count(DISTINCT k)", "distinct"),
}
ROW_ERRORS = {  # aggregate over an expression that fails on some rows -> the condition of those that do not
    "shares": ("sum(1000 / j)", "sum(1000 // j)", "j IS NULL OR j <> 0"),
    "few": ("sum(1000 / (id % 53))", "sum(1000 // (id % 53))", "id % 53 <> 0"),
    "codes": ("max(code::integer)", "max(TRY_CAST(code AS INTEGER))", "code IS NULL OR TRY_CAST(code AS INTEGER) IS NOT NULL"),
}
MOSTLY_FEW = ("few", "few", "few", "codes", "codes", "shares")   # each row that fails costs some queries
ROLLUPS = {  # column of the parent -> (Freshet's aggregate of it in a view over that view, DuckDB's over all rows, how it is compared)
    "rows": ("sum(rows)", "count(*)", "exact"),
    "amounts": ("sum(amounts)", "count(amount)", "exact"),
    "sum_amount": ("sum(sum_amount)", "sum(amount)", "exact"),
    "sum_f": ("sum(sum_f)", "sum(f)", "double"),
    "min_amount": ("min(min_amount)", "min(amount)", "exact"),
    "max_f": ("max(max_f)", "max(f)", "exact"),
    "min_k": ("min(min_k)", "min(k)", "exact"),
    "avg_amount": ("avg(avg_amount)", "CAST(sum(amount) AS DOUBLE) / count(amount)", "double"),
    "avg_j": ("avg(avg_j)", "avg(j)", "double"),
    "sd_j": ("stddev(sd_j)", "stddev_samp(j)", "double"),
    "any_b": ("bool_or(any_b)", "bool_or(b)", "exact"),
    "all_b": ("bool_and(all_b)", "bool_and(b)", "exact"),
    "bits_or": ("bit_or(bits_or)", "bit_or(j)", "exact"),
    "bits_xor": ("bit_xor(bits_xor)", "bit_xor(big)", "exact"),
    "p50": ("approx_percentile(0.9) WITHIN GROUP (ORDER BY p50)", "quantile_disc(f, 0.9)", "percentile"),
    "ids": ("approx_count_distinct(ids)", "count(DISTINCT id)", "distinct"),
}
DIMENSION = ("CREATE TABLE IF NOT EXISTS dims (k TEXT PRIMARY KEY, label TEXT)",
             "INSERT INTO dims VALUES ('k1', 'one'), ('k2', NULL), ('k3', 'one'), ('ü', 'umlaut')")
DIMENSION_ROWS = "(VALUES ('k1', 'one'), ('k2', NULL), ('k3', 'one'), ('ü', 'umlaut')) AS d(k, label)"
FILTERS = ("", "", "amount > 20", "b IS NOT FALSE", "k <> 'k3'", "j BETWEEN 1 AND 6", "ts >= '2024-01-01 00:05:00'")
HAVINGS = ("", "", "", "count(*) >= 3", "sum(amount) > 100")
MINUTE_SIZES = (1, 2, 5, 15, 60)
HOPS = ((1, 2), (1, 5), (5, 10), (5, 15), (15, 60))          # minutes: slide, size
CUMULATES = ((1, 5), (5, 15), (10, 60), (15, 60))            # minutes: step, size
GAPS = (2, 5, 30)                                            # seconds
SESSION_KEYS = ("k", "j", "b")
FILL_RECORDS = 1500
SCHEMA = """  id BIGINT NOT NULL, k TEXT, j INTEGER, b BOOLEAN, amount DECIMAL(12,2), big BIGINT, f DOUBLE PRECISION, code TEXT PATH 'meta.code',
  ts TIMESTAMPTZ,
  tier TEXT AS (CASE WHEN amount >= 90 THEN 'gold' WHEN amount >= 0 THEN 'plain' END),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND"""


@dataclass
class View:
    name: str
    create: str                      # Freshet's statement
    oracle: str                      # DuckDB's query over table `records`
    columns: list                    # how each is compared
    excluded: str = ""               # rows that this view leaves out, each a dead letter in its name
    after: float = 0.0               # made when this part of the records was produced (0 = before the first)
    uses: frozenset = frozenset()    # clauses and states in it, for the count of what seeds have tried
    groups: str = ""                 # DuckDB's query of what happened to its groups, see `groups_query`
    # Of the random suite (test/randomised/case.py).
    judged: str = "equal"
    first: str = ""                  # the definition that CREATE OR REPLACE replaces by `create`
    replaced_in: int = 0             # wave

    @property
    def waits(self):
        """It follows a moment after the commit."""
        return "$watermark" in self.oracle or "$floor" in self.oracle


@dataclass
class Record:
    """value = None: a tombstone. `reason`: the dead letter's code, or "" for a good record, whose `row` then is known."""

    value: bytes | None
    row: tuple | None = None
    reason: str = ""
    key: bytes | None = None
    timestamp_ms: int | None = None
    headers: tuple = ()
    phase: int = -1                  # in which of several waves it was produced
    late: bool = False               # its event time was behind its partition's watermark


@dataclass
class Scenario:
    seed: int
    partitions: int
    settings: dict
    keeps_raw: bool
    records: list
    views: list
    kills: list = field(default_factory=list)   # (kind, seconds after the last start)
    chunk: int = 50                              # records produced at once
    tables: tuple = ()                           # statements that make what views join
    idle_timeout: str = ""

    def describe(self):
        bad = sum(1 for record in self.records if record.reason)
        kills = ", ".join(f"{kind} after {seconds:.2f} s" for kind, seconds in self.kills)
        views = "\n".join(f"  {view.create}" + (f"   -- after {view.after:.0%} of the records" if view.after else "") for view in self.views)
        return (f"seed {self.seed}: {len(self.records)} records ({bad} bad), {self.partitions} partitions, {self.settings}, "
                f"raw rows {'kept' if self.keeps_raw else 'not kept'}; {kills}\n{views}")


def make_scenario(seed, kills=3, most=None):
    """`most`: so many records at most"""
    dice = random.Random(seed)
    keeps_raw = dice.random() < 0.7
    count = dice.choice((800, 1500, 3000, 6000))
    settings = {"lanes": dice.choice((1, 2, 4)), "linger": dice.choice(("0ms", "5ms", "50ms")),
                "max_batch_rows": dice.choice((1, 7, 100, 120000))}
    if settings["max_batch_rows"] == 1:
        count = min(count, 800)
    count = min(count, most or count)
    views = [ordinary_view(f"v{number}", dice, keeps_raw, count) for number in range(dice.randint(2, 4))]
    tables = ()
    if dice.random() < 0.5:
        views += _rollup(dice, keeps_raw)
    if dice.random() < 0.4:
        views.append(_joined(dice, keeps_raw))
        tables = DIMENSION
    if not keeps_raw:   # a column that nothing reads is not decoded: records that are bad in j alone would be good
        views.append(View("v9", "CREATE MATERIALIZED VIEW v9 AS SELECT sum(j) AS sum_j FROM events",
                          "SELECT sum(j) AS sum_j FROM records", ["exact"]))
    ends = [(dice.choices(("kill", "term", "kill while starting"), (6, 1, 2))[0], dice.uniform(0.05, 1.2)) for _ in range(kills + dice.randint(0, 2))]
    return Scenario(seed, dice.choice((1, 1, 2, 3, 5, 8)), settings, keeps_raw, _records(count, dice), views, ends,
                    dice.choice((5, 40, 200)), tables)


def create_source(scenario, topic, bootstrap):
    retention = "30 days" if scenario.keeps_raw else "0"
    more = f", idle_timeout = '{scenario.idle_timeout}'" if scenario.idle_timeout else ""
    return (f"CREATE SOURCE events (\n{SCHEMA}\n) WITH (connector = 'kafka', topic = '{topic}', properties.bootstrap.server = '{bootstrap}', "
            f"retention = '{retention}'{more}) FORMAT PLAIN ENCODE JSON")


@dataclass
class _Window:
    kind: str = "no window"
    source: str = "events"           # Freshet's FROM
    rows: str = "records"            # DuckDB's FROM: records with window_start and window_end
    keys: tuple = ()                 # that the view must group by


def _minutes(count):
    return f"INTERVAL '{count} minutes'"


def tumble_rows(size):
    start = f"time_bucket({_minutes(size)}, ts)"
    return f"(SELECT *, {start} AS window_start, {start} + {_minutes(size)} AS window_end FROM records)"


def hop_rows(slide, size):
    newest = f"time_bucket({_minutes(slide)}, ts)"
    return (f"(SELECT *, window_start + {_minutes(size)} AS window_end FROM (SELECT *, unnest(generate_series({newest} - "
            f"{_minutes(size - slide)}, {newest}, {_minutes(slide)})) AS window_start FROM records))")


def cumulate_rows(step, size):
    start = f"time_bucket({_minutes(size)}, ts)"
    return (f"(SELECT *, {start} AS window_start, unnest(generate_series(time_bucket({_minutes(step)}, ts) + {_minutes(step)}, "
            f"{start} + {_minutes(size)}, {_minutes(step)})) AS window_end FROM records)")


def _window(dice):
    kind = dice.choices(("none", "tumble", "hop", "cumulate", "session", "civil", "new york", "month", "offset"),
                        (5, 9, 4, 4, 4, 4, 4, 4, 5))[0]
    if kind == "new york":   # days of 23, 24 and 25 hours
        next_day = "(civil_day + INTERVAL '1 day')"
        return _Window("TUMBLE over a change of clocks", "TUMBLE(events, ts, INTERVAL '1' DAY, 'America/New_York')",
                       f"(SELECT *, {new_york_midnight('civil_day')} AS window_start, "
                       f"{new_york_midnight(next_day)} AS window_end FROM (SELECT *, {CIVIL_DAY} AS civil_day FROM records))")
    if kind == "civil":   # 5:30 hours ahead of UTC all year
        start = "time_bucket(INTERVAL '1 day', ts + INTERVAL '5 hours 30 minutes') - INTERVAL '5 hours 30 minutes'"
        return _Window("TUMBLE in a time zone", "TUMBLE(events, ts, INTERVAL '1' DAY, 'Asia/Kolkata')",
                       f"(SELECT *, {start} AS window_start, {start} + INTERVAL '1 day' AS window_end FROM records)")
    if kind == "month":
        start = "date_trunc('month', ts)"
        return _Window("TUMBLE of months", "TUMBLE(events, ts, INTERVAL '1' MONTH)",
                       f"(SELECT *, {start} AS window_start, {start} + INTERVAL '1 month' AS window_end FROM records)")
    if kind == "offset":
        size = dice.choice(MINUTE_SIZES)
        start = f"time_bucket({_minutes(size)}, ts, TIMESTAMP '1970-01-01 00:00:20')"
        return _Window("TUMBLE with an offset", f"TUMBLE(events, ts, INTERVAL '{size}' MINUTE, INTERVAL '20' SECOND)",
                       f"(SELECT *, {start} AS window_start, {start} + {_minutes(size)} AS window_end FROM records)")
    if kind == "tumble":
        size, flink = dice.choice(MINUTE_SIZES), dice.random() < 0.5
        spelt = (f"TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '{size}' MINUTE))" if flink else
                 f"TUMBLE(events, ts, INTERVAL '{size}' MINUTE)")
        return _Window("TUMBLE in Flink's words" if flink else "TUMBLE", spelt,
                       tumble_rows(size))
    if kind == "hop":
        slide, size = dice.choice(HOPS)
        return _Window("HOP", f"HOP(events, ts, INTERVAL '{slide}' MINUTE, INTERVAL '{size}' MINUTE)",
                       hop_rows(slide, size))
    if kind == "cumulate":
        step, size = dice.choice(CUMULATES)
        return _Window("CUMULATE", f"CUMULATE(events, ts, INTERVAL '{step}' MINUTE, INTERVAL '{size}' MINUTE)",
                       cumulate_rows(step, size))
    if kind == "session":
        gap, keys = dice.choice(GAPS), tuple(dice.sample(SESSION_KEYS, dice.choice((0, 1, 1, 2))))
        by = f"PARTITION BY {', '.join(keys)} " if keys else ""
        session = ", ".join(("session", *keys))
        return _Window("SESSION", f"SESSION(events, ts, INTERVAL '{gap}' SECOND{''.join(f', {key}' for key in keys)})",
                       f"(SELECT *, min(ts) OVER (PARTITION BY {session}) AS window_start, max(ts) OVER (PARTITION BY {session}) + "
                       f"INTERVAL '{gap} seconds' AS window_end FROM (SELECT *, sum(fresh) OVER ({by}ORDER BY ts ROWS UNBOUNDED PRECEDING) "
                       f"AS session FROM (SELECT *, CASE WHEN ts - lag(ts) OVER ({by}ORDER BY ts) < INTERVAL '{gap} seconds' THEN 0 ELSE 1 "
                       f"END AS fresh FROM records)))", keys)
    return _Window()


def ordinary_view(name, dice, keeps_raw=False, count=0):
    window = _window(dice)
    session = window.kind == "SESSION"
    counts = (0, 0, 1, 1, 2, 3) if window.kind == "no window" else (0, 1, 1, 2, 2, 2, 3, 3)
    keys = list(window.keys) if session else dice.sample(sorted(KEYS), dice.choice(counts))
    chosen = dice.sample(sorted(AGGREGATES), dice.randint(4, 9))
    items = [] if window.kind == "no window" else ["window_start", "window_end"]
    oracle, compared = list(items), ["key"] * len(items)
    for key in keys:
        items.append(f"{KEYS[key][0]} AS key_{key}")
        oracle.append(f"{KEYS[key][1]} AS key_{key}")
        compared.append("key")
    grouped = len(items)
    excluded = ""
    for aggregate in chosen:
        items.append(f"{AGGREGATES[aggregate][0]} AS {aggregate}")
        oracle.append(f"{AGGREGATES[aggregate][1]} AS {aggregate}")
        compared.append(AGGREGATES[aggregate][2])
    where, having = "" if session else dice.choice(FILTERS), dice.choice(HAVINGS) if grouped else ""
    if dice.random() < 0.25 and not session:
        error = dice.choice(MOSTLY_FEW)
        items.append(f"{ROW_ERRORS[error][0]} AS {error}")
        oracle.append(f"{ROW_ERRORS[error][1]} AS {error}")
        compared.append("exact")
        excluded = ROW_ERRORS[error][2]
    group = ", ".join(str(number) for number in range(1, grouped + 1))
    create = f"CREATE MATERIALIZED VIEW {name} AS SELECT {', '.join(items)} FROM {window.source}"
    query = f"SELECT {', '.join(oracle)} FROM {window.rows}"
    conditions = [f"({text})" for text in (where, excluded) if text]
    create += f" WHERE {where}" if where else ""
    query += f" WHERE {' AND '.join(conditions)}" if conditions else ""
    for text in ((f" GROUP BY {group}" if grouped else ""), (f" HAVING {having}" if having else "")):
        create, query = create + text, query + text
    after = dice.choice((0.0, 0.0, 0.4, 0.8)) if keeps_raw else 0.0
    if excluded and count > FILL_RECORDS:   # a fill leaves out 1,000 rows at most
        after = 0.0
    uses = {window.kind, *(f"state {aggregate}" for aggregate in chosen), *(f"key {key}" for key in keys)}
    text = create.upper()
    uses |= {what for what, used in (("WHERE", where), ("HAVING", having), ("row errors", excluded), ("made later", after),
                                     ("no GROUP BY", not grouped), ("FILTER", "FILTER" in text), ("DISTINCT", "(DISTINCT" in text)) if used}
    groups = groups_query(window.rows, oracle[:grouped], conditions)
    excluded = f"NOT ({excluded})" + (f" AND ({where})" if where else "") if excluded else ""
    return View(name, create, query, compared, excluded, after, frozenset(uses), groups=groups)


def groups_query(rows, keys, conditions):
    """-> DuckDB's text: for each group of a view whether a row of it came late, whether a key is NULL, in how many waves its rows
    came, and the first and the last of them; $created is the wave that the view first saw by itself"""
    names = [key.split(" AS ")[0] for key in keys]
    nulls = " OR ".join(f"({name}) IS NULL" for name in names) or "false"
    wave = "greatest(phase, $created)"
    return (f"SELECT bool_or(late), {nulls}, count(DISTINCT {wave}), min({wave}), max({wave}) FROM {rows}"
            + (f" WHERE {' AND '.join(conditions)}" if conditions else "") + (f" GROUP BY {', '.join(names)}" if names else ""))


def _rollup(dice, keeps_raw):
    """-> a view, one over it, and sometimes one over that"""
    size, chosen = dice.choice(MINUTE_SIZES), dice.sample(sorted(ROLLUPS), dice.randint(4, 8))
    keys = dice.sample(("k", "j", "b", "tier"), dice.choice((0, 1, 2, 2)))
    start = f"time_bucket({_minutes(size)}, ts)"
    after = dice.choice((0.0, 0.0, 0.4)) if keeps_raw else 0.0
    of_window = ["window_start", *(f"{key} AS key_{key}" for key in keys)]
    create = (f"CREATE MATERIALIZED VIEW v20 AS SELECT {', '.join(of_window)}, {', '.join(f'{AGGREGATES[name][0]} AS {name}' for name in chosen)} "
              f"FROM TUMBLE(events, ts, INTERVAL '{size}' MINUTE) GROUP BY {ordinals(len(of_window))}")
    rows = f"(SELECT *, {start} AS window_start FROM records)"
    oracle = (f"SELECT {', '.join(of_window)}, {', '.join(AGGREGATES[name][1] for name in chosen)} FROM {rows} "
              f"GROUP BY {ordinals(len(of_window))}")
    states = frozenset(f"state {name}" for name in chosen)
    views = [View("v20", create, oracle, ["key"] * len(of_window) + [AGGREGATES[name][2] for name in chosen], "", after,
                  states | {"TUMBLE", "parent of a view"}, groups=groups_query(rows, of_window, []))]
    bucket, levels = "window_start", (("v21", dice.choice(("", "hour", "day"))), ("v22", "day"))
    for level, (name, unit) in enumerate(levels[:dice.choice((1, 2, 2))]):
        if views[-1].columns[0] != "key":
            break   # one row: there is nothing to roll up
        keys = keys[:len(keys) - (level if dice.random() < 0.5 else 0)]
        timed = bool(unit and bucket)
        items = ([f"date_trunc('{unit}', {bucket}) AS bucket"] if timed else []) + [f"key_{key}" for key in keys]
        wanted = ([f"date_trunc('{unit}', ts) AS bucket"] if timed else []) + [f"{key} AS key_{key}" for key in keys]
        bucket = "bucket" if timed else ""
        group = f" GROUP BY {ordinals(len(items))}" if items else ""
        create = (f"CREATE MATERIALIZED VIEW {name} AS SELECT {', '.join(items + [f'{ROLLUPS[one][0]} AS {one}' for one in chosen])} "
                  f"FROM {views[-1].name}{group}")
        oracle = f"SELECT {', '.join(wanted + [ROLLUPS[one][1] for one in chosen])} FROM records{group}"
        after = max(after, dice.choice((0.0, 0.0, 0.4)))
        views.append(View(name, create, oracle, ["key"] * len(items) + [ROLLUPS[one][2] for one in chosen], "", after,
                          frozenset({("view over a view", "view over a view over a view")[level], *(f"merge {one}" for one in chosen)}),
                          groups=groups_query("records", wanted, [])))
    return views


def _joined(dice, keeps_raw):
    """-> a view that joins a table when it is read"""
    size, outer = dice.choice(MINUTE_SIZES), dice.random() < 0.6
    join = "LEFT JOIN" if outer else "JOIN"
    chosen = dice.sample(("rows", "sum_amount", "avg_j", "max_f"), 2)
    values = ", ".join(f"{of_alias(AGGREGATES[one][0])} AS {one}" for one in chosen)
    create = (f"CREATE MATERIALIZED VIEW v30 AS SELECT window_start, e.k AS key_k, d.label, {values} "
              f"FROM TUMBLE(events, ts, INTERVAL '{size}' MINUTE) AS e {join} dims AS d ON e.k = d.k GROUP BY window_start, e.k, d.label")
    rows = f"(SELECT *, time_bucket({_minutes(size)}, ts) AS window_start FROM records) AS e {join} {DIMENSION_ROWS} ON e.k = d.k"
    oracle = (f"SELECT window_start, e.k AS key_k, d.label, {', '.join(of_alias(AGGREGATES[one][1]) for one in chosen)} FROM {rows} "
              f"GROUP BY window_start, e.k, d.label")
    after = dice.choice((0.0, 0.0, 0.4)) if keeps_raw else 0.0
    return View("v30", create, oracle, ["key", "key", "exact"] + [AGGREGATES[one][2] for one in chosen], "", after,
                frozenset({f"{join} a table at reading"}), groups=groups_query(rows, ["window_start", "e.k AS key_k", "d.label"], []))


def of_alias(aggregate):
    """sum(x) -> sum(e.x)"""
    return re.sub(r"\b(amount|j|f)\b", r"e.\1", aggregate)


def ordinals(count):
    return ", ".join(str(number) for number in range(1, count + 1))


def _records(count, dice):
    """In the order in which they are produced: event time moves on, some come late, some very late, some are broken."""
    now, records, taken = dice.choice(STARTS), [], set()
    pace = dice.choice((1_500_000, 1_500_000, 200_000))   # microseconds at most from one to the next
    for number in range(count):
        now += datetime.timedelta(microseconds=dice.randrange(0, pace))
        at = now - datetime.timedelta(microseconds=dice.randrange(0, 3_000_000))
        if dice.random() < 0.05:
            at = now - datetime.timedelta(seconds=dice.choice((30, 600, 86_400, 3 * 86_400)), microseconds=dice.randrange(10**6))
        even = at.replace(microsecond=0, second=at.second if dice.random() < 0.8 else 0)
        if dice.random() < 0.2 and even not in taken:   # at the edge of windows, exactly a gap after another
            at = even
            taken.add(even)
        records.append(_bad_record(number, at, dice) if dice.random() < 0.03 else _good_record(number, at, dice))
    return records


def _good_record(number, at, dice):
    fields = {"id": number, "k": dice.choice((None, "k1", "k2", "k3", "K1", "ü")), "j": dice.choice((None, 0, 0, 1, 2, 3, 5, 7, -4)),
              "b": dice.choice((None, True, False)), "amount": dice.choice((None, f"{dice.uniform(-20, 150):.2f}", f"{dice.uniform(0, 99):.1f}")),
              "big": dice.choice((None, 2**62, -(2**62), dice.randrange(10**12))), "f": dice.choice((None, dice.gauss(50, 30), dice.expovariate(0.01))),
              "code": dice.choice((None, "12", "-7", "5", "3") if dice.random() < 0.95 else ("zwölf", ""))}
    row = (fields["id"], fields["k"], fields["j"], fields["b"], fields["amount"], fields["big"], fields["f"], fields["code"], at)
    text = {name: value for name, value in fields.items() if name not in ("code", "amount") and not (value is None and dice.random() < 0.5)}
    if fields["code"] is not None or dice.random() < 0.5:
        text["meta"] = {"code": fields["code"], "more": [1, {"code": "x"}]}
    text["ts"] = at.isoformat() + "Z"
    if dice.random() < 0.2:
        text["unknown"] = {"deep": [number, None, "text"]}
    body = json.dumps(text, ensure_ascii=False)
    if fields["amount"] is not None:   # as its own digits, not through a double
        body = body[:-1] + f', "amount": {fields["amount"]}}}'
    return Record(body.encode(), row, key=str(number % 7).encode() if dice.random() < 0.5 else None)


def _bad_record(number, at, dice):
    time = at.isoformat() + "Z"
    choices = (("malformed_json", b'{"id":%d,"ts":"' % number), ("malformed_json", b"%d" % number), ("malformed_json", b""),
               ("type_mismatch", json.dumps({"id": f"n{number}", "ts": time}).encode()),
               ("type_mismatch", json.dumps({"id": number, "j": "x", "ts": time}).encode()),
               ("out_of_range", json.dumps({"id": number, "j": 2**31, "ts": time}).encode()),
               ("not_null", json.dumps({"k": "k1", "ts": time}).encode()), ("not_null", json.dumps({"id": None, "ts": time}).encode()),
               ("event_time_null", json.dumps({"id": number, "k": "k1"}).encode()),
               ("event_time_future", json.dumps({"id": number, "ts": "2999-01-01T00:00:00Z"}).encode()), ("tombstone", None))
    reason, value = dice.choice(choices)
    return Record(value, reason=reason, key=b"bad-%d" % number)
