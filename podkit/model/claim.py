"""Claims for persistent storage."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.meta import LabelSelector, ObjectMeta, TypedLocalObjectReference, TypedObjectReference
from podkit.model.resources import VolumeResourceRequirements
from podkit.model.scalars import QuantityText


@define
class PersistentVolumeClaimSpec:
    """The Kubernetes PersistentVolumeClaimSpec."""

    access_modes: list[str] = field(factory=list)
    data_source: TypedLocalObjectReference | None = None
    data_source_ref: TypedObjectReference | None = None
    resources: VolumeResourceRequirements | None = None
    selector: LabelSelector | None = None
    storage_class_name: str | None = None
    volume_attributes_class_name: str | None = None
    volume_mode: str | None = None
    volume_name: str | None = None


@define
class PersistentVolumeClaimStatus:
    """The Kubernetes PersistentVolumeClaimStatus."""

    access_modes: list[str] = field(factory=list)
    allocated_resource_statuses: dict[str, str] = field(factory=dict)
    allocated_resources: dict[str, QuantityText] = field(factory=dict)
    capacity: dict[str, QuantityText] = field(factory=dict)
    conditions: list[PersistentVolumeClaimCondition] = field(factory=list, metadata={"merge_key": "type"})
    current_volume_attributes_class_name: str | None = None
    modify_volume_status: ModifyVolumeStatus | None = None
    phase: str | None = None


@define
class PersistentVolumeClaim:
    """The Kubernetes PersistentVolumeClaim."""

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="PersistentVolumeClaim", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: PersistentVolumeClaimSpec = field(factory=PersistentVolumeClaimSpec)
    status: PersistentVolumeClaimStatus = field(factory=PersistentVolumeClaimStatus)


@define
class PersistentVolumeClaimCondition:
    """The Kubernetes PersistentVolumeClaimCondition."""

    type: str
    status: str
    last_probe_time: datetime | None = None
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None


@define
class PersistentVolumeClaimTemplate:
    """The Kubernetes PersistentVolumeClaimTemplate."""

    spec: PersistentVolumeClaimSpec
    metadata: ObjectMeta = field(factory=ObjectMeta)


@define
class ModifyVolumeStatus:
    """The Kubernetes ModifyVolumeStatus."""

    status: str
    target_volume_attributes_class_name: str | None = None
