"""Descriptions as data, and how they become text: names on the left, values on the right, one under the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import field, frozen

NONE = "<none>"


@frozen
class Row:
    """A name and what belongs to it.

    Attributes:
        name: the name.
        value: a value; several are written below one another.
        below: rows that belong to it.
    """

    name: str
    value: str | Sequence[str] = ""
    below: Sequence[Row] = field(factory=list)


@frozen
class Table:
    """Values in columns, under a name.

    Attributes:
        name: the name.
        head: the heads of the columns.
        lines: the lines.
    """

    name: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]


Rows: TypeAlias = Sequence[Row | Table]


def render(rows: Rows) -> str:
    """The text of a description."""
    return "".join(f"{line}\n" for line in _lines(rows, ""))


def listing(table: Table) -> str:
    """The text of a table as ``kubectl get`` prints it."""
    return "\n".join(_aligned([[head.upper() for head in table.head], *table.lines], "   "))


def map_row(name: str, values: Mapping[str, Any], separator: str = "=") -> Row:
    """A row with the entries of a map, one a line."""
    return Row(name, [f"{key}{separator}{value}" for key, value in sorted(values.items())] or NONE)


def _lines(rows: Rows, indent: str) -> Iterator[str]:
    width = max((len(row.name) for row in rows if isinstance(row, Row) and not row.below), default=0) + 1
    for row in rows:
        if isinstance(row, Table):
            yield from _table(row, indent)
            continue
        yield from _row(row, indent, width)
        yield from _lines(row.below, indent + "  ")


def _row(row: Row, indent: str, width: int) -> Iterator[str]:
    values = [row.value] if isinstance(row.value, str) else list(row.value)
    parts = [line for value in values for line in (value.splitlines() or [""])]
    for number, part in enumerate(parts):
        name = f"{row.name}:" if number == 0 else ""
        yield f"{indent}{name:<{width}} {part}".rstrip()


def _table(table: Table, indent: str) -> Iterator[str]:
    if not table.lines:
        yield f"{indent}{table.name}: {NONE}"
        return
    yield f"{indent}{table.name}:"
    lines = [list(table.head), ["-" * len(head) for head in table.head], *map(list, table.lines)]
    yield from (f"{indent}  {line}" for line in _aligned(lines, "  "))


def _aligned(lines: Sequence[Sequence[str]], gap: str) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield gap.join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()


def time_text(time: Any) -> str:
    """A time as kubectl writes it; empty when there is none."""
    return time.strftime("%a, %d %b %Y %H:%M:%S %z") if time is not None else ""


def yes(value: bool | None) -> str:
    """``True`` or ``False``."""
    return "True" if value else "False"


def joined(values: Iterable[str]) -> str:
    """Values one after the other, or ``<none>``."""
    return ", ".join(values) or NONE
