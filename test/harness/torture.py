"""How long the torture tests go on, and from which seed, said in one way for all suites.

`make test` gives each the same seeds every time, so that its result says something of the change at hand. `make torture` sets
FRESHET_TORTURE_SECONDS and takes new seeds from the clock; FRESHET_TORTURE_SEED repeats those of an earlier run.
"""

import os
import time

SECONDS = 20.0            # of each suite in `make test`
FIRST_SEED = 1_000_000    # beyond those of the tests that have theirs by number


def seconds():
    return float(os.environ.get("FRESHET_TORTURE_SECONDS", SECONDS))


def first_seed():
    chosen = os.environ.get("FRESHET_TORTURE_SEED")
    if chosen:
        return int(chosen)
    return time.time_ns() // 1_000_000 if "FRESHET_TORTURE_SECONDS" in os.environ else FIRST_SEED
