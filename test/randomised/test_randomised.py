"""Two hundred seeds in every run; the torture test goes on (harness/torture.py), or runs FRESHET_TORTURE_SEEDS of them and
then asks that each clause and state came often enough and each deliberate bug is found."""

import os
import subprocess
import sys
import time

import pytest

from harness import torture
from randomised import bugs, joins
from randomised.run import JOBS, LEAST_SEEDS, coverage, run_seeds

FIRST_SEED = int(os.environ.get("FRESHET_RANDOM_SEED", "1"))
SEEDS = int(os.environ.get("FRESHET_RANDOM_SEEDS", "200"))
TORTURE_SEEDS = int(os.environ.get("FRESHET_TORTURE_SEEDS", "0"))
JOIN_SEEDS = 30
ENOUGH_FOR_COVERAGE = 2000   # seeds: the rarest clause is in one of ten


def judge(outcomes, least=0):
    table, missing = coverage(outcomes, least)
    print(f"seeds with each clause and state, and with what:\n{table}")
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    assert not failures, "\n\n".join(failures)
    assert outcomes and sum(outcome.kills for outcome in outcomes) >= len(outcomes) // 10
    assert not missing, f"below {least} seeds: {missing}"


@pytest.mark.timeout(1200)
def test_views_equal_the_offline_answer(kafka):
    judge(run_seeds(FIRST_SEED, SEEDS, JOBS, kafka.bootstrap))


@pytest.mark.timeout(600)
def test_joins_in_event_time_equal_the_offline_answer(kafka):
    failures = joins.run_seeds(FIRST_SEED, JOIN_SEEDS, JOBS, kafka.bootstrap)
    assert not failures, "\n\n".join(failures)


@pytest.mark.torture
@pytest.mark.timeout(24 * 3600)
def test_joins_seed_after_seed(kafka):
    failures = joins.run_seeds(torture.first_seed(), (TORTURE_SEEDS or 100) // 10, JOBS, kafka.bootstrap)
    assert not failures, "\n\n".join(failures)


@pytest.mark.torture
@pytest.mark.timeout(24 * 3600)
def test_seed_after_seed(kafka, capsys):
    began, first = time.monotonic(), torture.first_seed()
    with capsys.disabled():   # hours: people see how far it is, and what was covered when all is well, too
        print(f"\nseeds from {first}", flush=True)
        outcomes = run_seeds(first, TORTURE_SEEDS, JOBS, kafka.bootstrap, 0 if TORTURE_SEEDS else torture.seconds())
        print(f"{len(outcomes)} seeds from {first}, {sum(outcome.kills for outcome in outcomes)} kills, {time.monotonic() - began:.0f} s")
        judge(outcomes, LEAST_SEEDS if TORTURE_SEEDS >= ENOUGH_FOR_COVERAGE else 0)


@pytest.mark.torture
@pytest.mark.timeout(2 * 3600)
@pytest.mark.skipif(not TORTURE_SEEDS, reason="builds a server of its own: `make torture`")
def test_each_deliberate_bug_is_found(kafka, capsys):
    done = subprocess.run([sys.executable, bugs.__file__, "--kafka", kafka.bootstrap], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with capsys.disabled():
        print(f"\n{done.stdout}")
    assert done.returncode == 0, done.stdout
