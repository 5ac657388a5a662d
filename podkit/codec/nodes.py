"""The values of a YAML text together with the places where they stand.

This is the slow, exact way of reading: every value, key and list item with its first and last character. It is taken only when
somebody needs places: to say where something is wrong, or to change a part of a file and leave the rest as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

from attrs import define, field

from podkit.codec.mistakes import Path, Step
from podkit.codec.yaml_parser import event_types, parse, yaml_errors
from podkit.codec.yaml_scalars import resolve_plain

_Wanted: TypeAlias = dict[Step, Any]
_EVERYTHING: _Wanted = {}

Kind = Literal["scalar", "map", "list", "alias"]

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]*)+")
_IGNORED_LINES = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*")


@define(eq=False)
class Node:
    """A value of a text.

    Attributes:
        kind: what it is.
        start: the index of its first character, with its anchor and tag.
        end: the index after its last character; of a block, without what may follow on its last line.
        line: the number of lines before it.
        column: the number of characters before it on its line.
        content: the index of its first character after anchor and tag.
        text: the text of a scalar, without quotes.
        style: how a scalar is written: empty for plain, a quote, or the bar of a block.
        flow: whether a map or list is written in brackets.
        entries: the parts of a map or list.
        size: how many there are.
        target: what an alias stands for.
    """

    kind: Kind
    start: int
    end: int
    line: int
    column: int
    content: int
    text: str = ""
    style: str = ""
    flow: bool = False
    entries: list[Entry] = field(factory=list)
    size: int = 0
    target: Node | None = None

    def find(self, step: Step) -> Entry | None:
        """The entry of a map with that key, its own or merged into it, or the item of a list at that index."""
        if self.kind == "alias":
            return self.target.find(step) if self.target else None
        wanted = step if self.kind == "list" else str(step)
        for entry in self.entries:
            if entry.step == wanted:
                return entry
        for entry in self.entries:
            if entry.is_merge:
                bases = [entry.value, *(item.value for item in entry.value.entries if entry.value.kind == "list")]
                for base in bases:
                    if (found := base.find(step)) is not None:
                        return found
        return None


@define(eq=False)
class Entry:
    """A part of a map or list.

    Attributes:
        step: the key as JSON has it, or the index.
        key: where the key stands; None for an item of a list.
        value: the value.
        start: the index of the first character of the key, or of the dash of an item.
    """

    step: Step
    key: Node | None
    value: Node
    start: int

    @property
    def is_merge(self) -> bool:
        """Whether this puts other maps into the map."""
        return self.step == "<<" and self.key is not None and not self.key.style


def read_nodes(text: str, source: str | None = None) -> Iterator[Node]:
    """The values of the documents of a text.

    Args:
        text: the text.
        source: the name of its file, for errors.

    Raises:
        DecodeError: the text is not YAML.
    """
    return _read(text, source, _EVERYTHING)


def read_nodes_at(text: str, paths: Iterable[Path], source: str | None = None) -> Iterator[Node]:
    """The same, but of each document only what stands on the way to some paths, and what has an anchor."""
    wanted: _Wanted = {}
    for path in paths:
        inner = wanted
        for step in path:
            inner = inner.setdefault(step, {})
    return _read(text, source, wanted)


def _read(text: str, source: str | None, wanted: _Wanted) -> Iterator[Node]:
    _, _, _, _, _, _, document_start, _ = event_types()
    with yaml_errors(text, source):
        events = parse(text)
        for event in events:
            if type(event) is document_start:
                yield from _read_document(text, events, wanted)


def _read_document(text: str, events: Iterator[Any], wanted: _Wanted) -> Iterator[Node]:
    _, alias, map_start, map_end, list_start, list_end, _, document_end = event_types()
    root = Node("list", 0, 0, 0, 0, 0, flow=True)
    stack: list[tuple[Node, _Wanted]] = [(root, _EVERYTHING if wanted is _EVERYTHING else {0: wanted})]
    anchors: dict[str, Node] = {}
    key: Node | None = None
    for event in events:
        kind = type(event)
        if kind is document_end:
            break
        if kind is map_end or kind is list_end:
            _close(stack.pop()[0], event)
            continue
        parent, wanted_here = stack[-1]
        if parent.kind == "map" and key is None:
            key = _node(event, text, anchors)
            continue
        step = _step(key) if key is not None else parent.size
        parent.size += 1
        inner = _EVERYTHING if kind is not alias and event.anchor else _inner(wanted_here, step)
        if inner is None:
            if kind is map_start or kind is list_start:
                _skip(events)
        else:
            node = _node(event, text, anchors)
            start = _dash(text, parent, node) if wanted is _EVERYTHING and key is None else (key or node).start
            parent.entries.append(Entry(step, key, node, start))
            if inner is wanted and not wanted and wanted is not _EVERYTHING:  # only where the document itself starts
                break
            if kind is map_start or kind is list_start:
                stack.append((node, inner))
        key = None
    yield from (entry.value for entry in root.entries)


def _inner(wanted: _Wanted, step: Step) -> _Wanted | None:
    """What is wanted of an entry, or None if the whole is not; what is merged into a map is as good as its own."""
    return wanted if wanted is _EVERYTHING or step == "<<" else wanted.get(step, wanted.get(str(step)))


def _skip(events: Iterator[Any]) -> None:
    """Read on to the end of the map or list that has just begun."""
    _, _, map_start, map_end, list_start, list_end, _, _ = event_types()
    depth = 1
    while depth:
        kind = type(next(events))
        if kind is map_start or kind is list_start:
            depth += 1
        elif kind is map_end or kind is list_end:
            depth -= 1


def _node(event: Any, text: str, anchors: dict[str, Node]) -> Node:
    scalar, alias, map_start, _, _, _, _, _ = event_types()
    kind = type(event)
    mark = event.start_mark
    name: Kind = "scalar" if kind is scalar else "alias" if kind is alias else "map" if kind is map_start else "list"
    node = Node(name, mark.index, event.end_mark.index, mark.line, mark.column, mark.index)
    if kind is alias:
        node.target = anchors.get(event.anchor)
        return node
    if event.anchor is not None or event.tag is not None:
        match = _PROPERTIES.match(text, node.start)
        node.content = match.end() if match else node.start
    if event.anchor is not None:
        anchors[event.anchor] = node
    if kind is scalar:
        node.text, node.style = event.value, event.style or ""
        if node.style in ("|", ">"):
            node.end = node.start + len(text[node.start : node.end].rstrip())
    else:
        node.flow = bool(event.flow_style)
    return node


def _dash(text: str, parent: Node, value: Node) -> int:
    """The index of the first character of an item of a list: its dash, if it is a block."""
    if parent.flow:
        return value.start
    return parent.content if not parent.entries else _next_dash(text, parent.entries[-1].value.end, parent.column)


def _next_dash(text: str, after: int, column: int) -> int:
    """The index of the dash of the next item of a block list, of which only comments and blank lines stand before it."""
    line_end = text.find("\n", after) + 1
    match = _IGNORED_LINES.match(text, line_end)
    return (match.end() if match else line_end) + column


def _step(key: Node) -> str:
    """The key that JSON has for a key."""
    if key.kind != "scalar":
        return "*" if key.target is None else key.target.text
    value = key.text if key.style else resolve_plain(key.text)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _close(node: Node, event: Any) -> None:
    if node.flow:
        node.end = event.end_mark.index
    elif node.entries:
        node.end = node.entries[-1].value.end
