"""Pods that write more to the disk than they may are evicted: a kubelet looks every ten seconds."""

from __future__ import annotations

import pytest

from podkit import Container, EmptyDirVolumeSource, Pod, ResourceRequirements, Volume
from tests.conformance.build import SLEEP, once, shell
from tests.conformance.place import Place, eventually

WRITES_3_MEBIBYTES = "dd if=/dev/zero of={} bs=1M count=3; " + SLEEP
SCRATCH = {"scratch": "/scratch"}


def scratch(limit: str, medium: str | None = None) -> list[Volume]:
    return [Volume("scratch", empty_dir=EmptyDirVolumeSource(medium, size_limit=limit))]


def writer(path: str, limit: str | None = None, name: str = "main", **fields) -> Container:
    """A container that writes three mebibytes."""
    limits = ResourceRequirements(limits={"ephemeral-storage": limit}) if limit else None
    return shell(WRITES_3_MEBIBYTES.format(path), name, resources=limits, **fields)


TALKER = shell(
    f"for i in $(seq 30000); do echo {'x' * 99}; done; {SLEEP}",
    resources=ResourceRequirements(limits={"ephemeral-storage": "1Mi"}),
)


def evicted(place: Place, name: str) -> Pod:
    pod = place.wait(place.pod(name), "phase=Failed")
    assert pod.status.reason == "Evicted"
    assert place.events(pod)["Evicted"] == pod.status.message
    return pod


@pytest.mark.begins_early(once("full", writer("/scratch/file", mounts=SCRATCH), volumes=scratch("1Mi")))
def test_an_empty_dir_that_has_outgrown_its_limit(place: Place) -> None:
    pod = evicted(place, "full")
    assert pod.status.message == 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". '


@pytest.mark.begins_early(once("greedy", writer("/scratch/file", mounts=SCRATCH), volumes=scratch("1Mi", "Memory")))
def test_an_empty_dir_in_memory_is_held_to_its_limit(place: Place) -> None:
    """By the kernel, or by the kubelet where it may not mount one that has a size."""

    def is_held() -> bool:
        return place.pod("greedy").status.reason == "Evicted" or "No space left" in place.cluster.logs(
            place.pod("greedy")
        )

    eventually(is_held, "it is held to its limit")


@pytest.mark.begins_early(once("big", writer("/big", "1Mi")))
def test_a_pod_that_has_written_more_than_all_its_containers_may(place: Place) -> None:
    pod = evicted(place, "big")
    assert pod.status.message == "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. "


@pytest.mark.begins_early(
    once("loud", TALKER, writer("/scratch/file", "9Mi", "other", mounts=SCRATCH), volumes=scratch("9Mi"))
)
def test_a_container_whose_log_is_longer_than_it_may_be(place: Place) -> None:
    pod = evicted(place, "loud")
    assert pod.status.message == 'Container main exceeded its local ephemeral storage limit "1Mi". '


@pytest.mark.begins_early(once("modest", writer("/scratch/file", "9Mi", mounts=SCRATCH), volumes=scratch("9Mi")))
def test_a_pod_within_its_limits_goes_on(place: Place) -> None:
    pod = place.wait(place.pod("modest"), "Ready")
    assert pod.status.phase == "Running"
