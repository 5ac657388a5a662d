"""Performs the probes of one Pod when they are due (`pkg/kubelet/prober`).

`tick` is called at each sync: it starts what is due beside the sync and says when to tick next. A result that changes what
counts wakes the Pod's sync; one that does not, does not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from attrs import evolve

from podkit.kubelet.actions import Actions, Outcome, Target
from podkit.kubelet.expansion import expand
from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod
from podkit.kubelet.probes import (
    ProbeKind,
    ProbeState,
    caught_up,
    counted,
    due,
    for_container,
    probe_of,
    rests,
    ticked,
    triggered,
)
from podkit.kubelet.restart import has_started
from podkit.kubelet.tasks import Tasks
from podkit.loop.clock import Clock
from podkit.model import Container, Pod, Probe
from podkit.runtime.base import ContainerStatus

ATTEMPTS = 3
"""How often a probe that cannot be performed is tried at once (`maxProbeRetries`)."""

Tell = Callable[[Container, str, str], None]
"""Reports a warning about a container: reason, message."""


class Prober:
    """Probes the containers of one Pod.

    Args:
        actions: performs the probes.
        tasks: where they run.
        clock: what time it is. Of containers that are older than the prober, the Pod's status says whether they were ready.
        memory: where the results go.
        tell: where warnings go.
        wake: asks for a sync of the Pod.
    """

    def __init__(
        self, actions: Actions, tasks: Tasks, clock: Clock, memory: PodMemory, tell: Tell, wake: Callable[[], None]
    ) -> None:
        self._actions = actions
        self._tasks = tasks
        self._clock = clock
        self._memory = memory
        self._tell = tell
        self._wake = wake
        self._born = clock.now()
        self._changing = threading.Lock()

    def tick(self, pod: Pod, observed: ObservedPod) -> datetime | None:
        """Start the probes that are due; return when the next one may be, or None if a result must come first, which then wakes."""
        moments = [
            self._tick(pod, observed, container, kind, probe)
            for container in [*pod.spec.init_containers, *pod.spec.containers]
            for kind in ProbeKind
            if (probe := probe_of(container, kind)) is not None
        ]
        return min((moment for moment in moments if moment is not None), default=None)

    def _tick(
        self, pod: Pod, observed: ObservedPod, container: Container, kind: ProbeKind, probe: Probe
    ) -> datetime | None:
        """Look at one probe; start it if it is due. Returns when to look again, None if something else must come first."""
        newest = observed.newest(container.name)
        with self._changing:
            state = self._state(pod, container, kind, probe, newest)
            if pod.metadata.deletion_timestamp is not None and kind is not ProbeKind.READINESS:
                state = evolve(state, verdict=True)  # it stops, and holds up nothing any more
            now, is_due, out_of_turn = self._clock.now(), False, False
            if state.running:
                return state.next_tick if now < state.next_tick else None
            if newest is not None:
                started = has_started(container, newest, self._memory)
                out_of_turn = started and kind is ProbeKind.READINESS and not state.prompted
                on_time = out_of_turn or now >= state.next_tick
                is_due = on_time and due(pod, probe, kind, state, newest, now, started=started)
            if out_of_turn:
                state = triggered(state, probe, now)
            elif now >= state.next_tick:
                state = ticked(state, probe, now)
            self._memory.probes[container.name, kind] = evolve(state, running=is_due)
        if is_due and newest is not None:
            self._start(target_of(pod, container, newest, observed), kind, probe)
        return state.next_tick if newest is not None and not rests(state, kind, newest) else None

    def _state(
        self, pod: Pod, container: Container, kind: ProbeKind, probe: Probe, newest: ContainerStatus | None
    ) -> ProbeState:
        state = self._memory.probes.get((container.name, kind)) or ProbeState(next_tick=self._clock.now())
        if newest is None:
            return state
        if state.container_id != newest.id:
            state = caught_up(state, probe, self._clock.now())
        return for_container(state, kind, newest.id, self._known(pod, newest, kind))

    def _known(self, pod: Pod, newest: ContainerStatus, kind: ProbeKind) -> bool | None:
        """What is known of a container that is older than this kubelet."""
        if newest.started_at is None or newest.started_at >= self._born or kind is ProbeKind.LIVENESS:
            return None
        statuses = [*pod.status.init_container_statuses, *pod.status.container_statuses]
        told = next((one for one in statuses if (one.container_id or "").endswith(newest.id)), None)
        if told is None:
            return None
        return (told.ready if kind is ProbeKind.READINESS else told.started) or None

    def _start(self, target: Target, kind: ProbeKind, probe: Probe) -> None:
        def run() -> None:
            outcome = Outcome(None, "the probe could not be performed, for a reason that the log tells")
            try:
                outcome = self._perform(target, probe)
            finally:  # or this probe would be held to be under way for ever
                self._count(target, kind, probe, outcome)

        try:
            self._tasks.start(f"probe-{target.container.name}-{kind}", run)
        except RuntimeError as error:
            self._count(target, kind, probe, Outcome(None, str(error)))

    def _perform(self, target: Target, probe: Probe) -> Outcome:
        outcome = Outcome(None)
        for _ in range(ATTEMPTS):
            outcome = self._once(target, probe)
            if outcome.success is not None:
                break
        return outcome

    def _once(self, target: Target, probe: Probe) -> Outcome:
        timeout = float(probe.timeout_seconds or 1)
        if probe.exec is not None:
            return self._actions.probe_command(target, _expanded(target.container, probe.exec.command), timeout)
        if probe.http_get is not None:
            return self._actions.probe_http(target, probe.http_get, timeout)
        if probe.tcp_socket is not None:
            return self._actions.probe_tcp(target, probe.tcp_socket, timeout)
        if probe.grpc is not None:
            return self._actions.probe_grpc(target, probe.grpc, timeout)
        return Outcome(None, "missing probe handler")

    def _count(self, target: Target, kind: ProbeKind, probe: Probe, outcome: Outcome) -> None:
        """Take in a result, unless there is a new container meanwhile."""
        key = (target.container.name, kind)
        with self._changing:
            before = self._memory.probes[key]
            if before.container_id != target.container_id:
                return
            after = counted(before, probe, kind, outcome.success)
            self._memory.probes[key] = after
        self._report(target.container, kind, outcome)
        if after.verdict is not before.verdict or self._clock.now() >= after.next_tick:
            self._wake()

    def _report(self, container: Container, kind: ProbeKind, outcome: Outcome) -> None:
        name = kind.capitalize()
        if outcome.success is None:
            self._tell(container, "Unhealthy", f"{name} probe errored and resulted in unknown state: {outcome.message}")
        elif not outcome.success:
            self._tell(container, "Unhealthy", f"{name} probe failed: {outcome.message}")
        elif outcome.warning:
            self._tell(container, "ProbeWarning", f"{name} probe warning: {outcome.warning}")


def target_of(pod: Pod, container: Container, newest: ContainerStatus, observed: ObservedPod) -> Target:
    """Whom a probe or hook of a container is about."""
    ips = observed.sandbox.ips if observed.sandbox is not None else ()
    meta = pod.metadata
    name = f"{meta.name}_{meta.namespace}({meta.uid})"
    return Target(container, newest.id, newest.sandbox_id, ips[0] if ips else "127.0.0.1", name)


def _expanded(container: Container, command: Sequence[str]) -> list[str]:
    """A command in which references to variables are replaced; one that comes from elsewhere is taken to be empty."""
    values = {variable.name: variable.value or "" for variable in container.env}
    return [expand(word, values) for word in command]
