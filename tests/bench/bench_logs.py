"""How fast logs are read: ``python -m tests.bench.bench_logs``.

The log of a container that has ended is read by podkit, at once and line by line, and by ``podman logs``, in turns. Then two follow
a container while it writes.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable

from podkit import Cluster, Container, Pod
from tests.bench.rows import check, line
from tests.environment import prepared

LINES = 300_000
TEXT = "2026-01-01 12:00:00 INFO  a line as programs write them, with some words and numbers: 1234567890"
ROUNDS = 5
TARGET_RATIO = 1.0
IMAGE = "localhost/busybox:latest"


def main() -> None:
    with prepared(), Cluster() as cluster:
        pod = cluster.run(_pod("written"), timeout=120)
        container_id = _container_id(pod)
        ways: dict[str, Callable[[], int]] = {
            "podman logs": lambda: _podman("logs", container_id),
            "logs": lambda: cluster.logs(pod).count("\n"),
            "stream_logs": lambda: sum(1 for _ in cluster.stream_logs(pod)),
            "logs with timestamps": lambda: cluster.logs(pod, timestamps=True).count("\n"),
            "podman logs --timestamps": lambda: _podman("logs", "--timestamps", container_id),
        }
        times = {name: statistics.median(values) for name, values in _in_turns(ways).items()}
        for name, seconds in times.items():
            line(f"{name}, {LINES} lines", f"{LINES / seconds / 1000:.0f} k/s")
        check("logs, of podman logs", times["logs"] / times["podman logs"], TARGET_RATIO)
        check("stream_logs, of podman logs", times["stream_logs"] / times["podman logs"], TARGET_RATIO)
        check(
            "logs with timestamps, of podman logs --timestamps",
            times["logs with timestamps"] / times["podman logs --timestamps"],
            TARGET_RATIO,
        )
        check("following while it is written, of podman logs -f", _followed(cluster), TARGET_RATIO)


def _in_turns(ways: dict[str, Callable[[], int]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = time.perf_counter()
            found = way()
            times[name].append(time.perf_counter() - begin)
            assert found == LINES, (name, found)
    return times


def _followed(cluster: Cluster) -> float:
    """The time of a line that is followed while a container writes as fast as it can, as a part of podman's.

    Podman may miss some lines then, so each is judged by those that it tells.
    """
    ours, theirs = [], []
    for number in range(3):
        pod = cluster.create(_pod(f"ours-{number}"))
        cluster.wait(pod, lambda pod: bool(_container_id(pod)), timeout=60)
        begin = time.perf_counter()
        assert sum(1 for _ in cluster.stream_logs(pod)) == LINES
        ours.append((time.perf_counter() - begin) / LINES)
        pod = cluster.create(_pod(f"theirs-{number}"))
        pod = cluster.wait(pod, lambda pod: bool(_container_id(pod)), timeout=60)
        begin = time.perf_counter()
        told = _podman("logs", "-f", _container_id(pod))
        theirs.append((time.perf_counter() - begin) / told)
    line("following while it is written", f"{1 / statistics.median(ours) / 1000:.0f} k/s")
    return statistics.median(ours) / statistics.median(theirs)


def _podman(*arguments: str) -> int:
    done = subprocess.run(["podman", *arguments], stdout=subprocess.PIPE, check=True)
    return done.stdout.count(b"\n")


def _container_id(pod: Pod) -> str:
    statuses = pod.status.container_statuses
    return (statuses[0].container_id or "").partition("://")[2] if statuses else ""


def _pod(name: str) -> Pod:
    script = f"yes '{TEXT}' | head -n {LINES}"
    return Pod.new(
        name, containers=[Container("main", image=IMAGE, command=["sh", "-c", script])], restart_policy="Never"
    )


if __name__ == "__main__":
    main()
