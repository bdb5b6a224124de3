"""A disk that fills up: sources pause and say so, nothing is lost, and everything goes on when there is room again."""

import os
import shutil
import subprocess
import threading

import psycopg
import pytest

from harness.waiting import wait_until
from system.orders import COLUMNS, VIEW, order, totals

DISK_MB = 96


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own that is easily filled."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk, leave_bytes):
    ballast = disk / "ballast"
    with open(ballast, "wb") as out:
        out.write(b"\0" * (shutil.disk_usage(disk).free - leave_bytes))
    return ballast


def answered(server, statement, seconds=15):
    """-> "done", the error's SQLSTATE, or None when there was no answer in time"""
    outcome = []

    def run():
        try:
            server.run(statement)
            outcome.append("done")
        except psycopg.Error as error:
            outcome.append(error.sqlstate)

    threading.Thread(target=run, daemon=True).start()
    wait_until(lambda: outcome, seconds, 0.1)
    return outcome[0] if outcome else None


def started(servers, small_disk, min_free_disk):
    server = servers({"min_free_disk": min_free_disk, "memory_limit": "128MB"}, directory=small_disk)
    server.start()
    return server


def test_before_the_disk_is_full_sources_pause_and_then_go_on(servers, small_disk, feed):
    orders = feed()
    server = started(servers, small_disk, "32MB")
    server.run(orders.source("orders", COLUMNS), VIEW)
    orders.send([order(1)])
    server.wait_for_positions("orders", {0: 1})
    ballast = fill(small_disk, 16 << 20)
    orders.send([order(2)])
    assert wait_until(lambda: server.http("/readyz").status_code == 503, 20)
    assert "disk" in server.http("/readyz").text
    server.wait_for_source("orders", lambda state, error: state == "disk full")
    assert totals(server) == [(1, "1.50")]  # reading goes on
    ballast.unlink()
    server.wait_for_positions("orders", {0: 2})
    assert totals(server) == [(2, "3.00")]
    assert server.http("/readyz").status_code == 200


def test_a_disk_that_is_really_full_loses_nothing(servers, small_disk, feed):
    orders = feed(partitions=2)
    server = started(servers, small_disk, "1KB")
    server.run(orders.source("orders", COLUMNS, "retention = '7 days'"), VIEW,
               "CREATE MATERIALIZED VIEW spare AS SELECT count(*) AS n FROM orders")
    orders.send([order(1)])
    server.wait_for_positions("orders", {0: 1, 1: 0})
    ballast = fill(small_disk, 64 << 10)
    orders.send([order(number) for number in range(2, 40_000)], partition=0)
    orders.send([order(number) for number in range(40_000, 60_000)], partition=1)
    assert wait_until(lambda: "full" in server.log_tail() or "space" in server.log_tail(), 30), server.log_tail()
    server.require_running()
    assert server.value("SELECT 1") == 1
    server.wait_for_source("orders", lambda state, error: state == "disk full")
    outcome = answered(server, "DROP MATERIALIZED VIEW spare")
    assert outcome in ("done", "53100"), outcome  # lanes that cannot commit hold up nobody
    ballast.unlink()
    server.wait_for_positions("orders", orders.ends(), seconds=90)
    assert totals(server) == [(59_999, "89998.50")]
    assert server.value("SELECT count(DISTINCT id) FROM orders") == 59_999
    server.kill()
    server.start()
    assert totals(server) == [(59_999, "89998.50")]
