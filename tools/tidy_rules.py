"""The rules of tools/tidy. A rule is a function over the Tree that yields Findings; its name is the rule's name.

Known debt is written in tools/tidy_ratchet.txt (`rule path value`): the length that a function or file may have there,
or the number of its other findings. A ratchet that is no longer needed is a finding too: it only ever shrinks.
"""

import ast
import codecs
import fnmatch
import pathlib
import re
import subprocess
from dataclasses import dataclass

import cpp_functions

FUNCTION_LINES, FUNCTION_AIM = 70, 40
HEADER_LINES, SOURCE_LINES, TEST_LINES, LINE_COLUMNS = 300, 600, 800, 160

# One door per foreign library: the include (a regular expression) and who may use it.
DOORS = [
    (r"duckdb\.h(pp)?", ["src/store/*"]),
    (r"(librdkafka/)?rdkafka\w*\.h", ["src/source/kafka_*", "src/sink/kafka_*", "bench/*"]),
    (r"simdjson\.h", ["src/decode/*"]),
    (r"pg_query\.h|protobuf/.*|.*pg_query\.pb-c\.h", ["src/sql/*"]),
    (r"google/protobuf/.*", ["src/decode/*"]),
    (r"boost/(asio|beast)\b.*", ["src/pgwire/*", "src/server/*", "bench/*"]),
    (r"spdlog/.*", ["src/base/*"]),
    (r"openssl/.*", ["src/base/*", "src/pgwire/*", "src/source/scram.*", "src/source/tls_*", "src/server/version.cc"]),
    (r"curl/.*", ["src/base/*"]),
]
RATCHET = "tools/tidy_ratchet.txt"
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "core", "misc", "stuff"}
CODE_SUFFIXES = {".h", ".cc", ".py", ".sh", ".cmake"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".md", ".txt", ".sql", ".slt", ".yml", ".yaml", ".json", ".toml", ".service", ".conf"}
# Written here in another alphabet or in parts, so that this file does not find itself.
HOSTS = [".".join(parts) for parts in [
    ("registry", "npmjs", "org"), ("crates", "io"), ("pypi", "org"), ("pythonhosted", "org"), ("maven", "org"),
    ("maven", "apache", "org"), ("deb", "debian", "org"), ("proxy", "golang", "org"), ("rubygems", "org")]]
FOREIGN_WORDS = [codecs.decode(word, "rot13") for word in [
    "pungtcg", "bcranv", "naguebcvp", "pynhqr", "pbcvybg", "trzvav", "yyz", "yyzf", "ynathntr zbqry", "nv-trarengrq",
    "trarengrq ol nv", "nv nffvfgnag", "fhontrag", "fho-ntrag", "pbqvat nffvfgnag", "prb", "jbexcynpr"]]
OUTSIDE_PATHS = [codecs.decode(path, "rot13") for path in ["/jbex/", "/gzc/j/", "rivqrapr/", "../funerq/"]]


@dataclass(order=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str
    value: int = 0  # what was measured, when the rule measures

    def __str__(self):
        return f"{self.path}{f':{self.line}' if self.line else ''}: {self.rule}: {self.text}"


class Tree:
    """The tracked and the new files of the project, read once."""

    def __init__(self, root, files=None):
        self.root = pathlib.Path(root)
        if files is None:
            listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, text=True,
                                    stdout=subprocess.PIPE, check=True)
            files = listed.stdout.splitlines()
        self.files = sorted(path for path in files if (self.root / path).is_file())
        self._text = {}

    def text(self, path):
        if path not in self._text:
            self._text[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._text[path]

    def lines(self, path):
        return self.text(path).split("\n")

    def matching(self, *patterns):
        return [path for path in self.files if any(fnmatch.fnmatch(path, pattern) for pattern in patterns)]

    def rooms(self):
        return sorted({path.split("/")[1] for path in self.files if path.startswith("src/") and path.count("/") > 1})

    def cpp(self):
        return self.matching("src/*.h", "src/*.cc", "bench/*.h", "bench/*.cc")

    def texts(self):
        """Every file that people read, but the rules themselves."""
        own = ("tools/tidy", "tools/tidy_rules.py", "tools/tidy_test.py")
        return [path for path in self.files if path not in own
                and (pathlib.Path(path).suffix in TEXT_SUFFIXES or "." not in pathlib.Path(path).name)]


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def room_levels(tree):
    """The table of src/README.md: room -> level. A room includes its own files and rooms of lower levels."""
    if "src/README.md" not in tree.files:
        return {}
    rows = re.findall(r"^\|\s*`(\w+)`\s*\|.*\|\s*(\d+)\s*\|\s*$", tree.text("src/README.md"), re.MULTILINE)
    return {room: int(level) for room, level in rows}


def layering(tree):
    """a room includes and links only rooms of lower levels (src/README.md)"""
    levels = room_levels(tree)
    for path in tree.matching("src/*/*.h", "src/*/*.cc"):
        own = path.split("/")[1]
        for match in re.finditer(r'^#include "([a-z0-9_]+)/', tree.text(path), re.MULTILINE):
            other = match.group(1)
            if other == own:
                continue
            if other not in levels:
                yield Finding(path, line_of(tree.text(path), match.start()), "layering", f"{other} is no room")
            elif levels[other] >= levels.get(own, 0):
                yield Finding(path, line_of(tree.text(path), match.start()), "layering",
                              f"{own} (level {levels.get(own, '?')}) may not include {other} (level {levels[other]})")
    for path in tree.matching("src/*/CMakeLists.txt"):
        own = path.split("/")[1]
        for uses in re.findall(r"freshet_room\(\w+\s+USES([^)]*)\)", tree.text(path)):
            for other in uses.split():
                if other in levels and levels[other] >= levels.get(own, 0):
                    yield Finding(path, 0, "layering", f"{own} may not link {other}")


def doors(tree):
    """each foreign library is included by its own room only"""
    for path in tree.cpp():
        for match in re.finditer(r'^#include [<"]([^>"]+)[>"]', tree.text(path), re.MULTILINE):
            for pattern, allowed in DOORS:
                if re.fullmatch(pattern, match.group(1)) and not any(fnmatch.fnmatch(path, glob) for glob in allowed):
                    yield Finding(path, line_of(tree.text(path), match.start()), "doors",
                                  f"{match.group(1)} belongs to {' '.join(allowed)}")


def rooms(tree):
    """src/README.md lists exactly the folders of src, and each has a README of at most a page"""
    levels = room_levels(tree)
    for room in tree.rooms():
        readme = f"src/{room}/README.md"
        if room not in levels:
            yield Finding("src/README.md", 0, "rooms", f"does not list the room {room}")
        if readme not in tree.files:
            yield Finding(readme, 0, "rooms", "is missing")
        elif len(tree.lines(readme)) > 70:
            yield Finding(readme, 0, "rooms", f"has {len(tree.lines(readme))} lines; a page has 70")
    for room in sorted(set(levels) - set(tree.rooms())):
        yield Finding("src/README.md", 0, "rooms", f"lists {room}, which is no folder")


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield cpp_functions.Function(node.name, node.lineno, node.end_lineno - node.lineno + 1)


def all_functions(tree):
    for path in tree.cpp():
        for function in cpp_functions.functions(tree.text(path)):
            yield path, function
    for path in tree.matching("*.py"):
        for function in python_functions(tree.text(path)):
            yield path, function


def long_functions(tree):
    return [(function.lines, function.name, f"{path}:{function.line}") for path, function in all_functions(tree)
            if function.lines > FUNCTION_AIM]


def functions(tree):
    """a function has at most 70 lines"""
    for path, function in all_functions(tree):
        if function.lines > FUNCTION_LINES:
            yield Finding(path, function.line, "functions", f"{function.name} has {function.lines} lines, more than "
                          f"{FUNCTION_LINES}", function.lines)


def is_test(path):
    name = pathlib.Path(path).name
    return path.startswith("test/") or name.endswith(("_test.cc", "_fuzz.cc", "_test.py")) or name.startswith("test_")


def code_files(tree):
    return [path for path in tree.files
            if pathlib.Path(path).suffix in CODE_SUFFIXES or pathlib.Path(path).name == "CMakeLists.txt"]


def sizes(tree):
    """headers have at most 300 lines, sources 600, tests 800"""
    for path in code_files(tree):
        limit = TEST_LINES if is_test(path) else HEADER_LINES if path.endswith(".h") else SOURCE_LINES
        count = len(tree.lines(path)) - 1
        if count > limit:
            yield Finding(path, 0, "sizes", f"has {count} lines, more than {limit}", count)


def columns(tree):
    """a line of code has at most 160 columns (clang-format lays out at 100)"""
    for path in code_files(tree):
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > LINE_COLUMNS:
                yield Finding(path, number, "columns", f"the line has {len(line)}, more than {LINE_COLUMNS}")


def names(tree):
    """no file or folder is called utils, helpers, common, core or misc; C++ files are snake_case"""
    for path in tree.files:
        for part in path.split("/"):
            if re.split(r"[_-]", part.split(".")[0].lower())[-1] in VAGUE_NAMES and not path.startswith("docs/"):
                yield Finding(path, 0, "names", f"{part!r} says nothing; name it after its job")
        if path.startswith("src/") and path.endswith((".h", ".cc")) and not re.fullmatch(r"[a-z0-9_/]+\.(h|cc)", path):
            yield Finding(path, 0, "names", "is not snake_case")


def headers(tree):
    """a header begins with #pragma once and a comment that says what it is for; one with a class says its Threads:"""
    for path in tree.matching("src/*.h"):
        lines = tree.lines(path)
        if lines[0] != "#pragma once":
            yield Finding(path, 1, "headers", "does not begin with #pragma once")
        elif not lines[1].startswith("//"):
            yield Finding(path, 2, "headers", "has no comment that says what it is for")
        has_class = re.search(r"^class \w+", tree.text(path), re.MULTILINE) and not is_test(path)
        if has_class and "Threads:" not in tree.text(path):
            yield Finding(path, 0, "headers", "does not say its Threads:")


def throwing(tree):
    """nothing of ours throws (but an allocator bad_alloc), and time comes from base/clock"""
    for path in tree.matching("src/*.h", "src/*.cc"):
        code = cpp_functions.without_noise(tree.text(path))
        for match in re.finditer(r"\bthrow\b(?! std::bad_alloc)", code):
            yield Finding(path, line_of(code, match.start()), "throwing", "throws; return a base::Status")
        if is_test(path) or path.startswith("src/base/clock"):
            continue
        for match in re.finditer(r"\b(system_clock|steady_clock)::now\b", code):
            yield Finding(path, line_of(code, match.start()), "throwing", "reads the time itself; use base::Clock")


def leftovers(tree):
    """no TODO, FIXME, HACK, no disabled tests and no commented-out code blocks"""
    for path in tree.texts():
        for number, line in enumerate(tree.lines(path), 1):
            match = re.search(r"\b(TODO|FIXME|HACK|XXX)\b|\bDISABLED_\w+|^\s*#if 0\b", line)
            if match:
                yield Finding(path, number, "leftovers", f"{match.group(0).strip()}: do it, or write an issue")


def hosts(tree):
    """no registry's address is named; their clients know them"""
    for path in tree.texts():
        for number, line in enumerate(tree.lines(path), 1):
            for host in HOSTS:
                if re.search(r"(?<![A-Za-z0-9-])(?:[a-z0-9-]+\.)*" + re.escape(host) + r"(?![A-Za-z0-9-])", line):
                    yield Finding(path, number, "hosts", f"names {host}")


def words(tree):
    """the project speaks of itself alone: no tools that write it, no paths outside it"""
    pattern = re.compile(r"\b(" + "|".join(re.escape(word) for word in FOREIGN_WORDS) + r")\b", re.IGNORECASE)
    for path in tree.texts():
        for number, line in enumerate(tree.lines(path), 1):
            for match in pattern.finditer(line):
                yield Finding(path, number, "words", f"says {match.group(0)!r}")
            for outside in OUTSIDE_PATHS:
                if outside in line:
                    yield Finding(path, number, "words", f"names {outside}, which is not in the project")


def decisions(tree):
    """docs/adr is numbered without gaps, each a page with its four headings, all in its index"""
    adrs = tree.matching("docs/adr/[0-9]*.md")
    index = tree.text("docs/adr/README.md") if "docs/adr/README.md" in tree.files else ""
    for expected, path in enumerate(adrs, 1):
        name = pathlib.Path(path).name
        if not re.fullmatch(rf"{expected:04d}-[a-z0-9-]+\.md", name):
            yield Finding(path, 0, "decisions", f"should be number {expected:04d} and named NNNN-some-words.md")
        if not tree.lines(path)[0].startswith(f"# {name[:4]}. "):
            yield Finding(path, 1, "decisions", f"should begin with '# {name[:4]}. Title'")
        for heading in ["Status", "Context", "Decision", "Consequences"]:
            if f"\n## {heading}\n" not in tree.text(path):
                yield Finding(path, 0, "decisions", f"has no heading {heading!r}")
        if len(tree.lines(path)) > 80:
            yield Finding(path, 0, "decisions", "is longer than a page (80 lines)")
        if f"]({name})" not in index:
            yield Finding("docs/adr/README.md", 0, "decisions", f"does not list {name}")


def anchors(text):
    titles = re.findall(r"^#+\s+(.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.replace("`", "")).strip().lower().replace(" ", "-") for title in titles}


def links(tree):
    """relative links in markdown lead to something"""
    for path in tree.matching("*.md"):
        text = re.sub(r"```.*?```", lambda block: "\n" * block.group(0).count("\n"), tree.text(path), flags=re.DOTALL)
        for match in re.finditer(r"\[[^\]]*\]\(([^)\s]+)\)", text):
            target, _, anchor = match.group(1).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            where = (tree.root / path).parent / target if target else tree.root / path
            if not where.exists():
                yield Finding(path, line_of(text, match.start()), "links", f"{match.group(1)} does not exist")
            elif anchor and where.suffix == ".md" and anchor not in anchors(where.read_text(encoding="utf-8")):
                yield Finding(path, line_of(text, match.start()), "links", f"{match.group(1)} has no such heading")


def reference(tree):
    """docs/reference cannot go stale: each page names at its top the test that writes or checks it"""
    for path in tree.matching("docs/reference/*.md"):
        if path.endswith("/README.md"):
            continue
        match = re.search(r"\b((?:src|test)/\w+/\w+\.(?:cc|py))\b", "\n".join(tree.lines(path)[:8]))
        if not match:
            yield Finding(path, 1, "reference", "does not name the test that writes or checks it")
        elif match.group(1) not in tree.files:
            yield Finding(path, 1, "reference", f"names {match.group(1)}, which does not exist")
        elif pathlib.Path(path).name not in tree.text(match.group(1)):
            yield Finding(path, 1, "reference", f"{match.group(1)} does not know it")


def scripts(tree):
    """a shell script stops at its first error, and what begins with #! can be run"""
    for path in tree.files:
        first = tree.lines(path)[0] if pathlib.Path(path).suffix in {".sh", ".py", ""} else ""
        if not first.startswith("#!"):
            continue
        if not (tree.root / path).stat().st_mode & 0o111:
            yield Finding(path, 0, "scripts", "begins with #! but is not executable")
        if first.endswith("bash") and "set -euo pipefail" not in tree.text(path):
            yield Finding(path, 1, "scripts", "has no 'set -euo pipefail'")


RULES = [layering, doors, rooms, functions, sizes, columns, names, headers, throwing, leftovers, hosts, words,
         decisions, links, reference, scripts]


def read_ratchet(tree):
    """-> {(rule, path): value}"""
    ratchet = {}
    if RATCHET in tree.files:
        for line in tree.lines(RATCHET):
            if line.strip() and not line.startswith("#"):
                rule, path, value = line.split()
                ratchet[rule, path] = int(value)
    return ratchet


def check(tree):
    """All findings that the ratchet does not excuse, in order of their place."""
    ratchet = read_ratchet(tree)
    by_place = {}
    for rule in RULES:
        for finding in rule(tree):
            by_place.setdefault((finding.rule, finding.path), []).append(finding)
    kept = []
    for (rule, path), findings in by_place.items():
        worst = max(max(finding.value for finding in findings), sum(not finding.value for finding in findings))
        if worst > ratchet.get((rule, path), 0):
            kept += findings
        elif worst < ratchet[rule, path]:
            kept.append(Finding(RATCHET, 0, "ratchet", f"{rule} {path} may be {worst} now"))
    for rule, path in set(ratchet) - set(by_place):
        kept.append(Finding(RATCHET, 0, "ratchet", f"{rule} {path} has no finding any more; remove it"))
    return sorted(kept)
