"""DaemonSets keep one Pod on every eligible Node."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import PodTemplateSpec
from podkit.model.scalars import Int64


@define
class DaemonSetSpec:
    """The Kubernetes DaemonSetSpec."""

    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)
    update_strategy: DaemonSetUpdateStrategy | None = None


@define
class DaemonSetStatus:
    """The Kubernetes DaemonSetStatus."""

    current_number_scheduled: int | None = None
    desired_number_scheduled: int | None = None
    number_misscheduled: int | None = None
    number_ready: int | None = None
    collision_count: int | None = None
    conditions: list[DaemonSetCondition] = field(factory=list, metadata={"merge_key": "type"})
    number_available: int | None = None
    number_unavailable: int | None = None
    observed_generation: Int64 | None = None
    updated_number_scheduled: int | None = None


@define
class DaemonSet:
    """The Kubernetes DaemonSet."""

    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="DaemonSet", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: DaemonSetSpec = field(factory=DaemonSetSpec)
    status: DaemonSetStatus = field(factory=DaemonSetStatus)


@define
class DaemonSetCondition:
    """The Kubernetes DaemonSetCondition."""

    type: str
    status: str
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None


@define
class DaemonSetUpdateStrategy:
    """The Kubernetes DaemonSetUpdateStrategy."""

    type: str | None = None
    rolling_update: RollingUpdateDaemonSet | None = None


@define
class RollingUpdateDaemonSet:
    """The Kubernetes RollingUpdateDaemonSet."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None
