"""How far something is, as a bar: the replicas of a workload, the completions of a Job."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from podkit.cluster.replicas import replicas_of
from podkit.display.markup import Markup, joined, tag
from podkit.model.job import Job


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
    if isinstance(obj, Job):
        return _completions(obj)
    replicas = replicas_of(obj)
    if replicas is None:
        return [], 0
    found = [
        Share(min(replicas.available, replicas.ready), "available", "ok"),
        Share(max(0, replicas.ready - replicas.available), "ready", "run"),
        Share(max(0, replicas.wanted - replicas.ready), "not ready", "wait"),
    ]
    return found, replicas.wanted


def _completions(job: Job) -> tuple[list[Share], int]:
    status = job.status
    done, active, failed = status.succeeded or 0, status.active or 0, status.failed or 0
    wanted = job.spec.completions if job.spec.completions is not None else max(done + active, 1)
    return [Share(done, "succeeded", "ok"), Share(active, "active", "run"), Share(failed, "failed", "bad")], wanted


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
