"""seed -> a case: test/crash's scenario, and what waves make possible beside it: partitions that fall idle, a table fed by a topic,
views that show closed windows, forget old ones, show the largest groups, or are replaced while records come.

Pure; the same seed is the same case. Each view is written twice, for Freshet and for DuckDB, by hand. Threads: values.
"""

import json
import random
import re
from dataclasses import dataclass, field, replace

from crash.scenario import (AGGREGATES, CUMULATES, HOPS, Record, Scenario, View, cumulate_rows, groups_query, hop_rows,
                            make_scenario, of_alias, ordinary_view, ordinals, tumble_rows)

WAVES = 4
KILLED_AMID = (1, 2)             # waves
IDLE_TIMEOUT = "200 ms"          # of a source with a partition that falls idle; of the others it never comes
NEVER = "1 day"
EQUAL, RELEASED, KEPT = "equal", "released", "kept"   # how a view is judged, see Group
TABLE_KEYS = ("k1", "k2", "k3", "K1", "ü", "unused")
SOME_STATES = ("rows", "sum_amount", "avg_j", "max_f", "min_k", "distinct_j", "p50", "ids", "sd_j", "first_k", "any_b")
RANKED = ("rows", "amounts", "sum_amount", "sum_j", "max_f", "min_amount")   # exact: doubles that are summed rank by the order of rows
TOP_KEYS = ("k", "tier", "code")
KEY_COLUMNS = ("key_k", "key_j", "key_b", "key_tier")
RETENTIONS = (1, 2, 10, 60)      # minutes; late rows come up to three days late


@dataclass
class KeptView(View):
    """`oracle` names $floor, below which the view keeps nothing."""

    retention_us: int = 0
    unit_us: int = 0             # floors are multiples of it
    reach_us: int = 0            # so far below it rows are kept
    step_us: int = 0             # from the beginning of a window to the next


@dataclass
class Case:
    scenario: Scenario
    newest: dict = field(default_factory=dict)      # partition -> its newest event, of what was produced
    last_wave: dict = field(default_factory=dict)   # partition -> the last wave in which it gets records; -1 = in none
    table_waves: list = field(default_factory=list)  # of each wave: (partition, Record) of the table's topic; [] = no table
    table_partitions: int = 1
    table_rows: dict = field(default_factory=dict)   # key -> (label, level), in the end

    @property
    def seed(self):
        return self.scenario.seed


def make_case(seed, most):
    scenario, dice = make_scenario(seed, most=most), random.Random(f"case {seed}")
    case = Case(scenario)
    scenario.idle_timeout = NEVER
    if dice.random() < 0.5:
        scenario.idle_timeout = IDLE_TIMEOUT
        some = dice.sample(range(1, scenario.partitions), dice.randint(min(1, scenario.partitions - 1), scenario.partitions - 1))
        case.last_wave = {partition: dice.choice((-1, 0, 1, 2)) for partition in some}
    parents = {"v20"} | ({"v21"} if any(view.name == "v22" for view in scenario.views) else set())
    scenario.views = [_from_kafka(_replaced(view, parents, dice), scenario, dice) for view in scenario.views]
    if dice.random() < 0.4:
        scenario.views.append(_emitting(dice, scenario.keeps_raw))
    if dice.random() < 0.3:
        scenario.views.append(_emitting_once(dice))
    if dice.random() < 0.5:
        scenario.views.append(_kept(dice))
    if dice.random() < 0.4:
        scenario.views.append(_top(dice, scenario.keeps_raw))
    if dice.random() < 0.5:
        _fill_table(case, dice)
        scenario.views.append(_joined(case, dice, scenario.keeps_raw))
    if case.last_wave:
        for view in scenario.views:
            if view.waits:
                view.uses |= {"idle partition"}
    return case


def _text_of(states):
    return ", ".join(f"{AGGREGATES[one][0]} AS {one}" for one in states)


def _oracle_of(states):
    return ", ".join(AGGREGATES[one][1] for one in states)


def _after(dice, keeps_raw):
    return dice.choice((0.0, 0.0, 0.4)) if keeps_raw else 0.0


def _replaced(view, parents, dice):
    """Sometimes a view that was another one at first. Those over it are made anew with it."""
    if view.after or view.excluded or view.name in ("v9", "v22", "v30") or dice.random() > (0.6 if view.name in parents else 0.25):
        return view
    first = "SELECT count(*) AS rows FROM events"
    if view.name in parents:   # the same columns of other records
        condition = "amount > 20" if view.name == "v20" else next((f"{key} IS NOT NULL" for key in KEY_COLUMNS if f"{key}," in view.create), "true")
        first = view.create.partition(" AS ")[2].replace(" GROUP BY", f" WHERE {condition} GROUP BY")
    elif dice.random() < 0.7:
        first = ordinary_view(view.name, dice).create.partition(" AS ")[2]
    use = "replaced under another view" if view.name in parents else "CREATE OR REPLACE"
    return replace(view, uses=view.uses | {use}, first=f"CREATE MATERIALIZED VIEW {view.name} AS {first}", replaced_in=dice.choice((1, 3)))


def _from_kafka(view, scenario, dice):
    """Sometimes a view that is made later, over a source that keeps no rows."""
    if scenario.keeps_raw or view.first or not re.fullmatch(r"v[0-3]", view.name) or dice.random() > 0.5:
        return view
    return replace(view, after=dice.choice((0.4, 0.4, 0.8)), uses=view.uses | {"made later, from Kafka"})


def _emitting(dice, keeps_raw):
    """-> a view that shows closed windows, and changes them when rows come late"""
    size, key = dice.choice((1, 2, 5)), dice.choice(("k", "j", "b"))
    chosen = dice.sample(SOME_STATES, 3)
    having = dice.choice(("", "", " HAVING count(*) >= 3"))
    create = (f"CREATE MATERIALIZED VIEW v40 WITH (corrections = 'true', allowed_lateness = '2 seconds') AS SELECT window_start, window_end, "
              f"{key} AS key_{key}, {_text_of(chosen)} "
              f"FROM TUMBLE(events, ts, INTERVAL '{size}' MINUTE) GROUP BY window_start, window_end, {key}{having} EMIT ON WINDOW CLOSE")
    rows = tumble_rows(size)
    oracle = (f"SELECT window_start, window_end, {key}, {_oracle_of(chosen)} FROM {rows} "
              f"WHERE window_end + INTERVAL '2 seconds' <= $watermark GROUP BY 1, 2, 3{having}")
    uses = {"EMIT ON WINDOW CLOSE, corrected", *(f"state {one}" for one in chosen), *({"HAVING"} if having else ())}
    return View("v40", create, oracle, ["key"] * 3 + [AGGREGATES[one][2] for one in chosen], after=_after(dice, keeps_raw),
                uses=frozenset(uses), groups=groups_query(rows, ["window_start", "window_end", f"{key} AS key_{key}"], []))


def _emitting_once(dice):
    """-> a view that shows closed windows once: what it shows and what came too late for it are all rows"""
    key, size = dice.choice(("k", "j", "b")), dice.choice((1, 2, 5))
    rows = tumble_rows(size)
    create = (f"CREATE MATERIALIZED VIEW v41 AS SELECT window_start, window_end, {key} AS key_{key}, count(*) AS rows "
              f"FROM TUMBLE(events, ts, INTERVAL '{size}' MINUTE) GROUP BY window_start, window_end, {key} EMIT ON WINDOW CLOSE")
    oracle = f"SELECT window_start, window_end, {key}, count(*) FROM {rows} WHERE window_end <= $watermark GROUP BY 1, 2, 3"
    return View("v41", create, oracle, ["key", "key", "key", "exact"], judged=RELEASED,
                uses=frozenset({"EMIT ON WINDOW CLOSE, once"}),
                groups=groups_query(rows, ["window_start", "window_end", f"{key} AS key_{key}"], []))


def _kept(dice):
    """-> a view that forgets what lies behind its floor"""
    kind, retention, key = dice.choice(("TUMBLE", "HOP", "CUMULATE")), dice.choice(RETENTIONS), dice.choice(("k", "j", "b"))
    chosen = dice.sample(SOME_STATES, 3)
    slide, size = dice.choice(HOPS[:2] if kind == "HOP" else CUMULATES[:2])
    step, unit, reach, rows = {"TUMBLE": (slide, slide, 0, tumble_rows(slide)), "HOP": (slide, slide, size - slide, hop_rows(slide, size)),
                               "CUMULATE": (size, size, 0, cumulate_rows(slide, size))}[kind]
    sizes = f"INTERVAL '{slide}' MINUTE" + ("" if kind == "TUMBLE" else f", INTERVAL '{size}' MINUTE")
    create = (f"CREATE MATERIALIZED VIEW v60 WITH (retention = '{retention} minutes') AS SELECT window_start, window_end, {key} AS key_{key}, "
              f"{_text_of(chosen)} FROM {kind}(events, ts, {sizes}) GROUP BY window_start, window_end, {key}")
    oracle = (f"SELECT window_start, window_end, {key}, {_oracle_of(chosen)} FROM {rows} WHERE window_start >= $floor GROUP BY 1, 2, 3")
    minute = 60_000_000
    return KeptView("v60", create, oracle, ["key"] * 3 + [AGGREGATES[one][2] for one in chosen],
                uses=frozenset({f"retention of {kind}", *(f"state {one}" for one in chosen)}), judged=KEPT,
                groups=groups_query(rows, ["window_start", "window_end", f"{key} AS key_{key}"], []), retention_us=retention * minute,
                     unit_us=unit * minute, reach_us=reach * minute, step_us=step * minute)


def _top(dice, keeps_raw):
    """-> a view of the largest groups, and sometimes of all others as one"""
    key, count, by = dice.choice(TOP_KEYS), dice.randint(1, 3), dice.choice(RANKED)
    other, windowed, size = dice.random() < 0.5, dice.random() < 0.7, dice.choice((1, 2, 5))
    chosen = [by, *dice.sample([one for one in SOME_STATES if one != by], 3)]
    more = f", other = 'OTHER'" if other else ""
    window = ["window_start"] if windowed else []
    items = [*window, f"{key} AS key_{key}"]
    source, rows = (f"TUMBLE(events, ts, INTERVAL '{size}' MINUTE)", tumble_rows(size)) if windowed else ("events", "records")
    create = (f"CREATE MATERIALIZED VIEW v50 WITH (top = {count}, top_by = '{by}'{more}) AS SELECT {', '.join(items)}, {_text_of(chosen)} "
              f"FROM {source} GROUP BY {ordinals(len(items))}")
    partition = "PARTITION BY window_start " if windowed else ""
    ranked = (f"(SELECT *, row_number() OVER ({partition}ORDER BY ranked DESC NULLS LAST, key) AS place FROM (SELECT "
              f"{', '.join([*window, f'{key} AS key'])}, {AGGREGATES[by][1]} AS ranked FROM {rows} GROUP BY {ordinals(len(items))}))")
    shown = f"CASE WHEN p.place <= {count} THEN r.{key} ELSE 'OTHER' END" if other else f"r.{key}"
    same = f"r.{key} IS NOT DISTINCT FROM p.key" + (" AND r.window_start = p.window_start" if windowed else "")
    oracle = (f"SELECT {', '.join([*(f'r.{one}' for one in window), shown])}, {_oracle_of(chosen)} FROM {rows} AS r JOIN {ranked} AS p ON {same}"
              f"{'' if other else f' WHERE p.place <= {count}'} GROUP BY {ordinals(len(items))}")
    return View("v50", create, oracle, ["key"] * len(items) + [AGGREGATES[one][2] for one in chosen], after=_after(dice, keeps_raw),
                uses=frozenset({"top and OTHER" if other else "top", *(f"state {one}" for one in chosen)}),
                groups=groups_query(rows, items, []))


def _fill_table(case, dice):
    """Records of a topic whose newest record of a key is its row, and none when that has no value."""
    partitions = case.table_partitions = dice.choice((1, 2, 3))
    for _ in range(WAVES):
        wave = []
        for _ in range(dice.randint(1, 12)):
            key = dice.choice(TABLE_KEYS)
            row = None if dice.random() < 0.25 else (dice.choice((None, "one", "two", "drei")), dice.choice((None, 0, 1, 2)))
            value = None if row is None else json.dumps({"k": key, "label": row[0], "level": row[1]}, ensure_ascii=False).encode()
            wave.append((TABLE_KEYS.index(key) % partitions, Record(value, key=key.encode())))
            if row is None:
                case.table_rows.pop(key, None)
            else:
                case.table_rows[key] = row
        case.table_waves.append(wave)


def _joined(case, dice, keeps_raw):
    """-> a view that joins the table of a topic when it is read"""
    size, join, level = dice.choice((1, 5, 60)), dice.choice(("LEFT JOIN", "JOIN")), dice.choice(("", "", " WHERE t.level > 0"))
    chosen = dice.sample(("rows", "sum_amount", "avg_j", "max_f"), 2)
    create = (f"CREATE MATERIALIZED VIEW v31 AS SELECT window_start, e.k AS key_k, t.label, t.level, "
              f"{', '.join(f'{of_alias(AGGREGATES[one][0])} AS {one}' for one in chosen)} "
              f"FROM TUMBLE(events, ts, INTERVAL '{size}' MINUTE) AS e {join} users AS t ON e.k = t.k{level} "
              f"GROUP BY window_start, e.k, t.label, t.level")
    values = ", ".join(str((key, *row)).replace("None", "NULL") for key, row in case.table_rows.items()) or "(NULL, NULL, NULL)"
    rows = f"{tumble_rows(size)} AS e {join} (VALUES {values}) AS t(k, label, level) ON e.k = t.k"
    oracle = (f"SELECT window_start, e.k AS key_k, t.label, t.level, {', '.join(of_alias(AGGREGATES[one][1]) for one in chosen)} FROM {rows}"
              f"{level} GROUP BY window_start, e.k, t.label, t.level")
    return View("v31", create, oracle, ["key", "key", "exact", "exact"] + [AGGREGATES[one][2] for one in chosen],
                after=_after(dice, keeps_raw), uses=frozenset({f"{join} the table of a topic"}),
                groups=groups_query(rows, ["window_start", "e.k AS key_k", "t.label", "t.level"], [level.partition(" WHERE ")[2]] if level else []))
