"""Faults on demand: refusals, lost answers, an engine that is away."""

from __future__ import annotations

import pytest

from podkit.errors import RuntimeFailed, RuntimeUnavailable
from podkit.runtime.base import ContainerState, EventType, RuntimeEvent
from podkit.runtime.simulated.faults import OPERATIONS
from tests.unit.runtime.simulated.bench import Bench, sandbox

FULL = RuntimeFailed("no space left on device")


def test_a_refusal_has_no_effect_and_happens_as_often_as_asked(bench: Bench) -> None:
    bench.runtime.faults.fail("create_container", FULL, times=2)
    for _ in range(2):
        with pytest.raises(RuntimeFailed, match="no space"):
            bench.create("true")
    assert bench.runtime.containers({}) == []
    bench.create("true")
    assert len(bench.runtime.containers({})) == 1


def test_refusals_happen_in_the_order_in_which_they_were_asked_for(bench: Bench) -> None:
    bench.runtime.faults.fail("info", RuntimeFailed("first"))
    bench.runtime.faults.fail("info", RuntimeFailed("second"))
    for text in ("first", "second"):
        with pytest.raises(RuntimeFailed, match=text):
            bench.runtime.info()
    assert bench.runtime.info().name == "simulated"


def test_a_refusal_can_last_until_it_is_healed(bench: Bench) -> None:
    bench.runtime.faults.fail("info", FULL, times=None)
    for _ in range(3):
        with pytest.raises(RuntimeFailed):
            bench.runtime.info()
    bench.runtime.faults.heal()
    bench.runtime.info()


def test_an_answer_can_be_lost_after_the_effect(bench: Bench) -> None:
    bench.runtime.faults.lose_answer("run_sandbox")
    with pytest.raises(RuntimeUnavailable, match="run_sandbox"):
        bench.runtime.run_sandbox(sandbox("other"))
    assert [status.name for status in bench.runtime.sandboxes({})] == ["pod", "other"]


def test_containers_go_on_while_the_engine_is_away(bench: Bench) -> None:
    heard: list[RuntimeEvent] = []
    bench.runtime.subscribe({}, heard.append)
    container_id = bench.start("sleep", "10")
    heard.clear()
    with bench.runtime.faults.unavailable():
        with pytest.raises(RuntimeUnavailable):
            bench.status(container_id)
        bench.clock.advance(60)
        assert heard == []
    assert [event.type for event in heard] == [EventType.LOST]
    assert bench.status(container_id).state is ContainerState.EXITED


def test_who_waits_for_a_log_hears_that_the_engine_is_away(bench: Bench) -> None:
    entries = bench.runtime.logs(bench.start("sleep", "10"), follow=True)
    with bench.runtime.faults.unavailable(), pytest.raises(RuntimeUnavailable):
        next(entries)


@pytest.mark.parametrize("operation", ["", "sing", "close_door", "_stop", "subscribers"])
def test_there_are_no_faults_of_what_no_runtime_does(bench: Bench, operation: str) -> None:
    with pytest.raises(ValueError, match="run_sandbox"):
        bench.runtime.faults.fail(operation, FULL)
    with pytest.raises(ValueError, match="run_sandbox"):
        bench.runtime.faults.lose_answer(operation)


def test_every_operation_can_fail(bench: Bench) -> None:
    for operation in OPERATIONS - {"close"}:
        bench.runtime.faults.fail(operation, FULL)
        with pytest.raises(RuntimeFailed, match="no space"):
            getattr(bench.runtime, operation)(*["a config"] * (operation == "run_sandbox"))


def test_what_is_raised_is_an_error_and_no_text(bench: Bench) -> None:
    engine = bench.runtime
    with pytest.raises(TypeError, match=r"such as ImagePullFailed\('gone'\), and not a str"):
        engine.images.fail_pull("busybox", "gone")  # type: ignore[arg-type]  # this is the mistake
    with pytest.raises(TypeError, match=r"such as RuntimeFailed\('gone'\), and not a str"):
        engine.faults.fail("create_container", "gone")  # type: ignore[arg-type]  # this is the mistake
