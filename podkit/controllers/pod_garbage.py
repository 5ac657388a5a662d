"""Removes Pods that nobody will: those of nodes that are gone, and finished ones when there are very many.

A Pod whose node does not exist has no kubelet that could stop it. When the node has been away for `QUARANTINE`, the Pod is marked
as failed and deleted at once. Of the Pods that have ended, `MOST_TERMINATED` are kept; beyond that the evicted ones go first, then
the oldest.

Source of the rules: ``pkg/controller/podgc/gc_controller.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from podkit.controllers.controller import Controller
from podkit.controllers.failures import Failures
from podkit.controllers.pod_state import is_terminal
from podkit.errors import NotFound
from podkit.loop.clock import Clock
from podkit.model.copying import clone
from podkit.model.node import Node
from podkit.model.pod import Pod, PodCondition
from podkit.store.base import Store

MOST_TERMINATED = 12_500
"""How many Pods that have ended are kept (``--terminated-pod-gc-threshold``)."""

QUARANTINE = 40.0
"""Seconds that a node may be away before its Pods are given up."""

CHECK_PERIOD = 20.0
"""Seconds between a Pod's end and the question whether there are too many, so that it is not asked for each (``gcCheckPeriod``)."""

_EVERYTHING = "all"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def surplus(terminated: Sequence[Pod], most: int) -> list[Pod]:
    """Which of the Pods that have ended to remove so that no more than so many remain."""
    if len(terminated) <= most:
        return []
    return sorted(terminated, key=_order)[: len(terminated) - most]


def _order(pod: Pod) -> tuple[bool, datetime, str]:
    evicted = pod.status.phase == "Failed" and pod.status.reason == "Evicted"
    return not evicted, pod.metadata.creation_timestamp or _LONG_AGO, pod.metadata.name or ""


class PodGarbageCollector(Controller[str]):
    """Removes Pods that nobody else will.

    Args:
        store: the store with Pods and Nodes.
        clock: what time it is; None: the machine's clock.
        most_terminated: how many Pods that have ended are kept.

    Example:
        ::

            controller = PodGarbageCollector(cluster.store)
            controller.step()                                 # or start() and stop()
    """

    def __init__(self, store: Store, *, clock: Clock | None = None, most_terminated: int = MOST_TERMINATED) -> None:
        super().__init__("pod-garbage-collector", store, clock=clock)
        self._most = most_terminated
        self._nodes = self.loop.follow(lambda wake: store.watch(Node, wake=wake), self._node_changed)
        self._pods = self.loop.follow(
            lambda wake: store.watch(Pod, wake=wake),
            self._pod_changed,
            indexes={"node": _node, "terminated": _terminated},
        )
        self._away_since: dict[str, float] = {}

    def _reconcile(self, key: str) -> float | None:
        """Remove what can be removed now. The key stands for all, as what is surplus depends on all Pods."""
        failures = Failures()
        for pod in surplus(self._pods.by_index("terminated", key), self._most):
            failures.attempt(partial(self._remove, pod))
        now = self._clock.monotonic()
        for node in [name for name, since in self._away_since.items() if now - since >= QUARANTINE]:
            self._give_up(node, failures)
        failures.raise_first()
        return min((since + QUARANTINE - now for since in self._away_since.values()), default=None)

    def _give_up(self, node: str, failures: Failures) -> None:
        """Remove the Pods of a node that has been away for long, unless it is there after all."""
        try:
            self._store.get(Node, node)
        except NotFound:
            done = [failures.attempt(partial(self._fail, pod)) for pod in self._pods.by_index("node", node)]
            if not all(done):
                return
        del self._away_since[node]

    def _fail(self, pod: Pod) -> None:
        """Say that a Pod has failed with its node, and remove it."""
        if not is_terminal(pod):
            failed = clone(pod)
            failed.status.phase = "Failed"
            others = [condition for condition in pod.status.conditions if condition.type != "DisruptionTarget"]
            failed.status.conditions = [*others, _node_gone(self._clock.now())]
            try:
                self._store.update_status(failed)
            except NotFound:
                return
        self._remove(pod)

    def _remove(self, pod: Pod) -> None:
        meta = pod.metadata
        try:
            self._store.delete(Pod, meta.name or "", namespace=meta.namespace or "", grace_period=0, uid=meta.uid)
        except NotFound:
            return

    # What has changed

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        node = new or old
        name = node.metadata.name or "" if node is not None else ""
        if new is not None:
            self._away_since.pop(name, None)
        elif self._pods.by_index("node", name):
            self._note_away(name)

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        if new is None:
            return
        node = new.spec.node_name
        if node and node not in self._away_since and self._nodes.get(None, node) is None:
            self._note_away(node)
        if is_terminal(new) and (old is None or not is_terminal(old)):
            self.loop.enqueue(_EVERYTHING, after=CHECK_PERIOD)

    def _note_away(self, node: str) -> None:
        self._away_since[node] = self._clock.monotonic()
        self.loop.enqueue(_EVERYTHING, after=QUARANTINE)


def _node(pod: Pod) -> list[str]:
    return [pod.spec.node_name] if pod.spec.node_name else []


def _terminated(pod: Pod) -> list[str]:
    return [_EVERYTHING] if is_terminal(pod) and pod.metadata.deletion_timestamp is None else []


def _node_gone(now: datetime) -> PodCondition:
    return PodCondition(
        type="DisruptionTarget",
        status="True",
        reason="DeletionByPodGC",
        message="PodGC: node no longer exists",
        last_transition_time=now.replace(microsecond=0),
    )
