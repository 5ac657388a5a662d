"""Which containers of a Pod that lives are to be started, started again, or stopped because they are not as the spec has them.

The rules of `kuberuntime_manager.go` (`computePodActions`, `doBackOff`): the init containers one after the other, sidecars among
them; then all others; each started again as its policy says, after its back-off. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define

from podkit.kubelet import restart_all
from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod, attempt_of, spec_hash
from podkit.kubelet.plan import Plan, RemoveContainer, RunPostStart, StartContainer, StopContainer, Waiting
from podkit.kubelet.probes import ProbeKind, probe_of
from podkit.kubelet.resize import needs_restart
from podkit.kubelet.restart import backoff_key, condemned_by, has_started, identity, is_done, restart_policy
from podkit.kubelet.stop_decision import StopDecision, grace_period
from podkit.model import Container, ContainerStateTerminated, Pod
from podkit.model import ContainerStatus as ContainerStatus_
from podkit.model.pod_containers import is_sidecar
from podkit.runtime.base import ContainerState, ContainerStatus


@define
class StartDecision:
    """Decides, container by container, what is to be started, and what must wait.

    Attributes:
        plan: where what is to be done goes.
        pod: the Pod.
        observed: what the container engine holds of it.
        memory: what the kubelet remembers of it.
        now: the time.
        sandbox_id: the sandbox in which its containers are to run.
    """

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
            self._replace(container, newest or self._never_started(container.name))
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
        """Start a container, start it again, or stop it because it is not as the spec has it."""
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
            wanted = StopContainer(running, deadline, message, replaced=True)
        elif self.memory.post_start_is_due(running.id):
            self.plan.actions.append(RunPostStart(running))
            return
        elif self.memory.post_start_error(running.id):
            wanted = StopContainer(running, deadline, "FailedPostStartHook")
        elif needs_restart(self.pod, container, running, self.memory):
            message = f"Container {container.name} resize requires restart"
            wanted = StopContainer(running, deadline, message, replaced=True)
        elif (kind := condemned_by(container, running, self.memory)) is not None:
            wanted = self._stop_for_probe(container, running, kind)
        else:
            return
        StopDecision(self.plan, self.observed, self.memory, self.now).stop(wanted)

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
            leftover: a container that is of no use, and is removed before; but one that was made ahead may still be of use.
        """
        failure = self.memory.failures.get(name)
        if failure is not None and failure.blocks(self.now):
            self._wait(name, failure.reason, failure.message, failure.retry_at)
            return
        if newest is not None and not self._is_over(name, key, newest):
            return
        if leftover is not None and not self._was_made_ahead(leftover):
            self.plan.actions.append(RemoveContainer(leftover.id))
        self.plan.actions.append(StartContainer(name, self._next_attempt(name)))

    def _was_made_ahead(self, container: ContainerStatus) -> bool:
        ahead = self.memory.made_ahead
        return ahead is not None and ahead.status.id == container.id

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

    def _never_started(self, name: str) -> ContainerStatus | None:
        """The newest container of a name, wherever it lives, if it was made and never started: the next one will have its name."""
        newest = self.observed.newest(name)
        return newest if newest is not None and newest.state is ContainerState.CREATED else None

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


def _go_duration(duration: timedelta) -> str:
    """A duration as Go prints it: ``10s``, ``1m20s``, ``5m0s``."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
