"""Deleting many objects at once."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from podkit.errors import Conflict, NotFound
from podkit.model.kinds import kind_of
from podkit.model.selector import Labels
from podkit.store.base import Propagation, Store


def delete_collection(
    store: Store,
    kind: Any,
    *,
    namespace: str | None,
    labels: Labels | None,
    fields: str | None,
    grace_period: int | None,
    propagation: Propagation,
    dry_run: bool,
) -> list[Any]:
    """See `podkit.store.base.Store.delete_collection`: as an API server does it, one after the other, not as a whole.

    What somebody else deletes meanwhile is not missed.
    """
    cls = kind_of(kind).cls
    found: list[Any] = store.list(cls, namespace=namespace, labels=labels, fields=fields)
    for obj in found:
        with suppress(NotFound, Conflict):
            store.delete(
                cls,
                obj.metadata.name,
                namespace=obj.metadata.namespace or "default",
                grace_period=grace_period,
                propagation=propagation,
                uid=obj.metadata.uid,
                dry_run=dry_run,
            )
    return found
