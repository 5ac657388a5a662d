"""How far something is, as a bar: the replicas of a workload, the completions of a Job."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from podkit.display.markup import Markup, joined, tag


@frozen
class Share:
    """A part of a whole.

    Attributes:
        count: how many.
        word: what they are.
        tone: how that is.
    """

    count: int
    word: str
    tone: str


def shares(obj: Any) -> tuple[list[Share], int]:
    """What an object's Pods are, and how many there are to be; nothing for kinds that keep none."""
    spec: Any = getattr(obj, "spec", None)
    status: Any = getattr(obj, "status", None)
    if obj.kind == "Job":
        done, active, failed = status.succeeded or 0, status.active or 0, status.failed or 0
        wanted = spec.completions if spec.completions is not None else max(done + active, 1)
        found = [Share(done, "succeeded", "ok"), Share(active, "active", "run"), Share(failed, "failed", "bad")]
        return found, wanted
    if obj.kind == "DaemonSet":
        wanted, ready = status.desired_number_scheduled or 0, status.number_ready or 0
        return _replicas(ready, status.number_available or 0, wanted)
    if hasattr(status, "ready_replicas"):
        wanted = spec.replicas if spec.replicas is not None else 1
        ready = status.ready_replicas or 0
        available = status.available_replicas
        return _replicas(ready, ready if available is None else available, wanted)
    return [], 0


def _replicas(ready: int, available: int, wanted: int) -> tuple[list[Share], int]:
    waiting = max(0, wanted - ready)
    found = [
        Share(min(available, ready), "available", "ok"),
        Share(max(0, ready - available), "ready", "run"),
        Share(waiting, "not ready", "wait"),
    ]
    return found, wanted


def bar(obj: Any) -> Markup | None:
    """The bar of an object with its legend; None for kinds that keep no Pods."""
    found, wanted = shares(obj)
    if not found:
        return None
    return joined([strip(found, wanted), legend(found, wanted)])


def strip(found: list[Share], wanted: int) -> Markup:
    """The bar itself."""
    whole = max(wanted, sum(one.count for one in found), 1)
    parts = [
        tag("i", class_=f"pk-{one.tone}", style=f"width:{100 * one.count / whole:.1f}%") for one in found if one.count
    ]
    return tag("div", *parts, class_="pk-bar")


def legend(found: list[Share], wanted: int) -> Markup:
    """What the parts of a bar are."""
    words = [f"{one.count} {one.word}" for one in found if one.count]
    return tag("div", " · ".join([*words, f"{wanted} wanted"]), class_="pk-dim")
