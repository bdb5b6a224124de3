#!/usr/bin/env python3
"""Random load and kill -9 against one offline query per view.

    test/crash/run.py [--seed N] [--seeds 10] [--seconds S] [--kills 3] [--jobs 2] [--kafka host:port]

Prints each seed with everything derived from it; a failure names the command that repeats it. Needs the python of
test/requirements.txt.
"""

import argparse
import itertools
import os
import pathlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from crash.campaign import run_seed  # noqa: E402
from crash.scenario import make_scenario  # noqa: E402
from harness.broker import Broker  # noqa: E402
from slt.run import scratch_directory  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other")
    parser.add_argument("--seconds", type=int, default=0, help="go on for so long, whatever --seeds says")
    parser.add_argument("--kills", type=int, default=3, help="at least so many ends of the server a seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kafka", default="", help="a broker that runs already, host:port")
    arguments = parser.parse_args()
    if arguments.kafka:
        os.environ["FRESHET_TEST_KAFKA"] = arguments.kafka
    began, outcomes, directory = time.monotonic(), [], scratch_directory()

    def one(seed):
        if arguments.seconds and time.monotonic() - began > arguments.seconds:
            return None
        scenario = make_scenario(seed, arguments.kills)
        print(scenario.describe(), flush=True)
        outcome = run_seed(scenario, broker.bootstrap, directory)
        print(f"seed {seed}: {'FAILED' if outcome.failure else 'ok'}, {outcome.kills} kills, {outcome.reads} reads beside, "
              f"slowest start {outcome.slowest_start_s:.2f} s, {outcome.seconds:.1f} s", flush=True)
        return outcome

    seeds = itertools.count(arguments.seed) if arguments.seconds else range(arguments.seed, arguments.seed + arguments.seeds)
    with Broker(directory / "kafka") as broker, ThreadPoolExecutor(arguments.jobs) as pool:
        while batch := list(itertools.islice(seeds, 0, arguments.jobs * 4 if arguments.seconds else arguments.seeds)):
            outcomes += [outcome for outcome in pool.map(one, batch) if outcome]
            if not arguments.seconds or time.monotonic() - began > arguments.seconds:
                break
    failed = [outcome for outcome in outcomes if outcome.failure]
    for outcome in failed:
        print(f"\n{outcome.failure}")
    print(f"{len(outcomes)} seeds, {sum(outcome.kills for outcome in outcomes)} kills, {time.monotonic() - began:.0f} s")
    print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
