#!/usr/bin/env python3
"""Whether the random suite finds each deliberate bug of src/base/bug.h, and how many seeds that takes.

    test/randomised/bugs.py [--seed N] [--seeds 200] [--bugs 1,2,...] [--jobs 2] [--kafka host:port]

Builds the server with them (build/bugs; $FRESHET_WITH_BUGS names one that is built already), first runs seeds with none chosen, which
must pass, then each bug until a seed fails. Ends with a table; a bug that --seeds seeds do not find is a failure. Needs the
python of test/requirements.txt.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))

from harness.broker import Broker  # noqa: E402
from randomised.run import JOBS, SEEDS_A_GROUP, run_seeds  # noqa: E402

MOST_SEEDS = 200
SEEDS_WITHOUT = 20


def bug_names():
    """-> {number: (name, what it does)}, as src/base/bug.h has them"""
    found = re.findall(r"^\s*k(\w+)(?: = 1)?,\s*// (.*)$", (ROOT / "src/base/bug.h").read_text(), re.MULTILINE)
    return dict(enumerate(found, 1))


def build():
    """-> the server with the bugs in it"""
    if "FRESHET_WITH_BUGS" in os.environ:
        return pathlib.Path(os.environ["FRESHET_WITH_BUGS"])
    folder = ROOT / "build" / "bugs"
    configure = ["cmake", "-S", str(ROOT), "-B", str(folder), "-G", "Ninja", "-DFRESHET_BUGS=ON", "-DCMAKE_BUILD_TYPE=Debug",
                 "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1"]
    for command in (configure, ["cmake", "--build", str(folder), "--target", "freshet"]):
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-4000:]}")
    return folder / "freshet"


def difference_of(failure):
    """The line that says what differs, for people to see that it was this bug."""
    lines = [line for line in failure.splitlines() if re.match(r"key |missing|not expected|AssertionError|ServerFailed|no position moved|\w+Error", line)]
    return lines[0][:110] if lines else failure.splitlines()[0][:110]


def find(number, first, most, jobs, bootstrap):
    """-> seed that found it, or None; seeds run; the first failure"""
    run, step = 0, SEEDS_A_GROUP * jobs
    environment = {"FRESHET_BUG": str(number)}
    while run < most:
        outcomes = run_seeds(first + run, step, jobs, bootstrap, environment=environment, keep=False)
        run += step
        for outcome in outcomes:
            if outcome.failure:
                return outcome.seed, run, difference_of(outcome.failure)
    return None, run, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=MOST_SEEDS, help="at most so many a bug")
    parser.add_argument("--bugs", default="", help="numbers, comma-separated; default: all")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--kafka", default="", help="a broker that runs already, host:port")
    arguments = parser.parse_args()
    if arguments.kafka:
        os.environ["FRESHET_TEST_KAFKA"] = arguments.kafka
    os.environ["FRESHET"] = str(build())
    names = bug_names()
    chosen = [int(number) for number in arguments.bugs.split(",")] if arguments.bugs else list(names)
    began, missed = time.monotonic(), []
    with Broker(pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"freshet-bugs-{os.getpid()}") as broker:
        without, _, failure = find(0, arguments.seed, SEEDS_WITHOUT, arguments.jobs, broker.bootstrap)
        if without is not None:
            print(f"with no bug chosen seed {without} failed: {failure}")
            return 1
        for number in chosen:
            start = time.monotonic()
            seed, run, failure = find(number, arguments.seed, arguments.seeds, arguments.jobs, broker.bootstrap)
            name, meaning = names[number]
            found = f"found by seed {seed}" if seed is not None else f"NOT FOUND in {run} seeds"
            print(f"bug {number:2} {name}: {meaning}\n       {found}, {time.monotonic() - start:.0f} s   {failure}", flush=True)
            missed += [] if seed is not None else [number]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} bugs found, {time.monotonic() - began:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
