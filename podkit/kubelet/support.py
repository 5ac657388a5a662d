"""What of a Pod's spec this kubelet does not do.

A field that would be ignored in silence is worse than one that is refused: a Pod that uses one of these is rejected, as a
kubelet rejects a Pod that its node cannot run, and says which field it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from podkit.kubelet import grpc_health
from podkit.kubelet.probes import ProbeKind, probe_of
from podkit.model import Container, EphemeralContainer, Pod, Volume
from podkit.model.shape import fields_of

_CONTAINER_FIELDS = {
    "volume_devices": "volumeDevices",
}
_VOLUMES = (
    "name",
    "empty_dir",
    "host_path",
    "config_map",
    "secret",
    "downward_api",
    "projected",
    "persistent_volume_claim",
    "ephemeral",
    "image",
    "nfs",
)
_PROJECTIONS = ("config_map", "secret", "downward_api", "service_account_token")


def unsupported(pod: Pod, *, connects: bool = True) -> list[str]:
    """The paths of the fields that are set and not supported.

    Args:
        pod: the Pod.
        connects: whether ports of Pods can be reached from here.
    """
    return [*_unsupported(pod), *([] if connects else _of_the_network(pod))]


def _of_the_network(pod: Pod) -> Iterator[str]:
    """What needs a connection to the Pod. Where none can be had, it would fail for ever."""
    remedy = "(an engine on another machine; use exec)"
    for kind, containers in (("initContainers", pod.spec.init_containers), ("containers", pod.spec.containers)):
        for position, container in enumerate(containers):
            path = f"spec.{kind}[{position}]"
            for probe_kind in ProbeKind:
                probe = probe_of(container, probe_kind)
                if probe is not None and probe.exec is None:
                    yield f"{path}.{probe_kind}Probe {remedy}"
            hooks = container.lifecycle
            for name, hook in (("postStart", hooks and hooks.post_start), ("preStop", hooks and hooks.pre_stop)):
                if hook and hook.http_get is not None:
                    yield f"{path}.lifecycle.{name}.httpGet {remedy}"


def _unsupported(pod: Pod) -> Iterator[str]:
    lists: dict[str, Sequence[Container | EphemeralContainer]] = {
        "initContainers": pod.spec.init_containers,
        "containers": pod.spec.containers,
        "ephemeralContainers": pod.spec.ephemeral_containers,
    }
    for kind, containers in lists.items():
        for position, container in enumerate(containers):
            yield from _of_container(container, f"spec.{kind}[{position}]")
    for position, volume in enumerate(pod.spec.volumes):
        yield from _of_volume(volume, f"spec.volumes[{position}]")
    if pod.spec.host_users is False:
        yield "spec.hostUsers"
    if pod.spec.resource_claims:
        yield "spec.resourceClaims"


def _of_container(container: Container | EphemeralContainer, path: str) -> Iterator[str]:
    for attribute, name in _CONTAINER_FIELDS.items():
        if getattr(container, attribute, None):
            yield f"{path}.{name}"
    for position, mount in enumerate(container.volume_mounts):
        if mount.recursive_read_only == "Enabled":  # Podman has no such option; IfPossible is not possible
            yield f"{path}.volumeMounts[{position}].recursiveReadOnly"
    for kind in ProbeKind:
        probe = probe_of(container, kind) if isinstance(container, Container) else None
        if probe is not None and probe.grpc is not None and not grpc_health.available():
            yield f"{path}.{kind}Probe.grpc (install podkit[grpc])"


def _of_volume(volume: Volume, path: str) -> Iterator[str]:
    for field in fields_of(Volume):
        if field.attribute not in _VOLUMES and getattr(volume, field.attribute) is not None:
            yield f"{path}.{field.name}"
    for position, source in enumerate(volume.projected.sources if volume.projected else []):
        if all(getattr(source, attribute) is None for attribute in _PROJECTIONS):
            yield f"{path}.projected.sources[{position}]"
