"""Rules for ReplicaSets and ReplicationControllers.

Source of the rules: apps, ``ValidateReplicaSetSpec``; core, ``ValidateReplicationControllerSpec``.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.admission.validation.selector import (
    check_label_selector,
    check_selects_template,
    compiled,
    is_empty,
)
from podkit.admission.validation.template import check_runs_forever, check_template
from podkit.model.meta import LabelSelector
from podkit.model.pod import PodTemplateSpec
from podkit.model.replicaset import ReplicaSet, ReplicationController


def check_replica_set(errors: Errors, replica_set: ReplicaSet) -> None:
    """Check a new ReplicaSet."""
    check_metadata(errors, replica_set.metadata, names.dns_subdomain)
    _check_replica_set_spec(errors, replica_set)


def check_replica_set_update(errors: Errors, new: ReplicaSet, old: ReplicaSet) -> None:
    """Check a change of a ReplicaSet: everything but the selector may change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_replica_set(errors, new)
    check_selector_unchanged(errors, new.spec.selector, old.spec.selector)


def check_selector_unchanged(errors: Errors, new: LabelSelector | None, old: LabelSelector | None) -> None:
    """A controller's selector never changes: its Pods would no longer be its own."""
    if new != old:
        errors.invalid("spec.selector", new, "the field is immutable")


def _check_replica_set_spec(errors: Errors, replica_set: ReplicaSet) -> None:
    spec = replica_set.spec
    errors.non_negative("spec.replicas", spec.replicas)
    errors.non_negative("spec.minReadySeconds", spec.min_ready_seconds)
    check_replicated_template(errors, spec.selector, spec.template)


def check_replicated_template(errors: Errors, selector: LabelSelector | None, template: PodTemplateSpec) -> None:
    """Check selector and template of a controller that keeps a number of equal Pods."""
    check_controller_selector(errors, selector)
    if compiled(selector) is not None:
        check_selects_template(errors, "spec.template", selector, template.metadata.labels)
        check_template(errors, "spec.template", template)
        check_runs_forever(errors, "spec.template", template)


def check_controller_selector(errors: Errors, selector: LabelSelector | None) -> None:
    """A controller's selector must be there and may not be empty, since that would select every Pod."""
    if selector is None:
        errors.required("spec.selector")
        return
    check_label_selector(errors, "spec.selector", selector)
    if is_empty(selector):
        errors.invalid("spec.selector", "", "an empty selector would select every Pod")
    if compiled(selector) is None:
        errors.invalid("spec.selector", "", "is no label selector")


def check_replication_controller(errors: Errors, controller: ReplicationController) -> None:
    """Check a new ReplicationController."""
    check_metadata(errors, controller.metadata, names.dns_subdomain)
    spec = controller.spec
    errors.non_negative("spec.minReadySeconds", spec.min_ready_seconds)
    errors.non_negative("spec.replicas", spec.replicas)
    if not spec.selector:
        errors.required("spec.selector")
    template = spec.template
    if template is None:
        errors.required("spec.template")
        return
    labels = template.metadata.labels
    if any(labels.get(key) != value for key, value in spec.selector.items()):
        errors.invalid("spec.template.metadata.labels", labels, "the selector does not match the labels")
    check_template(errors, "spec.template", template)
    check_runs_forever(errors, "spec.template", template)


def check_replication_controller_update(errors: Errors, new: ReplicationController, old: ReplicationController) -> None:
    """Check a change of a ReplicationController: everything may change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_replication_controller(errors, new)
