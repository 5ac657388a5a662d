"""What an API server is to the rest: a place for objects, with admission in front of it.

Every write passes admission (defaults, validation, what the server sets itself) and gives the object a new
``resourceVersion``; a write that carries a stale one is refused with `podkit.errors.Conflict`. What is returned is a copy
that belongs to the caller, except for the objects of a watch, which are shared and not to be changed.

A kind is its class or its Kubernetes name in any usual form (``Pod``, ``"pods"``, ``"po"``).
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar, overload

from podkit.errors import ValidationError
from podkit.loop.watch import ChangeType, Watch, WatchEvent
from podkit.model.event import Event
from podkit.model.meta import KubernetesObject
from podkit.model.pod import Pod
from podkit.model.scale import Scale
from podkit.model.selector import Labels
from podkit.store.subresources import Patch, PatchType, Subresource

T = TypeVar("T", bound=KubernetesObject)

Propagation = Literal["Background", "Foreground", "Orphan"]
"""What becomes of the objects that an object owns: they are deleted after it, before it, or not at all."""

__all__ = ["ChangeType", "NamespaceTerminating", "Propagation", "Store", "Watch", "WatchEvent"]


class NamespaceTerminating(ValidationError):
    """A new object is refused because its namespace is being deleted."""


class Store(Protocol):
    """Keeps objects. Each operation is done as a whole or not at all, also when Ctrl-C is pressed.

    Example:
        ::

            def names(store: Store) -> list[str | None]:
                return [found.metadata.name for found in store.list(ConfigMap, labels="app=web")]
    """

    def create(self, obj: T, *, dry_run: bool = False) -> T:
        """Store a new object.

        With ``dry_run`` everything is done but to store it, here and in all other writes: what would be refused is refused, and
        what would be stored is returned.

        Sets name (from ``generateName``), namespace (``default``; a namespace that does not exist is made, as the admission
        plugin NamespaceAutoProvision does), uid, creation time and resource version.

        Raises:
            ValidationError: an API server would refuse it; also when its namespace is being deleted.
            AlreadyExists: there is one of this kind and name.
        """

    @overload
    def get(self, kind: type[T], name: str, *, namespace: str = "default") -> T: ...
    @overload
    def get(self, kind: str, name: str, *, namespace: str = "default") -> Any: ...
    def get(self, kind: type[T] | str, name: str, *, namespace: str = "default") -> Any:
        """One object.

        Raises:
            NotFound: there is none.
        """

    @overload
    def list(
        self, kind: type[T], *, namespace: str | None = None, labels: Labels | None = None, fields: str | None = None
    ) -> list[T]: ...
    @overload
    def list(
        self, kind: str, *, namespace: str | None = None, labels: Labels | None = None, fields: str | None = None
    ) -> list[Any]: ...
    def list(
        self,
        kind: type[T] | str,
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
        fields: str | None = None,
    ) -> list[Any]:
        """The objects of a kind, ordered by namespace and name.

        Args:
            kind: which kind.
            namespace: only those of this one; None: all.
            labels: a label selector, such as ``app=web,tier in (a,b)``.
            fields: a field selector, such as ``status.phase!=Running``.
        """

    def update(self, obj: T, *, subresource: Subresource = "", dry_run: bool = False) -> T:
        """Replace an object, or one of its subresources; see `podkit.store.subresources`.

        What belongs to a subresource is left alone when the object is replaced, and everything else when a subresource is. An
        object without a resource version replaces whatever is there. Taking the last finalizer from an object that is being
        deleted removes it.

        Raises:
            NotFound, Conflict, ValidationError
        """

    def update_status(self, obj: T, *, dry_run: bool = False) -> T:
        """Replace the status of an object, and nothing else: `update` with the subresource ``status``.

        Raises:
            NotFound, Conflict, ValidationError
        """

    def patch(
        self,
        kind: type[T] | str,
        name: str,
        patch: Patch,
        *,
        namespace: str = "default",
        type: PatchType = "strategic",
        subresource: Subresource = "",
        dry_run: bool = False,
    ) -> Any:
        """Change an object, or one of its subresources, by a patch.

        A patch of type ``strategic`` or ``merge`` is a mapping in Kubernetes' field names, in which ``None`` removes a field. With
        ``strategic`` lists with a merge key are merged by it (``$patch: delete`` and ``$patch: replace`` as in Kubernetes), with
        ``merge`` lists are replaced. One of type ``json`` is a list of operations. It is made to what is there, unless it says
        which resource version it is meant for. A patch of the ``scale`` is one of a Scale, which is returned.

        Raises:
            NotFound, Conflict, DecodeError, ValidationError
        """

    def get_scale(self, kind: type[T] | str, name: str, *, namespace: str = "default") -> Scale:
        """How many Pods an object keeps: the ``scale`` of a Deployment, ReplicaSet, ReplicationController or StatefulSet.

        Raises:
            NotFound: there is no such object.
            ValidationError: its kind has no scale.
        """

    def update_scale(self, kind: type[T] | str, scale: Scale, *, dry_run: bool = False) -> Scale:
        """Change how many Pods an object keeps, and nothing else.

        Raises:
            NotFound, Conflict, ValidationError
        """

    def delete(
        self,
        kind: type[T] | str,
        name: str,
        *,
        namespace: str = "default",
        grace_period: int | None = None,
        propagation: Propagation = "Background",
        uid: str | None = None,
        dry_run: bool = False,
    ) -> None:
        """Ask for an object to be deleted.

        A Pod that is bound to a node is only marked (``deletionTimestamp``, ``deletionGracePeriodSeconds``; a later request
        can only shorten the grace period); its kubelet stops it and then deletes it with grace period 0. An object with
        finalizers is marked until the last one is gone. What it owns is the garbage collector's business: with
        ``Foreground`` and ``Orphan`` the object gets the finalizer ``foregroundDeletion`` or ``orphan``.

        Args:
            kind: which kind.
            name: which object.
            namespace: where.
            grace_period: seconds; None: the Pod's own; 0: at once.
            propagation: what becomes of the objects that it owns.
            uid: delete it only if it is this very one.
            dry_run: only see whether it could be.

        Raises:
            NotFound: there is none.
            Conflict: there is one of this name with another uid.
            ValidationError: it must stay, such as the namespace ``default``.
        """

    def delete_collection(
        self,
        kind: type[T] | str,
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
        fields: str | None = None,
        grace_period: int | None = None,
        propagation: Propagation = "Background",
        dry_run: bool = False,
    ) -> builtins.list[Any]:
        """Ask for all objects that `list` finds to be deleted, one after the other; see `delete`. Returns what it has found."""

    def evict(
        self,
        name: str,
        *,
        namespace: str = "default",
        grace_period: int | None = None,
        uid: str | None = None,
        dry_run: bool = False,
    ) -> None:
        """Ask a Pod to leave its node (the ``eviction`` subresource): it says so in its condition DisruptionTarget, and is deleted.

        Args:
            name: which Pod.
            namespace: where.
            grace_period: seconds that it has to end; None: its own; 0: none.
            uid: evict it only if it is this very one.
            dry_run: only see whether it could be.

        Raises:
            NotFound, Conflict
        """

    def bind(self, pod: Pod, node_name: str) -> Pod:
        """Give a Pod its node (the ``binding`` subresource), and set its condition PodScheduled.

        Raises:
            NotFound: it has been deleted.
            Conflict: it is bound already, is being deleted, has scheduling gates, or is another one of its name.
        """

    @overload
    def watch(
        self,
        kind: type[T],
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
        since: str | None = None,
        wake: Callable[[], None] | None = None,
    ) -> Watch[T]: ...
    @overload
    def watch(
        self,
        kind: str,
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
        since: str | None = None,
        wake: Callable[[], None] | None = None,
    ) -> Watch[Any]: ...
    def watch(
        self,
        kind: type[T] | str,
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
        since: str | None = None,
        wake: Callable[[], None] | None = None,
    ) -> Watch[Any]:
        """Follow the changes of a kind.

        Args:
            kind: which kind.
            namespace: only those of this one; None: all.
            labels: a label selector.
            since: a resource version, from where on to tell; None: begin with ``ADDED`` for everything that is there.
            wake: is called, from the thread of whoever writes, each time that `Watch.poll` has something; it must not block.

        Raises:
            Expired: the store no longer remembers what happened since then.
        """

    def close(self) -> None:
        """End all watches and free what the store holds."""


class EventSink(Protocol):
    """Where components report what happens."""

    def __call__(
        self,
        involved: KubernetesObject,
        reason: str,
        message: str,
        *,
        type: str = "Normal",
        field_path: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Report something about an object. The same report again counts up the one that is there."""


class EventAnnotator(Protocol):
    """Where components say more of what they have reported."""

    def __call__(
        self,
        involved: KubernetesObject,
        reason: str,
        message: str,
        annotations: Mapping[str, str],
        *,
        type: str = "Normal",
        field_path: str | None = None,
    ) -> None:
        """Give the report that is there these annotations, in place of those that it has. It does not count as another one."""


def event_time(event: Event) -> datetime:
    """When an event happened last."""
    time = event.last_timestamp or event.event_time or event.metadata.creation_timestamp
    assert time is not None, "a stored event has a creation time"
    return time
