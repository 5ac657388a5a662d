"""The terms of pod affinity: which Pods are meant, and what near to them is.

Source of the rules: ``pkg/scheduler/framework/types.go`` (AffinityTerm), ``pkg/registry/core/pod/strategy.go`` (matchLabelKeys).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

from podkit.model.meta import LabelSelector, LabelSelectorRequirement
from podkit.model.pod import Pod
from podkit.model.scheduling import PodAffinityTerm
from podkit.model.selector import Selector


@frozen
class AffinityTerm:
    """A set of Pods, and the label of nodes that says which are near to each other.

    Attributes:
        topology_key: the label of nodes.
        selector: the Pods, by their labels.
        namespaces: the namespaces that they are in, by name.
        namespace_selector: further ones, by their labels.
        weight: how much the term counts, for one that is a wish.
    """

    topology_key: str
    selector: Selector
    namespaces: frozenset[str]
    namespace_selector: Selector
    weight: int = 0

    @classmethod
    def of(cls, pod: Pod, term: PodAffinityTerm, weight: int = 0) -> AffinityTerm:
        """Read a term of a Pod."""
        named = frozenset(term.namespaces)
        if not named and term.namespace_selector is None:
            named = frozenset({pod.metadata.namespace or ""})
        return cls(
            topology_key=term.topology_key,
            selector=Selector.of(
                with_own_labels(pod, term.label_selector, term.match_label_keys, term.mismatch_label_keys)
            ),
            namespaces=named,
            namespace_selector=Selector.of(term.namespace_selector),
            weight=weight,
        )

    def means(self, pod: Pod, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
        """Whether a Pod is one of those that are meant.

        Args:
            pod: the Pod.
            namespaces: the labels of the namespaces, by name.
        """
        namespace = pod.metadata.namespace or ""
        there = namespace in self.namespaces or self.namespace_selector.matches(namespaces.get(namespace, {}))
        return there and self.selector.matches(pod.metadata.labels)


def with_own_labels(
    pod: Pod, selector: LabelSelector | None, equal: Iterable[str], unequal: Iterable[str] = ()
) -> LabelSelector | None:
    """A selector that demands of the labels with these keys to be as the Pod's own, or not to be."""
    if selector is None:
        return None
    labels = pod.metadata.labels
    return LabelSelector(
        match_labels=selector.match_labels,
        match_expressions=[
            *selector.match_expressions,
            *(LabelSelectorRequirement(key, "In", [labels[key]]) for key in equal if key in labels),
            *(LabelSelectorRequirement(key, "NotIn", [labels[key]]) for key in unequal if key in labels),
        ],
    )
