"""Probes: when one is due, and what its results amount to.

The kubelet's `prober/worker.go`. There is one `ProbeState` for each probe of each container. It ticks each period, counted
from when the Pod was first seen, not from the start of the container; a tick that comes too early for the initial delay, or
at the wrong time for the kind of probe, does nothing. Results count when enough of the same have come in a row. After a
liveness failure or a verdict of the startup probe the probe rests until there is a new container.

Everything here is pure: `due` says whether to probe now, `counted` what a state becomes with a result.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

from attrs import evolve, frozen

from podkit.model import Container, Pod, Probe
from podkit.runtime.base import ContainerState, ContainerStatus


class ProbeKind(enum.StrEnum):
    """What a probe is for."""

    LIVENESS = "liveness"
    READINESS = "readiness"
    STARTUP = "startup"


@frozen
class ProbeState:
    """How far the probing of one container with one probe is.

    Attributes:
        next_tick: when it is looked at next.
        container_id: the container that the results are of; they start over with a new one.
        verdict: the result that counts; None where there is none yet (a startup probe that has not decided).
        last: the last single result.
        streak: how many of that in a row.
        running: whether one is under way.
        on_hold: whether it rests until there is a new container.
        prompted: whether it was triggered out of turn when the container had started.
    """

    next_tick: datetime
    container_id: str = ""
    verdict: bool | None = None
    last: bool | None = None
    streak: int = 0
    running: bool = False
    on_hold: bool = False
    prompted: bool = False


def probe_of(container: Container, kind: ProbeKind) -> Probe | None:
    """The probe of this kind that a container has."""
    match kind:
        case ProbeKind.LIVENESS:
            return container.liveness_probe
        case ProbeKind.READINESS:
            return container.readiness_probe
        case ProbeKind.STARTUP:
            return container.startup_probe


def period(probe: Probe) -> timedelta:
    """How much time lies between two ticks."""
    return timedelta(seconds=probe.period_seconds or 10)


def initial_verdict(kind: ProbeKind) -> bool | None:
    """What counts before the first result: not ready, alive, not decided."""
    return {ProbeKind.LIVENESS: True, ProbeKind.READINESS: False, ProbeKind.STARTUP: None}[kind]


def for_container(state: ProbeState, kind: ProbeKind, container_id: str, verdict: bool | None = None) -> ProbeState:
    """The state for this container: the same, or a new one if the container is new.

    Args:
        state: the state so far.
        kind: the kind of probe.
        container_id: the container that is there now.
        verdict: what to begin with, where something is known of the container from before; None: as for a new one.
    """
    if state.container_id == container_id:
        return state
    first = verdict if verdict is not None else initial_verdict(kind)
    return ProbeState(state.next_tick, container_id, first)


def caught_up(state: ProbeState, probe: Probe, now: datetime) -> ProbeState:
    """The state after a rest, in which nobody looked at its ticks: those that are over are dropped, one that is due now is not."""
    missed = max(0, -((state.next_tick - now) // period(probe)))
    return evolve(state, next_tick=state.next_tick + missed * period(probe))


def rests(state: ProbeState, kind: ProbeKind, container: ContainerStatus) -> bool:
    """Whether a probe has nothing to do before its container starts, or is replaced by a new one."""
    has_decided = state.on_hold or (kind is ProbeKind.STARTUP and state.verdict is not None)
    return has_decided or container.state is not ContainerState.RUNNING


def ticked(state: ProbeState, probe: Probe, now: datetime) -> ProbeState:
    """The state after a tick; ticks that were missed are dropped."""
    missed = (now - state.next_tick) // period(probe)
    return evolve(state, next_tick=state.next_tick + period(probe) * (missed + 1))


def triggered(state: ProbeState, probe: Probe, now: datetime) -> ProbeState:
    """The state after a trigger out of turn, from which the ticks are counted anew.

    The kubelet triggers a readiness probe at each sync of a Pod that has started and is not ready. Here a sync may have any
    reason, so that only the first one counts: that which has seen the container start.
    """
    return evolve(state, next_tick=now + period(probe), prompted=True)


def due(
    pod: Pod,
    probe: Probe,
    kind: ProbeKind,
    state: ProbeState,
    container: ContainerStatus,
    now: datetime,
    *,
    started: bool,
) -> bool:
    """Whether this tick is one on which to probe."""
    if state.running or state.on_hold or container.state is not ContainerState.RUNNING or container.started_at is None:
        return False
    if pod.metadata.deletion_timestamp is not None and kind is not ProbeKind.READINESS:
        return False
    if now - container.started_at < timedelta(seconds=probe.initial_delay_seconds or 0):
        return False
    return started is not (kind is ProbeKind.STARTUP)


def counted(state: ProbeState, probe: Probe, kind: ProbeKind, result: bool | None) -> ProbeState:
    """The state with one more result; None for a probe that could not be performed, which changes nothing."""
    state = evolve(state, running=False)
    if result is None:
        return state
    streak = state.streak + 1 if state.last is result else 1
    state = evolve(state, last=result, streak=streak)
    needed = (probe.success_threshold or 1) if result else (probe.failure_threshold or 3)
    if streak < needed:
        return state
    if kind is not ProbeKind.READINESS and not result:
        return evolve(state, verdict=False, on_hold=True, streak=0)
    return evolve(state, verdict=result)
