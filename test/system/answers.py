"""Compares what a view answers with what the oracle answers: exact types exactly, DOUBLE to 1e-9 relative, sketches
within their bound.

Threads: any. Errors: none; differences come back as texts.
"""

import datetime
from decimal import Decimal
from typing import NamedTuple

PERCENTILE, DISTINCT = 0.011, 0.05  # of the exact value


class Answer(NamedTuple):
    """The oracle's query for a view. Its columns are the view's, the keys first."""
    query: str
    keys: int
    bounds: dict = {}  # column number -> how far a sketch may be off, as a share of the exact value


def comparable(value):
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return value


def same(found, expected, bound=None):
    if found is None or expected is None:
        return found is None and expected is None
    if bound:
        return abs(float(found) - float(expected)) <= bound * abs(float(expected)) + 1e-9
    if isinstance(found, float) or isinstance(expected, float):
        # Means and variances of integers and numerics are numeric to the client, and double to the oracle.
        return abs(float(found) - float(expected)) <= 1e-9 * max(1.0, abs(float(expected)))
    if isinstance(found, Decimal) or isinstance(expected, Decimal):
        return Decimal(found) == Decimal(expected)
    return comparable(found) == comparable(expected)


def _keyed(rows, keys):
    return {tuple(comparable(value) for value in row[:keys]): row for row in rows}


def row_differences(name, found_rows, expected_rows, answer):
    """-> how the rows of a view differ from the oracle's, as texts"""
    found, expected = _keyed(found_rows, answer.keys), _keyed(expected_rows, answer.keys)
    texts = []
    if len(found) != len(found_rows):
        texts.append(f"{name}: {len(found_rows)} rows of {len(found)} groups")
    if found.keys() != expected.keys():
        texts.append(f"{name}: {len(found.keys() - expected.keys())} groups too many, {len(expected.keys() - found.keys())} "
                     f"missing, such as {sorted(map(str, found.keys() ^ expected.keys()))[:3]}")
    for key in found.keys() & expected.keys():
        for column, (left, right) in enumerate(zip(found[key], expected[key], strict=True)):
            if not same(left, right, answer.bounds.get(column)):
                texts.append(f"{name} {key} column {column}: {left!r}, offline {right!r}")
    return texts


def view_differences(server, offline, answers):
    """answers: {view: Answer}. -> how the server's views differ from the DuckDB connection's answers, as texts"""
    return [text for name, answer in answers.items() for text in row_differences(
        name, server.query(f"SELECT * FROM {name}"), offline.execute(answer.query).fetchall(), answer)]
