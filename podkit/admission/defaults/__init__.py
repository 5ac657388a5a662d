"""Defaults: what an API server fills in where an object says nothing.

``set_defaults(obj)`` returns a new object and leaves the given one alone. The modules beside have one function a kind,
``apply_<kind>_defaults``, which works in place. Applying defaults twice is the same as applying them once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from podkit.admission.defaults.limit_range import apply_limit_range_defaults
from podkit.admission.defaults.pod import apply_pod_defaults
from podkit.admission.defaults.priority_class import apply_priority_class_defaults
from podkit.admission.defaults.service import (
    apply_namespace_defaults,
    apply_node_defaults,
    apply_secret_defaults,
    apply_service_defaults,
)
from podkit.admission.defaults.volume import apply_claim_defaults
from podkit.admission.defaults.workload import (
    apply_cron_job_defaults,
    apply_daemon_set_defaults,
    apply_deployment_defaults,
    apply_job_defaults,
    apply_pod_template_defaults,
    apply_replica_set_defaults,
    apply_replication_controller_defaults,
    apply_stateful_set_defaults,
)
from podkit.model.copying import clone
from podkit.model.meta import KubernetesObject

__all__ = ["apply_defaults", "set_defaults"]

Kind = TypeVar("Kind", bound=KubernetesObject)

_BY_KIND: dict[str, Callable[[Any], None]] = {
    "Pod": apply_pod_defaults,
    "PodTemplate": apply_pod_template_defaults,
    "ReplicationController": apply_replication_controller_defaults,
    "ReplicaSet": apply_replica_set_defaults,
    "Deployment": apply_deployment_defaults,
    "DaemonSet": apply_daemon_set_defaults,
    "StatefulSet": apply_stateful_set_defaults,
    "Job": apply_job_defaults,
    "CronJob": apply_cron_job_defaults,
    "Secret": apply_secret_defaults,
    "PersistentVolumeClaim": apply_claim_defaults,
    "Service": apply_service_defaults,
    "Namespace": apply_namespace_defaults,
    "Node": apply_node_defaults,
    "LimitRange": apply_limit_range_defaults,
    "PriorityClass": apply_priority_class_defaults,
}


def set_defaults(obj: Kind) -> Kind:
    """Return a copy of an object with the API server's defaults filled in; the given object is not changed.

    Example:
        ::

            assert set_defaults(pod).spec.restart_policy == "Always"
    """
    filled = clone(obj)
    apply_defaults(filled)
    return filled


def apply_defaults(obj: KubernetesObject) -> None:
    """Fill in the API server's defaults of an object, in place."""
    apply = _BY_KIND.get(obj.kind)
    if apply is not None:
        apply(obj)
