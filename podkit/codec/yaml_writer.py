"""From plain values to YAML text as people write manifests: block style, quotes only where needed, literal blocks.

The writer knows only what the reader of this package returns (maps, lists, texts, numbers, booleans, null), which makes it small
and fast. A text is written plain when every YAML reader, of version 1.1 or 1.2, would read it as that same text; else in quotes;
a text of several lines as a literal block where YAML can hold it in one.
"""

from __future__ import annotations

import math
import re
from typing import Any

_PLAIN = re.compile(
    r"""
    (?: [^\s\-?:,\[\]{}\#&*!|>'"%@`] | -[A-Za-z-] )            # no character that means something at the start
    (?: [^\s:\#] | :(?=\S) | (?<=\S)\# | [ ]+(?=[^\s:\#]) )*   # neither ": " nor " #", no blank at the end
    """,
    re.VERBOSE,
)
_AMBIGUOUS = re.compile(
    r"""
    [-+]?(?:0|[1-9][0-9_]*|0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|[0-9_]+)          # whole numbers
    | [-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?                     # floats
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?                                      # numbers to base 60
    | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
    | \d{4}-\d\d?-\d\d?(?:[Tt\ \t].*)?                                                      # dates and times
    | (?i:y|n|yes|no|on|off|true|false|null) | ~ | = | <<
    """,
    re.ASCII | re.VERBOSE,
)
_LITERAL = re.compile("[\\t\\n\\x20-\\x7e\\xa0-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]*")


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_MAX_SIMPLE_KEY = 1000
"""Longer keys need a question mark before them."""


def write_yaml(value: Any) -> str:
    """One document, without a marker; it ends with a newline."""
    lines: list[str] = []
    _write(value, "", "", lines)
    return "\n".join(lines) + "\n"


def _write(value: Any, lead: str, indent: str, lines: list[str]) -> None:
    """Write a value.

    Args:
        value: the value.
        lead: what stands before it on its first line.
        indent: what stands before each of its further lines.
        lines: where the lines go.
    """
    if isinstance(value, dict) and value:
        _write_map(value, lead, indent, lines)
    elif isinstance(value, list) and value:
        _write_list(value, lead, indent, lines)
    else:
        lines.append(lead + scalar_text(value, indent))


def _write_map(value: dict[str, Any], lead: str, indent: str, lines: list[str]) -> None:
    for key, item in value.items():
        name = scalar_text(key)
        start = f"{lead}{name}:" if len(name) < _MAX_SIMPLE_KEY else f"{lead}? {name}\n{indent}:"
        if isinstance(item, dict) and item:
            lines.append(start)
            _write_map(item, indent + "  ", indent + "  ", lines)
        elif isinstance(item, list) and item:
            lines.append(start)
            _write_list(item, indent, indent, lines)
        else:
            lines.append(f"{start} {scalar_text(item, indent + '  ')}")
        lead = indent


def _write_list(value: list[Any], lead: str, indent: str, lines: list[str]) -> None:
    for item in value:
        _write(item, f"{lead}- ", indent + "  ", lines)
        lead = indent


def scalar_text(value: Any, indent: str = "") -> str:
    """A value that is written on one line, or as a literal block whose further lines stand at the indent."""
    if isinstance(value, str):
        return _text(value, indent)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, dict):
        return "{}"
    return "[]" if isinstance(value, list) else str(value)


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return repr(value)


def _text(value: str, indent: str) -> str:
    if "\n" in value and indent and _LITERAL.fullmatch(value) and value.strip("\n "):
        return _literal(value, indent)
    if is_plain(value):
        return value
    if not value.isprintable():
        return '"' + "".join(_escaped(character) for character in value) + '"'
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


def is_plain(value: str) -> bool:
    """Whether a text can stand without quotes and remain that text for every reader."""
    return (
        _PLAIN.fullmatch(value) is not None
        and value.isprintable()
        and _AMBIGUOUS.fullmatch(value) is None
        and not value.startswith(("---", "..."))
    )


def _escaped(character: str) -> str:
    """A character as it stands between double quotes."""
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _literal(value: str, indent: str) -> str:
    """The text as a literal block: every line as it is, the newlines at its end told by the mark after the bar."""
    body = value.rstrip("\n")
    newlines = len(value) - len(body)
    chomping = "-" if newlines == 0 else "" if newlines == 1 else "+"
    indentation = "2" if value[0] in " \t\n" else ""
    lines = [f"{indent}{line}" if line else "" for line in body.split("\n")] + [""] * (newlines - 1)
    return "\n".join([f"|{indentation}{chomping}", *lines])
