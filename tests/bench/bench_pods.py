"""How long Pods take to run, and to go: ``python -m tests.bench.bench_pods``.

The same manifests are given to podkit and to ``podman kube play`` and ``podman kube down``, in turns, on the same storage: from the
call until podkit's store says that all Pods are Running, or gone, and until the command line returns. Before each measurement it
is quiet for a while, because Podman goes on cleaning up after its commands have returned.

``PODKIT_BENCH_ROUNDS`` is how often; by default 15 times, and for many Pods a third of it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import define, field

import podkit
from podkit import Cluster, Container, Pod
from tests.bench.rows import check, line
from tests.environment import prepared

ROUNDS = int(os.environ.get("PODKIT_BENCH_ROUNDS", "15"))
MANY = 20
QUIET_SECONDS = 0.6
TARGET_PROCESSOR = 0.010
"""Seconds a Pod of one container."""
IMAGE = "localhost/busybox:latest"
OBEDIENT = ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
"""Ends at once when it is told to."""


@define
class Case:
    """What is started and deleted.

    Attributes:
        name: what it is called.
        make: makes the Pods, each with this prefix.
        start_target: how much of the time of ``kube play`` podkit may take.
        delete_target: how much of that of ``kube down``; None where it is not measured.
        rounds: how often.
    """

    name: str
    make: Callable[[str], list[Pod]]
    start_target: float
    delete_target: float | None
    rounds: int = ROUNDS
    ours: list[float] = field(factory=list)
    theirs: list[float] = field(factory=list)
    our_ends: list[float] = field(factory=list)
    their_ends: list[float] = field(factory=list)
    processor: list[float] = field(factory=list)

    def report(self) -> None:
        """Print the rows."""
        _compare(f"{self.name}, to Running", "kube play", self.ours, self.theirs, self.start_target)
        if self.delete_target is not None:
            _compare(f"{self.name}, deletion", "kube down", self.our_ends, self.their_ends, self.delete_target)


def _compare(what: str, rival: str, ours: Sequence[float], theirs: Sequence[float], target: float) -> None:
    for name, seconds in (("podkit", ours), (rival, theirs)):
        line(f"{what}: {name}", f"{statistics.median(seconds) * 1000:.0f} ms", f"best {min(seconds) * 1000:.0f} ms")
    check(f"{what}: ratio", statistics.median(ours) / statistics.median(theirs), target)


def one(prefix: str) -> list[Pod]:
    """A Pod of one container."""
    return [_pod(prefix, [_container("main")], [])]


def four(prefix: str) -> list[Pod]:
    """A Pod of three containers, after one that initialises."""
    init = Container("init", image=IMAGE, command=["true"])
    return [_pod(prefix, [_container(name) for name in ("one", "two", "three")], [init])]


def many(prefix: str) -> list[Pod]:
    """Pods of one container."""
    return [_pod(f"{prefix}-{number}", [_container("main")], []) for number in range(MANY)]


def _container(name: str) -> Container:
    return Container(name, image=IMAGE, command=OBEDIENT)


def _pod(name: str, containers: list[Container], init: list[Container]) -> Pod:
    # Never: Podman 4.3 restarts an init container for ever when the Pod says Always
    return Pod.new(
        name,
        containers=containers,
        init_containers=init,
        restart_policy="Never",
        termination_grace_period_seconds=10,
    )


def measure_podkit(cluster: Cluster, case: Case, pods: list[Pod]) -> None:
    """Start Pods with podkit, and delete them."""
    time.sleep(QUIET_SECONDS)
    began, processor = time.perf_counter(), time.process_time()
    created = [cluster.create(pod) for pod in pods]
    cluster.wait(created, "phase=Running", timeout=120)
    case.ours.append(time.perf_counter() - began)
    case.processor.append((time.process_time() - processor) / len(pods))
    time.sleep(QUIET_SECONDS)
    began = time.perf_counter()
    cluster.delete(created, timeout=120)
    case.our_ends.append(time.perf_counter() - began)


def measure_kube_play(manifest: Path, case: Case, pods: list[Pod]) -> None:
    """Start Pods with Podman's command line, and delete them."""
    manifest.write_text("---\n".join(podkit.dumps(pod) for pod in pods))
    time.sleep(QUIET_SECONDS)
    case.theirs.append(_run("kube", "play", "--quiet", str(manifest)))
    time.sleep(QUIET_SECONDS)
    if case.delete_target is not None:
        case.their_ends.append(_run("kube", "down", str(manifest)))
    else:  # Podman 4.3 may take 3 s for each
        names = [pod.metadata.name or "" for pod in pods]
        _run("pod", "kill", *names)
        _run("pod", "rm", "--force", "--time=0", *names)


def _run(*arguments: str) -> float:
    began = time.perf_counter()
    done = subprocess.run(["podman", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"podman {' '.join(arguments)} failed: {done.stderr}")
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print the table."""
    cases = [
        Case("1 container", one, 0.75, 0.5),
        Case("3 containers and 1 init container", four, 0.6, 0.5),
        Case(f"{MANY} Pods", many, 0.6, None, rounds=max(ROUNDS // 3, 2)),
    ]
    with prepared() as environment:
        os.environ.update(environment.variables)
        manifest = environment.directory / "bench.yaml"
        with Cluster() as cluster:
            for number in range(-1, ROUNDS):
                for case in cases:
                    into = case if number >= 0 else Case(case.name, case.make, 0, case.delete_target)
                    if number < case.rounds:
                        measure_podkit(cluster, into, case.make(f"by-podkit-{number + 1}"))
                        measure_kube_play(manifest, into, case.make(f"by-podman-{number + 1}"))
    for case in cases:
        case.report()
    name = "processor time of podkit itself, 1 container"
    check(name, statistics.median(cases[0].processor) * 1000, TARGET_PROCESSOR * 1000, "{:.1f} ms")


if __name__ == "__main__":
    main()
