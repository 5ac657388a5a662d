"""Samples that were run against a real API server, where they are at hand; and that nothing but errors comes of anything."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from podkit.admission import prepare_create, validation
from podkit.codec import from_dict
from podkit.errors import DecodeError, FieldError, ValidationError
from tests.unit.admission.manifests import yaml
from tests.unit.strategies import documents

SAMPLES = Path(__file__).parents[3].parent / "shared" / "validation"
SUBRESOURCES = {
    "ephemeralcontainers": validation.check_ephemeral_containers_update,
    "resize": validation.check_resize,
    "status": validation.check_status_update,
}


def _samples(name: str) -> list[Any]:
    path = SAMPLES / name
    cases = _expanded(yaml(path.read_text())) if path.exists() else []
    return [pytest.param(case, id=case["id"]) for case in cases]


def _expanded(value: Any) -> Any:
    """Return a value with its placeholders for long texts, as value and as key, written out."""
    if isinstance(value, dict):
        if set(value) == {"$repeat"}:
            return value["$repeat"][0] * value["$repeat"][1]
        return {_expanded(key): _expanded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_expanded(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$repeatkey:(.):(\d+)", lambda match: match[1] * int(match[2]), value)
    return value


def _accepted(expected: Any, found: set[tuple[str, str]]) -> None:
    """Every error is expected, by the server's path or by the path that a person expects, and every expected one is there."""
    if expected in ("valid", "allowed"):
        assert found == set()
        return
    places = [
        ({(each["field"], each["reason"]), (each.get("logical_field"), each["reason"])}, each) for each in expected
    ]
    assert found <= set().union(*(place for place, _ in places))
    assert all(place & found for place, each in places if not each.get("derived"))


def _reasons(errors: list[FieldError]) -> set[tuple[str, str]]:
    return {(error.path, error.reason) for error in errors}


@pytest.mark.parametrize("case", _samples("cases.yaml"))
def test_a_new_object_is_judged_as_the_server_judges_it(case: dict[str, Any]) -> None:
    try:
        found = _reasons(validation.check(from_dict(case["manifest"])))
    except DecodeError as error:
        found = {(each.path, "DecodeError") for each in error.errors}

    _accepted(case["expect"], found)


@pytest.mark.parametrize("case", _samples("updates.yaml"))
def test_a_change_is_judged_as_the_server_judges_it(case: dict[str, Any]) -> None:
    judge: Any = SUBRESOURCES.get(str(case.get("subresource")), validation.check)

    _accepted(case["expect"], _reasons(judge(from_dict(case["new"]), from_dict(case["old"]))))


REASONS = {
    "Required",
    "Invalid",
    "NotSupported",
    "NotFound",
    "Duplicate",
    "Forbidden",
    "TooLong",
    "TooMany",
    "TypeInvalid",
}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_any_object_is_judged_and_nothing_else_happens(obj: Any) -> None:
    found = validation.check(obj)

    assert {error.reason for error in found} <= REASONS
    assert all(isinstance(error.message, str) and error.message for error in found)
    for update in (validation.check, validation.check_status_update):
        assert isinstance(update(obj, obj), list)
    with contextlib.suppress(ValidationError):
        prepare_create(obj)
