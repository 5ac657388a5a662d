"""Where in a text a field stands.

Keeping a line and a column for every value would double the memory that objects take, for something that is needed only
when something is wrong. So nothing is kept but, for each object that came from a text, the text and the place where its document
starts; the document is read once more when a position is asked for. The table does not keep objects alive.
"""

from __future__ import annotations

import weakref
from collections.abc import Container, Iterable
from typing import Any

from attrs import frozen

from podkit.codec.json_reader import as_yaml
from podkit.codec.mistakes import Path, Step
from podkit.codec.nodes import Node, read_nodes_at
from podkit.errors import DecodeError


@frozen
class Position:
    """A place in a text.

    Attributes:
        line: the line, counted from 1.
        column: the column, counted from 1.
        source: the name of the file, if it is one.
        text: the value as it is written there; None for a map or a list.

    Example:
        ::

            found = position(loads(text), "spec.containers[0].image")
            if found is not None:
                print(found.line, found.column, found.text)
    """

    line: int
    column: int
    source: str | None = None
    text: str | None = None


@frozen
class Origin:
    """The document that an object came from.

    Attributes:
        text: the whole text; the documents of a text share it.
        start: the number of characters before the line on which the document starts.
        line: the number of lines before it.
        source: the name of the file, if it is one.
        path: the path of the object in the document; empty but for the items of a List.
        is_json: True when the text is JSON.
    """

    text: str
    start: int
    line: int
    source: str | None
    path: Path = ()
    is_json: bool = False

    def find(self, paths: Iterable[Path], at_name: Container[Path] = ()) -> list[Position]:
        """The positions of some paths, each relative to the object; for those of ``at_name`` the position of the field's name.

        A path that is not in the document has the position of the nearest part around it that is: a field that is missing
        is missed where it should be.
        """
        paths = list(paths)
        top = _read_again(self, [self.path + path for path in paths])
        if top is None:
            return [Position(self.line + 1, 1, self.source) for _ in paths]
        return [_locate(top, self.path + path, self, at_name=path in at_name) for path in paths]


class _Remembered(weakref.ref[Any]):
    """The origin of an object, for as long as the object lives."""

    __slots__ = ("identity", "origin")
    identity: int
    origin: Origin


_remembered: dict[int, _Remembered] = {}


def remember(obj: Any, origin: Origin) -> None:
    """Keep where an object came from for as long as it lives."""
    entry = _Remembered(obj, _forget)
    entry.identity, entry.origin = id(obj), origin
    _remembered[entry.identity] = entry


def _forget(entry: weakref.ref[Any]) -> None:
    if isinstance(entry, _Remembered):
        _remembered.pop(entry.identity, None)


def origin(obj: Any) -> Origin | None:
    """The document that an object came from; None when it came from none."""
    entry = _remembered.get(id(obj))
    return entry.origin if entry is not None and entry() is obj else None


def carry(old: Any, new: Any) -> None:
    """Let an object that was made of another (a copy with defaults, say) count as come from the same text."""
    where = origin(old)
    if where is not None:
        remember(new, where)


def position(obj: Any, path: str = "") -> Position | None:
    """Where a field of an object stands in the text that the object came from.

    Args:
        obj: an object that was loaded from YAML or JSON.
        path: the path of the field as Kubernetes writes it, such as ``spec.containers[0].image``.

    Returns:
        The position of the field, or, when it is not in the text, of the nearest part around it that is. None when the
        object came from no text.

    Example:
        ::

            found = position(loads(text), "spec.containers[0].image")
            if found is not None:
                print(found.line, found.column, found.text)
    """
    found = positions(obj, [path])
    return found[0] if found else None


def positions(obj: Any, paths: Iterable[str]) -> list[Position]:
    """The same for several fields at once, which reads the document only once; empty when the object came from no text.

    Example:
        ::

            for found in positions(loads(text), ["metadata.name", "spec.containers[0].image"]):
                print(found.line, found.column)
    """
    where = origin(obj)
    return where.find([parse_path(path) for path in paths]) if where is not None else []


def parse_path(path: str) -> Path:
    """The steps of a path as Kubernetes writes it: ``spec.containers[0].image``, ``metadata.labels[app]``.

    A step in brackets is an index when it is a number; else it is the key of a map.
    """
    steps: list[Step] = []
    rest = path
    while rest:
        if rest.startswith("["):
            step, _, rest = rest[1:].partition("]")
            steps.append(int(step) if step.isdecimal() else step)
        else:
            ends = [index for index in (rest.find("."), rest.find("[")) if index >= 0]
            end = min(ends, default=len(rest))
            steps.append(rest[:end])
            rest = rest[end:]
        rest = rest.removeprefix(".")
    return tuple(steps)


def _read_again(where: Origin, paths: list[Path]) -> Node | None:
    """The document of an object with the places of what stands at some paths; None when it is JSON that no YAML parser reads."""
    text = where.text[where.start :]
    try:
        return next(read_nodes_at(as_yaml(text) if where.is_json else text, paths, where.source), None)
    except DecodeError:
        return None


def _locate(top: Node, path: Path, where: Origin, *, at_name: bool) -> Position:
    node, place = top, top
    for step in path:
        entry = node.find(step)
        if entry is None:
            break
        place, node = entry.key or entry.value, entry.value
    value = node.target or node
    text = value.text if value.kind == "scalar" else None
    if text is not None and not at_name:
        place = node
    return Position(place.line + where.line + 1, place.column + 1, where.source, text)
