"""A server under test with its HTTP port, its pipeline files and the clients that a test needs.

Threads: one owner. Errors: ServerFailed (harness) with the end of the log; AssertionError when waiting was in vain.
"""

import os
import subprocess

import psycopg
import requests

from harness.freshet_process import FreshetProcess, clean_environment, program
from harness.ports import free_port
from harness.waiting import wait_until

CATCH_UP_SECONDS = 60
HTTP_SECONDS = 10
PARTITIONS = "SELECT partition, lane, position, high_watermark_offset FROM freshet.source_partitions WHERE source = %s"


def run_program(*arguments, seconds=30):
    """freshet ARGUMENTS to its end -> CompletedProcess with text output"""
    return subprocess.run([str(program()), *map(str, arguments)], env=clean_environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds)


class Server(FreshetProcess):
    def __init__(self, directory, settings=None, pipeline=()):
        self.http_port = free_port()
        super().__init__(directory, {"http": f"127.0.0.1:{self.http_port}", **(settings or {})})
        self.pipeline = list(pipeline)

    def command(self):
        return super().command() + [str(file) for file in self.pipeline]

    def connect(self, **options):
        """A psycopg connection as the administrator, in autocommit."""
        host, port = self.address()
        arguments = {"host": host, "port": port, "user": "freshet", "password": self.password(), "dbname": "freshet",
                     "autocommit": True, "connect_timeout": 10, **options}
        return psycopg.connect(**arguments)

    def run(self, *statements):
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def query(self, statement, parameters=None):
        """-> rows as tuples"""
        with self.connect() as connection:
            return connection.execute(statement, parameters).fetchall()

    def value(self, statement, parameters=None):
        return self.query(statement, parameters)[0][0]

    def psql(self, script, *arguments, user="freshet", password=None, seconds=30):
        """psql with `script` as its input -> CompletedProcess"""
        return subprocess.run(["psql", "-X", "-q", *arguments], input=script, env=self.psql_environment(user, password),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds)

    def psql_environment(self, user="freshet", password=None):
        host, port = self.address()
        return {**os.environ, "PGHOST": host, "PGPORT": str(port), "PGUSER": user, "PGDATABASE": "freshet",
                "PGPASSWORD": password or self.password(), "PGCONNECT_TIMEOUT": "10"}

    def http(self, path):
        return requests.get(f"http://127.0.0.1:{self.http_port}{path}", timeout=HTTP_SECONDS)

    def positions(self, source):
        """-> {partition: next offset}"""
        return dict(self.query("SELECT partition, position FROM freshet.source_partitions WHERE source = %s", (source,)))

    def wait_for_positions(self, source, ends, seconds=CATCH_UP_SECONDS):
        """Until every partition stands at its end. `ends`: {partition: offset}"""
        reached = wait_until(lambda: self.positions(source) == ends, seconds, interval_s=0.1)
        assert reached, (f"{source} stands at {self.positions(source)} and not at {ends}\n{self.source_state(source)}\n"
                         f"partitions: {self.query(PARTITIONS, (source,))}")

    def source_state(self, source):
        """-> (state, error) of freshet.sources"""
        return self.query("SELECT state, error FROM freshet.sources WHERE name = %s", (source,))[0]

    def wait_for_source(self, source, condition, seconds=30):
        """Until condition(state, error) of the source holds. -> state, error"""
        found = wait_until(lambda: (lambda s: s if condition(*s) else None)(self.source_state(source)), seconds, 0.1)
        assert found, f"{source} is {self.source_state(source)}\n{self.log_tail()}"
        return found
