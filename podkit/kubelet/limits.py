"""Cpu and memory of a container in the kernel's terms (`kubelet/cm/helpers_linux.go`, `kubelet/qos/policy.go`)."""

from __future__ import annotations

from podkit.model import Container, EphemeralContainer, Pod, ResourceRequirements
from podkit.model.quantity import Quantity
from podkit.runtime.base import Resources

PERIOD = 100_000
MINIMUM_QUOTA = 1_000
MINIMUM_SHARES = 2


def resources(pod: Pod, container: Container | EphemeralContainer, node_memory: int) -> Resources:
    """What a container may use; ``node_memory`` are the bytes of the machine."""
    wanted = (container.resources if isinstance(container, Container) else None) or ResourceRequirements()
    cpu_limit, cpu_request = wanted.limits.get("cpu"), wanted.requests.get("cpu") or wanted.limits.get("cpu")
    milli_limit = Quantity(cpu_limit).milli_value() if cpu_limit else 0
    milli_request = Quantity(cpu_request).milli_value() if cpu_request else 0
    memory = wanted.limits.get("memory")
    return Resources(
        cpu_period=PERIOD if milli_limit else 0,
        cpu_quota=max(milli_limit * PERIOD // 1000, MINIMUM_QUOTA) if milli_limit else 0,
        cpu_shares=max(milli_request * 1024 // 1000, MINIMUM_SHARES),
        memory_limit=Quantity(memory).value() if memory else 0,
        oom_score_adj=_oom_score(pod, wanted, node_memory),
    )


def _oom_score(pod: Pod, wanted: ResourceRequirements, node_memory: int) -> int:
    match pod.status.qos_class:
        case "Guaranteed":
            return -997
        case "BestEffort":
            return 1000
        case _:
            request = wanted.requests.get("memory") or wanted.limits.get("memory") or "0"
            score = 1000 - 1000 * Quantity(request).value() // max(node_memory, 1)
            return max(3, min(999, score))
