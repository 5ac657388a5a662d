"""How long a Pod takes to run: ``python -m tests.bench.bench_pod_start``.

The same Pod of one container is started by podkit and by ``podman kube play``, in turns, on the same storage: from the call until
podkit's store says that it is Running, and until the command line returns. In between, the Pod is removed, which is not measured.
What podkit adds to Podman's own work is the processor time of this process, all its threads together.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from pathlib import Path

import podkit
from podkit import Cluster, Container, Pod
from tests.environment import prepared

ROUNDS = 20
WARM_UPS = 2
TARGET_RATIO = 1.0
TARGET_PROCESSOR = 0.010
"""Seconds a Pod."""


class Measurements:
    """What the rounds have given, in seconds."""

    def __init__(self) -> None:
        self.podkit: list[float] = []
        self.processor: list[float] = []
        self.kube_play: list[float] = []

    def table(self) -> str:
        """The medians, and whether they are good enough."""
        podkit_time, kube_play = statistics.median(self.podkit), statistics.median(self.kube_play)
        processor = statistics.median(self.processor)
        ratio = podkit_time / kube_play
        return "\n".join(
            [
                f"{'from create to Running, median of ' + str(len(self.podkit)):<45}{'best':>10}{'median':>10}",
                _row("podkit", self.podkit),
                _row("podman kube play", self.kube_play),
                f"{'ratio':<45}{ratio:>20.2f}   target {TARGET_RATIO:.2f}: {_verdict(ratio <= TARGET_RATIO)}",
                _row("processor time of podkit itself", self.processor)
                + f"   target {TARGET_PROCESSOR * 1000:.0f} ms: {_verdict(processor <= TARGET_PROCESSOR)}",
            ]
        )


def _row(name: str, seconds: list[float]) -> str:
    return f"{name:<45}{min(seconds) * 1000:>7.1f} ms{statistics.median(seconds) * 1000:>7.1f} ms"


def _verdict(good: bool) -> str:
    return "kept" if good else "MISSED"


def pod(name: str) -> Pod:
    """The Pod."""
    container = Container("main", image="localhost/busybox:latest", command=["sleep", "1000"])
    return Pod.new(name, containers=[container], termination_grace_period_seconds=0)


def measure_podkit(cluster: Cluster, number: int, into: Measurements) -> None:
    """Start a Pod with podkit, and remove it."""
    wanted = pod(f"by-podkit-{number}")
    began, processor = time.perf_counter(), time.process_time()
    created = cluster.create(wanted)
    cluster.wait(created, "phase=Running", timeout=60)
    into.podkit.append(time.perf_counter() - began)
    into.processor.append(time.process_time() - processor)
    cluster.delete(created, grace_period=0, timeout=60)


def measure_kube_play(manifest: Path, number: int, into: Measurements) -> None:
    """Start a Pod with Podman's command line, and remove it."""
    podkit.dump(pod(f"by-podman-{number}"), manifest)
    began = time.perf_counter()
    subprocess.run(["podman", "kube", "play", "--quiet", manifest], check=True, capture_output=True)
    into.kube_play.append(time.perf_counter() - began)
    for command in (["kill"], ["rm", "--force", "--time=0"]):  # without the kill, Podman takes 3 s to remove the pod
        subprocess.run(["podman", "pod", *command, f"by-podman-{number}"], check=True, capture_output=True)


def main() -> None:
    """Measure, and print the table."""
    found = Measurements()
    with prepared() as environment:
        os.environ.update(environment.variables)
        manifest = environment.directory / "bench.yaml"
        with Cluster() as cluster:
            for number in range(-WARM_UPS, ROUNDS):
                into = found if number >= 0 else Measurements()
                measure_podkit(cluster, abs(number), into)
                measure_kube_play(manifest, abs(number), into)
    print(found.table())


if __name__ == "__main__":
    main()
