"""Deployments roll from one ReplicaSet to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, Self, TypeAlias, Unpack

from attrs import field

from podkit.model.container import Container
from podkit.model.definition import define
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import PodOptions, PodTemplateSpec
from podkit.model.scalars import Int64

DeploymentStrategyType: TypeAlias = Literal["RollingUpdate", "Recreate"]
"""How old Pods are replaced: by and by, or all at once."""


@define
class DeploymentSpec:
    """How many Pods of which kind are kept, and how one template is replaced by the next.

    Attributes:
        replicas: how many Pods. Default: 1.
        selector: the Pods that belong to it, by their labels; it cannot be changed.
        strategy: how old Pods are replaced by new ones.
        min_ready_seconds: seconds that a Pod must be ready without a crash to count as available. Default: 0.
        revision_history_limit: old ReplicaSets that are kept to go back to. Default: 10.
        progress_deadline_seconds: seconds without progress after which the rollout has failed. Default: 600.
        paused: whether changes of the template wait. Default: false.
        template: the Pods that are made; its restart policy must be Always.
    """

    replicas: int | None = None
    selector: LabelSelector | None = None
    strategy: DeploymentStrategy | None = None
    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None
    progress_deadline_seconds: int | None = None
    paused: bool | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)


@define
class DeploymentStatus:
    """How far a Deployment is.

    Attributes:
        observed_generation: the generation of the Deployment that this status is about.
        replicas: Pods that have not ended.
        updated_replicas: those that are of the present template.
        ready_replicas: those that are ready.
        available_replicas: those that have been ready for ``min_ready_seconds``.
        unavailable_replicas: Pods that are still needed for all to be available.
        terminating_replicas: Pods that are being deleted.
        conditions: the state, aspect by aspect.
        collision_count: how often the name of a new ReplicaSet was taken; part of how names are made.
    """

    observed_generation: Int64 | None = None
    replicas: int | None = None
    updated_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    unavailable_replicas: int | None = None
    terminating_replicas: int | None = None
    conditions: list[DeploymentCondition] = field(factory=list, metadata={"merge_key": "type"})
    collision_count: int | None = None


@define
class Deployment:
    """Keeps a number of equal Pods and rolls from one template to the next.

    Attributes:
        api_version: always ``apps/v1``.
        kind: always ``Deployment``.
        metadata: name, labels and so on.
        spec: what is desired.
        status: what there is.

    Example:
        ::

            Deployment.new("web", containers=[Container("main", image="nginx", ports=[80])], replicas=3)
    """

    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="Deployment", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: DeploymentSpec = field(factory=DeploymentSpec)
    status: DeploymentStatus = field(factory=DeploymentStatus)

    @classmethod
    def new(
        cls,
        name: str,
        *,
        containers: Iterable[Container],
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        replicas: int | None = None,
        strategy: DeploymentStrategy | None = None,
        min_ready_seconds: int | None = None,
        **options: Unpack[PodOptions],
    ) -> Self:
        """A Deployment, written in short.

        Args:
            name: its name.
            containers: the containers of its Pods.
            namespace: its namespace. Default: default.
            labels: the labels of it and of its Pods, by which it selects them. Default: ``app`` with its name.
            annotations: its annotations.
            replicas: how many Pods. Default: 1.
            strategy: how old Pods are replaced by new ones. Default: by and by.
            min_ready_seconds: seconds that a Pod must be ready to count as available. Default: 0.
            **options: any other field of PodSpec.
        """
        labels = dict(labels or {"app": name})
        spec = DeploymentSpec(
            selector=LabelSelector.of(labels),
            template=PodTemplateSpec.of(containers, labels, **options),
            replicas=replicas,
            strategy=strategy,
            min_ready_seconds=min_ready_seconds,
        )
        return cls(metadata=ObjectMeta.of(name, namespace, labels, annotations), spec=spec)


@define
class DeploymentCondition:
    """One aspect of a Deployment's state.

    Attributes:
        type: the aspect: ``Available``, ``Progressing`` or ``ReplicaFailure``.
        status: ``True``, ``False`` or ``Unknown``.
        last_update_time: when the condition was written last.
        last_transition_time: when ``status`` changed last.
        reason: one word, in CamelCase, for why it is so.
        message: the same in words for people.
    """

    type: str
    status: str
    last_update_time: datetime | None = None
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None


@define
class DeploymentStrategy:
    """How old Pods are replaced by new ones.

    Attributes:
        type: all at once, or by and by. Default: RollingUpdate.
        rolling_update: how fast; only for RollingUpdate.

    Example:
        ::

            DeploymentStrategy(type="RollingUpdate", rolling_update=RollingUpdateDeployment(max_surge=1, max_unavailable="0%"))
    """

    type: DeploymentStrategyType | None = None
    rolling_update: RollingUpdateDeployment | None = None


@define
class RollingUpdateDeployment:
    """How fast a Deployment rolls.

    Attributes:
        max_surge: Pods above the desired number, or a percentage of it, rounded up. Default: 25%.
        max_unavailable: Pods below the desired number, or a percentage of it, rounded down. Default: 25%.
    """

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None
