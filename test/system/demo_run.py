"""demo/up.sh in a folder and on ports of its own: what `make demo` does, for the tests. It builds nothing for $FRESHET.

Threads: one owner. Owns: what the demo started; stop() ends it. Errors: AssertionError with the demo's own words.
"""

import os
import pathlib
import signal
import subprocess

from harness.freshet_process import ROOT, clean_environment, program
from harness.ports import free_port, free_port_block

UP_SECONDS = 900


class DemoRun:
    def __init__(self, home, **settings):
        self.home = pathlib.Path(home)
        self.kafka_port, self.port, self.superset_port = free_port_block(), free_port(), free_port()
        own = {"HOME": self.home, "KAFKA_PORT": self.kafka_port, "PORT": self.port, "HTTP_PORT": free_port(),
               "SUPERSET_PORT": self.superset_port, **settings}
        if "FRESHET" in os.environ:
            own["PROGRAM"] = program().resolve()
        cache = os.environ.get("FRESHET_CACHE")
        self._environment = {**clean_environment(), **({"FRESHET_CACHE": cache} if cache else {}),
                             **{f"DEMO_{name}": str(value) for name, value in own.items()}}
        self.url = f"http://127.0.0.1:{self.superset_port}"
        self.bootstrap = f"127.0.0.1:{self.kafka_port}"

    def up(self, superset=True):
        """-> what it said"""
        process = self.begin_up(superset)
        said, _ = process.communicate(timeout=UP_SECONDS)
        assert process.returncode == 0, f"demo/up.sh ended with {process.returncode}\n{said}"
        return said

    def begin_up(self, superset=True):
        return subprocess.Popen([ROOT / "demo/up.sh"], env={**self._environment, "SUPERSET": "1" if superset else "0"}, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def stop(self):
        return subprocess.run([ROOT / "demo/down.sh"], env=self._environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)

    def pid(self, name):
        """Of flights, orders, freshet, kafka/broker-1, superset/web, superset/redis; None when it does not run"""
        file = self.home / ("kafka/broker-1/pid" if name == "kafka" else f"{name}.pid")
        try:
            pid = int(file.read_text().split()[0])
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError, IndexError):
            return None

    def kill(self, name):
        os.kill(self.pid(name), signal.SIGKILL)

    def password(self, name):
        """Of superset's administrator ("superset/admin-password") or of the role ("role-password")"""
        return (self.home / name).read_text().strip()

    def ask(self, statement):
        """As the administrator, by psql. -> lines"""
        done = subprocess.run([program(), "psql", "--data-dir", self.home / "freshet", "--", "-X", "-q", "-At", "-v",
                               "ON_ERROR_STOP=1", "-c", statement], text=True, env=clean_environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()
