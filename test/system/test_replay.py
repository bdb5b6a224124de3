"""The demo's senders: killed at any moment and started again they have sent every event exactly once, in order."""

import subprocess
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from harness.freshet_process import ROOT

sys.path.insert(0, str(ROOT / "demo" / "replay"))
import orders  # noqa: E402
from event import position_of  # noqa: E402
from spoil import with_spoiled  # noqa: E402

PARTITIONS = 8
SHARE = 0.01


def command(bootstrap, *more):
    return [sys.executable, str(ROOT / "demo" / "replay"), "orders", "--bootstrap", bootstrap, "--history", "40m", "--rate", "12",
            "--broken", str(SHARE), "--until-now", *more]


def everything(bootstrap):
    """-> run header, and each partition's (position, topic, value) in its order"""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test-replay", "enable.auto.commit": False,
                         "enable.partition.eof": True})
    places = [TopicPartition(topic, partition, OFFSET_BEGINNING) for topic in orders.TOPICS for partition in range(PARTITIONS)]
    consumer.assign(places)
    ended, run, found = 0, None, {}
    while ended < len(places):
        for message in consumer.consume(10_000, 1):
            if message.error():
                ended += 1
                continue
            headers = dict(message.headers())
            run = headers["run"].decode()
            found.setdefault((message.topic(), message.partition()), []).append(
                (position_of(headers["position"]), message.topic(), message.value()))
    consumer.close()
    return run, found


def test_every_event_once_however_often_the_sender_is_killed(kafka):
    for seconds in (1.5, 2.0, 2.5):
        process = subprocess.Popen(command(kafka.bootstrap), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.kill()
        process.wait()
    assert subprocess.run(command(kafka.bootstrap), timeout=120).returncode == 0
    run, found = everything(kafka.bootstrap)
    for rows in found.values():
        positions = [position for position, _, _ in rows]
        assert positions == sorted(set(positions))
    sent = sorted(row for rows in found.values() for row in rows)
    stream = orders.Orders(42, 12, 0)
    stream.go_on(run, [sent[-1][0]])
    expected = []
    for event in with_spoiled(stream.events(stream.first()), SHARE):
        if event.position > sent[-1][0]:
            break
        expected.append((event.position, event.topic, event.value))
    assert len(sent) > 10_000
    assert sent == sorted(expected)


def test_broken_records_are_of_every_kind_and_few(kafka):
    _, found = everything(kafka.bootstrap)
    rows = [row for rows in found.values() for row in rows]
    broken = [value for position, _, value in rows if len(position) == 4]
    assert 0.005 < len(broken) / len(rows) < 0.02
    assert None in broken
    assert any(value and b"Bad Gateway" in value for value in broken)
    assert any(value and b"\xff\xfe" in value for value in broken)
