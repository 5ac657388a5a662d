"""The verbs of `podkit.Cluster` that follow what becomes of objects: an iterator, and a function that is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from podkit.cluster.object_watch import ObjectWatch
from podkit.cluster.subscription import ObjectChange, Subscription, require_handler
from podkit.cluster.verb_group import VerbGroup
from podkit.model.kinds import kind_of
from podkit.model.meta import KubernetesObject
from podkit.model.selector import Labels, Selector

T = TypeVar("T", bound=KubernetesObject)


class WatchVerbs(VerbGroup):
    """How a cluster tells of changes."""

    @overload
    def watch(
        self, kind: type[T], namespace: str | None = ..., labels: Labels | None = ..., since: str | None = ...
    ) -> ObjectWatch[T]: ...
    @overload
    def watch(
        self, kind: str, namespace: str | None = ..., labels: Labels | None = ..., since: str | None = ...
    ) -> ObjectWatch[Any]: ...
    def watch(
        self, kind: Any, namespace: str | None = None, labels: Labels | None = None, since: str | None = None
    ) -> ObjectWatch[Any]:
        """Follow the changes of a kind: ``for event in cluster.watch(Pod): print(event.type, event.object.metadata.name)``.

        Args:
            kind: the class, or the name in any usual form.
            namespace: only those of this one. Default: all.
            labels: a label selector.
            since: a resource version from where on to tell. Default: begin with ``ADDED`` for everything that is there.

        Returns:
            An iterator that ends when it is closed, or the cluster is.

        Raises:
            Expired: the store no longer remembers what happened since then.

        Example:
            ::

                with cluster.watch(Pod, labels="app=web") as watch:
                    for event in watch:
                        print(event.type, event.object.status.phase)
                        if event.object.status.phase == "Running":
                            break
        """
        watch = ObjectWatch[Any](
            lambda wake: self._store.watch(kind, namespace=namespace, labels=labels, since=since, wake=wake),
            self._driver,
        )
        return self._watches.add(watch)

    @overload
    def on(
        self,
        kind: type[T],
        handler: Callable[[ObjectChange[T]], object],
        *,
        namespace: str | None = ...,
        labels: Labels | None = ...,
    ) -> Subscription[T]: ...
    @overload
    def on(
        self,
        kind: str,
        handler: Callable[[ObjectChange[Any]], object],
        *,
        namespace: str | None = ...,
        labels: Labels | None = ...,
    ) -> Subscription[Any]: ...
    def on(
        self,
        kind: Any,
        handler: Callable[[ObjectChange[Any]], object],
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
    ) -> Subscription[Any]:
        """Call a function whenever an object of a kind changes, beginning with ``ADDED`` for each that is there.

        It is what `watch` is, for programs that do something else meanwhile. Handlers are called one change after the other, each
        subscription in a thread of its own; with a `VirtualClock`, in the thread of whoever waits. They may use the cluster. What
        they raise is logged, and the next change is told nevertheless.

        Args:
            kind: the class, or the name in any usual form; ``"events"`` for what Kubernetes calls Events.
            handler: is given an `ObjectChange`, with ``type``, ``object`` and ``old``; the objects are its own.
            namespace: only those of this one. Default: all.
            labels: a label selector.

        Returns:
            The subscription; close it, or use it with ``with``, when it is needed no longer than a part of the cluster's life.

        Raises:
            UnknownKind: there is no such kind.
            PodkitError: the cluster has been closed.

        Example:
            ::

                def tell(change: ObjectChange[Event]) -> None:
                    print(change.object.reason, change.object.message)

                cluster.on(Event, tell)
        """
        require_handler(handler)
        if labels is not None:
            Selector.read(labels)
        subscription = Subscription[Any](
            kind_of(kind).plural,
            lambda wake: self._store.watch(kind, namespace=namespace, labels=labels, wake=wake),
            handler,
            self._driver.detach,
        )
        self._driver.attach(subscription)
        return subscription
