"""ReplicaSets and ReplicationControllers keep a number of equal Pods."""

from __future__ import annotations

from datetime import timedelta

import pytest

from podkit.controllers import ReplicaSetController, ReplicationManager
from podkit.controllers.controller_ref import controller_of
from podkit.controllers.replicaset.decision import batches
from podkit.controllers.replicaset.ranking import DELETION_COST, pods_to_delete
from podkit.errors import StoreError
from podkit.model.container_status import ContainerStatus
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod, PodCondition, PodSpec
from podkit.model.replicaset import ReplicaSet, ReplicationController, ReplicationControllerSpec
from podkit.store.memory import MemoryStore
from tests.unit.controllers.workloads import LABELS, replica_set, template
from tests.unit.controllers.world import World


@pytest.fixture
def world() -> World:
    return World(ReplicaSetController, ReplicationManager)


def bare_pod(name: str, **labels: str) -> Pod:
    return Pod(metadata=ObjectMeta(name=name, labels=labels or dict(LABELS)), spec=template().spec)


def status(world: World, name: str = "web"):
    return world.store.get(ReplicaSet, name).status


def test_as_many_pods_are_made_as_there_shall_be(world: World) -> None:
    world.store.create(replica_set(replicas=3))
    world.settle()
    pods = world.pods()
    assert len(pods) == 3
    for pod in pods:
        assert pod.metadata.name.startswith("web-")
        assert len(pod.metadata.name) == len("web-") + 5
        assert pod.metadata.labels == LABELS
        assert controller_of(pod).name == "web"
    assert len(world.events("SuccessfulCreate")) == 3
    assert (status(world).replicas, status(world).ready_replicas, status(world).observed_generation) == (3, 0, 1)


def test_the_status_counts_pods_by_how_they_are(world: World) -> None:
    world.store.create(replica_set(replicas=3, min_ready_seconds=10))
    world.settle()
    world.run(*world.pods()[:2])
    found = status(world)
    assert (found.replicas, found.fully_labeled_replicas) == (3, 3)
    assert (found.ready_replicas, found.available_replicas) == (2, 0)
    world.advance(10)
    assert status(world).available_replicas == 2


@pytest.mark.parametrize("how", ["fail", "succeed"])
def test_a_pod_that_has_ended_is_replaced(world: World, how: str) -> None:
    world.store.create(replica_set(replicas=2))
    world.settle()
    getattr(world, how)(world.pods()[0])
    assert len(world.active()) == 2
    assert len(world.pods()) == 3
    assert status(world).replicas == 2


def reject(world: World) -> None:
    """The node takes none of the Pods."""
    for pod in world.active():
        pod.status.phase, pod.status.reason = "Failed", "UnsupportedField"
        world.store.update_status(pod)
    world.settle()


def test_pods_that_no_node_takes_are_made_ever_less_often(world: World) -> None:
    world.store.create(replica_set(replicas=2))
    world.settle()
    for rounds, pause in enumerate((1, 2, 4, 8), start=1):
        reject(world)
        assert len(world.pods()) == 2 * rounds
        world.advance(pause - 0.5)
        assert len(world.pods()) == 2 * rounds
        world.advance(0.5)
        assert len(world.active()) == 2
    for _ in range(10):
        reject(world)
        world.advance(300)
    assert len(world.active()) == 2
    world.run()
    assert status(world).ready_replicas == 2


def test_a_pod_that_is_being_deleted_is_replaced_at_once_and_counted_as_terminating(world: World) -> None:
    world.store.create(replica_set(replicas=2))
    world.settle()
    world.run()
    world.store.delete(Pod, world.pods()[0].metadata.name)
    world.settle()
    assert len(world.active()) == 2
    assert status(world).terminating_replicas == 1
    world.stop_deleted()
    assert status(world).terminating_replicas == 0


def test_scaling_down_deletes_the_surplus(world: World) -> None:
    world.store.create(replica_set(replicas=4))
    world.settle()
    world.run(*world.pods()[1:])
    running = {pod.metadata.name for pod in world.pods("Running")}
    world.store.patch(ReplicaSet, "web", {"spec": {"replicas": 3}})
    world.settle()
    assert {pod.metadata.name for pod in world.active()} == running
    assert len(world.events("SuccessfulDelete")) == 1


def test_a_replication_controller_adopts_and_releases(world: World) -> None:
    world.store.create(bare_pod("orphan"))
    spec = ReplicationControllerSpec(replicas=1, selector=dict(LABELS), template=template())
    world.store.create(ReplicationController(metadata=ObjectMeta(name="web"), spec=spec))
    world.settle()
    (pod,) = world.pods()
    assert (controller_of(pod).kind, pod.metadata.name) == ("ReplicationController", "orphan")
    world.store.patch(Pod, "orphan", {"metadata": {"labels": {"app": "other"}}})
    world.settle()
    assert controller_of(world.store.get(Pod, "orphan")) is None
    assert len([pod for pod in world.pods() if controller_of(pod)]) == 1


def test_a_pod_that_has_ended_is_adopted_but_does_not_count(world: World) -> None:
    world.store.create(bare_pod("orphan"))
    world.succeed(world.pods()[0])
    world.store.create(replica_set(replicas=1))
    world.settle()
    assert controller_of(world.store.get(Pod, "orphan")) is not None
    assert len(world.active()) == 1


def test_two_sets_with_overlapping_selectors_do_not_take_each_others_pods(world: World) -> None:
    world.store.create(bare_pod("orphan"))
    world.store.create(replica_set("one", replicas=2))
    world.store.create(replica_set("two", replicas=2))
    world.settle()
    owners = [[owner.name for owner in pod.metadata.owner_references if owner.controller] for pod in world.active()]
    assert sorted(map(tuple, owners)) == [("one",), ("one",), ("two",), ("two",)]


def test_a_set_that_is_being_deleted_makes_and_adopts_nothing(world: World) -> None:
    made = replica_set(replicas=1)
    made.metadata.finalizers = ["example.com/keep"]
    world.store.create(made)
    world.settle()
    world.store.delete(ReplicaSet, "web")
    world.store.create(bare_pod("orphan"))
    world.store.delete(Pod, next(pod.metadata.name for pod in world.pods() if pod.metadata.name != "orphan"))
    world.settle()
    assert [pod.metadata.name for pod in world.active()] == ["orphan"]
    assert controller_of(world.active()[0]) is None


class RefusingStore(MemoryStore):
    """Refuses to make Pods for as long as it is told to."""

    refuses = True
    refused = 0

    def create(self, obj):
        if self.refuses and isinstance(obj, Pod):
            self.refused += 1
            raise StoreError("quota exceeded")
        return super().create(obj)


def test_when_no_pod_can_be_made_the_status_says_so_until_one_can() -> None:
    store = RefusingStore()
    world = World(ReplicaSetController, store=store)
    store.create(replica_set(replicas=10))
    world.settle()
    (condition,) = status(world).conditions
    assert (condition.type, condition.status, condition.reason) == ("ReplicaFailure", "True", "FailedCreate")
    assert "quota exceeded" in condition.message
    assert store.refused < 5, "it does not try all of them at once"
    store.refuses = False
    world.advance(1)
    assert len(world.pods()) == 10
    assert status(world).conditions == []


def test_pods_are_made_in_growing_batches() -> None:
    assert list(batches(12)) == [1, 2, 4, 5]
    assert list(batches(0)) == []


def test_not_more_than_a_burst_is_made_at_a_time(world: World) -> None:
    world.store.create(replica_set(replicas=501))
    controller = world.loops[0]
    controller.reconcile(("default", "web"))
    assert len(world.pods()) == 500
    world.settle()
    assert len(world.pods()) == 501


def test_a_new_controller_continues_where_the_former_one_has_died(world: World) -> None:
    world.store.create(replica_set(replicas=3))
    world.settle()
    world.store.delete(Pod, world.pods()[0].metadata.name)
    world.loops = [ReplicaSetController(world.store, clock=world.clock)]
    world.settle()
    assert len(world.active()) == 3


# Which Pods go first


class Herd:
    """Pods whose worth differs in one thing."""

    def __init__(self, world: World) -> None:
        self.now = world.clock.now()

    def pod(self, name: str, *, phase="Running", node="a", ready=3600.0, cost=None, restarts=0, age=7200.0) -> Pod:
        pod = Pod(metadata=ObjectMeta(name=name, uid=name), spec=PodSpec(node_name=node))
        pod.metadata.creation_timestamp = self.now - timedelta(seconds=age)
        pod.status.phase = phase
        if ready is not None:
            since = self.now - timedelta(seconds=ready)
            pod.status.conditions = [PodCondition(type="Ready", status="True", last_transition_time=since)]
        if cost is not None:
            pod.metadata.annotations[DELETION_COST] = cost
        pod.status.container_statuses = [ContainerStatus("main", True, restarts, "i", "i")]
        return pod

    def order(self, *pods: Pod) -> list[str]:
        found = [pods_to_delete(pods, pods, count, self.now) for count in range(1, len(pods))]
        return [names[-1].metadata.name for names in found]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"node": None}, {"phase": "Pending", "ready": None}),
        ({"phase": "Pending"}, {"phase": "Unknown"}),
        ({"phase": "Unknown"}, {}),
        ({"ready": None}, {}),
        ({"cost": "-1"}, {"cost": "1"}),
        ({}, {"cost": "1"}),
        ({"cost": "+7"}, {"cost": "1"}),
        ({"cost": "99999999999"}, {"cost": "1"}),
        ({"ready": 10.0}, {"ready": 1000.0}),
        ({"restarts": 2}, {"restarts": 1}),
        ({"age": 10.0}, {"age": 7200.0}),
    ],
)
def test_the_pod_that_is_missed_least_goes_first(world: World, worse, better) -> None:
    herd = Herd(world)
    assert herd.order(herd.pod("a-better", **better), herd.pod("b-worse", **worse)) == ["b-worse"]
    assert herd.order(herd.pod("b-worse", **worse), herd.pod("a-better", **better)) == ["b-worse"]


def test_a_pod_with_more_siblings_on_its_node_goes_first(world: World) -> None:
    herd = Herd(world)
    assert herd.order(herd.pod("alone", node="b"), herd.pod("one"), herd.pod("two"))[0] in ("one", "two")


def test_times_of_the_same_order_of_magnitude_are_equal_and_the_uid_decides(world: World) -> None:
    herd = Herd(world)
    assert herd.order(herd.pod("b", ready=3000.0), herd.pod("a", ready=3400.0)) == ["a"]
