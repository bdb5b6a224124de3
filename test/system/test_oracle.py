"""Every view equals one offline DuckDB query over exactly the records that were produced: after kill -9 in mid-stream,
and after everything was replayed in another order.

The oracle's queries are written by hand for DuckDB; answers.py compares.
"""

import random
import threading
import time

import duckdb

from system import orders_data
from system.answers import DISTINCT, PERCENTILE, Answer, same, view_differences
from system.feed import Record

COUNT = 60_000
PARTITIONS = 4
SEND_SECONDS = 8
KILLS = 3

# name -> (the view's SELECT, the oracle's, the number of key columns, {column: bound} of sketches)
VIEWS = {
    "per_minute": (
        "SELECT window_start, window_end, region, count(*) AS n, count(amount) AS priced, sum(amount) AS amount, "
        "sum(revenue) AS revenue, min(amount) AS lowest, max(amount) AS highest, sum(quantity) AS quantity, "
        "avg(weight) AS weight, stddev(weight) AS deviation, avg(quantity) AS mean_quantity, "
        "count(*) FILTER (WHERE status = 'returned') AS returned, bool_or(quantity < 0) AS negative, "
        "approx_percentile(0.95) WITHIN GROUP (ORDER BY amount) AS p95, approx_count_distinct(customer_id) AS customers "
        "FROM TUMBLE(orders, order_time, INTERVAL '1' MINUTE) GROUP BY window_start, window_end, region",
        "SELECT date_trunc('minute', order_time), date_trunc('minute', order_time) + INTERVAL 1 MINUTE, region, count(*), "
        "count(amount), sum(amount), sum(revenue), min(amount), max(amount), sum(quantity), avg(weight), "
        "stddev_samp(weight), avg(quantity), count(*) FILTER (status = 'returned'), bool_or(quantity < 0), "
        "quantile_disc(amount, 0.95), count(DISTINCT customer_id) FROM orders GROUP BY ALL", 3, {15: PERCENTILE, 16: DISTINCT}),
    "paid_per_hour": (
        "SELECT date_trunc('hour', order_time) AS hour, status, sum(amount * quantity) AS weighted, max(order_time) AS last "
        "FROM orders WHERE quantity > 0 AND region IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 10",
        "SELECT date_trunc('hour', order_time), status, sum(amount * quantity), max(order_time) FROM orders "
        "WHERE quantity > 0 AND region IS NOT NULL GROUP BY ALL HAVING count(*) > 10", 2, {}),
    "totals": (
        "SELECT count(*) AS n, sum(amount) AS amount, max(region) AS last_region, variance(quantity) AS spread FROM orders",
        "SELECT count(*), sum(amount), max(region), var_samp(quantity) FROM orders", 0, {}),
}


def create_everything(server, feed):
    statements = [feed.source("orders", orders_data.COLUMNS, "retention = '365 days'")]
    statements += [f"CREATE MATERIALIZED VIEW {name} AS {view}" for name, (view, *_) in VIEWS.items()]
    server.run(*statements)


def sender(topics, feed, rows, seconds, order_of=None):
    """A thread that writes the rows over `seconds`. Records of one order keep their place in a partition."""
    def send():
        began = time.monotonic()
        for sent, number in enumerate(order_of or range(len(rows))):
            topics.produce(feed.topic, Record(orders_data.encode(rows[number], number)), number % PARTITIONS)
            if sent % 500 == 0:
                time.sleep(max(0.0, began + seconds * sent / len(rows) - time.monotonic()))
        topics.flush()
    thread = threading.Thread(target=send)
    thread.start()
    return thread


def oracle(tmp_path, rows):
    path = tmp_path / "orders.csv"
    orders_data.write_csv(path, rows)
    connection = duckdb.connect()
    connection.execute(orders_data.TABLE, [str(path)])
    return connection


def differences(server, offline):
    """-> what differs between the views and the oracle, as texts"""
    answers = {name: Answer(query, keys, bounds) for name, (_, query, keys, bounds) in VIEWS.items()}
    found_differences = view_differences(server, offline, answers)
    raw = "SELECT count(*), count(DISTINCT order_id), sum(amount), min(order_time), max(weight) FROM orders"
    left, right = server.query(raw)[0], offline.execute(raw).fetchone()
    if not all(same(a, b) for a, b in zip(left, right, strict=True)):
        found_differences.append(f"raw rows: {left}, offline {right}")
    return found_differences


def check(server, feed, tmp_path, rows, copies=1):
    server.wait_for_positions("orders", feed.ends(), seconds=120)
    assert differences(server, oracle(tmp_path, rows)) == []
    broken = copies * sum(order is None for order in rows)
    assert server.value("SELECT count(*) FROM freshet.dead_letters") == broken
    assert server.query("SELECT name, error FROM freshet.views WHERE state <> 'running'") == []


def test_every_view_equals_the_offline_answer_after_kill_9_in_mid_stream(servers, feed, topics, tmp_path):
    orders = feed(PARTITIONS)
    rows = list(orders_data.orders(COUNT, seed=1))
    server = servers({"max_batch_rows": 5000})
    server.start()
    create_everything(server, orders)
    sending = sender(topics, orders, rows, SEND_SECONDS)
    for _ in range(KILLS):
        time.sleep(SEND_SECONDS / (KILLS + 1))
        server.kill()
        server.start()
    sending.join()
    check(server, orders, tmp_path, rows)
    server.stop()
    server.start()
    assert differences(server, oracle(tmp_path, rows)) == []


def test_replayed_out_of_order_within_the_delay_gives_the_same_answer(servers, feed, topics, tmp_path):
    orders = feed(PARTITIONS)
    rows = list(orders_data.orders(COUNT // 2, seed=2))
    # Records are 20 ms apart, so a shuffle within 50 of them stays inside the watermark's five seconds.
    chance, order_of = random.Random(3), list(range(len(rows)))
    for begin in range(0, len(rows), 50):
        block = order_of[begin:begin + 50]
        chance.shuffle(block)
        order_of[begin:begin + 50] = block
    server = servers()
    server.start()
    create_everything(server, orders)
    sender(topics, orders, rows, 1, order_of).join()
    check(server, orders, tmp_path, rows)
