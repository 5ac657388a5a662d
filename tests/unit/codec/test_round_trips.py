"""Nothing is lost on the way out and back, through YAML, JSON and dicts, and the second time nothing changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from podkit.codec import dumps, from_dict, loads, loads_all, to_dict
from podkit.errors import DecodeError, FieldError
from podkit.model.copying import clone
from podkit.model.kinds import KINDS
from podkit.model.shape import fields_of
from tests.unit.strategies import documents, objects, patient

SHARED = Path(__file__).parents[4] / "shared"
FILES = sorted(
    path
    for folder in ("examples", "schema/testdata/v1.36.0", "behaviours/cases")
    for path in (SHARED / folder).rglob("*")
    if path.suffix in (".yaml", ".json")
)


@given(documents())
@settings(patient, max_examples=300)
def test_any_object_survives_yaml(obj: Any) -> None:
    written = dumps(obj)

    assert loads(written) == obj
    assert dumps(loads(written)) == written


@given(documents())
@settings(patient, max_examples=200)
def test_any_object_survives_json(obj: Any) -> None:
    assert loads(dumps(obj, format="json")) == obj
    assert json.loads(dumps(obj, format="json")) == to_dict(obj)


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.kinds])
def test_every_kind_survives_yaml(kind: str) -> None:
    @given(objects(KINDS.find(kind).cls))
    @settings(patient, max_examples=20)
    def survives(obj: Any) -> None:
        assert loads(dumps(obj)) == obj
        assert from_dict(to_dict(obj)) == obj

    survives()


@given(documents())
@settings(patient, max_examples=100)
def test_a_copy_is_equal_and_shares_nothing_that_can_change(obj: Any) -> None:
    before = dumps(obj)
    copy = clone(obj)

    assert copy == obj
    _spoil(copy)
    assert dumps(obj) == before


def _spoil(obj: Any) -> None:
    """Change everything that can be changed in an object, in place."""
    for shape in fields_of(type(obj)):
        _spoil_value(getattr(obj, shape.attribute))


def _spoil_value(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _spoil_value(item)
        value.append("spoilt")
    elif isinstance(value, dict):
        for item in value.values():
            _spoil_value(item)
        value["spoilt"] = "spoilt"
    elif hasattr(value, "__attrs_attrs__"):
        _spoil(value)


@pytest.mark.skipif(not FILES, reason="the collections of manifests are not beside the checkout")
def test_every_manifest_at_hand_survives_or_is_refused_with_a_place() -> None:
    survived = 0
    for path in FILES:
        objs, errors = _objects_or_errors(path)
        assert all(error.line for error in errors), path
        written = dumps(objs)
        assert loads_all(written) == objs, path
        assert dumps(loads_all(written)) == written, path
        assert loads_all(dumps(objs, format="json")) == objs, path
        survived += bool(objs)
    assert survived > 150


def _objects_or_errors(path: Path) -> tuple[list[Any], list[FieldError]]:
    try:
        return loads_all(path.read_bytes()), []
    except DecodeError as error:
        return [], error.errors
