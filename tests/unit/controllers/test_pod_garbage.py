"""Pods that nobody else removes."""

import pytest

from podkit.controllers import PodGarbageCollector
from podkit.controllers.pod_garbage import QUARANTINE
from podkit.model.container import Container
from podkit.model.meta import ObjectMeta
from podkit.model.node import Node
from podkit.model.pod import Pod, PodSpec
from tests.unit.controllers.world import World


@pytest.fixture
def world() -> World:
    world = World(lambda store, clock: PodGarbageCollector(store, clock=clock, most_terminated=2))
    world.store.create(Node(metadata=ObjectMeta(name="n1")))
    return world


def running(world: World, name: str, node: str = "n1", finalizers: tuple[str, ...] = ()) -> None:
    meta = ObjectMeta(name=name, finalizers=list(finalizers))
    pod = world.store.create(Pod(metadata=meta, spec=PodSpec(containers=[Container("main", image="i")])))
    world.store.bind(pod, node)
    world.run(pod)


def names(world: World) -> set[str]:
    return {pod.metadata.name for pod in world.store.list(Pod)}


class TestLostNode:
    def test_takes_its_pods_with_it_after_a_while(self, world):
        running(world, "a")
        world.store.delete(Node, "n1")
        world.advance(QUARANTINE - 1)
        assert names(world) == {"a"}
        world.advance(1)
        assert names(world) == set()

    def test_that_comes_back_in_time_keeps_its_pods(self, world):
        running(world, "a")
        world.store.delete(Node, "n1")
        world.advance(QUARANTINE - 1)
        world.store.create(Node(metadata=ObjectMeta(name="n1")))
        world.advance(QUARANTINE)
        assert names(world) == {"a"}

    def test_that_never_was_is_a_lost_one(self, world):
        running(world, "a", node="nowhere")
        world.advance(QUARANTINE)
        assert names(world) == set()

    def test_is_said_in_the_status_of_a_pod_that_something_holds(self, world):
        running(world, "a", finalizers=("example.com/slow",))
        world.store.delete(Node, "n1")
        world.advance(QUARANTINE)
        pod = world.store.get(Pod, "a")
        disruption = pod.status.conditions[-1]
        assert pod.status.phase == "Failed"
        assert (disruption.type, disruption.status, disruption.reason, disruption.message) == (
            "DisruptionTarget",
            "True",
            "DeletionByPodGC",
            "PodGC: node no longer exists",
        )
        assert pod.metadata.deletion_timestamp is not None


class TestTerminated:
    def test_pods_beyond_the_limit_are_removed_oldest_first(self, world):
        for name in ("a", "b", "c", "d"):
            running(world, name)
            world.succeed(world.store.get(Pod, name))
            world.clock.advance(1)
        world.advance(30)
        assert names(world) == {"c", "d"}

    def test_evicted_pods_go_before_others(self, world):
        for name in ("a", "b", "c"):
            running(world, name)
            world.fail(world.store.get(Pod, name))
            world.clock.advance(1)
        evicted = world.store.get(Pod, "c")
        evicted.status.reason = "Evicted"
        world.store.update_status(evicted)
        world.advance(30)
        assert names(world) == {"a", "b"}

    def test_running_pods_do_not_count(self, world):
        for name in ("a", "b", "c"):
            running(world, name)
        world.succeed(world.store.get(Pod, "a"))
        world.advance(30)
        assert names(world) == {"a", "b", "c"}
