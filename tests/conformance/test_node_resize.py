"""In-place resize: containers get other resources while they run."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Callable, Mapping

import pytest

from podkit import ContainerResizePolicy, Pod, ResourceRequirements
from podkit.runtime.base import POD_UID
from podkit.runtime.podman import PodmanRuntime
from tests.conformance.build import SLEEP, lasting, shell
from tests.conformance.place import Place

Amounts = tuple[str, str, str, str]
"""Of a container: the request and limit of cpu, and of memory; empty: none."""

READ = """
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  set -- $(cat /sys/fs/cgroup/cpu.max); echo ${1#max} $(cat /sys/fs/cgroup/memory.max) weight $(cat /sys/fs/cgroup/cpu.weight)
else
  cd /sys/fs/cgroup
  echo $(cat cpu/cpu.cfs_quota_us) $(cat memory/memory.limit_in_bytes) shares $(cat cpu/cpu.shares)
fi
"""
"""What a container sees of its own limits: quota in 100 ms, bytes of memory, and how its share is counted."""


def resources(amounts: Amounts) -> ResourceRequirements:
    cpu_request, cpu_limit, memory_request, memory_limit = amounts
    requests = {"cpu": cpu_request, "memory": memory_request}
    limits = {"cpu": cpu_limit, "memory": memory_limit}
    return ResourceRequirements(
        requests={name: text for name, text in requests.items() if text},
        limits={name: text for name, text in limits.items() if text},
    )


def guaranteed(cpu: str, memory: str) -> Amounts:
    return (cpu, cpu, memory, memory)


def pod_of(name: str, containers: Mapping[str, Amounts]) -> Pod:
    return lasting(
        name,
        *(shell(SLEEP, one, resources=resources(amounts)) for one, amounts in containers.items()),
    )


def in_force(containers: Mapping[str, Amounts]) -> Callable[[Pod], bool]:
    """Whether the status tells these resources of each container, and no resize is under way."""
    wanted = {name: resources(amounts) for name, amounts in containers.items()}

    def check(pod: Pod) -> bool:
        told = {one.name: one.resources for one in pod.status.container_statuses}
        types = {condition.type for condition in pod.status.conditions}
        return told == wanted and not {"PodResizePending", "PodResizeInProgress"} & types

    return check


def cgroup_of(place: Place, pod: Pod, container: str) -> list[str]:
    return place.said(pod, "sh", "-c", READ, container=container).split()


def expected_cgroup(amounts: Amounts, seen: list[str]) -> list[str]:
    """What the cgroup should say, in the version that it has; ``-`` for no limit, whatever the kernel prints for that."""
    cpu_request, cpu_limit, _, memory_limit = amounts
    milli = int(cpu_limit.removesuffix("m") or 0)
    request = int((cpu_request or cpu_limit).removesuffix("m") or 0)
    shares = max(request * 1024 // 1000, 2)
    # version 2 has weights, to which OCI runtimes translate shares in an older or a newer way
    exponent = math.log2(shares)
    weights = {1 + (shares - 2) * 9999 // 262142, math.ceil(10 ** ((exponent**2 + 125 * exponent) / 612 - 7 / 34))}
    count = seen[3] if seen[2] == "weight" and int(seen[3]) in weights else str(shares)
    bytes_ = str(int(memory_limit.removesuffix("Mi")) << 20) if memory_limit else seen[1]
    return [str(max(milli * 100, 1000)) if milli else seen[0], bytes_, seen[2], count]


def resize(place: Place, pod: Pod, containers: Mapping[str, Amounts]) -> Pod:
    """Change several containers at once."""
    changes = []
    for name, amounts in containers.items():
        wanted = resources(amounts)
        changes.append({"name": name, "resources": {"requests": wanted.requests, "limits": wanted.limits}})
    return place.cluster.patch(pod, {"spec": {"containers": changes}}, subresource="resize")


def shows(place: Place, name: str, before: Mapping[str, Amounts], change: Mapping[str, Amounts]) -> None:
    """Resize there and back again, and see each time that everything follows and nothing restarts."""
    pod = place.start(pod_of(name, before))
    quality = pod.status.qos_class
    for step, wanted in ((change, {**before, **change}), (before, before)):
        if any(not old and new for one in change for old, new in zip(before[one], change[one], strict=True)) and (
            step is before
        ):
            return  # what has been added can be changed, but not taken away
        pod = resize(place, pod, step)
        assert [one.resources for one in pod.spec.containers] == [resources(amounts) for amounts in wanted.values()]
        pod = place.wait(pod, in_force(wanted))
        assert pod.status.qos_class == quality
        assert [one.restart_count for one in pod.status.container_statuses] == [0] * len(before)
        assert [one.allocated_resources for one in pod.status.container_statuses] == [
            resources(amounts).requests for amounts in wanted.values()
        ]
        if limits_work(place):
            for container, amounts in wanted.items():
                seen = cgroup_of(place, pod, container)
                assert seen == expected_cgroup(amounts, seen), container


def limits_work(place: Place) -> bool:
    """Whether this Podman can limit anything; where it cannot, an Event of the Pod says so."""
    return _runtime(place).info().limits_enforced


def _runtime(place: Place) -> PodmanRuntime:
    (runtime,) = place.cluster.machinery.runtimes.values()
    assert isinstance(runtime, PodmanRuntime)
    return runtime


@pytest.mark.behaviour("node/resize-guaranteed-increase")
def test_node_resize_guaranteed_increase(place: Place) -> None:
    before = {name: guaranteed("20m", "32Mi") for name in ("c1", "c2", "c3")}
    change = {"c1": guaranteed("40m", "48Mi"), "c2": guaranteed("30m", "40Mi"), "c3": guaranteed("15m", "24Mi")}
    shows(place, "grows", before, change)


@pytest.mark.behaviour("node/resize-guaranteed-mixed")
def test_node_resize_guaranteed_mixed(place: Place) -> None:
    before = {name: guaranteed("20m", "32Mi") for name in ("c1", "c2", "c3")}
    change = {"c1": guaranteed("30m", "32Mi"), "c2": guaranteed("10m", "40Mi"), "c3": guaranteed("30m", "40Mi")}
    shows(place, "mixed", before, change)


@pytest.mark.behaviour("node/resize-burstable-six")
def test_node_resize_burstable_six(place: Place) -> None:
    before: dict[str, Amounts] = {
        "c1": ("20m", "", "", ""),
        "c2": ("", "", "32Mi", ""),
        "c3": ("20m", "40m", "", ""),
        "c4": ("", "", "32Mi", "64Mi"),
        "c5": ("20m", "40m", "32Mi", "64Mi"),
        "c6": ("20m", "40m", "32Mi", "64Mi"),
    }
    change: dict[str, Amounts] = {
        "c1": ("20m", "40m", "32Mi", ""),
        "c2": ("20m", "", "32Mi", "64Mi"),
        "c3": ("30m", "60m", "", ""),
        "c4": ("", "", "24Mi", "48Mi"),
        "c5": ("30m", "40m", "24Mi", "64Mi"),
        "c6": ("20m", "60m", "32Mi", "48Mi"),
    }
    shows(place, "six", before, change)


@pytest.mark.behaviour("node/resize-equivalents")
def test_node_resize_equivalents(place: Place) -> None:
    before: dict[str, Amounts] = {"c1": ("2m", "10m", "", "")}
    shows(place, "equivalents", before, {"c1": ("1m", "5m", "", "")})


def test_a_container_whose_policy_says_so_restarts(place: Place) -> None:
    policy = [ContainerResizePolicy("memory", "RestartContainer")]
    pod = place.start(
        lasting("restarts", shell(SLEEP, resources=resources(guaranteed("20m", "32Mi")), resize_policy=policy))
    )
    pod = place.cluster.resize(pod, "main", requests={"memory": "48Mi"}, limits={"memory": "48Mi"})
    pod = place.wait(pod, in_force({"main": guaranteed("20m", "48Mi")}))
    pod = place.wait(pod, "Ready")
    assert pod.status.container_statuses[0].restart_count == 1


@pytest.mark.needs("limits_enforced")
def test_a_limit_below_what_is_used_is_refused(place: Place) -> None:
    hog = shell("dd if=/dev/zero of=/dev/shm/fill bs=1M count=40 2>/dev/null; touch /tmp/full; " + SLEEP)
    hog.resources = resources(guaranteed("100m", "96Mi"))
    pod = place.start(lasting("hog", hog))
    place.said(pod, "sh", "-c", "until [ -e /tmp/full ]; do sleep 0.1; done")
    pod = place.cluster.resize(pod, "main", requests={"memory": "32Mi"}, limits={"memory": "32Mi"})
    pod = place.wait(pod, lambda pod: any(one.reason == "Error" for one in pod.status.conditions))
    (condition,) = [one for one in pod.status.conditions if one.type == "PodResizeInProgress"]
    assert "below current usage" in (condition.message or "")
    assert pod.status.container_statuses[0].restart_count == 0


def test_a_pod_is_resized_as_a_whole(place: Place) -> None:
    free = shell(SLEEP, "a"), shell(SLEEP, "b")
    pod = place.start(lasting("whole", *free, resources=resources(guaranteed("100m", "64Mi"))))
    change = {"requests": {"cpu": "200m", "memory": "96Mi"}, "limits": {"cpu": "200m", "memory": "96Mi"}}
    place.cluster.patch(pod, {"spec": {"resources": change}}, subresource="resize")
    assert pod.status.resources == resources(guaranteed("100m", "64Mi"))
    pod = place.wait(pod, lambda _: "ResizeCompleted" in place.events(pod))
    pod = place.wait(pod, lambda pod: pod.status.resources == resources(guaranteed("200m", "96Mi")))
    assert pod.status.allocated_resources == {"cpu": "200m", "memory": "96Mi"}
    if limits_work(place):
        (sandbox,) = _runtime(place).sandboxes({POD_UID: pod.metadata.uid})
        group = _runtime(place)._observer.pod(sandbox.id)["CgroupPath"].lstrip("/")
        root = pathlib.Path("/sys/fs/cgroup")
        names = ("memory.max",) if (root / "cgroup.controllers").exists() else ("memory/", "memory.limit_in_bytes")
        file = root / group / names[0] if len(names) == 1 else root / names[0] / group / names[1]
        assert int(file.read_text()) == 96 << 20
