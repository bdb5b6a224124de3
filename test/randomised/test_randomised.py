"""Two hundred seeds in every run; `make torture` goes on for FRESHET_TORTURE_SECONDS."""

import os
import time

import pytest

from randomised.run import JOBS, coverage, run_seeds

FIRST_SEED = int(os.environ.get("FRESHET_RANDOM_SEED", "1"))
SEEDS = int(os.environ.get("FRESHET_RANDOM_SEEDS", "200"))


def judge(outcomes):
    print(f"seeds with each clause and state:\n{coverage(outcomes)}")
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    assert not failures, "\n\n".join(failures)
    assert outcomes and sum(outcome.kills for outcome in outcomes) >= len(outcomes) // 10


@pytest.mark.timeout(1200)
def test_views_equal_the_offline_answer(kafka):
    judge(run_seeds(FIRST_SEED, SEEDS, JOBS, kafka.bootstrap))


@pytest.mark.torture
@pytest.mark.timeout(24 * 3600)
def test_seed_after_seed(kafka):
    seconds = int(os.environ.get("FRESHET_TORTURE_SECONDS", "20"))
    judge(run_seeds(time.time_ns() // 1_000_000, 0, JOBS, kafka.bootstrap, seconds))
