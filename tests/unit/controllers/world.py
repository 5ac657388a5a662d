"""A small world for controllers: a store and a clock that stands still, and somebody who plays the kubelet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from podkit.loop.clock import VirtualClock
from podkit.model.container import Container
from podkit.model.container_status import ContainerState, ContainerStateTerminated, ContainerStatus
from podkit.model.event import Event
from podkit.model.job import Job, JobSpec
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod, PodCondition, PodSpec, PodTemplateSpec
from podkit.store.base import Store
from podkit.store.memory import MemoryStore


class Stepped(Protocol):
    def step(self) -> bool: ...
    def next_due(self) -> float | None: ...


class World:
    """Drives controllers over a store until nothing is left to do, and through virtual time."""

    def __init__(self, *makers: Callable[..., Stepped], store: Store | None = None) -> None:
        self.clock = VirtualClock()
        self.store: Any = store or MemoryStore(self.clock)
        self.loops = [make(self.store, clock=self.clock) for make in makers]

    def settle(self) -> None:
        for _ in range(1000):
            worked = [loop.step() for loop in self.loops]
            if not any(worked):
                return
        raise AssertionError("the controllers never come to rest")

    def advance(self, seconds: float) -> None:
        """Let time pass; whatever becomes due on the way is done at its time."""
        end = self.clock.monotonic() + seconds
        self.settle()
        while (due := self._next_due()) is not None and due <= end:
            self.clock.advance(max(0.0, due - self.clock.monotonic()))
            self.settle()
        self.clock.advance(end - self.clock.monotonic())
        self.settle()

    def _next_due(self) -> float | None:
        dues = [due for loop in self.loops if (due := loop.next_due()) is not None]
        return min(dues, default=None)

    # What is there

    def job(self, name: str = "work") -> Job:
        return self.store.get(Job, name)

    def pods(self, *phases: str) -> list[Pod]:
        """The Pods, or those in one of the phases, oldest first."""
        pods = self.store.list(Pod)
        pods.sort(key=lambda pod: (pod.metadata.creation_timestamp, int(pod.metadata.resource_version or 0)))
        return [pod for pod in pods if not phases or pod.status.phase in phases]

    def active(self) -> list[Pod]:
        return [pod for pod in self.pods("Pending", "Running") if pod.metadata.deletion_timestamp is None]

    def events(self, reason: str | None = None) -> list[Event]:
        return [event for event in self.store.list(Event) if reason in (None, event.reason)]

    # What a kubelet does

    def run(self, *pods: Pod) -> None:
        for pod in pods or self.active():
            pod = self.store.get(Pod, pod.metadata.name)
            if not pod.spec.node_name:
                pod = self.store.bind(pod, "node-1")
            pod.status.phase = "Running"
            ready = PodCondition(type="Ready", status="True", last_transition_time=self.clock.now())
            pod.status.conditions = [found for found in pod.status.conditions if found.type != "Ready"] + [ready]
            pod.status.container_statuses = [
                ContainerStatus(name="main", ready=True, restart_count=0, image="i", image_id="i")
            ]
            self.store.update_status(pod)
        self.settle()

    def succeed(self, *pods: Pod) -> None:
        self.end(pods, "Succeeded", 0)

    def fail(self, *pods: Pod, exit_code: int = 1) -> None:
        self.end(pods, "Failed", exit_code)

    def end(self, pods: Iterable[Pod], phase: str, exit_code: int) -> None:
        for pod in pods:
            self.store.update_status(ended(self.store.get(Pod, pod.metadata.name), phase, exit_code, self.clock.now()))
        self.settle()

    def stop_deleted(self) -> None:
        """Stop the Pods that are being deleted, as a kubelet does: their status, then they go."""
        for pod in self.pods():
            if pod.metadata.deletion_timestamp is not None:
                if pod.status.phase not in ("Succeeded", "Failed"):
                    self.store.update_status(ended(pod, "Failed", 143, self.clock.now()))
                self.store.delete(Pod, pod.metadata.name, grace_period=0, uid=pod.metadata.uid)
        self.settle()


class Kubelet:
    """Runs every Pod at once to its end, and stops those that are being deleted.

    Args:
        exit_code: what a Pod ends with; None: it runs on.
    """

    def __init__(self, store: Any, exit_code: Callable[[Pod], int | None], *, clock: VirtualClock) -> None:
        self.store, self.exit_code, self.clock = store, exit_code, clock

    def step(self) -> bool:
        worked = [self._sync(pod) for pod in self.store.list(Pod)]
        return any(worked)

    def next_due(self) -> float | None:
        return None

    def _sync(self, pod: Pod) -> bool:
        if pod.metadata.deletion_timestamp is not None:
            if pod.status.phase not in ("Succeeded", "Failed"):
                self.store.update_status(ended(pod, "Failed", 143, self.clock.now()))
            if pod.metadata.deletion_grace_period_seconds:
                self.store.delete(Pod, pod.metadata.name, grace_period=0, uid=pod.metadata.uid)
                return True
            return False
        if not pod.spec.node_name:
            self.store.bind(pod, "node-1")
            return True
        code = self.exit_code(pod) if pod.status.phase == "Pending" else None
        if code is None:
            return False
        self.store.update_status(ended(pod, "Failed" if code else "Succeeded", code, self.clock.now()))
        return True


def ended(pod: Pod, phase: str, exit_code: int, now: datetime) -> Pod:
    terminated = ContainerStateTerminated(exit_code=exit_code, started_at=now, finished_at=now)
    pod.status.phase = phase
    pod.status.conditions = [condition for condition in pod.status.conditions if condition.type != "Ready"]
    pod.status.container_statuses = [
        ContainerStatus(
            name="main",
            ready=False,
            restart_count=0,
            image="i",
            image_id="i",
            state=ContainerState(terminated=terminated),
        )
    ]
    return pod


def job(name: str = "work", *, restart_policy: str = "Never", **spec: Any) -> Job:
    """A Job with one container ``main``."""
    template = PodTemplateSpec(spec=PodSpec(containers=[Container("main", image="i")], restart_policy=restart_policy))
    return Job(metadata=ObjectMeta(name=name), spec=JobSpec(template=template, **spec))


def conditions(job: Job) -> list[tuple[str, str, str | None]]:
    return [(condition.type, condition.status, condition.reason) for condition in job.status.conditions]


def later(time: datetime, seconds: float) -> datetime:
    return time + timedelta(seconds=seconds)
