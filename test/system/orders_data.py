"""Seeded orders as records, and the same orders as a DuckDB table for the oracle: written by hand, never by Freshet.

Event times go forward with disorder inside the watermark's delay; a few records are broken on purpose.
"""

import csv
import json
import random

REGIONS = ["north", "south", "east", "west", "Z\u00fcrich", None]
STATUSES = ["new", "paid", "shipped", "returned"]
START_MS = 1_772_366_400_000  # 2026-03-01 12:00:00 UTC
DISORDER_MS = 4_000
BROKEN = [b"{oops", b'{"order_id": "many", "order_time": "2026-03-01T12:00:00Z"}', b'{"order_id": 1}']

COLUMNS = ("order_id BIGINT NOT NULL, customer_id BIGINT, region TEXT, amount DECIMAL(12,2), quantity INT, "
           "weight DOUBLE PRECISION, status TEXT, order_time TIMESTAMPTZ, "
           "revenue DECIMAL(12,2) AS (CASE WHEN status = 'paid' THEN amount ELSE 0 END), "
           "WATERMARK FOR order_time AS order_time - INTERVAL '5' SECOND")

TABLE = ("CREATE TABLE orders AS SELECT order_id, customer_id, region, amount, quantity, weight, status, order_time, "
         "CASE WHEN status = 'paid' THEN amount ELSE 0 END::DECIMAL(12,2) AS revenue FROM read_csv($1, header = true, "
         "nullstr = '\\N', columns = {{'order_id': 'BIGINT', 'customer_id': 'BIGINT', 'region': 'VARCHAR', "
         "'amount': 'DECIMAL(12,2)', 'quantity': 'INTEGER', 'weight': 'DOUBLE', 'status': 'VARCHAR', "
         "'order_time': 'TIMESTAMP'}})").replace("{{", "{").replace("}}", "}")


def orders(count, seed):
    """`count` orders as dicts, in the order in which they are sent; None stands for a broken record."""
    chance = random.Random(seed)
    for number in range(count):
        if chance.random() < 0.005:
            yield None
            continue
        time_ms = START_MS + number * 20 + chance.randint(-DISORDER_MS, 0)
        yield {"order_id": number, "customer_id": chance.randint(1, 5_000), "region": chance.choice(REGIONS),
               "amount": None if chance.random() < 0.02 else f"{chance.lognormvariate(3, 1):.2f}",
               "quantity": chance.randint(-3, 40), "weight": None if chance.random() < 0.02 else chance.gauss(0, 1e3),
               "status": chance.choice(STATUSES), "time_ms": time_ms}


def time_text(time_ms):
    seconds, ms = divmod(time_ms - START_MS, 1000)
    hours, rest = divmod(seconds + 12 * 3600, 3600)
    days, hours = divmod(hours, 24)
    return f"2026-03-{1 + days:02}T{hours:02}:{rest // 60:02}:{rest % 60:02}.{ms:03}"


def encode(order, number):
    """The record's bytes; amounts are written as JSON numbers whose digits matter."""
    if order is None:
        return BROKEN[number % len(BROKEN)]
    fields = {key: order[key] for key in ("order_id", "customer_id", "region", "quantity", "weight", "status")
              if order[key] is not None or order["order_id"] % 2}
    fields["order_time"] = order["time_ms"] if order["order_id"] % 3 == 0 else time_text(order["time_ms"]) + "Z"
    text = json.dumps(fields)
    amount = "null" if order["amount"] is None else order["amount"]
    return f'{text[:-1]}, "amount": {amount}, "ignored": [{{"a": 1}}]}}'.encode()


def write_csv(path, rows):
    """The orders that are not broken, for TABLE."""
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["order_id", "customer_id", "region", "amount", "quantity", "weight", "status", "order_time"])
        for order in rows:
            if order is not None:
                values = [order[key] for key in ("order_id", "customer_id", "region", "amount", "quantity")]
                values += [None if order["weight"] is None else repr(order["weight"]), order["status"],
                           time_text(order["time_ms"])]
                writer.writerow(["\\N" if value is None else value for value in values])
