"""The node lifecycle controller: sees when a Node is lost, and what is to become of its Pods.

Each Node gives a sign of life every few seconds (see `podkit.kubelet.node_reporter`). When there was none for `GRACE`, its
conditions become ``Unknown``, its Pods are not ready any more, and it gets the taints ``node.kubernetes.io/unreachable``: no new
Pods come, and those that are there are sent away when they have tolerated it for long enough, five minutes by default (see
`podkit.controllers.taint_eviction`). A Node that says itself that it is not ready, is under pressure, or is cordoned gets the
taints that say so. All of that is taken back when it has changed for the better.

Silence is measured on this controller's own clock, from when it has heard something: clocks of machines may differ. If it comes
late to the end of the grace, it was itself asleep (the process was stopped, say) and has heard nothing for that reason; the
Node gets another one.

Source of the rules: ``pkg/controller/nodelifecycle/node_lifecycle_controller.go``. All Nodes are one zone here.
"""

from __future__ import annotations

import math
from datetime import datetime
from functools import partial

from attrs import evolve

from podkit.admission.mirror_pods import is_mirror
from podkit.codec import to_dict
from podkit.controllers.controller import Controller
from podkit.controllers.failures import Failures
from podkit.controllers.node_lifecycle.health import (
    GRACE,
    Disruption,
    grace,
    last_heard,
    readiness,
    silenced,
)
from podkit.controllers.node_lifecycle.taints import is_expelling, wanted_taints
from podkit.controllers.pod_state import is_ready
from podkit.errors import NotFound
from podkit.loop.clock import Clock
from podkit.model.node import Node
from podkit.model.node_taints import NODE_NOT_READY
from podkit.model.pod import Pod, PodCondition
from podkit.store.base import Store

LATE = 5.0
"""Seconds after the end of the grace from which on this controller takes itself for late (``nodeMonitorPeriod``)."""


class NodeLifecycleController(Controller[str]):
    """Sees when a Node is lost, and keeps its taints in step with its state.

    Args:
        store: the store with Nodes and Pods.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            controller = NodeLifecycleController(cluster.store)
            controller.step()                                 # or start() and stop()
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("node-controller", store, clock=clock)
        self._heard: dict[str, float] = {}
        self._disruption = Disruption.of(0, 0)
        self._next_expulsion = -math.inf
        self._nodes = self.loop.follow(lambda wake: store.watch(Node, wake=wake), self._node_changed)
        self._pods = self.loop.follow(
            lambda wake: store.watch(Pod, wake=wake), self._pod_changed, indexes={"node": _ready_on}
        )

    def _reconcile(self, key: str) -> float | None:
        """Bring a Node's conditions and taints, and the readiness of its Pods, in step with what is heard of it."""
        node = self._nodes.get(None, key)
        if node is None:
            return None
        left = self._patience_left(node)
        if left <= 0 and readiness(node) != "Unknown":
            node = self._silence(node)
        again = self._taint(node)
        if readiness(node) in ("False", "Unknown"):
            self._mark_pods(key)
        dues = [*([left] if left > 0 else []), *([again] if again is not None else [])]
        return min(dues, default=None)

    def _patience_left(self, node: Node) -> float:
        """For how many seconds a Node may still be silent."""
        now, name = self._clock.monotonic(), node.metadata.name or ""
        left = self._heard.setdefault(name, now) + grace(node) - now
        if left < -LATE and readiness(node) != "Unknown":
            self._heard[name] = now
            return grace(node)
        return left

    def _silence(self, node: Node) -> Node:
        """Say that nothing is known of a Node any more."""
        changed = self._store.update_status(evolve(node, status=silenced(node.status, self._now())))
        self._report(changed, NODE_NOT_READY, f"Node {node.metadata.name} status is now: {NODE_NOT_READY}")
        self._judge(changed)
        return changed

    def _taint(self, node: Node) -> float | None:
        """Give a Node the taints that it shall have; after how many seconds its Pods may be sent away, if they are to wait."""
        unwell = readiness(node) in ("False", "Unknown")
        expel = unwell and not self._disruption.total and (is_expelling(node) or self._may_expel())
        taints = wanted_taints(node, expel=expel, now=self._now())
        if taints != node.spec.taints:
            self._store.update(evolve(node, spec=evolve(node.spec, taints=taints)))
            if expel and not is_expelling(node):
                self._next_expulsion = self._clock.monotonic() + 1 / self._disruption.rate
        if not unwell or expel or not self._disruption.rate:
            return None
        return self._next_expulsion - self._clock.monotonic()

    def _may_expel(self) -> bool:
        return self._disruption.rate > 0 and self._clock.monotonic() >= self._next_expulsion

    def _mark_pods(self, name: str) -> None:
        """Say of the Pods of a Node that is not ready that they are not either."""
        failures = Failures()
        for pod in self._pods.by_index("node", name):
            failures.attempt(partial(self._mark, pod))
        failures.raise_first()

    def _mark(self, pod: Pod) -> None:
        condition = PodCondition(
            type="Ready",
            status="False",
            reason=NODE_NOT_READY,
            message="Node is not ready",
            last_transition_time=self._now(),
        )
        self._report(pod, NODE_NOT_READY, "Node is not ready", type="Warning")
        patch = {"status": {"conditions": [to_dict(condition)]}}
        name, namespace = pod.metadata.name or "", pod.metadata.namespace or ""
        try:
            self._store.patch(Pod, name, patch, namespace=namespace, subresource="status")
        except NotFound:
            return

    def _now(self) -> datetime:
        return self._clock.now().replace(microsecond=0)

    # What has changed

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        node = new or old
        if node is None:
            return
        name = node.metadata.name or ""
        if new is None:
            self._heard.pop(name, None)
        elif old is None or last_heard(old) != last_heard(new):
            self._heard[name] = self._clock.monotonic()
        if old is None or new is None or readiness(old) != readiness(new):
            self._judge(new)
        if new is not None and (old is None or _matters(old) != _matters(new)):
            self.loop.enqueue(name)

    def _judge(self, changed: Node | None) -> None:
        """See how bad things are with all Nodes together; what is to be done about each that is not well may depend on it."""
        nodes = {node.metadata.name: node for node in self._nodes.objects()}
        if changed is not None:
            nodes[changed.metadata.name] = changed
        unwell = [node for node in nodes.values() if readiness(node) in ("False", "Unknown")]
        before, self._disruption = self._disruption, Disruption.of(len(nodes) - len(unwell), len(unwell))
        if before == self._disruption:
            return
        if before.total:  # as all were silent, the others may be about to say something
            self._next_expulsion = self._clock.monotonic() + GRACE
        for node in unwell:
            self.loop.enqueue(node.metadata.name or "")

    def _pod_changed(self, _old: Pod | None, new: Pod | None) -> None:
        if new is None or not _ready_on(new):
            return
        node = self._nodes.get(None, new.spec.node_name or "")
        if node is not None and readiness(node) in ("False", "Unknown"):
            self.loop.enqueue(node.metadata.name or "")


def _ready_on(pod: Pod) -> list[str]:
    """The Node of a Pod that calls itself ready. A mirror Pod does not count: its kubelet keeps it as the static Pod is."""
    node = pod.spec.node_name
    return [node] if node and is_ready(pod) and not is_mirror(pod) else []


def _matters(node: Node) -> tuple[object, ...]:
    """All of a Node that its taints depend on."""
    conditions = [(found.type, found.status) for found in node.status.conditions]
    return conditions, node.spec.unschedulable, node.spec.taints
