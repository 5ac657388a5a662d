"""The names of a cluster: what each of them stands for. Pure.

Follows the specification "Kubernetes DNS-Based Service Discovery", with one difference: the name of a Service that keeps its port
numbers stands for the addresses of its Pods, whether it is headless or not. So it also works where nothing translates addresses.
Only where a port of the Service is another one of its Pods, the name stands for the Service's own address.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, ip_address
from typing import TypeAlias

from attrs import evolve, frozen

from podkit.kubelet.files import CLUSTER_DOMAIN
from podkit.kubelet.network.directory import Directory
from podkit.kubelet.network.endpoints import (
    Endpoint,
    cluster_ip,
    dashed,
    endpoints,
    keeps_clients,
    keeps_ports,
    target_port,
)
from podkit.model import Service

_REVERSE = ".in-addr.arpa"
_LONGEST_CHAIN = 8


@frozen
class Meaning:
    """What a name of the cluster stands for.

    Attributes:
        addresses: addresses.
        hosts: ports of hosts: port number and the host's name.
        names: names, for an address that was asked for.
        alias: the name that it is an alias of, if it is one; of one outside the cluster, nothing else is known.
    """

    addresses: tuple[str, ...] = ()
    hosts: tuple[tuple[int, str], ...] = ()
    names: tuple[str, ...] = ()
    alias: str = ""


@frozen
class Unknown:
    """There is no such name in the cluster."""


Answer: TypeAlias = Meaning | Unknown | None
"""None: the name is not one of the cluster's."""


class Zone:
    """The names of a cluster.

    Args:
        directory: what there is.
        translated: whether the addresses of Services lead to their Pods.
    """

    def __init__(self, directory: Directory, *, translated: bool) -> None:
        self._directory = directory
        self._translated = translated

    def look_up(self, name: str, depth: int = 0) -> Answer:
        """What a name stands for, in lower case and without a dot at the end."""
        if name.endswith(_REVERSE):
            return self._reverse(name.removesuffix(_REVERSE))
        if name != CLUSTER_DOMAIN and not name.endswith(f".{CLUSTER_DOMAIN}"):
            return None
        self._directory.refresh()
        match name.removesuffix(CLUSTER_DOMAIN).rstrip(".").split("."):
            case [""] | ["svc"] | ["pod"]:
                return Meaning()
            case [namespace, "svc" | "pod"]:
                return Meaning() if self._exists(namespace) else Unknown()
            case [address, _, "pod"]:
                return _pod(address)
            case [service, namespace, "svc"]:
                return self._service(service, namespace, depth)
            case [host, service, namespace, "svc"]:
                return self._host(host, service, namespace)
            case [port, protocol, service, namespace, "svc"] if port[:1] == protocol[:1] == "_":
                return self._port(port[1:], protocol[1:], service, namespace)
        return Unknown()

    def _exists(self, namespace: str) -> bool:
        return bool(self._directory.services(namespace) or self._directory.pods(namespace))

    def _service(self, name: str, namespace: str, depth: int) -> Answer:
        service = self._directory.service(namespace, name)
        if service is None:
            return Unknown()
        if service.spec.type == "ExternalName":
            return self._alias((service.spec.external_name or "").rstrip(".").lower(), depth)
        found = endpoints(service, self._directory)
        hosts = tuple(self._all_ports(service, found))
        address = cluster_ip(service)
        own = keeps_clients(service) or not keeps_ports(service, found)
        if address is not None and self._translated and own:
            return Meaning((address,), hosts)
        return Meaning(tuple(address for endpoint in found for address in endpoint.addresses), hosts)

    def _alias(self, target: str, depth: int) -> Answer:
        further = self.look_up(target, depth + 1) if depth < _LONGEST_CHAIN else Unknown()
        return evolve(further, alias=target) if isinstance(further, Meaning) else Meaning(alias=target)

    def _host(self, host: str, name: str, namespace: str) -> Answer:
        service = self._directory.service(namespace, name)
        found = endpoints(service, self._directory) if service is not None else []
        addresses = [address for endpoint in found if endpoint.name == host for address in endpoint.addresses]
        return Meaning(tuple(addresses)) if addresses else Unknown()

    def _port(self, port: str, protocol: str, name: str, namespace: str) -> Answer:
        service = self._directory.service(namespace, name)
        if service is None:
            return Unknown()
        found = self._all_ports(service, endpoints(service, self._directory), port, protocol.upper())
        return Meaning(hosts=tuple(found)) if found else Unknown()

    def _all_ports(
        self, service: Service, found: list[Endpoint], name: str | None = None, protocol: str | None = None
    ) -> list[tuple[int, str]]:
        """The ports of a Service, or one of them, each with the host at which it is: a Pod, or the Service itself."""
        meta = service.metadata
        own = f"{meta.name}.{meta.namespace}.svc.{CLUSTER_DOMAIN}"
        ports = [port for port in service.spec.ports if name in (None, port.name)]
        ports = [port for port in ports if protocol in (None, port.protocol or "TCP")]
        if cluster_ip(service) is not None and self._translated:
            return [(port.port, own) for port in ports]
        targets = [(target_port(endpoint.pod, port), f"{endpoint.name}.{own}") for port in ports for endpoint in found]
        return [(number, host) for number, host in targets if number is not None]

    def _reverse(self, text: str) -> Answer:
        """The names of an address; None if it is not one of the cluster's."""
        try:
            address = str(IPv4Address(".".join(reversed(text.split(".")))))
        except AddressValueError:
            return None
        for service in self._directory.services():
            if cluster_ip(service) == address:
                return Meaning(names=(f"{service.metadata.name}.{service.metadata.namespace}.svc.{CLUSTER_DOMAIN}",))
        pod = next((pod for pod in self._directory.pods() if pod.status.pod_ip == address), None)
        if pod is None or pod.spec.host_network:
            return None
        names = [
            f"{endpoint.name}.{service.metadata.name}.{service.metadata.namespace}.svc.{CLUSTER_DOMAIN}"
            for service in self._directory.services(pod.metadata.namespace)
            for endpoint in endpoints(service, self._directory)
            if endpoint.pod is pod
        ]
        own = f"{dashed(address)}.{pod.metadata.namespace}.pod.{CLUSTER_DOMAIN}"
        return Meaning(names=tuple(names) or (own,))


def _pod(label: str) -> Answer:
    """The address that is in a Pod's name."""
    for text in (label.replace("-", "."), label.replace("-", ":")):
        try:
            return Meaning((str(ip_address(text)),))
        except ValueError:
            continue
    return Unknown()
