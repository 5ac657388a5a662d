"""ReplicaSets and ReplicationControllers keep a number of equal Pods."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import PodTemplateSpec
from podkit.model.scalars import Int64


@define
class ReplicaSetSpec:
    """The Kubernetes ReplicaSetSpec."""

    min_ready_seconds: int | None = None
    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)


@define
class ReplicaSetStatus:
    """The Kubernetes ReplicaSetStatus."""

    replicas: int | None = None
    available_replicas: int | None = None
    conditions: list[ReplicaSetCondition] = field(factory=list, metadata={"merge_key": "type"})
    fully_labeled_replicas: int | None = None
    observed_generation: Int64 | None = None
    ready_replicas: int | None = None
    terminating_replicas: int | None = None


@define
class ReplicaSet:
    """The Kubernetes ReplicaSet."""

    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="ReplicaSet", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: ReplicaSetSpec = field(factory=ReplicaSetSpec)
    status: ReplicaSetStatus = field(factory=ReplicaSetStatus)


@define
class ReplicaSetCondition:
    """The Kubernetes ReplicaSetCondition."""

    type: str
    status: str
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None


@define
class ReplicationControllerSpec:
    """The Kubernetes ReplicationControllerSpec."""

    replicas: int | None = None
    min_ready_seconds: int | None = None
    selector: dict[str, str] = field(factory=dict)
    template: PodTemplateSpec | None = None


@define
class ReplicationControllerStatus:
    """The Kubernetes ReplicationControllerStatus."""

    replicas: int | None = None
    fully_labeled_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    observed_generation: Int64 | None = None
    conditions: list[ReplicationControllerCondition] = field(factory=list, metadata={"merge_key": "type"})


@define
class ReplicationController:
    """The Kubernetes ReplicationController."""

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="ReplicationController", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: ReplicationControllerSpec = field(factory=ReplicationControllerSpec)
    status: ReplicationControllerStatus = field(factory=ReplicationControllerStatus)


@define
class ReplicationControllerCondition:
    """The Kubernetes ReplicationControllerCondition."""

    type: str
    status: str
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None
