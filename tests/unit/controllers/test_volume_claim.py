"""Claims: when they are bound, to which node, and how long they stay."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.admission.pod_claims import DATA, PROTECTION, SELECTED_NODE
from podkit.controllers import EphemeralVolumeController, GarbageCollector, VolumeClaimController
from podkit.errors import NotFound
from podkit.model import (
    Container,
    EphemeralVolumeSource,
    LabelSelector,
    Node,
    ObjectMeta,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimTemplate,
    PersistentVolumeClaimVolumeSource,
    Pod,
    TypedLocalObjectReference,
    Volume,
    VolumeResourceRequirements,
)
from tests.unit.controllers.world import World


@pytest.fixture
def world() -> World:
    return World(VolumeClaimController, EphemeralVolumeController, GarbageCollector)


def node(world: World, *names: str) -> None:
    for name in names:
        world.store.create(Node(metadata=ObjectMeta(name=name)))


def claim(world: World, **changes: Any) -> None:
    made = PersistentVolumeClaim.new("data", "1Gi")
    for name, value in changes.items():
        setattr(made.spec, name, value)
    world.store.create(made)
    world.settle()


def data(world: World) -> PersistentVolumeClaim:
    return world.store.get(PersistentVolumeClaim, "data")


def user(world: World, *, bound: bool = True, name: str = "web") -> None:
    volume = Volume("v", persistent_volume_claim=PersistentVolumeClaimVolumeSource("data"))
    pod = world.store.create(Pod.new(name, containers=[Container("main", image="i")], volumes=[volume]))
    if bound:
        world.store.bind(pod, "one")
    world.settle()


def test_with_one_node_a_claim_is_bound_at_once(world: World) -> None:
    node(world, "one")
    claim(world)
    found = data(world)
    assert found.status.phase == "Bound"
    assert found.status.capacity == {"storage": "1Gi"}
    assert found.status.access_modes == ["ReadWriteOnce"]
    assert found.spec.volume_name == f"pvc-{found.metadata.uid}"
    assert found.metadata.annotations[SELECTED_NODE] == "one"
    assert set(found.metadata.finalizers) == {PROTECTION, DATA}
    assert [event.message for event in world.events("ProvisioningSucceeded")] != []


def test_with_several_nodes_it_waits_for_its_first_consumer(world: World) -> None:
    node(world, "one", "two")
    claim(world)
    assert data(world).status.phase == "Pending"
    assert world.events("WaitForFirstConsumer")
    world.store.patch(PersistentVolumeClaim, "data", {"metadata": {"annotations": {SELECTED_NODE: "two"}}})
    world.settle()
    assert data(world).status.phase == "Bound"


def test_a_claim_that_is_there_before_the_node_is_bound_when_it_comes(world: World) -> None:
    claim(world)
    assert data(world).status.phase == "Pending"
    node(world, "one")
    world.settle()
    assert data(world).status.phase == "Bound"


@pytest.mark.parametrize(
    ("changes", "reason", "message"),
    [
        ({"volume_mode": "Block"}, "ProvisioningFailed", "ask for Filesystem"),
        ({"storage_class_name": ""}, "FailedBinding", "no storage class is set"),
        ({"selector": LabelSelector(match_labels={"a": "b"})}, "FailedBinding", "no persistent volumes"),
        ({"volume_name": "mine"}, "FailedBinding", 'persistentvolume "mine" not found'),
        (
            {"data_source": TypedLocalObjectReference("PersistentVolumeClaim", "other")},
            "ProvisioningFailed",
            "dataSource",
        ),
    ],
)
def test_what_cannot_be_had_is_said_and_the_claim_waits(
    world: World, changes: dict[str, Any], reason: str, message: str
) -> None:
    node(world, "one")
    claim(world, **changes)
    assert data(world).status.phase == "Pending"
    assert message in world.events(reason)[0].message


def test_a_claim_that_is_asked_to_grow_has_grown(world: World) -> None:
    node(world, "one")
    claim(world)
    world.store.patch(PersistentVolumeClaim, "data", {"spec": {"resources": {"requests": {"storage": "2Gi"}}}})
    world.settle()
    assert data(world).status.capacity == {"storage": "2Gi"}


def test_a_claim_in_use_stays_until_its_pod_has_gone_and_then_until_its_data_has(world: World) -> None:
    node(world, "one")
    claim(world)
    user(world)
    world.store.delete(PersistentVolumeClaim, "data")
    world.settle()
    assert data(world).metadata.finalizers == [PROTECTION, DATA]
    world.store.delete(Pod, "web", grace_period=0)
    world.settle()
    assert data(world).metadata.finalizers == [DATA]


def test_a_pod_without_a_node_does_not_keep_a_claim(world: World) -> None:
    node(world, "one")
    claim(world)
    user(world, bound=False)
    world.store.delete(PersistentVolumeClaim, "data")
    world.settle()
    assert data(world).metadata.finalizers == [DATA]


def test_the_data_of_a_node_that_is_no_more_is_not_waited_for(world: World) -> None:
    node(world, "one")
    claim(world)
    world.store.delete(Node, "one")
    world.store.delete(PersistentVolumeClaim, "data")
    world.settle()
    with pytest.raises(NotFound):
        data(world)


class TestEphemeral:
    @staticmethod
    def pod(world: World) -> Pod:
        spec = PersistentVolumeClaimSpec(
            access_modes=["ReadWriteOnce"], resources=VolumeResourceRequirements(requests={"storage": "1Gi"})
        )
        template = PersistentVolumeClaimTemplate(metadata=ObjectMeta(labels={"kind": "scratch"}), spec=spec)
        volume = Volume("data", ephemeral=EphemeralVolumeSource(template))
        return world.store.create(Pod.new("web", containers=[Container("main", image="i")], volumes=[volume]))

    def test_a_claim_is_made_for_the_pod_and_goes_with_it(self, world: World) -> None:
        node(world, "one")
        pod = self.pod(world)
        world.settle()
        made = world.store.get(PersistentVolumeClaim, "web-data")
        assert made.metadata.labels == {"kind": "scratch"}
        assert [(owner.kind, owner.uid, owner.controller) for owner in made.metadata.owner_references] == [
            ("Pod", pod.metadata.uid, True)
        ]
        assert made.status.phase == "Bound"
        world.store.delete(Pod, "web", grace_period=0)
        world.settle()
        assert world.store.get(PersistentVolumeClaim, "web-data").metadata.finalizers == [DATA]

    def test_a_claim_of_somebody_else_is_in_the_way(self, world: World) -> None:
        world.store.create(PersistentVolumeClaim.new("web-data", "1Gi"))
        self.pod(world)
        world.settle()
        assert "not created for pod default/web" in world.events("EphemeralVolumeConflict")[0].message
