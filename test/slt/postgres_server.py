"""A throw-away PostgreSQL 15 for mode "postgres". A context manager. Errors: CalledProcessError."""

import os
import pathlib
import shutil
import subprocess

from harness.ports import free_port


class PostgresServer:
    def __init__(self, directory, bin_dir):
        self._directory, self._bin = pathlib.Path(directory), pathlib.Path(bin_dir)
        self._port = free_port()
        self.address = f"127.0.0.1:{self._port}"

    def __enter__(self):
        if os.geteuid() == 0:   # PostgreSQL refuses to run as root
            self._directory = pathlib.Path("/var/tmp") / f"freshet-postgres-{os.getpid()}"
            self._directory.mkdir(mode=0o755)
            shutil.chown(self._directory, "postgres")
        self._run("initdb", "-D", self._data(), "-U", "freshet", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c timezone=UTC"
        self._run("pg_ctl", "-D", self._data(), "-o", options, "-l", self._directory / "log", "-w", "start")
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "-D", self._data(), "-m", "immediate", "stop")
        shutil.rmtree(self._directory, ignore_errors=True)

    def _data(self):
        return self._directory / "data"

    def _run(self, program, *arguments):
        command = [self._bin / program, *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, cwd=self._directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)
