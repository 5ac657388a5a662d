"""How quickly podkit knows and acts, and what it costs while nothing happens: ``python -m tests.bench.bench_kubelet``.

* A container is killed: until the store says so, and until the next attempt runs, beside what Podman itself takes to make and
  start such a container.
* A container starts whose readiness probe succeeds from the first: until the store says that it is Ready.
* Memory with 20 Pods; then, with 50 that are Ready, the processor time of this process and of Podman's service.

``PODKIT_BENCH_ROUNDS`` is how often; by default 15 times.
"""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from podkit import Cluster, Container, ExecAction, Pod, PodmanRuntime, Probe
from podkit.runtime.base import POD_UID, ContainerConfig, ContainerStatus, Runtime
from tests.bench.rows import check, line, processor_seconds, resident_mebibytes, services
from tests.environment import prepared

ROUNDS = int(os.environ.get("PODKIT_BENCH_ROUNDS", "15"))
IDLE_PODS = 50
MEMORY_PODS = 20
IDLE_SECONDS = 30.0
QUIET_SECONDS = 0.6
IMAGE = "localhost/busybox:latest"
SLEEP = ["sleep", "3600"]


def main() -> None:
    """Measure, and print the table."""
    with prepared() as environment:
        os.environ.update(environment.variables)
        runtime = PodmanRuntime()
        with closing(runtime), Cluster(runtime) as cluster:
            deaths(cluster, runtime)
            restarts(cluster, runtime)
            readiness(cluster, runtime)
            idle(cluster)


def deaths(cluster: Cluster, runtime: Runtime) -> None:
    """From the death of a container to the store's saying so."""
    seconds = []
    for number in range(ROUNDS):
        pod = cluster.wait(cluster.create(_pod(f"death-{number}", "Never")), "Ready", timeout=60)
        with cluster.watch(pod) as changes:
            began = _kill(runtime, pod)
            for change in changes:
                if change.object.status.phase == "Failed":
                    break
            seconds.append(time.perf_counter() - began)
        cluster.delete(pod, timeout=60)
    check("from the death of a container to knowing it", _median(seconds), 15.0, "{:.1f} ms")


def restarts(cluster: Cluster, runtime: Runtime) -> None:
    """From the death of a container to its next attempt running."""
    ours, theirs = [], []
    for number in range(ROUNDS):
        pod = cluster.wait(cluster.create(_pod(f"restart-{number}", "Always")), "Ready", timeout=60)
        with cluster.watch(pod) as changes:
            began = _kill(runtime, pod)
            for change in changes:
                state = change.object.status.container_statuses[0]
                if state.restart_count and state.state and state.state.running:
                    break
            ours.append(time.perf_counter() - began)
        time.sleep(QUIET_SECONDS)
        theirs.append(_start_another(runtime, pod))
        cluster.delete(pod, timeout=60)
    line("from the death of a container to the next running", f"{_median(ours):.0f} ms")
    line("Podman's own create and start of a container", f"{_median(theirs):.0f} ms")
    check("restart, ratio to Podman's own create and start", _median(ours) / _median(theirs), 1.3)


def readiness(cluster: Cluster, runtime: Runtime) -> None:
    """From the start of a container to its being known to be Ready."""
    probe = Probe(exec=ExecAction(command=["true"]), period_seconds=10)
    seconds = []
    for number in range(ROUNDS):
        pod = cluster.create(_pod(f"ready-{number}", "Always", probe))
        pod = cluster.wait(pod, "Ready", timeout=60)
        known = datetime.now().astimezone()
        started = _container(runtime, pod).started_at
        assert started is not None
        seconds.append((known - started).total_seconds())
        cluster.delete(pod, timeout=60)
    check("from a probe's first chance to knowing of Ready", _median(seconds), 50.0, "{:.1f} ms")


def idle(cluster: Cluster) -> None:
    """What Pods cost that only run."""
    pods = [cluster.create(_pod(f"idle-{number}", "Always")) for number in range(MEMORY_PODS)]
    cluster.wait(pods, "Ready", timeout=120)
    check(f"memory of this process with {MEMORY_PODS} Pods", resident_mebibytes(os.getpid()), 90.0, "{:.0f} MiB")
    for pid in services():
        line(f"memory of Podman's service with {MEMORY_PODS} Pods", f"{resident_mebibytes(pid):.0f} MiB")
    pods += [cluster.create(_pod(f"idle-{number}", "Always")) for number in range(MEMORY_PODS, IDLE_PODS)]
    cluster.wait(pods, "Ready", timeout=240)
    time.sleep(QUIET_SECONDS)
    ours = _share(lambda: processor_seconds(os.getpid()))
    check(f"processor time of podkit with {IDLE_PODS} idle Pods", ours[0], 0.02, "{:.2%}")
    check(f"processor time of Podman's service with {IDLE_PODS} idle Pods", ours[1], 0.03, "{:.2%}")


def _share(own: Callable[[], float]) -> tuple[float, float]:
    pids = services()
    before, service, began = own(), sum(map(processor_seconds, pids)), time.perf_counter()
    time.sleep(IDLE_SECONDS)
    taken = time.perf_counter() - began
    return (own() - before) / taken, (sum(map(processor_seconds, pids)) - service) / taken


def _start_another(runtime: Runtime, pod: Pod) -> float:
    """How long Podman takes to make and start one more container of the same sort in the same pod."""
    sandbox_id = _container(runtime, pod).sandbox_id
    config = ContainerConfig(name=f"{pod.metadata.name}-another", image=IMAGE, labels={}, command=SLEEP)
    began = time.perf_counter()
    runtime.start_container(runtime.create_container(sandbox_id, config))
    return time.perf_counter() - began


def _kill(runtime: Runtime, pod: Pod) -> float:
    """Kill the first process of a Pod's container, once it has been quiet; return when."""
    pid = _container(runtime, pod).pid
    time.sleep(QUIET_SECONDS)
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    return began


def _container(runtime: Runtime, pod: Pod) -> ContainerStatus:
    """The container of a Pod that runs now."""
    return next(found for found in runtime.containers({POD_UID: pod.metadata.uid or ""}) if found.pid)


def _pod(name: str, restart_policy: str, probe: Probe | None = None) -> Pod:
    container = Container("main", image=IMAGE, command=SLEEP, readiness_probe=probe)
    return Pod.new(name, containers=[container], restart_policy=restart_policy, termination_grace_period_seconds=0)


def _median(seconds: list[float]) -> float:
    """In milliseconds."""
    return statistics.median(seconds) * 1000


if __name__ == "__main__":
    main()
