"""Whether a Pod has written more to its node's disk than it may.

Three limits: the ``sizeLimit`` of an emptyDir; the ``ephemeral-storage`` of all containers together, for all that the Pod
has written; and that of each container, for its own files and its log. They hold whether or not the disk is full. Pure.

Source of the rules: ``pkg/kubelet/eviction/eviction_manager.go``, ``localStorageEviction``.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from podkit.admission.pod_resources import aggregate_limits, limits_of
from podkit.model import Pod
from podkit.model.quantity import Quantity

EPHEMERAL_STORAGE = "ephemeral-storage"


@frozen
class StorageUsage:
    """What a Pod has written to the disk of its node, in bytes.

    Attributes:
        containers: by the name of a container, its own files and its log.
        volumes: by the name of a volume, an emptyDir that has a limit.
        directory: all that the kubelet keeps for the Pod, with these volumes.
    """

    containers: Mapping[str, int] = field(factory=dict)
    volumes: Mapping[str, int] = field(factory=dict)
    directory: int = 0

    @property
    def total(self) -> int:
        """All together."""
        return self.directory + sum(self.containers.values())


def limited_volumes(pod: Pod) -> dict[str, Quantity]:
    """The emptyDirs that have a limit, by name. Those in memory the kernel holds to it, but only where it may be asked to."""
    found = {}
    for volume in pod.spec.volumes:
        source = volume.empty_dir
        if source is not None and source.size_limit:
            limit = Quantity(source.size_limit)
            if limit > Quantity(0):
                found[volume.name] = limit
    return found


def limits_storage(pod: Pod) -> bool:
    """Whether a container of a Pod has a limit of ephemeral storage."""
    containers = [*pod.spec.init_containers, *pod.spec.containers]
    return any(EPHEMERAL_STORAGE in limits_of(container.resources) for container in containers)


def exceeded(pod: Pod, usage: StorageUsage) -> str | None:
    """The message with which a Pod is evicted that has written more than it may; None for all others."""
    for name, limit in limited_volumes(pod).items():
        if usage.volumes.get(name, 0) > limit.value():
            return f'Usage of EmptyDir volume "{name}" exceeds the limit "{limit}". '
    total = aggregate_limits(pod.spec).get(EPHEMERAL_STORAGE)
    if total is not None and usage.total > total.value():
        return f"Pod ephemeral local storage usage exceeds the total limit of containers {total}. "
    for container in pod.spec.containers:
        own = Quantity(limits_of(container.resources).get(EPHEMERAL_STORAGE, "0"))
        if own and usage.containers.get(container.name, 0) > own.value():
            return f'Container {container.name} exceeded its local ephemeral storage limit "{own}". '
    return None
