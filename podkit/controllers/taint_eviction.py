"""The taint eviction controller: sends Pods away that do not tolerate a NoExecute taint of their node, or not for so long.

A Pod that does not tolerate all of them goes at once. One that does goes when the shortest of its ``tolerationSeconds`` for them
has passed since the taints were first seen; without any it stays. If the taints go, or the Pod tolerates them after all, the
intention goes too. The Pod says why in its condition DisruptionTarget, and is deleted gracefully: on a node that is lost it goes on
``Terminating`` until the node is back, as nobody else knows that its containers have ended.

Source of the rules: ``pkg/controller/tainteviction/taint_eviction.go``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from podkit.controllers.controller import Controller, ObjectKey
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.node import Node, Taint
from podkit.model.pod import Pod
from podkit.model.scheduling import Toleration
from podkit.model.toleration import is_for
from podkit.store.base import Store
from podkit.store.disruption import disrupt

REASON = "DeletionByTaintManager"
MESSAGE = "Taint manager: deleting due to NoExecute taint"
EVENT = "TaintManagerEviction"


def patience(tolerations: Sequence[Toleration], taints: Sequence[Taint]) -> float:
    """For how many seconds a Pod stays on a node with these NoExecute taints; 0: it goes at once; infinite: it stays."""
    matching = [[one for one in tolerations if is_for(one, taint)] for taint in taints]
    if not all(matching):
        return 0.0
    limits = [one.toleration_seconds for found in matching for one in found if one.toleration_seconds is not None]
    return max(0.0, float(min(limits))) if limits else math.inf


class TaintEvictionController(Controller[ObjectKey]):
    """Sends Pods away from nodes whose taints they do not tolerate.

    Args:
        store: the store with Pods and Nodes.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            controller = TaintEvictionController(cluster.store)
            controller.step()                                 # or start() and stop()
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("taint-eviction-controller", store, clock=clock)
        self._since: dict[str, float] = {}
        self._nodes = self.loop.follow(lambda wake: store.watch(Node, wake=wake), self._node_changed)
        self._pods = self.loop.follow(
            lambda wake: store.watch(Pod, wake=wake), self._pod_changed, indexes={"node": _node}
        )

    def _reconcile(self, key: ObjectKey) -> float | None:
        """Send one Pod away, if its time has come."""
        pod = self._pods.get(*key)
        if pod is None or pod.metadata.deletion_timestamp is not None:
            return None
        uid = pod.metadata.uid or ""
        limit = patience(pod.spec.tolerations, self._taints(pod.spec.node_name or ""))
        if math.isinf(limit):
            if self._since.pop(uid, None) is not None:
                self._report(pod, EVENT, f"Cancelling deletion of Pod {_name(pod)}")
            return None
        now = self._clock.monotonic()
        left = self._since.setdefault(uid, now) + limit - now
        if left > 0:
            return left
        self._report(pod, EVENT, f"Marking for deletion Pod {_name(pod)}")
        disrupt(self._store, pod, REASON, MESSAGE, self._clock.now())
        return None

    def _taints(self, node_name: str) -> list[Taint]:
        node = self._nodes.get(None, node_name)
        return [] if node is None else _no_execute(node)

    # What has changed

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        node = new or old
        if node is None or (_no_execute(old) if old is not None else []) == (
            _no_execute(new) if new is not None else []
        ):
            return
        for pod in self._pods.by_index("node", node.metadata.name or ""):
            self.loop.enqueue(object_key(pod))

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        if new is None or (old is not None and old.metadata.uid != new.metadata.uid):
            self._since.pop((old or new).metadata.uid or "", None)  # type: ignore[union-attr]
        if new is None or not self._taints(new.spec.node_name or ""):
            return
        if old is None or (old.spec.node_name, old.spec.tolerations) != (new.spec.node_name, new.spec.tolerations):
            self.loop.enqueue(object_key(new))


def _node(pod: Pod) -> list[str]:
    return [pod.spec.node_name] if pod.spec.node_name else []


def _name(pod: Pod) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"


def _no_execute(node: Node) -> list[Taint]:
    return [taint for taint in node.spec.taints if taint.effect == "NoExecute"]
