"""Jobs run Pods to completion; CronJobs make Jobs by the clock."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.meta import LabelSelector, ObjectMeta, ObjectReference
from podkit.model.pod import PodTemplateSpec
from podkit.model.scalars import Int64


@define
class JobSpec:
    """The Kubernetes JobSpec."""

    active_deadline_seconds: Int64 | None = None
    backoff_limit: int | None = None
    backoff_limit_per_index: int | None = None
    completion_mode: str | None = None
    completions: int | None = None
    managed_by: str | None = None
    manual_selector: bool | None = None
    max_failed_indexes: int | None = None
    parallelism: int | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    pod_replacement_policy: str | None = None
    selector: LabelSelector | None = None
    success_policy: SuccessPolicy | None = None
    suspend: bool | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)
    ttl_seconds_after_finished: int | None = None


@define
class JobStatus:
    """The Kubernetes JobStatus."""

    active: int | None = None
    completed_indexes: str | None = None
    completion_time: datetime | None = None
    conditions: list[JobCondition] = field(factory=list, metadata={"merge_key": "type"})
    failed: int | None = None
    failed_indexes: str | None = None
    ready: int | None = None
    start_time: datetime | None = None
    succeeded: int | None = None
    terminating: int | None = None
    uncounted_terminated_pods: UncountedTerminatedPods | None = None


@define
class Job:
    """The Kubernetes Job."""

    api_version: str = field(default="batch/v1", kw_only=True)
    kind: str = field(default="Job", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: JobSpec = field(factory=JobSpec)
    status: JobStatus = field(factory=JobStatus)


@define
class JobCondition:
    """The Kubernetes JobCondition."""

    type: str
    status: str
    last_probe_time: datetime | None = None
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None


@define
class JobTemplateSpec:
    """The Kubernetes JobTemplateSpec."""

    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: JobSpec = field(factory=JobSpec)


@define
class PodFailurePolicy:
    """The Kubernetes PodFailurePolicy."""

    rules: list[PodFailurePolicyRule] = field(factory=list)


@define
class PodFailurePolicyRule:
    """The Kubernetes PodFailurePolicyRule."""

    action: str
    on_exit_codes: PodFailurePolicyOnExitCodesRequirement | None = None
    on_pod_conditions: list[PodFailurePolicyOnPodConditionsPattern] = field(factory=list)


@define
class PodFailurePolicyOnExitCodesRequirement:
    """The Kubernetes PodFailurePolicyOnExitCodesRequirement."""

    operator: str
    container_name: str | None = None
    values: list[int] = field(factory=list)


@define
class PodFailurePolicyOnPodConditionsPattern:
    """The Kubernetes PodFailurePolicyOnPodConditionsPattern."""

    type: str
    status: str | None = None


@define
class SuccessPolicy:
    """The Kubernetes SuccessPolicy."""

    rules: list[SuccessPolicyRule] = field(factory=list)


@define
class SuccessPolicyRule:
    """The Kubernetes SuccessPolicyRule."""

    succeeded_count: int | None = None
    succeeded_indexes: str | None = None


@define
class UncountedTerminatedPods:
    """The Kubernetes UncountedTerminatedPods."""

    failed: list[str] = field(factory=list)
    succeeded: list[str] = field(factory=list)


@define
class CronJobSpec:
    """The Kubernetes CronJobSpec."""

    schedule: str = ""
    concurrency_policy: str | None = None
    failed_jobs_history_limit: int | None = None
    job_template: JobTemplateSpec = field(factory=JobTemplateSpec)
    starting_deadline_seconds: Int64 | None = None
    successful_jobs_history_limit: int | None = None
    suspend: bool | None = None
    time_zone: str | None = None


@define
class CronJobStatus:
    """The Kubernetes CronJobStatus."""

    active: list[ObjectReference] = field(factory=list)
    last_schedule_time: datetime | None = None
    last_successful_time: datetime | None = None


@define
class CronJob:
    """The Kubernetes CronJob."""

    api_version: str = field(default="batch/v1", kw_only=True)
    kind: str = field(default="CronJob", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: CronJobSpec = field(factory=CronJobSpec)
    status: CronJobStatus = field(factory=CronJobStatus)
