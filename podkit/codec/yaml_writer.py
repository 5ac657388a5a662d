"""From plain values to YAML text as people write manifests: block style, quotes only where needed, literal blocks.

The writer knows only what the reader of this package returns (maps, lists, texts, numbers, booleans, null), which makes it small
and fast. A text is written plain when every YAML reader, of version 1.1 or 1.2, would read it as that same text; else in quotes;
a text of several lines as a literal block where YAML can hold it in one.
"""

from __future__ import annotations

import math
import re
from typing import Any

from attrs import frozen

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
_FLOW_INDICATOR = re.compile(r"[,\[\]{}]")
_LITERAL = re.compile("[\\t\\n\\x20-\\x7e\\xa0-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]*")


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_MAX_SIMPLE_KEY = 1000
"""Longer keys need a question mark before them."""


@frozen
class Layout:
    """How blocks are indented.

    Attributes:
        indent: how far the fields of a map stand to the right of the key that holds it.
        list_offset: how far the dashes of a list do.
    """

    indent: int = 2
    list_offset: int = 0


USUAL = Layout()


def write_yaml(value: Any, layout: Layout = USUAL) -> str:
    """One document, without a marker; it ends with a newline."""
    writer = BlockWriter(layout)
    writer.write(value, "", "")
    return writer.text() + "\n"


class BlockWriter:
    """Writes values as blocks, line by line."""

    def __init__(self, layout: Layout) -> None:
        self._lines: list[str] = []
        self._map_indent = " " * layout.indent
        self._list_indent = " " * layout.list_offset

    def text(self) -> str:
        """What has been written, without a newline at its end."""
        return "\n".join(self._lines)

    def write(self, value: Any, lead: str, indent: str) -> None:
        """Write a value.

        Args:
            value: the value.
            lead: what stands before it on its first line.
            indent: what stands before each of its further lines.
        """
        if isinstance(value, dict) and value:
            self._write_map(value, lead, indent)
        elif isinstance(value, list) and value:
            self._write_list(value, lead, indent)
        else:
            self._lines.append(lead + scalar_text(value, indent))

    def _write_map(self, value: dict[str, Any], lead: str, indent: str) -> None:
        lines = self._lines
        for key, item in value.items():
            name = scalar_text(key)
            start = f"{lead}{name}:" if len(name) < _MAX_SIMPLE_KEY else f"{lead}? {name}\n{indent}:"
            if isinstance(item, dict) and item:
                lines.append(start)
                self._write_map(item, indent + self._map_indent, indent + self._map_indent)
            elif isinstance(item, list) and item:
                lines.append(start)
                self._write_list(item, indent + self._list_indent, indent + self._list_indent)
            else:
                lines.append(f"{start} {scalar_text(item, indent + '  ')}")
            lead = indent

    def _write_list(self, value: list[Any], lead: str, indent: str) -> None:
        for item in value:
            self.write(item, f"{lead}- ", indent + "  ")
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
    if value.isprintable() and ('"' in value or "\\" in value):
        return single_quoted(value)
    return double_quoted(value)


def single_quoted(value: str) -> str:
    """A text of printable characters between single quotes."""
    return "'" + value.replace("'", "''") + "'"


def double_quoted(value: str) -> str:
    """Any text between double quotes."""
    return '"' + "".join(_escaped(character) for character in value) + '"'


def flow_text(value: Any) -> str:
    """A value in brackets, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow_text(key)}: {flow_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow_text(item) for item in value) + "]"
    if isinstance(value, str) and (_FLOW_INDICATOR.search(value) or not is_plain(value)):
        return double_quoted(value)
    return scalar_text(value)


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
