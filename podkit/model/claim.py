"""Claims for persistent storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, Self, TypeAlias

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import LabelSelector, ObjectMeta, TypedLocalObjectReference, TypedObjectReference
from podkit.model.resources import VolumeResourceRequirements
from podkit.model.scalars import QuantityText

PersistentVolumeMode: TypeAlias = Literal["Filesystem", "Block"]
"""Whether storage is a filesystem or a block device."""

PersistentVolumeAccessMode: TypeAlias = Literal["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
"""How many Nodes or Pods can use storage at a time."""


@define
class PersistentVolumeClaimSpec:
    """What storage is asked for.

    Attributes:
        access_modes: how many Nodes or Pods must be able to use it at a time.
        resources: how much storage.
        storage_class_name: the class of storage; empty: none. Default: the default class.
        volume_mode: whether a filesystem or a block device is wanted. Default: Filesystem.
        volume_name: the volume that the claim is bound to.
        selector: the volumes that come into question, by their labels.
        data_source: what the volume is filled from: a snapshot or another claim.
        data_source_ref: the same, of any kind, perhaps in another namespace.
        volume_attributes_class_name: the class of attributes that can be changed later.
    """

    access_modes: list[PersistentVolumeAccessMode] = field(factory=list)
    resources: VolumeResourceRequirements | None = None
    storage_class_name: str | None = None
    volume_mode: PersistentVolumeMode | None = None
    volume_name: str | None = None
    selector: LabelSelector | None = None
    data_source: TypedLocalObjectReference | None = None
    data_source_ref: TypedObjectReference | None = None
    volume_attributes_class_name: str | None = None


@define
class PersistentVolumeClaimStatus:
    """What has become of a claim.

    Attributes:
        phase: ``Pending``, ``Bound`` or ``Lost``.
        access_modes: how the volume can be used.
        capacity: how much the volume holds.
        conditions: the state, aspect by aspect.
        allocated_resources: how much is set aside while the volume is resized.
        allocated_resource_statuses: how far the resize is, by resource.
        current_volume_attributes_class_name: the class of attributes in force.
        modify_volume_status: how far the change to another class of attributes is.
    """

    phase: str | None = None
    access_modes: list[PersistentVolumeAccessMode] = field(factory=list)
    capacity: dict[str, QuantityText] = field(factory=dict)
    conditions: list[PersistentVolumeClaimCondition] = field(factory=list, metadata={"merge_key": "type"})
    allocated_resources: dict[str, QuantityText] = field(factory=dict)
    allocated_resource_statuses: dict[str, str] = field(factory=dict)
    current_volume_attributes_class_name: str | None = None
    modify_volume_status: ModifyVolumeStatus | None = None


@define
class PersistentVolumeClaim:
    """Asks for storage that outlives Pods.

    Attributes:
        api_version: always ``v1``.
        kind: always ``PersistentVolumeClaim``.
        metadata: name, labels and so on.
        spec: what is asked for.
        status: what there is.

    Example:
        ::

            claim = PersistentVolumeClaim.new("data", "1Gi")
            pod = Pod.new("db", containers=[Container("main", image="postgres")], volumes=[Volume.from_claim("data", "data")])
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="PersistentVolumeClaim", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: PersistentVolumeClaimSpec = field(factory=PersistentVolumeClaimSpec)
    status: PersistentVolumeClaimStatus = field(factory=PersistentVolumeClaimStatus)

    @classmethod
    def new(
        cls,
        name: str,
        storage: str,
        *,
        access_modes: Iterable[PersistentVolumeAccessMode] = ("ReadWriteOnce",),
        storage_class_name: str | None = None,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Self:
        """A claim, written in short.

        Args:
            name: its name.
            storage: how much storage, such as ``1Gi``.
            access_modes: how many Nodes or Pods must be able to use it at a time.
            storage_class_name: the class of storage. Default: the default class.
            namespace: its namespace. Default: default.
            labels: its labels.
        """
        spec = PersistentVolumeClaimSpec(
            access_modes=list(access_modes),
            resources=VolumeResourceRequirements(requests={"storage": storage}),
            storage_class_name=storage_class_name,
        )
        return cls(metadata=ObjectMeta.of(name, namespace, labels), spec=spec)


@define
class PersistentVolumeClaimCondition:
    """One aspect of a claim's state.

    Attributes:
        type: the aspect, such as ``Resizing``.
        status: ``True``, ``False`` or ``Unknown``.
        last_probe_time: when the aspect was looked at last.
        last_transition_time: when ``status`` changed last.
        reason: one word, in CamelCase, for why it is so.
        message: the same in words for people.
    """

    type: str
    status: str
    last_probe_time: datetime | None = None
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None


@define
class PersistentVolumeClaimTemplate:
    """The claim that is made for an ephemeral volume.

    Attributes:
        metadata: the labels and annotations that it gets.
        spec: what it asks for.
    """

    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: PersistentVolumeClaimSpec = field(factory=PersistentVolumeClaimSpec)


@define
class ModifyVolumeStatus:
    """How far the change to another class of attributes is.

    Attributes:
        status: ``Pending``, ``InProgress`` or ``Infeasible``.
        target_volume_attributes_class_name: the class that is wanted.
    """

    status: str
    target_volume_attributes_class_name: str | None = None
