"""What to do next for a Pod: the decision of the kubelet's sync.

`decide` looks at a Pod, at what the container engine holds of it, and at the time, and says what to do now and when to look
again. It changes nothing. The rules are those of `kuberuntime_manager.go` (`computePodActions`, `SyncPod`) and of
`kuberuntime_container.go` (`killContainersWithSyncResult`): a sandbox; then the init containers one after the other; then
all others; each restarted as its policy says, after its back-off; on the way out everything stops in parallel, sidecars after
the containers that they serve.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define, field, frozen

from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod, attempt_of, container_name, spec_hash
from podkit.kubelet.restart import backoff_key, identity, is_done, is_sidecar, should_restart
from podkit.model import Container, Pod
from podkit.runtime.base import ContainerState, ContainerStatus

MINIMUM_GRACE = timedelta(seconds=2)
"""A container always has this long to end by itself (`minimumGracePeriodInSeconds`)."""
DEFAULT_GRACE = 30


@frozen
class RunSandbox:
    """Set up the volumes and make a sandbox."""

    attempt: int


@frozen
class StartContainer:
    """Make and start a container."""

    name: str
    attempt: int


@frozen
class StopContainer:
    """Tell a container to end, and note when its time is up."""

    container: ContainerStatus
    deadline: datetime
    message: str


@frozen
class KillContainer:
    """End a container whose time is up."""

    container: ContainerStatus


@frozen
class RemoveContainer:
    """Remove a container that nobody needs any more."""

    container_id: str


@frozen
class StopSandbox:
    """Give back the network of a sandbox in which nothing runs any more."""

    sandbox_id: str


Action = RunSandbox | StartContainer | StopContainer | KillContainer | RemoveContainer | StopSandbox


@frozen
class Ending:
    """Why a Pod as a whole comes to a bad end; becomes ``status.reason`` and ``status.message``."""

    reason: str
    message: str


@frozen
class Waiting:
    """Why a container waits."""

    reason: str
    message: str


@define
class Plan:
    """What `decide` says.

    Attributes:
        actions: what to do now, in this order.
        waiting: by container name, why a container waits.
        look_again: when to decide anew if nothing happens before.
        ending: set when the Pod is to fail as a whole.
        gone: whether nothing of a Pod that is being deleted runs any more.
    """

    actions: list[Action] = field(factory=list)
    waiting: dict[str, Waiting] = field(factory=dict)
    look_again: datetime | None = None
    ending: Ending | None = None
    gone: bool = False

    def look_again_at(self, moment: datetime) -> None:
        """Decide anew at this moment at the latest."""
        self.look_again = moment if self.look_again is None else min(self.look_again, moment)


def decide(pod: Pod, observed: ObservedPod, memory: PodMemory, now: datetime) -> Plan:
    """Say what to do for a Pod that is bound to this node."""
    plan = Plan()
    deleted_at = pod.metadata.deletion_timestamp
    if deleted_at is not None:
        _stop_everything(plan, pod, observed, memory, now, deadline=deleted_at)
        plan.gone = not observed.running()
        return plan
    if pod.status.phase in ("Succeeded", "Failed"):
        _finish(plan, pod, observed, memory, now)
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
        _stop(plan, container, memory, now, now + MINIMUM_GRACE, f"Stopping container {container_name(container)}")
    plan.gone = not observed.running()
    return plan


def init_failed(pod: Pod, observed: ObservedPod) -> bool:
    """Whether an init container has failed for good, and the Pod with it."""
    for container in pod.spec.init_containers:
        newest = observed.newest(container.name)
        if is_sidecar(container) or newest is None or newest.state is not ContainerState.EXITED:
            continue
        if newest.exit_code != 0 and not should_restart(pod, container, newest):
            return True
    return False


def has_ended(pod: Pod, observed: ObservedPod) -> bool:
    """Whether every main container has ended for good, or an init container has failed for good."""
    return init_failed(pod, observed) or all(
        is_done(pod, container, observed.newest(container.name)) for container in pod.spec.containers
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
    if has_ended(pod, observed):
        _finish(plan, pod, observed, memory, now)
        return
    if observed.ready_sandbox is None:
        _renew_sandbox(plan, observed, memory, now)
        return
    starter = _Starter(plan, pod, observed, memory, now, observed.ready_sandbox.id)
    for ephemeral in pod.spec.ephemeral_containers:
        if observed.newest(ephemeral.name) is None:
            starter.start(ephemeral.name, key=ephemeral.name, newest=None)
    if not starter.advance_init():
        return
    for container in pod.spec.containers:
        starter.advance_main(container)


def _renew_sandbox(plan: Plan, observed: ObservedPod, memory: PodMemory, now: datetime) -> None:
    """Make a sandbox; what is left of one that was lost is ended first, since it has no network any more."""
    failure = memory.sandbox_failure
    if failure is not None and failure.blocks(now):
        if failure.retry_at is not None:
            plan.look_again_at(failure.retry_at)
        return
    lost = observed.sandbox
    if lost is not None and observed.running():
        plan.actions.append(StopSandbox(lost.id))
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
                    self.advance_main(container)
            return True
        for container in self.pod.spec.init_containers:
            newest = self._here(container.name)
            if is_sidecar(container):
                self.advance_main(container)
                if newest is None or newest.state is not ContainerState.RUNNING:
                    return False
            elif newest is None or newest.state is not ContainerState.EXITED:
                if newest is None or newest.state is not ContainerState.RUNNING:
                    self._replace(container, newest)
                return False
            elif newest.exit_code != 0:
                self.start(container.name, key=backoff_key(container), newest=newest)
                return False
        return True

    def advance_main(self, container: Container) -> None:
        """Start a container, start it again, or stop it because its definition has changed."""
        newest = self.observed.newest(container.name)
        if newest is not None and newest.state is ContainerState.RUNNING and newest.sandbox_id == self.sandbox_id:
            if spec_hash(newest) not in ("", identity(container)):
                deadline = self.now + grace_period(self.pod)
                message = f"Container {container.name} definition changed, will be restarted"
                _stop(self.plan, newest, self.memory, self.now, deadline, message)
        elif not is_done(self.pod, container, newest):
            self._replace(container, newest)

    def start(self, name: str, *, key: str, newest: ContainerStatus | None) -> None:
        """Start the next attempt of a container now, or say until when and why it must wait."""
        failure = self.memory.failures.get(name)
        if failure is not None and failure.blocks(self.now):
            self._wait(name, failure.reason, failure.message, failure.retry_at)
            return
        if newest is not None and newest.finished_at is not None:
            until = self.memory.backoff.waits_until(key, newest.finished_at)
            if until is not None and self.now < until:
                self._wait(name, "CrashLoopBackOff", self._crash_loop_message(name, key), until)
                return
        self.plan.actions.append(StartContainer(name, self._next_attempt(name)))

    def _here(self, name: str) -> ContainerStatus | None:
        """The newest container of a name, if it lives in the present sandbox: initialisation starts over in a new one."""
        newest = self.observed.newest(name)
        return newest if newest is not None and newest.sandbox_id == self.sandbox_id else None

    def _replace(self, container: Container, newest: ContainerStatus | None) -> None:
        """Start a container for which what is there (never started, or lost to the engine) is of no use."""
        if newest is not None and newest.state in (ContainerState.CREATED, ContainerState.UNKNOWN):
            self.plan.actions.append(RemoveContainer(newest.id))
        ended = newest if newest is not None and newest.state is ContainerState.EXITED else None
        if ended is None and newest is not None:
            self.plan.actions.append(StartContainer(container.name, self._next_attempt(container.name)))
        else:
            self.start(container.name, key=backoff_key(container), newest=ended)

    def _wait(self, name: str, reason: str, message: str, until: datetime | None) -> None:
        self.plan.waiting[name] = Waiting(reason, message)
        if until is not None:
            self.plan.look_again_at(until)

    def _next_attempt(self, name: str) -> int:
        """One more than the last; where the engine has lost it, the Pod's status remembers."""
        newest = self.observed.newest(name)
        seen = attempt_of(newest) if newest is not None else -1
        for status in [*self.pod.status.container_statuses, *self.pod.status.init_container_statuses]:
            if status.name == name and (status.container_id or (status.last_state and status.last_state.terminated)):
                seen = max(seen, status.restart_count or 0)
        return seen + 1

    def _crash_loop_message(self, name: str, key: str) -> str:
        meta = self.pod.metadata
        delay = _go_duration(self.memory.backoff.delay(key))
        return f"back-off {delay} restarting failed container={name} pod={meta.name}_{meta.namespace}({meta.uid})"


def _finish(plan: Plan, pod: Pod, observed: ObservedPod, memory: PodMemory, now: datetime) -> None:
    """Stop what still runs of a Pod that is at its end, and give back its network; the dead containers stay for their logs."""
    _stop_everything(plan, pod, observed, memory, now, deadline=now + grace_period(pod))
    if not observed.running():
        plan.actions.extend(StopSandbox(sandbox.id) for sandbox in observed.sandboxes if sandbox.ready)


def _stop_everything(
    plan: Plan, pod: Pod, observed: ObservedPod, memory: PodMemory, now: datetime, *, deadline: datetime
) -> None:
    """Stop all containers in parallel; each sidecar waits for the main containers and for the sidecars after it."""
    sidecars = [container.name for container in pod.spec.init_containers if is_sidecar(container)]
    running = {container_name(container): container for container in observed.running()}
    mains = [container for name, container in running.items() if name not in sidecars]
    for container in mains:
        _stop(plan, container, memory, now, deadline, f"Stopping container {container_name(container)}")
    blockers: list[ContainerStatus] = mains
    for name in reversed(sidecars):
        if name not in running:
            continue
        if blockers and now < deadline and running[name].id not in memory.stops:
            plan.look_again_at(deadline)
        else:
            _stop(plan, running[name], memory, now, deadline, f"Stopping container {name}")
        blockers = [*blockers, running[name]]


def _stop(
    plan: Plan, container: ContainerStatus, memory: PodMemory, now: datetime, deadline: datetime, message: str
) -> None:
    """Tell a container to end; kill it when its time is up. A stop that is under way keeps its deadline."""
    stop = memory.stops.get(container.id)
    if stop is None:
        plan.actions.append(StopContainer(container, max(deadline, now + MINIMUM_GRACE), message))
    elif now >= stop.deadline and not stop.killed:
        plan.actions.append(KillContainer(container))
    elif not stop.killed:
        plan.look_again_at(stop.deadline)


def superfluous(observed: ObservedPod) -> list[str]:
    """The ids of dead containers that are not needed: of each name the newest dead one is kept, for its logs."""
    kept: set[str] = set()
    ids = []
    for container in observed.containers:
        if container.state is ContainerState.EXITED:
            name = container_name(container)
            if name in kept:
                ids.append(container.id)
            kept.add(name)
    return ids


def superfluous_sandboxes(observed: ObservedPod) -> list[str]:
    """The ids of sandboxes that were replaced, and whose last container has been removed."""
    inhabited = {container.sandbox_id for container in observed.containers}
    return [sandbox.id for sandbox in observed.sandboxes[1:] if sandbox.id not in inhabited]


def _go_duration(duration: timedelta) -> str:
    """A duration as Go prints it: ``10s``, ``1m20s``, ``5m0s``."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
