"""The conditions of a Pod, made from the states of its containers (`pkg/kubelet/status/generate.go`). Pure."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from podkit.kubelet import restart_all
from podkit.kubelet.memory import Eviction, PodMemory
from podkit.kubelet.observation import ObservedPod
from podkit.kubelet.resize import is_in_progress
from podkit.model import Pod, PodCondition, PodStatus
from podkit.model.node_taints import NODE_NOT_READY
from podkit.model.pod_containers import is_sidecar

OWN_CONDITIONS = frozenset(
    {
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
        "PodResizePending",
        "PodResizeInProgress",
        restart_all.CONDITION,
    }
)
"""The types of the conditions that a kubelet sets; all others are somebody else's."""


def is_given_up(pod: Pod) -> bool:
    """Whether the Pod was said not to be ready because nothing was heard of its node."""
    return any(found.type == "Ready" and found.reason == NODE_NOT_READY for found in pod.status.conditions)


def conditions(
    pod: Pod, status: PodStatus, observed: ObservedPod, memory: PodMemory, now: datetime
) -> list[PodCondition]:
    """The conditions that a kubelet keeps, and after them those of others."""
    not_initialized = _incomplete_init(pod, status)
    not_ready = _not_ready(pod, status)
    finished = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(status.phase or "")
    containers_ready = _condition("ContainersReady", not not_ready and not finished)
    if finished:
        containers_ready.reason = finished
    elif not_ready:
        containers_ready.reason = "ContainersNotReady"
        containers_ready.message = f"containers with unready status: [{' '.join(not_ready)}]"
    ready = _with_gates(pod, evolve(containers_ready, type="Ready"))
    initialized = _condition("Initialized", not not_initialized)
    if not_initialized:
        initialized.reason = "ContainersNotInitialized"
        initialized.message = f"containers with incomplete status: [{' '.join(not_initialized)}]"
    elif finished == "PodCompleted":
        initialized.reason = finished
    found = [
        _condition(
            "PodReadyToStartContainers", observed.ready_sandbox is not None and bool(observed.ready_sandbox.ips)
        ),
        initialized,
        ready,
        containers_ready,
        _scheduled(pod),
        *_resize(pod, observed, memory),
        *_restart(pod, memory),
    ]
    if memory.eviction is not None and memory.eviction.disruption and status.phase == "Failed":
        found.append(_disruption(memory.eviction))
    told = {condition.type for condition in found}
    others = [condition for condition in pod.status.conditions if condition.type not in OWN_CONDITIONS | told]
    return [_with_times(pod, condition, now) for condition in found] + others


def _disruption(eviction: Eviction) -> PodCondition:
    """That a Pod did not fail by itself; told together with its end (`mergePodStatus`)."""
    return evolve(_condition("DisruptionTarget", True), reason="TerminationByKubelet", message=eviction.message)


def _restart(pod: Pod, memory: PodMemory) -> list[PodCondition]:
    """Whether all containers are being removed, to be started over; nothing if that has never been so."""
    old = restart_all.condition_of(pod)
    if memory.restarting and not memory.removed:
        begun = _condition(restart_all.CONDITION, True)
        return [evolve(begun, reason="ContainerExited", message=memory.restarting)]
    return [evolve(old, status="False", observed_generation=None)] if old is not None else []


def _scheduled(pod: Pod) -> PodCondition:
    """As the scheduler has told it."""
    old = next((condition for condition in pod.status.conditions if condition.type == "PodScheduled"), None)
    return evolve(old, observed_generation=None) if old is not None else _condition("PodScheduled", True)


def _resize(pod: Pod, observed: ObservedPod, memory: PodMemory) -> list[PodCondition]:
    """How far a resize is; nothing when there is none (`SetPodResizePendingCondition`, `SetPodResizeInProgressCondition`)."""
    found, resizing = [], memory.resizing
    if resizing.pending is not None:
        pending = _condition("PodResizePending", True)
        found.append(evolve(pending, reason=resizing.pending.reason, message=resizing.pending.message))
    if is_in_progress(pod, observed, memory):
        progress = evolve(_condition("PodResizeInProgress", True), observed_generation=resizing.generation)
        if resizing.error:
            progress = evolve(progress, reason="Error", message=resizing.error)
        found.append(progress)
    return found


def _condition(type_: str, value: bool) -> PodCondition:
    return PodCondition(type=type_, status="True" if value else "False")


def _incomplete_init(pod: Pod, status: PodStatus) -> list[str]:
    """The init containers that are not through; none once a main container has started."""
    if any(one.container_id is not None for one in status.container_statuses):
        return []
    names = []
    for container, one in zip(pod.spec.init_containers, status.init_container_statuses, strict=True):
        through = one.started if is_sidecar(container) else one.ready
        if not through:
            names.append(container.name)
    return names


def _not_ready(pod: Pod, status: PodStatus) -> list[str]:
    sidecars = {container.name for container in pod.spec.init_containers if is_sidecar(container)}
    counted = [one for one in status.init_container_statuses if one.name in sidecars] + status.container_statuses
    return [one.name for one in counted if not one.ready]


def _with_gates(pod: Pod, ready: PodCondition) -> PodCondition:
    """Ready also needs the conditions that the Pod's readiness gates name."""
    true = {condition.type for condition in pod.status.conditions if condition.status == "True"}
    missing = [gate.condition_type for gate in pod.spec.readiness_gates if gate.condition_type not in true]
    if ready.status != "True" or not missing:
        return ready
    message = ", ".join(_why_missing(pod, gate) for gate in missing)
    return evolve(ready, status="False", reason="ReadinessGatesNotReady", message=message)


def _why_missing(pod: Pod, gate: str) -> str:
    found = next((condition for condition in pod.status.conditions if condition.type == gate), None)
    if found is None:
        return f'corresponding condition of pod readiness gate "{gate}" does not exist.'
    return f'the status of pod readiness gate "{gate}" is not "True", but {found.status}'


def _with_times(pod: Pod, condition: PodCondition, now: datetime) -> PodCondition:
    """The time of transition changes only with the status."""
    old = next((c for c in pod.status.conditions if c.type == condition.type), None)
    same = old is not None and old.status == condition.status
    return evolve(
        condition,
        last_transition_time=old.last_transition_time if old is not None and same else now,
        observed_generation=condition.observed_generation or pod.metadata.generation,
    )
