"""The scheduler: binds Pods, says why it cannot, and tries again when something has changed."""

import threading
from datetime import timedelta

import pytest

from podkit.errors import Conflict
from podkit.model.container import ContainerPort
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.namespace import Namespace
from podkit.model.node import ContainerImage, Node, Taint
from podkit.model.pod import Pod, PodCondition
from podkit.model.scheduling import PodSchedulingGate
from podkit.scheduler import Scheduler
from podkit.store.memory import MemoryStore
from tests.unit.controllers.world import World
from tests.unit.scheduler.builders import away, near, node, pod, term

PORT = ContainerPort(80, host_port=8080)


@pytest.fixture
def world() -> World:
    return World(Scheduler)


def create(world: World, *objects):
    for obj in objects:
        obj.metadata.uid = None
        world.store.create(obj)
    world.settle()


def node_of(world: World, name: str) -> str | None:
    return world.store.get(Pod, name).spec.node_name


def scheduled(world: World, name: str) -> PodCondition | None:
    conditions = world.store.get(Pod, name).status.conditions
    return next((found for found in conditions if found.type == "PodScheduled"), None)


class TestBinding:
    def test_gives_a_pod_a_node_and_says_so(self, world):
        create(world, node("n1"), pod("web"))
        assert node_of(world, "web") == "n1"
        assert scheduled(world, "web").status == "True"
        (event,) = world.events("Scheduled")
        assert (event.type, event.message) == ("Normal", "Successfully assigned default/web to n1")
        assert event.source.component == "default-scheduler"

    def test_is_for_its_own_pods_only(self, world):
        create(world, node("n1"), pod("web", scheduler_name="other"))
        assert node_of(world, "web") is None
        assert scheduled(world, "web") is None
        world.loops = [Scheduler(world.store, clock=world.clock, name="other")]
        world.settle()
        assert node_of(world, "web") == "n1"

    def test_waits_until_the_gates_are_open(self, world):
        create(world, node("n1"), pod("web", scheduling_gates=[PodSchedulingGate("example.com/quota")]))
        assert node_of(world, "web") is None
        assert scheduled(world, "web").reason == "SchedulingGated"
        gated = world.store.get(Pod, "web")
        gated.spec.scheduling_gates = []
        world.store.update(gated)
        world.settle()
        assert node_of(world, "web") == "n1"

    def test_knows_of_its_own_bindings_at_once(self, world):
        create(world, node("n1"), pod("a", ports=[PORT]), pod("b", ports=[PORT]))
        assert [node_of(world, "a"), node_of(world, "b")] == ["n1", None]

    def test_knows_of_images_that_a_node_has_got_meanwhile(self, world):
        create(world, node("n1"), node("n2"), pod("first"))
        assert node_of(world, "first") == "n1"
        has_pulled = world.store.get(Node, "n1")
        has_pulled.status.images = [ContainerImage(["i:latest"], size_bytes=900 * 1024 * 1024)]
        world.store.update_status(has_pulled)
        create(world, pod("second"))
        assert node_of(world, "second") == "n1"

    def test_knows_of_taints_that_a_node_has_got_meanwhile(self, world):
        create(world, node("n1"), pod("first"))
        tainted = world.store.get(Node, "n1")
        tainted.spec.taints = [Taint("broken", effect="NoSchedule")]
        world.store.update(tainted)
        create(world, pod("second"))
        assert (node_of(world, "first"), node_of(world, "second")) == ("n1", None)

    def test_counts_pods_that_were_there_before_it(self, world):
        world.loops, loops = [], world.loops
        create(world, node("n1", pods="1"), pod("a"))
        world.store.bind(world.store.get(Pod, "a"), "n1")
        world.loops = loops
        create(world, pod("b"))
        assert node_of(world, "b") is None

    def test_counts_pods_on_a_node_that_is_heard_of_later(self, world):
        create(world, pod("a"))
        world.store.bind(world.store.get(Pod, "a"), "n1")
        world.settle()
        create(world, node("n1", pods="1"), pod("b"))
        assert node_of(world, "b") is None

    def test_is_tried_again_when_somebody_else_has_written_meanwhile(self, world):
        store = ConflictingStore(world.store)
        world.loops = [Scheduler(store, clock=world.clock)]
        create(world, node("n1"), pod("web"))
        world.advance(1)
        assert node_of(world, "web") == "n1"


class TestUnschedulable:
    def test_is_said_in_status_and_event(self, world):
        create(world, node("node-1"), pod("a", ports=[PORT]), pod("web", ports=[PORT]))
        message = (
            "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. "
            "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
        )
        condition = scheduled(world, "web")
        assert (condition.status, condition.reason, condition.message) == ("False", "Unschedulable", message)
        assert condition.observed_generation == 1
        (event,) = world.events("FailedScheduling")
        assert (event.type, event.message, event.involved_object.name) == ("Warning", message, "web")

    def test_who_sees_the_condition_finds_the_event(self, world):
        seen = []
        update_status = world.store.update_status

        def spy(obj):
            seen.append([event.reason for event in world.events()])
            return update_status(obj)

        world.store.update_status = spy
        create(world, pod("web"))
        assert scheduled(world, "web").status == "False"
        assert seen == [["FailedScheduling"]]

    def test_is_said_once_as_long_as_the_reason_is_the_same(self, world):
        create(world, pod("web", requests={"cpu": "9"}))
        create(world, node("n1"))
        first = world.store.get(Pod, "web")
        world.clock.advance(60)
        changed = world.store.get(Node, "n1")
        changed.metadata.labels["color"] = "blue"
        world.store.update(changed)
        world.settle()
        assert world.store.get(Pod, "web") == first
        messages = [event.message for event in world.events("FailedScheduling")]
        too_little = (
            "0/1 nodes are available: 1 Insufficient cpu. "
            "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        )
        assert sorted(messages) == [too_little, "no nodes available to schedule pods"]

    def test_keeps_the_time_since_which_it_is_so(self, world):
        create(world, pod("web", requests={"cpu": "9"}))
        since = scheduled(world, "web").last_transition_time
        world.clock.advance(60)
        create(world, node("n1"))
        assert scheduled(world, "web").last_transition_time == since
        bigger = world.store.get(Node, "n1")
        bigger.status.allocatable["cpu"] = "16"
        world.store.update_status(bigger)
        world.settle()
        assert scheduled(world, "web").last_transition_time == since + timedelta(seconds=60)


class TestSecondChance:
    def test_comes_with_a_node(self, world):
        create(world, pod("web"))
        assert node_of(world, "web") is None
        create(world, node("n1"))
        assert node_of(world, "web") == "n1"

    def test_comes_when_a_node_is_uncordoned(self, world):
        create(world, node("n1", unschedulable=True), pod("web"))
        changed = world.store.get(Node, "n1")
        changed.spec.unschedulable = False
        world.store.update(changed)
        world.settle()
        assert node_of(world, "web") == "n1"

    @pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
    def test_comes_when_a_pod_has_ended(self, world, phase):
        create(world, node("n1", pods="1"), pod("a"), pod("web"))
        world.end([world.store.get(Pod, "a")], phase, 0)
        assert node_of(world, "web") == "n1"

    def test_comes_when_a_pod_is_gone(self, world):
        create(world, node("n1"), pod("a", ports=[PORT]), pod("web", ports=[PORT]))
        world.store.delete(Pod, "a", grace_period=0)
        world.settle()
        assert node_of(world, "web") == "n1"

    def test_comes_to_as_many_as_there_is_room_for_in_their_order(self, world):
        create(world, node("n1", pods="2"), *(pod(f"p{number}") for number in range(6)))
        assert [node_of(world, f"p{number}") for number in range(6)] == ["n1", "n1", None, None, None, None]
        bigger = world.store.get(Node, "n1")
        bigger.status.allocatable["pods"] = "5"
        world.store.update_status(bigger)
        world.settle()
        assert [node_of(world, f"p{number}") for number in range(6)] == ["n1"] * 5 + [None]

    def test_of_one_sort_does_not_depend_on_another(self, world):
        create(world, node("n1", cpu="2"), pod("a", requests={"cpu": "2"}))
        create(world, pod("big", requests={"cpu": "3"}), pod("small", requests={"cpu": "1"}))
        world.store.delete(Pod, "a", grace_period=0)
        world.settle()
        assert [node_of(world, "big"), node_of(world, "small")] == [None, "n1"]

    def test_comes_when_the_company_arrives_that_a_pod_needs(self, world):
        create(world, node("n1", zone="a"), pod("web", affinity=near(term(app="db"))))
        assert node_of(world, "web") is None
        create(world, pod("db", labels={"app": "db"}))
        assert node_of(world, "web") == "n1"

    def test_comes_when_a_pod_leaves_that_wants_no_company(self, world):
        create(
            world, node("n1", zone="a"), pod("shy", affinity=away(term(app="web"))), pod("web", labels={"app": "web"})
        )
        assert node_of(world, "web") is None
        world.store.delete(Pod, "shy", grace_period=0)
        world.settle()
        assert node_of(world, "web") == "n1"

    def test_is_passed_on_when_the_first_in_the_queue_is_deleted(self, world):
        create(world, node("n1", pods="1"), pod("a"), pod("b"), pod("c"))
        world.store.delete(Pod, "b")
        world.store.delete(Pod, "a", grace_period=0)
        world.settle()
        assert node_of(world, "c") == "n1"

    def test_comes_when_room_is_made_on_a_node_that_was_away(self, world):
        create(world, pod("a"), pod("b"))
        for name in ("a", "b"):
            world.store.bind(world.store.get(Pod, name), "n1")
        world.settle()
        world.store.delete(Pod, "a", grace_period=0)
        create(world, node("n1", pods="2"), pod("web"), pod("late"))
        assert [node_of(world, "web"), node_of(world, "late")] == ["n1", None]

    def test_comes_when_a_namespace_is_labelled(self, world):
        wanted = term(app="db")
        wanted.namespace_selector = LabelSelector(match_labels={"team": "red"})
        database = pod("db", labels={"app": "db"})
        database.metadata.namespace = "shop"
        create(world, Namespace(metadata=ObjectMeta(name="shop")), node("n1", zone="a"), database)
        create(world, pod("web", affinity=near(wanted)))
        assert node_of(world, "web") is None
        shop = world.store.get(Namespace, "shop")
        shop.metadata.labels["team"] = "red"
        world.store.update(shop)
        world.settle()
        assert node_of(world, "web") == "n1"

    def test_is_not_for_a_lost_nodes_pods(self, world):
        create(world, node("n1", pods="1"), pod("a"))
        world.store.delete(Node, "n1")
        world.settle()
        create(world, node("n1", pods="1"), pod("b"))
        assert node_of(world, "b") is None


def test_runs_in_a_thread_of_its_own():
    store = MemoryStore()
    bound = threading.Event()
    watch = store.watch(Pod)
    scheduler = Scheduler(store)
    scheduler.start()
    try:
        store.create(node("n1"))
        store.create(pod("web"))

        def follow() -> None:
            for event in watch:
                if event.object.spec.node_name:
                    bound.set()
                    return

        threading.Thread(target=follow, daemon=True).start()
        assert bound.wait(30)
    finally:
        scheduler.stop()
        watch.close()


def test_a_script_can_place_one_pod(world):
    world.loops = []
    create(world, node("n1"), pod("web"))
    assert Scheduler(world.store, clock=world.clock).reconcile(("default", "web")) is None
    assert node_of(world, "web") == "n1"


class ConflictingStore:
    """A store that refuses the first binding."""

    def __init__(self, store):
        self.store, self.refused = store, False

    def __getattr__(self, name):
        return getattr(self.store, name)

    def bind(self, pod, node_name):
        if not self.refused:
            self.refused = True
            raise Conflict("it has changed")
        return self.store.bind(pod, node_name)
