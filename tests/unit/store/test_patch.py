"""Strategic merge patches, as tables: a document, a patch, and what becomes of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podkit.errors import DecodeError
from podkit.model import ConfigMap, ControllerRevision, Pod
from podkit.store.patch import strategic_merge


def containers(*items: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(items)}}


A, B, C = ({"name": name, "image": f"{name}:1"} for name in "abc")

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "maps are merged": (
        {"metadata": {"labels": {"a": "1", "b": "2"}}},
        {"metadata": {"labels": {"b": "3"}}},
        {"metadata": {"labels": {"a": "1", "b": "3"}}},
    ),
    "None removes": ({"metadata": {"labels": {"a": "1"}}}, {"metadata": {"labels": None}}, {"metadata": {}}),
    "None of nothing is nothing": ({}, {"metadata": {"labels": {"a": None}}}, {"metadata": {"labels": {}}}),
    "a list without key is replaced": (
        {"spec": {"tolerations": [{"key": "a"}, {"key": "b"}]}},
        {"spec": {"tolerations": [{"key": "c", "value": None}]}},
        {"spec": {"tolerations": [{"key": "c"}]}},
    ),
    "a list of values is replaced": (
        containers({"name": "a", "args": ["1", "2"]}),
        containers({"name": "a", "args": ["3"]}),
        containers({"name": "a", "args": ["3"]}),
    ),
    "items are merged by their key": (
        containers(A, B),
        containers({"name": "b", "image": "b:2"}),
        containers(A, {"name": "b", "image": "b:2"}),
    ),
    "a new item comes last": (containers(A, B), containers(C), containers(A, B, C)),
    "the patch's items are in the patch's order": (containers(A, B, C), containers(C, A), containers(B, C, A)),
    "items within items": (
        containers({"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "1"}]}),
        containers({"name": "a", "env": [{"name": "Y", "value": "2"}]}),
        containers({"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}),
    ),
    "two old items of one key stay two": (
        containers({"name": "a", "ports": [{"containerPort": 53, "protocol": p} for p in ("TCP", "UDP")]}),
        containers({"name": "a", "ports": [{"containerPort": 80}]}),
        containers(
            {"name": "a", "ports": [*({"containerPort": 53, "protocol": p} for p in ("TCP", "UDP")), {"containerPort": 80}]}
        ),
    ),
    "$patch: delete removes an item": (containers(A, B), containers({"name": "a", "$patch": "delete"}), containers(B)),
    "$patch: delete of what is not there": (containers(B), containers({"name": "a", "$patch": "delete"}), containers(B)),
    "$patch: replace replaces a list": (containers(A, B), containers({"$patch": "replace"}, C), containers(C)),
    "$patch: replace replaces a map": (
        {"metadata": {"labels": {"a": "1"}}},
        {"metadata": {"labels": {"b": "2", "$patch": "replace"}}},
        {"metadata": {"labels": {"b": "2"}}},
    ),
    "$patch: delete empties a map": (
        {"metadata": {"labels": {"a": "1"}}},
        {"metadata": {"labels": {"$patch": "delete"}}},
        {"metadata": {"labels": {}}},
    ),
    "finalizers are merged": (
        {"metadata": {"finalizers": ["a", "b"]}},
        {"metadata": {"finalizers": ["c", "a"]}},
        {"metadata": {"finalizers": ["b", "c", "a"]}},
    ),
    "$deleteFromPrimitiveList takes values out": (
        {"metadata": {"finalizers": ["a", "b", "c"]}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["b", "x"]}},
        {"metadata": {"finalizers": ["a", "c"]}},
    ),
    "$setElementOrder orders": (
        containers(A, B, C),
        {"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}], "containers": [{"name": "a", "image": "a:2"}]}},
        containers(B, C, {"name": "a", "image": "a:2"}),
    ),
    "$setElementOrder alone orders": (
        containers(A, B),
        {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}},
        containers(B, A),
    ),
    "$retainKeys drops the other fields": (
        {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}},
        {"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/x"}, "$retainKeys": ["name", "hostPath"]}]}},
        {"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]}},
    ),
    "a scalar becomes a map": ({"spec": 1}, {"spec": {"nodeName": "n"}}, {"spec": {"nodeName": "n"}}),
    "an unknown field is merged as it is": ({"new": {"a": 1}}, {"new": {"b": [2]}}, {"new": {"a": 1, "b": [2]}}),
}  # fmt: skip


@pytest.mark.parametrize(("document", "patch", "expected"), CASES.values(), ids=CASES.keys())
def test_a_pod(document: dict[str, Any], patch: dict[str, Any], expected: dict[str, Any]) -> None:
    before = copy.deepcopy((document, patch))

    assert strategic_merge(document, patch, Pod) == expected
    assert (document, patch) == before, "what is given is not changed"


def test_directives_that_a_document_holds_as_data_are_kept() -> None:
    """The data of a revision is itself a patch."""
    revision = {"revision": 1, "data": {"spec": {"template": {"$patch": "replace", "spec": {}}}}}

    merged = strategic_merge(revision, {"revision": 2}, ControllerRevision)

    assert merged == {**revision, "revision": 2}


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        (containers({"image": "nginx"}), "spec.containers"),
        (containers({"name": None}), "spec.containers"),
        ({"spec": {"containers": ["app"]}}, "spec.containers"),
        (containers({"name": "a", "$patch": "merge"}), "spec.containers.$patch"),
        ({"metadata": {"labels": {"$patch": "remove"}}}, "metadata.labels.$patch"),
        ({"$patch": "remove"}, "$patch"),
    ],
)
def test_a_patch_that_cannot_be_read(patch: dict[str, Any], path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        strategic_merge(containers(A), patch, Pod)

    assert [error.path for error in caught.value.errors] == [path]


json_values = st.recursive(
    st.integers(0, 3) | st.sampled_from(["x", "y", ""]) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from("abc"), json_values, max_size=3)


@settings(deadline=None)
@given(documents, documents)
def test_merging_twice_is_merging_once(document: dict[str, Any], patch: dict[str, Any]) -> None:
    once = strategic_merge(document, patch, ConfigMap)

    assert strategic_merge(once, patch, ConfigMap) == once


@settings(deadline=None)
@given(documents)
def test_an_empty_patch_changes_nothing(document: dict[str, Any]) -> None:
    assert strategic_merge(document, {}, ConfigMap) == document
