"""A node as the scheduler sees it: what it has, and what the Pods on it take.

Source of the rules: ``pkg/scheduler/framework/types.go`` (NodeInfo).
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import define, field

from podkit.model.node import Node
from podkit.model.quantity import Quantity
from podkit.scheduler.pod_info import ANY_ADDRESS, HostPort, PodInfo, amount


@define
class NodeInfo:
    """A node and the Pods on it.

    Attributes:
        node: the node.
        allocatable: what Pods may take of it, by resource.
        pods: the Pods that are bound to it and have not ended, by uid.
        choosy: those of them that want to be near to other Pods, or away from them, by uid.
        requested: what these request, by resource.
        weight: CPU and memory that these count for when nodes are compared.
        host_ports: the ports that these take.
        left: what is left for a Pod of some weight, as a score; remembered until a Pod comes or goes, or the node changes.
    """

    node: Node
    allocatable: Mapping[str, int] = field(factory=dict)
    pods: dict[str, PodInfo] = field(factory=dict)
    choosy: dict[str, PodInfo] = field(factory=dict)
    requested: Counter[str] = field(factory=Counter)
    weight: tuple[int, int] = (0, 0)
    host_ports: Counter[HostPort] = field(factory=Counter)
    left: dict[tuple[int, int], int] = field(factory=dict, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.update(self.node)

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.metadata.name or ""

    @property
    def labels(self) -> Mapping[str, str]:
        """The node's labels."""
        return self.node.metadata.labels

    def update(self, node: Node) -> None:
        """Take over a changed node."""
        self.node = node
        self.left = {}
        extended = {name: text for name, text in node.status.capacity.items() if "/" in name}
        offered = {**extended, **node.status.allocatable}  # what a kubelet is about to call allocatable, and what is
        self.allocatable = {name: amount(name, Quantity(text)) for name, text in offered.items()}

    def changed(self, *, add: Iterable[PodInfo] = (), remove: Iterable[PodInfo] = ()) -> NodeInfo:
        """The node as it would be with other Pods; this one stays as it is."""
        twin = copy.copy(self)
        twin.pods, twin.choosy = dict(self.pods), dict(self.choosy)
        twin.requested, twin.host_ports = Counter(self.requested), Counter(self.host_ports)
        for pod in remove:
            twin.remove(pod.uid)
        for pod in add:
            twin.add(pod)
        return twin

    def add(self, pod: PodInfo) -> None:
        """Put a Pod on the node; one that is there already is replaced."""
        self.remove(pod.uid)
        self.pods[pod.uid] = pod
        if pod.is_choosy:
            self.choosy[pod.uid] = pod
        if pod.requests:
            self.requested.update(pod.requests)
        if pod.host_ports:
            self.host_ports.update(pod.host_ports)
        self.weight = (self.weight[0] + pod.weight[0], self.weight[1] + pod.weight[1])
        self.left = {}

    def remove(self, uid: str) -> bool:
        """Take a Pod off the node; whether it was there."""
        pod = self.pods.pop(uid, None)
        if pod is None:
            return False
        self.choosy.pop(uid, None)
        self.requested.subtract(pod.requests)
        self.host_ports.subtract(pod.host_ports)
        self.weight = (self.weight[0] - pod.weight[0], self.weight[1] - pod.weight[1])
        self.left = {}
        return True

    def has_free(self, ports: Iterable[HostPort]) -> bool:
        """Whether none of these ports is taken. A port on all addresses is in the way of the same port on each."""
        taken = [port for port, count in self.host_ports.items() if count > 0]
        return not any(_collide(port, other) for port in ports for other in taken)


def _collide(one: HostPort, other: HostPort) -> bool:
    if one[1:] != other[1:]:
        return False
    return one[0] == other[0] or ANY_ADDRESS in (one[0], other[0])
