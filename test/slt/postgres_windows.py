"""The window functions of FROM in PostgreSQL's words, row by row as they are defined: what a query over TUMBLE, HOP,
CUMULATE or SESSION means offline. Text in, text out; nothing of Freshet's own arithmetic is in here.
"""

import re

ORIGIN = "timestamptz '1970-01-01 00:00:00+00'"


def split_top(text, separator=","):
    """Splits at separators outside parentheses and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for at, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in parts + [text[start:]]]


def closing(text, at):
    """Index of the parenthesis that closes the one at `at`."""
    depth, quote = 0, ""
    for i in range(at, len(text)):
        c = text[i]
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
            if depth == 0:
                return i
    raise AssertionError(f"no closing parenthesis in {text}")


def _months(span):
    return re.search(r"month|year|quarter", span, re.I)


def _bin(span, column, origin):
    """The start of the bucket of `span` that holds `column`."""
    if not _months(span):
        return f"date_bin({span}, {column}, {origin})"
    return f"(SELECT max(b) FROM generate_series({origin}, {column}, {span}) AS b)"


def _origin(offset):
    return f"({ORIGIN} + {offset[0]})" if offset else ORIGIN


def _tumble(source, column, size, *offset):
    if offset and offset[-1].startswith("'"):
        return _civil(source, column, size, *offset)
    bounds = f"SELECT *, {_bin(size, column, _origin(offset))} AS window_start FROM {source}"
    return f"(SELECT *, window_start + {size} AS window_end FROM ({bounds}) AS w)"


def _civil(source, column, size, *rest):
    """Days and months of a zone's civil time."""
    *offset, zone = rest
    origin = "timestamp '1970-01-01 00:00:00'" + (f" + {offset[0]}" if offset else "")
    civil = f"({column} AT TIME ZONE {zone})"
    start = f"date_trunc('month', {civil})" if _months(size) else f"date_bin({size}, {civil}, {origin})"
    return (f"(SELECT *, civil_start AT TIME ZONE {zone} AS window_start, (civil_start + {size}) AT TIME ZONE {zone} AS window_end "
            f"FROM (SELECT *, {start} AS civil_start FROM {source}) AS w)")


def _hop(source, column, slide, size, *offset):
    last = _bin(slide, column, _origin(offset))
    first = _bin(slide, f"({column} - {size} - {slide})", _origin(offset))
    starts = f"generate_series({first}, {last}, {slide}) AS window_start"
    return (f"(SELECT s.*, window_start, window_start + {size} AS window_end FROM {source} AS s, {starts} "
            f"WHERE window_start <= s.{column} AND s.{column} < window_start + {size})")


def _cumulate(source, column, step, size, *offset):
    start = _bin(size, column, _origin(offset))
    ends = f"generate_series(b.window_start + {step}, b.window_start + {size}, {step}) AS window_end"
    return (f"(SELECT b.*, window_end FROM (SELECT *, {start} AS window_start FROM {source}) AS b, {ends} "
            f"WHERE b.{column} < window_end)")


def _session(source, column, gap, *keys):
    partition = f"PARTITION BY {', '.join(keys)}" if keys else ""
    inner = ", ".join([*keys, "island"])
    first = f"SELECT *, coalesce({column} - lag({column}) OVER ({partition} ORDER BY {column}) >= {gap}, true) AS begins FROM {source}"
    islands = f"SELECT *, count(*) FILTER (WHERE begins) OVER ({partition} ORDER BY {column}) AS island FROM ({first}) AS f"
    over = f"OVER (PARTITION BY {inner})"
    return (f"(SELECT *, min({column}) {over} AS window_start, max({column}) {over} + {gap} AS window_end "
            f"FROM ({islands}) AS i WHERE {column} IS NOT NULL)")


WINDOWS = {"TUMBLE": _tumble, "HOP": _hop, "CUMULATE": _cumulate, "SESSION": _session}


def translate_windows(sql):
    while match := re.search(r"\b(TUMBLE|HOP|CUMULATE|SESSION)\s*\(", sql, re.I):
        begin, end = match.end() - 1, closing(sql, match.end() - 1)
        source, column, *arguments = split_top(sql[begin + 1:end])
        source = re.sub(r"^TABLE\s+", "", source, flags=re.I)
        column = re.sub(r"^DESCRIPTOR\s*\((.*)\)$", r"\1", column, flags=re.I)
        after = sql[end + 1:]
        named = re.match(r"\)?\s+(AS\s+)?(?!WHERE|GROUP|HAVING|ORDER|LIMIT|JOIN|LEFT|UNION)\w", after, re.I)
        sql = sql[:match.start()] + WINDOWS[match[1].upper()](source, column, *arguments) + ("" if named else f" AS {source}") + after
    return re.sub(r"\bTABLE\s*\((\(SELECT.*)\)(?=\s+GROUP|\s+WHERE)", r"\1", sql, flags=re.I | re.S)
