"""Pods that do not tolerate a NoExecute taint have to go."""

from __future__ import annotations

import math

import pytest

from podkit.controllers import TaintEvictionController
from podkit.controllers.taint_eviction import patience
from podkit.model.container import Container
from podkit.model.meta import ObjectMeta
from podkit.model.node import Node, Taint
from podkit.model.pod import Pod, PodSpec
from podkit.model.scheduling import Toleration
from tests.unit.controllers.world import World

OUT = Taint("maintenance", "NoExecute", "now")
HOT = Taint("hot", "NoExecute")


def tolerating(seconds: int | None = None, key: str = "maintenance") -> Toleration:
    return Toleration(key=key, operator="Exists", effect="NoExecute", toleration_seconds=seconds)


@pytest.mark.parametrize(
    ("tolerations", "seconds"),
    [
        ([], 0),
        ([tolerating()], 0),
        ([tolerating(), tolerating(key="hot")], math.inf),
        ([tolerating(30), tolerating(key="hot")], 30),
        ([tolerating(30), tolerating(5, key="hot")], 5),
        ([Toleration(operator="Exists")], math.inf),
        ([Toleration(operator="Exists"), tolerating(7)], 7),
        ([Toleration(operator="Exists", effect="NoSchedule")], 0),
        ([tolerating(-3), tolerating(key="hot")], 0),
        ([Toleration(key="maintenance", value="later", effect="NoExecute"), tolerating(key="hot")], 0),
    ],
)
def test_a_pod_stays_as_long_as_its_shortest_toleration_lasts(tolerations, seconds):
    assert patience(tolerations, [OUT, HOT]) == seconds


class Nodes(World):
    """A node ``n1`` with Pods on it."""

    def __init__(self, **pods: Toleration | None) -> None:
        super().__init__(TaintEvictionController)
        self.store.create(Node(metadata=ObjectMeta(name="n1")))
        for name, toleration in pods.items():
            self.add(name, toleration)

    def add(self, name: str, toleration: Toleration | None = None) -> None:
        spec = PodSpec(containers=[Container("main", image="i")], tolerations=[toleration] if toleration else [])
        self.store.bind(self.store.create(Pod(metadata=ObjectMeta(name=name), spec=spec)), "n1")
        self.settle()

    def taint(self, *taints: Taint) -> None:
        node = self.store.get(Node, "n1")
        node.spec.taints = list(taints)
        self.store.update(node)
        self.settle()

    def ending(self) -> list[str]:
        return [pod.metadata.name for pod in self.pods() if pod.metadata.deletion_timestamp is not None]


def test_each_pod_goes_when_its_own_time_is_up():
    world = Nodes(none=None, five=tolerating(5), long=tolerating(25), ever=tolerating())
    world.taint(OUT)
    assert world.ending() == ["none"]
    world.advance(4)
    assert world.ending() == ["none"]
    world.advance(1)
    assert world.ending() == ["none", "five"]
    world.advance(1000)
    assert world.ending() == ["none", "five", "long"]


def test_it_says_why_and_ends_gracefully():
    world = Nodes(web=None)
    world.taint(OUT)
    (web,) = world.pods()
    assert web.metadata.deletion_grace_period_seconds == 30
    (condition,) = [found for found in web.status.conditions if found.type == "DisruptionTarget"]
    assert (condition.status, condition.reason) == ("True", "DeletionByTaintManager")
    assert condition.message == "Taint manager: deleting due to NoExecute taint"
    (event,) = world.events("TaintManagerEviction")
    assert (event.type, event.message) == ("Normal", "Marking for deletion Pod default/web")


def test_nobody_goes_when_the_taint_does():
    world = Nodes(web=tolerating(60))
    world.taint(OUT)
    world.advance(59)
    world.taint()
    world.advance(100)
    assert world.ending() == []
    assert [event.message for event in world.events()] == ["Cancelling deletion of Pod default/web"]
    world.taint(OUT)
    world.advance(59)
    assert world.ending() == []
    world.advance(1)
    assert world.ending() == ["web"]


def test_a_toleration_that_is_added_later_counts():
    world = Nodes(web=tolerating(60))
    world.taint(OUT)
    web = world.store.get(Pod, "web")
    web.spec.tolerations.append(tolerating(10))
    world.store.update(web)
    world.advance(10)
    assert world.ending() == ["web"]


def test_a_pod_that_comes_later_has_its_own_time():
    world = Nodes()
    world.taint(OUT)
    world.advance(100)
    world.add("late", tolerating(10))
    world.advance(9)
    assert world.ending() == []
    world.advance(1)
    assert world.ending() == ["late"]


@pytest.mark.parametrize("effect", ["NoSchedule", "PreferNoSchedule"])
def test_other_taints_send_nobody_away(effect):
    world = Nodes(web=None)
    world.taint(Taint("maintenance", effect))
    assert world.ending() == []


def test_another_pod_of_the_same_name_begins_anew():
    world = Nodes(web=tolerating(60))
    world.taint(OUT)
    world.advance(50)
    world.store.delete(Pod, "web", grace_period=0)
    world.add("web", tolerating(60))
    world.advance(59)
    assert world.ending() == []
    world.advance(1)
    assert world.ending() == ["web"]
