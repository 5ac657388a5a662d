"""Who has to go for a more important Pod."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from podkit.model.container import ContainerPort
from podkit.model.meta import ObjectMeta
from podkit.model.node import Node, Taint
from podkit.model.pod import Pod, PodCondition
from podkit.scheduler import Scheduler
from podkit.scheduler.placement import place
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.preemption import Preemption, preempt
from podkit.scheduler.snapshot import Snapshot
from tests.unit.controllers.world import World
from tests.unit.scheduler.builders import away, cluster, node, pod, term

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def there(name: str, cpu: str, priority: int, *, age: float = 0, **fields) -> Pod:
    """A Pod that runs on a node since some time."""
    running = pod(name, requests={"cpu": cpu}, priority=priority, **fields)
    running.status.start_time = EPOCH - timedelta(seconds=age)
    return running


def important(cpu: str, priority: int = 10, **fields) -> Pod:
    return pod("important", requests={"cpu": cpu}, priority=priority, **fields)


def decided(new: Pod, snapshot: Snapshot) -> Preemption:
    info = PodInfo.of(new)
    return preempt(info, snapshot, place(info, snapshot).objections)


def names(plan: Preemption) -> tuple[str | None, list[str | None]]:
    return plan.node, [victim.metadata.name for victim in plan.victims]


class TestVictims:
    def test_are_no_more_than_needed_and_the_least_important(self):
        found = decided(important("2"), cluster(node(cpu="4"), n1=[there("a", "2", 1), there("b", "2", 2)]))
        assert names(found) == ("n1", ["a"])

    def test_are_of_equals_those_that_run_the_shortest(self):
        old, new = there("old", "2", 1, age=100), there("new", "2", 1, age=1)
        assert names(decided(important("2"), cluster(node(cpu="4"), n1=[new, old]))) == ("n1", ["new"])

    def test_are_told_the_most_important_first(self):
        pods = [there("a", "1", 1), there("b", "1", 3), there("c", "2", 2)]
        assert names(decided(important("4"), cluster(node(cpu="4"), n1=pods))) == ("n1", ["b", "c", "a"])

    def test_are_none_of_the_same_importance(self):
        found = decided(important("2", priority=1), cluster(node(cpu="2"), n1=[there("a", "2", 1)]))
        assert found.node is None
        assert found.message == "0/1 nodes are available: 1 No preemption victims found for incoming pod."

    def test_may_have_the_port_or_the_place_that_is_wanted(self):
        port = ContainerPort(80, host_port=8080)
        found = decided(important("1", ports=[port]), cluster(node(), n1=[pod("a", ports=[port]), there("b", "1", 0)]))
        assert names(found) == ("n1", ["a"])
        shy = pod("shy", affinity=away(term(app="web")))
        found = decided(important("1", labels={"app": "web"}), cluster(node(zone="a"), n1=[shy, there("b", "1", 0)]))
        assert names(found) == ("n1", ["shy"])


class TestNode:
    @pytest.mark.parametrize(
        ("n1", "n2"),
        [
            ([there("a", "4", 5)], [there("b", "4", 4)]),  # the lowest of the highest priorities
            ([there("a", "2", 3), there("b", "2", 3)], [there("c", "2", 3), there("d", "2", 2)]),  # the lowest sum
            ([there("a", "2", 3), there("b", "2", -3)], [there("c", "4", 3)]),  # the fewest
            ([there("a", "4", 3, age=9)], [there("b", "4", 3, age=8)]),  # the youngest
        ],
    )
    def test_is_the_one_with_the_least_loss(self, n1, n2):
        both = [node("n1", cpu="4"), node("n2", cpu="4")]
        assert decided(important("4"), cluster(*both, n1=n1, n2=n2)).node == "n2"
        assert decided(important("4"), cluster(*both, n1=n2, n2=n1)).node == "n1"

    def test_is_none_on_which_it_would_not_help(self):
        nodes = [
            node("n1", cpu="1"),
            node("n2", taints=[Taint("dedicated", "NoSchedule")]),
            node("n3", unschedulable=True),
            node("n4", cpu="4"),
            node("n5", cpu="4"),
        ]
        snapshot = cluster(*nodes, n4=[there("a", "3", 20), there("b", "1", 1)], n5=[there("c", "3", 20)])
        found = decided(important("2"), snapshot)
        assert found.node is None
        assert found.message == (
            "0/5 nodes are available: 1 Insufficient cpu, 1 No preemption victims found for incoming pod, "
            "3 Preemption is not helpful for scheduling."
        )


class TestNomination:
    def full(self, *nominated: Pod) -> Snapshot:
        snapshot = cluster(node(cpu="4"), n1=[there("a", "2", 0)])
        kept = {info.uid: info for info in map(PodInfo.of, nominated)}
        return Snapshot(snapshot.nodes, snapshot.namespaces, snapshot.claims, {"n1": kept})

    def test_keeps_the_room_from_the_less_important(self):
        assert place(PodInfo.of(pod(requests={"cpu": "2"}, priority=1)), self.full(important("2"))).node is None
        assert place(PodInfo.of(pod(requests={"cpu": "2"}, priority=11)), self.full(important("2"))).node == "n1"

    def test_keeps_the_less_important_from_making_room_in_vain(self):
        found = decided(important("2", priority=5), self.full(important("4", priority=10)))
        assert found.node is None

    def test_is_waited_for_while_the_victims_end(self):
        victim = there("a", "4", 0)
        victim.metadata.deletion_timestamp = EPOCH
        victim.status.conditions = [PodCondition("DisruptionTarget", "True", reason="PreemptionByScheduler")]
        new = important("4")
        new.status.nominated_node_name = "n1"
        found = decided(new, cluster(node(cpu="4"), node("n2", cpu="4"), n1=[victim], n2=[there("b", "4", 1)]))
        assert names(found) == ("n1", [])
        assert found.message == "not eligible due to terminating pod on the nominated node."


def test_a_pod_that_never_preempts_says_so():
    new = important("4", preemption_policy="Never")
    assert decided(new, cluster(node(cpu="4"), n1=[there("a", "4", 0)])).message == (
        "not eligible due to preemptionPolicy=Never."
    )


# --- in the loop


@pytest.fixture
def world() -> World:
    return World(Scheduler)


def create(world: World, *objects):
    for obj in objects:
        obj.metadata.uid = None
        world.store.create(obj)
    world.settle()


def get(world: World, name: str) -> Pod:
    return world.store.get(Pod, name)


def sized(name: str, cpu: str, **fields) -> Pod:
    return pod(name, requests={"cpu": cpu}, **fields)


def test_the_victim_says_why_it_goes_and_the_other_follows(world):
    create(world, node(cpu="4"), sized("low", "3"))
    create(world, sized("high", "3", priority_class_name="system-node-critical"))
    low, high = get(world, "low"), get(world, "high")
    (condition,) = [found for found in low.status.conditions if found.type == "DisruptionTarget"]
    assert (condition.status, condition.reason) == ("True", "PreemptionByScheduler")
    assert condition.message == "default-scheduler: preempting to accommodate a higher priority pod"
    assert low.metadata.deletion_grace_period_seconds == 30
    (event,) = world.events("Preempted")
    assert (event.involved_object.name, event.message) == ("low", f"Preempted by pod {high.metadata.uid} on node n1")
    assert (high.spec.node_name, high.status.nominated_node_name) == (None, "n1")
    world.stop_deleted()
    high = get(world, "high")
    assert (high.spec.node_name, high.status.nominated_node_name) == ("n1", None)


def test_a_victim_that_is_ending_already_is_left_in_peace(world):
    create(world, node(cpu="4"), sized("low", "3"))
    world.store.delete(Pod, "low", grace_period=100)
    create(world, sized("high", "3", priority_class_name="system-node-critical"))
    assert get(world, "low").metadata.deletion_grace_period_seconds == 100
    assert world.events("Preempted") == []
    assert get(world, "high").status.nominated_node_name == "n1"


def test_each_of_several_equal_pods_makes_room_for_itself(world):
    create(world, node(cpu="4"), sized("a", "2"), sized("b", "2"))
    create(world, *(sized(name, "2", priority_class_name="system-node-critical") for name in ("c", "d")))
    assert len(world.events("Preempted")) == 2
    world.stop_deleted()
    assert [get(world, name).spec.node_name for name in ("c", "d")] == ["n1", "n1"]


def test_a_more_important_pod_takes_the_room_over_that_is_being_made(world):
    create(world, node(cpu="4"), sized("low", "4"))
    create(world, sized("high", "4", priority_class_name="system-cluster-critical"))
    assert get(world, "high").status.nominated_node_name == "n1"
    create(world, sized("highest", "4", priority_class_name="system-node-critical"))
    assert [get(world, name).status.nominated_node_name for name in ("high", "highest")] == [None, "n1"]
    world.stop_deleted()
    assert [get(world, name).spec.node_name for name in ("high", "highest")] == [None, "n1"]


def test_the_room_is_free_again_when_the_pod_goes_for_which_it_was_made(world):
    create(world, node(cpu="4"), sized("low", "4"))
    create(world, sized("high", "4", priority_class_name="system-node-critical"), sized("next", "4"))
    world.stop_deleted()
    assert get(world, "high").spec.node_name == "n1"
    create(world, sized("highest", "4", priority_class_name="system-node-critical"))
    world.store.delete(Pod, "high", grace_period=0)
    world.settle()
    assert [get(world, name).spec.node_name for name in ("highest", "next")] == ["n1", None]


def test_the_more_important_pod_is_placed_first_whatever_came_first(world):
    create(world, *(sized(f"p{number}", "4") for number in range(3)))
    create(world, sized("high", "4", priority_class_name="system-node-critical"))
    create(world, node(cpu="4"))
    assert get(world, "high").spec.node_name == "n1"
    assert world.events("Preempted") == []


def test_a_resource_that_others_have_put_on_the_node_counts_at_once(world):
    web = pod("web", requests={"example.com/dongle": "2"})
    web.spec.containers[0].resources.limits = {"example.com/dongle": "2"}
    create(world, node(), web)
    assert get(world, "web").spec.node_name is None
    changed = world.store.get(Node, "n1")
    changed.status.capacity["example.com/dongle"] = "2"
    world.store.update_status(changed)
    world.settle()
    assert get(world, "web").spec.node_name == "n1"


def test_a_node_that_is_not_there_any_more_is_not_meant_for_anybody(world):
    create(world, node(cpu="4"), sized("low", "4"))
    create(world, sized("high", "4", priority_class_name="system-node-critical"))
    world.store.delete(Node, "n1")
    world.settle()
    create(world, Node(metadata=ObjectMeta(name="n2"), status=node(cpu="1").status))
    assert get(world, "high").status.nominated_node_name is None
