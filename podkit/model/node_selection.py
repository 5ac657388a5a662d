"""Which nodes a Pod must be on by its own words: what the scheduler and the controllers have in common about it.

``nodeSelector`` and the required terms of the node affinity must both be met; of the terms, one. A term without requirements is met
by no node.

Source of the rules: component-helpers ``scheduling/corev1/nodeaffinity/nodeaffinity.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podkit.model.pod import PodSpec
from podkit.model.scheduling import NodeSelectorRequirement, NodeSelectorTerm

NAME = "metadata.name"
"""The only field of a node that can be asked for."""


def is_wanted(spec: PodSpec, name: str, labels: Mapping[str, str]) -> bool:
    """Whether a node of this name, with these labels, is one that a Pod must be on."""
    if any(labels.get(key) != value for key, value in spec.node_selector.items()):
        return False
    terms = required_terms(spec)
    return terms is None or any(meets(term, name, labels) for term in terms)


def required_terms(spec: PodSpec) -> Sequence[NodeSelectorTerm] | None:
    """The terms of which one must be met; None: there are none."""
    affinity = spec.affinity.node_affinity if spec.affinity is not None else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity is not None else None
    return None if required is None else required.node_selector_terms


def named_nodes(spec: PodSpec) -> frozenset[str] | None:
    """The names of the only nodes that come into question; None: a Pod does not ask for names."""
    terms = required_terms(spec)
    if not terms:
        return None
    names: set[str] = set()
    for term in terms:
        rules = [rule for rule in term.match_fields if rule.key == NAME and rule.operator == "In"]
        if not rules:
            return None
        names |= set(rules[0].values).intersection(*(rule.values for rule in rules))
    return frozenset(names)


def meets(term: NodeSelectorTerm, name: str, labels: Mapping[str, str]) -> bool:
    """Whether a node meets all requirements of a term."""
    if not term.match_expressions and not term.match_fields:
        return False
    fields = {NAME: name}
    return all(_holds(rule, labels.get(rule.key)) for rule in term.match_expressions) and all(
        _holds(rule, fields.get(rule.key)) for rule in term.match_fields
    )


def _holds(rule: NodeSelectorRequirement, value: str | None) -> bool:
    if rule.operator == "In":
        return value is not None and value in rule.values
    if rule.operator == "NotIn":
        return value is None or value not in rule.values
    if rule.operator == "Exists":
        return value is not None
    if rule.operator == "DoesNotExist":
        return value is None
    return value is not None and _compares(rule, value)


def _compares(rule: NodeSelectorRequirement, value: str) -> bool:
    try:
        number, bound = int(value), int(rule.values[0])
    except (ValueError, IndexError):
        return False
    return number > bound if rule.operator == "Gt" else number < bound
