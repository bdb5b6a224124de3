"""Both readers on real brokers: the same records in the same order, also while leaders are killed under them.

The tests themselves are src/source's (kafka_system_test.cc, kafka_cluster_test.cc); here the brokers that they want run.
"""

import contextlib
import os
import pathlib
import subprocess

import pytest

from harness.broker import ROOT
from harness.ports import free_port_block
from harness.freshet_process import clean_environment

PROGRAM = pathlib.Path(os.environ.get("FRESHET_SOURCE_TEST", ROOT / "build/release/src/source/source_test"))
RUN_SECONDS = 250
CLUSTER = """unclean.leader.election.enable=true
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
replica.lag.time.max.ms=6000
"""


@contextlib.contextmanager
def brokers(directory, count=1, **options):
    """Brokers of their own in `directory` -> the first one's port"""
    port = free_port_block(10 * count)
    environment = {**os.environ, "BROKERS": str(count), **options}
    subprocess.run([ROOT / "demo/kafka/up.sh", directory, str(port)], env=environment, check=True, timeout=RUN_SECONDS,
                   stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        subprocess.run([ROOT / "demo/kafka/down.sh", directory], check=False, timeout=120, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


def run(tests, environment):
    """Runs src/source's tests of that name: all pass and none is skipped."""
    said = subprocess.run([PROGRAM, f"--gtest_filter={tests}"], env={**clean_environment(), **environment}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, timeout=RUN_SECONDS)
    assert said.returncode == 0 and "SKIPPED" not in said.stdout, said.stdout[-6000:]
    assert "[  PASSED  ]" in said.stdout


def test_both_readers_hand_out_the_same_records(kafka):
    run("KafkaSystem.*:-*TlsAndEverySignIn", {"FRESHET_TEST_KAFKA": kafka.bootstrap})


def test_tls_and_every_sign_in(tmp_path):
    with brokers(tmp_path, SECURE="1") as port:
        run("KafkaSystem.TlsAndEverySignIn",
            {"FRESHET_TEST_KAFKA": f"127.0.0.1:{port}", "FRESHET_TEST_KAFKA_SECURE": f"127.0.0.1:{port + 2}",
             "FRESHET_TEST_KAFKA_CA": str(tmp_path / "tls" / "ca.crt"), "FRESHET_TEST_KAFKA_USER": "freshet",
             "FRESHET_TEST_KAFKA_PASSWORD": "freshet-secret"})


@pytest.mark.timeout(600)
def test_leaders_are_killed_and_nothing_is_lost_doubled_or_out_of_order(tmp_path):
    properties = tmp_path / "cluster.properties"
    properties.write_text(CLUSTER)
    with brokers(tmp_path / "cluster", 3, KAFKA_PROPERTIES=str(properties)):
        run("KafkaCluster.*", {"FRESHET_TEST_KAFKA_CLUSTER": str(tmp_path / "cluster")})
