"""The variables by which a container finds the Services of its namespace. Pure.

Source of the rules: ``pkg/kubelet/envvars/envvars.go``, ``kubelet_pods.go`` (getServiceEnvVarMap).
"""

from __future__ import annotations

from collections.abc import Iterable

from podkit.kubelet.network.endpoints import cluster_ip
from podkit.model import Pod, Service


def service_links(pod: Pod, services: Iterable[Service]) -> dict[str, str]:
    """The variables for a Pod's containers; none where it does not want them. Services without an address have none.

    Args:
        pod: the Pod.
        services: the Services of its namespace.
    """
    if pod.spec.enable_service_links is False:
        return {}
    found: dict[str, str] = {}
    for service in sorted(services, key=lambda one: one.metadata.name or ""):
        address = cluster_ip(service)
        if address is not None and service.spec.ports:
            found.update(_variables(service, address))
    return found


def _variables(service: Service, address: str) -> dict[str, str]:
    prefix, ports = _word(service.metadata.name or ""), service.spec.ports
    host = f"[{address}]" if ":" in address else address
    found = {f"{prefix}_SERVICE_HOST": address, f"{prefix}_SERVICE_PORT": str(ports[0].port)}
    found |= {f"{prefix}_SERVICE_PORT_{_word(port.name)}": str(port.port) for port in ports if port.name}
    for position, port in enumerate(ports):
        protocol = port.protocol or "TCP"
        url = f"{protocol.lower()}://{host}:{port.port}"
        if position == 0:
            found[f"{prefix}_PORT"] = url
        name = f"{prefix}_PORT_{port.port}_{protocol}"
        found |= {
            name: url,
            f"{name}_PROTO": protocol.lower(),
            f"{name}_PORT": str(port.port),
            f"{name}_ADDR": address,
        }
    return found


def _word(name: str) -> str:
    return name.upper().replace("-", "_")
