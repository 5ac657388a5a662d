"""Whether a container that does not start ever will.

A kubelet never gives up: it tries for ever, and so Kubernetes never says that a Pod cannot start. Whoever waits for it wants
to know after the first attempt, though, and four causes do not go away by themselves:

- the image's reference is no reference (``InvalidImageName``);
- the image is not on the machine, and the Pod forbids to fetch it (``ErrImageNeverPull``);
- the image's registry says that it has no such image (``ErrImagePull``, ``ImagePullBackOff``);
- the command does not exist, and a second attempt has found the same (``StartError``).

Somebody may have removed the cause before the wait began, though: built the image, pushed it. So only a *fresh* attempt counts:
one that failed after the wait began, as the Pod's events tell, or, when the wait began right after the Pod was created, its
first one. Everything here is a function of plain objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from attrs import frozen

from podkit.model.container import Container
from podkit.model.container_status import ContainerStatus
from podkit.model.event import Event
from podkit.model.pod import Pod, PodSpec, PodTemplateSpec
from podkit.store.base import event_time

Needs: TypeAlias = Literal["all", "init", "none"]
"""Which containers of a Pod must be able to start for what is waited for: all, the init containers, or none."""

JUST_CREATED = timedelta(seconds=2)
"""A wait that begins so soon after the creation of a Pod (whose time has whole seconds) begins right after it."""

_ATTEMPT_EVENTS = frozenset({"Failed", "ErrImageNeverPull", "InspectFailed"})
_PULL_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff"})
_UNKNOWN_IMAGE = re.compile(r": not found(:|$)|manifest unknown|repository does not exist")


@frozen
class Cause:
    """Why a container does not start.

    Attributes:
        container: its name.
        reason: the reason that its status gives.
        message: what is wrong, in a sentence.
        stale: whether the last attempt was made before the wait began, so that the next one may still succeed.
    """

    container: str
    reason: str
    message: str
    stale: bool

    def __str__(self) -> str:
        return f"container {self.container}: {self.reason}: {self.message}"


def cause_of(pod: Pod, events: Iterable[Event], began: datetime, *, needs: Needs = "all") -> Cause | None:
    """Why a Pod does not get any further; None when it may.

    Args:
        pod: the Pod.
        events: what has been reported about it.
        began: when the wait began.
        needs: which containers must be able to start for what is waited for.
    """
    if needs == "none" or pod.metadata.deletion_timestamp is not None:
        return None
    known = list(events)
    for status in _statuses(pod, needs):
        if (found := does_not_start(status)) is not None:
            reason, message = found
            fresh = reason == "InvalidImageName" or _is_fresh(pod, status.name, known, began)
            return Cause(status.name, reason, message, stale=not fresh)
    return None


def is_suspect(pod: Pod, needs: Needs) -> bool:
    """Whether one of a Pod's containers does not start, for a cause that may last; `cause_of` looks more closely."""
    return any(does_not_start(status) is not None for status in _statuses(pod, needs))


def is_outdated(pod: Pod, container: str, template: PodTemplateSpec | None) -> bool:
    """Whether the owner of a Pod meanwhile wants this container otherwise, so that its failure says nothing about the new ones."""
    if template is None:
        return False
    mine, wanted = _find(pod.spec, container), _find(template.spec, container)
    if mine is None or wanted is None:
        return True
    return (mine.image, mine.command, mine.args) != (wanted.image, wanted.command, wanted.args)


def _find(spec: PodSpec, name: str) -> Container | None:
    return next((one for one in [*spec.init_containers, *spec.containers] if one.name == name), None)


def _statuses(pod: Pod, needs: Needs) -> Iterator[ContainerStatus]:
    yield from pod.status.init_container_statuses
    if needs == "all":
        yield from pod.status.container_statuses


def does_not_start(status: ContainerStatus) -> tuple[str, str] | None:
    """The reason and message of a container that no further attempt will help."""
    waiting = status.state.waiting if status.state is not None else None
    if waiting is None or waiting.reason is None:
        return None
    message = waiting.message or ""
    if waiting.reason in ("InvalidImageName", "ErrImageNeverPull"):
        return waiting.reason, message
    if waiting.reason in _PULL_REASONS and _UNKNOWN_IMAGE.search(message):
        return waiting.reason, message
    last = status.last_state.terminated if status.last_state is not None else None
    if last is not None and last.reason == "StartError" and status.restart_count >= 1:
        return last.reason, last.message or message
    return None


def _is_fresh(pod: Pod, container: str, events: list[Event], began: datetime) -> bool:
    created = pod.metadata.creation_timestamp
    if created is not None and began - created < JUST_CREATED:
        return True
    return any(
        event.reason in _ATTEMPT_EVENTS
        and f"{{{container}}}" in (event.involved_object.field_path or "")
        and event_time(event) >= began
        for event in events
    )
