r"""From YAML text to plain values, straight from the parser's events.

No tree of nodes is built in between: a stack of the maps and lists that are open is all the state there is, so neither deep nesting
nor long documents need recursion. The rest of this module is what makes the result trustworthy: a key that occurs twice
is an error, a document may not nest without bound, and aliases (which cost a few bytes to write and can mean gigabytes)
may stand for a limited number of values. Where in the text a value stood is not kept: ``positions`` finds it again
when somebody asks, which is only when something is wrong.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from attrs import frozen

from podkit.codec.mistakes import MAX_MISTAKES
from podkit.codec.scalars import MAX_DEPTH
from podkit.codec.yaml_parser import TEMPLATE_HINT, event_types, parse, syntax_error, yaml_errors
from podkit.codec.yaml_scalars import NUMBER_START, WORDS, resolve_plain
from podkit.errors import DecodeError, FieldError

MAX_ALIASED = 100_000
"""How many values the aliases of one document may stand for."""

_INTERNED_LENGTH = 64
"""Texts up to this length are kept once for all documents of a text, because manifests repeat themselves."""

_NO_KEY: Any = object()
_MERGE: Any = object()


@frozen
class RawDocument:
    """One document of a text, as plain values.

    Attributes:
        value: what it holds; None when it is empty.
        index: its number in the text, counted from 0.
        start: the number of characters before the line on which it starts.
        line: the number of lines before it.
        errors: what no object may hold and YAML allows, such as a key that is there twice; the value is of no use then.
        is_json: True when the text is JSON.
    """

    value: Any
    index: int
    start: int
    line: int
    errors: tuple[FieldError, ...] = ()
    is_json: bool = False


def read_yaml(text: str, source: str | None = None) -> Iterator[RawDocument]:
    """The documents of a YAML text, empty ones included.

    Args:
        text: the text.
        source: the name of its file, for errors.

    Raises:
        DecodeError: the text is not YAML, or stands for more than anybody would write.
    """
    _, _, _, _, _, _, document_start, _ = event_types()
    interned: dict[str, str] = {}
    index = 0
    with yaml_errors(text, source):
        events = parse(text)
        for event in events:
            if type(event) is document_start:
                mark = event.start_mark
                builder = _Builder(source, interned)
                value = builder.build(events)
                yield RawDocument(value, index, mark.index - mark.column, mark.line, tuple(builder.errors))
                index += 1


class _Builder:
    """Builds the value of one document from its events, and notes in ``errors`` what is wrong in it."""

    def __init__(self, source: str | None, interned: dict[str, str]) -> None:
        self._source = source
        self._interned = interned
        self._anchors: dict[str, Any] = {}
        self._aliased = 0
        self.errors: list[FieldError] = []

    def build(self, events: Iterator[Any]) -> Any:
        """Read events up to the end of the document."""
        scalar, alias, map_start, map_end, list_start, list_end, _, document_end = event_types()
        container: Any = []
        stack: list[Any] = [container]
        key: Any = _NO_KEY
        value: Any
        for event in events:
            kind = type(event)
            if kind is scalar:
                value = self._scalar(event)
            elif kind is map_start:
                value = {}
            elif kind is list_start:
                value = []
            elif kind is map_end or kind is list_end:
                if kind is map_end and _MERGE in container:
                    self._merge(container, event)
                stack.pop()
                container = stack[-1]
                continue
            elif kind is alias:
                value = self._alias(event, stack)
            elif kind is document_end:
                break
            else:
                continue
            if type(container) is list:
                container.append(value)
            elif key is _NO_KEY:
                key = self._key(value, container, event)
                continue
            else:
                container[key] = value
                key = _NO_KEY
            if kind is map_start or kind is list_start:
                self._open(value, event, stack)
                container = value
        return container[0]

    def _scalar(self, event: Any) -> Any:
        value: Any = event.value
        if event.implicit[0]:
            value = resolve_plain(value) if value[:1] in NUMBER_START else WORDS.get(value, value)
        elif event.tag is not None:
            value = self._tagged(event)
        if type(value) is str and len(value) <= _INTERNED_LENGTH:
            value = self._interned.setdefault(value, value)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _tagged(self, event: Any) -> Any:
        """A scalar with an explicit tag; tags that are not YAML's own mean nothing to kubectl."""
        tag = event.tag.removeprefix("tag:yaml.org,2002:")
        if tag == "binary":
            try:
                return b64decode(event.value, validate=False).decode()
            except ValueError:
                self._note("TypeInvalid", "is tagged !!binary, but is no base64 of a text", event)
                return ""
        types: Any = {"int": int, "float": (int, float), "bool": bool, "null": type(None)}.get(tag)
        if types is None:
            return event.value
        value = resolve_plain(event.value)
        if not isinstance(value, types):
            self._note("TypeInvalid", f"is tagged !!{tag}, but {event.value!r} is none", event)
        return float(value) if tag == "float" and isinstance(value, int) else value

    def _key(self, value: Any, container: dict[str, Any], event: Any) -> Any:
        if type(value) is not str:
            value = self._key_as_text(value, event)
        elif value == "<<" and event.implicit[0]:
            value = _MERGE
        if value in container:
            name = "<<" if value is _MERGE else value
            self._note("Duplicate", f"the key {name!r} is there already, in the same map", event, name)
        return value

    def _key_as_text(self, value: Any, event: Any) -> str:
        """The key that JSON has for a key that is no text, as kubectl makes JSON of it."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        what = "null" if value is None else "a list" if isinstance(value, list) else "a map"
        hint = TEMPLATE_HINT if isinstance(value, dict) else ""
        raise self._fatal(f"the key of a map must be a string, but this is {what}{hint}", event)

    def _open(self, value: Any, event: Any, stack: list[Any]) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        stack.append(value)
        if len(stack) > MAX_DEPTH + 1:
            raise self._fatal(f"maps and lists nest more than {MAX_DEPTH} deep", event)

    def _alias(self, event: Any, stack: list[Any]) -> Any:
        name = event.anchor
        if name not in self._anchors:
            raise self._fatal(f"the alias *{name} has no anchor &{name} before it", event)
        value = self._anchors[name]
        if any(value is container for container in stack):
            raise self._fatal(f"the alias *{name} stands for a value that contains it", event)
        self._aliased += _size(value, MAX_ALIASED)
        if self._aliased > MAX_ALIASED:
            raise self._fatal(f"the aliases stand for more than {MAX_ALIASED} values", event)
        return value

    def _merge(self, container: dict[Any, Any], event: Any) -> None:
        """Put the maps that a merge key names into the map that names them, whose own keys win."""
        merged = container.pop(_MERGE)
        for base in merged if isinstance(merged, list) else [merged]:
            if not isinstance(base, dict):
                raise self._fatal("the merge key << needs a map or a list of maps", event)
            for key, value in base.items():
                container.setdefault(key, value)

    def _note(self, reason: str, message: str, event: Any, value: Any = None) -> None:
        if len(self.errors) >= MAX_MISTAKES:
            return
        mark = event.start_mark
        self.errors.append(
            FieldError("", reason, message, value, line=mark.line + 1, column=mark.column + 1, source=self._source)
        )

    def _fatal(self, message: str, event: Any) -> DecodeError:
        mark = event.start_mark
        return syntax_error(message, mark.line + 1, mark.column + 1, self._source)


def _size(value: Any, limit: int) -> int:
    """How many values there are in a value, itself included; counting ends soon after the limit."""
    count, rest = 0, [value]
    while rest and count <= limit:
        item = rest.pop()
        count += 1
        if isinstance(item, dict):
            rest.extend(item.values())
        elif isinstance(item, list):
            rest.extend(item)
    return count
