"""The demo as a newcomer starts it, and its dashboard in a browser: every chart draws, and a number moves with the events."""

import json
import pathlib
import subprocess
import sys
import time

import psycopg
import pytest
import requests

from harness.broker import Topics
from harness.freshet_process import ROOT
from harness.waiting import wait_until
from system.dashboard_page import DashboardPage
from system.demo_run import DemoRun
from system.feed import Record

sys.path.insert(0, str(ROOT / "demo" / "superset"))
import charts  # noqa: E402
import dashboard  # noqa: E402
from rest import Superset  # noqa: E402

ARTIFACTS = ROOT / "build" / "test-artifacts"
PARTITIONS = 8
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The whole demo with little of the past and few new events."""
    run = DemoRun(tmp_path_factory.mktemp("demo"), FLIGHTS_HISTORY="7h", ORDERS_HISTORY="40m", ORDERS_RATE=2, BROKEN=0.005,
                  REFRESH=2)
    try:
        run.said = run.up()
        yield run
    finally:
        run.stop()
        keep_logs(run)


def keep_logs(run):
    target = ARTIFACTS / "system" / "demo"
    target.mkdir(parents=True, exist_ok=True)
    for folder in ("log", "superset/log"):
        for file in (run.home / folder).glob("*.log"):
            (target / file.name).write_bytes(file.read_bytes()[-200_000:])


@pytest.fixture(scope="module")
def page(demo):
    with DashboardPage(demo.url) as made:
        made.sign_in("admin", demo.password("superset/admin-password"))
        made.open(dashboard.SLUG)
        made.wait_drawn([chart.name for chart in charts.CHARTS], 120)
        yield made


def test_it_says_where_the_dashboard_is(demo):
    assert f"{demo.url}/superset/dashboard/{dashboard.SLUG}/" in demo.said
    assert demo.password("superset/admin-password") in demo.said
    assert requests.get(f"{demo.url}/health", timeout=10).text == "OK"


def test_every_chart_draws_without_an_error(page):
    seen = page.wait_drawn([chart.name for chart in charts.CHARTS])
    page.screenshot(ARTIFACTS / "dashboard.png")
    assert {name: chart["error"] for name, chart in seen.items() if chart["error"]} == {}
    assert [name for name, chart in seen.items() if chart["empty"]] == []


def test_charts_are_stored_with_the_queries_that_a_browser_sends(demo, page):
    sent = page.queries()
    superset = Superset(demo.url, "admin", demo.password("superset/admin-password"))
    names = {row["id"]: row["slice_name"] for row in superset.all("chart", ["slice_name"])}
    assert sorted(names[number] for number in sent) == sorted(chart.name for chart in charts.CHARTS)
    different = []
    for number, queries in sent.items():
        stored = json.loads(superset.call("GET", f"chart/{number}")["result"]["query_context"])["queries"]
        if stored != queries:
            different.append((names[number], stored, queries))
    assert different == []


def test_a_number_moves_with_the_events(demo, page):
    name, burst = "Orders", 3000
    before = wait_until(lambda: page.number(name), 30, 0.2)
    topics = Topics(demo.bootstrap)
    try:
        begun = time.monotonic()
        now = time.time()
        for number in range(burst):
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - number % 30))
            value = {"order_id": number, "region": "Nordics", "customer_id": number, "category": "Toys", "channel": "web", "items": 1,
                     "amount": 20.5, "status": "paid", "created_at": at}
            topics.produce("order_created", Record(json.dumps(value).encode()), number % PARTITIONS)
        topics.flush()
    finally:
        topics.close()
    after = wait_until(lambda: (page.number(name) or 0) >= before + burst and page.number(name), 60, 0.1)
    assert after, f"it was {before} and is {page.number(name)} after {burst} orders"
    print(f"{name}: {before:g} -> {after:g}, {time.monotonic() - begun:.1f} s after the first event was written")
    # What was written beside the sender's own orders, and what comes from it in the meantime (2 a second).
    assert before + burst <= after <= before + burst + 2 * 10 * (time.monotonic() - begun + 5)


def test_superset_cannot_change_anything(demo):
    address = {"host": "127.0.0.1", "port": demo.port, "user": "superset", "password": demo.password("role-password"),
               "dbname": "freshet", "autocommit": True}
    with psycopg.connect(**address) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM flights_per_minute").fetchone() == (True,)
        for statement in ("DROP SOURCE flights CASCADE", "DROP MATERIALIZED VIEW flights_per_minute", "CREATE ROLE other",
                          "CREATE MATERIALIZED VIEW mine AS SELECT count(*) FROM flights"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_second_start_changes_nothing_and_is_quick(demo):
    running = {name: demo.pid(name) for name in ("kafka", "freshet", "flights", "orders", "superset/web", "superset/redis")}
    begun = time.monotonic()
    demo.up()
    assert time.monotonic() - begun < 60
    assert {name: demo.pid(name) for name in running} == running


def test_killed_and_started_again_it_goes_on(demo):
    orders = int(demo.ask("SELECT sum(orders) FROM orders_per_minute")[0])
    half = demo.begin_up()  # and this start is killed too
    for name in ("freshet", "kafka", "flights", "superset/web"):
        demo.kill(name)
    time.sleep(2)
    half.kill()
    half.wait()
    demo.up()
    # It is up when little is left to read; what was visible before is visible again a moment later.
    assert wait_until(lambda: int(demo.ask("SELECT sum(orders) FROM orders_per_minute")[0]) >= orders, 30, 0.2)
    assert wait_until(lambda: demo.ask("SELECT DISTINCT state FROM freshet.sources") == ["running"], 30, 0.2)
    assert requests.get(f"{demo.url}/health", timeout=10).text == "OK"


def test_the_second_broker_on_a_port_is_refused_in_words(demo, tmp_path):
    done = subprocess.run([ROOT / "demo/kafka/up.sh", tmp_path / "kafka", str(demo.kafka_port)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert f"port {demo.kafka_port}" in done.stderr and "taken by another program" in done.stderr
    assert not (pathlib.Path(tmp_path) / "kafka" / "broker-1" / "pid").exists()


def test_stopped_it_leaves_no_process(demo):
    names = ("kafka", "freshet", "flights", "orders", "superset/web", "superset/redis")
    assert demo.stop().returncode == 0
    assert {name: demo.pid(name) for name in names} == dict.fromkeys(names)
