"""What podkit logs, and the fields that its records have.

Everything goes to `logging`, below the logger ``podkit``, and nowhere else: that logger has a handler that does nothing, so that a
program that has not set up logging sees nothing. Each record has all of `FIELDS` as attributes, None where one has no meaning; a
formatter or a JSON handler can rely on them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podkit.model.meta import KubernetesObject, ObjectReference

FIELDS = ("kind", "object", "namespace", "uid", "pod", "container", "node", "component", "reason", "retry_after")
"""The attributes of each record: kind, name, namespace and uid of the object that it is about; of a Pod its name again, as ``pod``,
and if it is about one of them the container; the node; which part of podkit speaks; of an event its reason; and after how many
seconds something that failed is tried again."""

_NOTHING = dict.fromkeys(FIELDS)
_CONTAINER = re.compile(r"spec\.(?:init|ephemeral)?[cC]ontainers\{(.+)\}")

logging.getLogger("podkit").addHandler(logging.NullHandler())


class FieldLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose records have all fields."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Fill in the fields that the caller has not given."""
        return msg, {**kwargs, "extra": {**_NOTHING, **(kwargs.get("extra") or {})}}


def logger(name: str) -> FieldLogger:
    """The logger of a module, or one of another name below ``podkit``."""
    return FieldLogger(logging.getLogger(name), {})


def about(obj: KubernetesObject, *, container: str | None = None, **more: Any) -> Mapping[str, Any]:
    """The fields of a record about an object."""
    meta = obj.metadata
    fields: dict[str, Any] = {"kind": obj.kind, "object": meta.name, "namespace": meta.namespace, "uid": meta.uid}
    if obj.kind == "Pod":
        fields |= {"pod": meta.name, "container": container, "node": getattr(obj, "spec").node_name or None}  # noqa: B009
    elif obj.kind == "Node":
        fields["node"] = meta.name
    return fields | more


def key_fields(key: object) -> Mapping[str, Any]:
    """The fields of a record about a key of a control loop, which most often is namespace and name."""
    match key:
        case (str() | None as namespace, str(name)):
            return {"namespace": namespace, "object": name}
    return {"object": str(key)}


def about_reference(reference: ObjectReference, **more: Any) -> Mapping[str, Any]:
    """The fields of a record about what a reference leads to: an object, or a container of a Pod."""
    fields: dict[str, Any] = {
        "kind": reference.kind,
        "object": reference.name,
        "namespace": reference.namespace,
        "uid": reference.uid,
    }
    if reference.kind == "Pod":
        part = _CONTAINER.fullmatch(reference.field_path or "")
        fields |= {"pod": reference.name, "container": part[1] if part else None}
    elif reference.kind == "Node":
        fields["node"] = reference.name
    return fields | more
