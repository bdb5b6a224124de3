#!/usr/bin/env python3
"""Random views, data, orders and batch sizes with a kill -9 in the middle, against one offline DuckDB query a view.

    test/randomised/run.py [--seed N] [--seeds 200] [--seconds S] [--jobs 2] [--require-coverage 100] [--kafka host:port]

Ends with how many seeds had each clause and state, and of these with late rows, NULL keys, three deltas a group and a
restart between them. A failure names the command that repeats it. Needs the python of test/requirements.txt.
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
from randomised.case import make_case  # noqa: E402
from randomised.group import CONDITIONS, NULLS, run_group  # noqa: E402
from slt.run import scratch_directory  # noqa: E402

JOBS = 2
PROGRESS_SEEDS = 100   # a line each
SEEDS_A_GROUP = 10
# Records of a seed by how many a commit may have: a commit takes milliseconds, however few its records are.
RECORDS = {1: 60, 7: 160, 100: 320, 120000: 480}
LEAST_SEEDS = 100   # what a campaign of thousands has at least of each clause and state under each condition
NO_KEYS = ("no GROUP BY",)   # what never has a NULL key


def group_of(seeds):
    """-> cases that share a server, with the settings of the first"""
    most = RECORDS[make_scenario(seeds[0], most=1).settings["max_batch_rows"]]
    return [make_case(seed, most) for seed in seeds]


def run_seeds(first, count, jobs, bootstrap, seconds=0, environment=None, keep=True):
    """-> outcomes of `count` seeds, or of as many groups as begin within `seconds`"""
    directory, began = scratch_directory(), time.monotonic()

    def one(start):
        if seconds and time.monotonic() - began > seconds:
            return []
        seeds = range(start, start + SEEDS_A_GROUP) if seconds else range(start, min(start + SEEDS_A_GROUP, first + count))
        return run_group(group_of(seeds), bootstrap, directory, environment, keep)

    outcomes, start = [], first
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            starts = range(start, start + SEEDS_A_GROUP * jobs * 4 if seconds else first + count, SEEDS_A_GROUP)
            for some in pool.map(one, starts):
                outcomes += some
                if len(outcomes) // PROGRESS_SEEDS > (len(outcomes) - len(some)) // PROGRESS_SEEDS:
                    failed = sum(1 for outcome in outcomes if outcome.failure)
                    print(f"{len(outcomes)} seeds, {failed} failed, {time.monotonic() - began:.0f} s", flush=True)
            start = starts.stop
            if not seconds or time.monotonic() - began > seconds:
                return outcomes


def coverage(outcomes, least=0):
    """-> text: how many seeds had each clause and state, and each condition with it; what has less than `least` of one"""
    seeds, met = Counter(), Counter()
    for outcome in outcomes:
        for use, conditions in outcome.uses.items():
            seeds[use] += 1
            met.update((use, condition) for condition in conditions)
    lines = [f"{'':36}{'seeds':>7}" + "".join(f"{condition:>12}" for condition in CONDITIONS)]
    missing = []
    for use in sorted(seeds):
        counts = {condition: met[(use, condition)] for condition in CONDITIONS if condition != NULLS or use not in NO_KEYS}
        lines.append(f"{use:36}{seeds[use]:7}" + "".join(f"{counts.get(condition, '-'):>12}" for condition in CONDITIONS))
        missing += [f"{use} with {condition}: {count}" for condition, count in counts.items() if count < least]
    return "\n".join(lines), missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=0, help="go on for so long, whatever --seeds says")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--kafka", default="", help="a broker that runs already, host:port")
    parser.add_argument("--require-coverage", type=int, default=0, help="so many seeds at least for each clause and state under each condition")
    arguments = parser.parse_args()
    if arguments.kafka:
        os.environ["FRESHET_TEST_KAFKA"] = arguments.kafka
    began = time.monotonic()
    with Broker(scratch_directory() / "kafka") as broker:
        outcomes = run_seeds(arguments.seed, arguments.seeds, arguments.jobs, broker.bootstrap, arguments.seconds)
    failed = [outcome for outcome in outcomes if outcome.failure]
    for outcome in failed:
        print(f"\nFAILED {outcome.failure}")
    table, missing = coverage(outcomes, arguments.require_coverage)
    print(f"seeds with each clause and state, and with what:\n{table}")
    print("\n".join(f"BELOW {arguments.require_coverage}: {line}" for line in missing))
    print(f"{len(outcomes)} seeds from {arguments.seed}, {sum(outcome.kills for outcome in outcomes)} kills, {time.monotonic() - began:.0f} s")
    print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or missing or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
