"""A Pod in a line: how many of its containers are ready, what it is doing, how often it has restarted.

Source of the rules: Kubernetes, ``pkg/printers/internalversion/printers.go``, ``printPod``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from attrs import frozen

from podkit.cluster.explain import age
from podkit.cluster.rows import NONE
from podkit.model.conditions import is_true
from podkit.model.container_status import ContainerState, ContainerStatus
from podkit.model.pod import Pod
from podkit.model.pod_containers import is_sidecar
from podkit.model.pod_state import is_ready, is_terminal


@frozen
class PodSummary:
    """A Pod in a few words.

    Attributes:
        ready: how many containers are ready.
        total: how many containers run beside each other, sidecars among them.
        status: what it is doing, in a word: ``Running``, ``CrashLoopBackOff``, ``Init:0/2``, ``Terminating``.
        restarts: how often its containers have been restarted.
        last_restart: when the last run ended that was followed by another one.
    """

    ready: int
    total: int
    status: str
    restarts: int
    last_restart: datetime | None


def summarize(pod: Pod) -> PodSummary:
    """A Pod in a few words."""
    status = pod.status
    sidecars = {one.name for one in pod.spec.init_containers if is_sidecar(one)}
    waits = _initializing(pod, sidecars)
    initialized = is_true(status.conditions, "Initialized")
    counted = list(status.init_container_statuses)
    if waits is None or initialized:
        waits = None
        counted = [one for one in counted if one.name in sidecars] + status.container_statuses
    ready = sum(one.ready for one in status.container_statuses) + sum(
        one.ready for one in status.init_container_statuses if one.name in sidecars and one.started
    )
    ends = [one.last_state.terminated for one in counted if one.last_state and one.last_state.terminated]
    return PodSummary(
        ready,
        len(pod.spec.containers) + len(sidecars),
        _leaving(pod) or waits or _reason(pod),
        sum(one.restart_count for one in counted),
        max((end.finished_at for end in ends if end.finished_at is not None), default=None),
    )


def pod_line(pod: Pod, now: datetime) -> Sequence[str]:
    """The cells of a Pod in a table."""
    found = summarize(pod)
    restarts = str(found.restarts)
    if found.restarts and found.last_restart is not None:
        restarts += f" ({age(now - found.last_restart)} ago)"
    created = pod.metadata.creation_timestamp
    return (
        pod.metadata.name or "",
        f"{found.ready}/{found.total}",
        found.status,
        restarts,
        "" if created is None else age(now - created),
        pod.status.pod_ip or NONE,
        pod.spec.node_name or NONE,
    )


def _leaving(pod: Pod) -> str | None:
    if pod.metadata.deletion_timestamp is None or is_terminal(pod):
        return None
    return "Unknown" if pod.status.reason == "NodeLost" else "Terminating"


def _initializing(pod: Pod, sidecars: set[str]) -> str | None:
    """Which init container is waited for; None: none."""
    for number, one in enumerate(pod.status.init_container_statuses):
        ended = one.state.terminated if one.state is not None else None
        if (ended is not None and ended.exit_code == 0) or (one.name in sidecars and one.started):
            continue
        word = _word(one.state)
        if word is not None and word != "PodInitializing":
            return f"Init:{word}"
        return f"Init:{number}/{len(pod.spec.init_containers)}"
    return None


def _reason(pod: Pod) -> str:
    words = [word for word in _words(pod.status.container_statuses) if word]
    gated = any(one.type == "PodScheduled" and one.reason == "SchedulingGated" for one in pod.status.conditions)
    found = words[0] if words else "SchedulingGated" if gated else pod.status.reason or pod.status.phase or "Pending"
    runs = any(one.ready and one.state is not None and one.state.running for one in pod.status.container_statuses)
    if found != "Completed" or not runs:
        return found
    ready = is_ready(pod)
    return "Running" if ready else "NotReady"


def _words(statuses: Sequence[ContainerStatus]) -> Iterator[str | None]:
    for one in statuses:
        yield _word(one.state)


def _word(state: ContainerState | None) -> str | None:
    """Why a container does not run, in a word; None: it does, or nobody says."""
    if state is None:
        return None
    if state.waiting is not None:
        return state.waiting.reason
    if (ended := state.terminated) is None:
        return None
    return ended.reason or (f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}")
