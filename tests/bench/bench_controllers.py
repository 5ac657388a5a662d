"""How quick controllers and scheduler are: ``python -m tests.bench.bench_controllers``.

A Job of 10,000 Pods runs on a virtual clock, over a memory store, with a scheduler, a garbage collector and somebody who lets
each Pod succeed at once: first all Pods at a time, then a hundred, then all with an
index each. The time is that of the processor, as there is one thread. Then,
on the machine's clock and in threads: how long a lone Pod waits for its node.
"""

from __future__ import annotations

import statistics
import time
from typing import Any, Literal

from podkit.controllers import GarbageCollector, JobController, NamespaceController, TTLAfterFinishedController
from podkit.loop.clock import VirtualClock
from podkit.loop.watch import ChangeType
from podkit.model import Container, Job, JobSpec, Node, NodeStatus, ObjectMeta, Pod, PodSpec, PodTemplateSpec
from podkit.model.copying import clone
from podkit.scheduler import Scheduler
from podkit.store.memory import MemoryStore

PODS = 10_000
LONE_PODS = 300


class Finisher:
    """Lets each Pod succeed as soon as it has a node."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.watch = store.watch(Pod)

    def step(self) -> bool:
        worked = False
        while (event := self.watch.poll()) is not None:
            worked = True
            pod = event.object
            if event.type is not ChangeType.DELETED and pod.spec.node_name and pod.status.phase == "Pending":
                done = clone(pod)
                done.status.phase = "Succeeded"
                self.store.update_status(done)
        return worked


def node(store: MemoryStore) -> None:
    allocatable = {"cpu": "64", "memory": "256Gi", "pods": str(10 * PODS)}
    store.create(Node(metadata=ObjectMeta(name="node-1"), status=NodeStatus(allocatable=allocatable)))


def pod_spec(**more: Any) -> PodSpec:
    return PodSpec(containers=[Container("main", image="busybox")], **more)


def run_job(parallelism: int, mode: Literal["NonIndexed", "Indexed"] = "NonIndexed") -> None:
    clock = VirtualClock()
    store = MemoryStore(clock)
    makers: tuple[Any, ...] = (
        JobController,
        Scheduler,
        GarbageCollector,
        NamespaceController,
        TTLAfterFinishedController,
    )
    loops = [*(make(store, clock=clock) for make in makers), Finisher(store)]
    node(store)
    template = PodTemplateSpec(spec=pod_spec(restart_policy="Never"))
    spec = JobSpec(completions=PODS, parallelism=parallelism, completion_mode=mode, template=template)
    store.create(Job(metadata=ObjectMeta(name="bench"), spec=spec))
    began = time.process_time()
    while any([loop.step() for loop in loops]):  # noqa: C419 -- each loop is to be stepped
        pass
    taken = time.process_time() - began
    status = store.get(Job, "bench").status
    assert status.succeeded == PODS
    assert status.conditions[-1].type == "Complete"
    print(
        f"{mode} Job of {PODS:,} Pods, {parallelism:,} at a time {taken:8.2f} s {taken / PODS * 1e3:8.2f} ms each Pod"
    )


def wait_for_node() -> None:
    store = MemoryStore()
    scheduler = Scheduler(store)
    node(store)
    scheduler.start()
    waits = []
    watch = store.watch(Pod)
    for number in range(LONE_PODS):
        store.create(Pod(metadata=ObjectMeta(name=f"lone-{number}"), spec=pod_spec()))
        began = time.perf_counter()
        while not next(watch).object.spec.node_name:
            pass
        waits.append((time.perf_counter() - began) * 1e3)
        time.sleep(0.002)
    scheduler.stop()
    waits.sort()
    median, late = statistics.median(waits), waits[int(0.99 * LONE_PODS)]
    print(f"a lone Pod is bound {median:.2f} ms after its creation (median; 99 of 100 within {late:.2f} ms)")


def main() -> None:
    """Print the figures."""
    run_job(PODS)
    run_job(100)
    run_job(PODS, "Indexed")
    wait_for_node()


if __name__ == "__main__":
    main()
