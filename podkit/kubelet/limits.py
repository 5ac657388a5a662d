"""Cpu and memory of a container, and of a Pod as a whole, in the kernel's terms.

Source of the rules: ``kubelet/cm/helpers_linux.go``, ``kubelet/qos/policy.go``, ``kuberuntime_container_linux.go``.
"""

from __future__ import annotations

from attrs import evolve

from podkit.admission.pod_resources import pod_requests
from podkit.model import Container, EphemeralContainer, Pod, ResourceRequirements
from podkit.model.pod_containers import is_sidecar
from podkit.model.quantity import Quantity
from podkit.runtime.base import Resources

PERIOD = 100_000
MINIMUM_QUOTA = 1_000
MINIMUM_SHARES = 2
MAXIMUM_SHARES = 262_144
CRITICAL_PRIORITY = 2_000_000_000
"""From this priority on (``system-cluster-critical``) a Pod is critical to its node."""


def resources(pod: Pod, container: Container | EphemeralContainer, node_memory: int) -> Resources:
    """What a container may use; ``node_memory`` are the bytes of the machine."""
    wanted = (container.resources if isinstance(container, Container) else None) or ResourceRequirements()
    return evolve(_limits(wanted), oom_score_adj=_oom_score(pod, container, node_memory))


def pod_resources(pod: Pod) -> Resources:
    """What a Pod's containers may use together: only what ``spec.resources`` says."""
    return _limits(pod.spec.resources) if pod.spec.resources is not None else Resources()


def only(given: Resources, resource: str) -> Resources:
    """The part that is about ``cpu`` or about ``memory``."""
    if resource == "memory":
        return Resources(memory_limit=given.memory_limit)
    return evolve(given, memory_limit=0, oom_score_adj=None)


def _limits(wanted: ResourceRequirements) -> Resources:
    cpu_limit, cpu_request = wanted.limits.get("cpu"), wanted.requests.get("cpu") or wanted.limits.get("cpu")
    milli_limit = Quantity(cpu_limit).milli_value() if cpu_limit else 0
    milli_request = Quantity(cpu_request).milli_value() if cpu_request else 0
    memory = wanted.limits.get("memory")
    return Resources(
        cpu_period=PERIOD if milli_limit else 0,
        cpu_quota=max(milli_limit * PERIOD // 1000, MINIMUM_QUOTA) if milli_limit else 0,
        cpu_shares=min(max(milli_request * 1024 // 1000, MINIMUM_SHARES), MAXIMUM_SHARES),
        memory_limit=Quantity(memory).value() if memory else 0,
    )


def _oom_score(pod: Pod, container: Container | EphemeralContainer, node_memory: int) -> int:
    """How readily the kernel kills a container when the machine has no memory left (`GetContainerOOMScoreAdjust`)."""
    if (pod.spec.priority or 0) >= CRITICAL_PRIORITY or pod.status.qos_class == "Guaranteed":
        return -997
    if pod.status.qos_class == "BestEffort":
        return 1000
    score = _score_of(_memory_request(pod, container), node_memory)
    if isinstance(container, Container) and is_sidecar(container) and container in pod.spec.init_containers:
        # a sidecar is not killed before the containers that it serves
        score = min([score, *(_score_of(_memory_request(pod, main), node_memory) for main in pod.spec.containers)])
    return score


def _score_of(request: int, node_memory: int) -> int:
    return max(3, min(999, 1000 - 1000 * request // max(node_memory, 1)))


def _memory_request(pod: Pod, container: Container | EphemeralContainer) -> int:
    """The memory that a container requests; with a request of the Pod as a whole also its part of what the others leave."""
    own = _requested(container)
    if pod.spec.resources is None or "memory" not in pod.spec.resources.requests:
        return own
    long_lived = [*pod.spec.containers, *(one for one in pod.spec.init_containers if is_sidecar(one))]
    rest = pod_requests(pod.spec)["memory"].value() - sum(map(_requested, long_lived))
    return own + max(rest, 0) // len(long_lived)


def _requested(container: Container | EphemeralContainer) -> int:
    wanted = (container.resources if isinstance(container, Container) else None) or ResourceRequirements()
    return Quantity(wanted.requests.get("memory") or wanted.limits.get("memory") or "0").value()
