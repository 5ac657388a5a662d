"""Where the addresses of Services lead to. Pure."""

from __future__ import annotations

from podkit.kubelet.network.directory import Directory
from podkit.kubelet.network.endpoints import Endpoint, cluster_ip, endpoints, target_port
from podkit.model import Service, ServicePort
from podkit.runtime.base import Forward

_PROTOCOLS = ("TCP", "UDP")


def forwards(directory: Directory) -> tuple[Forward, ...]:
    """What is to be translated in the network of each Pod, in an order that is always the same."""
    found = [forward for service in directory.services() for forward in _of(service, directory)]
    return tuple(sorted(found, key=lambda forward: (forward.address, forward.port, forward.protocol)))


def _of(service: Service, directory: Directory) -> list[Forward]:
    address = cluster_ip(service)
    if address is None or ":" in address:
        return []
    leads_to = endpoints(service, directory)
    return [
        Forward(port.protocol or "TCP", address, port.port, _targets(port, leads_to))
        for port in service.spec.ports
        if (port.protocol or "TCP") in _PROTOCOLS
    ]


def _targets(port: ServicePort, leads_to: list[Endpoint]) -> tuple[tuple[str, int], ...]:
    found = [(endpoint.addresses[0], target_port(endpoint.pod, port)) for endpoint in leads_to]
    return tuple(sorted((address, number) for address, number in found if number is not None))
