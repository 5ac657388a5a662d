"""What to tell the container engine about a Pod's sandbox and its containers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve

from podkit.kubelet.expansion import expand
from podkit.kubelet.files import hostname, resolver
from podkit.kubelet.limits import pod_resources, resources
from podkit.kubelet.resize import label
from podkit.kubelet.restart import identity
from podkit.kubelet.security import security_config
from podkit.model import Container, EphemeralContainer, Pod
from podkit.model.pod_containers import find_container
from podkit.runtime.base import (
    ATTEMPT,
    CONTAINER_NAME,
    IMAGE,
    POD_NAME,
    POD_NAMESPACE,
    POD_UID,
    RESOURCES,
    SPEC_HASH,
    STOP_SIGNAL,
    USER_NAMESPACE,
    ContainerConfig,
    ImageMount,
    ImageStatus,
    Mount,
    PortMapping,
    RuntimeInfo,
    SandboxConfig,
)


def find(pod: Pod, name: str) -> Container | EphemeralContainer:
    """The container of this name in a Pod's spec, of whichever sort."""
    return find_container(pod.spec, name)


def field_path(pod: Pod, container: Container | EphemeralContainer) -> str:
    """How an event refers to a container."""
    if container in pod.spec.init_containers:
        return f"spec.initContainers{{{container.name}}}"
    kind = "ephemeralContainers" if isinstance(container, EphemeralContainer) else "containers"
    return f"spec.{kind}{{{container.name}}}"


def sandbox_config(
    pod: Pod,
    attempt: int,
    labels: Mapping[str, str],
    machine_resolver: str = "",
    name_server: str | None = None,
    *,
    pids_limit: int = 0,
    user_namespace: int | None = None,
) -> SandboxConfig:
    """The configuration of a Pod's sandbox.

    Args:
        pod: the Pod.
        attempt: how many sandboxes it has had before.
        labels: those of the node.
        machine_resolver: the resolver file of the machine.
        name_server: where the Pod is to ask for names; None: where the machine does.
        user_namespace: the first user of the machine that belongs to the Pod; None: it has no user namespace of its own.
        pids_limit: how many processes its containers may have together; 0: as many as each may have.
    """
    spec = pod.spec
    settings = resolver(pod, machine_resolver, name_server)
    sysctls = spec.security_context.sysctls if spec.security_context is not None else []
    return SandboxConfig(
        name=_engine_name(pod) + (f"_{attempt}" if attempt else ""),
        hostname=hostname(pod),
        labels={
            **labels,
            **_pod_labels(pod),
            ATTEMPT: str(attempt),
            **_pod_level(pod),
            **({USER_NAMESPACE: str(user_namespace)} if user_namespace is not None else {}),
        },
        port_mappings=port_mappings(pod),
        host_network=bool(spec.host_network),
        host_pid=bool(spec.host_pid),
        host_ipc=bool(spec.host_ipc),
        share_process_namespace=bool(spec.share_process_namespace),
        sysctls={sysctl.name: sysctl.value for sysctl in sysctls},
        dns_servers=settings.servers,
        dns_searches=settings.searches,
        dns_options=settings.options,
        resources=evolve(pod_resources(pod), pids_limit=pids_limit),
        user_namespace=user_namespace,
    )


def container_config(
    pod: Pod,
    container: Container | EphemeralContainer,
    image: ImageStatus,
    attempt: int,
    *,
    labels: Mapping[str, str],
    environment: Mapping[str, str],
    mounts: Sequence[Mount],
    image_mounts: Sequence[ImageMount],
    engine: RuntimeInfo,
    target: str | None,
) -> ContainerConfig:
    """The configuration of one attempt of a container.

    Raises:
        ConfigError: its security context cannot be had.
    """
    return ContainerConfig(
        name=f"{container.name}_{_engine_name(pod)}_{attempt}",
        image=image.id,
        labels={
            **labels,
            **_pod_labels(pod),
            CONTAINER_NAME: container.name,
            ATTEMPT: str(attempt),
            IMAGE: _image_name(container.image or "", image),
            STOP_SIGNAL: _stop_signal(container, image),
            SPEC_HASH: identity(container) if isinstance(container, Container) else "",
            RESOURCES: label(container.resources if isinstance(container, Container) else None),
        },
        command=[expand(word, environment) for word in container.command] or None,
        args=[expand(word, environment) for word in container.args] or None,
        env=environment,
        working_dir=container.working_dir or None,
        mounts=mounts,
        image_mounts=image_mounts,
        security=security_config(pod, container, image, engine),
        resources=resources(pod, container, engine.memory),
        stdin=bool(container.stdin),
        stdin_once=bool(container.stdin_once),
        tty=bool(container.tty),
        target=target,
        host_ipc=bool(pod.spec.host_ipc),
    )


def _engine_name(pod: Pod) -> str:
    """A name that a person recognises and that is unique in the engine."""
    return f"{pod.metadata.name}_{pod.metadata.namespace}_{(pod.metadata.uid or '')[:8]}"


def _image_name(reference: str, image: ImageStatus) -> str:
    """The full name of an image: ``docker.io/library/busybox:latest`` for ``busybox``."""
    name = reference if "@" in reference or ":" in reference.rpartition("/")[2] else f"{reference}:latest"
    return next((tag for tag in image.tags if tag == name or tag.endswith("/" + name)), reference)


def _stop_signal(container: Container | EphemeralContainer, image: ImageStatus) -> str:
    lifecycle = container.lifecycle if isinstance(container, Container) else None
    return (lifecycle.stop_signal if lifecycle is not None else None) or image.stop_signal or "SIGTERM"


def _pod_labels(pod: Pod) -> dict[str, str]:
    meta = pod.metadata
    return {POD_NAME: meta.name or "", POD_NAMESPACE: meta.namespace or "", POD_UID: meta.uid or ""}


def _pod_level(pod: Pod) -> dict[str, str]:
    return {RESOURCES: label(pod.spec.resources)} if pod.spec.resources is not None else {}


def port_mappings(pod: Pod) -> list[PortMapping]:
    """The host ports of all containers that run for long; with host network a port needs no mapping."""
    if pod.spec.host_network:
        return []
    sidecars = [container for container in pod.spec.init_containers if container.restart_policy == "Always"]
    return [
        PortMapping(port.container_port, port.host_port, port.protocol or "TCP", port.host_ip or "")
        for container in [*sidecars, *pod.spec.containers]
        for port in container.ports
        if port.host_port
    ]
