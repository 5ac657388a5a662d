"""How quick Deployments, StatefulSets and DaemonSets are: ``python -m tests.bench.bench_workloads``.

A Deployment and a parallel StatefulSet of 1,000 and of 10,000 Pods over 100 nodes, a DaemonSet over 100 and 1,000 nodes, and a
rolling update of each, run on a virtual clock over a memory store, with the controllers, a scheduler, a garbage collector, and
somebody who lets each Pod be ready at once and removes those that are deleted. The time is that of the processor, as there is one
thread; the memory is what Python has allocated.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from podkit.controllers import (
    DaemonSetController,
    DeploymentController,
    GarbageCollector,
    NamespaceController,
    ReplicaSetController,
    StatefulSetController,
)
from podkit.loop.clock import VirtualClock
from podkit.loop.watch import ChangeType
from podkit.model import (
    Container,
    DaemonSet,
    DaemonSetUpdateStrategy,
    Deployment,
    Node,
    NodeStatus,
    ObjectMeta,
    Pod,
    PodCondition,
    RollingUpdateDaemonSet,
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetUpdateStrategy,
)
from podkit.model.copying import clone
from podkit.scheduler import Scheduler
from podkit.store.memory import MemoryStore
from tests.bench.rows import check, line

NODES = 100
MAIN = Container("main", image="busybox")


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
    """A set of Pods of some kind, called ``web``, over some nodes."""

    kind: Any = Deployment
    what = "Deployment"

    def __init__(self, replicas: int, nodes: int = NODES) -> None:
        self.replicas = replicas
        clock = VirtualClock()
        self.store = store = MemoryStore(clock)
        makers: tuple[Any, ...] = (
            DeploymentController,
            ReplicaSetController,
            StatefulSetController,
            DaemonSetController,
            Scheduler,
            GarbageCollector,
            NamespaceController,
            Kubelets,
        )
        self.loops = [make(store, clock=clock) for make in makers]
        allocatable = {"cpu": "64", "memory": "256Gi", "pods": str(replicas)}
        for number in range(nodes):
            store.create(Node(metadata=ObjectMeta(name=f"node-{number}"), status=NodeStatus(allocatable=allocatable)))
        self.settle()

    def settle(self) -> float:
        began = time.process_time()
        while any([loop.step() for loop in self.loops]):  # noqa: C419 -- each loop is to be stepped
            pass
        return time.process_time() - began

    def start(self) -> float:
        self.store.create(self.made())
        return self.settle()

    def made(self) -> Any:
        return Deployment.new("web", containers=[MAIN], replicas=self.replicas)

    def roll(self) -> float:
        template = {"spec": {"containers": [{"name": "main", "image": "busybox:2"}]}}
        self.store.patch(self.kind, "web", {"spec": {"template": template}})
        return self.settle()

    def check(self) -> None:
        status = self.store.get(self.kind, "web").status
        assert status.available_replicas == status.updated_replicas == status.replicas == self.replicas


class StatefulWorld(World):
    """A StatefulSet whose Pods come all at once, and roll a quarter at a time."""

    kind = StatefulSet
    what = "StatefulSet"

    def made(self) -> StatefulSet:
        made = StatefulSet.new("web", containers=[MAIN], replicas=self.replicas, pod_management_policy="Parallel")
        quarter = RollingUpdateStatefulSetStrategy(max_unavailable="25%")
        made.spec.update_strategy = StatefulSetUpdateStrategy("RollingUpdate", quarter)
        return made


class OrderedWorld(StatefulWorld):
    """A StatefulSet whose Pods come and roll one after the other."""

    what = "StatefulSet, in order,"

    def made(self) -> StatefulSet:
        return StatefulSet.new("web", containers=[MAIN], replicas=self.replicas)


class DaemonWorld(World):
    """A DaemonSet that rolls a quarter of the nodes at a time."""

    kind = DaemonSet
    what = "DaemonSet"

    def __init__(self, replicas: int) -> None:
        super().__init__(replicas, nodes=replicas)

    def made(self) -> DaemonSet:
        quarter = DaemonSetUpdateStrategy("RollingUpdate", RollingUpdateDaemonSet(max_unavailable="25%"))
        return DaemonSet.new("web", containers=[MAIN], update_strategy=quarter)

    def check(self) -> None:
        status = self.store.get(DaemonSet, "web").status
        numbers = status.desired_number_scheduled, status.updated_number_scheduled, status.number_available
        assert numbers == (self.replicas,) * 3


def show(what: str, replicas: int, taken: float) -> None:
    line(what, f"{taken / replicas * 1e3:.3f} ms", f"each Pod, {replicas / taken:.0f} Pods/s")


def measure(make: Callable[[int], World], replicas: int) -> float:
    """Print what it takes to start and to roll; how many milliseconds each Pod takes to start."""
    world = make(replicas)
    started = world.start()
    show(f"{world.what} of {replicas:,} to Available", replicas, started)
    world.check()
    show(f"rolling update of {replicas:,}", replicas, world.roll())
    world.check()
    return started / replicas * 1e3


def memory(replicas: int) -> None:
    world = World(replicas)
    tracemalloc.start()
    world.start()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"memory of a Deployment of {replicas:,}: {kept / replicas / 1024:.1f} KiB each Pod, its Events included")


def main() -> None:
    """Print the figures."""
    few, many = measure(World, 1_000), measure(World, 10_000)
    check("Deployment of 1,000: ms each Pod", few, 1.0)
    check("Deployment of 10,000: ms each Pod", many, 1.0)
    check("Deployment: a Pod of 10,000 to one of 1,000", many / few, 1.5)
    for make, sizes in ((StatefulWorld, (1_000, 10_000)), (OrderedWorld, (250, 500)), (DaemonWorld, (100, 1_000))):
        for replicas in sizes:
            measure(make, replicas)
    memory(1_000)
    memory(10_000)


if __name__ == "__main__":
    main()
