"""Golden lines against an answer. A cell is PostgreSQL's text; NULL, (empty), \\n and \\| are written so. `~12.5` takes
numbers within 1 %, `~12.5/3%` within 3 %.

Types: I integer, N numeric (exact), A numeric (15 digits), R float (1e-9), B bool, T text, D date, P timestamp,
Z timestamptz, V interval, J json, X bytea, U uuid, ? anything.
"""

import decimal
import difflib
import re

OIDS = {"I": {20, 21, 23, 26}, "N": {1700}, "A": {1700}, "R": {700, 701}, "B": {16}, "T": {18, 19, 25, 1042, 1043},
        "D": {1082}, "P": {1114}, "Z": {1184}, "V": {1186}, "J": {114, 3802}, "X": {17}, "U": {2950}}
TOLERANCE = {"R": decimal.Decimal("1e-9"), "A": decimal.Decimal("1e-14")}
ABOUT = re.compile(r"~(-?[0-9.eE+-]+)(?:/([0-9.]+)%)?$")


def cell_text(cell):
    if cell is None:
        return "NULL"
    if cell == "":
        return "(empty)"
    return cell.replace("\\", "\\\\").replace("\n", "\\n").replace("|", "\\|")


def split(line):
    return re.split(r"(?<!\\)\|", line)


def wrong_types(types, answer):
    """-> text of the first difference between the TYPES of a script and the result's, or None"""
    if len(types) != len(answer.oids):
        return f"{len(answer.oids)} columns, where the script names {len(types)} types"
    for letter, oid, name in zip(types, answer.oids, answer.names):
        if letter != "?" and oid not in OIDS[letter]:
            return f'column "{name}" has type oid {oid}, which is not {letter} ({sorted(OIDS[letter])})'
    return None


def _equal(letter, expected, actual):
    if expected == actual:
        return True
    about = ABOUT.match(expected)
    if not about and letter not in TOLERANCE:
        return False
    try:
        want, have = decimal.Decimal(about[1] if about else expected), decimal.Decimal(actual)
    except decimal.InvalidOperation:
        return False
    if not (want.is_finite() and have.is_finite()):
        return False
    tolerance = decimal.Decimal(about[2] or 1) / 100 if about else TOLERANCE[letter]
    return abs(want - have) <= tolerance * max(abs(want), abs(have))


def rows_differ(types, golden, rows, rowsort):
    """-> a diff as text, or None when they are equal"""
    actual = [[cell_text(cell) for cell in row] for row in rows]
    expected = [split(line) for line in golden]
    if rowsort:
        actual, expected = sorted(actual), sorted(expected)
    if len(actual) == len(expected) and all(
            len(a) == len(e) and all(map(_equal, types, e, a)) for e, a in zip(expected, actual)):
        return None
    lines = difflib.unified_diff(["|".join(row) for row in expected], ["|".join(row) for row in actual], "expected", "actual",
                                 lineterm="", n=2)
    return "\n".join(lines)


def check_error(step, answer):
    """`statement error SQLSTATE [text]` and its lines FIELD: text, each a part of that field."""
    sqlstate, text = step.words[1], " ".join(step.words[2:])
    assert answer.error, f"{step.text}\nsucceeded ({answer.tag}), expected error {sqlstate}"
    assert answer.error.get("SQLSTATE") == sqlstate, f"{step.text}\nexpected error {sqlstate} {text}, got {answer.error_text()}"
    assert text in answer.error.get("MESSAGE", ""), f'{step.text}\nexpected "{text}" in {answer.error_text()}'
    for line in step.golden or []:
        name, _, part = line.partition(": ")
        have = answer.error.get(name, "")
        assert (part == have if name == "POSITION" else part in have), f"{step.text}\nexpected {line} in {answer.error_text()}"


def difference_of(step, answer):
    """-> what differs between a query's golden and its answer, or None"""
    if answer.error:
        return f"{step.text}\nfailed: {answer.error_text()}"
    types, words, golden = step.words[0], step.words[1:], step.golden
    if wrong := wrong_types(types, answer):
        return f"{step.text}\n{wrong}"
    if "names" in words:
        names, golden = golden[0], golden[1:]
        if names != "|".join(answer.names):
            return f"{step.text}\ncolumns {'|'.join(answer.names)}, expected {names}"
    difference = rows_differ(types, golden, answer.rows, "rowsort" in words)
    return difference and f"{step.text}\n{difference}"
