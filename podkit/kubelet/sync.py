"""What to do next for a Pod: the decision of the kubelet's sync.

`decide` looks at a Pod, at what the container engine holds of it, and at the time, and says what to do now and when to look
again. It changes nothing. The rules are those of `kuberuntime_manager.go` (`computePodActions`, `SyncPod`): a sandbox; then the
containers (`podkit.kubelet.start_decision`); and on the way out everything stops (`podkit.kubelet.stop_decision`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from podkit.kubelet import restart_all
from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod, attempt_of, container_name
from podkit.kubelet.plan import Ending, Plan, RemoveContainer, RunSandbox, SignalContainer, StopContainer, StopSandbox
from podkit.kubelet.resize import ResizeSandbox, steps
from podkit.kubelet.restart import is_done, should_restart
from podkit.kubelet.start_decision import StartDecision
from podkit.kubelet.stop_decision import MINIMUM_GRACE, StopDecision
from podkit.model import Pod
from podkit.model.pod_containers import is_sidecar
from podkit.model.pod_state import is_terminal
from podkit.runtime.base import ContainerState, ContainerStatus

EVICTED = "Evicted"
"""The reason of a Pod that had to make room on its node, or that its node would not take."""


def decide(pod: Pod, observed: ObservedPod, memory: PodMemory, now: datetime) -> Plan:
    """Say what to do for a Pod that is bound to this node."""
    plan = Plan()
    stops = StopDecision(plan, observed, memory, now)
    deleted_at = pod.metadata.deletion_timestamp
    if deleted_at is not None:
        stops.stop_all(pod, deleted_at)
        plan.gone = not observed.running()
        return plan
    if is_terminal(pod):
        stops.finish(pod)
        if is_evicted(pod) and not observed.running():
            plan.discard = True
            plan.actions.extend(RemoveContainer(container.id) for container in observed.containers)
        return plan
    if (eviction := memory.eviction) is not None:
        plan.ending = Ending(EVICTED, eviction.message, "Warning", eviction.annotations)
        stops.finish(pod, eviction.deadline)
        return plan
    deadline = _active_deadline(pod)
    if deadline is not None and now >= deadline:
        plan.ending = Ending("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
        stops.finish(pod)
        return plan
    if deadline is not None:
        plan.look_again_at(deadline)
    _advance(plan, pod, observed, memory, now)
    return plan


def decide_orphan(observed: ObservedPod, memory: PodMemory, now: datetime) -> Plan:
    """Say what to do with what the engine holds of a Pod that the store does not have (any more): end it, quickly."""
    plan = Plan()
    stops = StopDecision(plan, observed, memory, now)
    for container in observed.running():
        begun = memory.stops.get(container.id)
        if container.state is ContainerState.UNKNOWN:
            plan.actions.append(RemoveContainer(container.id))
        elif begun is None or not begun.signalled:
            plan.actions.append(SignalContainer(container, now + MINIMUM_GRACE))
        else:
            stops.stop(StopContainer(container, begun.deadline, ""))
    plan.gone = not observed.running()
    return plan


def is_evicted(pod: Pod) -> bool:
    """Whether a Pod has been evicted from its node; what it has written there is given back (`ShouldPodContentBeRemoved`)."""
    return pod.status.phase == "Failed" and pod.status.reason == EVICTED


def init_failed(pod: Pod, observed: ObservedPod) -> bool:
    """Whether an init container has failed for good, and the Pod with it."""
    for container in pod.spec.init_containers:
        newest = observed.newest(container.name)
        if is_sidecar(container) or newest is None or newest.state is not ContainerState.EXITED:
            continue
        if newest.exit_code != 0 and not should_restart(pod, container, newest):
            return True
    return False


def has_ended(pod: Pod, observed: ObservedPod, memory: PodMemory) -> bool:
    """Whether every main container has ended for good, or an init container has failed for good."""
    return init_failed(pod, observed) or all(
        is_done(pod, container, observed.newest(container.name), memory) for container in pod.spec.containers
    )


def _active_deadline(pod: Pod) -> datetime | None:
    seconds, start = pod.spec.active_deadline_seconds, pod.status.start_time
    return start + timedelta(seconds=seconds) if seconds is not None and start is not None else None


def _advance(plan: Plan, pod: Pod, observed: ObservedPod, memory: PodMemory, now: datetime) -> None:
    """Bring a living Pod nearer to what its spec says."""
    if memory.restarting:
        plan.actions.extend(RemoveContainer(container.id) for container in restart_all.victims(pod, observed))
        return
    if has_ended(pod, observed, memory):
        StopDecision(plan, observed, memory, now).finish(pod)
        return
    if observed.ready_sandbox is None:
        _renew_sandbox(plan, observed, memory, now)
        return
    starter = StartDecision(plan, pod, observed, memory, now, observed.ready_sandbox.id)
    trigger = restart_all.trigger(pod, observed, memory)
    if trigger is not None:
        plan.restart_all = trigger if starter.may_restart(trigger.container, trigger.ended) else None
        return
    for ephemeral in pod.spec.ephemeral_containers:
        newest = observed.newest(ephemeral.name)
        if newest is None or newest.state is ContainerState.CREATED:
            starter.start(ephemeral.name, key=ephemeral.name, newest=None, leftover=newest)
    if starter.advance_init():
        starter.advance_mains()
    _resize(plan, pod, observed, memory, now)


def _resize(plan: Plan, pod: Pod, observed: ObservedPod, memory: PodMemory, now: datetime) -> None:
    """Bring into force what is allocated, before anything else is started. One that has failed waits for its time."""
    retry_at = memory.resizing.retry_at
    if retry_at is not None and now < retry_at:
        plan.look_again_at(retry_at)
        return
    stopping = {one.container.id for one in plan.actions if isinstance(one, StopContainer)} | memory.stops.keys()
    found = [
        one
        for one in steps(pod, observed, memory)
        if isinstance(one, ResizeSandbox) or one.container.id not in stopping
    ]
    plan.actions[:0] = found


def _renew_sandbox(plan: Plan, observed: ObservedPod, memory: PodMemory, now: datetime) -> None:
    """Make a sandbox; what is left of one that was lost is ended first, since it has no network any more."""
    failure = memory.sandbox_failure
    if failure is not None and failure.blocks(now):
        if failure.retry_at is not None:
            plan.look_again_at(failure.retry_at)
        return
    lost = observed.sandbox
    if lost is not None and any(container.state is ContainerState.RUNNING for container in observed.containers):
        plan.actions.append(StopSandbox(lost.id))  # and then see who has to start again at all
    else:
        plan.actions.append(RunSandbox(attempt_of(lost) + 1 if lost is not None else 0))


def superfluous(observed: ObservedPod) -> list[ContainerStatus]:
    """The dead containers that are not needed: of each name the newest dead one is kept, for its logs."""
    kept: set[str] = set()
    found = []
    for container in observed.containers:
        if container.state is ContainerState.EXITED:
            name = container_name(container)
            if name in kept:
                found.append(container)
            kept.add(name)
    return found


def superfluous_sandboxes(observed: ObservedPod) -> list[str]:
    """The ids of sandboxes that were replaced, and whose last container has been removed."""
    inhabited = {container.sandbox_id for container in observed.containers}
    return [sandbox.id for sandbox in observed.sandboxes[1:] if sandbox.id not in inhabited]
