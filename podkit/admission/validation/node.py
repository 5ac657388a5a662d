"""Rules for Nodes and Namespaces.

Source of the rules: core, ``ValidateNode``, ``ValidateNodeUpdate``, ``ValidateNamespace``.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.address_family import check_one_of_each_family
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.admission.validation.resources import check_quantity
from podkit.admission.validation.scheduling import TAINT_EFFECTS
from podkit.model.namespace import Namespace
from podkit.model.node import Node, Taint

_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")


def check_node(errors: Errors, node: Node) -> None:
    """Check a new Node."""
    check_metadata(errors, node.metadata, names.dns_subdomain, namespaced=False)
    _check_taints(errors, "spec.taints", node.spec.taints)
    _check_capacity(errors, node)
    check_one_of_each_family(errors, "spec.podCIDRs", node.spec.pod_cidrs, names.ip_range, "range")


def _check_taints(errors: Errors, path: str, taints: list[Taint]) -> None:
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        at = f"{path}[{index}]"
        errors.problem(f"{at}.key", taint.key, names.qualified_name(taint.key))
        errors.problem(f"{at}.value", taint.value, names.label_value(taint.value or ""))
        errors.member(f"{at}.effect", taint.effect, TAINT_EFFECTS)
        if (taint.key, taint.effect) in seen:
            errors.duplicate(at, f"{taint.key}:{taint.effect}")
        seen.add((taint.key, taint.effect))


def _check_capacity(errors: Errors, node: Node) -> None:
    for name, amounts in (("capacity", node.status.capacity), ("allocatable", node.status.allocatable)):
        for resource, text in amounts.items():
            check_quantity(errors, f"status.{name}.{resource}", resource, text)


def check_node_update(errors: Errors, new: Node, old: Node) -> None:
    """Check a change of a Node: who it is and which addresses its Pods have may be set once."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_node(errors, new)
    seen: set[tuple[str, str]] = set()
    for index, address in enumerate(new.status.addresses):
        if (address.type, address.address) in seen:
            errors.duplicate(f"status.addresses[{index}]", address.address)
        seen.add((address.type, address.address))
    if old.spec.pod_cidrs and new.spec.pod_cidrs != old.spec.pod_cidrs:
        errors.forbidden("spec.podCIDRs", "may be set once, and then not change")
    if old.spec.provider_id and new.spec.provider_id != old.spec.provider_id:
        errors.forbidden("spec.providerID", "may be set once, and then not change")
    if new.spec.external_id != old.spec.external_id:
        errors.forbidden("spec.externalID", "may not change")


def check_namespace(errors: Errors, namespace: Namespace) -> None:
    """Check a new Namespace."""
    check_metadata(errors, namespace.metadata, names.dns_label, namespaced=False)
    for finalizer in namespace.spec.finalizers:
        errors.problem("spec.finalizers", finalizer, names.qualified_name(finalizer))
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            errors.invalid("spec.finalizers", finalizer, "must be a standard finalizer, or have a domain")


def check_namespace_update(errors: Errors, new: Namespace, old: Namespace) -> None:
    """Check a change of a Namespace."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_namespace(errors, new)
