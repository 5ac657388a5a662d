"""What every object carries: its name, labels, owners; and how objects refer to and select each other."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from attrs import define, field

from podkit.model.scalars import Int64


@define
class ObjectMeta:
    """The Kubernetes ObjectMeta."""

    name: str | None = None
    annotations: dict[str, str] = field(factory=dict)
    creation_timestamp: datetime | None = None
    deletion_grace_period_seconds: Int64 | None = None
    deletion_timestamp: datetime | None = None
    finalizers: list[str] = field(factory=list)
    generate_name: str | None = None
    generation: Int64 | None = None
    labels: dict[str, str] = field(factory=dict)
    managed_fields: list[ManagedFieldsEntry] = field(factory=list)
    namespace: str | None = None
    owner_references: list[OwnerReference] = field(factory=list, metadata={"merge_key": "uid"})
    resource_version: str | None = None
    self_link: str | None = None
    uid: str | None = None


@define
class OwnerReference:
    """The Kubernetes OwnerReference."""

    api_version: str
    kind: str
    name: str
    uid: str
    block_owner_deletion: bool | None = None
    controller: bool | None = None


@define
class ManagedFieldsEntry:
    """The Kubernetes ManagedFieldsEntry."""

    api_version: str | None = None
    fields_type: str | None = None
    fields_v1: dict[str, Any] = field(factory=dict)
    manager: str | None = None
    operation: str | None = None
    subresource: str | None = None
    time: datetime | None = None


@define
class LabelSelector:
    """The Kubernetes LabelSelector."""

    match_expressions: list[LabelSelectorRequirement] = field(factory=list)
    match_labels: dict[str, str] = field(factory=dict)


@define
class LabelSelectorRequirement:
    """The Kubernetes LabelSelectorRequirement."""

    key: str
    operator: str
    values: list[str] = field(factory=list)


@define
class LocalObjectReference:
    """The Kubernetes LocalObjectReference."""

    name: str | None = None


@define
class ObjectReference:
    """The Kubernetes ObjectReference."""

    api_version: str | None = None
    kind: str | None = None
    name: str | None = None
    field_path: str | None = None
    namespace: str | None = None
    resource_version: str | None = None
    uid: str | None = None


@define
class TypedLocalObjectReference:
    """The Kubernetes TypedLocalObjectReference."""

    kind: str
    name: str
    api_group: str | None = None


@define
class TypedObjectReference:
    """The Kubernetes TypedObjectReference."""

    kind: str
    name: str
    api_group: str | None = None
    namespace: str | None = None


@define
class Condition:
    """The Kubernetes Condition."""

    type: str
    status: str
    observed_generation: Int64 | None = None
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None


class KubernetesObject(Protocol):
    """What every kind has in common."""

    api_version: str
    kind: str
    metadata: ObjectMeta
