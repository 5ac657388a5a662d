"""The selector that a Job gets, so that its Pods are its own and nobody else's.

Unless ``manualSelector`` says that the user takes care of it, the Job's uid selects its Pods, and the template carries
the labels for it. Source of the rule: ``pkg/registry/batch/job/strategy.go``, ``generateSelector``.
"""

from __future__ import annotations

from typing import Final

from podkit.model.job import Job
from podkit.model.meta import LabelSelector

UID_LABEL: Final = "batch.kubernetes.io/controller-uid"
NAME_LABEL: Final = "batch.kubernetes.io/job-name"
LEGACY_UID_LABEL: Final = "controller-uid"
LEGACY_NAME_LABEL: Final = "job-name"


def generate_job_selector(job: Job, uid: str) -> None:
    """Give a Job its selector, and its template the labels, in place; what is there already is kept."""
    name = job.metadata.name or ""
    labels = job.spec.template.metadata.labels
    for key, value in (
        (LEGACY_NAME_LABEL, name),
        (NAME_LABEL, name),
        (LEGACY_UID_LABEL, uid),
        (UID_LABEL, uid),
    ):
        labels.setdefault(key, value)
    selector = job.spec.selector = job.spec.selector or LabelSelector()
    selector.match_labels.setdefault(UID_LABEL, uid)
