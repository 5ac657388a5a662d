"""The two standard ways to say a change in JSON."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.errors import DecodeError, PodkitError
from podkit.loop.clock import VirtualClock
from podkit.model import Container, Pod
from podkit.store.json_patch import json_patch, merge_patch
from podkit.store.memory import MemoryStore

DOCUMENT: dict[str, Any] = {"a": {"b": [1, 2, 3]}, "x/y": 1, "m~n": 2}


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch(document: Any, patch: Any, expected: Any) -> None:
    """The examples of RFC 7386."""
    assert merge_patch(document, patch) == expected


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/a/c", "value": 4}, {"a": {"b": [1, 2, 3], "c": 4}}),
        ({"op": "add", "path": "/a/b/1", "value": 9}, {"a": {"b": [1, 9, 2, 3]}}),
        ({"op": "add", "path": "/a/b/3", "value": 9}, {"a": {"b": [1, 2, 3, 9]}}),
        ({"op": "add", "path": "/a/b/-", "value": 9}, {"a": {"b": [1, 2, 3, 9]}}),
        ({"op": "remove", "path": "/a/b/0"}, {"a": {"b": [2, 3]}}),
        ({"op": "replace", "path": "/a/b", "value": 0}, {"a": {"b": 0}}),
        ({"op": "replace", "path": "/x~1y", "value": 5}, {"x/y": 5}),
        ({"op": "replace", "path": "/m~0n", "value": 5}, {"m~n": 5}),
        ({"op": "move", "from": "/a/b/0", "path": "/a/b/2"}, {"a": {"b": [2, 3, 1]}}),
        ({"op": "copy", "from": "/a/b/0", "path": "/c"}, {"c": 1}),
        ({"op": "test", "path": "/a/b/2", "value": 3}, {}),
        ({"op": "move", "from": "/a", "path": "/a"}, {}),
    ],
)
def test_an_operation_of_a_json_patch(operation: dict[str, Any], expected: dict[str, Any]) -> None:
    before = {"a": {"b": [1, 2, 3]}, "x/y": 1, "m~n": 2}

    assert json_patch(DOCUMENT, [operation]) == {**DOCUMENT, **expected}
    assert before == DOCUMENT


def test_operations_are_done_in_their_order() -> None:
    patch = [
        {"op": "add", "path": "/new", "value": {}},
        {"op": "add", "path": "/new/list", "value": [1]},
        {"op": "remove", "path": "/a"},
    ]

    assert json_patch(DOCUMENT, patch) == {"x/y": 1, "m~n": 2, "new": {"list": [1]}}


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"op": "swap", "path": "/a"}, "must be one of add"),
        ({"path": "/a"}, "must be one of add"),
        ({"op": ["add"], "path": "/a"}, "must be one of add"),
        ("add", "must be one of add"),
        ({"op": "remove", "path": ["a"]}, "begin with '/'"),
        ({"op": "add", "path": "/a"}, "no member 'value'"),
        ({"op": "remove", "path": "/none"}, "there is no 'none'"),
        ({"op": "remove", "path": "/a/b/3"}, "'3' is no position"),
        ({"op": "replace", "path": "a", "value": 1}, "begin with '/'"),
        ({"op": "test", "path": "/x~1y", "value": 2}, "the test has failed: there is 1, not 2"),
        ({"op": "move", "from": "/a", "path": "/a/b"}, "into itself"),
        ({"op": "add", "path": "/x~1y/deep", "value": 1}, "cannot be done"),
        ({"op": "remove", "path": ""}, "no document"),
    ],
)
def test_what_cannot_be_done_says_which_and_why(operation: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodeError, match=message) as caught:
        json_patch(DOCUMENT, [{"op": "test", "path": "/m~0n", "value": 2}, operation])

    assert [error.path for error in caught.value.errors] == ["[1]"]


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore(VirtualClock())
    store.create(Pod.new("web", containers=[Container("app", image="nginx")], labels={"a": "1"}))
    return store


def test_a_store_takes_all_three_types(store: MemoryStore) -> None:
    store.patch(Pod, "web", {"metadata": {"labels": {"b": "2"}}}, type="merge")
    patched = store.patch(Pod, "web", [{"op": "remove", "path": "/metadata/labels/a"}], type="json")

    assert patched.metadata.labels == {"b": "2"}


def test_a_merge_patch_replaces_lists(store: MemoryStore) -> None:
    with pytest.raises(PodkitError, match=r"spec\.containers"):
        store.patch(Pod, "web", {"spec": {"containers": [{"name": "other", "image": "nginx"}]}}, type="merge")


@pytest.mark.parametrize(
    ("patch", "how", "message"),
    [
        ({"a": 1}, "json", "a patch of type 'json' is a list of operations, not a dict"),
        ([], "merge", "a patch of type 'merge' is a mapping, not a list"),
        ({}, "apply", "a patch is of type strategic, merge, json, not 'apply'"),
    ],
)
def test_a_patch_of_the_wrong_form_is_refused(store: MemoryStore, patch: Any, how: Any, message: str) -> None:
    with pytest.raises(PodkitError, match=message):
        store.patch(Pod, "web", patch, type=how)
