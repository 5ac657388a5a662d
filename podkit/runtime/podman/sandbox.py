"""The document that makes a sandbox: Podman's ``PodSpecGenerator``, from a `SandboxConfig`.

A sandbox is a native Podman pod. Its infra container holds the network namespace, the hostname and IPC; Podman shares them
with each container that is made in the pod. Exit policy ``continue``: the pod lives until the kubelet ends it, whatever its
containers do.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from podkit.runtime.base import NAMESPACE_SIZE, PortMapping, SandboxConfig
from podkit.runtime.podman.container import resource_limits


def sandbox_spec(
    config: SandboxConfig, network: str, *, controllers: Collection[str] = ("cpu", "memory", "pids")
) -> dict[str, Any]:
    """The body of ``POST /libpod/pods/create``.

    Args:
        config: what it shall be.
        network: name of the bridge network for a sandbox with an address of its own.
        controllers: cgroup controllers that work; limits of others are left out.
    """
    given: dict[str, Any] = {
        "name": config.name,
        "hostname": config.hostname,
        "labels": dict(config.labels),
        "exit_policy": "continue",
        "restart_policy": "no",
        "shared_namespaces": _shared(config),
        "sysctl": dict(config.sysctls),
        "dns_server": list(config.dns_servers),
        "dns_search": list(config.dns_searches),
        "dns_option": list(config.dns_options),
        "resource_limits": resource_limits(config.resources, controllers),
        **_namespaces(config, network),
    }
    return {key: value for key, value in given.items() if value}


def infra_name(sandbox_id: str) -> str:
    """How Podman names the infra container of a pod; it spares the question for its id."""
    return f"{sandbox_id[:12]}-infra"


def _shared(config: SandboxConfig) -> list[str]:
    shared = ["net", "uts"]
    if not config.host_ipc:  # Podman 4 would have the pod's own all the same; see `ContainerConfig.host_ipc`
        shared.insert(1, "ipc")
    if config.share_process_namespace or config.host_pid:
        shared.append("pid")
    return shared


def _namespaces(config: SandboxConfig, network: str) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if config.host_network:
        spec["netns"] = {"nsmode": "host"}
    else:
        spec["netns"] = {"nsmode": "bridge"}
        spec["Networks"] = {network: {}}
        spec["portmappings"] = [_port(mapping) for mapping in config.port_mappings]
    if config.host_pid:
        spec["pidns"] = {"nsmode": "host"}
    if config.user_namespace is not None:
        ids = [{"container_id": 0, "host_id": config.user_namespace, "size": NAMESPACE_SIZE}]
        spec["userns"] = {"nsmode": "private"}
        spec["idmappings"] = {"UIDMap": ids, "GIDMap": ids}
    return spec


def _port(mapping: PortMapping) -> dict[str, Any]:
    return {
        "container_port": mapping.container_port,
        "host_port": mapping.host_port,
        "protocol": mapping.protocol.lower(),
        "host_ip": mapping.host_ip,
    }
