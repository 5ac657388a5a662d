"""Rules for Pod templates, and for how controllers use them.

Source of the rules: core, ``ValidatePodTemplateSpec``; apps, ``ValidatePodTemplateSpecForReplicaSet``.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import (
    check_labels_and_annotations,
    check_metadata,
    check_metadata_update,
)
from podkit.admission.validation.pod_annotations import check_pod_annotations, check_profiles_agree
from podkit.admission.validation.pod_spec import check_pod_spec
from podkit.model.pod import PodTemplate, PodTemplateSpec


def check_template(errors: Errors, path: str, template: PodTemplateSpec) -> None:
    """Check a template that Pods are made from."""
    check_template_metadata(errors, path, template)
    check_pod_spec(errors, f"{path}.spec", template.spec, is_pod=False)
    check_profiles_agree(errors, f"{path}.spec", template.metadata.annotations, template.spec)
    if template.spec.ephemeral_containers:
        errors.forbidden(f"{path}.spec.ephemeralContainers", "a template has no ephemeral containers")


def check_template_metadata(errors: Errors, path: str, template: PodTemplateSpec) -> None:
    """Check the labels and annotations of a template."""
    check_labels_and_annotations(errors, f"{path}.metadata", template.metadata)
    if template.metadata.annotations:
        annotations = template.metadata.annotations
        check_pod_annotations(errors, f"{path}.metadata.annotations", annotations, template.spec)


def check_runs_forever(errors: Errors, path: str, template: PodTemplateSpec) -> None:
    """A controller that keeps Pods running needs Pods that restart always and have no deadline."""
    if template.spec.restart_policy != "Always":
        errors.not_supported(f"{path}.spec.restartPolicy", template.spec.restart_policy, ["Always"])
    if template.spec.active_deadline_seconds is not None:
        errors.forbidden(f"{path}.spec.activeDeadlineSeconds", "Pods of this kind of controller have no deadline")


def check_pod_template(errors: Errors, template: PodTemplate) -> None:
    """Check a new PodTemplate."""
    check_metadata(errors, template.metadata, names.dns_subdomain)
    check_template(errors, "template", template.template)


def check_pod_template_update(errors: Errors, new: PodTemplate, old: PodTemplate) -> None:
    """Check a change of a PodTemplate: everything may change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_pod_template(errors, new)
