"""What every object carries: its name, labels, owners; and how objects refer to and select each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol, Self, TypeAlias

from attrs import field

from podkit.model.definition import define
from podkit.model.scalars import Int64

ManagedFieldsOperation: TypeAlias = Literal["Apply", "Update"]
"""How a manager has set fields."""

LabelSelectorOperator: TypeAlias = Literal["In", "NotIn", "Exists", "DoesNotExist"]
"""How a label relates to the values of a requirement."""


@define
class ObjectMeta:
    """What every object carries beside its own content: its name, labels, owners and history.

    Attributes:
        name: the name, unique among the objects of its kind in its namespace; made from ``generate_name`` when
            it is absent.
        generate_name: the start of a name; at creation five random characters are added to make one that is free.
        namespace: the namespace that the object lives in; ``default`` when it is absent and the kind lives in
            namespaces.
        labels: keys and values by which objects are found and grouped.
        annotations: keys and values that tools attach; nothing is selected by them.
        finalizers: names of those who must agree before the object is gone; deletion waits until the list is empty.
        owner_references: the objects that this one belongs to; when all of them are gone, it is deleted too.
        managed_fields: who set which fields; kept as it is, podkit does not use it.
        creation_timestamp: when the object was stored first; set by the store.
        deletion_timestamp: when the object is, or was, to be gone; set by the store when deletion is asked for.
        deletion_grace_period_seconds: seconds between the request of a graceful deletion and ``deletion_timestamp``.
        generation: counts the changes of what is desired (the spec), from 1; set by the store.
        resource_version: the version of the object as stored; an update with a stale one is refused.
        uid: the identity of this very object, which no other of the same name will have; set by the store.
        self_link: no longer used by Kubernetes.

    Example:
        ::

            ObjectMeta(name="web", namespace="shop", labels={"app": "web"}, annotations={"example.com/owner": "me"})
    """

    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    labels: dict[str, str] = field(factory=dict)
    annotations: dict[str, str] = field(factory=dict)
    finalizers: list[str] = field(factory=list)
    owner_references: list[OwnerReference] = field(factory=list, metadata={"merge_key": "uid"})
    managed_fields: list[ManagedFieldsEntry] = field(factory=list)
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: Int64 | None = None
    generation: Int64 | None = None
    resource_version: str | None = None
    uid: str | None = None
    self_link: str | None = None

    @classmethod
    def of(
        cls,
        name: str,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> Self:
        """The metadata that people write by hand; the mappings are copied."""
        return cls(name, namespace=namespace, labels=dict(labels or {}), annotations=dict(annotations or {}))


@define
class OwnerReference:
    """One object that another belongs to, in the same namespace or in none.

    Attributes:
        api_version: group and version of the owner's kind, such as ``apps/v1``.
        kind: the owner's kind.
        name: the owner's name.
        uid: the owner's uid.
        controller: whether the owner is the controller that manages the object; at most one owner is. Default: false.
        block_owner_deletion: whether a foreground deletion of the owner waits for this object. Default: false.

    Example:
        ::

            owner = cluster.get(Deployment, "web")
            OwnerReference(api_version="apps/v1", kind="Deployment", name="web", uid=owner.metadata.uid or "", controller=True)
    """

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None


@define
class ManagedFieldsEntry:
    """The fields that one manager has set with one operation.

    Attributes:
        manager: the name of the program that did it.
        operation: how the fields were set.
        api_version: the version of the kind that the fields belong to.
        time: when the manager last changed one of the fields.
        fields_type: the format of ``fields_v1``; only ``FieldsV1`` exists.
        fields_v1: the set of fields.
        subresource: the subresource by which they were set; absent for the object itself.
    """

    manager: str | None = None
    operation: ManagedFieldsOperation | None = None
    api_version: str | None = None
    time: datetime | None = None
    fields_type: str | None = None
    fields_v1: dict[str, Any] = field(factory=dict)
    subresource: str | None = None


@define
class LabelSelector:
    """Which labels an object must have; an empty selector selects every object, an absent one none.

    Attributes:
        match_labels: labels that must be there with exactly these values.
        match_expressions: further requirements, all of which must hold.

    Example:
        ::

            LabelSelector(match_labels={"app": "web"})
    """

    match_labels: dict[str, str] = field(factory=dict)
    match_expressions: list[LabelSelectorRequirement] = field(factory=list)

    @classmethod
    def of(cls, labels: Mapping[str, str]) -> Self:
        """The selector of objects that have all of these labels."""
        return cls(match_labels=dict(labels))


@define
class LabelSelectorRequirement:
    """One requirement that a label must meet.

    Attributes:
        key: the key of the label.
        operator: how the label relates to the values.
        values: the values for In and NotIn; empty for Exists and DoesNotExist.
    """

    key: str
    operator: LabelSelectorOperator
    values: list[str] = field(factory=list)


@define
class LocalObjectReference:
    """An object in the same namespace, whose kind is clear from where this stands.

    Attributes:
        name: the name of the object.

    Example:
        ::

            main = Container("main", image="registry.example/web")
            Pod.new("web", containers=[main], image_pull_secrets=[LocalObjectReference("login")])
    """

    name: str | None = None


@define
class ObjectReference:
    """Any object, or a part of one.

    Attributes:
        kind: the kind of the object.
        namespace: its namespace.
        name: its name.
        uid: its uid.
        api_version: group and version of its kind.
        resource_version: the version of it that is meant.
        field_path: the part that is meant, such as ``spec.containers{app}``; absent for the whole.
    """

    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    api_version: str | None = None
    resource_version: str | None = None
    field_path: str | None = None


@define
class TypedLocalObjectReference:
    """An object of a named kind in the same namespace.

    Attributes:
        kind: the kind of the object.
        name: its name.
        api_group: the group of its kind; absent for the core group.
    """

    kind: str
    name: str
    api_group: str | None = None


@define
class TypedObjectReference:
    """An object of a named kind, perhaps in another namespace.

    Attributes:
        kind: the kind of the object.
        name: its name.
        api_group: the group of its kind; absent for the core group.
        namespace: its namespace; absent for the one of the object that refers to it.
    """

    kind: str
    name: str
    api_group: str | None = None
    namespace: str | None = None


@define
class Condition:
    """One aspect of an object's state, in the form that newer kinds share.

    Attributes:
        type: the aspect, such as ``Ready``.
        status: ``True``, ``False`` or ``Unknown``.
        observed_generation: the generation of the object that the condition was judged by.
        last_transition_time: when ``status`` changed last.
        reason: one word, in CamelCase, for why it is so.
        message: the same in words for people.
    """

    type: str
    status: str
    observed_generation: Int64 | None = None
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None


class KubernetesObject(Protocol):
    """What every kind has in common.

    Example:
        ::

            def full_name(obj: KubernetesObject) -> str:
                return f"{obj.kind} {obj.metadata.namespace}/{obj.metadata.name}"
    """

    api_version: str
    kind: str
    metadata: ObjectMeta
