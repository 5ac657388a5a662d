"""Deployments roll from one ReplicaSet to the next."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import PodTemplateSpec
from podkit.model.scalars import Int64


@define
class DeploymentSpec:
    """The Kubernetes DeploymentSpec."""

    min_ready_seconds: int | None = None
    paused: bool | None = None
    progress_deadline_seconds: int | None = None
    replicas: int | None = None
    revision_history_limit: int | None = None
    selector: LabelSelector | None = None
    strategy: DeploymentStrategy | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)


@define
class DeploymentStatus:
    """The Kubernetes DeploymentStatus."""

    available_replicas: int | None = None
    collision_count: int | None = None
    conditions: list[DeploymentCondition] = field(factory=list, metadata={"merge_key": "type"})
    observed_generation: Int64 | None = None
    ready_replicas: int | None = None
    replicas: int | None = None
    terminating_replicas: int | None = None
    unavailable_replicas: int | None = None
    updated_replicas: int | None = None


@define
class Deployment:
    """The Kubernetes Deployment."""

    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="Deployment", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: DeploymentSpec = field(factory=DeploymentSpec)
    status: DeploymentStatus = field(factory=DeploymentStatus)


@define
class DeploymentCondition:
    """The Kubernetes DeploymentCondition."""

    type: str
    status: str
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None
    message: str | None = None
    reason: str | None = None


@define
class DeploymentStrategy:
    """The Kubernetes DeploymentStrategy."""

    type: str | None = None
    rolling_update: RollingUpdateDeployment | None = None


@define
class RollingUpdateDeployment:
    """The Kubernetes RollingUpdateDeployment."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None
