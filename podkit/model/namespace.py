"""Namespaces keep names apart."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.meta import ObjectMeta


@define
class NamespaceSpec:
    """The Kubernetes NamespaceSpec."""

    finalizers: list[str] = field(factory=list)


@define
class NamespaceStatus:
    """The Kubernetes NamespaceStatus."""

    phase: str | None = None
    conditions: list[NamespaceCondition] = field(factory=list, metadata={"merge_key": "type"})


@define
class Namespace:
    """The Kubernetes Namespace."""

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Namespace", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: NamespaceSpec = field(factory=NamespaceSpec)
    status: NamespaceStatus = field(factory=NamespaceStatus)


@define
class NamespaceCondition:
    """The Kubernetes NamespaceCondition."""

    type: str
    status: str
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None
