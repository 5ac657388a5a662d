"""How quick Deployments are: ``python -m tests.bench.bench_workloads``.

A Deployment of 1,000 and one of 10,000 Pods over 100 nodes, and a rolling update of each, run on a virtual clock over a memory
store, with the controllers, a scheduler, a garbage collector, and somebody who lets each Pod be ready at once and removes those
that are deleted. The time is that of the processor, as there is one thread; the memory is what Python has allocated.
"""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

from podkit.controllers import DeploymentController, GarbageCollector, NamespaceController, ReplicaSetController
from podkit.loop.clock import VirtualClock
from podkit.loop.watch import ChangeType
from podkit.model import Container, Deployment, Node, NodeStatus, ObjectMeta, Pod, PodCondition
from podkit.model.copying import clone
from podkit.scheduler import Scheduler
from podkit.store.memory import MemoryStore

NODES = 100


class Kubelets:
    """Let each Pod be ready as soon as it has a node, and go as soon as it is deleted."""

    def __init__(self, store: MemoryStore, *, clock: VirtualClock) -> None:
        self.store = store
        self.clock = clock
        self.watch = store.watch(Pod)

    def step(self) -> bool:
        worked = False
        while (event := self.watch.poll()) is not None:
            worked = True
            if event.type is not ChangeType.DELETED:
                self.sync(event.object)
        return worked

    def sync(self, pod: Pod) -> None:
        if pod.metadata.deletion_timestamp is not None:
            self.store.delete(Pod, pod.metadata.name or "", grace_period=0)
        elif pod.spec.node_name and pod.status.phase == "Pending":
            running = clone(pod)
            running.status.phase = "Running"
            now = self.clock.now()
            running.status.conditions.append(PodCondition(type="Ready", status="True", last_transition_time=now))
            self.store.update_status(running)


class World:
    def __init__(self, replicas: int) -> None:
        self.replicas = replicas
        clock = VirtualClock()
        self.store = store = MemoryStore(clock)
        makers: tuple[Any, ...] = (
            DeploymentController,
            ReplicaSetController,
            Scheduler,
            GarbageCollector,
            NamespaceController,
            Kubelets,
        )
        self.loops = [make(store, clock=clock) for make in makers]
        allocatable = {"cpu": "64", "memory": "256Gi", "pods": str(replicas)}
        for number in range(NODES):
            store.create(Node(metadata=ObjectMeta(name=f"node-{number}"), status=NodeStatus(allocatable=allocatable)))
        self.settle()

    def settle(self) -> float:
        began = time.process_time()
        while any([loop.step() for loop in self.loops]):  # noqa: C419 -- each loop is to be stepped
            pass
        return time.process_time() - began

    def start(self) -> float:
        self.store.create(
            Deployment.new("web", containers=[Container("main", image="busybox")], replicas=self.replicas)
        )
        return self.settle()

    def roll(self) -> float:
        template = {"spec": {"containers": [{"name": "main", "image": "busybox:2"}]}}
        self.store.patch(Deployment, "web", {"spec": {"template": template}})
        return self.settle()

    def check(self) -> None:
        status = self.store.get(Deployment, "web").status
        assert status.available_replicas == status.updated_replicas == status.replicas == self.replicas


def show(what: str, replicas: int, taken: float) -> None:
    print(f"{what:<40} {taken:8.2f} s {taken / replicas * 1e3:8.3f} ms each Pod {replicas / taken:8.0f} Pods/s")


def measure(replicas: int) -> None:
    world = World(replicas)
    show(f"Deployment of {replicas:,} to Available", replicas, world.start())
    world.check()
    show(f"rolling update of {replicas:,}", replicas, world.roll())
    world.check()


def memory(replicas: int) -> None:
    world = World(replicas)
    tracemalloc.start()
    world.start()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"memory of a Deployment of {replicas:,}: {kept / replicas / 1024:.1f} KiB each Pod, its Events included")


def main() -> None:
    """Print the figures."""
    for replicas in (1_000, 10_000):
        measure(replicas)
    memory(1_000)


if __name__ == "__main__":
    main()
