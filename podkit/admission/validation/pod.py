"""Rules for new Pods.

Source of the rules: core, ``ValidatePodCreate``, ``validatePodMetadataAndSpec``.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata
from podkit.admission.validation.pod_annotations import check_pod_annotations, check_profiles_agree
from podkit.admission.validation.pod_spec import check_pod_spec
from podkit.model.pod import Pod


def check_pod(errors: Errors, pod: Pod) -> None:
    """Check a new Pod."""
    check_metadata_and_spec(errors, pod)
    if pod.spec.ephemeral_containers:
        errors.forbidden("spec.ephemeralContainers", "cannot be set when the Pod is made; add them to a running Pod")
    if pod.spec.node_name and pod.spec.scheduling_gates:
        errors.forbidden("spec.nodeName", "cannot be set until all schedulingGates are gone")
    check_profiles_agree(errors, "spec", pod.metadata.annotations, pod.spec)


def check_metadata_and_spec(errors: Errors, pod: Pod) -> None:
    """Check what must be right of a Pod at any time."""
    check_metadata(errors, pod.metadata, names.dns_subdomain)
    if pod.metadata.annotations:
        check_pod_annotations(errors, "metadata.annotations", pod.metadata.annotations, pod.spec)
    check_pod_spec(errors, "spec", pod.spec, is_pod=True, pod_name=pod.metadata.name)
    if not pod.spec.service_account_name:
        _check_no_tokens(errors, pod)


def _check_no_tokens(errors: Errors, pod: Pod) -> None:
    for index, volume in enumerate(pod.spec.volumes):
        for number, source in enumerate(volume.projected.sources if volume.projected else ()):
            if source.service_account_token is not None:
                errors.forbidden(
                    f"spec.volumes[{index}].projected.sources[{number}].serviceAccountToken",
                    "needs serviceAccountName",
                )
