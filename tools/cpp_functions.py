"""Finds the functions of a C++ file and their length, by braces: enough of the grammar for code laid out as ours.

    for function in functions(text): function.name, function.line, function.lines
"""

import re
from dataclasses import dataclass

# Comments, raw strings, strings and characters (but not the digit separator of 1'000).
_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^()\\ ]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'
                    r"(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'", re.DOTALL)
_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
_NOT_A_NAME = {"if", "for", "while", "switch", "catch", "return", "sizeof", "decltype", "alignas", "noexcept",
               "requires"}


@dataclass
class Function:
    name: str
    line: int    # of the first line of its signature, 1-based
    lines: int   # from there to its closing brace


def without_noise(text):
    """The text with comments and literals blanked; every character keeps its place and line."""
    def blank(match):
        whole = match.group(0)
        return "".join(c if c == "\n" else " " for c in whole)
    return _NOISE.sub(blank, text)


def without_preprocessor(text):
    lines = text.split("\n")
    continued = False
    for i, line in enumerate(lines):
        if continued or line.lstrip().startswith("#"):
            continued = line.rstrip().endswith("\\")
            lines[i] = ""
    return "\n".join(lines)


def _without_templates(head):
    previous = None
    while previous != head:
        previous, head = head, re.sub(r"<[^<>(){};]*>", "", head)
    return head


def _function_name(head):
    """The name that a `{` after `head` would define a function of; None for classes, initializers and control."""
    flat = _without_templates(head)
    before_parenthesis = flat.split("(", 1)[0]
    if "(" not in flat or _SCOPE.search(before_parenthesis) and ")" not in flat:
        return None
    if "=" in before_parenthesis and "operator" not in before_parenthesis:
        return None
    match = re.search(r"(operator\s*\(\)|operator\s*[^\s(]+|~?[A-Za-z_][A-Za-z0-9_:~]*)\s*$", before_parenthesis)
    if not match or match.group(1) in _NOT_A_NAME:
        return None
    if match.group(1).startswith("TEST"):
        inside = flat.split("(", 1)[1].split(")", 1)[0]
        return f"{match.group(1)}({' '.join(inside.split())})"
    return match.group(1)


def functions(text):
    code = without_preprocessor(without_noise(text))
    found, stack = [], []
    head_start = 0
    for at, char in enumerate(code):
        if char not in "{};":
            continue
        inside_function = any(kind == "function" for kind, _, _ in stack)
        if char == "{":
            head = code[head_start:at]
            name = None if inside_function else _function_name(head)
            begin = head_start + len(head) - len(head.lstrip())
            stack.append(("function" if name else "other", name, begin))
            if name:
                head_start = at + 1
                continue
            # A brace inside a constructor's initializer list or a default argument belongs to the same signature.
            if not inside_function and head.count("(") > head.count(")"):
                continue
            head_start = at + 1
        elif char == "}":
            if stack:
                kind, name, begin = stack.pop()
                if kind == "function":
                    line = code.count("\n", 0, begin) + 1
                    found.append(Function(name, line, code.count("\n", begin, at) + 1))
            head_start = at + 1
        else:
            head_start = at + 1
    return found
