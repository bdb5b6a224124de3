"""Reads a .slt file into steps. The words are described in test/slt/README.md.

Threads: values. Errors: ScriptError with file and line.
"""

import pathlib
import re
import shlex
from dataclasses import dataclass, field

FOLDER = pathlib.Path(__file__).resolve().parent
TYPES = set("INARBTDPZVJXU?")
WORDS = ("statement", "query", "await", "ingest", "watermark", "file", "settle", "restart", "crash", "expect-dlq", "user", "session",
         "settings", "skipif", "onlyif")
CRASH_POINTS = ("now", "mid-start", "mid-ingest")
EXPRESSION = re.compile(r"\$\[([-+*/%() 0-9i]+)\]")


class ScriptError(Exception):
    """A file that is no script."""


@dataclass(frozen=True)
class Record:
    """One Kafka record as a script wrote it."""

    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    timestamp_ms: int | None = None
    headers: tuple = ()


@dataclass
class Step:
    """One block. `text` is SQL, `golden` the lines after ----, `words` what stood beside the first word."""

    kind: str
    line: int
    words: list = field(default_factory=list)
    text: str = ""
    golden: list | None = None
    golden_line: int = 0             # of ----
    records: list = field(default_factory=list)
    skip_in: set = field(default_factory=set)
    only_in: set = field(default_factory=set)
    in_session: bool = False

    def runs_in(self, mode_name):
        return mode_name not in self.skip_in and (not self.only_in or mode_name in self.only_in)


@dataclass
class Script:
    path: pathlib.Path
    steps: list
    settings: dict

    @property
    def name(self):
        return str(self.path.relative_to(FOLDER)) if self.path.is_relative_to(FOLDER) else str(self.path)

    def beyond_postgres(self):
        """Whether it reads what PostgreSQL cannot be given: files, generated rows, records that are no plain JSON."""
        other = re.compile(r"connector = 'datagen'|FORMAT DEBEZIUM|ENCODE (CSV|AVRO|PROTOBUF)|CREATE SECRET")
        return any(step.kind == "file" or (step.kind == "statement" and step.words[0] == "ok" and other.search(step.text))
                   for step in self.steps)

    def topics(self):
        """Names of all topics that the script speaks of, in the order of their appearance."""
        found = {}
        for step in self.steps:
            for name in re.findall(r"\$\{(?:kafka|topic):(\w+)\}", step.text):
                found[name] = True
            if step.kind in ("ingest", "watermark"):
                found[step.words[0]] = True
        return list(found)


class _Reader:
    def __init__(self, path):
        self.path = path
        self.lines = path.read_text().splitlines()
        self.at = 0

    def fail(self, text, line=None):
        raise ScriptError(f"{self.path}:{self.at if line is None else line}: {text}")

    def block(self):
        """Lines up to the next empty one."""
        lines = []
        while self.at < len(self.lines) and self.lines[self.at].strip():
            lines.append(self.lines[self.at])
            self.at += 1
        return lines


def load(path):
    """-> Script"""
    reader = _Reader(pathlib.Path(path).resolve())
    script = Script(reader.path, [], {})
    in_session, pending = False, Step("", 0)
    while reader.at < len(reader.lines):
        line = reader.lines[reader.at]
        reader.at += 1
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word not in WORDS:
            reader.fail(f"unknown word {word!r}")
        if word in ("skipif", "onlyif"):
            (pending.skip_in if word == "skipif" else pending.only_in).add(rest.strip())
            continue
        step = _step(reader, word, rest.strip())
        step.skip_in, step.only_in, pending = pending.skip_in, pending.only_in, Step("", 0)
        if word == "settings":
            script.settings.update(part.split("=", 1) for part in step.words)
        elif word == "session":
            in_session = step.words == ["start"]
        else:
            step.in_session = in_session
            script.steps.append(step)
    if not script.steps:
        reader.fail("nothing in it")
    return script


def _step(reader, word, rest):
    step = Step(word, reader.at, rest.split())
    if word in ("statement", "query", "await"):
        _sql_block(reader, step)
    elif word in ("ingest", "watermark"):
        if len(step.words) != 1:
            reader.fail(f"{word} TOPIC")
        for line in reader.block():
            step.records += _records(reader, line)
        if not step.records:
            reader.fail(f"{word} without records", step.line)
    elif word == "file":
        if len(step.words) not in (1, 2) or (len(step.words) == 2 and step.words[1] != "unfinished"):
            reader.fail("file FOLDER/NAME [unfinished]")
        step.text = "\n".join(reader.block()) + ("" if len(step.words) == 2 else "\n")
    elif word == "crash":
        step.words = step.words or ["now"]
        if step.words[0] not in CRASH_POINTS and not step.words[0].startswith("point:"):
            reader.fail(f"crash knows {', '.join(CRASH_POINTS)} and point:NAME")
    elif word == "session" and step.words not in (["start"], ["end"]):
        reader.fail("session start | session end")
    elif word == "expect-dlq" and (len(step.words) not in (2, 3) or not step.words[0].isdigit()):
        reader.fail("expect-dlq N reason_code [view]")
    return step


def _sql_block(reader, step):
    lines = reader.block()
    if "----" in lines:
        cut = lines.index("----")
        step.golden_line = step.line + cut + 1
        lines, step.golden = lines[:cut], lines[cut + 1:]
    step.text = "\n".join(lines)
    if not step.text:
        reader.fail(f"{step.kind} without SQL", step.line)
    first = step.words[0] if step.words else ""
    if step.kind == "statement":
        if first not in ("ok", "error") or (first == "error" and len(step.words) < 2):
            reader.fail("statement ok [TAG] | statement error SQLSTATE [text]", step.line)
        if first == "ok" and step.golden is not None:
            reader.fail("statement ok has no result", step.line)
        return
    if not first or set(first) - TYPES:
        reader.fail(f"{step.kind} TYPES, each one of {''.join(sorted(TYPES))}", step.line)
    if set(step.words[1:]) - {"rowsort", "nosort", "names"}:
        reader.fail(f"{step.kind} TYPES [rowsort|nosort] [names]", step.line)
    if step.golden is None:
        reader.fail("---- and the expected rows are missing", step.line)


def _records(reader, line):
    """`[key=a partition=1 timestamp=0 header:trace=x repeat=3 hex] VALUE`, or [... tombstone]; $i counts repeats."""
    options, value = {}, line
    if match := re.match(r"\[((?:key|partition|timestamp|header:\w+|repeat|hex|tombstone)\b(?:\$\[[^\]]*\]|[^\]])*)\] ?(.*)$", line):
        for part in shlex.split(match[1]):
            name, _, text = part.partition("=")
            options[name] = text
        value = match[2]
    headers = tuple((name[7:], text.encode()) for name, text in options.items() if name.startswith("header:"))
    known = {"key", "partition", "timestamp", "repeat", "hex", "tombstone"}
    if unknown := [name for name in options if name not in known and not name.startswith("header:")]:
        reader.fail(f"unknown option {unknown[0]!r} of a record")
    records = []
    for i in range(int(options.get("repeat", 1))):
        text = _filled(value, i)
        raw = None if "tombstone" in options else bytes.fromhex(text) if "hex" in options else text.encode()
        key = _filled(options["key"], i).encode() if "key" in options else None
        partition = int(options["partition"]) if "partition" in options else None
        timestamp = int(_filled(options["timestamp"], i)) if "timestamp" in options else None
        records.append(Record(raw, key, partition, timestamp, headers))
    return records


def _filled(text, i):
    """$[i*3%7] is arithmetic over the number of the repeat."""
    return EXPRESSION.sub(lambda m: str(eval(m[1], {"__builtins__": {}}, {"i": i})), text)  # digits and operators only


def files(patterns=()):
    """The scripts that the patterns name: paths, or parts of names; all without any."""
    every = sorted(FOLDER.glob("*/*.slt"))
    if not patterns:
        return every
    chosen = []
    for pattern in patterns:
        path = pathlib.Path(pattern)
        matching = [path.resolve()] if path.is_file() else [file for file in every if pattern in str(file.relative_to(FOLDER))]
        if not matching:
            raise ScriptError(f"no script matches {pattern!r}")
        chosen += [file for file in matching if file not in chosen]
    return chosen
