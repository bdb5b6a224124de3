"""Runs one script in one mode against a server of its own.

The rule that makes one golden enough: whatever a mode does to records, batches and processes, what is committed is the
same. So every step may be preceded by the end of the server, and every ingest may be cut in the middle.

Threads: one owner; several runs at once are independent. Owns: the server, its directory, its topics. Errors: Failed.
"""

import pathlib
import re
import shutil
import time
import traceback
from dataclasses import dataclass, field

from confluent_kafka import KafkaException
from harness.broker import BrokerFailed, Topics
from harness.freshet_process import FreshetProcess, ServerFailed
from harness.waiting import wait_until
from harness.wire import Wire, WireLost
from slt.compare import check_error, difference_of
from slt.modes import MODES, deal, dice_for, interruption_points
from slt.postgres_oracle import Oracle

SETTLE_SECONDS = 30
AWAIT_SECONDS = 20
POINT_SECONDS = 10          # for a server to reach a failure point
KILL_DELAY_SECONDS = 0.12   # after a part of the records was produced: the kill meets fetch, decode or commit


class Failed(Exception):
    """A step did not do what the script says."""


@dataclass
class Result:
    """How a run ended. `failure` is text for people; empty = passed."""

    script: str
    mode: str
    seed: int
    seconds: float = 0.0
    failure: str = ""
    interruptions: list = field(default_factory=list)

    def repeat_command(self):
        return f"test/slt/run.py {self.script} --mode {self.mode} --seed {self.seed}"


@dataclass
class Options:
    bootstrap: str
    directory: object                # pathlib.Path under which each run makes its own
    seed: int = 1
    interruptions: int | None = 2    # per run at most, and one ingest cut; None = at every step, and every ingest
    keep: bool = False               # also the directories of runs that passed
    postgres: str = ""               # host:port of a PostgreSQL 15 for mode "postgres"
    write: bool = False              # mode "postgres" fills in empty goldens


def run_script(script, mode_name, options):
    """-> Result; never throws for what a script or server does."""
    result = Result(script.name, mode_name, options.seed)
    began = time.monotonic()
    mode = MODES[mode_name]
    if mode.oracle:
        run = Oracle(script, options.postgres, options.write)
    else:
        run = _Run(script, mode, options, result)
    try:
        run.run()
    except (Failed, ServerFailed, WireLost, BrokerFailed, KafkaException, AssertionError) as error:
        result.failure = f"{script.path}:{run.line}: mode {mode_name}, seed {options.seed}\n{error}"
    except Exception:  # a mistake of the runner must not end the other runs
        result.failure = f"{script.path}:{run.line}: mode {mode_name}, seed {options.seed}\n{traceback.format_exc()}"
    try:
        run.close()
    except (ServerFailed, WireLost, KafkaException) as error:
        result.failure = result.failure or f"{script.path}: mode {mode_name}: at the end: {error}"
    if result.failure:
        result.failure += f"\nrepeat: {result.repeat_command()}" + ("" if mode.oracle else f"\nkept:   {run.directory}")
    elif not mode.oracle and not options.keep:
        shutil.rmtree(run.directory, ignore_errors=True)
    result.seconds = time.monotonic() - began
    return result


def _bytes_to_read(definition):
    """To the last line feed of each file that a source with connector = 'file' reads."""
    options = dict(re.findall(r"(path|pattern) = '([^']*)'", definition))
    return sum(path.read_bytes().rfind(b"\n") + 1 for path in pathlib.Path(options["path"]).glob(options.get("pattern", "*")))


class _Run:
    def __init__(self, script, mode, options, result):
        self.line = 0
        self._script, self._mode, self._result = script, mode, result
        self._dice = dice_for(options.seed, script.name, mode.name)
        self._keep_topics = options.keep
        label = re.sub(r"\W+", "_", script.name.removesuffix(".slt"))
        self.directory = options.directory / f"{label}-{mode.name}"
        shutil.rmtree(self.directory, ignore_errors=True)
        self._prefix = f"slt_{label}_{mode.name}_{time.time_ns() % 10**10}_"
        self._partitions = {self._prefix + name: mode.partitions for name in script.topics()}
        self._bootstrap = options.bootstrap
        self._topics = Topics(options.bootstrap)
        self._folder = self.directory / "files"
        folders = {}
        if any(step.kind == "file" for step in script.steps):
            self._folder.mkdir(parents=True)
            folders = {"file_folders": self._folder, "secret_folders": self._folder}
        self._server = FreshetProcess(self.directory, {**mode.settings, **folders, **script.settings})
        self._wires = {}
        self._user, self._passwords = "freshet", {}
        self._cut_ingest, self._armed, self._ends_here = False, "", False
        self._cut_step, self._cut_all = None, mode.interruption == "crash" and options.interruptions is None
        if mode.interruption == "crash":
            self._cut_step = self._dice.choice([step for step in script.steps if step.kind == "ingest"] or [None])
        self._interrupt_before = interruption_points(script.steps, mode, self._dice, options.interruptions)

    def run(self):
        if self._partitions:
            self._topics.create(self._partitions)
        self._server.start()
        for index, step in enumerate(self._script.steps):
            self.line = step.line
            if not step.runs_in(self._mode.name):
                continue
            if index in self._interrupt_before and not self._armed:
                self._interrupt()
            self._server.require_running()
            self._do(step)
        self.line = 0
        self._server.require_running()

    def _do(self, step):
        """One step; with a failure point armed the server ends in it and is started again."""
        point, self._armed = self._armed, ""
        self._ends_here = bool(point)
        try:
            getattr(self, "_do_" + step.kind.replace("-", "_"))(step)
        except WireLost:
            if not point:
                raise
        if not point:
            return
        if self._server.wait_killed(POINT_SECONDS) is None:
            raise Failed(f"failure point {point} was not reached within {POINT_SECONDS} s")
        self._drop_wires()
        self._server.start()

    def close(self):
        self._drop_wires()
        try:
            if self._server.running() and not self._result.failure:
                self._server.stop()
        finally:
            self._server.kill()
            if self._partitions and not self._keep_topics:
                self._topics.delete(self._partitions)
            self._topics.close()

    # ---- ending and starting the server

    def _interrupt(self):
        self._result.interruptions.append(f"before line {self.line}")
        if self._mode.interruption == "restart":
            self._restart()
        else:
            self._crash()

    def _restart(self, environment=None):
        self._drop_wires()
        self._server.stop()
        self._server.start(environment=environment)

    def _crash(self):
        self._server.require_running()
        self._server.kill()
        self._drop_wires()
        self._server.start()

    def _do_restart(self, _step):
        self._restart()

    def _do_crash(self, step):
        point = step.words[0]
        if point.startswith("point:"):
            self._restart(environment={"FRESHET_FAILURE_POINTS": point[6:] if "=" in point else point[6:] + "=1"})
            self._armed = point
        elif point == "mid-ingest":
            self._cut_ingest = True
        elif point == "mid-start":
            self._server.kill()
            self._drop_wires()
            self._server.start(wait=False)
            time.sleep(self._dice.random() * 0.2)
            self._server.kill()
            self._server.start()
        else:
            self._crash()

    # ---- records

    def _do_ingest(self, step):
        dealt = deal(step.records, self._mode, self._dice)
        cut = not self._ends_here and (self._cut_ingest or step is self._cut_step or self._cut_all)
        at = self._dice.randrange(len(dealt) + 1) if cut else len(dealt)
        self._produce(step, dealt[:at])
        if cut:
            self._cut_ingest = False
            self._result.interruptions.append(f"in ingest of line {self.line} after {at} records")
            time.sleep(self._dice.random() * KILL_DELAY_SECONDS)
            self._crash()
            self._produce(step, dealt[at:])

    def _do_file(self, step):
        """Appends to a file; in mode crash the server ends between two halves of the bytes."""
        path = self._folder / step.words[0]
        data = self._filled(step.text).encode()
        cut = self._dice.randrange(len(data) + 1) if self._mode.interruption == "crash" else len(data)
        path.parent.mkdir(exist_ok=True)
        with open(path, "ab") as file:
            file.write(data[:cut])
        if cut < len(data):
            time.sleep(self._dice.random() * KILL_DELAY_SECONDS)
            self._crash()
            with open(path, "ab") as file:
                file.write(data[cut:])

    def _do_watermark(self, step):
        every = [(record, partition) for record in step.records for partition in range(self._mode.partitions)]
        self._produce(step, every)

    def _produce(self, step, dealt):
        for record, partition in dealt:
            self._topics.produce(self._prefix + step.words[0], record, partition)
        self._topics.flush()

    # ---- waiting until everything produced is committed

    def _do_settle(self, _step=None):
        ends = self._topics.end_offsets(self._partitions)
        state = {}
        if not wait_until(lambda: self._settled(ends, state), SETTLE_SECONDS):
            raise Failed(f"not settled after {SETTLE_SECONDS} s: {state.get('why')}\n{self._server.log_tail()}")

    def _settled(self, ends, state):
        sources = self._ask("SELECT name, topic, state, error FROM freshet.sources WHERE connector = 'kafka'")
        if building := self._ask("SELECT name, progress FROM freshet.views WHERE state = 'building'"):
            state["why"] = f"views are being built: {building}"
            return False
        if suspended := self._ask("SELECT name, error FROM freshet.views WHERE state = 'suspended'"):
            raise Failed(f"suspended views: {suspended}")
        if not self._settled_without_kafka(state):
            return False
        rows = self._ask("SELECT source, partition, position FROM freshet.source_partitions")
        positions = {(source, int(partition)): int(position) for source, partition, position in rows}
        asked = self._ask("SELECT now()")[0][0]
        for name, topic, source_state, error in sources:
            if source_state == "stopped":
                raise Failed(f'source "{name}" is stopped: {error}')
            if source_state == "paused" or topic not in self._partitions:
                continue
            for partition in range(self._partitions[topic]):
                position, end = positions.get((name, partition), -1), ends[(topic, partition)]
                if position < end:
                    state["why"] = f'source "{name}" ({source_state}: {error}): partition {partition} at {position} of {end}'
                    return False
        return self._joined(positions, asked, state)

    def _joined(self, positions, asked, state):
        """Joins of streams have taken all that was committed when `positions` were asked, and lanes have read the pairs."""
        joins = self._ask("SELECT name FROM freshet.sources WHERE connector = 'join'")
        rows = []

        def looked():
            rows[:] = self._ask(f"SELECT joined_rows, state, pairs, looked_at > '{asked}' FROM freshet.joins")
            return len(rows) == 2 * len(joins) and all(row[3] == "t" for row in rows)

        if joins and not wait_until(looked, 5, 0.01):
            state["why"] = f"of {joins} these have looked: {rows}"
            return False
        for name, join_state, pairs, _ in rows:
            if join_state != "current" or positions.get((name, 0), -1) < int(pairs):
                state["why"] = f'join "{name}" is {join_state}: {positions.get((name, 0))} of {pairs} pairs read'
                return False
        return True

    def _settled_without_kafka(self, state):
        """Files are read to the last line feed, generated rows to the last that is due."""
        rows = self._ask("SELECT s.name, s.definition, s.state, s.error, s.connector, count(p.high_watermark_offset), "
                         "sum(p.position), sum(p.lag) FROM freshet.sources s LEFT JOIN freshet.source_partitions p "
                         "ON p.source = s.name WHERE s.connector <> 'kafka' AND s.state <> 'paused' GROUP BY 1, 2, 3, 4, 5")
        for name, definition, source_state, error, connector, partitions, position, lag in rows:
            if source_state == "stopped":
                raise Failed(f'source "{name}" is stopped: {error}')
            state["why"] = f'source "{name}" ({source_state}: {error}) at {position}, lag {lag}'
            if connector == "datagen" and (int(partitions) == 0 or int(lag) > 0):
                return False
            if connector == "file" and int(position or 0) < _bytes_to_read(definition):
                return False
        return True

    # ---- statements

    def _do_statement(self, step):
        answer = self._execute(step)
        if step.words[0] == "ok":
            if answer.error:
                raise Failed(f"{step.text}\nfailed: {answer.error_text()}")
            if tag := " ".join(step.words[1:]):
                assert answer.tag == tag, f"{step.text}\nanswered {answer.tag}, expected {tag}"
            return
        check_error(step, answer)

    def _do_query(self, step):
        difference = self._difference(step)
        if difference:
            raise Failed(difference)

    def _do_await(self, step):
        state = {"why": ""}

        def equal():
            state["why"] = self._difference(step)
            return not state["why"]

        if not wait_until(equal, AWAIT_SECONDS, 0.05):
            raise Failed(f"still after {AWAIT_SECONDS} s: {state['why']}")

    def _difference(self, step):
        return difference_of(step, self._execute(step))

    def _do_expect_dlq(self, step):
        self._do_settle()
        view = f" AND view = '{step.words[2]}'" if len(step.words) > 2 else ""
        count = int(self._ask(f"SELECT count(*) FROM freshet.dead_letters WHERE reason_code = '{step.words[1]}'{view}")[0][0])
        if count == int(step.words[0]):
            return
        have = self._ask("SELECT source, view, reason_code, reason, count(*) FROM freshet.dead_letters GROUP BY 1, 2, 3, 4")
        raise Failed(f"{count} dead letters of {step.words[1]}, expected {step.words[0]}; there are:\n"
                     + "\n".join("  " + " | ".join(str(cell) for cell in row) for row in have))

    def _execute(self, step):
        extended = None if "simple" not in step.words[1:] else False
        return self._wire().run(self._filled(step.text), extended)

    def _filled(self, text):
        text = re.sub(r"\$\{topic:(\w+)\}", lambda m: self._prefix + m[1], text)
        text = re.sub(r"\$\{kafka:(\w+)\}", lambda m: f"connector = 'kafka', topic = '{self._prefix}{m[1]}', "
                      f"properties.bootstrap.server = '{self._bootstrap}'", text)
        return text.replace("${broker}", self._bootstrap).replace("${folder}", str(self._folder))

    # ---- connections

    def _do_user(self, step):
        """user NAME [PASSWORD]: the statements that follow come from this role."""
        self._user = step.words[0]
        if len(step.words) > 1:
            self._passwords[self._user] = step.words[1]

    def _wire(self, user=None):
        name = user or self._user
        if name not in self._wires:
            self._wires[name] = Wire(self._server.address(), name, self._passwords.get(name, self._server.password()),
                                     extended=self._mode.extended)
        return self._wires[name]

    def _ask(self, sql):
        """A question of the runner itself, on a connection of its own: the script's may be in a failed transaction."""
        if "" not in self._wires:
            self._wires[""] = Wire(self._server.address(), "freshet", self._server.password())
        answer = self._wires[""].run(sql)
        if answer.error:
            raise Failed(f"{sql}\nfailed: {answer.error_text()}")
        return answer.rows

    def _drop_wires(self):
        for wire in self._wires.values():
            wire.close()
        self._wires = {}
