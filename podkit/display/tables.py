"""Tables, and rows of names and values, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from podkit.cluster.rows import NONE, Row, Rows, Table
from podkit.display.markup import Markup, joined, tag
from podkit.display.tones import pill, tone_of

LONGEST = 60
"""How many lines of a table, or rows of a description, are shown: a notebook is no place for ten thousand."""
LONGEST_TEXT = 4000
"""How many characters of a value are shown."""
_FOLDED = {"Pod Template", "System Info"}
_FREE = {"Message", "Node Selector", "Image"}
"""Columns whose texts may be broken."""
_MONO = {"IP", "Cluster-IP", "External-IP", "Port(s)", "Ports", "Schedule"}


def table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> Markup:
    """A table; of one that is long, the beginning."""
    shown = list(lines)
    rest = len(shown) - LONGEST
    body = [tag("tr", *_cells(head, line)) for line in shown[:LONGEST]]
    heads = tag("thead", tag("tr", *(tag("th", name) for name in head)))
    more = tag("div", f"… and {rest} more", class_="pk-dim") if rest > 0 else None
    return joined([tag("div", tag("table", heads, tag("tbody", *body)), class_="pk-scroll"), more])


def without_empty(head: Sequence[str], lines: Sequence[Sequence[object]]) -> tuple[list[str], list[list[object]]]:
    """A table without the columns in which nothing is said."""
    used = [number for number in range(len(head)) if any(line[number] for line in lines)]
    return [head[number] for number in used], [[line[number] for number in used] for line in lines]


def _cells(head: Sequence[str], line: Sequence[object]) -> list[Markup]:
    over = any(cell in ("Completed", "Succeeded") for cell in line)
    return [
        tag("td", cell, class_="pk-tight") if over and name == "Ready" else _cell(name, cell)
        for name, cell in zip(head, line, strict=True)
    ]


def _cell(name: str, cell: object) -> Markup:
    free = None if name in _FREE else "pk-tight"
    if isinstance(cell, Markup):
        return tag("td", cell, class_=free)
    text = str(cell)
    if name == "Status" or (name == "Type" and text in ("Normal", "Warning")):
        return tag("td", pill(text, tone_of(text.partition(",")[0])), class_=free)
    if name == "Ready" and "/" in text:
        have, _, wanted = text.partition("/")
        return tag("td", text if have == wanted else pill(text, "wait"), class_=free)
    if text == NONE:
        return tag("td", "–", class_="pk-dim")
    return tag("td", text, class_=f"{free or ''}{' pk-mono' if name in _MONO else ''}".strip() or None)


def listing(tables: Sequence[Table], note: str = "") -> Markup:
    """Tables below one another, with how many there are of each kind."""
    if not any(one.lines for one in tables):
        return tag("div", "nothing" + note, class_="pk-dim")
    parts = []
    for one in tables:
        title = f"{one.name} · {len(one.lines)}{note}"
        parts += [tag("div", title, class_="pk-title"), table(one.head, one.lines)]
    return joined(parts)


def definitions(rows: Rows) -> Markup:
    """Rows of a description: names on the left, values on the right; what is long is folded, or only begun."""
    parts: list[Markup] = []
    plain: list[Markup] = []
    for row in rows[:LONGEST]:
        if isinstance(row, Row) and not (row.name in _FOLDED and row.below):
            plain += [tag("dt", row.name), tag("dd", _value(row))]
            continue
        if plain:
            parts.append(tag("dl", *plain))
            plain = []
        parts.append(_table_part(row) if isinstance(row, Table) else _folded(row))
    rest = len(rows) - LONGEST
    more = tag("div", f"… and {rest} more", class_="pk-dim") if rest > 0 else None
    return joined([*parts, tag("dl", *plain) if plain else None, more])


def _table_part(one: Table) -> Markup:
    return joined([tag("div", one.name, class_="pk-title"), table(one.head, one.lines)]) if one.lines else Markup()


def _folded(row: Row) -> Markup:
    return tag("details", tag("summary", row.name), definitions(row.below))


def _value(row: Row) -> Markup:
    values = [row.value] if isinstance(row.value, str) else list(row.value)
    text = "\n".join(value.rstrip() for value in values if value)
    rest = len(text) - LONGEST_TEXT
    more = tag("div", f"… and {rest} more characters", class_="pk-dim") if rest > 0 else None
    inner = definitions(row.below) if row.below else None
    return joined([text[:LONGEST_TEXT] if text != NONE else "–", more, inner])
