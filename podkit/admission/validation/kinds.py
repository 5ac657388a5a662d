"""Which rules hold for which kind.

One entry a kind, and one function each for what may be done to its objects; this is where a reader starts who looks for
the rules of a kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from podkit.admission.validation import (
    claim,
    config,
    cronjob,
    daemonset,
    deployment,
    event,
    job,
    limit_range,
    node,
    pod,
    pod_status,
    pod_update,
    priority_class,
    replicaset,
    runtime_class,
    service,
    service_account,
    statefulset,
    status,
    template,
)
from podkit.admission.validation.collect import Errors
from podkit.model.meta import KubernetesObject


@frozen
class Rules:
    """The rules for one kind.

    Attributes:
        create: checks a new object.
        update: checks a change from an old to a new object.
        status: checks a change of the status; the status has no rules where there is none.
    """

    create: Callable[[Errors, Any], None]
    update: Callable[[Errors, Any, Any], None]
    status: Callable[[Errors, Any, Any], None] = status.check_metadata_only


RULES: Final[dict[str, Rules]] = {
    "Pod": Rules(pod.check_pod, pod_update.check_pod_update, pod_status.check_pod_status),
    "PodTemplate": Rules(template.check_pod_template, template.check_pod_template_update),
    "ReplicationController": Rules(
        replicaset.check_replication_controller,
        replicaset.check_replication_controller_update,
        status.check_replica_status,
    ),
    "ReplicaSet": Rules(replicaset.check_replica_set, replicaset.check_replica_set_update, status.check_replica_status),
    "Deployment": Rules(
        deployment.check_deployment, deployment.check_deployment_update, status.check_deployment_status
    ),
    "DaemonSet": Rules(daemonset.check_daemon_set, daemonset.check_daemon_set_update, status.check_daemon_set_status),
    "StatefulSet": Rules(
        statefulset.check_stateful_set,
        statefulset.check_stateful_set_update,
        status.check_stateful_set_status,
    ),
    "ControllerRevision": Rules(statefulset.check_controller_revision, statefulset.check_controller_revision_update),
    "Job": Rules(job.check_job, job.check_job_update, status.check_job_status),
    "CronJob": Rules(cronjob.check_cron_job, cronjob.check_cron_job_update),
    "ConfigMap": Rules(config.check_config_map, config.check_config_map_update),
    "Secret": Rules(config.check_secret, config.check_secret_update),
    "PersistentVolumeClaim": Rules(claim.check_claim, claim.check_claim_update),
    "Service": Rules(service.check_service, service.check_service_update),
    "Node": Rules(node.check_node, node.check_node_update, node.check_node_update),
    "Namespace": Rules(node.check_namespace, node.check_namespace_update),
    "Event": Rules(event.check_event, event.check_event_update),
    "LimitRange": Rules(limit_range.check_limit_range, limit_range.check_limit_range_update),
    "ServiceAccount": Rules(service_account.check_service_account, service_account.check_service_account_update),
    "PriorityClass": Rules(priority_class.check_priority_class, priority_class.check_priority_class_update),
    "RuntimeClass": Rules(runtime_class.check_runtime_class, runtime_class.check_runtime_class_update),
}


def rules_for(obj: KubernetesObject) -> Rules:
    """Return the rules for the kind of an object."""
    return RULES[obj.kind]
