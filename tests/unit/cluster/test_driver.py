"""Who makes the loops go round."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from podkit import VirtualClock
from podkit.cluster.driver import Driver, ThreadDriver, VirtualDriver
from podkit.loop.interrupts import interrupts_deferred


class Ticker:
    """A loop that has something to do every ten seconds."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.due = 0.0
        self.worked: list[float] = []
        self.running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def step(self) -> bool:
        if self.clock.monotonic() < self.due:
            return False
        self.worked.append(self.clock.monotonic())
        self.due = self.clock.monotonic() + 10
        return True

    def next_due(self) -> float | None:
        return self.due


def test_a_virtual_pause_goes_from_one_due_moment_to_the_next() -> None:
    clock = VirtualClock()
    ticker = Ticker(clock)
    assert not VirtualDriver([ticker], clock).pause(threading.Event(), 35)
    assert ticker.worked == [0, 10, 20, 30]
    assert clock.monotonic() == 35


def test_a_virtual_pause_ends_when_it_is_woken() -> None:
    clock = VirtualClock()
    woken = threading.Event()
    clock.call_after(7, woken.set)
    assert VirtualDriver([Ticker(clock)], clock).pause(woken, None)
    assert clock.monotonic() == 7
    assert not woken.is_set()


def test_threads_are_started_and_stopped() -> None:
    tickers = [Ticker(VirtualClock()) for _ in range(2)]
    driver = ThreadDriver(tickers)
    driver.start()
    assert all(ticker.running for ticker in tickers)
    driver.stop()
    assert not any(ticker.running for ticker in tickers)


def test_a_pause_ends_at_once_when_it_has_been_woken_before() -> None:
    woken = threading.Event()
    woken.set()
    assert ThreadDriver([]).pause(woken, None)
    assert not ThreadDriver([]).pause(woken, 0)


def interrupted_in_between(done: list[str]) -> None:
    with interrupts_deferred():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("finished")
    done.append("after it")


def test_an_interrupt_waits_until_what_must_be_finished_is() -> None:
    done: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupted_in_between(done)
    assert done == ["finished"]
    assert signal.getsignal(signal.SIGINT) is before


def interrupted_within(done: list[str]) -> None:
    with interrupts_deferred() as interrupts:
        interrupted_in_between(done)
        assert len(interrupts) == 1
        done.append("of both")
    done.append("not that")


def test_of_blocks_in_each_other_the_outermost_counts() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted_within(done)
    assert done == ["finished", "after it", "of both"]


def test_other_threads_are_never_interrupted_and_leave_the_handler_alone() -> None:
    seen = []

    def work() -> None:
        with interrupts_deferred():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


def virtual() -> Driver:
    clock = VirtualClock()
    return VirtualDriver([Ticker(clock)], clock)


@pytest.mark.parametrize("driver", [ThreadDriver([]), virtual()])
def test_a_pause_is_ended_by_an_interrupt(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podkit.cluster.driver.HORIZON", 1e12)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        driver.pause(threading.Event(), None)
    timer.join()


def test_a_handler_of_the_programs_own_is_called_afterwards() -> None:
    came = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        with interrupts_deferred() as interrupts:
            os.kill(os.getpid(), signal.SIGINT)
            assert len(interrupts) == 1
            assert came == []
        assert came == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)
