"""Deployments and ReplicaSets for tests, and what is read of them."""

from __future__ import annotations

from typing import Any

from podkit.controllers import DeploymentController, ReplicaSetController
from podkit.model.container import Container
from podkit.model.deployment import (
    Deployment,
    DeploymentSpec,
    DeploymentStrategy,
    RollingUpdateDeployment,
)
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import Pod, PodSpec, PodTemplateSpec
from podkit.model.replicaset import ReplicaSet, ReplicaSetSpec
from tests.unit.controllers.world import World

LABELS = {"app": "web"}


def template(image: str = "v1", **labels: str) -> PodTemplateSpec:
    meta = ObjectMeta(labels={**LABELS, **labels})
    return PodTemplateSpec(metadata=meta, spec=PodSpec(containers=[Container("main", image=image)]))


def replica_set(name: str = "web", replicas: int = 3, **spec: Any) -> ReplicaSet:
    selector = LabelSelector.of(LABELS)
    return ReplicaSet(
        metadata=ObjectMeta(name=name),
        spec=ReplicaSetSpec(replicas=replicas, selector=selector, template=template(), **spec),
    )


def deployment(replicas: int = 4, *, surge: int | str = 1, unavailable: int | str = 1, **spec: Any) -> Deployment:
    rolling = RollingUpdateDeployment(max_surge=surge, max_unavailable=unavailable)
    fields: dict[str, Any] = {
        "replicas": replicas,
        "selector": LabelSelector.of(LABELS),
        "template": template(),
        "strategy": DeploymentStrategy("RollingUpdate", rolling),
    }
    return Deployment(metadata=ObjectMeta(name="web"), spec=DeploymentSpec(**fields | spec))


class Rollouts(World):
    """A world with the two controllers of Deployments; its Pods run when the test lets them."""

    def __init__(self) -> None:
        super().__init__(DeploymentController, ReplicaSetController)

    def web(self) -> Deployment:
        return self.store.get(Deployment, "web")

    def set_image(self, image: str) -> None:
        container = {"name": "main", "image": image}
        self.store.patch(Deployment, "web", {"spec": {"template": {"spec": {"containers": [container]}}}})
        self.settle()

    def patch(self, **spec: Any) -> None:
        self.store.patch(Deployment, "web", {"spec": spec})
        self.settle()

    def sets(self) -> dict[str, ReplicaSet]:
        """The ReplicaSets by the image of their template."""
        return {one.spec.template.spec.containers[0].image: one for one in self.store.list(ReplicaSet)}

    def sizes(self) -> dict[str, int]:
        """How many replicas the ReplicaSets are to have, by image."""
        return {image: one.spec.replicas or 0 for image, one in self.sets().items()}

    def active_of(self, image: str) -> list[Pod]:
        return [pod for pod in self.active() if pod.spec.containers[0].image == image]

    def ready(self) -> list[Pod]:
        return [
            pod for pod in self.active() if any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions)
        ]

    def run_all(self, *, but: str = "") -> None:
        """Run all Pods, and those that come then, but for those with this image."""
        while waiting := [pod for pod in self.active() if pod.status.phase == "Pending" and image_of(pod) != but]:
            self.run(*waiting)

    def reason(self, type_: str) -> tuple[str, str | None]:
        """Status and reason of a condition of the Deployment."""
        return next((c.status, c.reason) for c in self.web().status.conditions if c.type == type_)


def image_of(pod: Pod) -> str | None:
    return pod.spec.containers[0].image
