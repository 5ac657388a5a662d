"""What must be so for a write to be made: is it the object that is meant, as it was read, and may it be written at all?"""

from __future__ import annotations

from podkit.admission.system_classes import SYSTEM_CLASSES
from podkit.errors import Conflict, FieldError, ValidationError
from podkit.model.kinds import Kind
from podkit.model.meta import KubernetesObject, ObjectMeta
from podkit.model.namespace import Namespace
from podkit.model.priority_class import PriorityClass

IMMORTAL_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})
"""These are never deleted (admission plugin NamespaceLifecycle)."""


def require_new(kind: Kind, meta: ObjectMeta) -> None:
    """Refuse what cannot be created as it is: one that was read from a store, or one in a place that its kind has not."""
    found = []
    if meta.resource_version:
        message = "must not be set on objects that are to be created"
        found.append(FieldError("metadata.resourceVersion", "Forbidden", message, meta.resource_version))
    if meta.namespace and not kind.namespaced:
        found.append(FieldError("metadata.namespace", "Forbidden", "not allowed on this type", meta.namespace))
    if found:
        raise ValidationError(found, what=f"{kind.name} {meta.name!r}")


def require_fresh(kind: Kind, old: ObjectMeta, version: str | None) -> None:
    """Refuse a change to another version than the present one."""
    if version and version != old.resource_version:
        raise Conflict(
            f"{kind.name} {old.name!r} has changed since it was read: it is at resource version {old.resource_version}, "
            f"the change was made to {version}; read it again and repeat the change"
        )


def require_uid(kind: Kind, old: ObjectMeta, uid: str | None) -> None:
    """Refuse what is meant for another object that had the name."""
    if uid and uid != old.uid:
        raise Conflict(
            f"{kind.name} {old.name!r} is not the one that is meant: it has uid {old.uid}, not {uid}; "
            "it has been deleted and created again"
        )


def require_mortal(obj: KubernetesObject) -> None:
    """Refuse to delete what must stay: the namespaces and the priority classes of the system."""
    name = obj.metadata.name or ""
    if isinstance(obj, Namespace) and name in IMMORTAL_NAMESPACES:
        message = "this namespace may not be deleted"
    elif isinstance(obj, PriorityClass) and name in SYSTEM_CLASSES:
        message = "this is a system priority class and cannot be deleted"
    else:
        return
    raise ValidationError([FieldError("metadata.name", "Forbidden", message)], what=f"{obj.kind} {name!r}")
