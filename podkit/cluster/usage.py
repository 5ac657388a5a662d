"""What Pods and nodes use: processor and memory, as ``kubectl top`` tells it.

An engine tells the processor time that a container has had since its start. How much it uses now is the difference between two
looks, divided by the time between them. What a node uses is what the Pods on it use; other programs of its machine do not count.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from podkit.cluster.containers import ContainerFinder, Place
from podkit.cluster.driver import Driver
from podkit.cluster.rows import Table, listing
from podkit.errors import ContainerNotFound
from podkit.loop.clock import Clock
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.model.pod_containers import all_container_statuses
from podkit.runtime.base import ContainerStats
from podkit.showing import repr_html

WINDOW = 0.5
"""Seconds between the two looks."""


@frozen
class Usage:
    """What something uses now.

    Attributes:
        name: the name of the Pod, container or node.
        namespace: where it is; None for nodes and containers.
        cpu: processors, such as 0.25.
        memory: bytes.
        parts: the same of the containers of a Pod, or of the Pods of a node.

    Example:
        ::

            for usage in cluster.top("pods"):
                print(usage.name, usage.cpu, usage.memory, [part.name for part in usage.parts])
    """

    name: str
    namespace: str | None
    cpu: float
    memory: int
    parts: Sequence[Usage] = field(factory=tuple)

    def __str__(self) -> str:
        """As a line of ``kubectl top``: millicores and mebibytes."""
        return f"{self.name} {round(self.cpu * 1000)}m {self.memory >> 20}Mi"


class UsageList(list[Usage]):
    """A list of what several things use, like any other list.

    ``print(cluster.top("pods"))`` prints what ``kubectl top pods`` does, and a notebook shows it as a table.
    """

    @property
    def table(self) -> Table:
        """The columns of ``kubectl top``; with the namespace where they are not all in the same."""
        lines = [[usage.name, f"{round(usage.cpu * 1000)}m", f"{usage.memory >> 20}Mi"] for usage in self]
        head = ["Name", "CPU(cores)", "Memory(bytes)"]
        kind = "Pod" if self and self[0].namespace is not None else "Node"
        if len({usage.namespace for usage in self}) < 2:
            return Table(kind, head, lines)
        names = [usage.namespace or "" for usage in self]
        return Table(kind, ["Namespace", *head], [[name, *line] for name, line in zip(names, lines, strict=True)])

    def __str__(self) -> str:
        return listing(self.table) if self else "No resources found"

    def _repr_html_(self) -> Any:
        """The picture in a notebook: the same table."""
        return repr_html(self)


class UsageReader:
    """Measures what Pods use.

    Args:
        finder: finds their containers.
        driver: lets time pass.
        clock: how much of it has passed.
    """

    def __init__(self, finder: ContainerFinder, driver: Driver, clock: Clock) -> None:
        self._finder = finder
        self._driver = driver
        self._clock = clock

    def of_pods(self, pods: Iterable[Pod], window: float = WINDOW) -> list[Usage]:
        """What each of these Pods uses that run, by namespace and name.

        Args:
            pods: the Pods.
            window: seconds over which the processor's use is averaged.
        """
        places = {self._key(pod): self._places(pod) for pod in pods if pod.status.phase == "Running"}
        everything = [place for found in places.values() for place in found]
        begin, first = self._clock.monotonic(), _look(everything)
        if everything:
            self._driver.pause(threading.Event(), begin + window)
        elapsed, second = self._clock.monotonic() - begin, _look(everything)
        return [
            _sum(name, namespace, [_used(place, first, second, elapsed) for place in found])
            for (namespace, name), found in sorted(places.items(), key=lambda item: item[0])
        ]

    def of_nodes(self, nodes: Iterable[Node], pods: Sequence[Pod], window: float = WINDOW) -> list[Usage]:
        """What the Pods of each of these nodes use together.

        Args:
            nodes: the nodes.
            pods: all Pods.
            window: seconds over which the processor's use is averaged.
        """
        homes = {self._key(pod): pod.spec.node_name for pod in pods}
        used = self.of_pods(pods, window)
        names: list[str] = sorted(node.metadata.name or "" for node in nodes)
        return [
            _sum(name, None, [one for one in used if homes[one.namespace or "", one.name] == name]) for name in names
        ]

    @staticmethod
    def _key(pod: Pod) -> tuple[str, str]:
        return pod.metadata.namespace or "", pod.metadata.name or ""

    def _places(self, pod: Pod) -> list[Place]:
        """The containers that run, the others use nothing."""
        known = all_container_statuses(pod.status)
        running = [status.name for status in known if status.state is not None and status.state.running is not None]
        return [self._finder.running(pod, name) for name in running]


def _look(places: Iterable[Place]) -> Mapping[str, ContainerStats]:
    found = {}
    for place in places:
        try:
            found[place.container_id] = place.runtime.stats(place.container_id)
        except ContainerNotFound:  # it has ended meanwhile
            continue
    return found


def _used(
    place: Place, first: Mapping[str, ContainerStats], second: Mapping[str, ContainerStats], elapsed: float
) -> Usage:
    now = second.get(place.container_id, ContainerStats(0.0, 0))
    before = first.get(place.container_id, now)
    processors = max(0.0, now.cpu_seconds - before.cpu_seconds) / elapsed if elapsed > 0 else 0.0
    return Usage(place.container, None, processors, now.memory_bytes)


def _sum(name: str, namespace: str | None, parts: Sequence[Usage]) -> Usage:
    return Usage(name, namespace, sum(part.cpu for part in parts), sum(part.memory for part in parts), tuple(parts))
