"""When probes are due, and what their results amount to."""

from __future__ import annotations

import pytest
from attrs import evolve
from builders import NOW, at, exited, pod, running

from podkit.kubelet.probes import ProbeKind, ProbeState, counted, due, for_container, ticked, triggered
from podkit.model import Probe

LIVENESS, READINESS, STARTUP = ProbeKind.LIVENESS, ProbeKind.READINESS, ProbeKind.STARTUP
FRESH = ProbeState(NOW, "main-0", None)


def verdicts(kind: ProbeKind, probe: Probe, results: list[bool | None]) -> list[bool | None]:
    state = for_container(ProbeState(NOW), kind, "main-0")
    found = []
    for result in results:
        state = counted(state, probe, kind, result)
        found.append(state.verdict)
    return found


def test_three_failures_in_a_row_and_one_success_count_by_default() -> None:
    results = [False, False, True, False, False, False, True]
    assert verdicts(READINESS, Probe(), results) == [False, False, True, True, True, False, True]


def test_the_success_threshold_of_a_readiness_probe() -> None:
    assert verdicts(READINESS, Probe(success_threshold=2), [True, True, True]) == [False, True, True]


def test_a_probe_that_could_not_be_performed_changes_nothing() -> None:
    assert verdicts(LIVENESS, Probe(failure_threshold=2), [False, None, False]) == [True, True, False]


def test_after_its_verdict_a_liveness_probe_rests_until_there_is_a_new_container() -> None:
    state = counted(for_container(ProbeState(NOW), LIVENESS, "main-0"), Probe(failure_threshold=1), LIVENESS, False)
    assert state.on_hold
    assert for_container(state, LIVENESS, "main-0") == state
    new = for_container(state, LIVENESS, "main-1")
    assert (new.verdict, new.on_hold, new.streak) == (True, False, 0)


def test_a_startup_probe_decides_once() -> None:
    assert verdicts(STARTUP, Probe(failure_threshold=2), [False, True]) == [None, True]
    assert verdicts(STARTUP, Probe(failure_threshold=2), [False, False]) == [None, False]


def test_ticks_that_were_missed_are_dropped() -> None:
    assert ticked(FRESH, Probe(period_seconds=10), at(0)).next_tick == at(10)
    assert ticked(FRESH, Probe(period_seconds=10), at(37)).next_tick == at(40)
    assert triggered(FRESH, Probe(period_seconds=10), at(0.5)).next_tick == at(10.5)


@pytest.mark.parametrize(
    ("kind", "started", "is_due"),
    [
        (LIVENESS, True, True),
        (READINESS, True, True),
        (STARTUP, True, False),
        (LIVENESS, False, False),
        (READINESS, False, False),
        (STARTUP, False, True),
    ],
)
def test_only_the_startup_probe_probes_before_the_container_has_started(
    kind: ProbeKind, started: bool, is_due: bool
) -> None:
    assert due(pod(), Probe(), kind, FRESH, running(), at(1), started=started) is is_due


def test_nothing_is_probed_too_early_twice_at_once_on_hold_or_when_dead() -> None:
    probe = Probe(initial_delay_seconds=5)
    assert not due(pod(), probe, LIVENESS, FRESH, running(), at(4), started=True)
    assert due(pod(), probe, LIVENESS, FRESH, running(), at(5), started=True)
    assert not due(pod(), probe, LIVENESS, evolve(FRESH, running=True), running(), at(5), started=True)
    assert not due(pod(), probe, LIVENESS, evolve(FRESH, on_hold=True), running(), at(5), started=True)
    assert not due(pod(), probe, LIVENESS, FRESH, exited(), at(5), started=True)


def test_of_a_pod_that_is_being_deleted_only_the_readiness_is_probed() -> None:
    web = pod()
    web.metadata.deletion_timestamp = at(30)
    assert not due(web, Probe(), LIVENESS, FRESH, running(), at(1), started=True)
    assert due(web, Probe(), READINESS, FRESH, running(), at(1), started=True)
