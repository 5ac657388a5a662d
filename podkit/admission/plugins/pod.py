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
    """Give a Pod again what the server gave it when it was made, where a change leaves it out.

    An API server refuses a Pod without its node or account. So that a manifest can replace the Pod that was made of it, what the
    manifest never said is taken to be meant as it is.
    """
    priority.keep(spec, old)
    spec.node_name = spec.node_name or old.node_name
    service_account.keep(spec, old)
    default_toleration_seconds.admit(spec)
