"""The Node object that a kubelet keeps for its machine."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from podkit._version import __version__
from podkit.model import (
    Node,
    NodeAddress,
    NodeCondition,
    NodeRuntimeHandler,
    NodeStatus,
    NodeSystemInfo,
    ObjectMeta,
)
from podkit.runtime.base import RuntimeInfo

MAXIMUM_PODS = 1000
"""How many Pods a node takes. Kubernetes says 110; one machine for one user may well run more."""
KUBERNETES_VERSION = "v1.36.2"
"""The release whose behaviour podkit follows."""


def node_object(name: str, info: RuntimeInfo, existing: Node | None, now: datetime, *, storage: int) -> Node:
    """The Node as it shall be: what was set on it by others is kept, what the kubelet knows is set.

    Args:
        name: its name.
        info: what the container engine says of the machine.
        existing: the Node that there is; None: there is none yet.
        now: the time.
        storage: bytes of the file system on which the node keeps the files of its Pods.
    """
    node = existing if existing is not None else Node(metadata=ObjectMeta(name=name))
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": info.operating_system,
        "kubernetes.io/arch": info.architecture,
    }
    meta = evolve(node.metadata, labels={**node.metadata.labels, **labels})
    return evolve(node, metadata=meta, status=node_status(name, info, node.status, now, storage))


def node_status(name: str, info: RuntimeInfo, old: NodeStatus, now: datetime, storage: int) -> NodeStatus:
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
        conditions=[
            _condition(old, "Ready", now, status="True", reason="KubeletReady"),
            _condition(old, "MemoryPressure", now, status="False", reason="KubeletHasSufficientMemory"),
            _condition(old, "DiskPressure", now, status="False", reason="KubeletHasNoDiskPressure"),
            _condition(old, "PIDPressure", now, status="False", reason="KubeletHasSufficientPID"),
        ],
        runtime_handlers=[NodeRuntimeHandler(name=handler) for handler in ("", *info.runtime_handlers)],
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


def extended_resources(status: NodeStatus) -> dict[str, str]:
    """What others say that the node has, such as ``example.com/dongle``, by their names."""
    return {name: text for name, text in status.capacity.items() if "/" in name}


def _condition(old: NodeStatus, type_: str, now: datetime, *, status: str, reason: str) -> NodeCondition:
    before = next((condition for condition in old.conditions if condition.type == type_), None)
    since = before.last_transition_time if before is not None and before.status == status else now
    return NodeCondition(type=type_, status=status, reason=reason, last_heartbeat_time=now, last_transition_time=since)
