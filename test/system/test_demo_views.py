"""Every view of the demo equals one offline DuckDB query over exactly the records that were produced: after kill -9 in
mid-stream, and after all of them were replayed out of order within the watermark's delay.

The records are the demo's own, the real flights and the seeded orders with their broken ones, and so is the pipeline;
only topics and broker have other names, and the records come at full speed. The oracle's queries are written by hand.
"""

import collections
import datetime
import random
import re
import threading
import zlib

import pytest

from harness.freshet_process import ROOT
from harness.waiting import wait_until
from system.answers import comparable, row_differences, view_differences
from system.demo_answers import ANSWERS
from system.demo_data import SCHEMAS, SPEEDUP, TABLES, DemoData
from system.feed import Record

PARTITIONS = 4
KILLS = 3
RETENTION = datetime.timedelta(hours=6)
LETTERS = "SELECT partition || '/' || \"offset\", value FROM freshet.dead_letters WHERE source = %s"
RETENTION_STEP = datetime.timedelta(hours=1)  # raw rows may stay for so long


@pytest.fixture(scope="module")
def data():
    return DemoData()


@pytest.fixture(scope="module")
def offline(data, tmp_path_factory):
    connection = data.offline(tmp_path_factory.mktemp("offline"))
    yield connection
    connection.close()


def pipeline(tmp_path, feeds, *changes):
    """The demo's SQL with the tests' topics and broker. `changes`: (old text, new text) for the rest. -> files"""
    files = []
    for name in ("flights", "orders"):
        text = (ROOT / f"demo/{name}.sql").read_text()
        for topic in re.findall(r"topic = '(\w+)'", text):
            text = text.replace(f"topic = '{topic}'", f"topic = '{feeds[topic].topic}'")
        for old, new in [("127.0.0.1:9192", feeds["flights"].bootstrap), *changes]:
            text = text.replace(old, new)
        files.append(tmp_path / f"{name}.sql")
        files[-1].write_text(text)
    return files


def by_key(sent):
    return zlib.crc32(sent.key.encode()) % PARTITIONS


def send(topics, feeds, sent, partition_of=by_key):
    for one in sent:
        topics.produce(feeds[one.topic].topic, Record(one.value, one.key.encode(), one.known_us // 1000), partition_of(one))
    topics.flush()


def raw_differences(server, offline, source):
    """-> the difference of the raw rows, in every column, as a text, or nothing"""
    columns = ", ".join(f'"{name}"' for name, *_ in offline.execute(f"DESCRIBE {source}").fetchall())

    def counted(rows):  # the digits that two ways to compute a double may differ in are left out
        return collections.Counter(tuple(round(value, 9) if isinstance(value, float) else comparable(value) for value in row)
                                   for row in rows)
    question = f"SELECT {columns} FROM {source}"
    found, expected = counted(server.query(question)), counted(offline.execute(question).fetchall())
    if found == expected:
        return []
    return [f"{source}: {sum((found - expected).values())} rows too many, such as {list(found - expected)[:1]}, "
            f"{sum((expected - found).values())} missing, such as {list(expected - found)[:1]}"]


def check(server, feeds, data, offline):
    """Everything that was sent is there once: raw rows, views, dead letters."""
    for source, feed in feeds.items():
        assert sum(feed.ends().values()) == len(data.of(source))
        server.wait_for_positions(source, feed.ends(), seconds=120)
    differences = view_differences(server, offline, ANSWERS)
    for source in TABLES:
        differences += raw_differences(server, offline, source)
        letters = server.query(LETTERS, (source,))
        if sorted(value or b"" for _, value in letters) != data.broken(source):
            differences.append(f"{source}: {len(letters)} dead letters, {len(data.broken(source))} broken records")
        if len({place for place, _ in letters}) != len(letters):
            differences.append(f"{source}: a record is there twice among the dead letters")
    assert differences == []
    assert server.value("SELECT count(*) FROM freshet.dead_letters") == data.spoiled
    assert server.query("SELECT name, error FROM freshet.views WHERE state <> 'running'") == []
    assert server.value("SELECT count(*) FROM freshet.late_rows") == 0


def read_so_far(server):
    return int(server.value("SELECT coalesce(sum(position), 0) FROM freshet.source_partitions"))


def test_the_oracle_answers_every_view_of_the_demo_and_has_something_to_say(offline):
    text = "".join((ROOT / f"demo/{name}.sql").read_text() for name in ("flights", "orders"))
    assert set(re.findall(r"MATERIALIZED VIEW (\w+)", text)) == ANSWERS.keys()
    assert set(re.findall(r"CREATE SOURCE (\w+)", text)) == TABLES.keys()
    assert [name for name, answer in ANSWERS.items() if len(offline.execute(answer.query).fetchall()) < 4] == []
    assert SPEEDUP == 60  # what the demo does


def test_every_demo_view_equals_the_offline_answer_after_kill_9_in_mid_stream(servers, feed, topics, tmp_path, data, offline):
    feeds = {topic: feed(PARTITIONS) for topic in TABLES}
    server = servers({"max_batch_rows": 1000}, pipeline(tmp_path, feeds))
    server.start()
    sending = threading.Thread(target=send, args=(topics, feeds, data.sent))
    sending.start()
    backlogs = []
    for number in range(KILLS):
        goal = len(data.sent) * (number + 1) // (KILLS + 2)
        assert wait_until(lambda goal=goal: read_so_far(server) >= goal, 60, interval_s=0.02)
        backlogs.append(len(data.sent) - read_so_far(server))
        server.kill()
        server.start()
    sending.join()
    assert min(backlogs) > 0, f"nothing was left to read at a kill: {backlogs}"
    check(server, feeds, data, offline)
    server.stop()
    server.start()
    check(server, feeds, data, offline)


def test_replayed_out_of_order_within_the_delay_the_demo_views_are_the_same(servers, feed, topics, tmp_path, data, offline):
    feeds = {topic: feed(PARTITIONS) for topic in TABLES}
    chance, moved, newest = random.Random(5), collections.Counter(), {}
    shuffled = [(sent, chance.randrange(PARTITIONS)) for sent in data.shuffled(seed=4)]
    for sent, partition in shuffled:
        if sent.event_us is None:
            continue
        delay_us = SCHEMAS[sent.topic].delay_s * 1_000_000
        assert sent.event_us > newest.get(sent.topic, 0) - delay_us
        newest[sent.topic] = max(newest.get(sent.topic, 0), sent.event_us)
        moved[sent.topic] += sent.event_us < newest.get((sent.topic, partition), 0)
        newest[sent.topic, partition] = max(newest.get((sent.topic, partition), 0), sent.event_us)
    assert all(moved[topic] > 0.2 * len(data.of(topic)) for topic in TABLES), moved
    server = servers({"max_batch_rows": 1000}, pipeline(tmp_path, feeds))
    server.start()
    partitions = iter([partition for _, partition in shuffled])
    send(topics, feeds, [sent for sent, _ in shuffled], lambda _: next(partitions))
    check(server, feeds, data, offline)


def kept(answer_rows, floor, step):
    """The rows of windows that do not end at the floor or below it"""
    return [row for row in answer_rows if row[0] + step > floor]


def test_beyond_their_retention_the_demo_views_drop_whole_windows_and_keep_the_rest_exact(servers, feed, topics, tmp_path, data,
                                                                                         offline):
    feeds = {topic: feed(PARTITIONS) for topic in TABLES}
    hours = int(RETENTION.total_seconds() // 3600)
    server = servers({"max_batch_rows": 1000}, pipeline(tmp_path, feeds, ("retention = '8 days'", f"retention = '{hours} hours'")))
    server.start()
    send(topics, feeds, data.of("flights"))
    server.wait_for_positions("flights", feeds["flights"].ends(), seconds=120)
    minutes = {"flights_per_minute": 1, "delay_percentiles": 5, "airport_delays": 5, "cancellation_waves": 10}
    views = [name for name in ANSWERS if "FROM flights" in ANSWERS[name].query]

    def floor():
        return comparable(server.value("SELECT watermark FROM freshet.sources WHERE name = 'flights'")) - RETENTION

    def differences():
        texts, lowest = [], floor()
        for name in views:
            expected = offline.execute(ANSWERS[name].query).fetchall()
            if name != "flights_per_hour":  # a year
                expected = kept(expected, lowest, datetime.timedelta(minutes=minutes.get(name, 60)))
            texts += row_differences(name, server.query(f"SELECT * FROM {name}"), expected, ANSWERS[name])
        return texts
    assert len(views) == 9
    assert wait_until(lambda: not differences(), 30, interval_s=1), differences()
    above, below = floor(), floor() - RETENTION_STEP
    count = 'SELECT count(*), sum(distance) FROM flights WHERE "at" >= %s'
    assert server.query(count, (above,)) == offline.execute(count.replace("%s", "?"), [above]).fetchall()
    assert server.value('SELECT count(*) FROM flights WHERE "at" < %s', (below,)) == 0
    assert offline.execute('SELECT count(*) FROM flights WHERE "at" < ?', [below]).fetchone()[0] > 10_000
