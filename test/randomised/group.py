"""Some seeds on one server: half of each one's records, kill -9, the other half; then every view against one offline query.

Scenarios are test/crash's; here a server carries several of them, each with a topic, a source and views of its own, so
that hundreds of seeds take minutes. Threads: one caller. Owns: the server, the topics. Errors: Outcome.failure.
"""

import re
import shutil
import time
from dataclasses import dataclass, field

import psycopg

from crash.oracle import Offline, compare
from crash.scenario import create_source
from harness.broker import Topics
from harness.freshet_process import FreshetProcess, ServerFailed
from harness.waiting import wait_until

SETTLE_SECONDS = 90


@dataclass
class Outcome:
    seed: int
    failure: str = ""
    uses: set = field(default_factory=set)    # clauses and states that its views have
    kills: int = 0


class Group:
    def __init__(self, scenarios, bootstrap, directory):
        self._scenarios, self._bootstrap = scenarios, bootstrap
        self._topics = Topics(bootstrap)
        self._made = time.time_ns() % 10**9
        self._server = FreshetProcess(directory / f"group-{scenarios[0].seed}", scenarios[0].settings)
        self._ends = {}                       # seed -> {partition: records produced}

    def run(self):
        """-> one Outcome a seed"""
        shutil.rmtree(self._server.directory, ignore_errors=True)
        self._topics.create({self._topic(scenario): scenario.partitions for scenario in self._scenarios})
        self._server.start()
        self._define(0.0)
        self._produce(0.0, 0.5)
        self._server.kill()
        self._server.start()
        self._define(0.5)
        self._produce(0.5, 1.0)
        self._define(1.0)
        outcomes = [self._judge(scenario) for scenario in self._scenarios]
        outcomes[0].kills = 1
        return outcomes

    def close(self, keep):
        self._server.kill()
        self._topics.delete([self._topic(scenario) for scenario in self._scenarios])
        self._topics.close()
        if not keep:
            shutil.rmtree(self._server.directory, ignore_errors=True)

    def describe_server(self):
        return f"kept: {self._server.directory}\n{self._server.log_tail()}"

    def _topic(self, scenario):
        return f"random_{scenario.seed}_{self._made}"

    @staticmethod
    def _renamed(text, seed):
        """Sources and views of each seed have names of their own."""
        return re.sub(r"\b(events|v\d+)\b", rf"\1_{seed}", text)

    def _define(self, part_done):
        with self._connect() as connection:
            for scenario in self._scenarios:
                if part_done == 0.0:
                    connection.execute(self._renamed(create_source(scenario, self._topic(scenario), self._bootstrap), scenario.seed))
                for view in scenario.views:
                    if view.after <= part_done:
                        text = view.create.replace("MATERIALIZED VIEW", "MATERIALIZED VIEW IF NOT EXISTS", 1)
                        connection.execute(self._renamed(text, scenario.seed))

    def _produce(self, begin, end):
        for scenario in self._scenarios:
            ends = self._ends.setdefault(scenario.seed, dict.fromkeys(range(scenario.partitions), 0))
            count = len(scenario.records)
            for number in range(int(count * begin), int(count * end)):
                partition = (number * 7 + number // 11) % scenario.partitions
                self._topics.produce(self._topic(scenario), scenario.records[number], partition)
                ends[partition] += 1
        self._topics.flush()

    def _judge(self, scenario):
        outcome = Outcome(scenario.seed, uses=set().union(*(view.uses for view in scenario.views)))
        if not wait_until(lambda: self._positions(scenario) == self._ends[scenario.seed], SETTLE_SECONDS, 0.05):
            outcome.failure = f"not settled: {self._positions(scenario)} of {self._ends[scenario.seed]}"
            return outcome
        offline = Offline(scenario.records)
        for view in scenario.views:
            difference = compare(view.columns, offline.rows(view.oracle), self._rows(f"SELECT * FROM {view.name}_{scenario.seed}"))
            if difference:
                outcome.failure += f"{view.name} differs\n{view.create}\n{view.oracle}\n{difference}\n"
        return outcome

    def _positions(self, scenario):
        return dict(self._rows(f"SELECT partition, position FROM freshet.source_partitions WHERE source = 'events_{scenario.seed}'"))

    def _connect(self):
        host, port = self._server.address()
        return psycopg.connect(host=host, port=port, user="freshet", password=self._server.password(), dbname="freshet",
                               autocommit=True, connect_timeout=10, options="-c TimeZone=UTC")

    def _rows(self, sql):
        with self._connect() as connection:
            rows = connection.execute(sql).fetchall()
        return [tuple(cell.replace(tzinfo=None) if hasattr(cell, "tzinfo") else cell for cell in row) for row in rows]


def run_group(scenarios, bootstrap, directory):
    """-> one Outcome a seed; a server that fails is the failure of every seed in it."""
    group = Group(scenarios, bootstrap, directory)
    outcomes = []
    try:
        outcomes = group.run()
    except (ServerFailed, psycopg.Error, AssertionError) as error:
        outcomes = [Outcome(scenario.seed, f"{type(error).__name__}: {error}") for scenario in scenarios]
    failed = [outcome for outcome in outcomes if outcome.failure]
    for outcome, scenario in zip(outcomes, scenarios):
        if outcome.failure:
            outcome.failure = (f"{scenario.describe()}\n{outcome.failure}\nrepeat: test/randomised/run.py --seed {scenario.seed} --seeds 1\n"
                               f"{group.describe_server()}")
    group.close(keep=bool(failed))
    return outcomes
