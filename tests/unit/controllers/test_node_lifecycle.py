"""A Node of which nothing is heard is lost; one that is back is as before."""

from __future__ import annotations

import pytest
from attrs import evolve

from podkit.controllers import NodeLifecycleController
from podkit.controllers.node_lifecycle.health import Disruption
from podkit.model.container import Container
from podkit.model.meta import ObjectMeta
from podkit.model.node import Node, NodeCondition, Taint
from podkit.model.pod import Pod, PodCondition, PodSpec
from tests.unit.controllers.world import World

UNREACHABLE = [("node.kubernetes.io/unreachable", "NoExecute"), ("node.kubernetes.io/unreachable", "NoSchedule")]
NOT_READY = [("node.kubernetes.io/not-ready", "NoExecute"), ("node.kubernetes.io/not-ready", "NoSchedule")]


class Machines:
    """Plays the kubelets: each node that is up gives a sign of life every ten seconds."""

    def __init__(self, store, *, clock) -> None:
        self.store, self.clock, self.up, self.due = store, clock, {}, 0.0

    def step(self) -> bool:
        if self.clock.monotonic() < self.due:
            return False
        self.due = self.clock.monotonic() + 10
        for name, is_up in self.up.items():
            if is_up:
                self.beat(name)
        return True

    def next_due(self) -> float:
        return self.due

    def beat(self, name: str, status: str = "True", **pressures: str) -> None:
        node, now = self.store.get(Node, name), self.clock.now()
        states = {"Ready": status, "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False"}
        node.status.conditions = [
            NodeCondition(type_, state, last_heartbeat_time=now) for type_, state in (states | pressures).items()
        ]
        self.store.update_status(node)


class Nodes(World):
    def __init__(self, *names: str) -> None:
        super().__init__(NodeLifecycleController, Machines)
        self.machines: Machines = self.loops[1]
        for name in names:
            self.store.create(Node(metadata=ObjectMeta(name=name)))
            self.machines.up[name] = True
        self.advance(0)

    def lose(self, *names: str, for_: float = 65) -> None:
        self.machines.up.update(dict.fromkeys(names, False))
        self.advance(for_)

    def node(self, name: str = "a") -> Node:
        return self.store.get(Node, name)

    def taints(self, name: str = "a") -> list[tuple[str, str]]:
        return sorted((taint.key, taint.effect) for taint in self.node(name).spec.taints)

    def ready(self, name: str = "a") -> tuple[str, str | None]:
        (found,) = [found for found in self.node(name).status.conditions if found.type == "Ready"]
        return found.status, found.reason

    def add_ready_pod(self, name: str, node: str) -> None:
        spec = PodSpec(containers=[Container("main", image="i")])
        pod = self.store.bind(self.store.create(Pod(metadata=ObjectMeta(name=name), spec=spec)), node)
        pod.status.phase = "Running"
        pod.status.conditions.append(PodCondition("Ready", "True", last_transition_time=self.clock.now()))
        self.store.update_status(pod)


def test_a_node_that_says_something_is_left_alone():
    world = Nodes("a")
    world.advance(1000)
    assert world.ready() == ("True", None)
    assert world.taints() == []


def test_a_silent_node_is_unknown_after_its_grace():
    world = Nodes("a", "b")
    world.lose("a", for_=49)
    assert world.ready()[0] == "True"
    world.advance(11)
    assert world.ready() == ("Unknown", "NodeStatusUnknown")
    assert {found.status for found in world.node().status.conditions} == {"Unknown"}
    assert world.taints() == UNREACHABLE
    assert all(taint.time_added is not None for taint in world.node().spec.taints)
    assert world.taints("b") == []
    (event,) = world.events("NodeNotReady")
    assert (event.involved_object.name, event.message) == ("a", "Node a status is now: NodeNotReady")


def test_it_is_as_before_when_it_is_back():
    world = Nodes("a", "b")
    world.lose("a")
    world.machines.up["a"] = True
    world.advance(10)
    assert world.ready()[0] == "True"
    assert world.taints() == []


def test_one_that_has_never_said_anything_has_a_little_longer():
    world = Nodes("b")
    world.store.create(Node(metadata=ObjectMeta(name="a")))
    world.advance(59)
    assert world.node().status.conditions == []
    world.advance(2)
    assert world.ready() == ("Unknown", "NodeStatusNeverUpdated")
    assert world.taints() == UNREACHABLE


def test_its_pods_are_not_ready_any_more():
    world = Nodes("a", "b")
    world.add_ready_pod("web", "a")
    world.add_ready_pod("other", "b")
    world.lose("a")
    ready = {pod.metadata.name: pod.status.conditions[-1] for pod in world.pods()}
    assert (ready["web"].status, ready["web"].reason) == ("False", "NodeNotReady")
    assert ready["other"].status == "True"
    events = [event for event in world.events("NodeNotReady") if event.involved_object.kind == "Pod"]
    assert [(event.involved_object.name, event.type, event.message) for event in events] == [
        ("web", "Warning", "Node is not ready")
    ]


def test_a_node_that_says_that_it_is_not_ready_is_believed():
    world = Nodes("a", "b")
    world.machines.up["a"] = False
    world.machines.beat("a", status="False")
    world.advance(1)
    assert world.taints() == NOT_READY
    world.advance(60)
    assert world.taints() == UNREACHABLE


@pytest.mark.parametrize(
    ("condition", "key"),
    [
        ("MemoryPressure", "memory-pressure"),
        ("DiskPressure", "disk-pressure"),
        ("PIDPressure", "pid-pressure"),
        ("NetworkUnavailable", "network-unavailable"),
    ],
)
def test_pressure_is_told_by_a_taint(condition, key):
    world = Nodes("a")
    world.machines.beat("a", **{condition: "True"})
    world.settle()
    assert world.taints() == [(f"node.kubernetes.io/{key}", "NoSchedule")]
    world.machines.beat("a")
    world.settle()
    assert world.taints() == []


def test_a_cordoned_node_has_the_taint_that_says_so_beside_those_of_others():
    world = Nodes("a")
    node = world.node()
    node.spec.unschedulable, node.spec.taints = True, [Taint("dedicated", "NoSchedule", "gpu")]
    world.store.update(node)
    world.settle()
    assert world.taints() == [("dedicated", "NoSchedule"), ("node.kubernetes.io/unschedulable", "NoSchedule")]
    node = world.node()
    node.spec.unschedulable = False
    world.store.update(node)
    world.settle()
    assert world.taints() == [("dedicated", "NoSchedule")]


class TestManyLosses:
    def test_when_all_are_lost_nobody_is_sent_away(self):
        world = Nodes("a", "b")
        world.lose("a", "b", for_=100)
        assert world.taints("a") == world.taints("b") == [("node.kubernetes.io/unreachable", "NoSchedule")]
        world.machines.up["b"] = True
        world.advance(40)
        assert world.taints("a") == [("node.kubernetes.io/unreachable", "NoSchedule")]
        world.advance(30)
        assert (world.taints("a"), world.taints("b")) == (UNREACHABLE, [])

    def test_whoever_was_being_sent_away_may_stay_when_the_last_is_lost_as_well(self):
        world = Nodes("a", "b")
        world.lose("a")
        assert world.taints("a") == UNREACHABLE
        world.lose("b")
        assert world.taints("a") == [("node.kubernetes.io/unreachable", "NoSchedule")]

    def test_they_are_sent_away_from_one_node_every_ten_seconds(self):
        world = Nodes("a", "b", "c", "d")
        world.lose("a", "b", for_=55)
        expelling = [name for name in ("a", "b") if world.taints(name) == UNREACHABLE]
        assert len(expelling) == 1
        world.advance(10)
        assert world.taints("a") == world.taints("b") == UNREACHABLE

    def test_from_no_further_one_when_most_are_lost(self):
        world = Nodes("a", "b", "c", "d", "e")
        world.lose("a")
        world.lose("b", "c", "d")
        assert world.taints("a") == UNREACHABLE
        assert world.taints("d") == [("node.kubernetes.io/unreachable", "NoSchedule")]

    @pytest.mark.parametrize(
        ("well", "unwell", "total", "rate"),
        [(1, 0, False, 0.1), (0, 0, False, 0.1), (0, 1, True, 0), (1, 2, False, 0.1), (1, 3, False, 0),
         (3, 3, False, 0.1), (20, 40, False, 0.01), (40, 20, False, 0.1)],
    )  # fmt: skip
    def test_how_bad_things_are(self, well, unwell, total, rate):
        assert Disruption.of(well, unwell) == Disruption(total, rate)


def test_a_controller_that_was_asleep_itself_gives_another_grace():
    world = Nodes("a", "b")
    world.clock.advance(3600)
    world.loops[0].step()
    assert world.ready()[0] == "True"
    world.settle()
    world.advance(100)
    assert world.ready()[0] == "True"


def test_a_write_of_somebody_else_is_no_sign_of_life():
    world = Nodes("a", "b")
    world.machines.up["a"] = False
    for _ in range(7):
        world.advance(10)
        node = world.node()
        world.store.update(evolve(node, metadata=evolve(node.metadata, labels={"at": str(world.clock.monotonic())})))
    assert world.ready()[0] == "Unknown"
