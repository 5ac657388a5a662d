"""Stopping a kubelet that runs in threads: whatever is under way, it ends in bounded time and tells nothing afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podkit.kubelet import Kubelet
from podkit.kubelet.actions import Actions, Outcome, Target
from podkit.kubelet.hooks import Hooks
from podkit.kubelet.images import ImageManager, Request
from podkit.kubelet.memory import Failure
from podkit.kubelet.tasks import InlineTasks, ThreadTasks
from podkit.loop.clock import SystemClock, VirtualClock
from podkit.model import ExecAction, HTTPGetAction, LifecycleHandler, ObjectMeta, Pod, PodSpec, SleepAction
from podkit.runtime.base import NODE, Credentials, ImageStatus, PullListener, SandboxConfig
from podkit.runtime.simulated import Images, SimulatedRuntime
from podkit.store.memory import MemoryStore
from tests.unit.kubelet.world import main

WAIT = 10.0
TARGET = Target(main(), "container-1", "sandbox-1", "10.88.0.2")


class Slow(SimulatedRuntime):
    """An engine that takes its time for what it is told to, until it is let go."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), images=Images(local=["busybox"], remote=["late"]))
        self.go_on = threading.Event()
        self.reached = threading.Event()
        self.slow_pull = self.slow_sandbox = False
        self.pulls: list[str] = []

    def pull_image(
        self, reference: str, credentials: Credentials | None = None, tell: PullListener | None = None
    ) -> ImageStatus:
        self.pulls.append(reference)
        self._wait(self.slow_pull)
        return super().pull_image(reference, credentials, tell)

    def run_sandbox(self, config: SandboxConfig, meanwhile: Callable[[str], None] | None = None) -> str:
        self._wait(self.slow_sandbox)
        return super().run_sandbox(config, meanwhile)

    def _wait(self, slow: bool) -> None:
        if slow:
            self.reached.set()
            assert self.go_on.wait(WAIT)


class Store(MemoryStore):
    """Counts who comes after it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.is_closed = False
        self.late = 0

    def close(self) -> None:
        super().close()
        self.is_closed = True

    def create(self, obj: Any, **options: Any) -> Any:
        self.late += self.is_closed
        return super().create(obj, **options)

    def update(self, obj: Any, **options: Any) -> Any:
        self.late += self.is_closed
        return super().update(obj, **options)


def pod(**fields: Any) -> Pod:
    return Pod(metadata=ObjectMeta(name="web"), spec=PodSpec(containers=[main(**fields)], node_name="node-1"))


def started(tmp_path: Path, runtime: Slow, store: Store) -> Kubelet:
    kubelet = Kubelet("node-1", runtime, store, root_dir=tmp_path)
    kubelet.start()
    return kubelet


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_pull_that_takes_long_is_left_to_itself_and_told_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ThreadTasks.close, "__defaults__", (0.01,))
    runtime, store = Slow(), Store()
    runtime.slow_pull = True
    kubelet = started(tmp_path, runtime, store)
    store.create(pod(image="late"))
    assert runtime.reached.wait(WAIT)
    [pulling] = [thread for thread in threading.enumerate() if thread.name.startswith("podkit-pull")]
    kubelet.stop()
    assert [thread for thread in threading.enumerate() if thread.name.startswith("podkit-kubelet")] == []
    store.close()
    runtime.go_on.set()
    pulling.join(WAIT)
    assert not pulling.is_alive()
    assert store.late == 0


def test_a_worker_that_is_stopped_begins_nothing_more(tmp_path: Path) -> None:
    runtime, store = Slow(), Store()
    runtime.slow_sandbox = True
    kubelet = started(tmp_path, runtime, store)
    store.create(pod())
    assert runtime.reached.wait(WAIT)
    stopping = threading.Thread(target=kubelet.stop)
    stopping.start()
    eventually(kubelet._services.stopping.is_set)
    runtime.go_on.set()
    stopping.join(WAIT)
    store.close()
    assert len(runtime.sandboxes({})) == 1
    assert runtime.containers({}) == []
    assert store.late == 0
    kubelet.evict_all(grace=0)
    assert runtime.sandboxes({}) == []


def test_evicting_removes_a_sandbox_that_comes_late(tmp_path: Path) -> None:
    runtime, store = Slow(), Store()
    kubelet = started(tmp_path, runtime, store)
    store.create(pod())
    eventually(lambda: len(runtime.containers({})) == 1)
    kubelet.stop()
    remove = runtime.remove_sandbox
    labels = kubelet._services.labels

    def remove_and_come_late(sandbox_id: str) -> None:
        remove(sandbox_id)
        if labels[NODE] and not runtime.reached.is_set():
            runtime.reached.set()
            runtime.run_sandbox(SandboxConfig("late", "late", labels))

    runtime.remove_sandbox = remove_and_come_late  # type: ignore[method-assign]
    kubelet.evict_all(grace=0)
    assert runtime.sandboxes({}) == []


def test_all_tasks_together_are_given_a_moment_and_not_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks, ended, clock = ThreadTasks(), threading.Event(), VirtualClock()
    for number in range(20):
        tasks.start(f"slow-{number}", ended.wait)
    with monkeypatch.context() as patch:
        patch.setattr("podkit.kubelet.tasks.time.monotonic", clock.monotonic)
        patch.setattr(threading.Thread, "join", lambda _, timeout: clock.advance(timeout))
        tasks.close(5.0)
    assert clock.monotonic() == 5.0
    ended.set()
    tasks.close()


def test_tasks_begin_nothing_after_their_end() -> None:
    tasks, ran = ThreadTasks(), threading.Event()
    tasks.close()
    tasks.start("late", ran.set)
    assert [thread for thread in threading.enumerate() if thread.name == "podkit-late"] == []
    assert not ran.is_set()


def test_a_hook_that_sleeps_leaves_no_thread_behind() -> None:
    hooks = Hooks(Actions(Slow()), ThreadTasks(), SystemClock())
    before = threading.active_count()
    hooks.start(LifecycleHandler(sleep=SleepAction(seconds=3600)), TARGET, lambda _: None, lambda *_: None)
    assert threading.active_count() == before + 1
    hooks.close()
    eventually(lambda: threading.active_count() == before)


def test_a_hook_that_sleeps_for_no_time_has_ended() -> None:
    hooks = Hooks(Actions(Slow()), ThreadTasks(), SystemClock())
    ended: list[str] = []
    hooks.start(LifecycleHandler(sleep=SleepAction(seconds=0)), TARGET, ended.append, lambda *_: None)
    assert ended == [""]


def test_something_odd_about_a_hook_is_told_before_its_end() -> None:
    class Odd(Actions):
        def hook_http(self, target: Target, action: HTTPGetAction, timeout: float) -> Outcome:
            return Outcome(True, warning="it answered in plain HTTP")

    told: list[object] = []
    hooks = Hooks(Odd(SimulatedRuntime(VirtualClock())), InlineTasks(), VirtualClock())
    handler = LifecycleHandler(http_get=HTTPGetAction(port=80, scheme="HTTPS"))
    hooks.start(handler, TARGET, told.append, lambda *warning: told.append(warning))
    assert told == [("LifecycleHTTPFallback", "it answered in plain HTTP"), ""]


def test_a_hook_that_breaks_has_ended() -> None:
    hooks = Hooks(None, InlineTasks(), VirtualClock())  # type: ignore[arg-type]  # which breaks it
    told: list[str] = []
    with pytest.raises(AttributeError):
        hooks.start(LifecycleHandler(exec=ExecAction(command=["true"])), TARGET, told.append, lambda *_: None)
    assert len(told) == 1
    assert told[0]


class TestPulls:
    def test_of_many_that_need_the_same_image_one_fetches_it(self) -> None:
        runtime = Slow()
        runtime.slow_pull = True
        images = ImageManager(runtime, ThreadTasks(), SystemClock())
        done = threading.Semaphore(0)
        requests = [Request((f"uid-{n}", "main", 0), "late", "IfNotPresent") for n in range(5)]
        for request in requests:
            assert images.ensure(request, lambda *_: None, done.release) is None
        assert runtime.reached.wait(WAIT)
        runtime.go_on.set()
        for _ in requests:
            assert done.acquire(timeout=WAIT)
        assert all(isinstance(images.ensure(one, lambda *_: None, done.release), ImageStatus) for one in requests)
        assert runtime.pulls == ["late"]

    def test_what_a_pod_that_is_gone_has_asked_for_is_forgotten_when_it_comes(self) -> None:
        runtime = Slow()
        runtime.slow_pull = True
        images = ImageManager(runtime, ThreadTasks(), SystemClock())
        done = threading.Event()
        for image in ("late", "nowhere"):
            done.clear()
            images.ensure(Request(("uid-1", "main", 0), image, "Always"), lambda *_: None, done.set)
            assert runtime.reached.wait(WAIT)
            images.forget("uid-1")
            runtime.go_on.set()
            assert done.wait(WAIT)
        assert not images._pulled
        assert not images._retry_at
        assert not images._pulling

    def test_a_pull_that_breaks_is_a_failure_like_any_other(self) -> None:
        class Broken(SimulatedRuntime):
            def pull_image(
                self, reference: str, credentials: Credentials | None = None, tell: PullListener | None = None
            ) -> ImageStatus:
                raise ZeroDivisionError

        clock = VirtualClock()
        images = ImageManager(Broken(clock), InlineTasks(), clock)
        found = images.ensure(Request(("uid-1", "main", 0), "late", "Always"), lambda *_: None, lambda: None)
        assert isinstance(found, Failure)
        assert found.reason == "ErrImagePull"
