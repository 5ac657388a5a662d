"""What a controller adds to the time that Pods take on Podman: ``python -m tests.bench.bench_workload_pods``.

A Deployment of 20 until it is available, beside 20 bare Pods until they are ready; and a Job of one quick Pod until it is complete,
beside that Pod alone until it has succeeded. In turns, on the same storage; before each measurement it is quiet for a while.

``PODKIT_BENCH_ROUNDS`` is how often; by default 9 times.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

from podkit import Cluster, Container, Deployment, Job, Pod
from tests.bench.rows import check, line
from tests.environment import prepared

ROUNDS = int(os.environ.get("PODKIT_BENCH_ROUNDS", "9"))
MANY = 20
JOBS = 5
QUIET_SECONDS = 0.6
IMAGE = "localhost/busybox:latest"
RUNS = Container("main", image=IMAGE, command=["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"])
QUICK = Container("main", image=IMAGE, command=["true"])
PATIENCE = 120.0


def deployment(cluster: Cluster) -> None:
    """A Deployment, until it is available."""
    made = cluster.create(Deployment.new("web", containers=[RUNS], replicas=MANY))
    cluster.wait(made, f"status.availableReplicas={MANY}", timeout=PATIENCE)


def bare_pods(cluster: Cluster) -> None:
    """As many Pods, until they are ready."""
    made = [cluster.create(Pod.new(f"bare-{number}", containers=[RUNS])) for number in range(MANY)]
    cluster.wait(made, "Ready", timeout=PATIENCE)


def job(cluster: Cluster, name: str = "job") -> None:
    """A Job of one Pod, until it is complete."""
    made = cluster.create(Job.new(name, containers=[QUICK], restart_policy="Never"))
    cluster.wait(made, "Complete", timeout=PATIENCE)


def jobs(cluster: Cluster) -> None:
    """Jobs, each when the one before is complete."""
    for number in range(JOBS):
        job(cluster, f"job-{number}")


def quick_pod(cluster: Cluster) -> None:
    """The Pod of such a Job alone, until it has succeeded."""
    made = cluster.create(Pod.new("quick", containers=[QUICK], restart_policy="Never"))
    cluster.wait(made, "phase=Succeeded", timeout=PATIENCE)


def measure(cluster: Cluster, work: Callable[[Cluster], None]) -> float:
    """How many seconds it takes. Nothing is left of it."""
    time.sleep(QUIET_SECONDS)
    began = time.perf_counter()
    work(cluster)
    taken = time.perf_counter() - began
    for kind in (Deployment, Job):
        cluster.delete(cluster.list(kind), propagation="Foreground", timeout=PATIENCE)
    cluster.delete(cluster.list(Pod), timeout=PATIENCE)
    return taken


def main() -> None:
    """Measure, and print the table."""
    works = (deployment, bare_pods, job, jobs, quick_pod)
    with prepared() as environment:
        os.environ.update(environment.variables)
        with Cluster() as cluster:
            measured = [[measure(cluster, work) for work in works] for _ in range(ROUNDS + 1)][1:]
    medians = [statistics.median(column) for column in zip(*measured, strict=True)]
    names = (
        f"Deployment of {MANY}",
        f"{MANY} bare Pods",
        "Job of one quick Pod",
        f"{JOBS} Jobs in sequence",
        "quick Pod",
    )
    for name, seconds in zip(names, medians, strict=True):
        line(name, f"{seconds * 1000:.0f} ms")
    of_deployment, of_bare, of_job, of_jobs, of_pod = medians
    check(f"Deployment of {MANY}: ratio to bare Pods", of_deployment / of_bare, 1.15)
    check("Job of one quick Pod: seconds over the Pod's own", of_job - of_pod, 0.5)
    check(f"{JOBS} Jobs in sequence: ratio to {JOBS} times one", of_jobs / (JOBS * of_job), 1.0)


if __name__ == "__main__":
    main()
