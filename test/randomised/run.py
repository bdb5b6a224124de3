#!/usr/bin/env python3
"""Random views, data, orders and batch sizes with a kill -9 in the middle, against one offline DuckDB query a view.

    test/randomised/run.py [--seed N] [--seeds 200] [--seconds S] [--jobs 2] [--kafka host:port]

Ends with how many seeds had each clause and state; every seed has late rows, NULL keys and a restart. A failure names the
command that repeats it. Needs the python of test/requirements.txt.
"""

import argparse
import os
import pathlib
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from crash.scenario import make_scenario  # noqa: E402
from harness.broker import Broker  # noqa: E402
from randomised.group import run_group  # noqa: E402
from slt.run import scratch_directory  # noqa: E402

JOBS = 2
SEEDS_A_GROUP = 10
SMALL_BATCH_RECORDS = 800   # a commit a record takes time


def group_of(seeds):
    scenarios = [make_scenario(seed) for seed in seeds]
    for scenario in scenarios:
        if scenarios[0].settings["max_batch_rows"] == 1:
            scenario.records = scenario.records[:SMALL_BATCH_RECORDS]
    return scenarios


def run_seeds(first, count, jobs, bootstrap, seconds=0):
    """-> outcomes of `count` seeds, or of as many groups as begin within `seconds`"""
    directory, began = scratch_directory(), time.monotonic()

    def one(start):
        if seconds and time.monotonic() - began > seconds:
            return []
        seeds = range(start, start + SEEDS_A_GROUP) if seconds else range(start, min(start + SEEDS_A_GROUP, first + count))
        return run_group(group_of(seeds), bootstrap, directory)

    outcomes, start = [], first
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            starts = range(start, start + SEEDS_A_GROUP * jobs * 4 if seconds else first + count, SEEDS_A_GROUP)
            for some in pool.map(one, starts):
                outcomes += some
            start = starts.stop
            if not seconds or time.monotonic() - began > seconds:
                return outcomes


def coverage(outcomes):
    """-> text: how many seeds had each clause and state"""
    counts = Counter(use for outcome in outcomes for use in outcome.uses)
    return "\n".join(f"  {count:6} {use}" for use, count in sorted(counts.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=0, help="go on for so long, whatever --seeds says")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--kafka", default="", help="a broker that runs already, host:port")
    arguments = parser.parse_args()
    if arguments.kafka:
        os.environ["FRESHET_TEST_KAFKA"] = arguments.kafka
    began = time.monotonic()
    with Broker(scratch_directory() / "kafka") as broker:
        outcomes = run_seeds(arguments.seed, arguments.seeds, arguments.jobs, broker.bootstrap, arguments.seconds)
    failed = [outcome for outcome in outcomes if outcome.failure]
    for outcome in failed:
        print(f"\nFAILED {outcome.failure}")
    print(f"seeds with each clause and state:\n{coverage(outcomes)}")
    print(f"{len(outcomes)} seeds from {arguments.seed}, {sum(outcome.kills for outcome in outcomes)} kills, {time.monotonic() - began:.0f} s")
    print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
