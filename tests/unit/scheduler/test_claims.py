"""Claims for storage, and where the Pods that use them may go."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.admission.pod_claims import SELECTED_NODE
from podkit.controllers import VolumeClaimController
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.pod import Pod
from podkit.model.volume import PersistentVolumeClaimVolumeSource, Volume
from podkit.scheduler import Scheduler
from tests.unit.controllers.world import World
from tests.unit.scheduler.builders import node, pod


@pytest.fixture
def world() -> World:
    return World(Scheduler, VolumeClaimController)


def create(world: World, *objects: Any) -> None:
    for obj in objects:
        obj.metadata.uid = None
        world.store.create(obj)
    world.settle()


def user(name: str, claim: str = "data", **spec: Any) -> Pod:
    source = PersistentVolumeClaimVolumeSource(claim)
    return pod(name, volumes=[Volume("v", persistent_volume_claim=source)], **spec)


def node_of(world: World, name: str) -> str | None:
    return world.store.get(Pod, name).spec.node_name


def why_not(world: World, name: str) -> str:
    [condition] = [c for c in world.store.get(Pod, name).status.conditions if c.type == "PodScheduled"]
    return condition.message or ""


def test_a_pod_waits_for_its_claim_and_is_told_so(world: World) -> None:
    create(world, node("n1"), user("web"))
    assert why_not(world, "web") == (
        '0/1 nodes are available: persistentvolumeclaim "data" not found. '
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )
    create(world, PersistentVolumeClaim.new("data", "1Gi"))
    assert node_of(world, "web") == "n1"


def test_the_first_pod_decides_where_the_data_lies_and_the_others_follow(world: World) -> None:
    create(world, node("n1"), node("n2"), PersistentVolumeClaim.new("data", "1Gi"))
    create(world, user("first", node_selector={"kubernetes.io/hostname": "n2"}))
    assert node_of(world, "first") == "n2"
    claim = world.store.get(PersistentVolumeClaim, "data")
    assert claim.metadata.annotations[SELECTED_NODE] == "n2"
    assert claim.status.phase == "Bound"
    create(world, *(user(f"next-{number}") for number in range(4)))
    assert {node_of(world, f"next-{number}") for number in range(4)} == {"n2"}
    create(world, user("elsewhere", node_selector={"kubernetes.io/hostname": "n1"}))
    assert why_not(world, "elsewhere") == (
        "0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, "
        "1 node(s) didn't match Pod's node affinity/selector. "
        "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    )


def test_a_claim_for_one_pod_is_one_pods_at_a_time(world: World) -> None:
    claim = PersistentVolumeClaim.new("data", "1Gi", access_modes=["ReadWriteOncePod"])
    create(world, node("n1"), claim, user("first"))
    create(world, user("second"))
    assert node_of(world, "first") == "n1"
    assert "ReadWriteOncePod access mode" in why_not(world, "second")
    world.store.delete(Pod, "first", grace_period=0)
    world.settle()
    assert node_of(world, "second") == "n1"


def test_a_claim_that_goes_takes_no_new_pods(world: World) -> None:
    create(world, node("n1"), PersistentVolumeClaim.new("data", "1Gi"), user("first"))
    world.store.delete(PersistentVolumeClaim, "data")
    create(world, user("second"))
    assert 'persistentvolumeclaim "data" is being deleted' in why_not(world, "second")


def test_a_claim_that_cannot_be_had_keeps_its_pods_waiting(world: World) -> None:
    claim = PersistentVolumeClaim.new("data", "1Gi", storage_class_name="")
    create(world, node("n1"), claim, user("web"))
    assert "pod has unbound immediate PersistentVolumeClaims" in why_not(world, "web")
