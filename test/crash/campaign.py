"""Runs one scenario: load and kills side by side, then every view, raw row and dead letter against the oracle; then one
more kill -9, the same again, and `freshet check`.

While the load runs a reader watches that the server never contradicts itself: in one statement a view of all rows and the
raw rows agree, and counts never go down, kills or not.

Threads: the producer and the reader beside the caller. Owns: the server, the topic. Errors: Found (a difference),
ServerFailed.
"""

import shutil
import subprocess
import threading
import time
from dataclasses import dataclass

import psycopg

from crash.oracle import Offline, compare, sortable
from crash.scenario import create_source
from harness.broker import Topics
from harness.freshet_process import FreshetProcess, ServerFailed, clean_environment, program, waited_for_processor_s
from harness.waiting import wait_until

SETTLE_SECONDS = 60
RESTART_SECONDS = 3.0     # from a kill -9 to the first answer, less what others' load takes
DEAD_LETTERS = "SELECT view, partition, \"offset\", reason_code FROM freshet.dead_letters"


class Found(Exception):
    """Freshet and the oracle differ, or Freshet contradicts itself."""


@dataclass
class Outcome:
    seed: int
    failure: str = ""
    kills: int = 0
    slowest_start_s: float = 0.0
    reads: int = 0
    seconds: float = 0.0


class Campaign:
    def __init__(self, scenario, bootstrap, directory):
        self._scenario, self._bootstrap = scenario, bootstrap
        self._topic = f"crash_{scenario.seed}_{time.time_ns() % 10**9}"
        self._topics = Topics(bootstrap)
        self._server = FreshetProcess(directory / f"seed-{scenario.seed}", scenario.settings)
        self._placed = []                 # (record, partition, offset), as produced
        self._produced_all = threading.Event()
        self._stop_reading = threading.Event()
        self._part_done = 0.0
        self._reader_failure = self._producer_failure = ""
        self.outcome = Outcome(scenario.seed)

    def run(self):
        began = time.monotonic()
        shutil.rmtree(self._server.directory, ignore_errors=True)
        self._topics.create({self._topic: self._scenario.partitions})
        self._start()
        self._execute(create_source(self._scenario, self._topic, self._bootstrap))
        for statement in self._scenario.tables:
            self._execute(statement)
        self._execute("CREATE MATERIALIZED VIEW everything AS SELECT count(*) AS n, sum(id) AS ids FROM events")
        self._make_views()
        threads = [threading.Thread(target=self._produce), threading.Thread(target=self._read)]
        for thread in threads:
            thread.start()
        try:
            self._disturb()
        finally:
            self._produced_all.wait(SETTLE_SECONDS)
            self._stop_reading.set()
            for thread in threads:
                thread.join()
        self._make_views(1.0)
        self._compare("after the load")
        self._end_and_start("kill")
        self._compare("after one more kill -9")
        self._server.stop()
        self._check_store()
        self.outcome.seconds = time.monotonic() - began

    def close(self):
        self._server.kill()
        self._topics.delete([self._topic])
        self._topics.close()
        if not self.outcome.failure:
            shutil.rmtree(self._server.directory, ignore_errors=True)

    # ---- load

    def _produce(self):
        """All records, in chunks with pauses; offsets are dealt here, because only this writes to the topic."""
        try:
            next_offset = [0] * self._scenario.partitions
            records, chunk = self._scenario.records, self._scenario.chunk
            pause = 2.5 * chunk / len(records)
            for start in range(0, len(records), chunk):
                for number, record in enumerate(records[start:start + chunk], start):
                    partition = (number * 7 + number // 11) % self._scenario.partitions
                    self._topics.produce(self._topic, record, partition)
                    self._placed.append((record, partition, next_offset[partition]))
                    next_offset[partition] += 1
                self._topics.flush()
                self._part_done = (start + chunk) / len(records)
                time.sleep(pause)
        except Exception as error:  # told to the main thread, which ends the run
            self._producer_failure = f"producing: {error}"
        finally:
            self._part_done = 1.0
            self._produced_all.set()

    def _read(self):
        """Until the end: what one snapshot says of itself, and that it never goes back."""
        seen = 0
        raw = "(SELECT count(*) FROM events), (SELECT sum(id) FROM events)" if self._scenario.keeps_raw else "NULL::bigint, NULL::numeric"
        sql = f"SELECT n, ids, {raw} FROM everything"
        while not self._stop_reading.is_set():
            try:
                with self._connect() as connection:
                    while not self._stop_reading.is_set():
                        n, ids, raw_n, raw_ids = connection.execute(sql).fetchone()
                        self.outcome.reads += 1
                        if self._scenario.keeps_raw and (n, ids) != (raw_n, raw_ids):
                            self._reader_failure = f"one snapshot: the view has {n} rows (sum {ids}), the source {raw_n} (sum {raw_ids})"
                        if n < seen:
                            self._reader_failure = f"the view went back from {seen} to {n} rows"
                        seen = n
                        time.sleep(0.01)
            except (psycopg.OperationalError, OSError):
                time.sleep(0.02)   # the server is being ended
            except psycopg.Error as error:
                self._reader_failure = f"reading: {error}"
                return

    # ---- ends and starts

    def _disturb(self):
        for kind, seconds in self._scenario.kills:
            time.sleep(seconds)
            self._make_views(self._part_done)
            self._end_and_start(kind)

    def _end_and_start(self, kind):
        if not self._server.running():
            raise ServerFailed(f"the server ended by itself\n{self._server.log_tail()}")
        if kind == "term":
            self._server.stop()
        else:
            self._server.kill()
            self.outcome.kills += 1
        if kind == "kill while starting":
            self._server.start(wait=False)
            time.sleep(self._scenario.seed % 13 * 0.02)
            if not self._server.running():
                raise ServerFailed(f"the server ended while starting\n{self._server.log_tail()}")
            self._server.kill()
            self.outcome.kills += 1
        self._start()

    def _start(self):
        began, waited = time.monotonic(), waited_for_processor_s()
        self._server.start()
        with self._connect() as connection:
            connection.execute("SELECT count(*) FROM freshet.sources")
        needed = time.monotonic() - began - self._server.waited_for_processor_s() - (waited_for_processor_s() - waited)
        self.outcome.slowest_start_s = max(self.outcome.slowest_start_s, needed)
        if self.outcome.slowest_start_s > RESTART_SECONDS:
            raise Found(f"the server needed {self.outcome.slowest_start_s:.1f} s to answer after its start")

    def _make_views(self, part_done=0.0):
        for view in self._scenario.views:
            if view.after <= part_done:
                self._execute(view.create.replace("MATERIALIZED VIEW", "MATERIALIZED VIEW IF NOT EXISTS", 1))

    # ---- judging

    def _compare(self, when):
        self._settle()
        for failure in (self._producer_failure, self._reader_failure):
            if failure:
                raise Found(failure)
        offline = Offline(self._scenario.records)
        differences = []
        for view in self._scenario.views:
            difference = compare(view.columns, offline.rows(view.oracle), self._rows(f"SELECT * FROM {view.name}"))
            if difference:
                differences.append(f"{when}: {view.name} differs\n{view.create}\n{view.oracle}\n{difference}")
        differences += self._raw_differences(offline, when) + self._dead_letter_differences(offline, when)
        if differences:
            raise Found("\n".join(differences))

    def _raw_differences(self, offline, when):
        if not self._scenario.keeps_raw:
            return []
        columns = "id, k, j, b, amount, big, f, code, ts, tier"
        want = sorted(offline.rows(f"SELECT {columns} FROM records"), key=sortable)
        have = sorted(self._rows(f"SELECT {columns} FROM events"), key=sortable)
        if want == have:
            return []
        differing = [(w, h) for w, h in zip(want, have) if w != h][:3]
        return [f"{when}: raw rows differ: {len(have)}, expected {len(want)}; first differences {differing}"]

    def _dead_letter_differences(self, offline, when):
        """Each broken record once with its place and reason; each row that a view left out once in the view's name."""
        want = [("", partition, offset, record.reason) for record, partition, offset in self._placed if record.reason]
        place = {record.row[0]: (partition, offset) for record, partition, offset in self._placed if not record.reason}
        for view in self._scenario.views:
            if view.excluded and view.after == 0.0:   # a backfill tells of its rows in its own way
                want += [(view.name, *place[row_id], "view_expression") for row_id, in offline.rows(f"SELECT id FROM records WHERE {view.excluded}")]
        late = {view.name for view in self._scenario.views if view.after > 0.0}
        have = [((view or ""), partition, offset, reason) for view, partition, offset, reason in self._rows(DEAD_LETTERS) if view not in late]
        if sorted(want) == sorted(have):
            return []
        missing, extra = list(set(want) - set(have)), list(set(have) - set(want))
        return [f"{when}: dead letters differ: {len(have)} (distinct {len(set(have))}), expected {len(want)}; "
                f"missing {missing[:5]}, not expected {extra[:5]}"]

    def _settle(self):
        ends = self._topics.end_offsets({self._topic: self._scenario.partitions})
        state = {}

        def settled():
            rows = self._rows("SELECT partition, position FROM freshet.source_partitions")
            state["positions"] = dict(rows)
            return all(state["positions"].get(partition) == end for (_, partition), end in ends.items())

        if not wait_until(settled, SETTLE_SECONDS, 0.05):
            raise Found(f"not settled after {SETTLE_SECONDS} s: {state} of {ends}\n{self._server.log_tail()}")

    def _check_store(self):
        done = subprocess.run([program(), "check", f"--data-dir={self._server.data_dir}"], text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clean_environment())
        if done.returncode != 0:
            raise Found(f"freshet check ended with {done.returncode}\n{done.stdout}")

    def _connect(self):
        host, port = self._server.address()
        return psycopg.connect(host=host, port=port, user="freshet", password=self._server.password(), dbname="freshet",
                               autocommit=True, connect_timeout=10, options="-c TimeZone=UTC")

    def _execute(self, sql):
        with self._connect() as connection:
            connection.execute(sql)

    def _rows(self, sql):
        with self._connect() as connection:
            rows = connection.execute(sql).fetchall()
        return [tuple(cell.replace(tzinfo=None) if hasattr(cell, "tzinfo") else cell for cell in row) for row in rows]


def run_seed(scenario, bootstrap, directory):
    """-> Outcome; `failure` is empty when all agreed."""
    campaign = Campaign(scenario, bootstrap, directory)
    try:
        campaign.run()
    except (Found, ServerFailed, psycopg.Error, AssertionError) as error:
        campaign.outcome.failure = (f"{scenario.describe()}\n{type(error).__name__}: {error}\n"
                                    f"repeat: test/crash/run.py --seed {scenario.seed}\nkept:   {campaign._server.directory}")
    finally:
        campaign.close()
    return campaign.outcome
