"""Clocks: the virtual one, which moves when it is told to, and the machine's."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podkit.loop.clock import SystemClock, VirtualClock

DELAYS = st.integers(min_value=0, max_value=50).map(lambda tenths: tenths / 8)


def test_a_virtual_clock_stands_still_until_it_is_advanced() -> None:
    start = datetime(2030, 5, 1, tzinfo=UTC)
    clock = VirtualClock(start)
    assert (clock.now(), clock.monotonic()) == (start, 0.0)
    clock.advance(1.5)
    assert (clock.now(), clock.monotonic()) == (start + timedelta(seconds=1.5), 1.5)


@given(st.lists(DELAYS), st.lists(DELAYS, min_size=1))
def test_timers_are_called_in_their_order_at_their_time(delays: list[float], advances: list[float]) -> None:
    clock = VirtualClock()
    called: list[tuple[float, int]] = []
    for number, delay in enumerate(delays):
        clock.call_after(delay, lambda number=number: called.append((clock.monotonic(), number)))
    for seconds in advances:
        clock.advance(seconds)
    due = sorted((delay, number) for number, delay in enumerate(delays) if delay <= sum(advances))
    assert called == due
    assert clock.monotonic() == sum(advances)


@given(st.lists(st.tuples(DELAYS, DELAYS), max_size=10))
def test_a_timer_that_comes_up_on_the_way_has_its_turn_in_order(pairs: list[tuple[float, float]]) -> None:
    clock = VirtualClock()
    called: list[float] = []

    def begin(more: float) -> None:
        called.append(clock.monotonic())
        clock.call_after(more, lambda: called.append(clock.monotonic()))

    for first, more in pairs:
        clock.call_after(first, lambda more=more: begin(more))
    clock.advance(100)
    assert called == sorted(called)
    assert sorted(called) == sorted([first for first, _ in pairs] + [first + more for first, more in pairs])


@given(st.lists(st.tuples(DELAYS, st.booleans())))
def test_a_timer_that_is_cancelled_is_not_called(timers: list[tuple[float, bool]]) -> None:
    clock = VirtualClock()
    called: list[int] = []
    for number, (delay, cancelled) in enumerate(timers):
        timer = clock.call_after(delay, lambda number=number: called.append(number))
        if cancelled:
            timer.cancel()
    kept = [delay for delay, cancelled in timers if not cancelled]
    assert clock.next_timer() == (min(kept) if kept else None)
    clock.advance(100)
    assert sorted(called) == [number for number, (_, cancelled) in enumerate(timers) if not cancelled]
    assert clock.next_timer() is None


def test_cancelling_a_timer_after_its_call_does_nothing() -> None:
    clock = VirtualClock()
    called: list[str] = []
    timer = clock.call_after(1, lambda: called.append("once"))
    clock.advance(1)
    timer.cancel()
    clock.advance(1)
    assert called == ["once"]


def test_a_timer_can_cancel_another_that_is_due_at_the_same_time() -> None:
    clock = VirtualClock()
    called: list[str] = []
    clock.call_after(1, lambda: second.cancel())
    second = clock.call_after(1, lambda: called.append("second"))
    clock.advance(2)
    assert called == []


@pytest.mark.parametrize("delay", [0.0, -1.0])
def test_what_is_due_already_is_called_at_the_next_advance(delay: float) -> None:
    clock = VirtualClock()
    clock.advance(5)
    called: list[float] = []
    clock.call_after(delay, lambda: called.append(clock.monotonic()))
    assert called == []
    clock.advance(0)
    assert called == [5.0]


def test_the_machines_clock_calls_back_and_can_be_cancelled() -> None:
    clock = SystemClock()
    called = threading.Event()
    never = clock.call_after(3600, called.clear)
    before = clock.monotonic()
    clock.call_after(0.01, called.set)
    assert called.wait(10)
    assert clock.monotonic() >= before
    assert clock.now().tzinfo is UTC
    never.cancel()
