"""StatefulSets keep Pods with an identity; ControllerRevisions remember templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import define, field

from podkit.model.claim import PersistentVolumeClaim
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import PodTemplateSpec
from podkit.model.scalars import Int64


@define
class StatefulSetSpec:
    """The Kubernetes StatefulSetSpec."""

    min_ready_seconds: int | None = None
    ordinals: StatefulSetOrdinals | None = None
    persistent_volume_claim_retention_policy: StatefulSetPersistentVolumeClaimRetentionPolicy | None = None
    pod_management_policy: str | None = None
    replicas: int | None = None
    revision_history_limit: int | None = None
    selector: LabelSelector | None = None
    service_name: str | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)
    update_strategy: StatefulSetUpdateStrategy | None = None
    volume_claim_templates: list[PersistentVolumeClaim] = field(factory=list)


@define
class StatefulSetStatus:
    """The Kubernetes StatefulSetStatus."""

    replicas: int | None = None
    available_replicas: int | None = None
    collision_count: int | None = None
    conditions: list[StatefulSetCondition] = field(factory=list, metadata={"merge_key": "type"})
    current_replicas: int | None = None
    current_revision: str | None = None
    observed_generation: Int64 | None = None
    ready_replicas: int | None = None
    update_revision: str | None = None
    updated_replicas: int | None = None


@define
class StatefulSet:
    """The Kubernetes StatefulSet."""

    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="StatefulSet", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: StatefulSetSpec = field(factory=StatefulSetSpec)
    status: StatefulSetStatus = field(factory=StatefulSetStatus)


@define
class StatefulSetCondition:
    """The Kubernetes StatefulSetCondition."""

    type: str
    status: str
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None


@define
class StatefulSetUpdateStrategy:
    """The Kubernetes StatefulSetUpdateStrategy."""

    type: str | None = None
    rolling_update: RollingUpdateStatefulSetStrategy | None = None


@define
class RollingUpdateStatefulSetStrategy:
    """The Kubernetes RollingUpdateStatefulSetStrategy."""

    max_unavailable: int | str | None = None
    partition: int | None = None


@define
class StatefulSetOrdinals:
    """The Kubernetes StatefulSetOrdinals."""

    start: int | None = None


@define
class StatefulSetPersistentVolumeClaimRetentionPolicy:
    """The Kubernetes StatefulSetPersistentVolumeClaimRetentionPolicy."""

    when_deleted: str | None = None
    when_scaled: str | None = None


@define
class ControllerRevision:
    """The Kubernetes ControllerRevision."""

    revision: Int64
    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="ControllerRevision", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    data: dict[str, Any] = field(factory=dict)
