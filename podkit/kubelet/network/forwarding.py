"""Where the addresses of Services lead to. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from attrs import evolve, frozen

from podkit.kubelet.network.directory import Directory
from podkit.kubelet.network.endpoints import Endpoint, cluster_ip, endpoints, keeps_clients, target_port
from podkit.model import Service, ServicePort
from podkit.runtime.base import Forward

_PROTOCOLS = ("TCP", "UDP")


@frozen
class Way:
    """Where a port of a Service leads to.

    Attributes:
        forward: what is to be translated, with all Pods that the Service has.
        sticky: whether a client always gets to the same one of them (``sessionAffinity``).
    """

    forward: Forward
    sticky: bool = False


def ways(directory: Directory) -> tuple[Way, ...]:
    """Where all Services lead to, in an order that is always the same."""
    found = [way for service in directory.services() for way in _of(service, directory)]
    return tuple(sorted(found, key=lambda way: (way.forward.address, way.forward.port, way.forward.protocol)))


def forwards(wanted: Iterable[Way], client: str, chosen: dict[str, str]) -> tuple[Forward, ...]:
    """What is to be translated in the network of one Pod.

    Args:
        wanted: where all Services lead to.
        client: the uid of the Pod.
        chosen: by the address of a Service, that of the Pod to which the client gets as long as it is there; kept up to date.
    """
    return tuple(_for_client(way.forward, client, chosen) if way.sticky else way.forward for way in wanted)


def _for_client(forward: Forward, client: str, chosen: dict[str, str]) -> Forward:
    """With one target: the one that was chosen before, else one by a hash: a kubelet that knows nothing chooses it again."""
    addresses = {address for address, _ in forward.targets}
    if not addresses:
        return forward
    if chosen.get(forward.address) not in addresses:
        chosen[forward.address] = max(addresses, key=lambda address: _rank(client, forward.address, address))
    kept = tuple(target for target in forward.targets if target[0] == chosen[forward.address])
    return evolve(forward, targets=kept)


def _rank(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()


def _of(service: Service, directory: Directory) -> list[Way]:
    address = cluster_ip(service)
    if address is None or ":" in address:
        return []
    leads_to = endpoints(service, directory)
    sticky = keeps_clients(service)
    return [
        Way(Forward(port.protocol or "TCP", address, port.port, _targets(port, leads_to)), sticky)
        for port in service.spec.ports
        if (port.protocol or "TCP") in _PROTOCOLS
    ]


def _targets(port: ServicePort, leads_to: list[Endpoint]) -> tuple[tuple[str, int], ...]:
    found = [(endpoint.addresses[0], target_port(endpoint.pod, port)) for endpoint in leads_to]
    return tuple(sorted((address, number) for address, number in found if number is not None))
