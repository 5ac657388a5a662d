"""The three-way merge: what was applied before, what is applied now, what is there, and what comes of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from podkit.cluster.merge import three_way_merge
from podkit.model import Deployment, Pod

Case = tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]


def labels(**values: str) -> dict[str, Any]:
    return {"metadata": {"labels": values}}


def containers(*items: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(items)}}


CASES: dict[str, Case] = {
    "what is applied wins": (labels(a="1"), labels(a="2"), labels(a="3"), labels(a="2")),
    "what is applied no longer goes": (labels(a="1", b="1"), labels(a="1"), labels(a="1", b="1"), labels(a="1")),
    "what others have set stays": (labels(a="1"), labels(a="1"), labels(a="1", x="9"), labels(a="1", x="9")),
    "without a before nothing goes": ({}, labels(a="2"), labels(a="1", b="1"), labels(a="2", b="1")),
    "what is gone already is no matter": (labels(a="1", b="1"), labels(a="1"), labels(a="1"), labels(a="1")),
    "items are merged by their key": (
        containers({"name": "a", "image": "1"}),
        containers({"name": "a", "image": "2"}),
        containers({"name": "a", "image": "1", "imagePullPolicy": "Always"}),
        containers({"name": "a", "image": "2", "imagePullPolicy": "Always"}),
    ),
    "items that are applied no longer go, those of others stay behind": (
        containers({"name": "a"}, {"name": "b"}),
        containers({"name": "c"}, {"name": "b"}),
        containers({"name": "a"}, {"name": "b"}, {"name": "injected"}),
        containers({"name": "c"}, {"name": "b"}, {"name": "injected"}),
    ),
    "fields within items go": (
        containers({"name": "a", "workingDir": "/x"}),
        containers({"name": "a"}),
        containers({"name": "a", "workingDir": "/x"}),
        containers({"name": "a"}),
    ),
    "lists without a key are replaced": (
        containers({"name": "a", "command": ["1", "2"]}),
        containers({"name": "a", "command": ["1"]}),
        containers({"name": "a", "command": ["1", "2"]}),
        containers({"name": "a", "command": ["1"]}),
    ),
    "a volume has one source, also if nobody knows what was applied": (
        {},
        {"spec": {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}},
        {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}},
        {"spec": {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}},
    ),
    "the status is not touched": (
        labels(a="1"),
        labels(a="1"),
        {**labels(a="1"), "status": {"phase": "Running"}},
        {**labels(a="1"), "status": {"phase": "Running"}},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_merge(case: Case) -> None:
    before, applied, there, expected = case
    kept = copy.deepcopy((before, applied, there))
    assert three_way_merge(before, applied, there, Pod) == expected
    assert (before, applied, there) == kept


def test_another_strategy_drops_what_belongs_to_the_old_one() -> None:
    there = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    applied = {"spec": {"strategy": {"type": "Recreate"}}}
    assert three_way_merge({}, applied, there, Deployment) == applied


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_merging_again_changes_nothing(case: Case) -> None:
    _, applied, _, expected = case
    assert three_way_merge(applied, applied, expected, Pod) == expected
