"""The containers of a Pod of all three sorts together: init containers, the main ones, and ephemeral ones.

Source of the words: ``pkg/api/v1/pod/util.go`` (VisitContainers, GetContainerStatus).
"""

from __future__ import annotations

from podkit.model.container import Container, EphemeralContainer
from podkit.model.container_status import ContainerStatus
from podkit.model.pod import PodSpec, PodStatus


def all_containers(spec: PodSpec) -> list[Container | EphemeralContainer]:
    """All containers of a Pod, in the order in which they are started."""
    return [*spec.init_containers, *spec.containers, *spec.ephemeral_containers]


def all_container_statuses(status: PodStatus) -> list[ContainerStatus]:
    """What is said of all containers of a Pod, in the order in which they are started."""
    return [*status.init_container_statuses, *status.container_statuses, *status.ephemeral_container_statuses]


def find_container(spec: PodSpec, name: str) -> Container | EphemeralContainer:
    """The container of this name, of whichever sort; a Pod must have it."""
    return next(container for container in all_containers(spec) if container.name == name)


def is_sidecar(container: Container) -> bool:
    """Whether an init container is a sidecar: started before the next one, and kept running beside the main containers."""
    return container.restart_policy == "Always"
