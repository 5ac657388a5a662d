"""A Pod as the scheduler sees it: what it asks for, worked out once.

CPU counts in thousandths, everything else in whole units (bytes).

Source of the rules: component-helpers ``resource/helpers.go`` (PodRequests), ``pkg/scheduler/util/pod_resources.go``.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from podkit.admission import pod_resources
from podkit.admission.pod_resources import requests_of
from podkit.model.pod import Pod, PodSpec
from podkit.model.quantity import Quantity

DEFAULT_MILLI_CPU = 100
DEFAULT_MEMORY = 200 * 1024 * 1024
"""What a container that asks for nothing counts for when nodes are compared, so that such Pods are spread."""

HostPort = tuple[str, str, int]
"""Address, protocol and port of a node."""


@frozen
class PodInfo:
    """What a Pod asks for.

    Attributes:
        pod: the Pod.
        requests: the resources that it needs, by name.
        weight: CPU and memory that it counts for when nodes are compared.
        host_ports: the ports of the node that it takes.
    """

    pod: Pod
    requests: Mapping[str, int]
    weight: tuple[int, int]
    host_ports: tuple[HostPort, ...]

    @classmethod
    def of(cls, pod: Pod) -> PodInfo:
        """Work out what a Pod asks for."""
        requests = pod_requests(pod.spec)
        return cls(pod, requests, _weight(pod.spec, requests), _host_ports(pod.spec))

    def after(self, pod: Pod) -> PodInfo:
        """The same for the Pod after a change of something that it does not ask for, such as where it is, or how it is."""
        return PodInfo(pod, self.requests, self.weight, self.host_ports)

    @property
    def is_choosy(self) -> bool:
        """Whether the Pod wants to be near to other Pods, or away from them."""
        affinity = self.pod.spec.affinity
        return affinity is not None and (affinity.pod_affinity is not None or affinity.pod_anti_affinity is not None)

    @property
    def priority(self) -> int:
        """The Pod's priority."""
        return self.pod.spec.priority or 0

    @property
    def uid(self) -> str:
        """The Pod's uid."""
        return self.pod.metadata.uid or ""


def amount(resource: str, quantity: Quantity) -> int:
    """A quantity of a resource as a whole number."""
    return quantity.milli_value() if resource == "cpu" else quantity.value()


def pod_requests(spec: PodSpec) -> dict[str, int]:
    """What a Pod requests: of its containers, or, where it says so itself, as a whole; and its overhead."""
    requests = pod_resources.pod_requests(spec)
    return {name: amount(name, quantity) for name, quantity in requests.items() if quantity}


def _weight(spec: PodSpec, requests: Mapping[str, int]) -> tuple[int, int]:
    silent_cpu = sum("cpu" not in requests_of(container.resources) for container in spec.containers)
    silent_memory = sum("memory" not in requests_of(container.resources) for container in spec.containers)
    return (
        requests.get("cpu", 0) + silent_cpu * DEFAULT_MILLI_CPU,
        requests.get("memory", 0) + silent_memory * DEFAULT_MEMORY,
    )


def _host_ports(spec: PodSpec) -> tuple[HostPort, ...]:
    sidecars = (container for container in spec.init_containers if container.restart_policy == "Always")
    return tuple(
        (port.host_ip or ANY_ADDRESS, port.protocol or "TCP", port.host_port)
        for container in (*spec.containers, *sidecars)
        for port in container.ports
        if port.host_port
    )


ANY_ADDRESS = "0.0.0.0"  # noqa: S104 -- nothing is bound here: it is how Kubernetes writes "all addresses of the node"
