"""Some seeds on one server: each one's records in four waves, kill -9 amid the second and the third; then every view against
one offline query.

Here a server carries several cases, each with topics, a source and views of its own, so that hundreds of seeds take minutes.
A wave is read before the next one comes, so a group with rows in three waves had three deltas at least. Threads: one caller.
Owns: the server, the topics. Errors: Outcome.failure.
"""

import re
import shutil
import time
from dataclasses import dataclass, field

import psycopg

from crash.oracle import Offline, compare
from crash.scenario import WATERMARK_DELAY, create_source
from harness.broker import Topics
from harness.freshet_process import FreshetProcess, ServerFailed
from randomised.case import KILLED_AMID, WAVES
from randomised.judge import Judge

SETTLE_SECONDS = 60   # without a position that moves
CREATED = {0.0: 0, 0.4: 1, 0.8: WAVES}   # the wave amid which a view is made; WAVES = after all
FIRST_SEEN = {0.0: 0, 0.4: 1, 0.8: WAVES - 1}   # the wave of which it sees at least a part by itself
MEMORY = ("256MB", "1GB", "1GB")   # the least is the usual one: tables of fifty views take turns on disk
DELTAS = 3
LATE, NULLS, DELTA, RESTART = CONDITIONS = ("late rows", "NULL keys", f"{DELTAS} deltas", "a restart")
TABLE = """CREATE TABLE users (k TEXT PRIMARY KEY, label TEXT, level INTEGER)
WITH (connector = 'kafka', topic = '{topic}', properties.bootstrap.server = '{bootstrap}') FORMAT UPSERT ENCODE JSON"""


@dataclass
class Outcome:
    seed: int
    failure: str = ""
    # Clause or state of its views -> the conditions under which one of them had it.
    uses: dict = field(default_factory=dict)
    kills: int = 0


class Group:
    def __init__(self, cases, bootstrap, directory, environment=None):
        self._cases, self._bootstrap = cases, bootstrap
        self._topics = Topics(bootstrap)
        self._made = time.time_ns() % 10**9
        settings = {**cases[0].scenario.settings, "memory_limit": MEMORY[cases[0].seed // len(cases) % len(MEMORY)]}
        self._server = FreshetProcess(directory / f"group-{cases[0].seed}", settings, environment)
        self._ends = {}                       # source or table -> {partition: records produced}
        self._judges = {case.seed: Judge(case, self._rows) for case in cases}
        self._connection = None

    def run(self):
        """-> one Outcome a seed"""
        shutil.rmtree(self._server.directory, ignore_errors=True)
        self._topics.create(self._partitions())
        self._start()
        self._connection.execute(";\n".join(self._first_definitions()))
        for wave in range(WAVES):
            self._produce(wave)
            if wave in KILLED_AMID:
                self._kill()
                self._start()
            self._define(wave)
            self._settle()
            for judge in self._judges.values():
                judge.look(wave)
        self._define(WAVES)
        outcomes = []
        for case in self._cases:
            outcomes.append(self._judge(case, patient=not any(outcome.failure for outcome in outcomes)))
        outcomes[0].kills = len(KILLED_AMID)
        return outcomes

    def close(self, keep):
        self._kill()
        self._topics.delete(self._partitions())
        self._topics.close()
        if not keep:
            shutil.rmtree(self._server.directory, ignore_errors=True)

    def describe_server(self):
        return f"kept: {self._server.directory}\n{self._server.log_tail()}"

    def _start(self):
        self._server.start()
        self._connection = self._connect()

    def _kill(self):
        self._server.kill()
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _topic(self, case, relation="events"):
        return f"random_{relation}_{case.seed}_{self._made}"

    def _partitions(self):
        """-> {topic: partitions}"""
        found = {self._topic(case): case.scenario.partitions for case in self._cases}
        return found | {self._topic(case, "users"): case.table_partitions for case in self._cases if case.table_waves}

    @staticmethod
    def _renamed(text, case):
        """Sources, tables and views of each seed have names of their own."""
        return re.sub(r"\b(events|dims|users|v\d+)\b", rf"\1_{case.seed}", text)

    def _first_definitions(self):
        """In one string: every change holds the lanes of its source for a moment, and many changes in one string are one."""
        for case in self._cases:
            scenario = case.scenario
            source = self._renamed(create_source(scenario, "{topic}", self._bootstrap), case).format(topic=self._topic(case))
            tables = [self._renamed(text, case) for text in scenario.tables]
            if case.table_waves:
                tables.append(self._renamed(TABLE, case).format(topic=self._topic(case, "users"), bootstrap=self._bootstrap))
            views = [self._renamed(view.first or view.create, case) for view in scenario.views if CREATED[view.after] == 0]
            yield from (source, *tables, *views)

    def _define(self, wave):
        """While records come: each by itself, or those of a source in one string."""
        for case in self._cases:
            texts = []
            for view in case.scenario.views:
                if view.first and view.replaced_in == wave:
                    texts.append(view.create.replace("CREATE", "CREATE OR REPLACE", 1))
                elif not view.first and wave > 0 and CREATED[view.after] == wave:
                    texts.append(view.create)
            together = texts and case.seed % 3 > 0
            for text in [";\n".join(texts)] if together else texts:
                self._connection.execute(self._renamed(text, case))

    def _produce(self, wave):
        for case in self._cases:
            scenario, newest = case.scenario, case.newest
            ends = self._ends.setdefault(f"events_{case.seed}", dict.fromkeys(range(scenario.partitions), 0))
            count = len(scenario.records)
            for number in range(count * wave // WAVES, count * (wave + 1) // WAVES):
                record, partition = scenario.records[number], (number * 7 + number // 11) % scenario.partitions
                if wave > case.last_wave.get(partition, WAVES):
                    partition = 0
                self._topics.produce(self._topic(case), record, partition)
                ends[partition] += 1
                record.phase = wave
                if not record.reason:
                    record.late = record.row[-1] < newest.get(partition, record.row[-1]) - WATERMARK_DELAY
                    newest[partition] = max(newest.get(partition, record.row[-1]), record.row[-1])
            if case.table_waves:
                ends = self._ends.setdefault(f"users_{case.seed}", dict.fromkeys(range(case.table_partitions), 0))
                for partition, record in case.table_waves[wave]:
                    self._topics.produce(self._topic(case, "users"), record, partition)
                    ends[partition] += 1
        self._topics.flush()

    def _settle(self):
        positions = {}

        def settled():
            positions.clear()
            for source, partition, position in self._rows("SELECT source, partition, position FROM freshet.source_partitions"):
                positions.setdefault(source, {})[partition] = position
            ahead = [source for source, ends in self._ends.items() for partition, position in positions.get(source, {}).items()
                     if position > ends[partition]]
            assert not ahead, f"positions beyond the records of {ahead}: {positions[ahead[0]]}, ends {self._ends[ahead[0]]}"
            return positions == self._ends

        last, since = {}, time.monotonic()
        while not settled() and time.monotonic() - since < SETTLE_SECONDS:
            if positions != last:
                last, since = dict(positions), time.monotonic()
            time.sleep(0.01)
        if positions != self._ends:
            self._server.require_running()
            differing = {source: (positions.get(source), ends) for source, ends in self._ends.items() if positions.get(source) != ends}
            raise AssertionError(f"no position moved for {SETTLE_SECONDS} s, by source (positions, ends): {differing}")

    def _judge(self, case, patient):
        outcome, judge = Outcome(case.seed), self._judges[case.seed]
        offline = Offline(case.scenario.records)
        outcome.failure = judge.watermark_difference()
        for view in case.scenario.views:
            difference = judge.difference(view, offline, patient and not outcome.failure)
            if difference:
                outcome.failure += f"{view.name} differs\n{view.create}\n{view.oracle}\n{difference}\n"
            if view.groups:
                first = view.replaced_in if view.first else FIRST_SEEN[view.after]
                conditions = conditions_of(offline.rows(view.groups.replace("$created", str(first))))
                for use in view.uses:
                    outcome.uses.setdefault(use, set()).update(conditions)
        return outcome

    def _connect(self):
        host, port = self._server.address()
        return psycopg.connect(host=host, port=port, user="freshet", password=self._server.password(), dbname="freshet",
                               autocommit=True, connect_timeout=10, options="-c TimeZone=UTC")

    def _rows(self, sql):
        rows = self._connection.execute(sql).fetchall()
        return [tuple(cell.replace(tzinfo=None) if hasattr(cell, "tzinfo") else cell for cell in row) for row in rows]


def conditions_of(groups):
    """-> what happened to a view's groups; they are rows of `groups_query`"""
    met = {LATE: any(late for late, *_ in groups), NULLS: any(null for _, null, *_ in groups),
           DELTA: any(waves >= DELTAS for _, _, waves, _, _ in groups),
           RESTART: any(first <= killed < last for *_, first, last in groups if first is not None for killed in KILLED_AMID)}
    return {name for name, true in met.items() if true}


def run_group(cases, bootstrap, directory, environment=None, keep=True):
    """-> one Outcome a seed; a server that fails is the failure of every seed in it. `keep`: what failed stays to be looked at."""
    group = Group(cases, bootstrap, directory, environment)
    outcomes = []
    try:
        outcomes = group.run()
    except (ServerFailed, psycopg.Error, AssertionError) as error:
        outcomes = [Outcome(case.seed, f"{type(error).__name__}: {error}") for case in cases]
    failed = [outcome for outcome in outcomes if outcome.failure]
    same = len({outcome.failure for outcome in failed}) < len(failed)   # the server's own: told once
    for outcome, case in zip(outcomes, cases):
        if outcome.failure and same and outcome is not outcomes[0]:
            outcome.failure = f"seed {case.seed}: as seed {cases[0].seed}"
        elif outcome.failure:
            outcome.failure = (f"{case.scenario.describe()}\n{outcome.failure}\nrepeat: test/randomised/run.py --seed {cases[0].seed} --seeds {len(cases)}\n"
                               f"{group.describe_server()}")
    group.close(keep=keep and bool(failed))
    return outcomes
