"""What to do next for a Pod: the decision of the kubelet's sync.

`decide` looks at a Pod, at what the container engine holds of it, and at the time, and says what to do now and when to look
again. It changes nothing. The rules are those of `kuberuntime_manager.go` (`computePodActions`, `SyncPod`) and of
`kuberuntime_container.go` (`killContainersWithSyncResult`): a sandbox; then the init containers one after the other; then
all others; each restarted as its policy says, after its back-off; on the way out everything stops in parallel, sidecars after
the containers that they serve.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define

from podkit.kubelet import restart_all
from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod, attempt_of, container_name, spec_hash
from podkit.kubelet.plan import (
    Ending,
    KillContainer,
    Plan,
    RemoveContainer,
    RunPostStart,
    RunSandbox,
    SignalContainer,
    StartContainer,
    StopContainer,
    StopSandbox,
    Waiting,
)
from podkit.kubelet.probes import ProbeKind, probe_of
from podkit.kubelet.resize import ResizeSandbox, needs_restart, steps
from podkit.kubelet.restart import (
    backoff_key,
    condemned_by,
    has_started,
    identity,
    is_done,
    is_sidecar,
    restart_policy,
    should_restart,
)
from podkit.model import Container, ContainerStateTerminated, Pod
from podkit.model import ContainerStatus as ContainerStatus_
from podkit.model.pod_state import is_terminal
from podkit.runtime.base import ContainerState, ContainerStatus

MINIMUM_GRACE = timedelta(seconds=2)
"""A container always has this long to end by itself (`minimumGracePeriodInSeconds`)."""
DEFAULT_GRACE = 30
EVICTED = "Evicted"
"""The reason of a Pod that had to make room on its node, or that its node would not take."""


def decide(pod: Pod, observed: ObservedPod, memory: PodMemory, now: datetime) -> Plan:
    """Say what to do for a Pod that is bound to this node."""
    plan = Plan()
    deleted_at = pod.metadata.deletion_timestamp
    if deleted_at is not None:
        _stop_everything(plan, pod, observed, memory, now, deadline=deleted_at)
        plan.gone = not observed.running()
        return plan
    if is_terminal(pod):
        _finish(plan, pod, observed, memory, now)
        if is_evicted(pod) and not observed.running():
            plan.discard = True
            plan.actions.extend(RemoveContainer(container.id) for container in observed.containers)
        return plan
    if (eviction := memory.eviction) is not None:
        plan.ending = Ending(EVICTED, eviction.message, "Warning", eviction.annotations)
        _finish(plan, pod, observed, memory, now, deadline=eviction.deadline)
        return plan
    deadline = _active_deadline(pod)
    if deadline is not None and now >= deadline:
        plan.ending = Ending("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
        _finish(plan, pod, observed, memory, now)
        return plan
    if deadline is not None:
        plan.look_again_at(deadline)
    _advance(plan, pod, observed, memory, now)
    return plan


def decide_orphan(observed: ObservedPod, memory: PodMemory, now: datetime) -> Plan:
    """Say what to do with what the engine holds of a Pod that the store does not have (any more): end it, quickly."""
    plan = Plan()
    for container in observed.running():
        stop = memory.stops.get(container.id)
        if container.state is ContainerState.UNKNOWN:
            plan.actions.append(RemoveContainer(container.id))
        elif stop is None or not stop.signalled:
            plan.actions.append(SignalContainer(container, now + MINIMUM_GRACE))
        else:
            _stop(plan, StopContainer(container, stop.deadline, ""), memory, now)
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


def grace_period(pod: Pod) -> timedelta:
    """How long a Pod's containers may take to end when they are told to (not on deletion, which brings its own)."""
    seconds = pod.spec.termination_grace_period_seconds
    return timedelta(seconds=DEFAULT_GRACE if seconds is None else seconds)


def _active_deadline(pod: Pod) -> datetime | None:
    seconds, start = pod.spec.active_deadline_seconds, pod.status.start_time
    return start + timedelta(seconds=seconds) if seconds is not None and start is not None else None


def _advance(plan: Plan, pod: Pod, observed: ObservedPod, memory: PodMemory, now: datetime) -> None:
    """Bring a living Pod nearer to what its spec says."""
    if memory.restarting:
        plan.actions.extend(RemoveContainer(container.id) for container in restart_all.victims(pod, observed))
        return
    if has_ended(pod, observed, memory):
        _finish(plan, pod, observed, memory, now)
        return
    if observed.ready_sandbox is None:
        _renew_sandbox(plan, observed, memory, now)
        return
    starter = _Starter(plan, pod, observed, memory, now, observed.ready_sandbox.id)
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


@define
class _Starter:
    """Decides, container by container, what is to be started, and what must wait."""

    plan: Plan
    pod: Pod
    observed: ObservedPod
    memory: PodMemory
    now: datetime
    sandbox_id: str

    def advance_init(self) -> bool:
        """Bring the initialisation forward by at most one container; whether it is complete."""
        if any(self._here(container.name) for container in self.pod.spec.containers):
            for container in self.pod.spec.init_containers:
                if is_sidecar(container):
                    self.advance(container)
            return True
        return all(self._advance_init(container) for container in self.pod.spec.init_containers)

    def _advance_init(self, container: Container) -> bool:
        """Bring one init container forward; whether the next one may come."""
        newest = self._here(container.name)
        if is_sidecar(container):
            self.advance(container)
            return newest is not None and has_started(container, newest, self.memory)
        if newest is not None and newest.state is ContainerState.EXITED:
            if newest.exit_code != 0:
                self.start(container.name, key=backoff_key(container), newest=newest)
            return newest.exit_code == 0
        if newest is None or newest.state is not ContainerState.RUNNING:
            self._replace(container, newest)
        return False

    def advance_mains(self) -> None:
        """Start, restart or stop the main containers; while a postStart hook runs, those after it wait."""
        for container in self.pod.spec.containers:
            self.advance(container)
            if self._holds_up_the_next(container):
                return

    def _holds_up_the_next(self, container: Container) -> bool:
        """Whether a container has a postStart hook, and that has yet to come to its end for the next container to start."""
        newest = self.observed.newest(container.name)
        if newest is not None and self.memory.post_start_runs(newest.id):
            return True
        if container.lifecycle is None or container.lifecycle.post_start is None:
            return False
        failure = self.memory.failures.get(container.name)
        is_starting = any(isinstance(one, StartContainer) and one.name == container.name for one in self.plan.actions)
        is_being_pulled = failure is not None and failure.retry_at is None
        return is_starting or is_being_pulled

    def advance(self, container: Container) -> None:
        """Start a container, start it again, or stop it because it is not as it shall be."""
        newest = self.observed.newest(container.name)
        if newest is not None and newest.state is ContainerState.RUNNING and newest.sandbox_id == self.sandbox_id:
            self._check(container, newest)
        elif not is_done(self.pod, container, newest, self.memory):
            self._replace(container, newest)

    def _check(self, container: Container, running: ContainerStatus) -> None:
        """Stop a container whose definition has changed, whose postStart hook has failed, or whom a probe condemns."""
        deadline = self.now + grace_period(self.pod)
        if spec_hash(running) not in ("", identity(container)):
            message = f"Container {container.name} definition changed, will be restarted"
            stop = StopContainer(running, deadline, message, replaced=True)
        elif self.memory.post_start_is_due(running.id):
            self.plan.actions.append(RunPostStart(running))
            return
        elif self.memory.post_start_error(running.id):
            stop = StopContainer(running, deadline, "FailedPostStartHook")
        elif needs_restart(self.pod, container, running, self.memory):
            message = f"Container {container.name} resize requires restart"
            stop = StopContainer(running, deadline, message, replaced=True)
        elif (kind := condemned_by(container, running, self.memory)) is not None:
            stop = self._stop_for_probe(container, running, kind)
        else:
            return
        _stop(self.plan, stop, self.memory, self.now)

    def _stop_for_probe(self, container: Container, running: ContainerStatus, kind: ProbeKind) -> StopContainer:
        probe = probe_of(container, kind)
        own = probe.termination_grace_period_seconds if probe is not None else None
        grace = grace_period(self.pod) if own is None else timedelta(seconds=own)
        restarts = ", will be restarted" if restart_policy(self.pod, container) != "Never" else ""
        message = f"Container {container.name} failed {kind} probe{restarts}"
        return StopContainer(running, self.now + grace, message, probe_failed=True)

    def start(
        self, name: str, *, key: str, newest: ContainerStatus | None, leftover: ContainerStatus | None = None
    ) -> None:
        """Start the next attempt of a container now, or say until when and why it must wait.

        Args:
            name: its name.
            key: what its back-off belongs to.
            newest: the attempt that has ended last.
            leftover: a container that is of no use, and is removed before.
        """
        failure = self.memory.failures.get(name)
        if failure is not None and failure.blocks(self.now):
            self._wait(name, failure.reason, failure.message, failure.retry_at)
            return
        if newest is not None and not self._is_over(name, key, newest):
            return
        if leftover is not None:
            self.plan.actions.append(RemoveContainer(leftover.id))
        self.plan.actions.append(StartContainer(name, self._next_attempt(name)))

    def may_restart(self, container: Container, ended: ContainerStatus) -> bool:
        """Whether the back-off of a container that has ended is over; if not, it waits."""
        return self._is_over(container.name, backoff_key(container), ended)

    def _is_over(self, name: str, key: str, ended: ContainerStatus) -> bool:
        until = self._waits_until(key, ended, ended.finished_at) if ended.finished_at is not None else None
        if until is None or self.now >= until:
            return True
        self._wait(name, "CrashLoopBackOff", self._crash_loop_message(name, key), until)
        return False

    def _waits_until(self, key: str, ended: ContainerStatus, finished_at: datetime) -> datetime | None:
        """Until when a container that has ended must wait.

        When a probe has ended it, the kubelet counts from the end of the run before, which it last saw as ended; only if that
        back-off is not over yet does it count from this end (`doBackOff`).
        """
        if ended.id in self.memory.probe_kills:
            before = self.observed.before(ended)
            waits = self.memory.backoff.waits_until(key, before) if before is not None else None
            if waits is None or finished_at >= waits:
                return None
        return self.memory.backoff.waits_until(key, finished_at)

    def _here(self, name: str) -> ContainerStatus | None:
        """The newest container of a name, if it lives in the present sandbox: initialisation starts over in a new one."""
        newest = self.observed.newest(name)
        return newest if newest is not None and newest.sandbox_id == self.sandbox_id else None

    def _replace(self, container: Container, newest: ContainerStatus | None) -> None:
        """Start a container for which what is there (never started, or lost to the engine) is of no use."""
        useless = newest is not None and newest.state in (ContainerState.CREATED, ContainerState.UNKNOWN)
        ended = newest if newest is not None and newest.state is ContainerState.EXITED else None
        key = backoff_key(container)
        self.start(container.name, key=key, newest=ended, leftover=newest if useless else None)

    def _wait(self, name: str, reason: str, message: str, until: datetime | None) -> None:
        self.plan.waiting[name] = Waiting(reason, message)
        if until is not None:
            self.plan.look_again_at(until)

    def _next_attempt(self, name: str) -> int:
        """One more than the last that has run; where the engine has lost it, the Pod's status remembers."""
        newest = self.observed.newest(name)
        if newest is not None and newest.state is ContainerState.CREATED:
            return attempt_of(newest)  # it takes the place of one that was never started
        seen = attempt_of(newest) if newest is not None else -1
        for status in [*self.pod.status.container_statuses, *self.pod.status.init_container_statuses]:
            if status.name == name and (status.container_id or _last_end(status) is not None):
                counted = (status.restart_count or 0) - (_was_removed(status) or _has_yet_to_run(status))
                seen = max(seen, counted)
        return seen + 1

    def _crash_loop_message(self, name: str, key: str) -> str:
        meta = self.pod.metadata
        delay = _go_duration(self.memory.backoff.delay(key))
        return f"back-off {delay} restarting failed container={name} pod={meta.name}_{meta.namespace}({meta.uid})"


def _last_end(status: ContainerStatus_) -> ContainerStateTerminated | None:
    return status.last_state.terminated if status.last_state is not None else None


def _was_removed(status: ContainerStatus_) -> bool:
    """Whether a container was removed to be started over, which its restart count has in it already."""
    ended = _last_end(status)
    return status.container_id is None and ended is not None and ended.reason == restart_all.REASON


def _has_yet_to_run(status: ContainerStatus_) -> bool:
    """Whether the status tells of a container that was made, which its restart count has in it already, but never started."""
    ended = _last_end(status)
    waits = status.state is not None and status.state.waiting is not None
    return waits and status.container_id is not None and (ended is None or ended.container_id != status.container_id)


def _finish(
    plan: Plan,
    pod: Pod,
    observed: ObservedPod,
    memory: PodMemory,
    now: datetime,
    *,
    deadline: datetime | None = None,
) -> None:
    """Stop what still runs of a Pod that is at its end, and give back its network; the dead containers stay for their logs."""
    _stop_everything(plan, pod, observed, memory, now, deadline=deadline or now + grace_period(pod))
    if not observed.running():
        plan.actions.extend(StopSandbox(sandbox.id) for sandbox in observed.sandboxes if sandbox.ready)


def _stop_everything(
    plan: Plan, pod: Pod, observed: ObservedPod, memory: PodMemory, now: datetime, *, deadline: datetime
) -> None:
    """Stop all containers in parallel.

    Each sidecar is signalled only after the main containers, and the sidecars after it, have ended; its preStop hook does
    not wait for that (`kuberuntime_termination_order.go`).
    """
    sidecars = [container.name for container in pod.spec.init_containers if is_sidecar(container)]
    running = {container_name(container): container for container in observed.running()}
    blocked = False
    for name in [*(name for name in running if name not in sidecars), *reversed(sidecars)]:
        if name in running:
            in_turn = name not in sidecars or not blocked
            _stop(
                plan, StopContainer(running[name], deadline, f"Stopping container {name}"), memory, now, in_turn=in_turn
            )
            blocked = True


def _stop(plan: Plan, wanted: StopContainer, memory: PodMemory, now: datetime, *, in_turn: bool = True) -> None:
    """Bring a container nearer to its end: preStop hook, signal, kill. A stop that is under way keeps its deadline.

    What is unknown to the engine can neither be signalled nor waited for: it is removed.
    """
    container = wanted.container
    stop = memory.stops.get(container.id)
    if container.state is ContainerState.UNKNOWN:
        plan.actions.append(RemoveContainer(container.id))
    elif stop is None:
        plan.actions.append(wanted)
    elif not stop.signalled:
        hook_runs = stop.hook and container.id not in memory.hooks_done
        if now >= stop.deadline or (in_turn and not hook_runs):
            plan.actions.append(SignalContainer(container, max(stop.deadline, now + MINIMUM_GRACE)))
        else:
            plan.look_again_at(stop.deadline)
    elif not stop.killed:
        if now >= stop.deadline:
            plan.actions.append(KillContainer(container))
        else:
            plan.look_again_at(stop.deadline)


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


def _go_duration(duration: timedelta) -> str:
    """A duration as Go prints it: ``10s``, ``1m20s``, ``5m0s``."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
