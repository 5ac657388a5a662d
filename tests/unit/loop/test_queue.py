"""The work queue: each key is handed out when it is due, to one worker at a time, and none is lost."""

from __future__ import annotations

import threading
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from podkit.loop.clock import SystemClock, VirtualClock
from podkit.loop.queue import WorkQueue

KEYS = st.sampled_from("abcd")
DELAYS = st.integers(min_value=1, max_value=20).map(lambda eighths: eighths / 8)


def test_a_key_that_is_added_twice_is_handed_out_once() -> None:
    queue: WorkQueue[str] = WorkQueue(VirtualClock())
    queue.add("a")
    queue.add("a")
    assert [queue.take(), queue.take()] == ["a", None]


def test_a_key_that_is_added_while_it_is_worked_on_comes_again_afterwards() -> None:
    queue: WorkQueue[str] = WorkQueue(VirtualClock())
    queue.add("a")
    assert queue.take() == "a"
    queue.add("a")
    assert queue.take() is None
    queue.done("a")
    assert queue.take() == "a"


def test_of_several_times_the_earliest_counts() -> None:
    clock = VirtualClock()
    queue: WorkQueue[str] = WorkQueue(clock)
    for delay in (5, 2, 9):
        queue.add("a", after=delay)
    assert (queue.take(), queue.next_due()) == (None, 2)
    clock.advance(2)
    assert queue.take() == "a"
    queue.done("a")
    clock.advance(10)
    assert (queue.take(), queue.next_due()) == (None, None)


def test_a_key_that_is_due_is_not_put_off() -> None:
    clock = VirtualClock()
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("a", after=5)
    queue.add("a")
    assert queue.take() == "a"
    queue.done("a")
    clock.advance(10)
    assert queue.take() is None


def test_a_key_that_fell_due_during_work_comes_afterwards() -> None:
    clock = VirtualClock()
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("a")
    queue.take()
    queue.add("a", after=3)
    clock.advance(4)
    assert queue.take() is None
    queue.done("a")
    assert queue.take() == "a"


def test_keys_are_handed_out_in_the_order_in_which_they_were_added() -> None:
    queue: WorkQueue[str] = WorkQueue(VirtualClock())
    for key in "cab":
        queue.add(key)
    assert [queue.take() for _ in range(3)] == ["c", "a", "b"]


def test_the_greater_priority_comes_first() -> None:
    queue: WorkQueue[str] = WorkQueue(VirtualClock())
    for key, priority in (("a", 0), ("b", 5), ("c", -1), ("d", 5), ("a", 7), ("b", 5)):
        queue.add(key, priority=priority)
    assert [queue.take() for _ in range(5)] == ["a", "b", "d", "c", None]


def test_waking_lets_one_take_return_with_nothing() -> None:
    queue: WorkQueue[str] = WorkQueue(VirtualClock())
    queue.wake()
    assert queue.take(timeout=None) is None
    queue.add("a")
    assert queue.take(timeout=None) == "a"


def test_a_closed_queue_is_empty_for_good() -> None:
    clock = VirtualClock()
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("a")
    queue.add("b", after=1)
    queue.close()
    queue.add("c")
    clock.advance(2)
    assert queue.closed
    assert (queue.take(timeout=None), queue.next_due()) == (None, None)


def test_closing_ends_those_who_wait() -> None:
    queue: WorkQueue[str] = WorkQueue(SystemClock())
    taken: list[str | None] = []
    workers = [threading.Thread(target=lambda: taken.append(queue.take(timeout=None))) for _ in range(3)]
    for worker in workers:
        worker.start()
    queue.close()
    for worker in workers:
        worker.join(10)
    assert taken == [None, None, None]


def test_a_key_that_is_added_for_later_wakes_who_waits() -> None:
    queue: WorkQueue[str] = WorkQueue(SystemClock())
    taken: list[str | None] = []
    worker = threading.Thread(target=lambda: taken.append(queue.take(timeout=30)))
    worker.start()
    queue.add("a", after=0.01)
    worker.join(10)
    assert taken == ["a"]


def test_workers_never_share_a_key_and_none_is_lost() -> None:
    queue: WorkQueue[int] = WorkQueue(SystemClock())
    wanted, seen = Counter[int](), Counter[int]()
    at_work: set[int] = set()
    shared: list[int] = []
    changed = threading.Condition()

    def work() -> None:
        while not queue.closed:
            key = queue.take(timeout=None)
            if key is None:
                continue
            with changed:
                shared.extend({key} & at_work)
                at_work.add(key)
                seen[key] = wanted[key]
            with changed:
                at_work.discard(key)
                changed.notify_all()
            queue.done(key)

    def ask() -> None:
        for number in range(500):
            key = number % 7
            with changed:
                wanted[key] += 1
            queue.add(key, after=0.001 * (number % 3))

    askers = [threading.Thread(target=ask) for _ in range(2)]
    workers = [threading.Thread(target=work) for _ in range(4)]
    for thread in askers + workers:
        thread.start()
    for thread in askers:
        thread.join(30)
    with changed:
        all_seen = changed.wait_for(lambda: seen == wanted, 30)  # each key was seen after it was last asked for
    queue.close()
    for thread in workers:
        thread.join(30)
    assert all_seen
    assert shared == []


class QueueAgainstModel(RuleBasedStateMachine):
    """Whatever is done in whatever order, the queue does what a very simple model says."""

    @initialize()
    def begin(self) -> None:
        self.clock = VirtualClock()
        self.queue: WorkQueue[str] = WorkQueue(self.clock)
        self.due: dict[str, float] = {}
        self.taken: set[str] = set()

    @rule(key=KEYS)
    def add(self, key: str) -> None:
        self.queue.add(key)
        self.due[key] = min(self.due.get(key, self.clock.monotonic()), self.clock.monotonic())

    @rule(key=KEYS, delay=DELAYS)
    def add_for_later(self, key: str, delay: float) -> None:
        self.queue.add(key, after=delay)
        later = self.clock.monotonic() + delay
        self.due[key] = min(self.due.get(key, later), later)

    @rule(seconds=DELAYS)
    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def take(self) -> None:
        ready = {key for key, due in self.due.items() if due <= self.clock.monotonic()} - self.taken
        key = self.queue.take()
        assert (key in ready) if ready else (key is None)
        if key is not None:
            self.taken.add(key)
            del self.due[key]

    @rule(key=KEYS)
    def finish(self, key: str) -> None:
        if key in self.taken:
            self.taken.discard(key)
            self.queue.done(key)

    @invariant()
    def says_when_it_is_due(self) -> None:
        if self.due and not self.taken:
            now, due = self.clock.monotonic(), self.queue.next_due()
            assert due is not None
            assert max(due, now) == max(min(self.due.values()), now)


TestQueueAgainstModel = QueueAgainstModel.TestCase
TestQueueAgainstModel.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
