"""The status of a Pod, made from what is observed.

The rules of the kubelet's `convertStatusToAPIStatus` and `getPhase` (`kubelet_pods.go`): container states with their reasons, and
the phase; the conditions are in `podkit.kubelet.conditions`. All functions are pure; `generate` puts them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import define, evolve

from podkit.kubelet import restart_all
from podkit.kubelet.conditions import conditions
from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod, attempt_of
from podkit.kubelet.plan import Plan, Waiting
from podkit.kubelet.resize import in_force, pod_level_in_force
from podkit.kubelet.restart import LOST_EXIT_CODE, has_started, is_done, is_lost_for_good, is_ready
from podkit.kubelet.sync import init_failed
from podkit.model import (
    Container,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    ContainerUser,
    EphemeralContainer,
    HostIP,
    LinuxContainerUser,
    Pod,
    PodIP,
    PodStatus,
    VolumeMountStatus,
)
from podkit.model.pod_containers import all_containers, is_sidecar
from podkit.model.pod_state import TERMINAL_PHASES
from podkit.runtime import base as runtime

POD_MESSAGE_LIMIT = 12 * 1024
"""Bytes of all termination messages of a Pod (`MaxPodTerminationMessageLogLength`)."""
LOST = ContainerStateTerminated(
    exit_code=LOST_EXIT_CODE,
    reason="ContainerStatusUnknown",
    message="The container could not be located when the pod was terminated",
)
"""What a container came to that has run and is not there any more."""


@define
class Situation:
    """What a status is made from.

    Attributes:
        pod: the Pod with its last status.
        observed: what the container engine holds of it.
        memory: what the kubelet remembers of it.
        plan: what is to be done next; says why containers wait.
        host_ips: the addresses of the machine.
        runtime_name: the prefix of container ids.
        now: the time.
    """

    pod: Pod
    observed: ObservedPod
    memory: PodMemory
    plan: Plan
    host_ips: Sequence[str]
    runtime_name: str
    now: datetime


def generate(situation: Situation) -> PodStatus:
    """Make the whole status of a Pod."""
    pod, observed = situation.pod, situation.observed
    old = pod.status
    init = [_container_status(situation, c, old.init_container_statuses) for c in pod.spec.init_containers]
    mains = [_container_status(situation, c, old.container_statuses) for c in pod.spec.containers]
    ephemeral = [
        _container_status(situation, c, old.ephemeral_container_statuses) for c in pod.spec.ephemeral_containers
    ]
    ips = (observed.sandbox.ips if observed.sandbox is not None else ()) or situation.memory.addresses
    known_ips = [PodIP(ip=ip) for ip in ips] or old.pod_ips
    told = _phase_to_tell(situation, mains)
    ending = situation.plan.ending if told == "Failed" else None  # why comes with the phase (`mergePodStatus`)
    status = evolve(
        old,
        phase=told,
        reason=ending.reason if ending else old.reason,
        message=ending.message if ending else old.message,
        observed_generation=pod.metadata.generation,
        resources=pod_level_in_force(pod, observed, situation.memory) if pod.spec.resources is not None else None,
        allocated_resources=dict(pod.spec.resources.requests) if pod.spec.resources is not None else {},
        start_time=old.start_time or situation.memory.begun or situation.now,
        host_ip=situation.host_ips[0],
        host_ips=[HostIP(ip=ip) for ip in situation.host_ips],
        pod_ips=known_ips,
        pod_ip=known_ips[0].ip if known_ips else None,
        init_container_statuses=init,
        container_statuses=mains,
        ephemeral_container_statuses=ephemeral,
    )
    status.conditions = conditions(pod, status, observed, situation.memory, situation.now)
    return status


def _container_status(
    situation: Situation, container: Container | EphemeralContainer, old: Sequence[ContainerStatus]
) -> ContainerStatus:
    """The status of one container of the spec."""
    attempts = situation.observed.attempts(container.name)
    before = next((status for status in old if status.name == container.name), None)
    if not attempts:
        return _without_container(situation, container, before)
    newest = attempts[0]
    status = ContainerStatus(
        name=container.name,
        image=newest.labels.get(runtime.IMAGE, newest.image),
        image_id=newest.image_id,
        container_id=f"{situation.runtime_name}://{newest.id}",
        restart_count=attempt_of(newest),
        ready=False,
        started=_is_started(situation, container, newest),
        user=_user(newest),
        volume_mounts=_volume_mounts(container),
        state=_state(situation, container, newest),
        last_state=_last_state(situation, attempts[1:], before),
    )
    if newest.state is runtime.ContainerState.EXITED:
        _tell_waiting(situation, container, newest, status)
    if isinstance(container, Container):
        status.resources = in_force(situation.pod, container, newest, situation.memory)
        status.allocated_resources = dict(container.resources.requests) if container.resources is not None else {}
    status.ready = _is_ready(situation, container, newest)
    return status


def _user(container: runtime.ContainerStatus) -> ContainerUser | None:
    """Whom a container has started as."""
    found = container.user
    return ContainerUser(LinuxContainerUser(found.user, found.group, list(found.groups))) if found is not None else None


def _volume_mounts(container: Container | EphemeralContainer) -> list[VolumeMountStatus]:
    """How a container mounts its volumes; what is read-only is never so with all that is mounted below it."""
    return [
        VolumeMountStatus(
            name=mount.name,
            mount_path=mount.mount_path,
            read_only=mount.read_only,
            recursive_read_only="Disabled" if mount.read_only else None,
        )
        for mount in container.volume_mounts
    ]


def _without_container(
    situation: Situation, container: Container | EphemeralContainer, before: ContainerStatus | None
) -> ContainerStatus:
    """A container that the engine does not have: not yet, or not any more."""
    status = ContainerStatus(
        name=container.name,
        image=container.image or "",
        image_id="",
        restart_count=0,
        ready=False,
        started=None if isinstance(container, EphemeralContainer) else False,
        volume_mounts=_volume_mounts(container),
        state=_not_started(situation, container),
    )
    if before is None:
        return status
    if situation.memory.restarting and before.container_id is not None and isinstance(container, Container):
        return _removed_to_start_over(status, before)
    if before.container_id is None:  # its loss, if there was one, has been counted already
        return evolve(status, restart_count=before.restart_count, last_state=before.last_state)
    if before.state is not None and before.state.terminated is not None:
        return evolve(before, ready=before.ready if _is_init(situation.pod, container) else False)
    status.restart_count = before.restart_count
    status.last_state = before.last_state
    if before.state is not None and before.state.running is not None:
        status.last_state = ContainerState(terminated=evolve(LOST, container_id=before.container_id))
        if situation.pod.metadata.deletion_timestamp is None and not _is_lost_for_good(situation.pod, container):
            status.restart_count = (before.restart_count or 0) + 1
        else:
            status.state = status.last_state
            status.last_state = None
    return status


def _removed_to_start_over(status: ContainerStatus, before: ContainerStatus) -> ContainerStatus:
    """A container that was removed because all are started over, which counts as a restart."""
    ended = ContainerStateTerminated(
        exit_code=LOST_EXIT_CODE,
        reason=restart_all.REASON,
        message=restart_all.MESSAGE,
        container_id=before.container_id,
    )
    return evolve(
        status,
        state=_waiting(restart_all.REASON, restart_all.MESSAGE),
        last_state=ContainerState(terminated=ended),
        restart_count=(before.restart_count or 0) + 1,
    )


def _is_lost_for_good(pod: Pod, container: Container | EphemeralContainer) -> bool:
    return isinstance(container, Container) and is_lost_for_good(pod, container)


def _tell_waiting(
    situation: Situation,
    container: Container | EphemeralContainer,
    ended: runtime.ContainerStatus,
    status: ContainerStatus,
) -> None:
    """A container that will be started again waits; how it ended becomes its last state."""
    if isinstance(container, EphemeralContainer) or situation.pod.metadata.deletion_timestamp is not None:
        return
    why = situation.plan.waiting.get(container.name) or _failure(situation, container.name)
    if why is None or is_done(situation.pod, container, ended, situation.memory):
        return
    status.last_state = status.state
    status.state = _waiting(why.reason, why.message)


def _failure(situation: Situation, name: str) -> Waiting | None:
    failure = situation.memory.failures.get(name)
    return Waiting(failure.reason, failure.message) if failure is not None else None


def _state(
    situation: Situation, container: Container | EphemeralContainer, newest: runtime.ContainerStatus
) -> ContainerState:
    """The state; while its postStart hook is under way, or after that has failed, a container is not told as running."""
    match newest.state:
        case runtime.ContainerState.RUNNING:
            if situation.memory.post_start_runs(newest.id):
                return _waiting(_default_reason(situation.pod, container))
            if error := situation.memory.post_start_error(newest.id):
                return _waiting("PostStartHookError", error)
            return ContainerState(running=ContainerStateRunning(started_at=newest.started_at))
        case runtime.ContainerState.EXITED:
            return ContainerState(terminated=terminated(situation, newest))
        case _:
            return _not_started(situation, container)


def _not_started(situation: Situation, container: Container | EphemeralContainer) -> ContainerState:
    """Why a container that the engine does not have, or has not started, waits."""
    why = situation.plan.waiting.get(container.name) or _failure(situation, container.name)
    return _waiting(why.reason, why.message) if why is not None else _waiting(_default_reason(situation.pod, container))


def _waiting(reason: str, message: str = "") -> ContainerState:
    return ContainerState(waiting=ContainerStateWaiting(reason=reason, message=message or None))


def _default_reason(pod: Pod, container: Container | EphemeralContainer) -> str:
    """Why a container waits when there is nothing more to say."""
    is_ephemeral = isinstance(container, EphemeralContainer)
    return "PodInitializing" if pod.spec.init_containers and not is_ephemeral else "ContainerCreating"


def _message_limit(pod: Pod) -> int:
    """How long a container's termination message may be, so that those of all its Pod's containers stay within a limit."""
    return POD_MESSAGE_LIMIT // len(all_containers(pod.spec))


def terminated(situation: Situation, container: runtime.ContainerStatus) -> ContainerStateTerminated:
    """How a container has ended."""
    message = situation.memory.termination_messages.get(container.id) or container.error
    limited = message.encode()[: _message_limit(situation.pod)].decode(errors="ignore")
    return ContainerStateTerminated(
        exit_code=container.exit_code if container.exit_code is not None else 255,
        reason=_reason(container),
        message=limited or None,
        started_at=container.started_at,
        finished_at=container.finished_at,
        container_id=f"{situation.runtime_name}://{container.id}",
    )


def _reason(container: runtime.ContainerStatus) -> str:
    """The engine's reason first lack of memory, then the exit code, as CRI runtimes say it."""
    if container.oom_killed:
        return "OOMKilled"
    if container.started_at is None and container.error:
        return "StartError"
    return "Completed" if container.exit_code == 0 else "Error"


def _last_state(
    situation: Situation, earlier: Sequence[runtime.ContainerStatus], before: ContainerStatus | None
) -> ContainerState | None:
    if earlier and earlier[0].state is runtime.ContainerState.EXITED:
        return ContainerState(terminated=terminated(situation, earlier[0]))
    return before.last_state if before is not None else None


def _is_init(pod: Pod, container: Container | EphemeralContainer) -> bool:
    return any(container is init for init in pod.spec.init_containers)


def _is_started(
    situation: Situation, container: Container | EphemeralContainer, newest: runtime.ContainerStatus
) -> bool | None:
    """Whether it has started; of an ephemeral container, which has no probes, nothing is said (`UpdatePodStatus`)."""
    if isinstance(container, EphemeralContainer):
        return None
    return has_started(container, newest, situation.memory)


def _is_ready(situation: Situation, container: Container | EphemeralContainer, newest: runtime.ContainerStatus) -> bool:
    """An init container that is no sidecar is ready when it is done; an ephemeral container never is."""
    if isinstance(container, EphemeralContainer):
        return False
    if _is_init(situation.pod, container) and not is_sidecar(container):
        return newest.state is runtime.ContainerState.EXITED and newest.exit_code == 0
    return is_ready(container, newest, situation.memory)


# --- phase


def _phase_to_tell(situation: Situation, mains: Sequence[ContainerStatus]) -> str:
    """The phase; a final one stays, and is told only when nothing runs any more."""
    old = situation.pod.status.phase
    if old in TERMINAL_PHASES:
        return old
    if situation.memory.restarting:
        return "Pending"
    found = "Failed" if situation.plan.ending else phase(situation.pod, situation.observed, situation.memory, mains)
    if found in TERMINAL_PHASES and situation.observed.running():
        return "Running" if old is None or old == "Running" else old
    return found


def phase(pod: Pod, observed: ObservedPod, memory: PodMemory, mains: Sequence[ContainerStatus]) -> str:
    """The phase that the container states amount to (`getPhase`)."""
    if init_failed(pod, observed):
        return "Failed"  # whatever has become of sidecars, which end with the Pod
    main_started = any(observed.newest(container.name) is not None for container in pod.spec.containers)
    for container in pod.spec.init_containers:
        newest = observed.newest(container.name)
        if is_sidecar(container):
            if not main_started and (newest is None or not has_started(container, newest, memory)):
                return "Pending"
        elif newest is None or newest.state is not runtime.ContainerState.EXITED:
            if not main_started:
                return "Pending"
        elif newest.exit_code != 0:
            return "Pending"
    return _phase_of_mains(pod, observed, memory, mains)


def _phase_of_mains(pod: Pod, observed: ObservedPod, memory: PodMemory, mains: Sequence[ContainerStatus]) -> str:
    newest = [observed.newest(container.name) for container in pod.spec.containers]
    if any(_is_waiting_for_first_start(status) for status in mains):
        return "Pending"
    if any(one is not None and one.state is runtime.ContainerState.RUNNING for one in newest):
        return "Running"
    terminal = pod.metadata.deletion_timestamp is not None
    done = [is_done(pod, container, one, memory) for container, one in zip(pod.spec.containers, newest, strict=True)]
    if not terminal and not all(done):
        return "Running"
    return "Succeeded" if all(map(_has_ended_well, newest, mains)) else "Failed"


def _has_ended_well(newest: runtime.ContainerStatus | None, status: ContainerStatus) -> bool:
    """Whether a container has ended with exit code 0; of one that the engine has lost, the status still knows."""
    if newest is not None:
        return newest.exit_code == 0
    ended = status.state.terminated if status.state is not None else None
    return ended is not None and ended.exit_code == 0


def _is_waiting_for_first_start(status: ContainerStatus) -> bool:
    waits = status.state is not None and status.state.waiting is not None
    return waits and (status.last_state is None or status.last_state.terminated is None)
