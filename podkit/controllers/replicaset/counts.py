"""How many Pods of a set there are, and how they are doing.

Source of the rules: ``pkg/controller/replicaset/replica_set_utils.go`` (calculateStatus), ``pkg/controller/controller_utils.go``
(FindMinNextPodAvailabilityCheck).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from podkit.controllers.pod_state import seconds_to_available
from podkit.model.pod import Pod


@frozen
class Counts:
    """Numbers of Pods.

    Attributes:
        replicas: those that run or will run.
        fully_labeled: those of them that have all labels of the template.
        ready: those of them that are ready.
        available: those of them that have been ready for long enough.
        terminating: those that are being stopped.
        next_available: after how many seconds the next of those that are ready counts as available; None: none is awaited.
    """

    replicas: int
    fully_labeled: int
    ready: int
    available: int
    terminating: int
    next_available: float | None


def count(
    active: Sequence[Pod], terminating: int, labels: Mapping[str, str], min_ready_seconds: int | None, now: datetime
) -> Counts:
    """Count Pods.

    Args:
        active: those that run or will run.
        terminating: how many are being stopped.
        labels: the labels of the template.
        min_ready_seconds: seconds that one must be ready to count as available.
        now: the time of day.
    """
    waits = [seconds_to_available(pod, min_ready_seconds, now) for pod in active]
    ready = [wait for wait in waits if wait is not None]
    pending = [wait for wait in ready if wait > 0]
    wanted = labels.items()
    return Counts(
        replicas=len(active),
        fully_labeled=sum(wanted <= pod.metadata.labels.items() for pod in active),
        ready=len(ready),
        available=len(ready) - len(pending),
        terminating=terminating,
        next_available=min(pending, default=None),
    )
