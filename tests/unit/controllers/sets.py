"""StatefulSets for tests, and what is read of them."""

from __future__ import annotations

from typing import Any

from podkit.controllers import GarbageCollector, StatefulSetController
from podkit.model.claim import PersistentVolumeClaim, PersistentVolumeClaimSpec
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import Pod
from podkit.model.resources import VolumeResourceRequirements
from podkit.model.statefulset import (
    ControllerRevision,
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetUpdateStrategy,
)
from tests.unit.controllers.workloads import LABELS, image_of, template
from tests.unit.controllers.world import World


def stateful_set(
    replicas: int = 3, *, name: str = "web", partition: int | None = None, unavailable: Any = None, **spec: Any
) -> StatefulSet:
    """A StatefulSet whose Pods are called ``web-0`` and so on."""
    rolling = RollingUpdateStatefulSetStrategy(partition=partition, max_unavailable=unavailable)
    fields: dict[str, Any] = {
        "replicas": replicas,
        "selector": LabelSelector.of(LABELS),
        "service_name": "web",
        "template": template(),
        "update_strategy": StatefulSetUpdateStrategy("RollingUpdate", rolling),
    }
    return StatefulSet(metadata=ObjectMeta(name=name), spec=StatefulSetSpec(**fields | spec))


def claim_template(name: str = "data") -> PersistentVolumeClaim:
    """The template of a claim."""
    resources = VolumeResourceRequirements(requests={"storage": "1Gi"})
    spec = PersistentVolumeClaimSpec(access_modes=["ReadWriteOnce"], resources=resources)
    return PersistentVolumeClaim(metadata=ObjectMeta(name=name), spec=spec)


class Sets(World):
    """A world with the controller of StatefulSets; its Pods run when the test lets them."""

    def __init__(self) -> None:
        super().__init__(StatefulSetController, GarbageCollector)

    def web(self) -> StatefulSet:
        return self.store.get(StatefulSet, "web")

    def pod(self, ordinal: int) -> Pod:
        return self.store.get(Pod, f"web-{ordinal}")

    def names(self) -> list[str]:
        """The names of all Pods."""
        return sorted(pod.metadata.name for pod in self.pods())

    def active_names(self) -> list[str]:
        """The names of the Pods that nobody has asked to end."""
        return sorted(pod.metadata.name for pod in self.active())

    def images(self) -> list[str | None]:
        """The images of the Pods, by their numbers."""
        return [image_of(self.store.get(Pod, name)) for name in self.names()]

    def claims(self) -> list[str]:
        return sorted(claim.metadata.name for claim in self.store.list(PersistentVolumeClaim))

    def claim(self, name: str) -> PersistentVolumeClaim:
        return self.store.get(PersistentVolumeClaim, name)

    def revisions(self) -> list[ControllerRevision]:
        return sorted(self.store.list(ControllerRevision), key=lambda one: one.revision)

    def patch(self, **spec: Any) -> None:
        self.store.patch(StatefulSet, "web", {"spec": spec})
        self.settle()

    def set_image(self, image: str) -> None:
        self.patch(template={"spec": {"containers": [{"name": "main", "image": image}]}})

    def run_all(self, *, but: str = "") -> None:
        """Run all Pods, and those that come then, but for those with this image."""
        while waiting := [pod for pod in self.active() if pod.status.phase == "Pending" and image_of(pod) != but]:
            self.run(*waiting)

    def finish(self) -> None:
        """Let the Pods come and go until nothing is left to do."""
        for _ in range(50):
            self.run_all()
            self.stop_deleted()

    def started(self, made: StatefulSet) -> StatefulSet:
        self.store.create(made)
        self.settle()
        self.finish()
        return self.web()

    def unready(self, ordinal: int) -> None:
        pod = self.pod(ordinal)
        for condition in pod.status.conditions:
            condition.status = "False"
        self.store.update_status(pod)
        self.settle()
