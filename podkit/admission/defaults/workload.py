"""Defaults of the kinds that make Pods.

Source of the rules: ``pkg/apis/{apps,batch}/v1/defaults.go``; ``pkg/apis/core/v1/defaults.go`` for
ReplicationController.
"""

from __future__ import annotations

from podkit.admission.defaults.pod import apply_template_defaults
from podkit.admission.defaults.volume import apply_claim_defaults
from podkit.model.daemonset import DaemonSet, DaemonSetUpdateStrategy, RollingUpdateDaemonSet
from podkit.model.deployment import Deployment, DeploymentStrategy, RollingUpdateDeployment
from podkit.model.job import CronJob, Job, JobSpec
from podkit.model.pod import PodTemplate
from podkit.model.replicaset import ReplicaSet, ReplicationController
from podkit.model.statefulset import (
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetUpdateStrategy,
)

_MAX_INT32 = 2**31 - 1


def apply_pod_template_defaults(template: PodTemplate) -> None:
    """Fill in the defaults of a PodTemplate, in place."""
    apply_template_defaults(template.template)


def apply_replication_controller_defaults(controller: ReplicationController) -> None:
    """Fill in the defaults of a ReplicationController, in place: selector and labels come from its template."""
    spec = controller.spec
    if spec.replicas is None:
        spec.replicas = 1
    if spec.template is not None:
        apply_template_defaults(spec.template)
        labels = spec.template.metadata.labels
        spec.selector = spec.selector or dict(labels)
        controller.metadata.labels = controller.metadata.labels or dict(labels)


def apply_replica_set_defaults(replica_set: ReplicaSet) -> None:
    """Fill in the defaults of a ReplicaSet, in place."""
    if replica_set.spec.replicas is None:
        replica_set.spec.replicas = 1
    apply_template_defaults(replica_set.spec.template)


def apply_deployment_defaults(deployment: Deployment) -> None:
    """Fill in the defaults of a Deployment, in place."""
    spec = deployment.spec
    if spec.replicas is None:
        spec.replicas = 1
    if spec.strategy is None:
        spec.strategy = DeploymentStrategy()
    spec.strategy.type = spec.strategy.type or "RollingUpdate"
    if spec.strategy.type == "RollingUpdate":
        rolling = spec.strategy.rolling_update = spec.strategy.rolling_update or RollingUpdateDeployment()
        if rolling.max_unavailable is None:
            rolling.max_unavailable = "25%"
        if rolling.max_surge is None:
            rolling.max_surge = "25%"
    if spec.revision_history_limit is None:
        spec.revision_history_limit = 10
    if spec.progress_deadline_seconds is None:
        spec.progress_deadline_seconds = 600
    apply_template_defaults(spec.template)


def apply_daemon_set_defaults(daemon_set: DaemonSet) -> None:
    """Fill in the defaults of a DaemonSet, in place."""
    spec = daemon_set.spec
    if spec.update_strategy is None:
        spec.update_strategy = DaemonSetUpdateStrategy()
    spec.update_strategy.type = spec.update_strategy.type or "RollingUpdate"
    if spec.update_strategy.type == "RollingUpdate":
        rolling = spec.update_strategy.rolling_update or RollingUpdateDaemonSet()
        spec.update_strategy.rolling_update = rolling
        if rolling.max_unavailable is None:
            rolling.max_unavailable = 1
        if rolling.max_surge is None:
            rolling.max_surge = 0
    if spec.revision_history_limit is None:
        spec.revision_history_limit = 10
    apply_template_defaults(spec.template)


def apply_stateful_set_defaults(stateful_set: StatefulSet) -> None:
    """Fill in the defaults of a StatefulSet, in place."""
    spec = stateful_set.spec
    spec.pod_management_policy = spec.pod_management_policy or "OrderedReady"
    if spec.update_strategy is None:
        spec.update_strategy = StatefulSetUpdateStrategy()
    strategy = spec.update_strategy
    if not strategy.type:
        strategy.type = "RollingUpdate"
        strategy.rolling_update = strategy.rolling_update or RollingUpdateStatefulSetStrategy()
    rolling = strategy.rolling_update
    if strategy.type == "RollingUpdate" and rolling is not None and rolling.partition is None:
        rolling.partition = 0
    retention = spec.persistent_volume_claim_retention_policy
    if retention is None:
        retention = StatefulSetPersistentVolumeClaimRetentionPolicy()
        spec.persistent_volume_claim_retention_policy = retention
    retention.when_deleted = retention.when_deleted or "Retain"
    retention.when_scaled = retention.when_scaled or "Retain"
    if spec.replicas is None:
        spec.replicas = 1
    if spec.revision_history_limit is None:
        spec.revision_history_limit = 10
    for claim in spec.volume_claim_templates:
        apply_claim_defaults(claim)
    apply_template_defaults(spec.template)


def apply_job_defaults(job: Job) -> None:
    """Fill in the defaults of a Job, in place."""
    spec = job.spec
    if spec.completions is None and spec.parallelism is None:
        spec.completions = 1
    if spec.parallelism is None:
        spec.parallelism = 1
    if spec.backoff_limit is None:
        # With a limit per index the limit of the whole Job would only stand in its way.
        spec.backoff_limit = 6 if spec.backoff_limit_per_index is None else _MAX_INT32
    job.metadata.labels = job.metadata.labels or dict(spec.template.metadata.labels)
    if spec.completion_mode is None:
        spec.completion_mode = "NonIndexed"
    if spec.suspend is None:
        spec.suspend = False
    if spec.pod_replacement_policy is None:
        spec.pod_replacement_policy = "TerminatingOrFailed" if spec.pod_failure_policy is None else "Failed"
    if spec.manual_selector is None:
        spec.manual_selector = False
    _apply_job_spec_defaults(spec)


def _apply_job_spec_defaults(spec: JobSpec) -> None:
    """Fill in what the template of a CronJob has too: the rest is filled in when the Job is made of it."""
    apply_template_defaults(spec.template)
    for rule in spec.pod_failure_policy.rules if spec.pod_failure_policy else ():
        for pattern in rule.on_pod_conditions:
            pattern.status = pattern.status or "True"


def apply_cron_job_defaults(cron_job: CronJob) -> None:
    """Fill in the defaults of a CronJob, in place."""
    spec = cron_job.spec
    spec.concurrency_policy = spec.concurrency_policy or "Allow"
    if spec.suspend is None:
        spec.suspend = False
    if spec.successful_jobs_history_limit is None:
        spec.successful_jobs_history_limit = 3
    if spec.failed_jobs_history_limit is None:
        spec.failed_jobs_history_limit = 1
    _apply_job_spec_defaults(spec.job_template.spec)
