#!/usr/bin/env python3
"""Runs the test stages one after the other and sums what every runner counted.

    tools/run_tests.py [--stages unit,tidy,sanitize,system] [--preset release] [--fuzz-seconds 60]

Stages: unit      builds the preset and runs every room's unit tests through ctest
        tidy      the house rules (tools/tidy), their own tests, and the format of changed files
        sanitize  the rooms that read hostile bytes, under ASan and UBSan, and their fuzzers for some seconds
        system    pytest over test/: real Kafka, real clients, real Superset
        torture   the kill -9 tests alone for FRESHET_TORTURE_SECONDS each, FRESHET_TORTURE_SEEDS random seeds, and
                  whether these find each deliberate bug
A stage that fails does not stop the others. Logs, reports and screenshots are under build/test-artifacts. The last line
is always `N passed, N failed, N skipped`, and the exit code is non-zero when anything failed.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "build" / "test-artifacts"
JOBS = str(os.cpu_count() or 2)
# Rooms whose input comes from outside: they are tested under the sanitizers in every run (`make asan` runs all rooms).
HOSTILE_ROOMS = ["sql", "decode", "pgwire", "source"]
FUZZ_SECONDS_IN_ALL = 60
DEFAULT_STAGES = ["unit", "tidy", "sanitize", "system"]
TAIL_LINES = 60


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures

    def fail(self, name):
        self.failed += 1
        self.failures.append(name)

    def line(self):
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def run(command, log, timeout_s, env=None, quiet=True):
    """Runs a command in a process group of its own; its output goes to `log` (and here, unless quiet). -> exit code"""
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **(env or {})}
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
                                   stdout=out if quiet else None, stderr=subprocess.STDOUT if quiet else None)
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            out.write(f"\nended: it ran longer than {timeout_s} s\n".encode())
            print(f"ended after {timeout_s} s: {' '.join(command)}")
            return 124
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def tail(log):
    if not log.exists():
        return
    lines = log.read_text(errors="replace").splitlines()
    for line in lines[-TAIL_LINES:]:
        print("    " + line)


def junit_counts(path, prefix):
    """Counts a JUnit file of gtest, ctest or pytest. -> Counts, or None when there is no whole file"""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    counts = Counts()
    for case in root.iter("testcase"):
        name = f"{prefix}{case.get('classname') or ''}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            counts.fail(name)
        elif case.find("skipped") is not None or case.get("result") == "skipped" or case.get("status") == "notrun":
            counts.skipped += 1
        else:
            counts.passed += 1
    return counts


def fresh_folder(name):
    """An empty folder for a stage's reports: an old one is never taken for a new one."""
    shutil.rmtree(ARTIFACTS / name, ignore_errors=True)
    (ARTIFACTS / name).mkdir(parents=True)
    return ARTIFACTS / name


def build(preset, targets=()):
    print(f"-- build {preset} {' '.join(targets)}", flush=True)
    return run(["tools/build.sh", preset, *targets], ARTIFACTS / f"build-{preset}.log", 3600, quiet=False) == 0


def room_counts(room, exit_code, reports):
    """A room's own report; one that ended badly (crash, leak) or has no whole report is one failure more."""
    found = junit_counts(reports / f"{room}_test.xml", f"{room}:")
    counts = found or Counts()
    if found is None or (exit_code != 0 and counts.failed == 0):
        counts.fail(f"{room}_test (ended with {exit_code})")
    return counts


def stage_unit(options):
    counts = Counts()
    if not build(options.preset):
        counts.fail(f"build {options.preset}")
        return counts
    reports = fresh_folder(f"unit-{options.preset}")
    for tests in sorted((ROOT / "build" / options.preset / "src").glob("*/*_test")):
        room = tests.name.removesuffix("_test")
        log = reports / f"{room}.log"
        code = run([str(tests), f"--gtest_output=xml:{reports}/{tests.name}.xml"], log, 600,
                   {"TSAN_OPTIONS": f"suppressions={ROOT / 'tools' / 'tsan.supp'}"})
        of_room = room_counts(room, code, reports)
        print(f"   {room}: {of_room.line()}", flush=True)
        if of_room.failed:
            tail(log)
        counts.add(of_room)
    return counts


def stage_tidy(options):
    counts = Counts()
    checks = [(test.stem, [str(test)]) for test in sorted((ROOT / "tools").glob("*_test.py"))]
    checks += [("tidy", ["tools/tidy"]), ("format of changed files", ["tools/format.sh", "--check"])]
    for name, command in checks:
        log = ARTIFACTS / "tidy" / (name.replace(" ", "-") + ".log")
        if run(command, log, 300) == 0:
            counts.passed += 1
        else:
            counts.fail(name)
            tail(log)
    return counts


def fuzz_one(fuzzer, seconds):
    """Runs one libFuzzer program over its corpus (test/fuzz/NAME) and `seconds` of mutations. -> exit code, log"""
    name = fuzzer.name.removesuffix("_fuzz")
    reports = ARTIFACTS / "fuzz"
    fresh = reports / f"{name}-corpus"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    seeds = ROOT / "test" / "fuzz" / name
    command = [str(fuzzer), f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-artifact_prefix={reports}/{name}-", str(fresh)]
    if seeds.is_dir():
        command.append(str(seeds))
    log = reports / f"{name}.log"
    return run(command, log, seconds + 120), log


def stage_sanitize(options):
    counts = Counts()
    rooms = [room for room in HOSTILE_ROOMS if list((ROOT / "src" / room).glob("*_test.cc"))]
    fuzzers = sorted(ROOT.glob("src/*/*_fuzz.cc"))
    if not rooms and not fuzzers:
        return counts
    if not build("fuzz", [f"{room}_test" for room in rooms] + [fuzzer.stem for fuzzer in fuzzers]):
        counts.fail("build fuzz")
        return counts
    reports = fresh_folder("sanitize")
    for room in rooms:
        program = ROOT / "build" / "fuzz" / "src" / room / f"{room}_test"
        log = reports / f"{room}.log"
        code = run([str(program), f"--gtest_output=xml:{reports}/{room}_test.xml"], log, 900)
        of_room = room_counts(room, code, reports)
        print(f"   {room} with sanitizers: {of_room.line()}", flush=True)
        if of_room.failed:
            tail(log)
        counts.add(of_room)
    for source in fuzzers:
        seconds = options.fuzz_seconds or max(5, FUZZ_SECONDS_IN_ALL // len(fuzzers))
        code, log = fuzz_one(ROOT / "build" / "fuzz" / "src" / source.parent.name / source.stem, seconds)
        print(f"   {source.stem}: {'no finding' if code == 0 else 'FINDING'} in {seconds} s", flush=True)
        if code == 0:
            counts.passed += 1
        else:
            counts.fail(source.stem)
            tail(log)
    return counts


def run_pytest(stage, arguments, timeout_s, env=None):
    counts = Counts()
    if not (ROOT / "test" / "requirements.txt").exists():
        return counts
    made = subprocess.run(["tools/venv.sh", "test", "test/requirements.txt"], cwd=ROOT, stdout=subprocess.PIPE,
                          text=True)
    if made.returncode != 0:
        counts.fail("python environment of the system tests")
        return counts
    if not (ROOT / "build" / "release" / "freshet").exists() and not build("release"):
        counts.fail("build release")
        return counts
    report = ARTIFACTS / f"{stage}.xml"
    report.unlink(missing_ok=True)
    command = [made.stdout.strip(), "-m", "pytest", f"--junit-xml={report}", *arguments]
    code = run(command, ARTIFACTS / f"{stage}.log", timeout_s, env=env, quiet=False)
    found = junit_counts(report, "")
    counts.add(found or Counts())
    if (code not in (0, 5) and not counts.failed) or found is None:
        counts.fail(f"pytest ({stage}) ended with {code}")
    return counts


def stage_system(options):
    return run_pytest("system", ["test"], 3000)


def stage_torture(options):
    return run_pytest("torture", ["test", "-m", "torture"], 24 * 3600)


STAGES = {"unit": stage_unit, "tidy": stage_tidy, "sanitize": stage_sanitize, "system": stage_system,
          "torture": stage_torture}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stages", default=",".join(DEFAULT_STAGES), help="comma-separated: " + " ".join(STAGES))
    parser.add_argument("--preset", default="release", help="build of the unit tests: release debug asan tsan")
    parser.add_argument("--fuzz-seconds", type=int, default=0, help="for each fuzzer; default: a minute for all")
    options = parser.parse_args()
    stages = options.stages.split(",")
    unknown = [stage for stage in stages if stage not in STAGES]
    if unknown:
        parser.error(f"no stage {unknown[0]!r}; there are: {' '.join(STAGES)}")
    ARTIFACTS.mkdir(parents=True, exist_ok=True)

    total, times = Counts(), []
    for stage in stages:
        print(f"== {stage}", flush=True)
        began = time.monotonic()
        counts = STAGES[stage](options)
        times.append(f"{stage} {time.monotonic() - began:.0f} s")
        print(f"== {stage}: {counts.line()} in {time.monotonic() - began:.0f} s", flush=True)
        total.add(counts)
    for name in total.failures:
        print(f"FAILED {name}")
    print(f"times: {', '.join(times)}")
    print(total.line(), flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
