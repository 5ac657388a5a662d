"""One node whose kubelet is stepped, over a simulated engine and on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from podkit.kubelet import Kubelet
from podkit.loop.clock import VirtualClock
from podkit.model import Container, ContainerStatus, Event, ObjectMeta, Pod, PodSpec
from podkit.runtime.base import POD_NAME
from podkit.runtime.simulated import Images, SimulatedRuntime
from podkit.store.memory import MemoryStore

SLEEPS = ["sleep", "3600"]


class Stepped:
    """A kubelet that is stepped; time passes when nothing is left to do."""

    clock: VirtualClock
    kubelet: Kubelet

    def settle(self) -> None:
        """Do all that can be done now."""
        while self.kubelet.step():
            pass

    def pass_time(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        while True:
            self.settle()
            moments = [m for m in (self.kubelet.next_due(), self.clock.next_timer(), end) if m is not None]
            moment = min(moments)
            self.clock.advance(max(moment - self.clock.monotonic(), 0))
            if moment >= end:
                self.settle()
                return


class World(Stepped):
    """One node, with a store in memory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = VirtualClock()
        self.runtime = SimulatedRuntime(self.clock, images=Images(local=["busybox"], remote=["late"]))
        self.store = MemoryStore(self.clock)
        self.kubelet = self.new_kubelet()

    def new_kubelet(self) -> Kubelet:
        kubelet = Kubelet("node-1", self.runtime, self.store, root_dir=self.root, clock=self.clock)
        kubelet.register()
        return kubelet

    def create(self, *containers: Container, name: str = "web", **spec: Any) -> Pod:
        spec.setdefault("restart_policy", "Never")
        spec = {"termination_grace_period_seconds": 5, **spec}
        metadata = ObjectMeta(name=name)
        return self.store.create(
            Pod(metadata=metadata, spec=PodSpec(containers=list(containers), node_name="node-1", **spec))
        )

    def until(self, condition: Callable[[Pod], bool], *, name: str = "web", within: float = 120) -> Pod:
        deadline = self.clock.monotonic() + within
        self.settle()
        while not condition(pod := self.pod(name)):
            assert self.clock.monotonic() < deadline, pod.status
            self.pass_time(0.5)
        return pod

    def pod(self, name: str = "web") -> Pod:
        return self.store.get(Pod, name)

    def container(self, name: str = "web") -> ContainerStatus:
        [one] = self.pod(name).status.container_statuses
        return one

    def reasons(self, name: str = "web") -> list[str]:
        return [event.reason or "" for event in self.store.list(Event) if event.involved_object.name == name]

    def engine_holds(self, name: str = "web") -> tuple[int, int]:
        labels = {POD_NAME: name}
        return len(self.runtime.sandboxes(labels)), len(self.runtime.containers(labels))


def main(command: list[str] | None = None, **fields: Any) -> Container:
    return Container(
        "main",
        image=fields.pop("image", "busybox"),
        image_pull_policy="IfNotPresent",
        command=command or SLEEPS,
        **fields,
    )


def is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running"


def is_waiting(reason: str) -> Callable[[Pod], bool]:
    return lambda pod: any(
        one.state and one.state.waiting and one.state.waiting.reason == reason for one in pod.status.container_statuses
    )
