"""Whatever comes in, what comes out is objects or a DecodeError that points at a place: no other exception, no hang.

``PODKIT_FUZZ_EXAMPLES`` sets how many inputs of each sort are tried; ``make fuzz`` tries many more than the tests do.
"""

from __future__ import annotations

import json
import os
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podkit.codec import dumps, from_dict, loads_all
from podkit.codec.yaml_writer import write_yaml
from podkit.errors import DecodeError
from podkit.model.kinds import KINDS
from tests.unit.strategies import documents, json_values, patient, text

fuzz = settings(patient, max_examples=int(os.environ.get("PODKIT_FUZZ_EXAMPLES", "150")))

PIECES = [
    "a",
    ": ",
    "- ",
    "\n",
    "  ",
    "\t",
    "{",
    "}",
    "[",
    "]",
    ",",
    "#",
    "&a ",
    "*a",
    "!!str ",
    "|",
    ">",
    "'",
    '"',
    "\\",
    "<<",
]
PIECES += [
    "? ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "\x00",
    "\ufeff",
    "\u2028",
    "apiVersion: v1\n",
    "kind: Pod\n",
    "kind: List\n",
]
PIECES += [
    "items:\n",
    "spec:\n",
    "null",
    "yes",
    "1e999",
    "0x",
    "9" * 400,
    "!<tag:yaml.org,2002:int> ",
    "\ud800",
    "\r\n",
    "\x85",
]
PLACES = [("metadata",), ("spec",), ("data",), ("metadata", "labels"), ("spec", "template"), ("items",)]
NONSENSE = ["\x00" * 1_000_000, "[" * 1_000_000, "a: " * 100_000, "\t" * 100_000, '"' * 99_999, "{" * 300_000]


def read(data: str | bytes) -> list[Any]:
    """The objects of the input, or none; anything but a DecodeError with a place is a failure."""
    try:
        return loads_all(data)
    except DecodeError as error:
        found = error.errors
    assert found
    assert all(problem.line and problem.column for problem in found), found
    return []


@given(st.binary(max_size=200))
@fuzz
def test_bytes(data: bytes) -> None:
    read(data)


@given(st.lists(st.sampled_from(PIECES), max_size=30))
@fuzz
def test_pieces_of_yaml(pieces: list[str]) -> None:
    read("".join(pieces))


@given(documents(), st.data())
@fuzz
def test_documents_with_something_cut_out_or_put_in(obj: Any, data: st.DataObject) -> None:
    written = dumps(obj, format=data.draw(st.sampled_from(["yaml", "json"])))
    start = data.draw(st.integers(0, len(written)))
    end = data.draw(st.integers(start, min(len(written), start + 10)))
    put_in = data.draw(st.sampled_from(["", *PIECES]) | text)

    read(written[:start] + put_in + written[end:])


@given(st.sampled_from(KINDS.kinds), json_values, st.sampled_from(PLACES))
@fuzz
def test_wrong_types_everywhere(kind: Any, value: Any, path: tuple[str, ...]) -> None:
    document: Any = {"apiVersion": kind.api_version, "kind": kind.name, "spec": {"containers": [{}]}}
    holder = document
    for step in path[:-1]:
        holder = holder.setdefault(step, {})
    holder[path[-1]] = value

    for written in (json.dumps(document), write_yaml(document)):
        read(written)
    with suppress(DecodeError):
        from_dict(document)


def test_a_large_document_of_one_value_is_read_without_many_copies() -> None:
    size = 20_000_000
    document = f"apiVersion: v1\nkind: ConfigMap\ndata:\n  a: {'x' * size}\n"
    tracemalloc.start()
    try:
        (config,) = loads_all(document)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(config.data["a"]) == size
    assert peak < 6 * size


@pytest.mark.parametrize("data", NONSENSE)
def test_large_nonsense_is_refused(data: str) -> None:
    assert read(data) == []


@pytest.mark.parametrize("depth", [99, 5_000, 200_000])
def test_deep_json_is_refused(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    document = f'{{"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 1, "data": {{"a": {deep}}}}}'

    with pytest.raises(DecodeError, match="nest"):
        loads_all(document)
