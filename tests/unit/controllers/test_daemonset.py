"""DaemonSets keep a Pod on every node that is eligible."""

from __future__ import annotations

import pytest

from podkit.controllers.controller_ref import controller_of
from podkit.controllers.daemonset.placement import daemon_spec, node_of
from podkit.errors import NotFound
from podkit.model.daemonset import DaemonSet, DaemonSetUpdateStrategy
from podkit.model.meta import ObjectMeta
from podkit.model.node import Node, Taint
from podkit.model.pod import Pod
from podkit.model.scheduling import Toleration
from podkit.model.statefulset import ControllerRevision
from tests.unit.controllers.daemons import Daemons, daemon_set, node
from tests.unit.controllers.workloads import template

HASH = "controller-revision-hash"
GPU = Taint(key="gpu", value="yes", effect="NoSchedule")


@pytest.fixture
def world() -> Daemons:
    return Daemons()


# nodes


def test_each_node_has_one_pod(world: Daemons) -> None:
    world.store.create(daemon_set())
    world.settle()
    assert world.nodes() == ["n0", "n1", "n2"]
    (pod,) = world.on("n1")
    assert not pod.spec.node_name, "the scheduler is to bind it"
    assert controller_of(pod).name == "web"
    assert pod.metadata.generate_name == "web-"
    assert world.numbers() == {
        "desired": 3,
        "current": 3,
        "ready": 0,
        "updated": 3,
        "available": 0,
        "unavailable": 3,
        "misscheduled": 0,
    }
    world.run_all()
    assert (world.numbers()["ready"], world.numbers()["available"], world.numbers()["unavailable"]) == (3, 3, 0)
    assert world.web().status.observed_generation == 1


def test_a_pod_tolerates_what_ails_its_node() -> None:
    own = Toleration(key="gpu", operator="Exists")
    made = daemon_set()
    made.spec.template.spec.tolerations = [own]
    made.spec.template.spec.host_network = True
    tolerations = daemon_spec(made).tolerations
    assert tolerations[0] == own
    assert [(one.key.removeprefix("node.kubernetes.io/"), one.operator, one.effect) for one in tolerations[1:]] == [
        ("not-ready", "Exists", "NoExecute"),
        ("unreachable", "Exists", "NoExecute"),
        ("disk-pressure", "Exists", "NoSchedule"),
        ("memory-pressure", "Exists", "NoSchedule"),
        ("pid-pressure", "Exists", "NoSchedule"),
        ("unschedulable", "Exists", "NoSchedule"),
        ("network-unavailable", "Exists", "NoSchedule"),
    ]


def test_a_new_node_gets_a_pod_and_a_node_that_goes_loses_its_own(world: Daemons) -> None:
    world.store.create(daemon_set())
    world.settle()
    world.store.create(node("n3"))
    world.settle()
    assert world.nodes() == ["n0", "n1", "n2", "n3"]
    world.store.delete(Node, "n3")
    world.settle()
    assert world.nodes() == ["n0", "n1", "n2"]


def test_only_nodes_with_the_wanted_labels_have_a_pod(world: Daemons) -> None:
    made = daemon_set()
    made.spec.template.spec.node_selector = {"color": "blue"}
    world.started(made)
    assert world.nodes() == []
    assert world.numbers()["desired"] == 0
    world.set_labels("n1", color="blue")
    world.finish()
    assert world.nodes() == ["n1"]
    world.set_labels("n1", color="green")
    assert world.nodes() == []
    assert world.numbers()["misscheduled"] == 1
    world.stop_deleted()
    assert world.numbers()["misscheduled"] == 0
    world.patch(template={"spec": {"nodeSelector": {"color": "green"}}})
    world.finish()
    assert world.nodes() == ["n1"]


def test_a_taint_keeps_new_pods_away_and_leaves_those_that_are_there_unless_it_is_to_execute(world: Daemons) -> None:
    world.started(daemon_set())
    world.set_taints("n1", GPU)
    assert world.nodes() == ["n0", "n1", "n2"]
    assert (world.numbers()["desired"], world.numbers()["misscheduled"]) == (2, 1)
    world.set_taints("n0", Taint(key="gpu", effect="NoExecute"))
    assert world.nodes() == ["n1", "n2"]
    (pod,) = world.on("n1")
    world.store.delete(Pod, pod.metadata.name, grace_period=0)
    world.settle()
    assert world.nodes() == ["n2"]
    world.patch(template={"spec": {"tolerations": [{"key": "gpu", "operator": "Exists"}]}})
    world.finish()
    assert world.nodes() == ["n0", "n1", "n2"]


def test_a_cordoned_or_ailing_node_keeps_its_pod(world: Daemons) -> None:
    names = ("unschedulable", "disk-pressure", "memory-pressure", "pid-pressure")
    taints = [Taint(key=f"node.kubernetes.io/{name}", effect="NoSchedule") for name in names]
    taints += [Taint(key=f"node.kubernetes.io/{name}", effect="NoExecute") for name in ("not-ready", "unreachable")]
    world.set_taints("n0", *taints)
    world.started(daemon_set())
    assert world.nodes() == ["n0", "n1", "n2"]


def test_a_template_that_names_its_node_gets_one_pod(world: Daemons) -> None:
    made = daemon_set()
    made.spec.template.spec.node_name = "n2"
    world.store.create(made)
    world.settle()
    assert [pod.spec.node_name for pod in world.active()] == ["n2"]


# Pods


def test_a_deleted_pod_is_replaced_once_it_is_gone(world: Daemons) -> None:
    world.started(daemon_set())
    (pod,) = world.on("n1")
    world.store.delete(Pod, pod.metadata.name)
    world.settle()
    assert world.nodes() == ["n0", "n2"]
    world.stop_deleted()
    assert world.nodes() == ["n0", "n1", "n2"]
    assert world.on("n1")[0].metadata.uid != pod.metadata.uid


def test_failed_pods_are_replaced_with_a_growing_delay(world: Daemons) -> None:
    world.started(daemon_set())
    delays = []
    for _ in range(4):
        (pod,) = world.on("n0")
        began = world.clock.monotonic()
        world.fail(pod)
        while world.store.list(Pod, fields=f"metadata.name={pod.metadata.name}"):
            world.advance(0.5)
        delays.append(world.clock.monotonic() - began)
    assert delays == [0, 1, 2, 4]
    messages = [event.message for event in world.events("FailedDaemonPod")]
    assert f"Found failed daemon pod default/{pod.metadata.name} on node n0, will try to kill it" in messages


def test_pods_that_succeed_are_replaced_too(world: Daemons) -> None:
    world.started(daemon_set())
    (pod,) = world.on("n0")
    world.succeed(pod)
    world.stop_deleted()
    assert world.on("n0")[0].metadata.uid != pod.metadata.uid
    assert len(world.events("SucceededDaemonPod")) == 1


def test_of_several_pods_on_a_node_the_oldest_stays(world: Daemons) -> None:
    world.started(daemon_set())
    (first,) = world.on("n0")
    world.clock.advance(10)
    made = template()
    made.metadata.name = "extra"
    extra = world.store.create(Pod(metadata=made.metadata, spec=made.spec))
    world.store.bind(extra, "n0")
    world.settle()
    assert [pod.metadata.name for pod in world.on("n0")] == [first.metadata.name]


def test_a_pod_without_controller_is_adopted_and_one_whose_labels_change_is_released(world: Daemons) -> None:
    made = template()
    made.metadata.name = "orphan"
    world.store.bind(world.store.create(Pod(metadata=made.metadata, spec=made.spec)), "n0")
    world.started(daemon_set(update_strategy=DaemonSetUpdateStrategy("OnDelete")))
    assert controller_of(world.store.get(Pod, "orphan")).name == "web"
    world.store.patch(Pod, "orphan", {"metadata": {"labels": {"app": "other"}}})
    world.settle()
    assert controller_of(world.store.get(Pod, "orphan")) is None
    assert len(world.on("n0")) == 2


def test_a_set_that_is_being_deleted_makes_no_pods(world: Daemons) -> None:
    world.started(daemon_set())
    world.store.delete(DaemonSet, "web", propagation="Foreground")
    world.settle()
    world.stop_deleted()
    assert world.pods() == []
    with pytest.raises(NotFound):
        world.web()


# rolling


def test_an_update_replaces_so_many_pods_at_a_time_as_may_be_unavailable(world: Daemons) -> None:
    world.started(daemon_set())
    world.set_image("v2")
    assert len(world.active()) == 2
    world.stop_deleted()
    assert sorted(world.images()) == ["v1", "v1", "v2"]
    assert world.numbers()["updated"] == 1
    world.run_all()
    assert len(world.active()) == 2
    world.finish()
    assert world.images() == ["v2"] * 3
    assert world.numbers()["updated"] == world.numbers()["available"] == 3
    revisions = world.revisions()
    assert [one.revision for one in revisions] == [1, 2]
    assert {pod.metadata.labels[HASH] for pod in world.active()} == {revisions[1].metadata.labels[HASH]}


def test_a_percentage_is_rounded_up(world: Daemons) -> None:
    world.started(daemon_set(unavailable="50%"))
    world.set_image("v2")
    assert len(world.active()) == 1


def test_a_template_that_does_not_work_stops_and_going_back_replaces_its_pods_at_once(world: Daemons) -> None:
    world.started(daemon_set())
    world.set_image("bad")
    for _ in range(5):
        world.stop_deleted()
        world.run_all(but="bad")
    assert sorted(world.images()) == ["bad", "v1", "v1"]
    world.set_image("v1")
    world.stop_deleted()
    assert world.images() == ["v1"] * 3
    assert [one.revision for one in world.revisions()] == [2, 3]


def test_with_surge_the_new_pod_comes_before_the_old_one_goes(world: Daemons) -> None:
    world.started(daemon_set(surge=1, unavailable=0))
    world.set_image("v2")
    assert sorted(world.images()) == ["v1", "v1", "v1", "v2"]
    world.run(*world.pods("Pending"))
    assert sorted(world.images()) == ["v1", "v1", "v2", "v2"]
    world.finish()
    assert world.images() == ["v2"] * 3


def test_with_surge_a_pod_must_be_available_before_the_old_one_goes(world: Daemons) -> None:
    world.started(daemon_set(surge="100%", unavailable=0, min_ready_seconds=10))
    world.advance(20)
    world.set_image("v2")
    world.run_all()
    assert sorted(world.images()) == ["v1", "v1", "v1", "v2", "v2", "v2"]
    world.advance(10)
    assert world.images() == ["v2"] * 3


def test_with_surge_an_old_pod_that_is_not_ready_gives_way(world: Daemons) -> None:
    world.store.create(daemon_set(surge=1, unavailable=0))
    world.settle()
    world.set_image("v2")
    assert world.images() == ["v2"] * 3


def test_min_ready_seconds_hold_up_the_next_pod(world: Daemons) -> None:
    world.started(daemon_set(min_ready_seconds=10))
    world.advance(10)
    assert world.numbers()["available"] == 3
    world.set_image("v2")
    world.stop_deleted()
    world.run_all()
    assert len(world.active()) == 3
    world.advance(10)
    assert len(world.active()) == 2


def test_with_on_delete_only_deleted_pods_get_the_new_template(world: Daemons) -> None:
    world.started(daemon_set(update_strategy=DaemonSetUpdateStrategy("OnDelete")))
    world.set_image("v2")
    world.finish()
    assert world.images() == ["v1"] * 3
    world.store.delete(Pod, world.on("n1")[0].metadata.name, grace_period=0)
    world.finish()
    world.settle()
    assert world.images() == ["v1", "v2", "v1"]


# revisions


def test_old_revisions_beyond_the_limit_are_forgotten(world: Daemons) -> None:
    world.started(daemon_set(revision_history_limit=1))
    for image in ("v2", "v3", "v4"):
        world.set_image(image)
        world.finish()
    assert [one.revision for one in world.revisions()] == [3, 4]


def test_of_two_revisions_that_hold_the_same_the_later_one_stays_and_pods_follow_it(world: Daemons) -> None:
    world.started(daemon_set())
    (first,) = world.revisions()
    before = sorted(pod.metadata.uid for pod in world.active())
    second = ControllerRevision(
        metadata=ObjectMeta(name="web-again", labels={"app": "web", HASH: "again"}), data=first.data, revision=2
    )
    second.metadata.owner_references = first.metadata.owner_references
    world.store.create(second)
    world.patch(minReadySeconds=1)
    world.finish()
    assert [one.metadata.name for one in world.revisions()] == ["web-again"]
    assert {pod.metadata.labels[HASH] for pod in world.active()} == {"again"}
    assert sorted(pod.metadata.uid for pod in world.active()) == before


def test_a_heartbeat_of_a_node_is_no_reason_to_look(world: Daemons) -> None:
    world.started(daemon_set())
    found = world.store.get(Node, "n0")
    found.status.capacity = {"cpu": "3"}
    world.store.update_status(found)
    loop = world.loops[0].loop
    loop.pump()
    assert loop.next_due() is None


def test_what_a_pod_was_made_for_is_told_by_its_affinity(world: Daemons) -> None:
    world.store.create(daemon_set())
    world.settle()
    pod = world.on("n2")[0]
    (term,) = pod.spec.affinity.node_affinity.required_during_scheduling_ignored_during_execution.node_selector_terms
    assert [(rule.key, rule.operator, rule.values) for rule in term.match_fields] == [("metadata.name", "In", ["n2"])]
    assert node_of(pod) == "n2"


def test_templates_are_numbered_as_on_a_cluster(world: Daemons) -> None:
    world.store.create(daemon_set())
    world.settle()
    world.store.patch(DaemonSet, "web", {"metadata": {"labels": {"only": "metadata"}}})
    annotation, label = "deprecated.daemonset.template.generation", "pod-template-generation"
    assert world.web().metadata.annotations == {annotation: "1"}
    assert {pod.metadata.labels[label] for pod in world.active()} == {"1"}
    world.run_all()
    world.store.patch(DaemonSet, "web", {"spec": {"template": {"metadata": {"annotations": {"new": "yes"}}}}})
    world.settle()
    world.finish()
    assert world.web().metadata.annotations == {annotation: "2"}
    assert {pod.metadata.labels[label] for pod in world.active()} == {"2"}
    changed = world.web()
    changed.metadata.annotations = {}
    assert world.store.update(changed).metadata.annotations == {annotation: "2"}
