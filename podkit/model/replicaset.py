"""ReplicaSets and ReplicationControllers keep a number of equal Pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self, Unpack

from attrs import field

from podkit.model.container import Container
from podkit.model.definition import define
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import PodOptions, PodTemplateSpec
from podkit.model.scalars import Int64


@define
class ReplicaSetSpec:
    """How many Pods of which kind are kept.

    Attributes:
        replicas: how many Pods. Default: 1.
        min_ready_seconds: seconds that a Pod must be ready without a crash to count as available. Default: 0.
        selector: the Pods that belong to it, by their labels; it cannot be changed.
        template: the Pods that are made.
    """

    replicas: int | None = None
    min_ready_seconds: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)


@define
class ReplicaSetStatus:
    """How many Pods there are.

    Attributes:
        replicas: Pods that have not ended.
        fully_labeled_replicas: those that have all labels of the template.
        ready_replicas: those that are ready.
        available_replicas: those that have been ready for ``min_ready_seconds``.
        terminating_replicas: those that are being deleted.
        observed_generation: the generation of the ReplicaSet that this status is about.
        conditions: the state, aspect by aspect.
    """

    replicas: int | None = None
    fully_labeled_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    terminating_replicas: int | None = None
    observed_generation: Int64 | None = None
    conditions: list[ReplicaSetCondition] = field(factory=list, metadata={"merge_key": "type"})


@define
class ReplicaSet:
    """Keeps a number of equal Pods.

    Attributes:
        api_version: always ``apps/v1``.
        kind: always ``ReplicaSet``.
        metadata: name, labels and so on; the labels default to those of the template.
        spec: what is desired.
        status: what there is.

    Example:
        ::

            ReplicaSet.new("web", containers=[Container("main", image="nginx")], replicas=3)
    """

    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="ReplicaSet", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: ReplicaSetSpec = field(factory=ReplicaSetSpec)
    status: ReplicaSetStatus = field(factory=ReplicaSetStatus)

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
        min_ready_seconds: int | None = None,
        **options: Unpack[PodOptions],
    ) -> Self:
        """A ReplicaSet, written in short.

        Args:
            name: its name.
            containers: the containers of its Pods.
            namespace: its namespace. Default: default.
            labels: the labels of it and of its Pods, by which it selects them. Default: ``app`` with its name.
            annotations: its annotations.
            replicas: how many Pods. Default: 1.
            min_ready_seconds: seconds that a Pod must be ready to count as available. Default: 0.
            **options: any other field of PodSpec.
        """
        labels = dict(labels or {"app": name})
        spec = ReplicaSetSpec(
            selector=LabelSelector.of(labels),
            template=PodTemplateSpec.of(containers, labels, **options),
            replicas=replicas,
            min_ready_seconds=min_ready_seconds,
        )
        return cls(metadata=ObjectMeta.of(name, namespace, labels, annotations), spec=spec)


@define
class ReplicaSetCondition:
    """One aspect of a ReplicaSet's state.

    Attributes:
        type: the aspect: ``ReplicaFailure``.
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
class ReplicationControllerSpec:
    """How many Pods of which kind are kept.

    Attributes:
        replicas: how many Pods. Default: 1.
        min_ready_seconds: seconds that a Pod must be ready without a crash to count as available. Default: 0.
        selector: labels that the Pods which belong to it have. Default: the labels of the template.
        template: the Pods that are made.
    """

    replicas: int | None = None
    min_ready_seconds: int | None = None
    selector: dict[str, str] = field(factory=dict)
    template: PodTemplateSpec | None = None


@define
class ReplicationControllerStatus:
    """How many Pods there are.

    Attributes:
        replicas: Pods that have not ended.
        fully_labeled_replicas: those that have all labels of the template.
        ready_replicas: those that are ready.
        available_replicas: those that have been ready for ``min_ready_seconds``.
        observed_generation: the generation of the ReplicationController that this status is about.
        conditions: the state, aspect by aspect.
    """

    replicas: int | None = None
    fully_labeled_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    observed_generation: Int64 | None = None
    conditions: list[ReplicationControllerCondition] = field(factory=list, metadata={"merge_key": "type"})


@define
class ReplicationController:
    """Keeps a number of equal Pods; the older form of a ReplicaSet.

    Attributes:
        api_version: always ``v1``.
        kind: always ``ReplicationController``.
        metadata: name, labels and so on; the labels default to those of the template.
        spec: what is desired.
        status: what there is.

    Example:
        ::

            spec = PodSpec(containers=[Container("main", image="nginx")])
            template = PodTemplateSpec(metadata=ObjectMeta(labels={"app": "web"}), spec=spec)
            ReplicationController(metadata=ObjectMeta(name="web"), spec=ReplicationControllerSpec(replicas=3, template=template))
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="ReplicationController", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: ReplicationControllerSpec = field(factory=ReplicationControllerSpec)
    status: ReplicationControllerStatus = field(factory=ReplicationControllerStatus)


@define
class ReplicationControllerCondition:
    """One aspect of a ReplicationController's state.

    Attributes:
        type: the aspect: ``ReplicaFailure``.
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
