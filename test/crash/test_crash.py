"""A few seeds in every run; the torture test goes on (harness/torture.py). Two run at a time."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from crash.campaign import run_seed
from crash.scenario import make_scenario
from harness import torture
from slt.run import scratch_directory

FIRST_SEED = int(os.environ.get("FRESHET_CRASH_SEED", "1"))
SEEDS = int(os.environ.get("FRESHET_CRASH_SEEDS", "10"))
JOBS = 2


@pytest.fixture(scope="session")
def outcomes(request, kafka):
    directory = scratch_directory()
    chosen = [item.callspec.params["seed"] for item in request.session.items if "seed" in getattr(item, "callspec", _None).params]
    with ThreadPoolExecutor(JOBS) as pool:
        yield {seed: pool.submit(run_seed, make_scenario(seed), kafka.bootstrap, directory) for seed in chosen}
        pool.shutdown(cancel_futures=True)


class _None:
    params = ()


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SEEDS))
def test_views_equal_the_offline_answer(outcomes, seed):
    print(make_scenario(seed).describe())
    outcome = outcomes[seed].result()
    assert not outcome.failure, outcome.failure
    assert outcome.kills >= 1 and outcome.reads > 0


@pytest.mark.torture
@pytest.mark.timeout(24 * 3600)
def test_seed_after_seed(kafka):
    seconds = torture.seconds()
    directory, began, failures, kills = scratch_directory(), time.monotonic(), [], 0
    seed = torture.first_seed()
    with ThreadPoolExecutor(JOBS) as pool:
        while time.monotonic() - began < seconds:
            scenarios = [make_scenario(seed + number, kills=6) for number in range(JOBS)]
            seed += JOBS
            for scenario, outcome in zip(scenarios, pool.map(lambda s: run_seed(s, kafka.bootstrap, directory), scenarios)):
                kills += outcome.kills
                print(f"seed {scenario.seed}: {outcome.kills} kills in {outcome.seconds:.1f} s")
                failures += [outcome.failure] if outcome.failure else []
    assert kills and not failures, "\n\n".join(failures)
