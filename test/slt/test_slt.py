"""Every script in every mode, as one test each; four run at a time. `test/slt/run.py` runs chosen ones."""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import torture
from slt.modes import SERVER_MODES
from slt.run import scratch_directory
from slt.runner import Options, run_script
from slt.script import files, load

JOBS = 4   # most of a run is waiting
SEED = int(os.environ.get("FRESHET_SLT_SEED", "1"))
SCRIPTS = {str(path.relative_to(path.parents[1])): path for path in files()}
DISTURBED = ["shuffled", "restart", "crash"]


@pytest.fixture(scope="session")
def directory():
    path = scratch_directory()
    yield path
    if not any(path.iterdir()):
        shutil.rmtree(path)


@pytest.fixture(scope="session")
def runs(request, kafka, directory):
    """All chosen runs, begun together; each test waits for its own."""
    options = Options(kafka.bootstrap, directory, SEED)
    with ThreadPoolExecutor(JOBS) as pool:
        chosen = [item.callspec.params for item in request.session.items if "mode" in getattr(item, "callspec", _None).params]
        yield {(param["script"], param["mode"]): pool.submit(run_script, load(SCRIPTS[param["script"]]), param["mode"], options)
               for param in chosen}
        pool.shutdown(cancel_futures=True)


class _None:
    params = ()


@pytest.mark.parametrize("script", list(SCRIPTS))
@pytest.mark.parametrize("mode", SERVER_MODES)
def test_script(runs, script, mode):
    result = runs[(script, mode)].result()
    assert not result.failure, result.failure


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL 15 of its own -> host:port"""
    bin_dir = "/usr/lib/postgresql/15/bin"
    if not os.path.exists(f"{bin_dir}/initdb"):
        pytest.skip("PostgreSQL 15 is not installed")
    from slt.postgres_server import PostgresServer
    with PostgresServer(tmp_path_factory.mktemp("postgres"), bin_dir) as server:
        yield server.address


@pytest.mark.parametrize("script", list(SCRIPTS))
def test_golden_is_what_postgresql_says(postgres, script):
    result = run_script(load(SCRIPTS[script]), "postgres", Options("", None, SEED, postgres=postgres))
    assert not result.failure, result.failure


@pytest.mark.torture
@pytest.mark.timeout(24 * 3600)
def test_seed_after_seed_with_every_step_interrupted(kafka, directory):
    seconds = torture.seconds()
    began, seed = time.monotonic(), torture.first_seed()
    scripts = [load(path) for path in SCRIPTS.values()]
    failures, count = [], 0
    with ThreadPoolExecutor(JOBS) as pool:
        while time.monotonic() - began < seconds:
            options = Options(kafka.bootstrap, directory, seed, interruptions=None)
            of_seed = scripts if seconds > 300 else scripts[seed % len(scripts)::max(1, len(scripts) // 8)]
            futures = [pool.submit(run_script, script, mode, options) for script in of_seed for mode in DISTURBED]
            results = [future.result() for future in futures]
            seed += 1
            count += len(results)
            failures += [result.failure for result in results if result.failure]
    print(f"{count} runs up to seed {seed - 1} in {time.monotonic() - began:.0f} s")
    assert count and not failures, "\n\n".join(failures)
