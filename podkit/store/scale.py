"""How many Pods an object keeps, seen alone: the ``scale`` subresource.

It is the same view of every kind that keeps a number of Pods, so that whoever changes the number need not know the kind.

Source of the rules: ``pkg/registry/apps/*/storage/storage.go`` (scaleFromDeployment and the like).
"""

from __future__ import annotations

from typing import Any, TypeVar

from podkit.errors import FieldError, ValidationError
from podkit.model.copying import clone
from podkit.model.kinds import Kind
from podkit.model.meta import KubernetesObject, ObjectMeta
from podkit.model.scale import Scale, ScaleSpec, ScaleStatus
from podkit.model.selector import Selector

T = TypeVar("T", bound=KubernetesObject)

SCALED_KINDS = frozenset({"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})
"""The kinds that have a scale."""


def scale_of(obj: Any) -> Scale:
    """The scale of an object."""
    meta = obj.metadata
    return Scale(
        metadata=ObjectMeta(
            name=meta.name,
            namespace=meta.namespace,
            uid=meta.uid,
            resource_version=meta.resource_version,
            creation_timestamp=meta.creation_timestamp,
        ),
        spec=ScaleSpec(replicas=obj.spec.replicas),
        status=ScaleStatus(replicas=obj.status.replicas or 0, selector=_selector(obj)),
    )


def scaled(obj: T, scale: Scale) -> T:
    """The object with the number of Pods, and the preconditions, of a scale; the given one is not changed."""
    if (scale.spec.replicas or 0) < 0:
        error = FieldError("spec.replicas", "Invalid", "must be greater than or equal to 0", scale.spec.replicas)
        raise ValidationError([error], what=f'Scale "{scale.metadata.name}"')
    new: Any = clone(obj)
    new.spec.replicas = scale.spec.replicas or 0
    new.metadata.uid = scale.metadata.uid or obj.metadata.uid
    new.metadata.resource_version = scale.metadata.resource_version
    scaled_object: T = new
    return scaled_object


def has_scale(kind: Kind) -> bool:
    """Whether a kind has a scale."""
    return kind.name in SCALED_KINDS


def _selector(obj: Any) -> str | None:
    """Which Pods are counted, as a label selector."""
    selector = obj.spec.selector
    return str(Selector.of(selector)) if selector else None
