"""The number of Pods that an object keeps, seen alone: the same for every kind that keeps some."""

from __future__ import annotations

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import ObjectMeta


@define
class ScaleSpec:
    """How many Pods are wanted.

    Attributes:
        replicas: how many.
    """

    replicas: int | None = None


@define
class ScaleStatus:
    """How many Pods there are.

    Attributes:
        replicas: how many.
        selector: which Pods are counted, as a label selector.
    """

    replicas: int = 0
    selector: str | None = None


@define
class Scale:
    """The ``scale`` of a Deployment, ReplicaSet, ReplicationController or StatefulSet; no object of its own.

    Attributes:
        api_version: always ``autoscaling/v1``.
        kind: always ``Scale``.
        metadata: name, namespace, uid and resource version of the object whose scale it is.
        spec: what is wanted.
        status: what there is.
    """

    api_version: str = field(default="autoscaling/v1", kw_only=True)
    kind: str = field(default="Scale", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: ScaleSpec = field(factory=ScaleSpec)
    status: ScaleStatus = field(factory=ScaleStatus)
