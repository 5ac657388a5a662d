"""Rules for Pods."""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.model.pod import Pod


def check_pod(errors: Errors, pod: Pod) -> None:
    """Check a new Pod."""
    check_metadata(errors, pod.metadata, names.dns_subdomain)
    if not pod.spec.containers:
        errors.required("spec.containers")
    for index, container in enumerate(pod.spec.containers):
        if not container.name:
            errors.required(f"spec.containers[{index}].name")
        else:
            errors.problem(f"spec.containers[{index}].name", container.name, names.dns_label(container.name))
        if not container.image:
            errors.required(f"spec.containers[{index}].image")


def check_pod_update(errors: Errors, new: Pod, old: Pod) -> None:
    """Check a change of a Pod."""
    check_pod(errors, new)
    check_metadata_update(errors, new.metadata, old.metadata)
