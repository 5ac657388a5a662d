"""Pods that ask for nodes by their names, as those of DaemonSets do."""

from __future__ import annotations

import pytest

from podkit.model.node_selection import named_nodes
from podkit.model.pod import PodSpec
from podkit.model.scheduling import (
    Affinity,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
)


def spec(*terms: NodeSelectorTerm) -> PodSpec:
    required = NodeAffinity(required_during_scheduling_ignored_during_execution=NodeSelector(list(terms)))
    return PodSpec(containers=[], affinity=Affinity(node_affinity=required))


def by_name(*names: str, operator: str = "In") -> NodeSelectorRequirement:
    return NodeSelectorRequirement(key="metadata.name", operator=operator, values=list(names))


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ([NodeSelectorTerm(match_fields=[by_name("a")])], {"a"}),
        (
            [NodeSelectorTerm(match_fields=[by_name("a")]), NodeSelectorTerm(match_fields=[by_name("b", "c")])],
            set("abc"),
        ),
        ([NodeSelectorTerm(match_fields=[by_name("a", "b"), by_name("b", "c")])], {"b"}),
        ([NodeSelectorTerm(match_fields=[by_name("a"), by_name("b")])], set()),
        ([NodeSelectorTerm(match_fields=[by_name("a", operator="NotIn")])], None),
        ([NodeSelectorTerm(match_fields=[by_name("a")]), NodeSelectorTerm()], None),
    ],
)
def test_the_nodes_that_come_into_question(terms: list[NodeSelectorTerm], names: set[str] | None) -> None:
    assert named_nodes(spec(*terms)) == names


def test_a_pod_without_affinity_asks_for_no_names() -> None:
    assert named_nodes(PodSpec(containers=[])) is None
