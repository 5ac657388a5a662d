"""Measures what Pods use of their node, and what the node has left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from podkit.errors import RuntimeFailed
from podkit.kubelet.eviction.local_storage import StorageUsage, limited_volumes, limits_storage
from podkit.kubelet.eviction.ranking import Usage
from podkit.kubelet.eviction.thresholds import Observation, Signal
from podkit.kubelet.filesystem import NodeFilesystem
from podkit.kubelet.volumes.manager import place_of
from podkit.model import Pod
from podkit.model.pod_containers import all_container_statuses
from podkit.runtime.base import Runtime


class Meter:
    """Measures what Pods use of one node.

    Args:
        runtime: its engine.
        filesystem: its file system.
        memory: bytes of memory of its machine.
    """

    def __init__(self, runtime: Runtime, filesystem: NodeFilesystem, memory: int) -> None:
        self._runtime = runtime
        self._filesystem = filesystem
        self._memory = memory

    def node(self) -> dict[Signal, Observation]:
        """What the node has left, as far as that is known."""
        machine = self._runtime.machine_stats()
        known = {
            Signal.MEMORY: (machine.memory_available, self._memory),
            Signal.NODE_DISK: (self._filesystem.available(), self._filesystem.capacity()),
            Signal.IMAGE_DISK: (machine.storage_available, machine.storage),
            Signal.PROCESSES: (machine.processes_available, machine.processes),
        }
        return {
            signal: Observation(available, capacity)
            for signal, (available, capacity) in known.items()
            if available is not None and capacity is not None
        }

    def usage(self, pod: Pod, signal: Signal) -> Usage | None:
        """What a Pod uses of what its node is short of; None if it cannot be measured."""
        try:
            if signal is Signal.MEMORY:
                memory = self._of_running(pod, lambda one: self._runtime.stats(one).memory_bytes)
                return Usage(sum(memory.values()), memory)
            if signal is Signal.PROCESSES:
                processes = self._of_running(pod, lambda one: self._runtime.stats(one).processes)
                return Usage(sum(processes.values()), processes)
            written = self._written(pod)
        except RuntimeFailed:
            return None
        return Usage(StorageUsage(written, directory=self._directory(pod)).total, written)

    def limited_storage(self, pod: Pod) -> StorageUsage | None:
        """What a Pod has written where that is limited; None if nothing is, or if it cannot be measured now."""
        volumes = {name: self._filesystem.used(place_of(pod, name)) for name in limited_volumes(pod)}
        if not limits_storage(pod):
            return StorageUsage(volumes=volumes) if volumes else None
        try:
            return StorageUsage(self._written(pod), volumes, self._directory(pod))
        except RuntimeFailed:  # a container has been removed meanwhile
            return None

    def _directory(self, pod: Pod) -> int:
        return self._filesystem.used(pod.metadata.uid or "")

    def _written(self, pod: Pod) -> dict[str, int]:
        """What each container has written to its own files and to its log."""
        return {name: self._runtime.storage_used(container_id) for name, container_id in newest_containers(pod)}

    def _of_running(self, pod: Pod, measure: Callable[[str], int]) -> dict[str, int]:
        return {name: measure(one) for name, one in newest_containers(pod, running=True)}


def newest_containers(pod: Pod, *, running: bool = False) -> Iterator[tuple[str, str]]:
    """The name and the engine's id of the newest container of each name, as the Pod's status tells them."""
    for one in all_container_statuses(pod.status):
        runs = one.state is not None and one.state.running is not None
        if one.container_id and (runs or not running):
            yield one.name, one.container_id.partition("://")[2]
