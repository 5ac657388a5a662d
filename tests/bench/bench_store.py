"""How quick the stores are at 10,000 Pods, in memory and in a file: ``python -m tests.bench.bench_store``.

Admission is part of each write, as it is for a user; how much of the time is the store's own is told apart.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from podkit.admission import prepare_create, prepare_status_update, prepare_update
from podkit.loop.watch import Watch
from podkit.model import Container, ContainerPort, ObjectMeta, Pod, PodSpec
from podkit.store.memory import MemoryStore
from podkit.store.sqlite import SqliteStore

PODS = 10_000
WATCHES = 100


def small_pod(number: int) -> Pod:
    app = Container(name="app", image="nginx:1.27", ports=[ContainerPort(container_port=80)])
    labels = {"app": f"app-{number % 100}", "tier": "web"}
    return Pod(metadata=ObjectMeta(name=f"pod-{number:05}", labels=labels), spec=PodSpec(containers=[app]))


@contextmanager
def timed(what: str, count: int, *, own: Callable[[], float] | None = None) -> Any:
    began = time.perf_counter()
    yield
    taken = time.perf_counter() - began
    line = f"{what:<58}{taken / count * 1e6:10.1f} µs each {count / taken:12,.0f}/s"
    if own is not None:
        line += f"   without admission {(taken - own()) / count * 1e6:8.1f} µs"
    print(line)


def cost(function: Callable[[], object], times: int) -> float:
    """Seconds that so many calls of a function take."""
    sample = min(times, 300)
    began = time.perf_counter()
    for _ in range(sample):
        function()
    return (time.perf_counter() - began) * times / sample


def drain(watch: Watch[Any]) -> int:
    count = 0
    while watch.poll() is not None:
        count += 1
    return count


def main() -> None:
    """Print a table for each store."""
    print("in memory")
    measure(MemoryStore())
    with tempfile.TemporaryDirectory() as directory:
        print(f"\nin a file below {directory}")
        store = SqliteStore(Path(directory) / "objects.db")
        measure(store)
        with timed("close", 1):
            store.close()
        print(f"{'size of the file':<58}{store.path.stat().st_size / 1e6:10.1f} MB")
        with timed("open it again, with 10,000 objects", 1):
            store = SqliteStore(store.path)
        store.close()


def measure(store: MemoryStore) -> None:
    """Print the table of one store."""
    pods = [small_pod(number) for number in range(PODS)]
    with timed("create", PODS, own=lambda: cost(lambda: prepare_create(pods[0]), PODS)):
        for pod in pods:
            store.create(pod)
    with timed("get", PODS):
        found = [store.get(Pod, pod.metadata.name or "") for pod in pods]
    one = store.get(Pod, "pod-00000")
    for pod in found:
        pod.metadata.labels["seen"] = "yes"
    with timed("update (a label)", PODS, own=lambda: cost(lambda: prepare_update(one, one), PODS)):
        found = [store.update(pod) for pod in found]
    for pod in found:
        pod.status.phase = "Running"
    with timed("update_status", PODS, own=lambda: cost(lambda: prepare_status_update(one, one), PODS)):
        found = [store.update_status(pod) for pod in found]
    with timed("update_status without a change", PODS):
        for pod in found:
            store.update_status(pod)
    with timed("bind", PODS):
        for pod in found:
            store.bind(pod, "node-1")
    with timed("patch (a label)", 1_000):
        for number in range(1_000):
            store.patch(Pod, f"pod-{number:05}", {"metadata": {"labels": {"patched": "yes"}}})
    with timed("list 100 of 10,000 by label", 20):
        for _ in range(20):
            assert len(store.list(Pod, labels="app=app-7")) == 100
    with timed("list 1 of 10,000 by field", 20):
        for _ in range(20):
            assert len(store.list(Pod, fields="metadata.name=pod-00007")) == 1
    with timed("list all 10,000", 1):
        assert len(store.list(Pod)) == PODS
    measure_watches(store)


def measure_watches(store: MemoryStore) -> None:
    """Many watches on many changes."""
    with timed("open a watch on 10,000 (nothing read yet)", 20):
        opened = [store.watch(Pod) for _ in range(20)]
    with timed("read 10,000 that are there from a watch", PODS):
        assert drain(opened[0]) == PODS
    for watch in opened:
        watch.close()
    newest = store.patch(Pod, "pod-00000", {"metadata": {"labels": {"n": "0"}}}).metadata.resource_version
    pods = [store.get(Pod, f"pod-{number:05}") for number in range(1_000)]
    woken: list[int] = []
    watches = [
        store.watch(Pod, since=newest, wake=partial(woken.append, n), labels=f"app=app-{n}") for n in range(WATCHES)
    ]
    watches += [store.watch(Pod, since=newest, wake=partial(woken.append, n)) for n in range(WATCHES)]
    for pod in pods:
        pod.status.message = "changed"
    with timed("update_status, 100 watches by label and 100 on all", len(pods)):
        for pod in pods:
            store.update_status(pod)
    events = len(pods) * (WATCHES + 1)
    with timed("reading it, per watch and event", events):
        assert sum(drain(watch) for watch in watches) == events
    assert len(woken) == events


if __name__ == "__main__":
    main()
