"""Loops that share a thread: all are served, in turn, and all end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from podkit.loop.clock import SystemClock, VirtualClock
from podkit.loop.control import ControlLoop
from podkit.loop.turns import TakingTurns
from podkit.model import ConfigMap
from podkit.store.memory import MemoryStore

WAIT = 30.0
"""Seconds after which a test gives up."""


class Diary:
    """What was looked after, in which order; someone may wait for that."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self._written = threading.Condition()

    def write(self, key: str) -> None:
        with self._written:
            self.keys.append(key)
            self._written.notify_all()

    def has(self, *keys: str) -> bool:
        with self._written:
            return self._written.wait_for(lambda: set(keys) <= set(self.keys), WAIT)


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def share() -> Iterator[Callable[..., TakingTurns]]:
    shared: list[TakingTurns] = []

    def start(*loops: ControlLoop[str]) -> TakingTurns:
        together = TakingTurns("test", loops, clock=SystemClock())
        shared.append(together)
        together.start()
        return together

    yield start
    for together in shared:
        together.stop()


def test_each_loop_is_served(diary: Diary, share: Callable[..., TakingTurns]) -> None:
    first, second = (ControlLoop(name, diary.write, clock=SystemClock()) for name in "ab")
    first.enqueue("before the start")
    share(first, second)
    second.enqueue("now")
    second.enqueue("later", after=0.01)
    assert diary.has("before the start", "now", "later")


def test_a_loop_with_much_to_do_does_not_keep_the_others_waiting(
    diary: Diary, share: Callable[..., TakingTurns]
) -> None:
    busy, other = (ControlLoop(name, diary.write, clock=SystemClock()) for name in "ab")
    keys = [f"busy {number}" for number in range(100)]
    for key in keys:
        busy.enqueue(key)
    other.enqueue("other")
    share(busy, other)
    assert diary.has("other", *keys)
    assert diary.keys.index("other") == 1


def test_what_changes_in_a_store_is_taken_in(diary: Diary, share: Callable[..., TakingTurns]) -> None:
    store = MemoryStore()
    loop = ControlLoop("a", diary.write, clock=SystemClock())

    def changed(_old: ConfigMap | None, new: ConfigMap | None) -> None:
        if new is not None:
            loop.enqueue(new.metadata.name or "")

    loop.follow(lambda wake: store.watch(ConfigMap, wake=wake), changed)
    share(ControlLoop("idle", diary.write, clock=SystemClock()), loop)
    store.create(ConfigMap.new("there", {}, namespace="default"))
    assert diary.has("there")


def test_a_failure_is_retried_and_harms_no_other(diary: Diary, share: Callable[..., TakingTurns]) -> None:
    tries: list[str] = []

    def fail_once(key: str) -> None:
        tries.append(key)
        if len(tries) == 1:
            raise ValueError("not now")
        diary.write(key)

    share(
        failing := ControlLoop("a", fail_once, clock=SystemClock()),
        sound := ControlLoop("b", diary.write, clock=SystemClock()),
    )
    failing.enqueue("again")
    sound.enqueue("other")
    assert diary.has("again", "other")


def test_stopping_finishes_what_is_under_way_and_begins_nothing(
    diary: Diary, share: Callable[..., TakingTurns]
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def work(key: str) -> None:
        begun.set()
        may_end.wait(WAIT)
        diary.write(key)

    loop = ControlLoop("a", work, clock=SystemClock())
    loop.enqueue("first")
    loop.enqueue("second")
    together = share(loop)
    assert begun.wait(WAIT)
    stopping = threading.Thread(target=together.stop)
    stopping.start()
    may_end.set()
    stopping.join(WAIT)
    assert not stopping.is_alive()
    assert diary.keys == ["first"]
    together.stop()


def test_one_that_never_ran_can_be_stopped(diary: Diary) -> None:
    TakingTurns("test", [ControlLoop("a", diary.write, clock=SystemClock())], clock=SystemClock()).stop()


def test_on_a_virtual_clock_all_are_stepped(diary: Diary) -> None:
    clock = VirtualClock()
    loops = [ControlLoop(name, diary.write, clock=clock) for name in "ab"]
    together = TakingTurns("test", loops, clock=clock)
    loops[0].enqueue("now")
    loops[1].enqueue("later", after=5)
    assert together.step()
    assert not together.step()
    assert together.next_due() == clock.monotonic() + 5
    clock.advance(5)
    assert together.step()
    assert diary.keys == ["now", "later"]
