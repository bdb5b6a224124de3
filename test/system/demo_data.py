"""The demo's events for a test: the real flights and the seeded orders as demo/replay makes them, their broken records
among them, and the same records decoded without Freshet into the tables of a DuckDB connection.

Event times are microseconds since 1970. Errors: CalledProcessError when the flights cannot be fetched.
"""

import datetime
import json
import random
import subprocess
import sys
import time
from typing import NamedTuple, Optional

import duckdb

from harness.freshet_process import ROOT

sys.path.insert(0, str(ROOT / "demo" / "replay"))
import flights  # noqa: E402
import orders  # noqa: E402
from spoil import with_spoiled  # noqa: E402

SPEEDUP, FLIGHTS_HISTORY_SECONDS, FLIGHTS_NOW_SECOND = 60, 19 * 3600, (31 + 28 + 31 + 30 + 31 + 30 + 8) * 86400 + 11 * 3600
ORDERS_SEED, ORDERS_RATE, ORDERS_HISTORY_SECONDS = 42, 6, 80 * 60
BROKEN_SHARE = 0.01


class Schema(NamedTuple):
    """What decides whether a record is accepted."""
    time: str  # the event time
    delay_s: int  # of the watermark
    required: list
    numbers: list
    times: list


SCHEMAS = {
    "flights": Schema("at", 10, ["flight", "event", "at", "origin", "destination"],
                      ["distance", "hour", "departure_delay", "arrival_delay", "air_time"], ["at"]),
    "order_created": Schema("created_at", 5, ["order_id", "region", "amount", "created_at"],
                            ["order_id", "customer_id", "items", "amount"], ["created_at"]),
    "order_shipped": Schema("shipped_at", 5, ["order_id", "region", "created_at", "shipped_at"], ["order_id"],
                            ["created_at", "shipped_at"]),
    "order_delivered": Schema("delivered_at", 5, ["order_id", "region", "created_at", "shipped_at", "delivered_at"],
                              ["order_id", "promised_minutes"], ["created_at", "shipped_at", "delivered_at"]),
}

# By topic, from a file of the accepted records.
TABLES = {
    "flights": """
        SELECT flight, event, "at"::TIMESTAMP AS "at", carrier, airline, origin, destination, airport, distance, hour,
               tail_number, plane.manufacturer, plane.seats, plane.built, departure_delay, arrival_delay, air_time,
               weather.temperature, weather.wind, weather.visibility, weather.rain,
               concat(origin, '-', destination) AS route,
               if(weather.visibility IS NULL, 'Not reported', if(weather.visibility < 3, 'Fog', if(coalesce(weather.rain, 0) > 0,
                  'Rain or snow', if(coalesce(weather.wind, 0) >= 18, 'Windy', 'Fair')))) AS sky,
               if(plane.manufacturer IS NULL, NULL, coalesce(
                  list_filter(['Airbus', 'Boeing', 'Embraer'], lambda m: starts_with(plane.manufacturer, upper(m)))[1],
                  if(starts_with(plane.manufacturer, 'MCDONNELL'), 'McDonnell Douglas', NULL),
                  if(regexp_matches(plane.manufacturer, '^(BOMBARDIER|CANADAIR)'), 'Bombardier', 'Other'))) AS maker
        FROM read_json($1, format = 'newline_delimited', columns = {
          flight: 'VARCHAR', event: 'VARCHAR', "at": 'VARCHAR', carrier: 'VARCHAR', airline: 'VARCHAR', origin: 'VARCHAR',
          destination: 'VARCHAR', airport: 'VARCHAR', distance: 'INTEGER', hour: 'INTEGER', tail_number: 'VARCHAR',
          plane: 'STRUCT(manufacturer VARCHAR, seats INTEGER, built INTEGER)', departure_delay: 'INTEGER',
          arrival_delay: 'INTEGER', air_time: 'INTEGER',
          weather: 'STRUCT(temperature DOUBLE, wind DOUBLE, visibility DOUBLE, rain DOUBLE)'})""",
    "order_created": """
        SELECT order_id, region, customer_id, category, channel, items, amount::DECIMAL(12,2) AS amount, status,
               created_at::TIMESTAMP AS created_at, if(status = 'paid', amount::DECIMAL(12,2), 0::DECIMAL(12,2)) AS revenue
        FROM read_json($1, format = 'newline_delimited', columns = {
          order_id: 'BIGINT', region: 'VARCHAR', customer_id: 'BIGINT', category: 'VARCHAR', channel: 'VARCHAR', items: 'INTEGER',
          amount: 'VARCHAR', status: 'VARCHAR', created_at: 'VARCHAR'})""",
    "order_shipped": """
        SELECT order_id, region, warehouse, courier, created_at::TIMESTAMP AS created_at, shipped_at::TIMESTAMP AS shipped_at,
               epoch_us(shipped_at::TIMESTAMP - created_at::TIMESTAMP) / 60e6 AS minutes_to_ship
        FROM read_json($1, format = 'newline_delimited', columns = {
          order_id: 'BIGINT', region: 'VARCHAR', warehouse: 'VARCHAR', courier: 'VARCHAR', created_at: 'VARCHAR',
          shipped_at: 'VARCHAR'})""",
    "order_delivered": """
        SELECT order_id, region, warehouse, courier, created_at::TIMESTAMP AS created_at, shipped_at::TIMESTAMP AS shipped_at,
               delivered_at::TIMESTAMP AS delivered_at, promised_minutes,
               epoch_us(delivered_at::TIMESTAMP - shipped_at::TIMESTAMP) / 60e6 AS minutes_on_road,
               epoch_us(delivered_at::TIMESTAMP - created_at::TIMESTAMP) / 60e6 AS minutes_in_all
        FROM read_json($1, format = 'newline_delimited', columns = {
          order_id: 'BIGINT', region: 'VARCHAR', warehouse: 'VARCHAR', courier: 'VARCHAR', created_at: 'VARCHAR',
          shipped_at: 'VARCHAR', delivered_at: 'VARCHAR', promised_minutes: 'INTEGER'})""",
}


class Sent(NamedTuple):
    """A record to be sent, in the stream's order."""
    topic: str
    key: str
    value: Optional[bytes]
    known_us: int  # when the demo would have sent it
    event_us: Optional[int]  # None: broken


def instant_us(text):
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1e6)


def event_time_us(topic, value):
    """-> None when the source's schema does not accept the record"""
    schema = SCHEMAS[topic]
    try:
        fields = json.loads(value.decode())
        if not all(isinstance(fields.get(name, 0), (int, float)) or fields[name] is None for name in schema.numbers):
            return None
        if any(fields.get(name) is None for name in schema.required):
            return None
        return {name: instant_us(fields[name]) for name in schema.times}[schema.time]
    except (AttributeError, ValueError):  # no value; not UTF-8, not JSON, no time
        return None


class DemoData:
    def __init__(self):
        archive = subprocess.run([ROOT / "demo/replay/data.sh"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        streams = [flights.Flights(archive, SPEEDUP, FLIGHTS_HISTORY_SECONDS, FLIGHTS_NOW_SECOND),
                   orders.Orders(ORDERS_SEED, ORDERS_RATE, ORDERS_HISTORY_SECONDS)]
        self.sent, self.spoiled = [], 0
        for stream in streams:
            self._take(stream, time.time_ns() // 1000)
        self.sent.sort(key=lambda sent: sent.known_us)

    def _take(self, stream, until_us):
        for event in with_spoiled(stream.events(stream.first()), BROKEN_SHARE):
            if event.at_us > until_us:
                return
            self.spoiled += len(event.position) in (2, 4)  # one more than the event that it is a copy of
            self.sent.append(Sent(event.topic, event.key, event.value, event.at_us, event_time_us(event.topic, event.value)))

    def of(self, *topics):
        return [sent for sent in self.sent if sent.topic in topics]

    def broken(self, topic):
        """-> the values that the source does not accept, sorted"""
        return sorted(sent.value or b"" for sent in self.of(topic) if sent.event_us is None)

    def shuffled(self, seed):
        """Out of order within the watermark's delay: by event time plus less than the delay, so nothing that is sent before
        a record lies a delay or more after it."""
        chance = random.Random(seed)

        def place(sent):
            return (sent.event_us or sent.known_us) + chance.random() * (SCHEMAS[sent.topic].delay_s * 1e6 - 1)
        return sorted(self.sent, key=place)

    def offline(self, directory):
        """-> a DuckDB connection with a table for each topic"""
        connection = duckdb.connect()
        for topic, select in TABLES.items():
            file = directory / f"{topic}.ndjson"
            file.write_bytes(b"".join(sent.value + b"\n" for sent in self.of(topic) if sent.event_us is not None))
            connection.execute(f"CREATE TABLE {topic} AS {select}", [str(file)])
        return connection
