"""StatefulSets keep Pods with an identity; ControllerRevisions remember templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Self, TypeAlias, Unpack

from attrs import field

from podkit.model.claim import PersistentVolumeClaim
from podkit.model.container import Container
from podkit.model.definition import define
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import PodOptions, PodTemplateSpec
from podkit.model.scalars import Int64

PodManagementPolicy: TypeAlias = Literal["OrderedReady", "Parallel"]
"""Whether Pods start and stop one after the other or all at once."""

StatefulSetUpdateStrategyType: TypeAlias = Literal["RollingUpdate", "OnDelete"]
"""How old Pods are replaced: by and by, or only when somebody deletes them."""

ClaimRetentionPolicy: TypeAlias = Literal["Retain", "Delete"]
"""What becomes of claims."""


@define
class StatefulSetSpec:
    """How many Pods with an identity are kept, and how.

    Attributes:
        replicas: how many Pods. Default: 1.
        selector: the Pods that belong to it, by their labels; it cannot be changed.
        service_name: the headless Service that gives the Pods their names in DNS.
        pod_management_policy: whether Pods start and stop one after the other or all at once. Default: OrderedReady.
        update_strategy: how Pods of an older template are replaced.
        ordinals: how the Pods are numbered.
        min_ready_seconds: seconds that a Pod must be ready without a crash to count as available. Default: 0.
        revision_history_limit: old revisions that are kept to go back to. Default: 10.
        persistent_volume_claim_retention_policy: what becomes of the claims when Pods go.
        template: the Pods that are made; each gets a name with its number and the claims of its own.
        volume_claim_templates: the claims that each Pod gets; each is a volume of the template under its name.
    """

    replicas: int | None = None
    selector: LabelSelector | None = None
    service_name: str | None = None
    pod_management_policy: PodManagementPolicy | None = None
    update_strategy: StatefulSetUpdateStrategy | None = None
    ordinals: StatefulSetOrdinals | None = None
    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None
    persistent_volume_claim_retention_policy: StatefulSetPersistentVolumeClaimRetentionPolicy | None = None
    template: PodTemplateSpec = field(factory=PodTemplateSpec)
    volume_claim_templates: list[PersistentVolumeClaim] = field(factory=list)


@define
class StatefulSetStatus:
    """How far a StatefulSet is.

    Attributes:
        observed_generation: the generation of the StatefulSet that this status is about.
        replicas: Pods that there are.
        ready_replicas: those that are ready.
        available_replicas: those that have been ready for ``min_ready_seconds``.
        current_replicas: those of ``current_revision``.
        updated_replicas: those of ``update_revision``.
        current_revision: the revision that Pods are updated from.
        update_revision: the revision that Pods are updated to.
        collision_count: how often the name of a new revision was taken; part of how names are made.
        conditions: the state, aspect by aspect.
    """

    observed_generation: Int64 | None = None
    replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    current_replicas: int | None = None
    updated_replicas: int | None = None
    current_revision: str | None = None
    update_revision: str | None = None
    collision_count: int | None = None
    conditions: list[StatefulSetCondition] = field(factory=list, metadata={"merge_key": "type"})


@define
class StatefulSet:
    """Keeps Pods with an identity: a number, a name and claims that stay with it.

    Attributes:
        api_version: always ``apps/v1``.
        kind: always ``StatefulSet``.
        metadata: name, labels and so on.
        spec: what is desired.
        status: what there is.

    Example:
        ::

            StatefulSet.new("db", containers=[Container("main", image="postgres")], replicas=2, service_name="db")
    """

    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="StatefulSet", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: StatefulSetSpec = field(factory=StatefulSetSpec)
    status: StatefulSetStatus = field(factory=StatefulSetStatus)

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
        service_name: str | None = None,
        pod_management_policy: PodManagementPolicy | None = None,
        volume_claim_templates: Iterable[PersistentVolumeClaim] = (),
        **options: Unpack[PodOptions],
    ) -> Self:
        """A StatefulSet, written in short.

        Args:
            name: its name.
            containers: the containers of its Pods.
            namespace: its namespace. Default: default.
            labels: the labels of it and of its Pods, by which it selects them. Default: ``app`` with its name.
            annotations: its annotations.
            replicas: how many Pods. Default: 1.
            service_name: the headless Service that gives the Pods their names.
            pod_management_policy: whether Pods start one after the other or all at once. Default: OrderedReady.
            volume_claim_templates: the claims that each Pod gets.
            **options: any other field of PodSpec.
        """
        labels = dict(labels or {"app": name})
        spec = StatefulSetSpec(
            selector=LabelSelector.of(labels),
            template=PodTemplateSpec.of(containers, labels, **options),
            replicas=replicas,
            service_name=service_name,
            pod_management_policy=pod_management_policy,
            volume_claim_templates=list(volume_claim_templates),
        )
        return cls(metadata=ObjectMeta.of(name, namespace, labels, annotations), spec=spec)


@define
class StatefulSetCondition:
    """One aspect of a StatefulSet's state.

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
class StatefulSetUpdateStrategy:
    """How Pods of an older template are replaced.

    Attributes:
        type: by and by, from the highest number down, or only when somebody deletes them. Default: RollingUpdate.
        rolling_update: how far and how fast; only for RollingUpdate.
    """

    type: StatefulSetUpdateStrategyType | None = None
    rolling_update: RollingUpdateStatefulSetStrategy | None = None


@define
class RollingUpdateStatefulSetStrategy:
    """How far and how fast a StatefulSet rolls.

    Attributes:
        partition: the lowest number that is updated. Default: 0, which is all.
        max_unavailable: Pods that may be unavailable meanwhile, or a percentage of the desired number. Default: 1.
    """

    partition: int | None = None
    max_unavailable: int | str | None = None


@define
class StatefulSetOrdinals:
    """How the Pods of a StatefulSet are numbered.

    Attributes:
        start: the first number. Default: 0.
    """

    start: int | None = None


@define
class StatefulSetPersistentVolumeClaimRetentionPolicy:
    """What becomes of the claims that were made from templates.

    Attributes:
        when_deleted: when the StatefulSet is deleted. Default: Retain.
        when_scaled: when it is scaled down. Default: Retain.
    """

    when_deleted: ClaimRetentionPolicy | None = None
    when_scaled: ClaimRetentionPolicy | None = None


@define
class ControllerRevision:
    """A template as it once was, which a StatefulSet or DaemonSet can go back to; it never changes.

    Attributes:
        api_version: always ``apps/v1``.
        kind: always ``ControllerRevision``.
        metadata: name, labels and so on.
        data: the state that it remembers.
        revision: its number; the higher the newer.

    Example:
        ::

            for revision in cluster.list(ControllerRevision):
                print(revision.metadata.name, revision.revision)
    """

    api_version: str = field(default="apps/v1", kw_only=True)
    kind: str = field(default="ControllerRevision", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    data: dict[str, Any] = field(factory=dict)
    revision: Int64 = field(kw_only=True)
