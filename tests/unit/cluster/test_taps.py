"""Reading along what grows."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from podkit.cluster.pauses import Signal
from podkit.cluster.taps import PolledTap, Tap, ThreadTap
from podkit.loop import cancellation

SECONDS = 30


def all_of(tap: Tap[str], woken: Signal) -> list[str]:
    found: list[str] = []
    while (items := tap.take()) is not None:
        found += items
        assert woken.wait(SECONDS)
        woken.clear()
    return found


def test_a_thread_reads_to_the_end_and_says_when_there_is_something() -> None:
    woken = Signal()
    tap = ThreadTap(lambda wait: ["one", "two"] if wait else [], woken)
    assert woken.wait(SECONDS)
    tap._thread.join(SECONDS)
    assert all_of(tap, woken) == ["one", "two"]
    assert tap.take() is None


def test_what_reading_fails_with_is_told_after_all_that_was_read() -> None:
    def failing(_: bool) -> Iterator[str]:
        yield "one"
        raise OSError("broken")

    tap = ThreadTap(failing, Signal())
    tap._thread.join(SECONDS)
    assert tap.take() == ["one"]
    with pytest.raises(OSError, match="broken"):
        tap.take()


def test_a_thread_that_waits_for_the_log_ends_when_the_tap_is_closed() -> None:
    began = threading.Event()

    def endless(_: bool) -> Iterator[str]:
        while True:
            began.set()
            cancellation.sleep(SECONDS)
            yield "late"

    tap = ThreadTap(endless, Signal())
    assert began.wait(SECONDS)
    tap.close()
    tap._thread.join(SECONDS)
    assert not tap._thread.is_alive()
    assert tap.take() is None


def test_a_thread_does_not_read_more_than_somebody_takes() -> None:
    read = []

    def much(_: bool) -> Iterator[int]:
        for number in range(1_000_000):
            read.append(number)
            yield number

    woken = Signal()
    tap = ThreadTap(much, woken)
    assert woken.wait(SECONDS)
    tap.close()
    tap._thread.join(SECONDS)
    assert len(read) < 1_000_000


def test_looking_at_what_is_read_anew_tells_what_is_new() -> None:
    written = ["one"]
    over = False
    tap = PolledTap(lambda _: list(written), lambda: over)
    assert tap.take() == ["one"]
    assert tap.take() == []
    written.append("two")
    over = True
    assert tap.take() == ["two"]
    assert tap.take() is None
