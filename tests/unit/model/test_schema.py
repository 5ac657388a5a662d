"""The model against Kubernetes' published schema, both ways.

``tests/data/schema.json`` is the OpenAPI description of the kinds, condensed: for each type its fields, each with its type, whether
it is required, and the merge key of a list.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

import podkit.model
from podkit.model.kinds import KINDS
from podkit.model.scalars import Int64, IntOrString, MicroTime, QuantityText
from podkit.model.shape import FieldShape, fields_of, is_model_class

DATA = Path(__file__).parents[2] / "data" / "schema.json"
SCHEMA: dict[str, Any] = json.loads(DATA.read_text())
FULL_SCHEMA = Path(__file__).parents[4] / "shared" / "schema" / "types.json"

BESIDE = {
    "ReplicationController",
    "ControllerRevision",
    "Service",
    "Node",
    "Namespace",
    "Event",
    "LimitRange",
    "ServiceAccount",
    "PriorityClass",
    "RuntimeClass",
}
"""Kinds that the schema file does not describe."""

SCALARS = [
    (Int64, "int64"),
    (QuantityText, "Quantity"),
    (MicroTime, "MicroTime"),
    (IntOrString, "IntOrString"),
    (str, "str"),
    (bool, "bool"),
    (int, "int32"),
    (datetime, "Time"),
    (bytes, "bytes(base64)"),
]


def _type_name(shape: FieldShape) -> str:
    element = next((name for type_, name in SCALARS if type_ == shape.element), None)
    if element is None:
        element = f"ref:{shape.element.__name__}" if is_model_class(shape.element) else "object"
    if shape.name == "fieldsV1":
        return "FieldsV1"
    return {list: f"list[{element}]", dict: f"map[str,{element}]"}.get(shape.container or str, element)


def _model_fields(name: str) -> dict[str, str]:
    fields = {}
    for shape in fields_of(getattr(podkit.model, name)):
        fields[shape.name] = _type_name(shape) + (f" key={shape.merge_key}" if shape.merge_key else "")
    return fields


@pytest.mark.parametrize("name", sorted(SCHEMA["types"]))
def test_the_model_has_exactly_the_fields_of_the_schema(name: str) -> None:
    expected = {field: what.replace(" required", "") for field, what in SCHEMA["types"][name].items()}

    assert _model_fields(name) == expected


@pytest.mark.parametrize("name", sorted(SCHEMA["types"]))
def test_what_must_be_given_is_required_by_the_schema(name: str) -> None:
    needed = {shape.name for shape in fields_of(getattr(podkit.model, name)) if shape.required}

    assert needed <= {field for field, what in SCHEMA["types"][name].items() if " required" in what}


def test_the_model_has_no_class_that_kubernetes_does_not_have() -> None:
    reachable: set[str] = set()
    rest: list[type] = [podkit.model.Scale, *(kind.cls for kind in KINDS.kinds if kind.name in BESIDE)]
    while rest:
        cls = rest.pop()
        if cls.__name__ not in reachable:
            reachable.add(cls.__name__)
            rest += [shape.element for shape in fields_of(cls) if is_model_class(shape.element)]
    classes = {name for name, value in vars(podkit.model).items() if isinstance(value, type) and attrs.has(value)}

    assert classes - reachable == set(SCHEMA["types"]) - reachable


@pytest.mark.parametrize("name", sorted(SCHEMA["newer"]["fields"]))
def test_fields_of_the_newer_release_are_named_until_the_model_has_them(name: str) -> None:
    newer = set(SCHEMA["newer"]["fields"][name])

    assert not newer & set(_model_fields(name)), "in the model now: take it out of the list of what is newer"


@pytest.mark.skipif(not FULL_SCHEMA.exists(), reason="the full schema is not beside the checkout")
def test_the_condensed_schema_is_that_of_the_full_one() -> None:
    full = json.loads(FULL_SCHEMA.read_text())["types"]

    assert {name: set(fields) for name, fields in SCHEMA["types"].items()} == {
        name: {field["field"] for field in type_["fields"]} for name, type_ in full.items()
    }
