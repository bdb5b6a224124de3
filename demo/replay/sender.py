"""Sends a stream of events to Kafka, each when its time has come, and goes on where an earlier run was cut.

Invariants:
1. A record carries its position in the stream and the run it belongs to as headers. The last record of a partition
   tells what that partition has; what it does not have is sent again from the stream, which is the same every time.
   So nothing is missing and nothing is there twice, whenever and however the sender was ended, without any other state.
2. Records of a partition keep the stream's order (idempotent producer), which is what makes 1 true.

Threads: one, and the client's own. Limits: queues 100,000 records, then waits. Errors: KafkaException when the broker
does not answer at the start; afterwards it waits for the broker for as long as it takes.
"""

import json
import logging
import sys
import time
import zlib

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from event import position_of, position_text

ANSWER_SECONDS = 30
NO_LEADER_YET = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART)
SAY_SECONDS = 2
COMPLAINT_SECONDS = 10
SLEEP_SECONDS = 0.2


def say(text):
    print(text, file=sys.stderr, flush=True)


class Complaints:
    """The clients' own words, the same one at most every 10 seconds; the producer goes on trying behind them."""

    def __init__(self):
        self._said = {}

    def settings(self, bootstrap):
        silent = logging.getLogger("librdkafka")
        silent.addHandler(logging.NullHandler())
        silent.propagate = False
        return {"bootstrap.servers": bootstrap, "logger": silent, "error_cb": self.hear, "reconnect.backoff.ms": 250,
                "reconnect.backoff.max.ms": 2000}

    def hear(self, error):
        if time.monotonic() - self._said.get(error.code(), -COMPLAINT_SECONDS) >= COMPLAINT_SECONDS:
            self._said[error.code()] = time.monotonic()
            say(f"Kafka: {error.str()}")


class Sender:
    def __init__(self, bootstrap, stream, record_file=None):
        self._client, self._stream = Complaints().settings(bootstrap), stream
        self._has = {}  # (topic, partition) -> last position there
        self._partitions = {}
        self._record = open(record_file, "a", encoding="utf-8") if record_file else None
        self._failed = 0
        self.sent = 0
        self._producer = Producer({
            **self._client, "enable.idempotence": True, "compression.type": "lz4", "linger.ms": 20,
            "message.timeout.ms": 0, "queue.buffering.max.messages": 100_000})

    # -- before the first record --------------------------------------------------------------------------------------
    def make_topics(self, partitions, retention_hours):
        admin = AdminClient(self._client)
        there = admin.list_topics(timeout=ANSWER_SECONDS).topics
        config = {"retention.ms": str(retention_hours * 3_600_000), "segment.bytes": str(32 << 20)}
        missing = [NewTopic(name, partitions, -1, config=config) for name in self._stream.topics if name not in there]
        if missing:
            for future in admin.create_topics(missing, operation_timeout=ANSWER_SECONDS).values():
                future.result(ANSWER_SECONDS)
        deadline = time.monotonic() + ANSWER_SECONDS
        while any(name not in there for name in self._stream.topics):
            if time.monotonic() > deadline:
                raise SystemExit("replay: the broker made the topics and does not list them")
            time.sleep(SLEEP_SECONDS)
            there = admin.list_topics(timeout=ANSWER_SECONDS).topics
        self._partitions = {name: len(there[name].partitions) for name in self._stream.topics}

    def find_positions(self):
        """Reads the last record of every partition. -> where the stream goes on"""
        last = self._last_records()
        runs = {}
        for place, headers in last.items():
            self._has[place] = position_of(headers["position"])
            runs[self._has[place]] = headers["run"].decode()
        first = self._stream.first()
        if runs:
            self._stream.go_on(runs[max(runs)], list(runs))
            first = self._stream.first()
            say(f"going on after event {position_text(max(runs)).decode()}")
        return min(self._has.get((topic, partition), first)
                   for topic, count in self._partitions.items() for partition in range(count))

    def _last_records(self):
        """-> {(topic, partition): headers}; empty partitions are left out"""
        consumer = Consumer({**self._client, "group.id": "freshet-demo-replay",
                             "enable.auto.commit": False})
        wanted = []
        for topic, count in self._partitions.items():
            for partition in range(count):
                low, high = self._reach(consumer, topic, partition)
                if high > low:
                    wanted.append(TopicPartition(topic, partition, high - 1))
        consumer.assign(wanted)
        found, deadline = {}, time.monotonic() + ANSWER_SECONDS
        while len(found) < len(wanted):
            message = consumer.poll(0.5)
            if message is not None and message.error():
                raise KafkaException(message.error())
            if message is not None and (message.topic(), message.partition()) not in found:
                found[(message.topic(), message.partition())] = dict(message.headers() or [])
                consumer.incremental_unassign([TopicPartition(message.topic(), message.partition(), OFFSET_END)])
            elif time.monotonic() > deadline:
                raise SystemExit(f"replay: {len(wanted) - len(found)} partitions do not give their last record")
        consumer.close()
        if any("position" not in headers for headers in found.values()):
            raise SystemExit(f"replay: the topics {', '.join(self._stream.topics)} hold records of somebody else")
        return found

    @staticmethod
    def _reach(consumer, topic, partition):
        """-> first and next offset. A topic that was just made may have no leader for a moment."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                return consumer.get_watermark_offsets(TopicPartition(topic, partition), ANSWER_SECONDS)
            except KafkaException as problem:
                if problem.args[0].code() not in NO_LEADER_YET or time.monotonic() > deadline:
                    raise
                time.sleep(SLEEP_SECONDS)

    # -- the stream ---------------------------------------------------------------------------------------------------
    def run(self, events, stopping, until_now=False):
        """Sends until `stopping()`; with `until_now` ends when the past is sent."""
        run = self._stream.run().encode()
        begun_us = time.time_ns() // 1000
        catching_up, said = True, time.monotonic()
        for event in events:
            if stopping():
                break
            if event.at_us > begun_us and not self._wait_until(event.at_us, stopping, until_now):
                break
            if catching_up and (event.at_us > begun_us or time.monotonic() - said >= SAY_SECONDS):
                catching_up, said = event.at_us <= begun_us, time.monotonic()
                behind = max(0, begun_us - event.at_us) / 3.6e9
                say(f"{self.sent:,} records sent, {behind:.1f} hours of the past to go" if catching_up
                    else f"{self.sent:,} records sent, and now at the pace of time")
            self._send(event, run)
        self._producer.flush(ANSWER_SECONDS)
        if self._record:
            self._record.close()
        say(f"{self.sent:,} records sent")
        if self._failed:
            raise SystemExit(f"replay: {self._failed} records were refused by the broker")

    def _wait_until(self, at_us, stopping, until_now):
        """-> False when to stop instead"""
        while not stopping():
            left = at_us / 1e6 - time.time()
            if left <= 0:
                return True
            if until_now:
                return False
            self._producer.poll(min(left, SLEEP_SECONDS))
        return False

    def _send(self, event, run):
        partition = zlib.crc32(event.key.encode()) % self._partitions[event.topic]
        if event.position <= self._has.get((event.topic, partition), ()):
            return
        while True:
            try:
                self._producer.produce(
                    event.topic, value=event.value, key=event.key, partition=partition, timestamp=event.at_us // 1000,
                    headers=[("position", position_text(event.position)), ("run", run)], on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(0.1)
        self.sent += 1
        if self.sent % 100 == 0:
            self._producer.poll(0)

    def _delivered(self, error, message):
        if error is not None:
            self._failed += 1
            if self._failed <= 5:
                say(f"a record was refused: {error}")
        elif self._record:
            value = message.value()
            self._record.write(json.dumps({
                "topic": message.topic(), "partition": message.partition(), "offset": message.offset(),
                "timestamp": message.timestamp()[1], "key": message.key().decode(),
                "value": None if value is None else value.decode("utf-8", "surrogateescape")}) + "\n")
