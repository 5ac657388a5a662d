"""Which kinds something in this cluster acts on: an object on which nothing acts would be accepted in silence, and never run."""

from __future__ import annotations

from podkit.errors import PodkitError
from podkit.model.meta import KubernetesObject

WITHOUT_CONTROLLER = frozenset(
    {"ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "CronJob"}
)
"""The kinds that make Pods in Kubernetes, and have no controller here yet."""


def require_controller(obj: KubernetesObject) -> None:
    """See that something will act on an object.

    Raises:
        PodkitError: it would be stored, and nothing would ever happen.
    """
    if obj.kind in WITHOUT_CONTROLLER:
        raise PodkitError(
            f"{obj.kind} {obj.metadata.name!r} would never run: this version has no controller for its kind; "
            "create Pods or Jobs instead"
        )
