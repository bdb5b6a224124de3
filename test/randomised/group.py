"""Some seeds on one server: each one's records in four waves, kill -9 amid the second and the third; then every view against
one offline query.

Scenarios are test/crash's; here a server carries several of them, each with a topic, a source and views of its own, so
that hundreds of seeds take minutes. A wave is read before the next one comes, so a group with rows in three waves had three
deltas at least. Threads: one caller. Owns: the server, the topics. Errors: Outcome.failure.
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
from harness.waiting import wait_until

SETTLE_SECONDS = 90
EMIT_SECONDS = 15
WAVES = 4
KILLED_AMID = (1, 2)             # waves
CREATED = {0.0: 0, 0.4: 1, 0.8: WAVES - 1}   # the wave of which a view made so late sees at least a part by itself
DELTAS = 3
LATE, NULLS, DELTA, RESTART = CONDITIONS = ("late rows", "NULL keys", f"{DELTAS} deltas", "a restart")


@dataclass
class Outcome:
    seed: int
    failure: str = ""
    # Clause or state of its views -> the conditions under which one of them had it.
    uses: dict = field(default_factory=dict)
    kills: int = 0


class Group:
    def __init__(self, scenarios, bootstrap, directory, environment=None):
        self._scenarios, self._bootstrap = scenarios, bootstrap
        self._topics = Topics(bootstrap)
        self._made = time.time_ns() % 10**9
        self._server = FreshetProcess(directory / f"group-{scenarios[0].seed}", scenarios[0].settings, environment)
        self._ends = {}                       # seed -> {partition: records produced}
        self._newest = {}                     # seed -> {partition: newest event time}
        self._connection = None

    def run(self):
        """-> one Outcome a seed"""
        shutil.rmtree(self._server.directory, ignore_errors=True)
        self._topics.create({self._topic(scenario): scenario.partitions for scenario in self._scenarios})
        self._start()
        self._define(0.0)
        for wave in range(WAVES):
            self._produce(wave)
            if wave in KILLED_AMID:
                self._kill()
                self._start()
            if wave == CREATED[0.4]:
                self._define(0.5)
            self._settle()
        self._define(1.0)
        outcomes = [self._judge(scenario) for scenario in self._scenarios]
        outcomes[0].kills = len(KILLED_AMID)
        return outcomes

    def close(self, keep):
        self._kill()
        self._topics.delete([self._topic(scenario) for scenario in self._scenarios])
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

    def _topic(self, scenario):
        return f"random_{scenario.seed}_{self._made}"

    @staticmethod
    def _renamed(text, seed):
        """Sources and views of each seed have names of their own."""
        return re.sub(r"\b(events|dims|v\d+)\b", rf"\1_{seed}", text)

    def _define(self, part_done):
        for scenario in self._scenarios:
            if part_done == 0.0:
                for statement in (create_source(scenario, self._topic(scenario), self._bootstrap), *scenario.tables):
                    self._connection.execute(self._renamed(statement, scenario.seed))
            for view in scenario.views:
                if view.after <= part_done:
                    text = view.create.replace("MATERIALIZED VIEW", "MATERIALIZED VIEW IF NOT EXISTS", 1)
                    self._connection.execute(self._renamed(text, scenario.seed))

    def _produce(self, wave):
        for scenario in self._scenarios:
            ends = self._ends.setdefault(scenario.seed, dict.fromkeys(range(scenario.partitions), 0))
            newest = self._newest.setdefault(scenario.seed, {})
            count = len(scenario.records)
            for number in range(count * wave // WAVES, count * (wave + 1) // WAVES):
                record, partition = scenario.records[number], (number * 7 + number // 11) % scenario.partitions
                self._topics.produce(self._topic(scenario), record, partition)
                ends[partition] += 1
                record.phase = wave
                if not record.reason:
                    record.late = record.row[-1] < newest.get(partition, record.row[-1]) - WATERMARK_DELAY
                    newest[partition] = max(newest.get(partition, record.row[-1]), record.row[-1])
        self._topics.flush()

    def _settle(self):
        positions = {}

        def settled():
            positions.clear()
            for source, partition, position in self._rows("SELECT source, partition, position FROM freshet.source_partitions"):
                positions.setdefault(int(source.rpartition("_")[2]), {})[partition] = position
            ahead = [seed for seed, ends in self._ends.items() for partition, position in positions.get(seed, {}).items()
                     if position > ends[partition]]
            assert not ahead, f"positions beyond the records of seeds {ahead}: {positions[ahead[0]]}, ends {self._ends[ahead[0]]}"
            return positions == self._ends

        if not wait_until(settled, SETTLE_SECONDS, 0.01):
            self._server.require_running()
            differing = {seed: (positions.get(seed), ends) for seed, ends in self._ends.items() if positions.get(seed) != ends}
            raise AssertionError(f"not settled after {SETTLE_SECONDS} s, by seed (positions, ends): {differing}")

    def _judge(self, scenario):
        outcome = Outcome(scenario.seed)
        offline = Offline(scenario.records)
        watermark = self._watermark(scenario)
        for view in scenario.views:
            if view.emits and watermark is None:   # a partition without a row holds all windows open
                continue
            expected = offline.rows(view.oracle.replace("$watermark", f"TIMESTAMP '{watermark}'"))
            found = f"SELECT * FROM {view.name}_{scenario.seed}"
            difference = compare(view.columns, expected, self._rows(found))
            if difference and view.emits:
                wait_until(lambda: not compare(view.columns, expected, self._rows(found)), EMIT_SECONDS, 0.05)
                difference = compare(view.columns, expected, self._rows(found))
            if difference:
                outcome.failure += f"{view.name} differs\n{view.create}\n{view.oracle}\n{difference}\n"
            if view.groups:
                conditions = conditions_of(offline.rows(view.groups.replace("$created", str(CREATED[view.after]))))
                for use in view.uses:
                    outcome.uses.setdefault(use, set()).update(conditions)
        return outcome

    def _watermark(self, scenario):
        """-> the source's, None when it has none"""
        return self._rows(f"SELECT watermark FROM freshet.sources WHERE name = 'events_{scenario.seed}'")[0][0]

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


def run_group(scenarios, bootstrap, directory, environment=None, keep=True):
    """-> one Outcome a seed; a server that fails is the failure of every seed in it. `keep`: what failed stays to be looked at."""
    group = Group(scenarios, bootstrap, directory, environment)
    outcomes = []
    try:
        outcomes = group.run()
    except (ServerFailed, psycopg.Error, AssertionError) as error:
        outcomes = [Outcome(scenario.seed, f"{type(error).__name__}: {error}") for scenario in scenarios]
    failed = [outcome for outcome in outcomes if outcome.failure]
    same = len({outcome.failure for outcome in failed}) < len(failed)   # the server's own: told once
    for outcome, scenario in zip(outcomes, scenarios):
        if outcome.failure and same and outcome is not outcomes[0]:
            outcome.failure = f"seed {scenario.seed}: as seed {scenarios[0].seed}"
        elif outcome.failure:
            outcome.failure = (f"{scenario.describe()}\n{outcome.failure}\nrepeat: test/randomised/run.py --seed {scenario.seed} --seeds 1\n"
                               f"{group.describe_server()}")
    group.close(keep=keep and bool(failed))
    return outcomes
