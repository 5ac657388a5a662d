"""Namespaces that are deleted are emptied first."""

import pytest

from podkit.controllers import JobController, NamespaceController, ReplicaSetController
from podkit.errors import NotFound, ValidationError
from podkit.model.config import ConfigMap
from podkit.model.container import Container
from podkit.model.meta import ObjectMeta
from podkit.model.namespace import Namespace
from podkit.model.pod import Pod, PodSpec
from tests.unit.controllers.workloads import replica_set
from tests.unit.controllers.world import World, job


@pytest.fixture
def world() -> World:
    world = World(NamespaceController)
    world.store.create(Namespace(metadata=ObjectMeta(name="shop")))
    return world


def pod(name: str) -> Pod:
    return Pod(
        metadata=ObjectMeta(name=name, namespace="shop"), spec=PodSpec(containers=[Container("main", image="i")])
    )


def delete(world: World) -> None:
    world.store.delete(Namespace, "shop")
    world.settle()


def exists(world: World) -> bool:
    return "shop" in {found.metadata.name for found in world.store.list(Namespace)}


def test_an_empty_one_goes_at_once(world):
    delete(world)
    assert not exists(world)


def test_all_that_is_in_it_goes_with_it_and_nothing_else(world):
    for namespace in ("shop", "default"):
        world.store.create(ConfigMap(metadata=ObjectMeta(name="settings", namespace=namespace)))
    world.store.create(pod("waiting"))
    delete(world)
    assert not exists(world)
    assert [found.metadata.namespace for found in world.store.list(ConfigMap)] == ["default"]
    assert world.store.list(Pod) == []


def test_pods_are_stopped_gracefully_and_waited_for(world):
    world.store.bind(world.store.create(pod("running")), "n1")
    delete(world)
    world.advance(5)
    namespace = world.store.get(Namespace, "shop")
    assert namespace.status.phase == "Terminating"
    assert {(found.type, found.status, found.message) for found in namespace.status.conditions} == {
        ("NamespaceContentRemaining", "True", "Some resources are remaining: pods. has 1 resource instances"),
        ("NamespaceFinalizersRemaining", "False", "All content-preserving finalizers finished"),
    }
    assert world.store.get(Pod, "running", namespace="shop").metadata.deletion_grace_period_seconds == 30
    world.store.delete(Pod, "running", namespace="shop", grace_period=0)
    world.advance(1)
    assert not exists(world)


def test_what_pods_may_need_stays_until_they_have_ended(world, caplog):
    world.loops.append(ReplicaSetController(world.store, clock=world.clock))
    world.store.create(ConfigMap(metadata=ObjectMeta(name="settings", namespace="shop")))
    made = replica_set(replicas=1)
    made.metadata.namespace = "shop"
    world.store.create(made)
    world.settle()
    (running,) = world.store.list(Pod, namespace="shop")
    world.store.bind(running, "n1")
    delete(world)
    world.advance(5)
    assert world.store.get(ConfigMap, "settings", namespace="shop").metadata.deletion_timestamp is None
    world.store.delete(Pod, running.metadata.name, namespace="shop", grace_period=0)
    world.advance(1)
    assert not exists(world)
    assert caplog.records == []


def test_finalizers_are_waited_for(world):
    meta = ObjectMeta(name="held", namespace="shop", finalizers=["example.com/slow"])
    held = world.store.create(ConfigMap(metadata=meta))
    delete(world)
    conditions = {found.type: found for found in world.store.get(Namespace, "shop").status.conditions}
    remaining = conditions["NamespaceFinalizersRemaining"]
    message = "Some content in the namespace has finalizers remaining: example.com/slow in 1 resource instances"
    assert (remaining.status, remaining.reason, remaining.message) == ("True", "SomeFinalizersRemain", message)
    held = world.store.get(ConfigMap, "held", namespace="shop")
    held.metadata.finalizers = []
    world.store.update(held)
    world.advance(1)
    assert not exists(world)


def test_nothing_new_comes_into_it_meanwhile(world):
    world.store.bind(world.store.create(pod("running")), "n1")
    delete(world)
    with pytest.raises(ValidationError, match="terminated"):
        world.store.create(pod("late"))


def test_a_job_in_it_goes_with_its_pods(world):
    world.loops.append(JobController(world.store, clock=world.clock))
    made = job(completions=2, parallelism=2)
    made.metadata.namespace = "shop"
    world.store.create(made)
    world.settle()
    assert len(world.store.list(Pod, namespace="shop")) == 2
    delete(world)
    world.advance(1)
    assert not exists(world)
    assert world.store.list(Pod) == []


def test_one_that_is_not_deleted_is_left_alone(world):
    world.store.create(pod("running"))
    controller = NamespaceController(world.store, clock=world.clock)
    assert controller.reconcile((None, "shop")) is None
    assert controller.reconcile((None, "nowhere")) is None
    assert len(world.store.list(Pod)) == 1
    with pytest.raises(NotFound):
        world.store.get(Namespace, "nowhere")
