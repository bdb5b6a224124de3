"""Sources over a real broker: what goes wrong with records, topics and brokers, and that nothing is lost by it."""

import json

import psycopg
import pytest

from harness.waiting import wait_until
from system.feed import Record
from system.orders import COLUMNS, VIEW, order, totals


def test_broken_records_become_dead_letters_and_the_rest_goes_on(server, feed):
    orders = feed()
    broken = [b"{not json", b"", b'{"id": "x", "at": "2026-03-01T12:00:30Z"}', b'{"amount": 1}', b"[1, 2]", None,
              b'{"id": 5, "amount": 12345678901234.5, "at": "2026-03-01T12:00:30Z"}', b'{"id": 6, "at": "yesterday"}',
              b'{"id": 7}', b"\xff\xfe\x00", b'{"id": 8, "at": "2026-03-01T12:00:30Z"', b"{" * 5000]
    orders.send([order(1), *broken, order(2)])
    server.run(orders.source("orders", COLUMNS), VIEW)
    server.wait_for_positions("orders", {0: len(broken) + 2})
    assert totals(server) == [(2, "3.00")]
    letters = server.query('SELECT "offset", "value", reason_code, reason, partition, source FROM freshet.dead_letters '
                           'ORDER BY "offset"')
    assert [letter[0] for letter in letters] == list(range(1, len(broken) + 1))
    assert [letter[1] for letter in letters] == broken
    for offset, _, code, reason, partition, source in letters:
        assert code and reason and partition == 0 and source == "orders", (offset, code, reason)
    reasons = {letter[0]: letter[3] for letter in letters}
    assert "id" in reasons[3] and "id" in reasons[4] and "amount" in reasons[7] and "at" in reasons[8]
    server.kill()
    server.start()
    assert server.value("SELECT count(*) FROM freshet.dead_letters") == len(broken)
    assert totals(server) == [(2, "3.00")]


def test_a_missing_topic_is_said_and_waited_for(server, feed):
    orders = feed(partitions=2, create=False)
    server.run(orders.source("orders", COLUMNS), VIEW)
    _, error = server.wait_for_source("orders", lambda state, error: error)
    assert orders.topic in error and "does not exist" in error
    assert "source orders" in server.http("/readyz").text
    orders.create()
    orders.send([order(1)], partition=0)
    orders.send([order(2)], partition=1)
    server.wait_for_positions("orders", {0: 1, 1: 1})
    assert totals(server) == [(2, "3.00")]
    assert server.source_state("orders") == ("running", None)


def test_an_unreachable_broker_is_said_and_the_server_goes_on(server, feed):
    orders = feed(create=False)
    server.run(orders.source("orders", COLUMNS, bootstrap="127.0.0.1:1"), VIEW)
    state, error = server.wait_for_source("orders", lambda state, error: error)
    assert "127.0.0.1:1" in error
    assert server.value("SELECT 1") == 1
    assert server.query("SELECT * FROM totals") == []
    server.run("DROP SOURCE orders CASCADE")
    assert server.query("SELECT name FROM freshet.sources") == []


def test_new_partitions_are_read_from_their_beginning(servers, feed, topics):
    orders = feed()
    orders.send([order(1)])
    server = servers()
    server.start()
    server.run(orders.source("orders", COLUMNS, "scan.startup.mode = 'latest'"), VIEW)
    server.wait_for_source("orders", lambda state, error: state == "running")
    assert wait_until(lambda: server.positions("orders") == {0: 1}, 20)
    topics.add_partitions(orders.topic, 2)
    orders.send([order(2)], partition=1)  # before the source knows of the partition
    server.wait_for_positions("orders", {0: 1, 1: 1}, seconds=90)
    assert totals(server) == [(1, "1.50")]


@pytest.mark.parametrize("columns, options, sqlstate, words", [
    ("a DECIMALL(1,1)", "", "42704", "decimall"),
    ("a BIGINT, a TEXT", "", "42701", "specified more than once"),
    ("a BIGINT, WATERMARK FOR b AS b - INTERVAL '5' SECOND", "", "42703", '"b"'),
    ("a BIGINT, WATERMARK FOR a AS a - INTERVAL '5' SECOND", "", "42804", "timestamptz"),
    ("a BIGINT", "topik = 'x'", None, "topik"),
    ("a BIGINT", "scan.startup.mode = 'sometimes'", None, "sometimes"),
    ("a BIGINT", "properties.plugin.library.paths = '/tmp/x.so'", None, "plugin.library.paths"),
    ("a BIGINT AS (nothing(1))", "", "42883", "nothing"),
])
def test_wrong_definitions_are_refused_with_their_reason(server, feed, columns, options, sqlstate, words):
    with pytest.raises(psycopg.Error) as caught:
        server.run(feed(create=False).source("s", columns, options))
    message = f"{caught.value.diag.message_primary} {caught.value.diag.message_hint}"
    assert words in message.lower() or words in message, message
    if sqlstate:
        assert caught.value.sqlstate == sqlstate
    assert server.query("SELECT name FROM freshet.sources") == []


def test_a_definition_twice_is_said_and_if_not_exists_is_quiet(server, feed):
    statement = feed(create=False).source("s", "a BIGINT")
    server.run(statement)
    with pytest.raises(psycopg.Error) as caught:
        server.run(statement)
    assert caught.value.sqlstate in ("42P07", "42710")
    server.run(statement.replace("CREATE SOURCE", "CREATE SOURCE IF NOT EXISTS"))


def test_a_source_with_views_is_not_dropped_by_mistake(server, feed):
    server.run(feed().source("orders", COLUMNS), VIEW)
    with pytest.raises(psycopg.Error) as caught:
        server.run("DROP SOURCE orders")
    assert caught.value.sqlstate == "2BP01"
    assert "totals" in f"{caught.value.diag.message_detail} {caught.value.diag.message_primary}"
    server.run("DROP MATERIALIZED VIEW totals", "DROP SOURCE orders")


def test_pause_and_resume(server, feed):
    orders = feed()
    server.run(orders.source("orders", COLUMNS), VIEW)
    orders.send([order(1)])
    server.wait_for_positions("orders", {0: 1})
    server.run("ALTER SOURCE orders PAUSE")
    orders.send([order(2)])
    assert not wait_until(lambda: server.positions("orders") == {0: 2}, 2)
    server.run("ALTER SOURCE orders RESUME")
    server.wait_for_positions("orders", {0: 2})
    assert totals(server) == [(2, "3.00")]


def test_records_in_every_compression_are_read(server, feed, topics):
    from confluent_kafka import Producer
    orders = feed()
    server.run(orders.source("orders", COLUMNS), VIEW)
    codecs = ["none", "gzip", "snappy", "lz4", "zstd"]
    for codec in codecs:
        producer = Producer({"bootstrap.servers": orders.bootstrap, "compression.type": codec, "linger.ms": 50})
        for number in range(20):
            producer.produce(orders.topic, json.dumps(order(number)).encode(), partition=0)
        assert producer.flush(30) == 0
    server.wait_for_positions("orders", {0: 20 * len(codecs)})
    assert totals(server) == [(100, "150.00")]


def test_key_partition_offset_timestamp_and_headers_are_columns(server, feed, topics):
    orders = feed(partitions=2)
    topics.produce(orders.topic, Record(b'{"id": 1}', b"k1", 1_772_366_430_000, [("trace", b"abc")]), 1)
    topics.flush()
    server.run(orders.source("orders", "id BIGINT").replace(
        " WITH (", " INCLUDE key AS k INCLUDE partition AS p INCLUDE offset AS o INCLUDE timestamp AS ts "
                   "INCLUDE header 'trace' AS trace WITH (retention = '7 days', ").replace(
        "id BIGINT)", "id BIGINT, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)"))
    server.wait_for_positions("orders", {0: 0, 1: 1})
    row = server.query("SELECT id, p, o, ts = TIMESTAMPTZ '2026-03-01 12:00:30Z' FROM orders")
    assert row == [(1, 1, 0, True)]


@pytest.mark.parametrize("settings, options, reader", [
    ({}, "", "direct"),
    ({}, "properties.client.rack = 'a'", "librdkafka"),
    ({"reader": "librdkafka"}, "", "librdkafka"),
])
def test_which_client_reads_is_told(servers, feed, settings, options, reader):
    orders = feed()
    orders.send([order(1), order(2)])
    server = servers(settings)
    server.start()
    server.run(orders.source("orders", COLUMNS, options), VIEW)
    server.wait_for_positions("orders", {0: 2})
    assert server.value("SELECT reader FROM freshet.sources") == reader
    assert totals(server) == [(2, "3.00")]


def test_an_idle_lane_takes_a_partition_of_one_that_lags(servers, feed):
    """Lane 0 has partitions 0 and 2, which have all records; small commits keep it busy for some seconds."""
    count = 150_000
    orders = feed(partitions=4)
    record = order(1)
    for partition in (0, 2):
        orders.send([record] * count, partition=partition)
    server = servers({"lanes": "2", "max_batch_rows": "60"})
    server.start()
    server.run(orders.source("orders", COLUMNS, "retention = '0'"), VIEW)

    def lanes():
        return dict(server.query("SELECT partition, lane FROM freshet.source_partitions WHERE source = 'orders'"))

    assert wait_until(lambda: len(lanes()) == 4, 20)
    before = lanes()
    assert before[0] == before[2] != before[1] == before[3]
    assert wait_until(lambda: lanes()[0] != lanes()[2], 30)
    ends = orders.ends()
    server.wait_for_positions("orders", ends, seconds=120)
    total = sum(ends.values())
    assert totals(server) == [(total, f"{1.5 * total:.2f}")]
    server.kill()
    server.start()
    assert totals(server) == [(total, f"{1.5 * total:.2f}")]


def test_a_view_over_a_source_whose_topic_is_not_there_yet(server, feed):
    """The source waits for its topic, and so does the view: it is made at once and is given everything."""
    orders = feed(create=False)
    server.run(orders.source("orders", COLUMNS, "retention = '0'"))
    server.wait_for_source("orders", lambda state, error: state == "waiting")
    server.run(VIEW)
    orders.create()
    orders.send([order(1), order(2)])
    server.wait_for_positions("orders", {0: 2})
    assert totals(server) == [(2, "3.00")]
