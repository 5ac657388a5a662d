"""Ending a call that blocks, from another thread."""

from __future__ import annotations

import threading

import pytest

from podkit.loop import cancellation
from podkit.loop.cancellation import Cancellation, Cancelled

SECONDS = 30


def test_nothing_is_cancelled_where_nobody_can() -> None:
    cancellation.check()
    cancellation.sleep(0)
    with cancellation.on_cancellation(lambda: pytest.fail("called")):
        pass


def test_a_call_ends_where_it_looks() -> None:
    wish = Cancellation()
    with wish.applies():
        cancellation.check()
        wish.request()
        with pytest.raises(Cancelled):
            cancellation.check()
        with pytest.raises(Cancelled):
            cancellation.sleep(SECONDS)
    cancellation.check()


def test_a_sleeper_in_another_thread_is_woken() -> None:
    wish, asleep, ended = Cancellation(), threading.Event(), threading.Event()

    def work() -> None:
        with wish.applies():
            asleep.set()
            try:
                cancellation.sleep(SECONDS * 10)
            except Cancelled:
                ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert asleep.wait(SECONDS)
    wish.request()
    thread.join(SECONDS)
    assert ended.is_set()


def broken(wish: Cancellation | None = None) -> None:
    if wish is not None:
        wish.request()
    raise OSError("the socket was closed")


def test_what_a_call_fails_with_because_it_was_ended_counts_as_cancelled() -> None:
    wish, closed = Cancellation(), []
    with wish.applies(), pytest.raises(Cancelled), cancellation.on_cancellation(lambda: closed.append(True)):
        broken(wish)
    assert closed == [True]
    with Cancellation().applies(), pytest.raises(OSError, match="closed"), cancellation.on_cancellation(closed.clear):
        broken()


def test_a_call_within_a_call_ends_with_either() -> None:
    outer, inner = Cancellation(), Cancellation()
    with outer.applies(), inner.applies():
        outer.request()
        with pytest.raises(Cancelled):
            cancellation.check()
    outer, inner = Cancellation(), Cancellation()
    with outer.applies():
        with inner.applies():
            inner.request()
        cancellation.check()


def test_who_comes_too_late_is_called_at_once_and_who_has_gone_is_not() -> None:
    wish, called = Cancellation(), []
    with wish.calling(lambda: called.append("gone")):
        pass
    wish.request()
    wish.request()
    with wish.calling(lambda: called.append("late")):
        pass
    assert called == ["late"]
