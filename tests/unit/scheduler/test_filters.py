"""What speaks against a node."""

import pytest

from podkit.model.container import Container, ContainerPort
from podkit.model.meta import LabelSelector
from podkit.model.node import Taint
from podkit.model.resources import ResourceRequirements
from podkit.model.scheduling import (
    Affinity,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    Toleration,
    TopologySpreadConstraint,
)
from podkit.scheduler.pod_info import pod_requests
from tests.unit.scheduler.builders import away, cluster, near, node, placed, pod, term

NO_NODE = "0/1 nodes are available: 1 {}."


def objection(new, *nodes, **on) -> str | None:
    """Why no node is possible; None when one is."""
    placement = placed(new, cluster(*(nodes or [node()]), **on))
    assert (placement.node is None) == bool(placement.message)
    return placement.message or None


class TestMessage:
    def test_counts_nodes_by_reason(self):
        nodes = [
            node("n1", unschedulable=True),
            node("n2", cpu="1", memory="1Gi"),
            node("n3", cpu="1"),
            node("n4", taints=[Taint("dedicated", "NoSchedule", "gpu")]),
        ]
        assert objection(pod(requests={"cpu": "2", "memory": "2Gi"}), *nodes) == (
            "0/4 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint(s), "
            "1 node(s) were unschedulable, 2 Insufficient cpu."
        )

    def test_says_that_there_is_no_node_at_all(self):
        assert placed(pod(), cluster()).message == "no nodes available to schedule pods"


class TestNodeUnschedulable:
    def test_a_cordoned_node_takes_no_pods(self):
        assert objection(pod(), node(unschedulable=True)) == NO_NODE.format("node(s) were unschedulable")

    def test_but_those_that_tolerate_it(self):
        toleration = Toleration(key="node.kubernetes.io/unschedulable", operator="Exists")
        assert objection(pod(tolerations=[toleration]), node(unschedulable=True)) is None


class TestTaintToleration:
    @pytest.mark.parametrize(
        ("taint", "toleration", "possible"),
        [
            (Taint("key", "NoSchedule", "value"), None, False),
            (Taint("key", "NoExecute", "value"), None, False),
            (Taint("key", "PreferNoSchedule", "value"), None, True),
            (Taint("key", "NoSchedule", "value"), Toleration("key", "Equal", "value"), True),
            (Taint("key", "NoSchedule", "value"), Toleration("key", None, "value"), True),
            (Taint("key", "NoSchedule", "value"), Toleration("key", "Equal", "other"), False),
            (Taint("key", "NoSchedule", "value"), Toleration("other", "Equal", "value"), False),
            (Taint("key", "NoSchedule", "value"), Toleration("key", "Exists"), True),
            (Taint("key", "NoSchedule", "value"), Toleration(None, "Exists"), True),
            (Taint("key", "NoSchedule", "value"), Toleration("key", "Exists", effect="NoExecute"), False),
            (Taint("key", "NoSchedule"), Toleration("key"), True),
            (Taint("key", "NoSchedule", "5"), Toleration("key", "Gt", "4"), True),
            (Taint("key", "NoSchedule", "5"), Toleration("key", "Gt", "5"), False),
            (Taint("key", "NoSchedule", "5"), Toleration("key", "Lt", "6"), True),
            (Taint("key", "NoSchedule", "many"), Toleration("key", "Gt", "4"), False),
        ],
    )
    def test_a_taint_keeps_pods_away_that_do_not_tolerate_it(self, taint, toleration, possible):
        new = pod(tolerations=[toleration] if toleration else [])
        found = objection(new, node(taints=[taint]))
        assert found == (None if possible else NO_NODE.format("node(s) had untolerated taint(s)"))


class TestNodeAffinity:
    REASON = NO_NODE.format("node(s) didn't match Pod's node affinity/selector")

    def test_the_node_must_have_the_labels_of_the_selector(self):
        new = pod(node_selector={"disk": "ssd"})
        assert objection(new, node(disk="ssd")) is None
        assert objection(new, node(disk="hdd")) == self.REASON
        assert objection(new, node()) == self.REASON

    @pytest.mark.parametrize(
        ("operator", "values", "possible"),
        [
            ("In", ["4", "6"], True),
            ("In", ["5"], False),
            ("NotIn", ["5"], True),
            ("NotIn", ["6"], False),
            ("Exists", [], True),
            ("DoesNotExist", [], False),
            ("Gt", ["5"], True),
            ("Gt", ["6"], False),
            ("Lt", ["7"], True),
            ("Lt", ["6"], False),
        ],
    )
    def test_a_requirement_is_met(self, operator, values, possible):
        wanted = NodeSelectorTerm(match_expressions=[NodeSelectorRequirement("cores", operator, values)])
        assert (objection(self.required(wanted), node(cores="6")) is None) == possible

    @pytest.mark.parametrize(
        ("operator", "values", "possible"),
        [
            ("In", ["6"], False),
            ("NotIn", ["6"], True),
            ("Exists", [], False),
            ("DoesNotExist", [], True),
            ("Gt", ["1"], False),
        ],
    )
    def test_a_requirement_of_a_label_that_is_not_there(self, operator, values, possible):
        wanted = NodeSelectorTerm(match_expressions=[NodeSelectorRequirement("cores", operator, values)])
        assert (objection(self.required(wanted)) is None) == possible

    def test_a_node_can_be_named(self):
        wanted = NodeSelectorTerm(match_fields=[NodeSelectorRequirement("metadata.name", "In", ["n2"])])
        assert placed(self.required(wanted), cluster(node("n1"), node("n2"))).node == "n2"

    def test_one_term_is_enough_and_an_empty_one_is_never_met(self):
        disk = NodeSelectorTerm(match_expressions=[NodeSelectorRequirement("disk", "Exists")])
        assert objection(self.required(NodeSelectorTerm(), disk), node(disk="ssd")) is None
        assert objection(self.required(NodeSelectorTerm()), node(disk="ssd")) == self.REASON

    @staticmethod
    def required(*terms):
        required = NodeSelector(node_selector_terms=list(terms))
        return pod(affinity=Affinity(NodeAffinity(required_during_scheduling_ignored_during_execution=required)))


class TestNodePorts:
    @pytest.mark.parametrize(
        ("taken", "wanted", "possible"),
        [
            (ContainerPort(80, host_port=8080), ContainerPort(80, host_port=8080), False),
            (ContainerPort(80, host_port=8080), ContainerPort(80, host_port=8081), True),
            (ContainerPort(80, host_port=8080), ContainerPort(80), True),
            (ContainerPort(80, host_port=8080), ContainerPort(80, host_port=8080, protocol="UDP"), True),
            (ContainerPort(80, host_port=8080, host_ip="127.0.0.1"), ContainerPort(80, host_port=8080), False),
            (
                ContainerPort(80, host_port=8080, host_ip="127.0.0.1"),
                ContainerPort(80, host_port=8080, host_ip="127.0.0.2"),
                True,
            ),
        ],
    )
    def test_a_port_is_one_pods_at_a_time(self, taken, wanted, possible):
        found = objection(pod(ports=[wanted]), n1=[pod(ports=[taken])])
        assert found == (
            None if possible else NO_NODE.format("node(s) didn't have free ports for the requested pod ports")
        )


class TestNodeResourcesFit:
    @pytest.mark.parametrize(
        ("requests", "reason"),
        [
            ({}, None),
            ({"cpu": "1"}, None),
            ({"cpu": "1001m"}, "Insufficient cpu"),
            ({"memory": "1Gi"}, None),
            ({"memory": "1025Mi"}, "Insufficient memory"),
            ({"example.com/gpu": "1"}, "Insufficient example.com/gpu"),
            ({"cpu": "0"}, None),
        ],
    )
    def test_what_is_requested_must_be_left(self, requests, reason):
        there = pod(requests={"cpu": "3", "memory": "7Gi"})
        found = objection(pod(requests=requests), node(cpu="4", memory="8Gi"), n1=[there])
        assert found == (NO_NODE.format(reason) if reason else None)

    def test_a_full_node_takes_pods_that_request_nothing(self):
        assert objection(pod(), node(cpu="1"), n1=[pod(requests={"cpu": "2"})]) is None

    def test_a_node_takes_so_many_pods(self):
        assert objection(pod(), node(pods="2"), n1=[pod("a"), pod("b")]) == NO_NODE.format("Too many pods")

    def test_both_reasons_are_told(self):
        message = objection(pod(requests={"cpu": "9", "memory": "9Gi"}))
        assert message == "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory."

    def test_init_containers_count_one_by_one_and_sidecars_beside_all(self):
        def container(name, cpu, **more):
            return Container(name, image="i", resources=ResourceRequirements(requests={"cpu": cpu}), **more)

        new = pod(
            requests={"cpu": "1"},
            init_containers=[
                container("first", "3"),
                container("proxy", "500m", restart_policy="Always"),
                container("second", "2"),
            ],
            overhead={"cpu": "250m"},
        )
        assert pod_requests(new.spec) == {"cpu": 3250}
        new.spec.init_containers[2].resources.requests["cpu"] = "4"
        assert pod_requests(new.spec) == {"cpu": 4750}

    def test_requests_of_the_pod_as_a_whole_take_the_place_of_its_containers(self):
        whole = ResourceRequirements(requests={"cpu": "3"})
        assert pod_requests(pod(requests={"cpu": "1", "memory": "1Mi"}, resources=whole).spec) == {
            "cpu": 3000,
            "memory": 1024 * 1024,
        }


class TestInterPodAffinity:
    NEAR = "node(s) didn't match pod affinity rules"
    AWAY = "node(s) didn't match pod anti-affinity rules"
    OTHERS = "node(s) didn't satisfy existing pods anti-affinity rules"

    NODES = (node("n1", zone="a"), node("n2", zone="a"), node("n3", zone="b"))

    def place(self, new, **on):
        return placed(new, cluster(*self.NODES, **on))

    def test_a_pod_goes_where_those_are_that_it_must_be_near_to(self):
        assert self.place(pod(affinity=near(term(app="db"))), n3=[pod(labels={"app": "db"})]).node == "n3"

    def test_a_pod_that_must_be_near_to_what_is_not_there_waits(self):
        placement = self.place(pod(affinity=near(term(app="db"))))
        assert placement.message == f"0/3 nodes are available: 3 {self.NEAR}."

    def test_the_first_of_a_group_goes_anywhere(self):
        first = pod(labels={"app": "db"}, affinity=near(term(app="db")))
        assert self.place(first).node is not None
        assert placed(first, cluster(node())).message == NO_NODE.format(self.NEAR)

    def test_all_terms_must_be_met_by_the_same_pod(self):
        new = pod(affinity=near(term(app="db"), term(tier="back")))
        apart = {"n1": [pod(labels={"app": "db"}), pod(labels={"tier": "back"})]}
        assert self.place(new, **apart).node is None
        assert self.place(new, n3=[pod(labels={"app": "db", "tier": "back"})]).node == "n3"

    def test_a_pod_goes_where_none_are_that_it_must_be_away_from(self):
        placement = self.place(pod(affinity=away(term(app="db"))), n1=[pod(labels={"app": "db"})])
        assert placement.node == "n3"
        everywhere = {"n1": [pod(labels={"app": "db"})], "n3": [pod(labels={"app": "db"})]}
        placement = self.place(pod(affinity=away(term(app="db"))), **everywhere)
        assert placement.message == f"0/3 nodes are available: 3 {self.AWAY}."

    def test_a_pod_goes_where_none_are_that_must_be_away_from_it(self):
        shy = pod(affinity=away(term(app="web")))
        assert self.place(pod(labels={"app": "web"}), n1=[shy]).node == "n3"
        placement = placed(pod(labels={"app": "web"}), cluster(node("n1", zone="a"), n1=[shy]))
        assert placement.message == NO_NODE.format(self.OTHERS)

    def test_only_pods_of_the_same_namespace_are_meant_unless_others_are_named(self):
        stranger = pod(labels={"app": "db"})
        stranger.metadata.namespace = "other"
        assert self.place(pod(affinity=near(term(app="db"))), n3=[stranger]).node is None
        named = term(app="db")
        named.namespaces = ["other"]
        assert self.place(pod(affinity=near(named)), n3=[stranger]).node == "n3"
        selected = term(app="db")
        selected.namespace_selector = LabelSelector(match_labels={"team": "red"})
        assert self.place(pod(affinity=near(selected)), n3=[stranger]).node == "n3"
        everyone = term(app="db")
        everyone.namespace_selector = LabelSelector()
        assert self.place(pod(affinity=near(everyone)), n3=[stranger]).node == "n3"

    def test_labels_of_the_pods_own_can_be_demanded_of_the_others(self):
        versioned = term(app="db")
        versioned.match_label_keys = ["version"]
        new = pod(labels={"version": "2"}, affinity=near(versioned))
        old, same = pod(labels={"app": "db", "version": "1"}), pod(labels={"app": "db", "version": "2"})
        assert self.place(new, n1=[old], n3=[same]).node == "n3"
        versioned.match_label_keys, versioned.mismatch_label_keys = [], ["version"]
        assert self.place(new, n1=[same], n3=[old]).node == "n3"


class TestPodTopologySpread:
    REASON = "node(s) didn't match pod topology spread constraints"
    NODES = (node("n1", zone="a"), node("n2", zone="b"))

    @staticmethod
    def spread(**more):
        constraint = TopologySpreadConstraint(
            max_skew=more.pop("max_skew", 1),
            topology_key="zone",
            when_unsatisfiable="DoNotSchedule",
            label_selector=LabelSelector(match_labels={"app": "web"}),
            **more,
        )
        return pod(labels={"app": "web"}, topology_spread_constraints=[constraint])

    @staticmethod
    def web(number):
        return [pod(f"web-{index}", labels={"app": "web"}) for index in range(number)]

    def test_a_pod_goes_where_there_are_fewer(self):
        assert placed(self.spread(), cluster(*self.NODES, n1=self.web(1))).node == "n2"

    def test_a_pod_waits_when_the_emptier_domain_cannot_take_it(self):
        nodes = (node("n1", zone="a"), node("n2", zone="b", unschedulable=True))
        assert placed(self.spread(), cluster(*nodes, n1=self.web(1))).message == (
            f"0/2 nodes are available: 1 {self.REASON}, 1 node(s) were unschedulable."
        )

    def test_the_skew_may_be_greater(self):
        nodes = (node("n1", zone="a"), node("n2", zone="b", unschedulable=True))
        assert placed(self.spread(max_skew=2), cluster(*nodes, n1=self.web(1))).node == "n1"

    def test_a_node_without_the_label_is_not_possible(self):
        reason = f"{self.REASON} (missing required label)"
        assert placed(self.spread(), cluster(node())).message == NO_NODE.format(reason)

    def test_other_pods_do_not_count(self):
        others = [pod(labels={"app": "db"})] * 3
        assert placed(self.spread(), cluster(node("n1", zone="a"), n1=others)).node == "n1"

    def test_with_fewer_domains_than_there_shall_be_each_may_only_have_so_many(self):
        there = cluster(node("n1", zone="a"), n1=self.web(1))
        assert placed(self.spread(), there).node == "n1"
        assert placed(self.spread(min_domains=2), there).message == NO_NODE.format(self.REASON)

    def test_nodes_that_the_pod_cannot_want_do_not_count_unless_told_so(self):
        nodes = (node("n1", zone="a", disk="ssd"), node("n2", zone="b"))
        new = self.spread()
        new.spec.node_selector = {"disk": "ssd"}
        assert placed(new, cluster(*nodes, n1=self.web(1))).node == "n1"
        new = self.spread(node_affinity_policy="Ignore")
        new.spec.node_selector = {"disk": "ssd"}
        assert placed(new, cluster(*nodes, n1=self.web(1))).node is None

    def test_tainted_nodes_count_unless_told_otherwise(self):
        nodes = (node("n1", zone="a"), node("n2", zone="b", taints=[Taint("key", "NoSchedule")]))
        assert placed(self.spread(), cluster(*nodes, n1=self.web(1))).node is None
        assert placed(self.spread(node_taints_policy="Honor"), cluster(*nodes, n1=self.web(1))).node == "n1"


def test_a_pod_that_names_its_node_can_run_only_there():
    there = cluster(node("n1"), node("n2"))
    assert placed(pod(node_name="n2"), there).node == "n2"
    reason = "node(s) didn't match the requested node name"
    assert placed(pod(node_name="n3"), there).message == f"0/2 nodes are available: 2 {reason}."
