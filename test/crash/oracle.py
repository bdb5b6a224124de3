"""The judge: one offline DuckDB query for each view over all records produced, less the dead letters.

Exact types compare exactly, doubles to 1e-9, percentiles within 1 % of percentile_disc, distinct counts within 6 %.
Threads: one owner. Errors: AssertionError with the rows that differ.
"""

import csv
import decimal
import tempfile
import threading

import duckdb

DOUBLE_TOLERANCE = 1e-9
PERCENTILE_TOLERANCE = 0.01 + 1e-9
DISTINCT_TOLERANCE = 0.06
SHOWN = 8
NULL = "\\N"
TABLE = """CREATE TABLE rows (id BIGINT, k VARCHAR, j INTEGER, b BOOLEAN, amount DECIMAL(12,2), big BIGINT, f DOUBLE, code VARCHAR,
  ts TIMESTAMP, phase INTEGER, late BOOLEAN);
CREATE VIEW records AS SELECT *, CASE WHEN amount >= 90 THEN 'gold' WHEN amount >= 0 THEN 'plain' END AS tier FROM rows"""


class Offline:
    """The newest one of a thread: they share its engine, which takes longer to start than it does to answer."""

    _of_thread = threading.local()

    def __init__(self, records):
        if not hasattr(self._of_thread, "db"):
            self._of_thread.db = duckdb.connect(config={"threads": 1})
            self._of_thread.db.execute(TABLE)
        self._db = self._of_thread.db
        self._db.execute("DELETE FROM rows")
        with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL)
            for record in records:
                if not record.reason:
                    cells = (*record.row, record.phase, record.late)
                    writer.writerow([NULL if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in cells])
            file.flush()
            # Guessing at what the file is like would take eight times as long as reading it.
            self._db.execute(f"COPY rows FROM '{file.name}' (FORMAT csv, HEADER false, NULL '{NULL}', AUTO_DETECT false, QUOTE '\"', ESCAPE '\"')")

    def rows(self, query):
        return self._db.execute(query).fetchall()


def sortable(row):
    return tuple((cell is None, str(type(cell)) if cell is None else "", str(cell)) for cell in row)


def _close(want, have, relative):
    want, have = float(want), float(have)
    return abs(want - have) <= relative * max(abs(want), abs(have), 1e-12)


def equal(how, want, have):
    if want is None or have is None:
        return want is None and have is None
    if how in ("exact", "key"):
        if isinstance(have, decimal.Decimal) or isinstance(want, decimal.Decimal):
            return decimal.Decimal(want) == decimal.Decimal(have)
        return want == have
    if how == "counts":   # every value with its count, the most frequent first
        counts = [entry["count"] for entry in have]
        return counts == sorted(counts, reverse=True) and want == {entry["value"]: entry["count"] for entry in have}
    if how == "double":
        return _close(want, have, DOUBLE_TOLERANCE) or abs(float(want) - float(have)) < 1e-9
    if how == "percentile":
        return _close(want, have, PERCENTILE_TOLERANCE)
    return abs(want - have) <= max(1 if want > 8 else 0, DISTINCT_TOLERANCE * want)


def compare(columns, expected, actual):
    """Rows paired by their keys. -> text of what differs, or None"""
    keys = [index for index, how in enumerate(columns) if how == "key"]
    expected = {tuple(row[index] for index in keys): row for row in expected}
    found = {}
    for row in actual:
        key = tuple(row[index] for index in keys)
        if key in found:
            return f"two rows for the key {key}"
        found[key] = row
    lines = [f"missing: {expected[key]}" for key in expected if key not in found]
    lines += [f"not expected: {found[key]}" for key in found if key not in expected]
    for key in expected.keys() & found.keys():
        for index, how in enumerate(columns):
            if not equal(how, expected[key][index], found[key][index]):
                lines.append(f"key {key}: column {index + 1} ({how}) is {found[key][index]!r}, expected {expected[key][index]!r}")
    return "\n".join(lines[:SHOWN] + ([f"... {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])) or None
