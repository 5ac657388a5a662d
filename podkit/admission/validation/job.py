"""Rules for Jobs, and for the Job templates of CronJobs.

Source of the rules: batch, ``ValidateJob``, ``validateJobSpec``, ``ValidateJobUpdate``.
"""

from __future__ import annotations

from attrs import evolve

from podkit.admission.job_selector import (
    LEGACY_NAME_LABEL,
    LEGACY_UID_LABEL,
    NAME_LABEL,
    UID_LABEL,
    generate_job_selector,
)
from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.difference import same
from podkit.admission.validation.job_policy import check_failure_policy, check_success_policy
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.admission.validation.selector import check_label_selector, check_selects_template, compiled
from podkit.admission.validation.template import check_template
from podkit.model.conditions import is_true
from podkit.model.copying import clone
from podkit.model.job import Job, JobSpec, JobTemplateSpec
from podkit.model.pod import PodTemplateSpec
from podkit.model.scheduling import Affinity

_COMPLETION_MODES = frozenset({"NonIndexed", "Indexed"})
_REPLACEMENT_POLICIES = frozenset({"Failed", "TerminatingOrFailed"})
_RESTART_POLICIES = frozenset({"OnFailure", "Never"})
_MAX_INDEXED_PARALLELISM = 100_000
_MAX_FAILED_INDEXES = 100_000
_MANY_COMPLETIONS = 100_000
_MAX_WITH_MANY_COMPLETIONS = 10_000
_MAX_MANAGED_BY = 63
_UID_TO_COME = "to-be-made"


def check_job(errors: Errors, job: Job) -> None:
    """Check a new Job."""
    job = _with_selector(job)
    check_metadata(errors, job.metadata, names.dns_subdomain)
    _check_generated_selector(errors, job)
    _check_spec_and_selector(errors, job.spec)
    _check_pod_names(errors, job)


def _with_selector(job: Job) -> Job:
    """Return the Job as the server would have it: with the selector that it makes."""
    if job.spec.manual_selector or (job.spec.selector is not None and job.metadata.uid):
        return job
    whole = clone(job)
    whole.metadata.uid = whole.metadata.uid or _UID_TO_COME
    generate_job_selector(whole, whole.metadata.uid)
    return whole


def _check_generated_selector(errors: Errors, job: Job) -> None:
    """Labels that the user has given may not be in the way of those that the server makes."""
    if job.spec.manual_selector or job.spec.selector is None:
        return
    uid, name = job.metadata.uid or "", job.metadata.name or ""
    expected = {LEGACY_UID_LABEL: uid, LEGACY_NAME_LABEL: name, UID_LABEL: uid, NAME_LABEL: name}
    labels = job.spec.template.metadata.labels
    for key, value in expected.items():
        if labels.get(key) != value:
            at = f"spec.template.metadata.labels[{key}]"
            if key not in labels:
                errors.required(at, f"must be {value!r}")
            else:
                errors.invalid(at, labels[key], f"must be {value!r}")
    matcher = compiled(job.spec.selector)
    if matcher is not None and not matcher.matches(expected):
        errors.invalid("spec.selector", str(matcher), "is made by the server, unless manualSelector is true")


def _check_spec_and_selector(errors: Errors, spec: JobSpec) -> None:
    check_job_spec(errors, "spec", spec)
    if spec.selector is None:
        errors.required("spec.selector")
    else:
        check_label_selector(errors, "spec.selector", spec.selector)
    check_selects_template(errors, "spec.template", spec.selector, spec.template.metadata.labels)


def _check_pod_names(errors: Errors, job: Job) -> None:
    """The Pods of an Indexed Job have hostnames of its name and their index."""
    completions = job.spec.completions or 0
    if job.spec.completion_mode == "Indexed" and completions > 0 and job.metadata.name:
        hostname = f"{job.metadata.name}-{completions - 1}"
        if names.dns_label(hostname) is not None:
            errors.invalid("metadata.name", job.metadata.name, f"{hostname} cannot be the hostname of a Pod")


def check_job_template(errors: Errors, path: str, template: JobTemplateSpec) -> None:
    """Check the template that a CronJob makes Jobs from."""
    spec = template.spec
    check_job_spec(errors, f"{path}.spec", spec)
    if spec.selector is not None:
        errors.invalid(f"{path}.spec.selector", "", "is made for each Job")
    if spec.manual_selector:
        errors.not_supported(f"{path}.spec.manualSelector", "true", ["false"])


def check_job_spec(errors: Errors, path: str, spec: JobSpec) -> None:
    """Check what Jobs and Job templates have in common."""
    for name, number in (
        ("parallelism", spec.parallelism),
        ("completions", spec.completions),
        ("activeDeadlineSeconds", spec.active_deadline_seconds),
        ("backoffLimit", spec.backoff_limit),
        ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index),
        ("maxFailedIndexes", spec.max_failed_indexes),
    ):
        errors.non_negative(f"{path}.{name}", number)
    if spec.max_failed_indexes is not None and spec.backoff_limit_per_index is None:
        errors.required(f"{path}.backoffLimitPerIndex", "maxFailedIndexes needs it")
    if spec.managed_by is not None:
        errors.problem(f"{path}.managedBy", spec.managed_by, names.domain_prefixed_path(spec.managed_by))
        if len(spec.managed_by.encode()) > _MAX_MANAGED_BY:
            errors.too_long(f"{path}.managedBy", spec.managed_by, _MAX_MANAGED_BY)
    errors.optional_member(f"{path}.completionMode", spec.completion_mode, _COMPLETION_MODES)
    if spec.completion_mode == "Indexed":
        _check_indexed(errors, path, spec)
    elif spec.completion_mode in (None, "NonIndexed"):
        _check_not_indexed(errors, path, spec)
    if spec.pod_failure_policy is not None:
        check_failure_policy(errors, f"{path}.podFailurePolicy", spec.pod_failure_policy, spec)
    if spec.success_policy is not None:
        check_success_policy(errors, f"{path}.successPolicy", spec.success_policy, spec)
    _check_replacement_policy(errors, f"{path}.podReplacementPolicy", spec)
    check_template(errors, f"{path}.template", spec.template)
    _check_template_restart_policy(errors, f"{path}.template.spec.restartPolicy", spec)


def _check_indexed(errors: Errors, path: str, spec: JobSpec) -> None:
    if spec.completions is None:
        errors.required(f"{path}.completions", "an Indexed Job needs completions")
    parallelism, failed = spec.parallelism or 0, spec.max_failed_indexes
    if parallelism > _MAX_INDEXED_PARALLELISM:
        errors.invalid(f"{path}.parallelism", parallelism, f"may be {_MAX_INDEXED_PARALLELISM} at most")
    if failed is not None:
        if spec.completions is not None and failed > spec.completions:
            errors.invalid(f"{path}.maxFailedIndexes", failed, "must be less than or equal to completions")
        if failed > _MAX_FAILED_INDEXES:
            errors.invalid(f"{path}.maxFailedIndexes", failed, f"may be {_MAX_FAILED_INDEXES} at most")
    if spec.backoff_limit_per_index is None or (spec.completions or 0) <= _MANY_COMPLETIONS:
        return
    limit = f"may be {_MAX_WITH_MANY_COMPLETIONS} at most with more than {_MANY_COMPLETIONS} completions"
    if failed is None:
        errors.required(f"{path}.maxFailedIndexes", f"more than {_MANY_COMPLETIONS} completions need it")
    elif failed > _MAX_WITH_MANY_COMPLETIONS:
        errors.invalid(f"{path}.maxFailedIndexes", failed, limit)
    if parallelism > _MAX_WITH_MANY_COMPLETIONS:
        errors.invalid(f"{path}.parallelism", parallelism, limit)


def _check_not_indexed(errors: Errors, path: str, spec: JobSpec) -> None:
    for name, number in (
        ("backoffLimitPerIndex", spec.backoff_limit_per_index),
        ("maxFailedIndexes", spec.max_failed_indexes),
    ):
        if number is not None:
            errors.invalid(f"{path}.{name}", number, "needs completionMode: Indexed")


def _check_replacement_policy(errors: Errors, path: str, spec: JobSpec) -> None:
    """With a failure policy a Pod is replaced only when it is known how it has failed."""
    policies = _REPLACEMENT_POLICIES if spec.pod_failure_policy is None else frozenset({"Failed"})
    errors.optional_member(path, spec.pod_replacement_policy, policies)


def _check_template_restart_policy(errors: Errors, path: str, spec: JobSpec) -> None:
    policy = spec.template.spec.restart_policy
    if policy in (None, "", "Always"):
        errors.required(path, "the template of a Job must say OnFailure or Never")
    elif policy not in _RESTART_POLICIES:
        errors.not_supported(path, policy, _RESTART_POLICIES)
    elif spec.pod_failure_policy is not None and policy != "Never":
        errors.invalid(path, policy, "must be Never when there is a podFailurePolicy")


def check_job_update(errors: Errors, new: Job, old: Job) -> None:
    """Check a change of a Job: what decides about finished Pods may not change."""
    new, old = _with_selector(new), _with_selector(old)
    check_metadata_update(errors, new.metadata, old.metadata)
    check_metadata(errors, new.metadata, names.dns_subdomain)
    _check_spec_and_selector(errors, new.spec)
    _check_completions_update(errors, "spec.completions", new.spec, old.spec)
    allowed = _with_allowed_changes(new.spec.template, old)
    for name, now, before in (
        ("selector", new.spec.selector, old.spec.selector),
        ("template", new.spec.template, allowed),
        ("completionMode", new.spec.completion_mode, old.spec.completion_mode),
        ("podFailurePolicy", new.spec.pod_failure_policy, old.spec.pod_failure_policy),
        ("backoffLimitPerIndex", new.spec.backoff_limit_per_index, old.spec.backoff_limit_per_index),
        ("managedBy", new.spec.managed_by, old.spec.managed_by),
        ("successPolicy", new.spec.success_policy, old.spec.success_policy),
    ):
        if not same(now, before):
            errors.invalid(f"spec.{name}", now, "the field is immutable")


def _check_completions_update(errors: Errors, path: str, new: JobSpec, old: JobSpec) -> None:
    """The completions of an Indexed Job may change together with its parallelism."""
    if new.completions == old.completions:
        return
    if new.completion_mode != "Indexed":
        errors.invalid(path, new.completions, "the field is immutable")
    elif new.completions is not None and new.completions != new.parallelism:
        errors.invalid(path, new.completions, "may change only to the same number as spec.parallelism")


def _with_allowed_changes(new: PodTemplateSpec, old: Job) -> PodTemplateSpec:
    """Return the old template; where the Job is suspended, with the new placement and resources of the Pods."""
    template = old.spec.template
    if not old.spec.suspend or not _is_at_rest(old):
        return template
    before, now = template.spec, new.spec
    affinity = before.affinity
    if now.affinity is not None:
        affinity = evolve(before.affinity or Affinity(), node_affinity=now.affinity.node_affinity)
    elif affinity is not None:
        rest = evolve(affinity, node_affinity=None)
        affinity = None if rest == Affinity() else rest
    spec = evolve(
        before,
        affinity=affinity,
        node_selector=now.node_selector,
        tolerations=now.tolerations,
        scheduling_gates=now.scheduling_gates,
    )
    if len(now.containers) == len(before.containers):
        spec.containers = [
            evolve(container, resources=now.containers[index].resources)
            for index, container in enumerate(before.containers)
        ]
    if len(now.init_containers) == len(before.init_containers):
        spec.init_containers = [
            evolve(container, resources=now.init_containers[index].resources)
            for index, container in enumerate(before.init_containers)
        ]
    metadata = evolve(template.metadata, labels=new.metadata.labels, annotations=new.metadata.annotations)
    return evolve(template, metadata=metadata, spec=spec)


def _is_at_rest(job: Job) -> bool:
    """Return whether a suspended Job has no Pods: it has not started, or has been suspended completely."""
    if job.status.start_time is None:
        return True
    suspended = is_true(job.status.conditions, "Suspended")
    return suspended and not job.status.active
