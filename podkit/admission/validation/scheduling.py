"""Rules for where a Pod may run: tolerations, affinity, spread constraints, gates.

Source of the rules: core, ``ValidateTolerations``, ``validateAffinity``, ``validateTopologySpreadConstraints``.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.selector import check_label_selector
from podkit.model.meta import LabelSelector
from podkit.model.scheduling import (
    Affinity,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    PodSchedulingGate,
    Toleration,
    TopologySpreadConstraint,
)

TAINT_EFFECTS = frozenset({"NoSchedule", "PreferNoSchedule", "NoExecute"})
_TOLERATION_OPERATORS = frozenset({"Equal", "Exists"})
_UNSATISFIABLE_ACTIONS = frozenset({"DoNotSchedule", "ScheduleAnyway"})
_NODE_POLICIES = frozenset({"Honor", "Ignore"})
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def check_tolerations(errors: Errors, path: str, tolerations: list[Toleration]) -> None:
    """Check the tolerations of a Pod."""
    for index, toleration in enumerate(tolerations):
        _check_toleration(errors, f"{path}[{index}]", toleration)


def _check_toleration(errors: Errors, path: str, toleration: Toleration) -> None:
    if toleration.key:
        errors.problem(f"{path}.key", toleration.key, names.qualified_name(toleration.key))
    elif toleration.operator != "Exists":
        errors.invalid(
            f"{path}.operator", toleration.operator or "", "must be Exists when there is no key: tolerate all"
        )
    if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
        errors.invalid(f"{path}.effect", toleration.effect or "", "must be NoExecute beside tolerationSeconds")
    value = toleration.value or ""
    if toleration.operator in (None, "", "Equal"):
        errors.problem(f"{path}.operator", value, names.label_value(value))
    elif toleration.operator == "Exists":
        if value:
            errors.invalid(f"{path}.operator", value, "Exists takes no value")
    else:
        errors.not_supported(f"{path}.operator", toleration.operator, _TOLERATION_OPERATORS)
    if toleration.effect:
        errors.optional_member(f"{path}.effect", toleration.effect, TAINT_EFFECTS)


def check_affinity(errors: Errors, path: str, affinity: Affinity) -> None:
    """Check the affinity of a Pod to Nodes, to other Pods, and away from them."""
    if affinity.node_affinity is not None:
        _check_node_affinity(errors, f"{path}.nodeAffinity", affinity.node_affinity)
    if affinity.pod_affinity is not None:
        _check_pod_affinity(errors, f"{path}.podAffinity", affinity.pod_affinity)
    if affinity.pod_anti_affinity is not None:
        _check_pod_affinity(errors, f"{path}.podAntiAffinity", affinity.pod_anti_affinity)


def _check_node_affinity(errors: Errors, path: str, affinity: NodeAffinity) -> None:
    required = affinity.required_during_scheduling_ignored_during_execution
    if required is not None:
        _check_node_selector(errors, f"{path}.{_REQUIRED}", required)
    for index, term in enumerate(affinity.preferred_during_scheduling_ignored_during_execution):
        at = f"{path}.{_PREFERRED}[{index}]"
        _check_weight(errors, f"{at}.weight", term.weight)
        # A preference that no Node can meet does no harm, so that its values may be anything.
        _check_node_term(errors, f"{at}.preference", term.preference, strict=False)


def _check_node_selector(errors: Errors, path: str, selector: NodeSelector) -> None:
    if not selector.node_selector_terms:
        errors.required(f"{path}.nodeSelectorTerms", "at least one term is needed")
    for index, term in enumerate(selector.node_selector_terms):
        _check_node_term(errors, f"{path}.nodeSelectorTerms[{index}]", term, strict=True)


def _check_node_term(errors: Errors, path: str, term: NodeSelectorTerm, *, strict: bool) -> None:
    for index, requirement in enumerate(term.match_expressions):
        _check_node_label(errors, f"{path}.matchExpressions[{index}]", requirement, strict=strict)
    for index, requirement in enumerate(term.match_fields):
        _check_node_field(errors, f"{path}.matchFields[{index}]", requirement)


def _check_node_label(errors: Errors, path: str, requirement: NodeSelectorRequirement, *, strict: bool) -> None:
    operator, values = requirement.operator, requirement.values
    if operator in ("In", "NotIn"):
        if not values:
            errors.required(f"{path}.values", "In and NotIn need values")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.forbidden(f"{path}.values", "Exists and DoesNotExist take no values")
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            errors.required(f"{path}.values", "Gt and Lt need exactly one value")
    else:
        errors.invalid(f"{path}.operator", operator, "must be In, NotIn, Exists, DoesNotExist, Gt or Lt")
    errors.problem(f"{path}.key", requirement.key, names.qualified_name(requirement.key))
    for index, value in enumerate(values if strict else ()):
        errors.problem(f"{path}.values[{index}]", value, names.label_value(value))


def _check_node_field(errors: Errors, path: str, requirement: NodeSelectorRequirement) -> None:
    if requirement.operator not in ("In", "NotIn"):
        errors.invalid(f"{path}.operator", requirement.operator, "must be In or NotIn for a field")
    elif len(requirement.values) != 1:
        errors.required(f"{path}.values", "exactly one value is needed for a field")
    if requirement.key != "metadata.name":
        errors.invalid(f"{path}.key", requirement.key, "the only field is metadata.name")
        return
    for index, value in enumerate(requirement.values):
        errors.problem(f"{path}.values[{index}]", value, names.dns_subdomain(value))


def _check_weight(errors: Errors, path: str, weight: int) -> None:
    if not 1 <= weight <= 100:
        errors.invalid(path, weight, "must be between 1 and 100, inclusive")


def _check_pod_affinity(errors: Errors, path: str, affinity: PodAffinity | PodAntiAffinity) -> None:
    for index, term in enumerate(affinity.required_during_scheduling_ignored_during_execution):
        _check_pod_term(errors, f"{path}.{_REQUIRED}[{index}]", term)
    for index, weighted in enumerate(affinity.preferred_during_scheduling_ignored_during_execution):
        at = f"{path}.{_PREFERRED}[{index}]"
        _check_weight(errors, f"{at}.weight", weighted.weight)
        _check_pod_term(errors, f"{at}.podAffinityTerm", weighted.pod_affinity_term)


def _check_pod_term(errors: Errors, path: str, term: PodAffinityTerm) -> None:
    check_label_selector(errors, f"{path}.labelSelector", term.label_selector)
    check_label_selector(errors, f"{path}.namespaceSelector", term.namespace_selector)
    for index, namespace in enumerate(term.namespaces):
        errors.problem(f"{path}.namespaces[{index}]", namespace, names.dns_label(namespace))
    _check_label_keys(errors, f"{path}.matchLabelKeys", term.match_label_keys, term.label_selector)
    _check_label_keys(errors, f"{path}.mismatchLabelKeys", term.mismatch_label_keys, term.label_selector)
    selected = _selected_keys(term.label_selector)
    for index, key in enumerate(term.match_label_keys):
        if key in selected:
            errors.invalid(f"{path}.matchLabelKeys[{index}]", key, "is in labelSelector already")
        if key in term.mismatch_label_keys:
            errors.invalid(f"{path}.matchLabelKeys[{index}]", key, "is in mismatchLabelKeys too")
    if not term.topology_key:
        errors.required(f"{path}.topologyKey")
    errors.problem(f"{path}.topologyKey", term.topology_key, names.qualified_name(term.topology_key))


def _check_label_keys(errors: Errors, path: str, keys: list[str], selector: LabelSelector | None) -> None:
    if keys and selector is None:
        errors.forbidden(path, "needs a labelSelector")
        return
    for index, key in enumerate(keys):
        errors.problem(f"{path}[{index}]", key, names.qualified_name(key))


def _selected_keys(selector: LabelSelector | None) -> set[str]:
    """Return the keys that a selector asks for, without what a server adds to it for each of the matchLabelKeys."""
    if selector is None:
        return set()
    asked = (each for each in selector.match_expressions if each.operator != "In" or len(each.values) != 1)
    return {*selector.match_labels, *(expression.key for expression in asked)}


def check_spread_constraints(errors: Errors, path: str, constraints: list[TopologySpreadConstraint]) -> None:
    """Check how a Pod wants to be spread; a pair of topologyKey and whenUnsatisfiable may be there once."""
    for index, constraint in enumerate(constraints):
        at = f"{path}[{index}]"
        _check_spread_constraint(errors, at, constraint)
        pair = (constraint.topology_key, constraint.when_unsatisfiable)
        if any(pair == (later.topology_key, later.when_unsatisfiable) for later in constraints[index + 1 :]):
            errors.duplicate(f"{at}.{{topologyKey, whenUnsatisfiable}}", f"{{{pair[0]}, {pair[1]}}}")


def _check_spread_constraint(errors: Errors, path: str, constraint: TopologySpreadConstraint) -> None:
    errors.positive(f"{path}.maxSkew", constraint.max_skew)
    if not constraint.topology_key:
        errors.required(f"{path}.topologyKey")
    errors.optional_member(f"{path}.whenUnsatisfiable", constraint.when_unsatisfiable, _UNSATISFIABLE_ACTIONS)
    if constraint.min_domains is not None:
        errors.positive(f"{path}.minDomains", constraint.min_domains)
        if constraint.when_unsatisfiable != "DoNotSchedule":
            errors.invalid(f"{path}.minDomains", constraint.min_domains, "needs whenUnsatisfiable: DoNotSchedule")
    errors.optional_member(f"{path}.nodeAffinityPolicy", constraint.node_affinity_policy, _NODE_POLICIES)
    errors.optional_member(f"{path}.nodeTaintsPolicy", constraint.node_taints_policy, _NODE_POLICIES)
    if constraint.match_label_keys:
        if constraint.label_selector is None:
            errors.forbidden(f"{path}.matchLabelKeys", "needs a labelSelector")
        selected = _selected_keys(constraint.label_selector)
        for index, key in enumerate(constraint.match_label_keys):
            errors.problem(f"{path}.matchLabelKeys[{index}]", key, names.qualified_name(key))
            if key in selected:
                errors.invalid(f"{path}.matchLabelKeys[{index}]", key, "is in labelSelector already")
    check_label_selector(errors, f"{path}.labelSelector", constraint.label_selector)


def check_scheduling_gates(errors: Errors, path: str, gates: list[PodSchedulingGate]) -> None:
    """Check what keeps a Pod from being scheduled."""
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        errors.problem(f"{path}[{index}]", gate.name, names.qualified_name(gate.name))
        errors.unique(f"{path}[{index}]", gate.name, seen)
