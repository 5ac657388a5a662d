"""All plugins that have a say in Pods, in the API server's order."""

from __future__ import annotations

from podkit.admission.plugins import default_toleration_seconds, limit_ranger, priority, runtime_class, service_account
from podkit.admission.plugins.known import Known
from podkit.admission.validation.collect import Errors
from podkit.model.pod import Pod, PodSpec


def admit_pod(errors: Errors, pod: Pod, known: Known) -> None:
    """Fill in what the plugins give a new Pod; note what they refuse."""
    limit_ranger.fill_in(pod, known)
    service_account.admit(pod, known)
    priority.admit(errors, pod.spec, known)
    default_toleration_seconds.admit(pod.spec)
    runtime_class.admit(errors, pod.spec, known)
    limit_ranger.check_pod(errors, pod, known)


def admit_pod_update(spec: PodSpec, old: PodSpec) -> None:
    """Give a Pod again what the plugins gave it when it was made, where a change leaves it out."""
    priority.keep(spec, old)
    default_toleration_seconds.admit(spec)
