"""Which Pods a Service leads to, and by which ports. Pure.

Source of the rules: ``pkg/controller/endpointslice``, ``staging/src/k8s.io/endpointslice/utils.go``, ``pkg/api/v1/pod`` (FindPort).
"""

from __future__ import annotations

from ipaddress import ip_address

from attrs import frozen

from podkit.kubelet.network.directory import Directory
from podkit.model import Pod, Service, ServicePort
from podkit.model.pod_containers import is_sidecar
from podkit.model.pod_state import is_active, is_ready, is_terminal
from podkit.model.service import HEADLESS


@frozen
class Endpoint:
    """A Pod that a Service leads to.

    Attributes:
        pod: the Pod.
        addresses: its addresses, the primary one first.
        name: what it is called below the Service's name: its hostname, or its address with dashes.
    """

    pod: Pod
    addresses: tuple[str, ...]
    name: str


def endpoints(service: Service, directory: Directory) -> list[Endpoint]:
    """The Pods that a Service leads to: those that its selector chooses and that are ready, unless that does not matter to it."""
    selector = service.spec.selector
    if not selector or service.spec.type == "ExternalName":
        return []
    candidates = directory.pods(service.metadata.namespace)
    return [_endpoint(pod, service) for pod in candidates if _is_chosen(pod, selector) and serves(pod, service)]


def serves(pod: Pod, service: Service) -> bool:
    """Whether a Service that has chosen a Pod leads to it now."""
    if not pod.status.pod_ip or is_terminal(pod):
        return False
    return bool(service.spec.publish_not_ready_addresses) or (is_ready(pod) and is_active(pod))


def cluster_ip(service: Service) -> str | None:
    """The address of a Service itself; None if it has none."""
    address = service.spec.cluster_ip
    return address if address and address != HEADLESS and service.spec.type != "ExternalName" else None


def target_port(pod: Pod, port: ServicePort) -> int | None:
    """The port of a Pod that a port of a Service leads to; None if the Pod has none of that name."""
    wanted = port.target_port or port.port
    if isinstance(wanted, int):
        return wanted
    for container in [*pod.spec.containers, *filter(is_sidecar, pod.spec.init_containers)]:
        for declared in container.ports:
            if declared.name == wanted and (declared.protocol or "TCP") == (port.protocol or "TCP"):
                return declared.container_port
    return int(wanted) if wanted.isdecimal() else None


def keeps_clients(service: Service) -> bool:
    """Whether a client of a Service always gets to the same Pod."""
    return service.spec.session_affinity == "ClientIP"


def keeps_ports(service: Service, found: list[Endpoint]) -> bool:
    """Whether each port of a Service is that port of its Pods too, so that one may as well speak with the Pods themselves."""
    return all(target_port(endpoint.pod, port) == port.port for endpoint in found for port in service.spec.ports)


def _is_chosen(pod: Pod, selector: dict[str, str]) -> bool:
    labels = pod.metadata.labels
    return all(labels.get(key) == value for key, value in selector.items())


def _endpoint(pod: Pod, service: Service) -> Endpoint:
    first = pod.status.pod_ip or ""
    others = tuple(entry.ip for entry in pod.status.pod_ips if entry.ip and entry.ip != first)
    named = pod.spec.hostname if pod.spec.subdomain == service.metadata.name else None
    return Endpoint(pod, (first, *others), (named or dashed(first)).lower())


def dashed(address: str) -> str:
    """An address as a label of a name."""
    parsed = ip_address(address)
    return str(parsed).replace(".", "-") if parsed.version == 4 else parsed.exploded.replace(":", "-")
