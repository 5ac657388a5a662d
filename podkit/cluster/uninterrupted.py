"""A store that Ctrl-C does not break off in the middle; see `podkit.cluster.interrupts`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from podkit.cluster.interrupts import interrupts_deferred
from podkit.loop.watch import Watch, WatchEvent
from podkit.model.meta import KubernetesObject
from podkit.model.pod import Pod
from podkit.store.base import Propagation, Store

T = TypeVar("T", bound=KubernetesObject)


class UninterruptedStore:
    """Does with a store what `podkit.store.base.Store` says, each operation as a whole.

    Args:
        store: the store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, obj: T) -> T:
        """Store a new object."""
        with interrupts_deferred():
            return self._store.create(obj)

    def get(self, kind: type[T] | str, name: str, *, namespace: str = "default") -> Any:
        """One object."""
        with interrupts_deferred():
            return self._store.get(kind, name, namespace=namespace)

    def list(
        self, kind: type[T] | str, *, namespace: str | None = None, labels: str | None = None, fields: str | None = None
    ) -> list[Any]:
        """The objects of a kind."""
        with interrupts_deferred():
            return self._store.list(kind, namespace=namespace, labels=labels, fields=fields)

    def update(self, obj: T) -> T:
        """Replace an object, but for its status."""
        with interrupts_deferred():
            return self._store.update(obj)

    def update_status(self, obj: T) -> T:
        """Replace the status of an object."""
        with interrupts_deferred():
            return self._store.update_status(obj)

    def patch(
        self,
        kind: type[T] | str,
        name: str,
        patch: Mapping[str, Any],
        *,
        namespace: str = "default",
        subresource: Literal["", "status"] = "",
    ) -> Any:
        """Change an object by a strategic merge patch."""
        with interrupts_deferred():
            return self._store.patch(kind, name, patch, namespace=namespace, subresource=subresource)

    def delete(
        self,
        kind: type[T] | str,
        name: str,
        *,
        namespace: str = "default",
        grace_period: int | None = None,
        propagation: Propagation = "Background",
        uid: str | None = None,
    ) -> None:
        """Ask for an object to be deleted."""
        with interrupts_deferred():
            self._store.delete(
                kind, name, namespace=namespace, grace_period=grace_period, propagation=propagation, uid=uid
            )

    def bind(self, pod: Pod, node_name: str) -> Pod:
        """Give a Pod its node."""
        with interrupts_deferred():
            return self._store.bind(pod, node_name)

    def watch(
        self,
        kind: type[T] | str,
        *,
        namespace: str | None = None,
        labels: str | None = None,
        since: str | None = None,
        wake: Callable[[], None] | None = None,
    ) -> Watch[Any]:
        """Follow the changes of a kind."""
        with interrupts_deferred():
            return UninterruptedWatch(
                self._store.watch(kind, namespace=namespace, labels=labels, since=since, wake=wake)
            )

    def close(self) -> None:
        """End all watches and free what the store holds."""
        with interrupts_deferred():
            self._store.close()


class UninterruptedWatch:
    """Follows a watch; only waiting for the next change can be broken off.

    Args:
        watch: the watch.
    """

    def __init__(self, watch: Watch[Any]) -> None:
        self._watch = watch

    def __iter__(self) -> Watch[Any]:
        """Itself."""
        return self

    def __next__(self) -> WatchEvent[Any]:
        """The next change, as soon as there is one."""
        return next(self._watch)

    def poll(self) -> WatchEvent[Any] | None:
        """The next change if there is one already."""
        with interrupts_deferred():
            return self._watch.poll()

    @property
    def closed(self) -> bool:
        """Whether it has been ended."""
        return self._watch.closed

    def close(self) -> None:
        """End it."""
        with interrupts_deferred():
            self._watch.close()
