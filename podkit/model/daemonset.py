"""DaemonSets keep one Pod on every eligible Node."""

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

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
"""The annotation with the number of its template, which the server counts."""

DaemonSetUpdateStrategyType: TypeAlias = Literal["RollingUpdate", "OnDelete"]
"""How old Pods are replaced: by and by, or only when somebody deletes them."""


@define
class DaemonSetSpec:
    """Which Pod is kept on the Nodes, and how one template is replaced by the next.

    Attributes:
        selector: the Pods that belong to it, by their labels; it cannot be changed.
        update_strategy: how Pods of an older template are replaced.
        min_ready_seconds: seconds that a Pod must be ready without a crash to count as available. Default: 0.
        revision_history_limit: old revisions that are kept to go back to. Default: 10.
        template: the Pods that are made, one on every Node that its selectors allow.
    """

    selector: LabelSelector | None = None
    update_strategy: DaemonSetUpdateStrategy | None = None
    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)


@define
class DaemonSetStatus:
    """On how many Nodes a DaemonSet runs.

    Attributes:
        desired_number_scheduled: Nodes that should have a Pod.
        current_number_scheduled: those of them that have one.
        number_misscheduled: Nodes that have a Pod and should not.
        number_ready: Nodes that should have a Pod and have one that is ready.
        updated_number_scheduled: Nodes that have a Pod of the present template.
        number_available: Nodes with a Pod that has been ready for ``min_ready_seconds``.
        number_unavailable: Nodes that should have such a Pod and have none.
        observed_generation: the generation of the DaemonSet that this status is about.
        collision_count: how often the name of a new revision was taken; part of how names are made.
        conditions: the state, aspect by aspect.
    """

    desired_number_scheduled: int | None = None
    current_number_scheduled: int | None = None
    number_misscheduled: int | None = None
    number_ready: int | None = None
    updated_number_scheduled: int | None = None
    number_available: int | None = None
    number_unavailable: int | None = None
    observed_generation: Int64 | None = None
    collision_count: int | None = None
    conditions: list[DaemonSetCondition] = field(factory=list, metadata={"merge_key": "type"})


@define
class DaemonSet:
    """Keeps one Pod on every Node that is eligible.

    Attributes:
        api_version: always ``apps/v1``.
        kind: always ``DaemonSet``.
        metadata: name, labels and so on.
        spec: what is desired.
        status: what there is.

    Example:
        ::

            DaemonSet.new("agent", containers=[Container("main", image="agent:1")])
    """

    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="DaemonSet", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: DaemonSetSpec = field(factory=DaemonSetSpec)
    status: DaemonSetStatus = field(factory=DaemonSetStatus)

    @classmethod
    def new(
        cls,
        name: str,
        *,
        containers: Iterable[Container],
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        update_strategy: DaemonSetUpdateStrategy | None = None,
        min_ready_seconds: int | None = None,
        **options: Unpack[PodOptions],
    ) -> Self:
        """A DaemonSet, written in short.

        Args:
            name: its name.
            containers: the containers of its Pods.
            namespace: its namespace. Default: default.
            labels: the labels of it and of its Pods, by which it selects them. Default: ``app`` with its name.
            annotations: its annotations.
            update_strategy: how old Pods are replaced by new ones. Default: by and by.
            min_ready_seconds: seconds that a Pod must be ready to count as available. Default: 0.
            **options: any other field of PodSpec.
        """
        labels = dict(labels or {"app": name})
        spec = DaemonSetSpec(
            selector=LabelSelector.of(labels),
            template=PodTemplateSpec.of(containers, labels, **options),
            update_strategy=update_strategy,
            min_ready_seconds=min_ready_seconds,
        )
        return cls(metadata=ObjectMeta.of(name, namespace, labels, annotations), spec=spec)


@define
class DaemonSetCondition:
    """One aspect of a DaemonSet's state.

    Attributes:
        type: the aspect.
        status: ``True``, ``False`` or ``Unknown``.
        last_transition_time: when ``status`` changed last.
        reason: one word, in CamelCase, for why it is so.
        message: the same in words for people.
    """

    type: str
    status: str
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None


@define
class DaemonSetUpdateStrategy:
    """How Pods of an older template are replaced.

    Attributes:
        type: by and by, or only when somebody deletes them. Default: RollingUpdate.
        rolling_update: how fast; only for RollingUpdate.
    """

    type: DaemonSetUpdateStrategyType | None = None
    rolling_update: RollingUpdateDaemonSet | None = None


@define
class RollingUpdateDaemonSet:
    """How fast a DaemonSet rolls.

    Attributes:
        max_unavailable: Nodes that may lack an available Pod meanwhile, or a percentage. Default: 1.
        max_surge: Nodes that may have an old and a new Pod meanwhile, or a percentage. Default: 0.
    """

    max_unavailable: int | str | None = None
    max_surge: int | str | None = None
