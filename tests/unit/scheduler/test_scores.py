"""What speaks for a node, where several are possible."""

import pytest

from podkit.model.meta import LabelSelector
from podkit.model.node import ContainerImage, Taint
from podkit.model.scheduling import (
    Affinity,
    NodeAffinity,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PodAffinity,
    PodAntiAffinity,
    PreferredSchedulingTerm,
    Toleration,
    TopologySpreadConstraint,
    WeightedPodAffinityTerm,
)
from podkit.scheduler.plugins import normalized
from podkit.scheduler.plugins.image_locality import image_locality
from podkit.scheduler.plugins.node_resources import balanced_allocation, least_allocated
from podkit.scheduler.pod_info import PodInfo
from tests.unit.scheduler.builders import cluster, near, node, placed, pod, term

MIB = 1024 * 1024


def test_the_emptier_node_is_better():
    there = cluster(node("n1"), node("n2"), n1=[pod(requests={"cpu": "2"})], n2=[pod(requests={"cpu": "1"})])
    assert placed(pod(requests={"cpu": "1"}), there).node == "n2"


def test_pods_that_request_nothing_are_spread_too():
    assert placed(pod(), cluster(node("n1"), node("n2"), n1=[pod()])).node == "n2"


def test_among_equals_the_first_is_taken():
    assert placed(pod(), cluster(node("n1"), node("n2"), node("n3"))).node == "n1"


def test_least_allocated_is_the_average_of_what_is_left():
    there = cluster(node("n1", cpu="4", memory="8Gi"), n1=[pod(requests={"cpu": "1", "memory": "2Gi"})])
    score = least_allocated(PodInfo.of(pod(requests={"cpu": "1", "memory": "4Gi"})), there)
    assert list(score(there.nodes)) == [(50 + 25) // 2]


def test_balanced_allocation_prefers_equal_shares():
    there = cluster(node("n1", cpu="4", memory="8Gi"), node("n2", cpu="8", memory="8Gi"))
    score = balanced_allocation(PodInfo.of(pod(requests={"cpu": "2", "memory": "4Gi"})), there)
    assert list(score(there.nodes)) == [100, 87]
    assert balanced_allocation(PodInfo.of(pod()), there) is None


def test_a_node_without_untolerated_taints_is_better():
    taint = Taint("slow", "PreferNoSchedule")
    there = cluster(node("n1", taints=[taint]), node("n2"))
    assert placed(pod(), there).node == "n2"
    assert placed(pod(tolerations=[Toleration("slow", "Exists")]), there).node == "n1"


def test_a_node_that_the_pod_prefers_is_better_by_weight():
    def wish(weight, **labels):
        ((key, value),) = labels.items()
        rule = NodeSelectorRequirement(key, "In", [value])
        return PreferredSchedulingTerm(weight, NodeSelectorTerm(match_expressions=[rule]))

    wishes = [wish(10, disk="ssd"), wish(60, zone="a"), wish(60, disk="hdd")]
    affinity = Affinity(NodeAffinity(preferred_during_scheduling_ignored_during_execution=wishes))
    there = cluster(node("n1", disk="ssd"), node("n2", disk="ssd", zone="a"), node("n3", disk="hdd"))
    assert placed(pod(affinity=affinity), there).node == "n2"


class TestCompany:
    NODES = (node("n1", zone="a"), node("n2", zone="b"))

    @pytest.mark.parametrize(
        ("part", "kind", "best"),
        [("pod_affinity", PodAffinity, "n2"), ("pod_anti_affinity", PodAntiAffinity, "n1")],
    )
    def test_is_sought_or_avoided(self, part, kind, best):
        wishes = [WeightedPodAffinityTerm(50, term(app="db"))]
        affinity = Affinity(**{part: kind(preferred_during_scheduling_ignored_during_execution=wishes)})
        there = cluster(*self.NODES, n1=[pod(), pod()], n2=[pod(labels={"app": "db"}), pod()])
        assert placed(pod(affinity=affinity), there).node == best

    def test_of_a_pod_that_must_be_near_to_the_new_one_is_sought(self):
        seeker = pod(labels={"app": "web"}, affinity=near(term(app="web")))
        there = cluster(*self.NODES, n1=[pod()], n2=[seeker])
        assert placed(pod(labels={"app": "web"}), there).node == "n2"


def test_pods_are_spread_as_far_as_possible():
    constraint = TopologySpreadConstraint(
        max_skew=1,
        topology_key="zone",
        when_unsatisfiable="ScheduleAnyway",
        label_selector=LabelSelector(match_labels={"app": "web"}),
    )
    new = pod(labels={"app": "web"}, topology_spread_constraints=[constraint])
    web = pod(labels={"app": "web"})
    there = cluster(
        node("n1", zone="a"), node("n2", zone="b"), node("n3"), n1=[web], n2=[pod(requests={"cpu": "2"})], n3=[pod()]
    )
    assert placed(new, there).node == "n2"


def test_a_node_that_has_the_image_is_better():
    with_image = node("n2")
    with_image.status.images = [ContainerImage(names=["registry/i:latest", "i"], size_bytes=500 * MIB)]
    there = cluster(node("n1"), with_image)
    assert placed(pod(), there).node == "n2"
    score = image_locality(PodInfo.of(pod()), there)
    assert list(score(there.nodes)) == [0, (250 - 23) * 100 // (1000 - 23)]
    assert image_locality(PodInfo.of(pod()), cluster(node())) is None


@pytest.mark.parametrize(
    ("scores", "reverse", "result"),
    [
        ([0, 0], False, [0, 0]),
        ([0, 0], True, [100, 100]),
        ([1, 2, 4], False, [25, 50, 100]),
        ([1, 2, 4], True, [75, 50, 0]),
    ],
)
def test_scores_are_stretched(scores, reverse, result):
    assert normalized(scores, reverse=reverse) == result
