"""DaemonSets for tests, and what is read of them."""

from __future__ import annotations

from typing import Any

from podkit.controllers import DaemonSetController, GarbageCollector
from podkit.controllers.daemonset.placement import node_of
from podkit.model.daemonset import (
    DaemonSet,
    DaemonSetSpec,
    DaemonSetUpdateStrategy,
    RollingUpdateDaemonSet,
)
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.node import Node, NodeSpec, Taint
from podkit.model.pod import Pod
from podkit.model.statefulset import ControllerRevision
from tests.unit.controllers.workloads import LABELS, image_of, template
from tests.unit.controllers.world import World


def daemon_set(*, surge: int | str = 0, unavailable: int | str = 1, **spec: Any) -> DaemonSet:
    """A DaemonSet ``web``."""
    rolling = RollingUpdateDaemonSet(max_unavailable=unavailable, max_surge=surge)
    fields: dict[str, Any] = {
        "selector": LabelSelector.of(LABELS),
        "template": template(),
        "update_strategy": DaemonSetUpdateStrategy("RollingUpdate", rolling),
    }
    return DaemonSet(metadata=ObjectMeta(name="web"), spec=DaemonSetSpec(**fields | spec))


def node(name: str, *taints: Taint, **labels: str) -> Node:
    """A Node."""
    return Node(metadata=ObjectMeta(name=name, labels=labels), spec=NodeSpec(taints=list(taints)))


class Daemons(World):
    """A world with some nodes and the controller of DaemonSets; Pods run when the test lets them, on the node they are made for."""

    def __init__(self, nodes: int = 3) -> None:
        super().__init__(DaemonSetController, GarbageCollector)
        for number in range(nodes):
            self.store.create(node(f"n{number}"))

    def web(self) -> DaemonSet:
        return self.store.get(DaemonSet, "web")

    def on(self, name: str) -> list[Pod]:
        """The Pods on a node, or made for it, that nobody has asked to end."""
        return [pod for pod in self.active() if node_of(pod) == name]

    def nodes(self) -> list[str]:
        """The nodes of the Pods that nobody has asked to end."""
        return sorted(map(node_of, self.active()))

    def images(self) -> list[str | None]:
        """The images of these Pods, by the names of their nodes."""
        return [image_of(pod) for pod in sorted(self.active(), key=node_of)]

    def revisions(self) -> list[ControllerRevision]:
        return sorted(self.store.list(ControllerRevision), key=lambda one: one.revision)

    def patch(self, **spec: Any) -> None:
        self.store.patch(DaemonSet, "web", {"spec": spec})
        self.settle()

    def set_image(self, image: str) -> None:
        self.patch(template={"spec": {"containers": [{"name": "main", "image": image}]}})

    def set_labels(self, name: str, **labels: str | None) -> None:
        self.store.patch(Node, name, {"metadata": {"labels": labels}})
        self.settle()

    def set_taints(self, name: str, *taints: Taint) -> None:
        changed = self.store.get(Node, name)
        changed.spec.taints = list(taints)
        self.store.update(changed)
        self.settle()

    def run(self, *pods: Pod) -> None:
        """Run these Pods, each on its node."""
        for pod in pods:
            if not pod.spec.node_name:
                self.store.bind(pod, node_of(pod))
        if pods:
            super().run(*pods)

    def run_all(self, *, but: str = "") -> None:
        """Run all Pods, and those that come then, but for those with this image."""
        while waiting := [pod for pod in self.active() if pod.status.phase == "Pending" and image_of(pod) != but]:
            self.run(*waiting)

    def finish(self) -> None:
        """Let the Pods come and go until nothing is left to do."""
        for _ in range(30):
            self.run_all()
            self.stop_deleted()

    def started(self, made: DaemonSet) -> DaemonSet:
        self.store.create(made)
        self.settle()
        self.finish()
        return self.web()

    def numbers(self) -> dict[str, int | None]:
        """The numbers of the status."""
        status = self.web().status
        return {
            "desired": status.desired_number_scheduled,
            "current": status.current_number_scheduled,
            "ready": status.number_ready,
            "updated": status.updated_number_scheduled,
            "available": status.number_available,
            "unavailable": status.number_unavailable,
            "misscheduled": status.number_misscheduled,
        }
