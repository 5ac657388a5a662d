"""The Node object that a kubelet keeps for its machine."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from attrs import evolve

from podkit._version import __version__
from podkit.model import (
    Node,
    NodeAddress,
    NodeCondition,
    NodeFeatures,
    NodeRuntimeHandler,
    NodeRuntimeHandlerFeatures,
    NodeStatus,
    NodeSystemInfo,
    ObjectMeta,
)
from podkit.model.conditions import is_true
from podkit.runtime.base import RuntimeInfo

MAXIMUM_PODS = 1000
"""How many Pods a node takes. Kubernetes says 110; one machine for one user may well run more."""
PRESSURES = {
    "MemoryPressure": (
        ("HasInsufficientMemory", "has insufficient memory available"),
        ("HasSufficientMemory", "has sufficient memory available"),
    ),
    "DiskPressure": (("HasDiskPressure", "has disk pressure"), ("HasNoDiskPressure", "has no disk pressure")),
    "PIDPressure": (
        ("HasInsufficientPID", "has insufficient PID available"),
        ("HasSufficientPID", "has sufficient PID available"),
    ),
}
"""The reasons and messages of the conditions when a node is short of something, and when it is not (`nodestatus/setters.go`)."""
KUBERNETES_VERSION = "v1.36.2"
"""The release whose behaviour podkit follows."""


def node_object(
    name: str,
    info: RuntimeInfo,
    existing: Node | None,
    now: datetime,
    *,
    storage: int,
    pressures: Collection[str] = (),
) -> Node:
    """The Node as it is to be: what was set on it by others is kept, what the kubelet knows is set.

    Args:
        name: its name.
        info: what the container engine says of the machine.
        existing: the Node that there is; None: there is none yet.
        now: the time.
        storage: bytes of the file system on which the node keeps the files of its Pods.
        pressures: the conditions that it has because it is short of something, such as ``MemoryPressure``.
    """
    node = existing if existing is not None else Node(metadata=ObjectMeta(name=name))
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": info.operating_system,
        "kubernetes.io/arch": info.architecture,
    }
    meta = evolve(node.metadata, labels={**node.metadata.labels, **labels})
    return evolve(node, metadata=meta, status=node_status(name, info, node.status, now, storage, pressures))


def node_status(
    name: str, info: RuntimeInfo, old: NodeStatus, now: datetime, storage: int, pressures: Collection[str] = ()
) -> NodeStatus:
    """What the machine has and is."""
    own = {
        "cpu": str(info.cpus),
        "memory": f"{info.memory // 1024}Ki",
        "ephemeral-storage": f"{storage // 1024}Ki",
        "pods": str(MAXIMUM_PODS),
    }
    return evolve(
        old,
        capacity={**extended_resources(old), **own},
        allocatable={**old.allocatable, **extended_resources(old), **own},
        addresses=[
            *(NodeAddress(type="InternalIP", address=address) for address in info.addresses),
            NodeAddress(type="Hostname", address=name),
        ],
        conditions=node_conditions(old, now, pressures),
        runtime_handlers=[
            NodeRuntimeHandler(handler, _handler_features(info)) for handler in ("", *info.runtime_handlers)
        ],
        features=NodeFeatures(supplemental_groups_policy=True),
        node_info=NodeSystemInfo(
            machine_id="",
            system_uuid="",
            boot_id="",
            kernel_version=info.kernel,
            os_image="",
            container_runtime_version=f"{info.name}://{info.version}",
            kubelet_version=f"{KUBERNETES_VERSION}+podkit.{__version__}",
            kube_proxy_version="",
            operating_system=info.operating_system,
            architecture=info.architecture,
        ),
    )


def alive(status: NodeStatus, now: datetime, pressures: Collection[str]) -> NodeStatus:
    """The status with a new heartbeat. What others call a resource of the node becomes allocatable with it."""
    return evolve(
        status,
        conditions=node_conditions(status, now, pressures),
        allocatable={**status.allocatable, **extended_resources(status)},
    )


def node_conditions(old: NodeStatus, now: datetime, pressures: Collection[str]) -> list[NodeCondition]:
    """The conditions of a node whose kubelet is well, and after them those of others."""
    ready = _condition(old, "Ready", now, status="True", reason="KubeletReady")
    return [
        evolve(ready, message="kubelet is posting ready status"),
        *(_pressure(old, type_, now, present=type_ in pressures) for type_ in PRESSURES),
        *(found for found in old.conditions if found.type != "Ready" and found.type not in PRESSURES),
    ]


def is_ready(status: NodeStatus) -> bool:
    """Whether a node says that it can run Pods."""
    return is_true(status.conditions, "Ready")


def _handler_features(info: RuntimeInfo) -> NodeRuntimeHandlerFeatures:
    return NodeRuntimeHandlerFeatures(recursive_read_only_mounts=False, user_namespaces=info.user_namespaces)


def extended_resources(status: NodeStatus) -> dict[str, str]:
    """What others say that the node has, such as ``example.com/dongle``, by their names."""
    return {name: text for name, text in status.capacity.items() if "/" in name}


def pressure_reason(type_: str, *, present: bool) -> str:
    """What has become of a node that is, or is not any more, short of something; such as ``HasDiskPressure``."""
    return PRESSURES[type_][0 if present else 1][0]


def _pressure(old: NodeStatus, type_: str, now: datetime, *, present: bool) -> NodeCondition:
    reason, message = PRESSURES[type_][0 if present else 1]
    found = _condition(old, type_, now, status="True" if present else "False", reason=f"Kubelet{reason}")
    return evolve(found, message=f"kubelet {message}")


def _condition(old: NodeStatus, type_: str, now: datetime, *, status: str, reason: str) -> NodeCondition:
    before = next((condition for condition in old.conditions if condition.type == type_), None)
    since = before.last_transition_time if before is not None and before.status == status else now
    return NodeCondition(type=type_, status=status, reason=reason, last_heartbeat_time=now, last_transition_time=since)
