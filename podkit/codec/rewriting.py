"""Change a value in a text and leave everything else of the text as it is.

The old and the new value are compared from the top. What is equal keeps its characters, all of them: comments, quotes, order, blank
lines. A map or list whose parts differ is put together again from its parts: each keeps its own characters, and the comments
above it go with it, wherever it moves; only what is new is written new, in the style of its surroundings. Items of lists are told
apart by their merge keys (containers by name), so that one more of them does not disturb the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from attrs import frozen

from podkit.codec.nodes import Entry, Node
from podkit.codec.yaml_writer import BlockWriter, Layout, double_quoted, flow_text, scalar_text, single_quoted
from podkit.model.shape import FieldShape, fields_by_name, is_model_class

_ABSENT: Any = object()
_COMMENT = re.compile(r":?([ \t]+#[^\n]*)")
_OCTAL = re.compile(r"(0o?)[0-7]+")


@frozen
class _Part:
    """A part of the new map or list: the entry that it had in the text, if it had one, and its old and new value."""

    entry: Entry | None
    step: Any
    old: Any
    new: Any
    shape: FieldShape | None


class Rewriter:
    """Rewrites values of one text.

    Args:
        text: the text.
        root: the value of the document, from which the style of indentation is learnt.
        is_json: whether what is written must be JSON.
    """

    def __init__(self, text: str, root: Node, *, is_json: bool = False) -> None:
        self._text = text
        self._layout = layout_of(root)
        self._is_json = is_json

    def begin(self, node: Node) -> int:
        """The index of the first character that ``rewrite`` replaces: of a block, the comments right above its first entry too."""
        lead = self._text[self._line_start(node.start) : node.start]
        if node.flow or not node.entries or node.content != node.start or lead.strip():
            return node.start
        begin = line_start = node.start - len(lead)
        while line_start > 0:
            line_start = self._line_start(line_start - 1)
            line = self._text[line_start : self._line_end(line_start)]
            if not line.startswith(lead + "#"):
                break
            begin = line_start
        return begin + len(lead)

    def end(self, node: Node) -> int:
        """The index after what ``rewrite`` replaces: a block goes to the end of its last line."""
        return node.end if node.flow or node.kind in ("scalar", "alias") else self._line_end(node.end)

    def rewrite(self, node: Node, old: Any, new: Any, cls: type | None) -> str | None:
        """The text in place of an object's; None when it must be written as if it had not been there."""
        return self._map(node, old, new, cls)

    def _value(self, part: _Part, node: Node, *, in_flow: bool) -> str | None:
        """The text in place of a value's; None when it must be written anew."""
        old, new, shape = part.old, part.new, part.shape
        if old == new:
            return self._text[self.begin(node) : self.end(node)]
        if isinstance(new, dict) and isinstance(old, dict | None):
            element = shape.element if shape is not None and is_model_class(shape.element) else None
            return self._map(node, old or {}, new, element)
        if isinstance(new, list) and isinstance(old, list | None):
            return self._list(node, old or [], new, shape)
        is_written = node.kind == "scalar" and node.content < node.end
        return self._scalar(node, new, in_flow=in_flow) if is_written and not isinstance(new, dict | list) else None

    def _map(self, node: Node, old: dict[str, Any], new: dict[str, Any], cls: type | None) -> str | None:
        present = {entry.step for entry in node.entries}
        removed = old.keys() - new.keys()
        if node.kind != "map" or not node.entries or not new or removed - present:
            return None
        shapes = fields_by_name(cls)
        parts = [
            _Part(entry, entry.step, old.get(str(entry.step)), new.get(str(entry.step)), shapes.get(str(entry.step)))
            for entry in node.entries
            if entry.step not in removed
        ]
        before: list[str] = []
        for name, value in new.items():
            if name not in present and value != old.get(name, _ABSENT):
                added = _Part(None, name, _ABSENT, value, shapes.get(name))
                parts.insert(_index_after(parts, before), added)
            before.append(name)
        return self._collection(node, parts)

    def _list(self, node: Node, old: list[Any], new: list[Any], shape: FieldShape | None) -> str | None:
        if node.kind != "list" or not node.entries or not new or len(old) != len(node.entries):
            return None
        parts = []
        for index, (item, was) in enumerate(zip(new, _matches(old, new, shape), strict=True)):
            entry = node.entries[was] if was is not None else None
            parts.append(_Part(entry, index, old[was] if was is not None else _ABSENT, item, shape))
        return self._collection(node, parts)

    def _collection(self, node: Node, parts: list[_Part]) -> str:
        """Put a map or list together from its parts."""
        bounds = self._bounds(node)
        opening_end = node.entries[0].start if node.flow or node.content != node.start else self.begin(node)
        text = self._text[self.begin(node) : opening_end]
        for index, part in enumerate(parts):
            gap = self._gap(part, node, bounds)
            text += gap if index else _comments(gap, node)
            text += self._entry(part, node, bounds)
        return text + (self._text[node.entries[-1].value.end : node.end] if node.flow else "")

    def _bounds(self, node: Node) -> dict[int, tuple[int, int]]:
        """By the start of an entry: where the gap before it begins, and where the entry ends."""
        first = node.entries[0].start
        bounds, gap_start = {}, first if node.flow or node.content != node.start else self.begin(node)
        for entry in node.entries:
            end = (
                entry.value.end if node.flow else self._block_entry_end(entry, node, is_last=entry is node.entries[-1])
            )
            bounds[entry.start] = (gap_start, end)
            gap_start = end
        return bounds

    def _block_entry_end(self, entry: Entry, node: Node, *, is_last: bool) -> int:
        """The end of an entry's last line, or of the comments below it that stand further to the right than its siblings."""
        end = self._line_end(entry.value.end)
        if is_last:
            return end
        position = end
        while position < len(self._text):
            line_end = self._line_end(position + 1)
            line = self._text[position + 1 : line_end]
            if line.strip() and not line.lstrip().startswith("#"):
                break
            if line.strip() and len(line) - len(line.lstrip()) > node.column:
                end = line_end
            position = line_end
        return end

    def _gap(self, part: _Part, node: Node, bounds: dict[int, tuple[int, int]]) -> str:
        """What stands between an entry and the one before it: newline, comments and indent, or a comma."""
        usual = "\n" + " " * node.column
        if node.flow:
            opening = self._text[node.content + 1 : node.entries[0].start]
            usual = f",{opening}" if "\n" in opening else ", "
        if part.entry is None:
            return usual
        own = self._text[bounds[part.entry.start][0] : part.entry.start]
        return usual + own if part.entry is node.entries[0] else own

    def _entry(self, part: _Part, node: Node, bounds: dict[int, tuple[int, int]]) -> str:
        if part.entry is None:
            return self._fresh(part, node)
        value = part.entry.value
        end = bounds[part.entry.start][1]
        text = self._value(part, value, in_flow=node.flow)
        if text is not None:
            return self._text[part.entry.start : self.begin(value)] + text + self._text[self.end(value) : end]
        if node.flow:
            return self._fresh(part, node)
        return self._fresh(part, node, self._comment(part.entry))

    def _comment(self, entry: Entry) -> str:
        """The comment on the first line of an entry, if it has a block below it; else that behind its value."""
        start = entry.value.end
        if entry.value.kind in ("map", "list") and not entry.value.flow:
            start = entry.key.end if entry.key else entry.start
        match = _COMMENT.match(self._text, start)
        return match[1].rstrip("\r") if match else ""

    def _fresh(self, part: _Part, node: Node, comment: str = "") -> str:
        """An entry as if it had not been there before, with a comment behind its first line."""
        if node.flow:
            value = self._fresh_json(part.new, node) if self._is_json else flow_text(part.new)
            name = json.dumps(part.step, ensure_ascii=False) if self._is_json else flow_text(part.step)
            return f"{name}: {value}" if node.kind == "map" else value
        writer = BlockWriter(self._layout)
        writer.write({part.step: part.new} if node.kind == "map" else [part.new], "", " " * node.column)
        first, newline, rest = writer.text().partition("\n")
        return first + comment + newline + rest

    def _fresh_json(self, value: Any, node: Node) -> str:
        opening = self._text[node.content + 1 : node.entries[0].start]
        if "\n" not in opening:
            return json.dumps(value, ensure_ascii=False)
        indent = opening.rpartition("\n")[2]
        return json.dumps(value, ensure_ascii=False, indent=self._layout.indent).replace("\n", "\n" + indent)

    def _scalar(self, node: Node, new: Any, *, in_flow: bool) -> str | None:
        """A scalar in the style of the one that it replaces; None when that style cannot hold it."""
        properties = self._text[node.start : node.content]
        if self._is_json:
            return properties + json.dumps(new, ensure_ascii=False)
        if isinstance(new, str):
            if node.style == '"':
                return properties + double_quoted(new)
            if node.style == "'":
                return properties + (single_quoted(new) if new.isprintable() else double_quoted(new))
            if in_flow:
                return properties + flow_text(new)
            return None if node.style or "\n" in new else properties + scalar_text(new)
        octal = _OCTAL.fullmatch(node.text)
        if octal and type(new) is int and not node.style:
            return f"{properties}{octal[1]}{new:o}"
        return properties + scalar_text(new)

    def _line_start(self, index: int) -> int:
        return self._text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        end = self._text.find("\n", index)
        return len(self._text) if end < 0 else end


def layout_of(root: Node) -> Layout:
    """How a document is indented: as its first map within a map and its first list within a map are."""
    indent = offset = None
    rest = [root]
    while rest and (indent is None or offset is None):
        node = rest.pop(0)
        for entry in node.entries:
            value = entry.value
            if node.kind == "map" and value.line > node.line and not value.flow and value.kind in ("map", "list"):
                if value.kind == "map":
                    indent = indent or value.column - node.column
                elif offset is None:
                    offset = value.column - node.column
            rest.append(value)
    return Layout(max(indent or 2, 1), max(offset or 0, 0))


def _comments(gap: str, node: Node) -> str:
    """The comments in the gap before an entry that has become the first one."""
    if node.flow or not gap.strip():
        return ""
    return gap.strip() + "\n" + " " * node.column


def _index_after(parts: list[_Part], before: Iterable[str]) -> int:
    """Where to put a field so that it stands behind the nearest of the fields that belong before it."""
    places = {part.step: index for index, part in enumerate(parts)}
    for name in reversed(list(before)):
        if name in places:
            return places[name] + 1
    return 0


def _matches(old: list[Any], new: list[Any], shape: FieldShape | None) -> list[int | None]:
    """For each item of the new list the index of the item of the old list that it was.

    Items are the same when their merge keys are, or, in lists without one, when they are equal. What is left is
    taken for a changed item when it stands behind the same neighbour.
    """
    merge_key = shape.merge_key if shape is not None else None
    identities = _identities(old, merge_key)
    places = {identity: index for index, identity in enumerate(identities)}
    matches = [places.get(identity) for identity in _identities(new, merge_key)]
    free = set(range(len(old))) - set(matches)
    for index, match in enumerate(matches):
        neighbour = matches[index - 1] if index else -1
        if match is None and neighbour is not None and neighbour + 1 in free:
            matches[index] = neighbour + 1
            free.remove(neighbour + 1)
    return matches


def _identities(items: list[Any], merge_key: str | None) -> list[tuple[str, int]]:
    """What each item is told apart by, and how many before it are told apart by the same."""
    counts: dict[str, int] = {}
    identities = []
    for item in items:
        identity = item.get(merge_key) if merge_key and isinstance(item, dict) else item
        text = json.dumps(identity, sort_keys=True)
        counts[text] = counts.get(text, 0) + 1
        identities.append((text, counts[text]))
    return identities
