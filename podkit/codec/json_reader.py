"""From JSON text to plain values, by the standard library, with what it lets pass and Kubernetes does not.

A key that occurs twice is an error, as are NaN and infinity; half a surrogate pair is replaced, as Go replaces it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from podkit.codec.yaml_reader import MAX_DEPTH, RawDocument

_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK = re.compile(r"[ \t\r\n]*")


class NotJson(Exception):
    """The text is no JSON that can be read this way; it may still be YAML."""


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
        except (ValueError, RecursionError) as error:
            raise NotJson(str(error)) from None
        if _depth(value) > MAX_DEPTH:
            raise NotJson("nested too deep")
        yield RawDocument(value, index, start, text.count("\n", 0, start))
        start, index = _skip_blank(text, end), index + 1


def _skip_blank(text: str, start: int) -> int:
    match = _BLANK.match(text, start)
    return match.end() if match else start


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
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
