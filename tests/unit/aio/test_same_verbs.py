"""The asynchronous cluster has the verbs of the other one, with the same parameters and words."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any

import pytest

import podkit
from podkit import aio

BESIDE = {"close_streams": "closing does it"}
"""What is not awaited, and why."""
STREAMS = {"watch", "stream_logs", "stream_exec", "attach", "port_forward", "rollout", "on"}
"""What returns something that is opened when it is used."""
PAIRS = [(aio.Cluster, podkit.Cluster), (aio.Rollout, podkit.Rollout), (aio.Session, podkit.Session)]


def public(cls: type[Any]) -> set[str]:
    return {
        name for name in dir(cls) if not name.startswith("_") and inspect.isfunction(inspect.getattr_static(cls, name))
    }


VERBS = sorted(public(podkit.Cluster) - BESIDE.keys())
METHODS = [
    (theirs, name, getattr(theirs, name), getattr(ours, name))
    for theirs, ours in PAIRS
    for name in sorted(public(ours) - BESIDE.keys())
]


def parameters(function: Callable[..., Any]) -> list[tuple[str, object, object, object]]:
    signature = inspect.signature(function)
    return [(one.name, one.kind, one.default, one.annotation) for one in signature.parameters.values()]


@pytest.mark.parametrize(
    ("cls", "name", "awaited", "blocking"), METHODS, ids=[f"{c.__name__}.{n}" for c, n, *_ in METHODS]
)
def test_each_method_takes_the_same(
    cls: type[Any], name: str, awaited: Callable[..., Any], blocking: Callable[..., Any]
) -> None:
    assert parameters(awaited) == parameters(blocking)
    assert inspect.iscoroutinefunction(awaited) == (name not in STREAMS)


@pytest.mark.parametrize("name", [name for name in VERBS if name not in STREAMS - {"watch", "on"}])
def test_what_is_overloaded_is_so_in_the_same_ways(name: str) -> None:
    ours = typing.get_overloads(_implementation(podkit.Cluster, name))
    theirs = typing.get_overloads(getattr(aio.Cluster, name))
    if theirs or name in ("get", "list", "wait", "exec", "watch", "on"):
        assert [parameters(one) for one in theirs] == [parameters(one) for one in ours]


def _implementation(cls: type[Any], name: str) -> Callable[..., Any]:
    function = getattr(cls, name)
    return inspect.unwrap(function)


@pytest.mark.parametrize("name", ["create", "update", "update_status", "run"])
def test_what_is_written_out_takes_the_same(name: str) -> None:
    function = getattr(aio.Cluster, name)
    written = inspect.Signature.from_callable(_without_signature(function))
    assert [(one.name, one.default) for one in written.parameters.values()] == [
        (one.name, one.default) for one in inspect.signature(getattr(podkit.Cluster, name)).parameters.values()
    ]


def _without_signature(function: Any) -> Callable[..., Any]:
    copy = type(function)(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return typing.cast(Callable[..., Any], copy)


def test_a_cluster_is_made_of_the_same_things() -> None:
    ours = dict(inspect.signature(podkit.Cluster).parameters)
    theirs = dict(inspect.signature(aio.Cluster).parameters)
    assert theirs.pop("max_threads").default == 32
    assert list(theirs.values()) == list(ours.values())


def test_each_method_is_documented() -> None:
    for _, name, awaited, blocking in METHODS:
        assert awaited.__doc__, name
        if name not in ("watch", "on", "close"):
            assert awaited.__doc__ == blocking.__doc__


def test_the_promised_names_are_sorted_and_there() -> None:
    assert aio.__all__ == sorted(set(aio.__all__))
    assert all(getattr(aio, name).__doc__ for name in aio.__all__)
    assert podkit.aio is aio
