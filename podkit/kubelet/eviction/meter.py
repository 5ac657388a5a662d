"""Measures what Pods use of their node."""

from __future__ import annotations

from collections.abc import Iterator

from podkit.errors import ContainerNotFound
from podkit.kubelet.eviction.local_storage import StorageUsage, limited_volumes, limits_storage
from podkit.kubelet.filesystem import NodeFilesystem
from podkit.kubelet.volumes.manager import place_of
from podkit.model import Pod
from podkit.runtime.base import Runtime


class Meter:
    """Measures what Pods use of one node.

    Args:
        runtime: its engine.
        filesystem: its file system.
    """

    def __init__(self, runtime: Runtime, filesystem: NodeFilesystem) -> None:
        self._runtime = runtime
        self._filesystem = filesystem

    def limited_storage(self, pod: Pod) -> StorageUsage | None:
        """What a Pod has written where that is limited; None if nothing is, so that there is no need to measure."""
        volumes = {name: self._filesystem.used(place_of(pod, name)) for name in limited_volumes(pod)}
        if limits_storage(pod):
            return StorageUsage(self._written(pod), volumes, self._filesystem.used(pod.metadata.uid or ""))
        return StorageUsage(volumes=volumes) if volumes else None

    def _written(self, pod: Pod) -> dict[str, int]:
        """What each container has written to its own files and to its log."""
        found = {}
        for name, container_id in newest_containers(pod):
            try:
                found[name] = self._runtime.storage_used(container_id)
            except ContainerNotFound:  # it has been removed meanwhile
                continue
        return found


def newest_containers(pod: Pod) -> Iterator[tuple[str, str]]:
    """The name and the engine's id of the newest container of each name, as the Pod's status tells them."""
    status = pod.status
    for one in [*status.init_container_statuses, *status.container_statuses, *status.ephemeral_container_statuses]:
        if one.container_id:
            yield one.name, one.container_id.partition("://")[2]
