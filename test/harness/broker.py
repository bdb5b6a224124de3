"""The real Kafka that the suites share, and what they do with it: topics, records, end offsets.

A broker that runs already is named by $FRESHET_TEST_KAFKA (host:port); otherwise one is started from demo/kafka in a
directory of its own and stopped at the end.

Threads: any for Topics (each caller makes its own). Errors: BrokerFailed, KafkaException.
"""

import os
import pathlib
import subprocess
import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from harness.ports import free_port_block
from harness.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUEST_SECONDS = 30
NO_LEADER_YET = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART)


class BrokerFailed(Exception):
    """The broker did not start or did not take the records."""


class Broker:
    """A broker for the life of a suite; a context manager."""

    def __init__(self, directory):
        self._directory = pathlib.Path(directory)
        self._own = False
        self.bootstrap = os.environ.get("FRESHET_TEST_KAFKA", "")

    def __enter__(self):
        if not self.bootstrap:
            made = subprocess.run([ROOT / "demo/kafka/up.sh", self._directory, str(free_port_block())], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=900)
            if made.returncode != 0:
                raise BrokerFailed(f"demo/kafka/up.sh ended with {made.returncode}\n{made.stderr}")
            self._own = True
            self.bootstrap = made.stdout.split()[-1]
        return self

    def __exit__(self, *_):
        if self._own:
            subprocess.run([ROOT / "demo/kafka/down.sh", self._directory], check=False, timeout=120,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


_clients = {}
_clients_lock = threading.Lock()


def _client(kind, settings):
    """One of each kind for the process: a new one needs half a second before it does anything."""
    with _clients_lock:
        key = (kind, settings["bootstrap.servers"])
        if key not in _clients:
            _clients[key] = kind(settings)
        return _clients[key]


def _producer(bootstrap):
    return _client(Producer, {"bootstrap.servers": bootstrap, "linger.ms": 0, "acks": "all", "enable.idempotence": True,
                              "log_level": 4})


def _admin(bootstrap):
    return _client(AdminClient, {"bootstrap.servers": bootstrap})


class Topics:
    """Makes topics, writes records and asks how far the topics reach."""

    def __init__(self, bootstrap):
        self._bootstrap = bootstrap
        self._consumer = None
        self._errors = []
        self._told = threading.Lock()  # the client is shared: another thread may be told of this one's records
        self._unanswered = 0  # records queued whose fate was not told
        self._taken = {}  # (topic, partition) -> offset after the last record that the broker said it has

    def create(self, partitions_by_topic, config=None):
        for place in [place for place in self._taken if place[0] in partitions_by_topic]:
            del self._taken[place]  # of a topic that was deleted
        topics = [NewTopic(name, count, 1, config=config or {}) for name, count in partitions_by_topic.items()]
        for future in _admin(self._bootstrap).create_topics(topics, operation_timeout=REQUEST_SECONDS).values():
            future.result(REQUEST_SECONDS)

    def delete(self, names):
        for future in _admin(self._bootstrap).delete_topics(list(names)).values():
            future.result(REQUEST_SECONDS)

    def add_partitions(self, topic, total):
        for future in _admin(self._bootstrap).create_partitions([NewPartitions(topic, total)]).values():
            future.result(REQUEST_SECONDS)
        # The producer refuses a partition that it has not heard of.
        known = wait_until(lambda: len(_producer(self._bootstrap).list_topics(topic).topics[topic].partitions) == total,
                           REQUEST_SECONDS)
        if not known:
            raise BrokerFailed(f"{topic} did not grow to {total} partitions")

    def produce(self, topic, record, partition):
        """Queues one record (anything with value, key, timestamp_ms, headers); flush() waits for all."""
        arguments = {"topic": topic, "partition": partition, "value": record.value, "key": record.key,
                     "on_delivery": self._delivered}
        if record.timestamp_ms is not None:
            arguments["timestamp"] = record.timestamp_ms
        if record.headers:
            arguments["headers"] = list(record.headers)
        producer = _producer(self._bootstrap)
        with self._told:
            self._unanswered += 1
        while True:
            try:
                producer.produce(**arguments)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)

    def flush(self):
        left = _producer(self._bootstrap).flush(REQUEST_SECONDS)
        wait_until(lambda: not self._unanswered, 1)
        if left or self._errors or self._unanswered:
            raise BrokerFailed(f"{left} records were not taken by the broker, of {self._unanswered} nothing was told; "
                               f"errors: {self._errors[:3]}")

    def end_offsets(self, partitions_by_topic):
        """-> {(topic, partition): offset after the last record}"""
        if self._consumer is None:
            self._consumer = Consumer({"bootstrap.servers": self._bootstrap, "group.id": f"freshet-test-{os.getpid()}",
                                       "enable.auto.commit": False})
        ends = {}
        for topic, count in partitions_by_topic.items():
            for partition in range(count):
                ends[(topic, partition)] = end = self._end_offset(TopicPartition(topic, partition))
                if end < self._taken.get((topic, partition), 0):
                    raise BrokerFailed(f"the broker took {topic} {partition} up to {self._taken[(topic, partition)]}, and now it "
                                       f"ends at {end}")
        return ends

    def _end_offset(self, partition):
        """A topic that was just made may have no leader yet."""
        deadline = time.monotonic() + REQUEST_SECONDS
        while True:
            try:
                return self._consumer.get_watermark_offsets(partition, REQUEST_SECONDS)[1]
            except KafkaException as error:
                if error.args[0].code() not in NO_LEADER_YET or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def close(self):
        if self._consumer is not None:
            self._consumer.close()

    def _delivered(self, error, message):
        with self._told:
            self._unanswered -= 1
            if error is not None:
                self._errors.append(str(error))
                return
            place = (message.topic(), message.partition())
            self._taken[place] = max(self._taken.get(place, 0), message.offset() + 1)
