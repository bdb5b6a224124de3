"""Sinks into Kafka: what a read_committed consumer sees equals what the view says, whatever is killed."""

import json
import random
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from harness.waiting import wait_until

COLUMNS = ("id BIGINT, k TEXT, amount NUMERIC(12,2), at TIMESTAMPTZ, "
           "WATERMARK FOR at AS at - INTERVAL '5' SECOND")
KILLS = 6
MINUTES, PER_MINUTE = 60, 40


def row(number, minute, second=0):
    return {"id": number, "k": f"k{number % 5}", "amount": number % 97 + 0.25,
            "at": f"2024-01-01T{minute // 60:02}:{minute % 60:02}:{second:02}Z"}


def committed(bootstrap, topic, partitions=1):
    """-> [(partition, key, value, headers)] that a consumer of committed records sees, in each partition's order"""
    return everything(bootstrap, topic, partitions)[0]


def everything(bootstrap, topic, partitions=1):
    """-> what committed() gives, and the number of transactions that ended in each partition"""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test-sinks", "enable.auto.commit": False,
                         "enable.partition.eof": True, "isolation.level": "read_committed"})
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)])
    found, ended, ends = [], 0, 0
    while ended < partitions:
        for message in consumer.consume(10_000, 1):
            if message.error():
                ended += 1
                continue
            key, value = message.key(), message.value()
            found.append((message.partition(), key and json.loads(key), value and json.loads(value, parse_float=str),
                          dict(message.headers() or [])))
    for partition in range(partitions):
        ends += consumer.get_watermark_offsets(TopicPartition(topic, partition), 10)[1]
    consumer.close()
    return found, ends - len(found)


def sink_row(server, name):
    return server.query("SELECT state, error, lag, messages FROM freshet.sinks WHERE name = %s", (name,))[0]


def drained(server, name):
    return wait_until(lambda: sink_row(server, name)[0] == "running" and sink_row(server, name)[2] == 0, 60, 0.1)


def target(kafka, feed, more=""):
    return f"WITH (connector = 'kafka', topic = '{feed.topic}', properties.bootstrap.server = '{kafka.bootstrap}'{more})"


def expected(sent):
    windows = {}
    for value in sent:
        key = (value["at"][:16], value["k"])
        count, cents = windows.get(key, (0, 0))
        windows[key] = (count + 1, cents + round(100 * value["amount"]))
    return {(minute + ":00.000000Z", k, count, f"{cents / 100:.2f}") for (minute, k), (count, cents) in windows.items()}


def test_alerts_are_sent_once_each_however_often_the_server_is_killed(kafka, server, feed):
    events, alerts = feed(2), feed(1)
    server.run(events.source("s", COLUMNS, "idle_timeout = '1 day'"),
               "CREATE SINK alerts AS SELECT window_start, k, count(*) AS n, sum(amount) AS amount "
               "FROM TUMBLE(s, at, INTERVAL '1' MINUTE) GROUP BY window_start, window_end, k EMIT ON WINDOW CLOSE "
               + target(kafka, alerts) + " FORMAT PLAIN ENCODE JSON")
    dice, sent, number = random.Random(7), [], 0
    kills = set(dice.sample(range(MINUTES), KILLS))
    for minute in range(MINUTES):
        for partition in (0, 1):
            values = [row(number + i, minute, i % 60) for i in range(PER_MINUTE)]
            number += PER_MINUTE
            sent += values
            events.send(values, partition)
        if minute in kills:
            time.sleep(dice.random() * 0.5)
            server.kill()
            server.start()
    for partition in (0, 1):
        events.send([row(0, 2 * 60 + MINUTES, 30)], partition)
    server.wait_for_positions("s", events.ends())
    assert wait_until(lambda: server.value("SELECT count(*) FROM alerts") == MINUTES * 5, 60, 0.2), (
        server.query("SELECT count(*), min(window_start), max(window_start), sum(n) FROM alerts"),
        server.query("SELECT partition, sum(rows), min(first_offset), max(last_offset), reason FROM freshet.late_rows GROUP BY 1, 5"),
        server.query("SELECT partition, position, watermark FROM freshet.source_partitions"),
        server.query("SELECT watermark FROM freshet.sources"), server.log_tail())
    assert drained(server, "alerts"), sink_row(server, "alerts")
    messages = committed(kafka.bootstrap, alerts.topic)
    rows = [(value["window_start"], value["k"], value["n"], value["amount"]) for _, _, value, _ in messages]
    assert len(rows) == len(set(rows)) == MINUTES * 5
    assert set(rows) == expected(sent)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_failure_points_of_a_delivery(kafka, server, feed):
    events, out = feed(1), feed(1)
    server.run(events.source("s", COLUMNS),
               "CREATE SINK closed AS SELECT window_start, count(*) AS n FROM TUMBLE(s, at, INTERVAL '1' MINUTE) "
               "GROUP BY window_start EMIT ON WINDOW CLOSE " + target(kafka, out) + " FORMAT PLAIN ENCODE JSON")
    minute = 0
    for point in ("stage.commit.before", "stage.commit.after", "sink.delivered", "stage.commit.before=2",
                  "stage.commit.after=2", "sink.delivered=2"):
        name = point if "=" in point else point + "=1"
        server.stop()
        server.start(environment={"FRESHET_FAILURE_POINTS": name})
        for _ in range(3):
            events.send([row(minute, minute, 1), row(minute, minute, 2)])
            minute += 1
            time.sleep(0.3)
        assert server.wait_killed(20) is not None, point
        server.start()
    events.send([row(0, minute + 5)])
    server.wait_for_positions("s", events.ends())
    assert wait_until(lambda: server.value("SELECT count(*) FROM closed") == minute, 30, 0.2)
    assert drained(server, "closed"), sink_row(server, "closed")
    rows = [(value["window_start"], value["n"]) for _, _, value, _ in committed(kafka.bootstrap, out.topic)]
    assert rows == [(f"2024-01-01T00:{m:02}:00.000000Z", 2) for m in range(minute)]


def test_upsert_is_the_view_whatever_is_killed(kafka, server, feed):
    events, out = feed(2), feed(3)
    server.run(events.source("s", COLUMNS),
               "CREATE MATERIALIZED VIEW v AS SELECT k, count(*) AS n, sum(amount) AS amount FROM s GROUP BY k "
               "HAVING count(*) % 3 <> 0",
               "CREATE SINK u FROM v " + target(kafka, out, ", interval = '100 milliseconds'")
               + " FORMAT UPSERT ENCODE JSON")
    dice, number = random.Random(11), 0
    for step in range(20):
        for partition in (0, 1):
            values = [row(number + i, step, i) for i in range(7)]
            number += 7
            events.send(values, partition)
        time.sleep(dice.random() * 0.3)
        if step % 5 == 2:
            server.kill()
            server.start()
    server.wait_for_positions("s", events.ends())
    view = {k: {"k": k, "n": n, "amount": str(amount)} for k, n, amount in server.query("SELECT k, n, amount FROM v")}

    assert len(view) >= 3

    def table():
        rows = {}
        for _, key, value, _ in committed(kafka.bootstrap, out.topic, 3):
            rows[key["k"]] = value
        return {k: value for k, value in rows.items() if value is not None}

    assert wait_until(lambda: table() == view, 30, 0.3), (table(), view)


def test_an_output_larger_than_a_transaction_goes_in_parts(kafka, server, feed):
    """A first look at many groups: killed between its parts, each group is sent once, in the order of its rows."""
    count, events, out = 50_000, feed(1), feed(1)
    server.run(events.source("s", "id BIGINT"), "CREATE MATERIALIZED VIEW v AS SELECT id, count(*) AS n FROM s GROUP BY id")
    events.send([{"id": number} for number in range(count)])
    server.wait_for_positions("s", events.ends())
    server.stop()
    server.start(environment={"FRESHET_FAILURE_POINTS": "sink.delivered=2"})
    server.run("CREATE SINK u FROM v " + target(kafka, out) + " FORMAT UPSERT ENCODE JSON")
    assert server.wait_killed(30) is not None
    server.start()
    assert drained(server, "u"), sink_row(server, "u")
    messages, transactions = everything(kafka.bootstrap, out.topic)
    assert transactions == 3
    assert sorted(key["id"] for _, key, _, _ in messages) == list(range(count))
    assert all(value == {"id": key["id"], "n": 1} for _, key, value, _ in messages)
    assert sink_row(server, "u")[3] == count - 40_000


def test_windows_that_close_at_once_go_in_parts(kafka, server, feed):
    count, events, out = 45_000, feed(1), feed(1)
    server.run(events.source("s", COLUMNS),
               "CREATE MATERIALIZED VIEW v AS SELECT window_start, id, count(*) AS n FROM TUMBLE(s, at, INTERVAL '1' MINUTE) "
               "GROUP BY window_start, id EMIT ON WINDOW CLOSE",
               "CREATE SINK closed FROM v " + target(kafka, out) + " FORMAT PLAIN ENCODE JSON",
               "CREATE SINK also FROM v " + target(kafka, feed(1)) + " FORMAT PLAIN ENCODE JSON")
    events.send([row(number, 0) for number in range(count)])
    server.wait_for_positions("s", events.ends())
    server.stop()
    server.start(environment={"FRESHET_FAILURE_POINTS": "sink.delivered=2"})
    events.send([row(0, 1, 30), row(0, 9)])
    assert server.wait_killed(30) is not None
    server.start()
    assert drained(server, "closed"), sink_row(server, "closed")
    assert drained(server, "also"), sink_row(server, "also")
    messages, transactions = everything(kafka.bootstrap, out.topic)
    assert transactions >= 3
    assert [value["id"] for _, _, value, _ in messages] == list(range(count)) + [0]


def test_a_sink_whose_brokers_are_away_ends_at_once(server, feed):
    events = feed(1)
    server.run(events.source("s", COLUMNS), "CREATE MATERIALIZED VIEW v AS SELECT k, count(*) AS n FROM s GROUP BY k")
    away = "WITH (connector = 'kafka', topic = 't', properties.bootstrap.server = '127.0.0.1:1') FORMAT UPSERT ENCODE JSON"
    server.run("CREATE SINK u FROM v " + away)
    time.sleep(0.5)
    begun = time.monotonic()
    server.run("DROP SINK u")
    assert time.monotonic() - begun < 3
    server.run("CREATE SINK u FROM v " + away)
    time.sleep(0.5)
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < 5


def test_what_replayed_letters_change_is_sent_without_another_commit(kafka, server, feed):
    events, out = feed(1), feed(1)
    server.run(events.source("s", "id BIGINT, k TEXT NOT NULL"),
               "CREATE MATERIALIZED VIEW v AS SELECT k, count(*) AS n FROM s GROUP BY k",
               "CREATE SINK u FROM v " + target(kafka, out, ", interval = '100 milliseconds'") + " FORMAT UPSERT ENCODE JSON")
    events.send([{"id": 1, "k": "a"}, {"id": 2}])
    assert wait_until(lambda: len(committed(kafka.bootstrap, out.topic)) == 1, 20, 0.2)
    assert server.value("SELECT count(*) FROM freshet.dead_letters") == 1
    server.run("ALTER SOURCE s ALTER COLUMN k DROP NOT NULL", "REPLAY DEAD LETTERS OF s")
    assert wait_until(lambda: len(committed(kafka.bootstrap, out.topic)) == 2, 10, 0.2)
    assert committed(kafka.bootstrap, out.topic)[1][1:3] == ({"k": None}, {"k": None, "n": 1})


def test_corrections_and_kinds(kafka, server, feed):
    events, out = feed(1), feed(1)
    server.run(events.source("s", COLUMNS),
               "CREATE MATERIALIZED VIEW v WITH (corrections = 'true') AS SELECT window_start, k, count(*) AS n "
               "FROM TUMBLE(s, at, INTERVAL '1' MINUTE) GROUP BY window_start, k HAVING count(*) < 3 EMIT ON WINDOW CLOSE",
               "CREATE SINK plain FROM v " + target(kafka, out, ", key = 'k'") + " FORMAT PLAIN ENCODE JSON")
    events.send([{"id": 1, "k": 'q"\\', "at": "2024-01-01T00:00:10Z"}, {"id": 1, "k": "a", "at": "2024-01-01T00:10:00Z"}])
    assert wait_until(lambda: server.value("SELECT count(*) FROM v") == 1, 20, 0.1)
    events.send([{"id": 2, "k": 'q"\\', "at": "2024-01-01T00:00:11Z"}])
    assert wait_until(lambda: server.query("SELECT n FROM v") == [(2,)], 20, 0.1)
    events.send([{"id": 3, "k": 'q"\\', "at": "2024-01-01T00:00:12Z"}])
    assert wait_until(lambda: server.query("SELECT n FROM v") == [], 20, 0.1)
    assert drained(server, "plain"), sink_row(server, "plain")
    found = [(key, value["n"], headers.get("freshet.kind")) for _, key, value, headers in committed(kafka.bootstrap, out.topic)]
    assert found == [({"k": 'q"\\'}, 1, None), ({"k": 'q"\\'}, 2, b"correction"), ({"k": 'q"\\'}, 2, b"retraction")]


def test_definitions_of_sinks(kafka, server, feed):
    events, out = feed(1), feed(1)
    server.run(events.source("s", COLUMNS), "CREATE MATERIALIZED VIEW v AS SELECT k, count(*) AS n FROM s GROUP BY k")

    def fails(statement, sqlstate, text=""):
        try:
            server.run(statement)
        except Exception as error:
            assert error.sqlstate == sqlstate and text in str(error), error
            return
        raise AssertionError(f"{statement} succeeded")

    fails("CREATE SINK x FROM v " + target(kafka, out) + " FORMAT PLAIN ENCODE JSON", "0A000", "open windows")
    fails("CREATE SINK x FROM nowhere " + target(kafka, out) + " FORMAT UPSERT ENCODE JSON", "42P01")
    fails("CREATE SINK x FROM v " + target(kafka, out, ", colour = 'red'") + " FORMAT UPSERT ENCODE JSON", "22023", "colour")
    fails("CREATE SINK x FROM v " + target(kafka, out) + " FORMAT UPSERT ENCODE AVRO", "42601")
    fails("CREATE SINK x FROM v " + target(kafka, out, ", key = 'z'") + " FORMAT UPSERT ENCODE JSON", "42703")
    fails("CREATE SINK x AS SELECT k, count(*) FROM s GROUP BY k " + target(kafka, out) + " FORMAT PLAIN ENCODE JSON", "0A000")
    server.run("CREATE SINK u FROM v " + target(kafka, out) + " FORMAT UPSERT ENCODE JSON")
    fails("CREATE SINK u FROM v " + target(kafka, out) + " FORMAT UPSERT ENCODE JSON", "42P07")
    fails("DROP MATERIALIZED VIEW v", "2BP01", "sink u")
    fails("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT k, max(id) AS n FROM s GROUP BY k", "0A000", "sink")
    assert server.query("SHOW SINKS") == [("u", "v", out.topic, "UPSERT")]
    server.stop()
    server.start()
    assert drained(server, "u"), sink_row(server, "u")
    server.run("DROP SINK u", "DROP SINK IF EXISTS u")
    assert server.query("SHOW SINKS") == []
    server.run("DROP SOURCE s CASCADE")
