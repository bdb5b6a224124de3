"""One Freshet server as a child process: started on free ports in a data directory of its own, ended politely or by
SIGKILL, and started again on the same directory.

Threads: one owner. Owns: the child process and its log file. Errors: ServerFailed with the end of the log.
"""

import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 30
STOP_SECONDS = 30
LOG_TAIL_LINES = 25


class ServerFailed(Exception):
    """The server did not start, died, or did not stop in time."""


def program():
    """The server under test: $FRESHET, or build/release/freshet."""
    return pathlib.Path(os.environ.get("FRESHET", ROOT / "build" / "release" / "freshet"))


def clean_environment():
    """The caller's FRESHET_ settings are not the test's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FRESHET_")}


def waited_for_processor_s(pid="self"):
    """-> how long the main thread could run and did not, because the machine was busy with others"""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


class FreshetProcess:
    """`settings` are the server's own, by name: {"max_batch_rows": 1}. `directory` holds data and log."""

    def __init__(self, directory, settings=None, environment=None):
        self.directory = pathlib.Path(directory)
        self.data_dir = self.directory / "data"
        self.log = self.directory / "server.log"
        self.settings = dict(settings or {})
        self.environment = dict(environment or {})   # added to the child's at each start
        self.starts = 0
        self._process = None

    def command(self):
        settings = {"data_dir": self.data_dir, "listen": "127.0.0.1:0", "http": "127.0.0.1:0", **self.settings}
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        return [str(program()), "run", *flags]

    def start(self, wait=True, environment=None):
        """Starts the server; with `wait` returns when it answers. `environment` is added to the child's."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._address_file().unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            log.write(f"---- start {self.starts}\n".encode())
            log.flush()
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             env={**clean_environment(), **self.environment, **(environment or {})})
        self.starts += 1
        if wait:
            self.wait_ready()

    def wait_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while not self._address_file().exists():
            if self._process.poll() is not None:
                raise ServerFailed(f"the server ended with {self._process.returncode} while starting\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"the server was not ready after {START_SECONDS} s\n{self.log_tail()}")
            time.sleep(0.005)

    def stop(self):
        """SIGTERM and the clean end that follows it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailed(f"the server did not stop within {STOP_SECONDS} s\n{self.log_tail()}") from None
        self._process = None
        if code != 0:
            raise ServerFailed(f"the server ended with {code} on SIGTERM\n{self.log_tail()}")

    def kill(self):
        """SIGKILL. Nothing that the server would do at its end happens. -> its exit code, None when it did not run"""
        if self._process is None:
            return None
        self._process.kill()
        code = self._process.wait()
        self._process = None
        return code

    def wait_killed(self, seconds):
        """Waits until the server ends by itself (a failure point). -> exit code, None when it still runs"""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._process = None
        return code

    def running(self):
        return self._process is not None and self._process.poll() is None

    def require_running(self):
        if self._process is None or self._process.poll() is not None:
            code = None if self._process is None else self._process.returncode
            raise ServerFailed(f"the server is not running any more (ended with {code})\n{self.log_tail()}")

    def waited_for_processor_s(self):
        return waited_for_processor_s(self._process.pid)

    def address(self):
        """-> host, port of the PostgreSQL protocol"""
        host, port = self._address_file().read_text().strip().rsplit(":", 1)
        return host, int(port)

    def password(self):
        return (self.data_dir / "admin-password").read_text().strip()

    def log_tail(self):
        if not self.log.exists():
            return "(no log)"
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join("    " + line for line in lines[-LOG_TAIL_LINES:])

    def _address_file(self):
        return self.data_dir / "server.address"
