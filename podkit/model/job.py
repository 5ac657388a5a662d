"""Jobs run Pods to completion; CronJobs make Jobs by the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, Self, TypeAlias, Unpack

from attrs import field

from podkit.model.container import Container, SetOperator
from podkit.model.definition import define
from podkit.model.meta import LabelSelector, ObjectMeta, ObjectReference
from podkit.model.pod import PodOptions, PodTemplateSpec, RestartPolicy
from podkit.model.scalars import Int64

CompletionMode: TypeAlias = Literal["NonIndexed", "Indexed"]
"""Whether all successes of a Job are equal, or each index must succeed."""

PodReplacementPolicy: TypeAlias = Literal["TerminatingOrFailed", "Failed"]
"""When a Pod of a Job is replaced: once it is being deleted, or once it has ended."""

PodFailurePolicyAction: TypeAlias = Literal["FailJob", "FailIndex", "Ignore", "Count"]
"""What the failure of a Pod means for its Job."""

ConcurrencyPolicy: TypeAlias = Literal["Allow", "Forbid", "Replace"]
"""What happens when a Job is due and the last one still runs."""


@define
class JobSpec:
    """How often Pods must succeed, how many run at once, and what counts as failure.

    Attributes:
        completions: how many Pods must succeed; absent: the Job is done when one has succeeded and none runs.
            Default: 1 if ``parallelism`` is absent too.
        parallelism: how many Pods run at once at most. Default: 1.
        completion_mode: whether all successes are equal, or each index from 0 must succeed. Default: NonIndexed.
        backoff_limit: failures after which the Job has failed. Default: 6, or no limit with
            ``backoff_limit_per_index``.
        backoff_limit_per_index: failures of one index after which that index has failed; only for Indexed.
        max_failed_indexes: failed indexes after which the Job has failed. Default: only when all are done.
        active_deadline_seconds: seconds after its start at which the Job fails if it still runs. Default: never.
        ttl_seconds_after_finished: seconds after its end at which the Job is deleted. Default: never.
        suspend: whether no Pods are to run now. Default: false.
        pod_failure_policy: which failures of Pods count, end the Job, or are ignored.
        success_policy: when an Indexed Job has succeeded before all indexes have.
        pod_replacement_policy: whether a Pod is replaced once it is being deleted, or once it has ended.
            Default: TerminatingOrFailed, or Failed with a failure policy.
        managed_by: the controller that runs the Job, if it is not the usual one.
        manual_selector: whether ``selector`` is given by the user. Default: false.
        selector: the Pods that belong to it; normally made up by the system.
        template: the Pods that are made; the restart policy must be OnFailure or Never.
    """

    completions: int | None = None
    parallelism: int | None = None
    completion_mode: CompletionMode | None = None
    backoff_limit: int | None = None
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    active_deadline_seconds: Int64 | None = None
    ttl_seconds_after_finished: int | None = None
    suspend: bool | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    success_policy: SuccessPolicy | None = None
    pod_replacement_policy: PodReplacementPolicy | None = None
    managed_by: str | None = None
    manual_selector: bool | None = None
    selector: LabelSelector | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)


@define
class JobStatus:
    """How far a Job is.

    Attributes:
        start_time: when the controller first took it up, or it was resumed.
        completion_time: when it succeeded; absent if it failed.
        active: Pods that are pending or running and not being deleted.
        ready: those that are ready.
        terminating: Pods that are being deleted and have not ended.
        succeeded: Pods that have succeeded.
        failed: Pods that have failed.
        completed_indexes: the indexes that have succeeded, such as ``0,2-4``; only for Indexed.
        failed_indexes: the indexes that have failed; only with a limit for each index.
        conditions: the state, aspect by aspect.
        uncounted_terminated_pods: Pods that have ended and are not in the numbers yet.
    """

    start_time: datetime | None = None
    completion_time: datetime | None = None
    active: int | None = None
    ready: int | None = None
    terminating: int | None = None
    succeeded: int | None = None
    failed: int | None = None
    completed_indexes: str | None = None
    failed_indexes: str | None = None
    conditions: list[JobCondition] = field(factory=list, metadata={"merge_key": "type"})
    uncounted_terminated_pods: UncountedTerminatedPods | None = None


@define
class Job:
    """Runs Pods until enough of them have succeeded.

    Attributes:
        api_version: always ``batch/v1``.
        kind: always ``Job``.
        metadata: name, labels and so on.
        spec: what is to be done.
        status: how far it is.

    Example:
        ::

            main = Container("main", image="busybox", command=["true"])
            Job.new("work", containers=[main], completions=10, parallelism=3, backoff_limit=2)
    """

    api_version: str = field(default="batch/v1", kw_only=True)
    kind: str = field(default="Job", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: JobSpec = field(factory=JobSpec)
    status: JobStatus = field(factory=JobStatus)

    @classmethod
    def new(
        cls,
        name: str,
        *,
        containers: Iterable[Container],
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        completions: int | None = None,
        parallelism: int | None = None,
        completion_mode: CompletionMode | None = None,
        backoff_limit: int | None = None,
        active_deadline_seconds: int | None = None,
        ttl_seconds_after_finished: int | None = None,
        restart_policy: RestartPolicy = "OnFailure",
        **options: Unpack[PodOptions],
    ) -> Self:
        """A Job, written in short.

        Args:
            name: its name.
            containers: the containers of its Pods.
            namespace: its namespace. Default: default.
            labels: the labels of it and of its Pods.
            annotations: its annotations.
            completions: how many Pods must succeed. Default: 1.
            parallelism: how many run at once. Default: 1.
            completion_mode: whether each index must succeed. Default: NonIndexed.
            backoff_limit: failures after which the Job has failed. Default: 6.
            active_deadline_seconds: seconds after its start at which it fails if it still runs. Default: never.
            ttl_seconds_after_finished: seconds after its end at which it is deleted. Default: never.
            restart_policy: whether a container that fails starts again in its Pod (``OnFailure``), or another Pod is
                made (``Never``).
            **options: any other field of PodSpec.
        """
        spec = JobSpec(
            completions=completions,
            parallelism=parallelism,
            completion_mode=completion_mode,
            backoff_limit=backoff_limit,
            active_deadline_seconds=active_deadline_seconds,
            ttl_seconds_after_finished=ttl_seconds_after_finished,
            template=PodTemplateSpec.of(containers, labels, restart_policy, **options),
        )
        return cls(metadata=ObjectMeta.of(name, namespace, labels, annotations), spec=spec)


@define
class JobCondition:
    """One aspect of a Job's state.

    Attributes:
        type: the aspect: ``Complete``, ``Failed``, ``Suspended``, ``FailureTarget`` or ``SuccessCriteriaMet``.
        status: ``True``, ``False`` or ``Unknown``.
        last_probe_time: when the aspect was looked at last.
        last_transition_time: when ``status`` changed last.
        reason: one word, in CamelCase, for why it is so.
        message: the same in words for people.
    """

    type: str
    status: str
    last_probe_time: datetime | None = None
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None


@define
class JobTemplateSpec:
    """The Jobs that a CronJob makes.

    Attributes:
        metadata: the labels and annotations that they get.
        spec: what they do.
    """

    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: JobSpec = field(factory=JobSpec)


@define
class PodFailurePolicy:
    """What failures of a Job's Pods mean.

    Attributes:
        rules: the rules, at most 20; the first that matches decides, and without one the failure counts.

    Example:
        ::

            on_codes = PodFailurePolicyOnExitCodesRequirement(operator="In", values=[42])
            policy = PodFailurePolicy([PodFailurePolicyRule(action="FailJob", on_exit_codes=on_codes)])
            job = Job.new("work", containers=[Container("main", image="busybox")], restart_policy="Never")
            job.spec.pod_failure_policy = policy
    """

    rules: list[PodFailurePolicyRule] = field(factory=list)


@define
class PodFailurePolicyRule:
    """What a failure of a certain kind means.

    Attributes:
        action: what it means.
        on_exit_codes: the exit codes that the rule is for.
        on_pod_conditions: the conditions of Pods that the rule is for.
    """

    action: PodFailurePolicyAction
    on_exit_codes: PodFailurePolicyOnExitCodesRequirement | None = None
    on_pod_conditions: list[PodFailurePolicyOnPodConditionsPattern] = field(factory=list)


@define
class PodFailurePolicyOnExitCodesRequirement:
    """Exit codes of containers.

    Attributes:
        operator: whether the exit code must be among the values or must not.
        container_name: the container. Default: any.
        values: the exit codes, at most 255 of them.
    """

    operator: SetOperator
    container_name: str | None = None
    values: list[int] = field(factory=list)


@define
class PodFailurePolicyOnPodConditionsPattern:
    """A condition of a Pod.

    Attributes:
        type: its type.
        status: its status. Default: True.
    """

    type: str
    status: str | None = None


@define
class SuccessPolicy:
    """When an Indexed Job has succeeded.

    Attributes:
        rules: the rules, at most 20, of which one must hold.
    """

    rules: list[SuccessPolicyRule] = field(factory=list)


@define
class SuccessPolicyRule:
    """Which or how many indexes must succeed; at least one of the two is given.

    Attributes:
        succeeded_indexes: the indexes, such as ``0,2-4``. Default: any.
        succeeded_count: how many of them. Default: all.
    """

    succeeded_indexes: str | None = None
    succeeded_count: int | None = None


@define
class UncountedTerminatedPods:
    """Pods that have ended and are not in the Job's numbers yet.

    Attributes:
        succeeded: the uids of those that succeeded.
        failed: the uids of those that failed.
    """

    succeeded: list[str] = field(factory=list)
    failed: list[str] = field(factory=list)


@define
class CronJobSpec:
    """When Jobs are made, and which.

    Attributes:
        schedule: minute, hour, day of month, month, day of week; such as ``*/5 * * * *`` or ``@daily``.
        time_zone: the time zone of the schedule, such as ``Europe/Berlin``. Default: that of the process.
        starting_deadline_seconds: seconds by which a start may be late; later it is skipped. Default: any.
        concurrency_policy: what happens when the last Job still runs. Default: Allow.
        suspend: whether no Jobs are to start now. Default: false.
        successful_jobs_history_limit: Jobs that succeeded which are kept. Default: 3.
        failed_jobs_history_limit: Jobs that failed which are kept. Default: 1.
        job_template: the Jobs that are made.
    """

    schedule: str = ""
    time_zone: str | None = None
    starting_deadline_seconds: Int64 | None = None
    concurrency_policy: ConcurrencyPolicy | None = None
    suspend: bool | None = None
    successful_jobs_history_limit: int | None = None
    failed_jobs_history_limit: int | None = None
    job_template: JobTemplateSpec = field(factory=JobTemplateSpec)


@define
class CronJobStatus:
    """What a CronJob has done.

    Attributes:
        active: the Jobs that run.
        last_schedule_time: when a Job was due last.
        last_successful_time: when a Job succeeded last.
    """

    active: list[ObjectReference] = field(factory=list)
    last_schedule_time: datetime | None = None
    last_successful_time: datetime | None = None


@define
class CronJob:
    """Makes Jobs by the clock.

    Attributes:
        api_version: always ``batch/v1``.
        kind: always ``CronJob``.
        metadata: name, labels and so on; the name may have 52 characters.
        spec: when and what.
        status: what it has done.

    Example:
        ::

            main = Container("main", image="busybox", command=["true"])
            CronJob.new("nightly", "0 3 * * *", containers=[main], restart_policy="OnFailure")
    """

    api_version: str = field(default="batch/v1", kw_only=True)
    kind: str = field(default="CronJob", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: CronJobSpec = field(factory=CronJobSpec)
    status: CronJobStatus = field(factory=CronJobStatus)

    @classmethod
    def new(
        cls,
        name: str,
        schedule: str,
        *,
        containers: Iterable[Container],
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        time_zone: str | None = None,
        concurrency_policy: ConcurrencyPolicy | None = None,
        suspend: bool | None = None,
        restart_policy: RestartPolicy = "OnFailure",
        **options: Unpack[PodOptions],
    ) -> Self:
        """A CronJob, written in short.

        Args:
            name: its name.
            schedule: when, such as ``*/5 * * * *`` or ``@daily``.
            containers: the containers of its Pods.
            namespace: its namespace. Default: default.
            labels: the labels of it, of its Jobs and of their Pods.
            annotations: its annotations.
            time_zone: the time zone of the schedule. Default: that of the process.
            concurrency_policy: what happens when the last Job still runs. Default: Allow.
            suspend: whether no Jobs are to start now. Default: false.
            restart_policy: whether a container that fails starts again in its Pod (``OnFailure``), or another Pod is
                made (``Never``).
            **options: any other field of PodSpec.
        """
        template = PodTemplateSpec.of(containers, labels, restart_policy, **options)
        spec = CronJobSpec(
            schedule=schedule,
            time_zone=time_zone,
            concurrency_policy=concurrency_policy,
            suspend=suspend,
            job_template=JobTemplateSpec(ObjectMeta(labels=dict(labels or {})), JobSpec(template=template)),
        )
        return cls(metadata=ObjectMeta.of(name, namespace, labels, annotations), spec=spec)
