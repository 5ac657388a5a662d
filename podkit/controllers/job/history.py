"""How long a Job waits before it replaces Pods that failed: 10 s, 20 s, 40 s, at most ten minutes.

The delay grows with the number of failures since the last success, and runs from the end of the last Pod that failed. The history
of a Job is told by the Pods that it still has; what is noted beyond them (a Pod that somebody deleted) only a running controller
knows. When that is lost, a replacement may come earlier; nothing is counted wrong.

Source of the rules: ``pkg/controller/job/backoff_utils.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from attrs import field, frozen

from podkit.controllers.job.job_pods import index_failures, index_ignored_failures
from podkit.controllers.pod_state import condition
from podkit.model.container_status import ContainerStatus
from podkit.model.pod import Pod

FIRST_DELAY = 10.0
GREATEST_DELAY = 600.0

MOST_REMEMBERED = 7
"""How many failures are remembered; with so many the delay is the greatest one."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@frozen
class History:
    """How a Job's Pods have ended lately.

    Attributes:
        last_success: when a Pod succeeded last; None: never.
        failures: when Pods failed after that, by their uids; the latest ones.
    """

    last_success: datetime | None = None
    failures: Mapping[str, datetime] = field(factory=dict)

    def and_then(self, succeeded: Iterable[Pod], failed: Iterable[Pod]) -> History:
        """The history with these Pods in it; it does not matter whether some of them are in it already."""
        last_success = max([self.last_success or _LONG_AGO, *map(finish_time, succeeded)])
        failures = {**self.failures, **{pod.metadata.uid or "": finish_time(pod) for pod in failed}}
        since = [(uid, time) for uid, time in failures.items() if time > last_success]
        latest = sorted(since, key=lambda failure: failure[1])[-MOST_REMEMBERED:]
        return History(None if last_success == _LONG_AGO else last_success, dict(latest))

    def delay(self, now: datetime) -> float:
        """Seconds to wait before a Pod is made; 0: none."""
        return _remaining(len(self.failures), max(self.failures.values(), default=_LONG_AGO), now)


def index_delay(last_failed: Pod | None, now: datetime) -> float:
    """Seconds to wait before a Pod is made for an index, where each index has its own delay."""
    if last_failed is None:
        return 0.0
    failures = index_failures(last_failed) + index_ignored_failures(last_failed) + 1
    return _remaining(failures, finish_time(last_failed), now)


def _remaining(failures: int, last: datetime, now: datetime) -> float:
    if failures == 0:
        return 0.0
    # Beyond the tenth failure the delay is the greatest one anyway; 2.0**1024 would be an error.
    delay = min(FIRST_DELAY * 2.0 ** min(failures - 1, 10), GREATEST_DELAY)
    return max(0.0, delay - (now - last).total_seconds())


def finish_time(pod: Pod) -> datetime:
    """When a Pod ended, as well as that can be told.

    That is when its last container ended, or when it ceased to be ready, or when somebody deleted it, or when it was made.
    """
    ended = _containers_ended(pod)
    if ended is not None:
        return ended
    ready = condition(pod, "Ready")
    if ready is not None and ready.status == "False" and ready.last_transition_time is not None:
        return ready.last_transition_time
    meta = pod.metadata
    if meta.deletion_timestamp is not None:
        return meta.deletion_timestamp - timedelta(seconds=meta.deletion_grace_period_seconds or 0)
    return meta.creation_timestamp or _LONG_AGO


def _containers_ended(pod: Pod) -> datetime | None:
    """When the last container ended, sidecars included; None when not all have."""
    sidecars = {container.name for container in pod.spec.init_containers if container.restart_policy == "Always"}
    statuses = [
        *pod.status.container_statuses,
        *(status for status in pod.status.init_container_statuses if status.name in sidecars),
    ]
    ends = [_ended(status) for status in statuses]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _ended(status: ContainerStatus) -> datetime | None:
    terminated = status.state.terminated if status.state is not None else None
    return terminated.finished_at if terminated is not None else None
