"""What it costs to run a command in a container: ``python -m tests.bench.bench_exec``.

``true`` is run in the same container by podkit and by ``podman exec``, in turns. Then a container has an exec probe each second,
and the processor time of this process with all that it starts is compared with that of a cluster whose Pod has no probe.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import time

from podkit import Cluster, Container, ExecAction, Pod, Probe
from tests.environment import prepared

ROUNDS = 30
WARM_UPS = 2
PROBE_SECONDS = 20.0
TARGET_RATIO = 0.5
TARGET_PROBE = 0.025
"""Of one core."""
IMAGE = "localhost/busybox:latest"


def main() -> None:
    with prepared(), Cluster() as cluster:
        round_trips(cluster)
        idle = processor_share(cluster, None)
        probed = processor_share(cluster, Probe(exec=ExecAction(command=["true"]), period_seconds=1))
        cost, name = probed - idle, "an exec probe each second, of one core"
        print(f"{name:<45}{cost:>10.2%}   target {TARGET_PROBE:.1%}: {_verdict(cost <= TARGET_PROBE)}")


def round_trips(cluster: Cluster) -> None:
    pod = cluster.wait(cluster.create(_pod("trips", None)), "Ready", timeout=60)
    container_id = (pod.status.container_statuses[0].container_id or "").partition("://")[2]
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS + WARM_UPS):
        begin = time.perf_counter()
        cluster.exec(pod, ["true"], check=True)
        middle = time.perf_counter()
        subprocess.run(["podman", "exec", container_id, "true"], check=True)
        ours.append(middle - begin)
        theirs.append(time.perf_counter() - middle)
    cluster.delete(pod, grace_period=0)
    medians = [statistics.median(times[WARM_UPS:]) for times in (ours, theirs)]
    ratio = medians[0] / medians[1]
    for name, median in zip(("podkit exec", "podman exec"), medians, strict=True):
        print(f"{name + ', median of ' + str(ROUNDS):<45}{median * 1000:>7.1f} ms")
    print(f"{'ratio':<45}{ratio:>10.2f}   target {TARGET_RATIO:.2f}: {_verdict(ratio <= TARGET_RATIO)}")


def processor_share(cluster: Cluster, probe: Probe | None) -> float:
    """The share of one core that this process and its children take while a Pod runs."""
    pod = cluster.wait(cluster.create(_pod("probed", probe)), "Ready", timeout=60)
    before, begin = _processor(), time.perf_counter()
    time.sleep(PROBE_SECONDS)
    share = (_processor() - before) / (time.perf_counter() - begin)
    cluster.delete(pod, grace_period=0)
    return share


def _pod(name: str, probe: Probe | None) -> Pod:
    return Pod.new(name, containers=[Container("main", image=IMAGE, command=["sleep", "3600"], liveness_probe=probe)])


def _processor() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def _verdict(good: bool) -> str:
    return "kept" if good else "MISSED"


if __name__ == "__main__":
    main()
