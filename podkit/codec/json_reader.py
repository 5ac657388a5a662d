"""From JSON text to plain values, by the standard library, with what it lets pass and Kubernetes does not.

Whatever is wrong is left to the YAML reader, which can say where: JSON is YAML but for a few things that ``as_yaml`` takes away
without moving anything. Half a surrogate pair is replaced, as Go replaces it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from podkit.codec.scalars import MAX_DEPTH
from podkit.codec.yaml_reader import RawDocument

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_NO_YAML = re.compile("[^\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_BLANK = re.compile(r"[ \t\r\n]*")


class NotJson(Exception):
    """The text is no JSON that can be read this way; it may still be YAML."""


class DuplicateKey(NotJson):
    """The text is JSON, but for a key that occurs twice in a map."""


def read_json(text: str) -> Iterator[RawDocument]:
    """The documents of a text that holds JSON objects, one after the other.

    Raises:
        NotJson: the text is something else, or needs a look at its places to be told what is wrong with it.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
    start, index = _skip_blank(text, 0), 0
    while start < len(text):
        try:
            value, end = decoder.raw_decode(text, start)
        except NotJson:
            raise
        except (ValueError, RecursionError) as error:
            raise NotJson(str(error)) from None
        if _depth(value) > MAX_DEPTH:
            raise NotJson("nested too deep")
        if _ESCAPED_SURROGATE.search(text, start, end):
            value = _without_surrogates(value)
        line_start = text.rfind("\n", 0, start) + 1
        yield RawDocument(value, index, line_start, text.count("\n", 0, start), is_json=True)
        start, index = _skip_blank(text, end), index + 1


def as_yaml(text: str) -> str:
    """The same text, to be read as YAML for where things stand: every character that remains is where it was."""
    return _NO_YAML.sub("?", _ESCAPED_SURROGATE.sub("??????", text.replace("\t", " ")))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return [_without_surrogates(item) for item in value] if isinstance(value, list) else value


def _skip_blank(text: str, start: int) -> int:
    match = _BLANK.match(text, start)
    return match.end() if match else start


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey
    return found


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            part
            for item in level
            if isinstance(item, dict | list)
            for part in (item.values() if isinstance(item, dict) else item)
        ]
    return depth
