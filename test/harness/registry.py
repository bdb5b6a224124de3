"""A real schema registry with Confluent's REST interface: Apicurio, from Maven, unpacked once into the cache folder.

Threads: one owner. Owns: the process. Errors: RegistryFailed with the end of its log.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import time
import urllib.error
import urllib.request

from harness.ports import free_port

VERSION = "2.6.13.Final"
START_SECONDS = 90


class RegistryFailed(Exception):
    """The registry could not be fetched or did not start."""


def _cache():
    return pathlib.Path(os.environ.get("FRESHET_CACHE", pathlib.Path.home() / ".cache" / "freshet")) / "apicurio" / VERSION


def _program():
    folder = _cache()
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        artifact = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
        fetched = subprocess.run(["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"],
                                 capture_output=True, text=True)
        if fetched.returncode != 0:
            raise RegistryFailed(f"Maven: {(fetched.stdout + fetched.stderr)[-2000:]}")
        archive = folder / f"apicurio-registry-app-{VERSION}-all.tar.gz"
        with tarfile.open(archive) as packed:
            packed.extractall(folder / "app", filter="data")
        archive.unlink()
        (folder / "complete").touch()
    found = sorted((folder / "app").glob("quarkus-run.jar")) + sorted((folder / "app").glob("apicurio-registry-app-*-runner.jar"))
    return found[0]


class Registry:
    """Schemas live in memory: what was registered is gone after stop()."""

    def __init__(self, directory):
        self._log = pathlib.Path(directory) / "registry.log"
        self.port = free_port()
        self._process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def start(self):
        jar = _program()
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                ["java", "-Xmx512m", "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={self.port}",
                 "-Dquarkus.management.host=127.0.0.1", f"-Dquarkus.management.port={free_port()}", "-jar", str(jar)],
                cwd=jar.parent, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RegistryFailed(self._log.read_text(errors="replace")[-3000:])
            time.sleep(0.2)

    def pause(self):
        """It keeps its port and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def stop(self):
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self):
        try:
            with urllib.request.urlopen(self.url + "/subjects", timeout=1) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False
