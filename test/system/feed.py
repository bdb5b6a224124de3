"""One topic of a test and what the test writes to it.

Threads: one owner. Errors: BrokerFailed, KafkaException (harness.broker).
"""

import json
from dataclasses import dataclass, field


@dataclass
class Record:
    value: bytes | None
    key: bytes | None = None
    timestamp_ms: int | None = None
    headers: list = field(default_factory=list)


class Feed:
    def __init__(self, topics, bootstrap, topic, partitions):
        self.topics, self.bootstrap, self.topic, self.partitions = topics, bootstrap, topic, partitions

    def create(self):
        self.topics.create({self.topic: self.partitions})

    def send(self, values, partition=0):
        """Writes values (bytes as they are, anything else as JSON) and waits until the broker has them."""
        for value in values:
            raw = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
            self.topics.produce(self.topic, Record(raw), partition)
        self.topics.flush()

    def ends(self):
        """-> {partition: offset after its last record}"""
        ends = self.topics.end_offsets({self.topic: self.partitions})
        return {partition: offset for (_, partition), offset in ends.items()}

    def source(self, name, columns, options="", bootstrap=None):
        """The CREATE SOURCE that reads this topic as JSON."""
        return (f"CREATE SOURCE {name} ({columns}) WITH (connector = 'kafka', topic = '{self.topic}', "
                f"properties.bootstrap.server = '{bootstrap or self.bootstrap}'{', ' + options if options else ''}) "
                "FORMAT PLAIN ENCODE JSON")
