"""How the Pods of a StatefulSet are doing, in its own words.

Source of the rules: ``pkg/controller/statefulset/stateful_set_utils.go`` (isRunningAndReady, isRunningAndAvailable, isUnavailable).
"""

from __future__ import annotations

from datetime import datetime

from podkit.controllers.pod_state import is_ready, seconds_to_available
from podkit.controllers.revisions import HASH
from podkit.model.pod import Pod


def revision_of(pod: Pod) -> str:
    """The name of the revision that a Pod was made of."""
    return pod.metadata.labels.get(HASH, "")


def is_being_deleted(pod: Pod) -> bool:
    """Whether somebody has asked for a Pod's end."""
    return pod.metadata.deletion_timestamp is not None


def is_running_and_ready(pod: Pod) -> bool:
    """Whether a Pod runs and is ready."""
    return pod.status.phase == "Running" and is_ready(pod)


def is_running_and_available(pod: Pod, min_ready_seconds: int | None, now: datetime) -> bool:
    """Whether a Pod runs and has been ready for long enough."""
    return pod.status.phase == "Running" and seconds_to_available(pod, min_ready_seconds, now) == 0


def is_unavailable(pod: Pod, min_ready_seconds: int | None, now: datetime) -> bool:
    """Whether a Pod does not serve, or will soon do so no more."""
    return is_being_deleted(pod) or not is_running_and_available(pod, min_ready_seconds, now)
