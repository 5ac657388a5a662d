"""Where a Pod's worker tells what becomes of it."""

from __future__ import annotations

from typing import Protocol

import attrs

from podkit.errors import NotFound
from podkit.model import Pod
from podkit.store.base import Store


class Outlet(Protocol):
    """Takes what a worker tells of its Pod."""

    def update_status(self, pod: Pod) -> Pod:
        """Tell the status of a Pod; return the Pod as it is known now.

        Raises:
            NotFound: there is no such Pod any more.
        """

    def remove(self, pod: Pod) -> None:
        """Tell that nothing is left of a Pod."""


class StoredPods:
    """The Pods of a store.

    Args:
        store: where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def update_status(self, pod: Pod) -> Pod:
        """Write the status."""
        stored = self._store.update_status(pod)
        return attrs.evolve(pod, metadata=stored.metadata, status=stored.status)

    def remove(self, pod: Pod) -> None:
        """Delete the Pod for good; that it is gone already will do as well."""
        meta = pod.metadata
        try:
            self._store.delete(
                Pod, meta.name or "", namespace=meta.namespace or "default", grace_period=0, uid=meta.uid
            )
        except NotFound:
            return
