"""What the scheduler knows of the cluster: the nodes, and on each the Pods that are bound to it.

It is kept up to date by what informers tell, and by the scheduler's own bindings, which it *assumes* as soon as they are made:
the next Pod must not be given the same port because the news of the last one is still under way.

Source of the idea: ``pkg/scheduler/backend/cache/cache.go``.
"""

from __future__ import annotations

from podkit.model.claim import PersistentVolumeClaim
from podkit.model.namespace import Namespace
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.model.pod_state import is_active, is_terminal
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot


def takes_room(pod: Pod) -> bool:
    """Whether a Pod takes room on a node: it is bound to one, and has not ended."""
    return bool(pod.spec.node_name) and not is_terminal(pod)


def is_waiting(pod: Pod) -> bool:
    """Whether a Pod may still be bound: it is not, has not ended, and is not being deleted."""
    return not pod.spec.node_name and is_active(pod)


class SchedulerCache:
    """The nodes and what is on them."""

    def __init__(self) -> None:
        self._nodes: dict[str, NodeInfo] = {}
        self._homeless: dict[str, dict[str, PodInfo]] = {}
        self._nominated: dict[str, dict[str, PodInfo]] = {}
        self._namespaces: dict[str, dict[str, str]] = {}
        self._claims: dict[tuple[str | None, str], PersistentVolumeClaim] = {}
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """The cluster as it is known now; it is good until the cache is changed."""
        if self._snapshot is None:
            nodes = [self._nodes[name] for name in sorted(self._nodes)]
            self._snapshot = Snapshot(nodes, self._namespaces, self._claims, self._nominated)
        return self._snapshot

    def assume(self, info: PodInfo) -> None:
        """Note that a Pod is bound."""
        self._forget_nomination(info.pod)
        self._put(info, info.pod.spec.node_name or "")

    def nominate(self, old: Pod | None, new: Pod | None) -> bool:
        """Note for which node a Pod is meant that is not bound; whether room has become free that was kept for it."""
        before = old.status.nominated_node_name if old is not None else None
        after = new.status.nominated_node_name if new is not None and is_waiting(new) else None
        if old is not None and self._nominated and (before != after or old.spec != (new or old).spec):
            self._forget_nomination(old)
        if new is not None and after and (new.metadata.uid or "") not in self._nominated.get(after, {}):
            self._nominated.setdefault(after, {})[new.metadata.uid or ""] = PodInfo.of(new)
        return bool(before) and before not in (after, new.spec.node_name if new is not None else None)

    def nominated_for(self, node_name: str) -> list[Pod]:
        """The Pods for which room is being made on a node."""
        return [info.pod for info in self._nominated.get(node_name, {}).values()]

    def change_pod(self, old: Pod | None, new: Pod | None) -> bool:
        """Take in the change of a Pod; whether room has become free."""
        before = old if old is not None and takes_room(old) else None
        after = new if new is not None and takes_room(new) else None
        if after is None:
            return before is not None and self._drop(before.metadata.uid or "", before.spec.node_name or "")
        if not self._refresh(after):
            self.assume(PodInfo.of(after))
            return before is not None
        return False

    def change_node(self, old: Node | None, new: Node | None) -> bool:
        """Take in the change of a node; whether it can change where a Pod may go."""
        if new is None:
            return old is not None and self._lose_node(old.metadata.name or "")
        name = new.metadata.name or ""
        known = self._nodes.get(name)
        if known is None:
            known = self._nodes[name] = NodeInfo(new)
            for pod in self._homeless.pop(name, {}).values():
                known.add(pod)
            self._snapshot = None
            return True
        before = known.node
        known.update(new)
        self._snapshot = None
        return _matters(before) != _matters(new)

    def change_namespace(self, old: Namespace | None, new: Namespace | None) -> None:
        """Take in the change of a namespace."""
        if new is not None:
            self._namespaces[new.metadata.name or ""] = new.metadata.labels
        elif old is not None:
            self._namespaces.pop(old.metadata.name or "", None)

    def change_claim(self, old: PersistentVolumeClaim | None, new: PersistentVolumeClaim | None) -> None:
        """Take in the change of a claim for storage."""
        if new is not None:
            self._claims[new.metadata.namespace, new.metadata.name or ""] = new
        elif old is not None:
            self._claims.pop((old.metadata.namespace, old.metadata.name or ""), None)

    def _lose_node(self, name: str) -> bool:
        gone = self._nodes.pop(name, None)
        if gone is None:
            return False
        if gone.pods:
            self._homeless[name] = gone.pods
        self._snapshot = None
        return True

    def _forget_nomination(self, pod: Pod) -> None:
        name, uid = pod.status.nominated_node_name or "", pod.metadata.uid or ""
        for node_name in [name] if uid in self._nominated.get(name, {}) else list(self._nominated):
            self._nominated[node_name].pop(uid, None)
            if not self._nominated[node_name]:
                del self._nominated[node_name]

    def _refresh(self, pod: Pod) -> bool:
        """Take over what has changed of a Pod beside what it asks for, such as that it is being deleted.

        Returns:
            False when there is more than that to be taken over: it is not known there, or asks for something else.
        """
        node, uid = self._nodes.get(pod.spec.node_name or ""), pod.metadata.uid or ""
        there = node.pods if node is not None else self._homeless.get(pod.spec.node_name or "", {})
        known = there.get(uid)
        if known is None or known.pod.spec != pod.spec or known.pod.metadata.labels != pod.metadata.labels:
            return False
        info = there[uid] = known.after(pod)
        if node is not None and uid in node.choosy:
            node.choosy[uid] = info
        return True

    def _put(self, pod: PodInfo, node_name: str) -> None:
        node = self._nodes.get(node_name)
        if node is None:
            self._homeless.setdefault(node_name, {})[pod.uid] = pod
        else:
            node.add(pod)

    def _drop(self, uid: str, node_name: str) -> bool:
        node = self._nodes.get(node_name)
        if node is not None:
            return node.remove(uid)
        pods = self._homeless.get(node_name, {})
        pods.pop(uid, None)
        if not pods:
            self._homeless.pop(node_name, None)
        return False


def _matters(node: Node) -> tuple[object, ...]:
    """All of a node that the plugins look at."""
    status = node.status
    return node.spec.unschedulable, node.spec.taints, node.metadata.labels, status.allocatable, status.capacity
