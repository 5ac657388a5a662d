"""The control loop, stepped on a virtual clock and run in threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from podkit.errors import Conflict, PodkitError
from podkit.loop.clock import SystemClock, VirtualClock
from podkit.loop.control import ControlLoop
from podkit.loop.watch import Watch
from podkit.model import ConfigMap, ObjectMeta
from podkit.store.memory import MemoryStore

WAIT = 30.0
"""Seconds after which a test of threads gives up."""


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


class Worker:
    """A reconcile function that does what it is told to, and notes when."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.calls: list[tuple[float, str]] = []
        self.answers: list[float | Exception | None] = []

    def __call__(self, key: str) -> float | None:
        self.calls.append((self.clock.monotonic(), key))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def worker(clock: VirtualClock) -> Worker:
    return Worker(clock)


@pytest.fixture
def loop(worker: Worker, clock: VirtualClock) -> ControlLoop[str]:
    return ControlLoop("test", worker, clock=clock)


def drive(loop: ControlLoop[str], clock: VirtualClock, until: float) -> None:
    """Step the loop, and advance the clock to when it wants to be stepped again."""
    loop.step()
    while (due := loop.next_due()) is not None and due <= until:
        clock.advance(due - clock.monotonic())
        loop.step()


class TestStepping:
    def test_it_works_on_each_key_once(self, loop: ControlLoop[str], worker: Worker) -> None:
        for key in ("a", "b", "a"):
            loop.enqueue(key)

        assert loop.step() is True
        assert loop.step() is False

        assert [key for _, key in worker.calls] == ["a", "b"]

    def test_it_comes_back_when_the_worker_wants_to(
        self, loop: ControlLoop[str], worker: Worker, clock: VirtualClock
    ) -> None:
        worker.answers = [5.0, 2.5, None]
        loop.enqueue("a")

        drive(loop, clock, until=100)

        assert worker.calls == [(0.0, "a"), (5.0, "a"), (7.5, "a")]
        assert loop.next_due() is None

    def test_at_once_is_not_now(self, loop: ControlLoop[str], worker: Worker) -> None:
        """A worker that asks for its key again at once cannot keep a step from ending."""
        worker.answers = [0.0] * 3
        loop.enqueue("a")

        loop.step()

        assert len(worker.calls) == 1

    def test_later_is_later(self, loop: ControlLoop[str], worker: Worker, clock: VirtualClock) -> None:
        loop.enqueue("a", after=3)
        loop.step()
        assert (worker.calls, loop.next_due()) == ([], 3.0)

        drive(loop, clock, until=10)

        assert worker.calls == [(3.0, "a")]


class TestFailing:
    @pytest.mark.parametrize("error", [PodkitError("no"), Conflict("changed"), RuntimeError("bug")])
    def test_a_key_that_fails_is_retried_ever_more_slowly(
        self, loop: ControlLoop[str], worker: Worker, clock: VirtualClock, error: Exception
    ) -> None:
        worker.answers = [error, error, error, None]
        loop.enqueue("a")

        drive(loop, clock, until=1)

        times = [time for time, _ in worker.calls]
        pauses = [after - before for before, after in pairwise(times)]
        assert pauses == pytest.approx([0.005, 0.01, 0.02])

    def test_success_lets_it_start_over(self, loop: ControlLoop[str], worker: Worker, clock: VirtualClock) -> None:
        worker.answers = [PodkitError("no"), PodkitError("no"), None, PodkitError("no"), None]
        loop.enqueue("a")
        drive(loop, clock, until=1)
        began = clock.monotonic()
        loop.enqueue("a")

        drive(loop, clock, until=2)

        assert worker.calls[-1][0] - began == pytest.approx(0.005)

    @pytest.mark.parametrize(
        ("error", "level"),
        [
            (PodkitError("no"), logging.WARNING),
            (Conflict("changed"), logging.DEBUG),
            (RuntimeError("bug"), logging.ERROR),
        ],
    )
    def test_the_log_says_so(
        self, loop: ControlLoop[str], worker: Worker, caplog: pytest.LogCaptureFixture, error: Exception, level: int
    ) -> None:
        caplog.set_level(logging.DEBUG, "podkit")
        worker.answers = [error]
        loop.enqueue("a")

        loop.step()

        assert [record.levelno for record in caplog.records] == [level]

    def test_other_keys_are_not_held_up(self, loop: ControlLoop[str], worker: Worker) -> None:
        worker.answers = [RuntimeError("bug")]
        loop.enqueue("a")
        loop.enqueue("b")

        loop.step()

        assert [key for _, key in worker.calls] == ["a", "b"]


def follow(loop: ControlLoop[str], store: MemoryStore, on_change: Callable[..., None] | None = None) -> None:
    def open_watch(wake: Callable[[], None]) -> Watch[ConfigMap]:
        return store.watch(ConfigMap, wake=wake)

    def enqueue(old: ConfigMap | None, new: ConfigMap | None) -> None:
        obj = new or old
        assert obj is not None
        loop.enqueue(obj.metadata.name or "")

    loop.follow(open_watch, on_change or enqueue)


def config(name: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name))


class TestFollowing:
    def test_changes_become_keys(self, loop: ControlLoop[str], worker: Worker, clock: VirtualClock) -> None:
        store = MemoryStore(clock)
        follow(loop, store)
        store.create(config("a"))
        loop.step()
        store.create(config("b"))
        store.delete(ConfigMap, "a")
        loop.step()

        assert [key for _, key in worker.calls] == ["a", "b", "a"]

    def test_a_step_takes_in_what_it_has_caused(self, clock: VirtualClock) -> None:
        store = MemoryStore(clock)
        seen: list[str] = []

        def reconcile(key: str) -> None:
            seen.append(key)
            if key == "a":
                store.create(config("b"))

        loop: ControlLoop[str] = ControlLoop("test", reconcile, clock=clock)
        follow(loop, store)
        store.create(config("a"))

        loop.step()

        assert seen == ["a", "b"]

    def test_a_failure_to_take_in_is_repeated(
        self, loop: ControlLoop[str], worker: Worker, clock: VirtualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = MemoryStore(clock)
        failures = [RuntimeError("bug"), None, None]

        def on_change(old: ConfigMap | None, new: ConfigMap | None) -> None:
            failure = failures.pop(0)
            if failure is not None:
                raise failure
            loop.enqueue(new.metadata.name or "" if new else "")

        follow(loop, store, on_change)
        store.create(config("a"))
        store.create(config("b"))
        loop.step()
        assert worker.calls == []
        assert "bug" in caplog.text

        due = clock.next_timer()
        assert due is not None, "the loop has a timer that wakes it"
        clock.advance(due - clock.monotonic())
        loop.step()

        assert [key for _, key in worker.calls] == ["b"]

    def test_stopping_cancels_the_repetition(
        self, loop: ControlLoop[str], clock: VirtualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        def on_change(old: ConfigMap | None, new: ConfigMap | None) -> None:
            raise RuntimeError("bug")

        store = MemoryStore(clock)
        follow(loop, store, on_change)
        store.create(config("a"))
        loop.step()
        assert clock.next_timer() is not None

        loop.stop()

        assert clock.next_timer() is None


class TestThreads:
    @pytest.fixture
    def store(self) -> Iterator[MemoryStore]:
        store = MemoryStore()
        yield store
        store.close()

    def test_it_sleeps_until_there_is_something(self, store: MemoryStore) -> None:
        seen: list[str] = []
        arrived = {name: threading.Event() for name in "abc"}

        def reconcile(key: str) -> None:
            seen.append(key)
            arrived[key].set()

        loop: ControlLoop[str] = ControlLoop("test", reconcile, clock=SystemClock(), workers=3)
        follow(loop, store)
        loop.start()
        try:
            for name in "abc":
                store.create(config(name))
                assert arrived[name].wait(WAIT)
        finally:
            loop.stop()

        assert seen == ["a", "b", "c"]

    def test_no_two_workers_have_the_same_key(self) -> None:
        busy: set[str] = set()
        clashes: list[str] = []
        counts = dict.fromkeys("abcd", 0)
        done = threading.Event()

        def reconcile(key: str) -> float | None:
            if key in busy:
                clashes.append(key)
            busy.add(key)
            counts[key] += 1
            if all(count >= 50 for count in counts.values()):
                done.set()
            loop.enqueue(key)
            busy.discard(key)
            return None

        loop: ControlLoop[str] = ControlLoop("test", reconcile, clock=SystemClock(), workers=4)
        for key in counts:
            loop.enqueue(key)
        loop.start()
        assert done.wait(WAIT)
        loop.stop()

        assert clashes == []

    def test_stopping_finishes_what_was_begun_and_leaves_no_thread(self, store: MemoryStore) -> None:
        begun, release = threading.Event(), threading.Event()
        finished: list[str] = []

        def reconcile(key: str) -> None:
            begun.set()
            release.wait(WAIT)
            finished.append(key)

        loop: ControlLoop[str] = ControlLoop("stopping", reconcile, clock=SystemClock(), workers=2)
        follow(loop, store)
        loop.enqueue("a")
        loop.start()
        assert begun.wait(WAIT)
        threading.Timer(0, release.set).start()
        loop.stop()
        loop.stop()
        store.create(config("b"))

        assert finished == ["a"]
        assert not [thread for thread in threading.enumerate() if "stopping" in thread.name]

    def test_it_may_stop_itself(self) -> None:
        loop: ControlLoop[str]

        def reconcile(key: str) -> None:
            loop.stop()

        loop = ControlLoop("itself", reconcile, clock=SystemClock())
        loop.enqueue("a")
        runner = threading.Thread(target=loop.run, daemon=True)
        runner.start()
        runner.join(WAIT)

        assert not runner.is_alive()

    def test_a_failing_informer_does_not_end_it(self, store: MemoryStore) -> None:
        seen = threading.Event()
        failures = [RuntimeError("bug")]

        def on_change(old: ConfigMap | None, new: ConfigMap | None) -> None:
            if failures:
                raise failures.pop()
            loop.enqueue("a")

        loop: ControlLoop[str] = ControlLoop("failing", lambda key: seen.set(), clock=SystemClock())
        follow(loop, store, on_change)
        loop.start()
        store.create(config("a"))
        store.create(config("b"))

        assert seen.wait(WAIT)
        loop.stop()
