"""The verbs of `podkit.Cluster` that are about objects: to create, read, change, delete and follow them."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast, overload
from weakref import WeakSet

from podkit.cluster.apply import apply
from podkit.cluster.debug import debug
from podkit.cluster.diff import diff
from podkit.cluster.driver import Driver
from podkit.cluster.object_list import ObjectList
from podkit.cluster.object_watch import ObjectWatch
from podkit.cluster.pauses import Steps, waits
from podkit.cluster.resize import resize
from podkit.cluster.served import warn_without_effect
from podkit.cluster.sources import Source, in_order, is_manifest, read_sources
from podkit.cluster.subscription import ObjectChange, Subscription
from podkit.cluster.target import Reference, Target, current, refer, source_verb, verb, with_kind_and_name
from podkit.cluster.until import DeletedGoal
from podkit.cluster.waiter import Waiter
from podkit.cluster.well_formed import require_object
from podkit.errors import NotFound, PodkitError
from podkit.model.container import EphemeralContainer
from podkit.model.kinds import kind_of
from podkit.model.meta import KubernetesObject
from podkit.model.pod import Pod
from podkit.model.selector import Selector
from podkit.store.base import Propagation, Store
from podkit.store.naming import random_suffix
from podkit.store.subresources import Patch, PatchType, Subresource

T = TypeVar("T", bound=KubernetesObject)
R = TypeVar("R")


class ObjectVerbs:
    """What a cluster does with objects.

    Args:
        store: where the objects are.
        driver: lets time pass for those who follow changes.
        waiter: waits for objects.
    """

    def __init__(self, store: Store, driver: Driver, waiter: Waiter) -> None:
        self._store = store
        self._driver = driver
        self._waiter = waiter
        self._watches: WeakSet[ObjectWatch[Any]] = WeakSet()

    @property
    def store(self) -> Store:
        """Where the objects are: what an API server is to Kubernetes. For controllers of your own.

        Example:
            ::

                jobs = JobController(cluster.store)
        """
        return self._store

    def create(self, obj: T, *, dry_run: bool = False) -> T:
        """Store a new object, and so have it run; return it as it is stored, with its name and uid.

        Args:
            obj: the object; it is not changed.
            dry_run: store nothing, and return what would be stored; what would be refused is refused.

        Raises:
            TypeError: it is no object.
            ValidationError: an API server would refuse it; nothing has happened.
            AlreadyExists: there is one of that kind and name.

        Example:
            ::

                stored = cluster.create(ConfigMap.new("colors", {"sky": "blue"}))
                print(stored.metadata.uid, stored.metadata.resource_version)
        """
        require_object(obj, "create")
        warn_without_effect(obj)
        return self.store.create(obj, dry_run=dry_run)

    def apply(
        self, source: Source, prune: str | None = None, *, namespace: str = "default", dry_run: bool = False
    ) -> builtins.list[Any]:
        """Create or update everything that a source describes, as ``kubectl apply`` does.

        All of it is read and validated before the first object is written. What an earlier apply has set and this one does not
        say any more is taken away; what others have set stays.

        Args:
            source: the path of a file or of a directory, a text of YAML or JSON, an object, a mapping, or an iterable of those.
            prune: a label selector: what it selects and was applied earlier but is not in the source is deleted (in the
                namespaces of the source; never what lives outside of namespaces).
            namespace: for objects that do not say theirs.
            dry_run: write nothing, and return the objects as they would be stored.

        Returns:
            The objects as they are stored, in the order of the source.

        Raises:
            DecodeError: the source cannot be read; with file, line and column.
            ValidationError: an API server would refuse an object, or a change.

        Example:
            ::

                cluster.apply("manifests/")                      # all files of a directory
                [settings] = cluster.apply(ConfigMap.new("settings", {"mode": "test"}))
        """
        objects = read_sources(source)
        for obj in objects:
            warn_without_effect(obj)
        applied = apply(self.store, objects, namespace=namespace, prune=prune, dry_run=dry_run)
        return ObjectList(applied, now=self._waiter.clock.now())

    def diff(self, source: Source, *, namespace: str = "default") -> str:
        """What `apply` would change: a unified diff of each object that is not as the source says; empty when all are.

        Args:
            source: see `apply`.
            namespace: for objects that do not say theirs.

        Raises:
            DecodeError, ValidationError: as `apply` raises them.

        Example:
            ::

                print(cluster.diff(ConfigMap.new("settings", {"mode": "production"})))
        """
        return diff(self.store, source, namespace=namespace)

    @overload
    def get(self, kind: type[T], name: str, *, namespace: str = ...) -> T: ...
    @overload
    def get(self, kind: T) -> T: ...
    @overload
    def get(self, kind: str, name: str = ..., *, namespace: str = ...) -> Any: ...
    @with_kind_and_name
    def get(self, target: Any, *, namespace: str = "default") -> Any:
        """One object as it is now.

        ``get(Pod, "web")``, ``get("po", "web")``, ``get("pod/web")``, or ``get(pod)``, which reads it again.

        Raises:
            NotFound: there is none.

        Example:
            ::

                pod = cluster.get(Pod, "web")                    # a Pod, to a type checker too
                pod = cluster.get("pod/web", namespace="default")
        """
        return current(self.store, target, namespace)

    @overload
    def list(
        self, kind: type[T], namespace: str | None = ..., labels: str | None = ..., fields: str | None = ...
    ) -> builtins.list[T]: ...
    @overload
    def list(
        self, kind: str, namespace: str | None = ..., labels: str | None = ..., fields: str | None = ...
    ) -> builtins.list[Any]: ...
    def list(
        self, kind: Any, namespace: str | None = None, labels: str | None = None, fields: str | None = None
    ) -> builtins.list[Any]:
        """The objects of a kind, ordered by namespace and name.

        Args:
            kind: the class, or the name in any usual form.
            namespace: only those of this one. Default: all.
            labels: a label selector, such as ``app=web,tier in (a,b)``.
            fields: a field selector, such as ``status.phase!=Running``.

        Example:
            ::

                for pod in cluster.list(Pod, labels="app in (web, api)", fields="status.phase=Running"):
                    print(pod.metadata.name)
        """
        found = self.store.list(kind, namespace=namespace, labels=labels, fields=fields)
        return ObjectList(found, now=self._waiter.clock.now())

    def update(self, obj: T, *, subresource: Subresource = "", dry_run: bool = False) -> T:
        """Replace an object, but for its status. Only what Kubernetes lets change may change.

        Args:
            obj: the object as it is to be; it is not changed.
            subresource: replace only this part: ``status``, ``scale``, or of a Pod ``resize`` or ``ephemeralcontainers``.
            dry_run: store nothing, and return what would be stored; what would be refused is refused.

        Raises:
            Conflict: somebody else has changed it since it was read.
            NotFound, ValidationError

        Example:
            ::

                settings = cluster.get(ConfigMap, "settings")
                settings.data["mode"] = "production"
                settings = cluster.update(settings)
        """
        require_object(obj, "update")
        return self.store.update(obj, subresource=subresource, dry_run=dry_run)

    def update_status(self, obj: T, *, dry_run: bool = False) -> T:
        """Replace the status of an object, and nothing else; see `update`.

        Example:
            ::

                pod = cluster.get(Pod, "web")
                pod.status.conditions.append(PodCondition(type="example.com/warm", status="True"))
                pod = cluster.update_status(pod)
        """
        return self.store.update_status(obj, dry_run=dry_run)

    @verb
    def patch(
        self,
        target: Target,
        patch: Patch,
        type: PatchType = "strategic",
        *,
        subresource: Subresource = "",
        dry_run: bool = False,
        namespace: str = "default",
    ) -> Any:
        """Change an object by a patch: ``patch(pod, {"metadata": {"labels": {"tier": "a"}}})``.

        Args:
            target: an object, ``"kind/name"``, or kind and name.
            patch: what changes, with Kubernetes' names of fields. None removes a field.
            type: ``strategic``: lists with a merge key are merged by it; ``merge``: lists are replaced (RFC 7386); ``json``: the
                patch is a list of operations (RFC 6902).
            subresource: change only this part: ``status``, ``scale``, or of a Pod ``resize`` or ``ephemeralcontainers``.
            dry_run: store nothing, and return what would be stored; what would be refused is refused.
            namespace: where, unless the target is an object.

        Returns:
            The object; with the subresource ``scale`` its `Scale`.

        Raises:
            NotFound, DecodeError, ValidationError

        Example:
            ::

                cluster.patch("cm/settings", {"data": {"mode": "test", "level": None}})         # None removes a key
                cluster.patch("deploy/web", [{"op": "replace", "path": "/spec/replicas", "value": 3}], "json")
        """
        found = refer(target, namespace)
        return self.store.patch(
            found.kind.cls,
            found.name,
            patch,
            namespace=found.namespace or "default",
            type=type,
            subresource=subresource,
            dry_run=dry_run,
        )

    @source_verb
    @waits
    def delete(
        self,
        target: Source,
        grace_period: int | None = None,
        propagation: Propagation = "Background",
        wait: bool = True,
        timeout: float | None = None,
        *,
        namespace: str = "default",
        dry_run: bool = False,
    ) -> Steps[None]:
        """Delete an object, or all that a manifest describes, and wait until it is gone.

        Args:
            target: an object (then this very one, not another of its name), ``"kind/name"``, kind and name, or a manifest: a path
                (as text, if it ends in ``.yaml``, ``.yml``, ``.json`` or ``/``), a text of YAML or JSON, a mapping, an iterable.
                Of a manifest, what others refer to goes last.
            grace_period: seconds that a Pod's containers have to end by themselves. Default: what the Pod says; 0: none.
            propagation: what becomes of what it owns: deleted after it (``Background``), before it (``Foreground``), or left
                alone (``Orphan``).
            wait: whether to wait.
            timeout: seconds to wait at the most. Default: no limit.
            namespace: where, unless the target is an object.
            dry_run: only see whether it could be deleted.

        Raises:
            NotFound: there is none. Of a manifest, all else is deleted nevertheless.
            Conflict: the object has been replaced by another one of its name.
            WaitTimeout: it is still there.

        Example:
            ::

                cluster.delete("pod/web", grace_period=5, timeout=30)
                cluster.apply("manifests/")
                cluster.delete("manifests/", timeout=60)
        """
        references = self._references(target, namespace)
        there, missing = [], []
        for reference in references:
            try:
                there.append(refer(current(self.store, reference)))
                self.store.delete(
                    reference.kind.cls,
                    reference.name,
                    namespace=reference.namespace or "default",
                    grace_period=grace_period,
                    propagation=propagation,
                    uid=reference.uid,
                    dry_run=dry_run,
                )
            except NotFound as error:
                missing.append(error)
        if wait and not dry_run and there:
            yield from self._waiter.steps(there, DeletedGoal(), timeout)
        if missing:
            raise missing[0]

    def _complete(self, steps: Steps[R]) -> R:
        return self._driver.complete(steps)

    @staticmethod
    def _references(target: Source, namespace: str) -> builtins.list[Reference]:
        """The objects that are to be deleted, in that order."""
        if not is_manifest(target):
            return [refer(cast(Target, target), namespace)]
        objects = read_sources(target)
        return [refer(objects[position], namespace) for position in reversed(in_order(objects))]

    @waits
    def delete_collection(
        self,
        kind: type[Any] | str,
        namespace: str | None = None,
        labels: str | None = None,
        fields: str | None = None,
        grace_period: int | None = None,
        propagation: Propagation = "Background",
        wait: bool = True,
        timeout: float | None = None,
        *,
        dry_run: bool = False,
    ) -> Steps[builtins.list[Any]]:
        """Delete all objects of a kind that are selected, and wait until they are gone; return them as they were.

        Args:
            kind: the class, or the name in any usual form.
            namespace: only those of this one. Default: all.
            labels: a label selector.
            fields: a field selector.
            grace_period: see `delete`.
            propagation: see `delete`.
            wait: whether to wait.
            timeout: seconds to wait at the most, for all of them. Default: no limit.
            dry_run: only return what would be deleted.

        Raises:
            WaitTimeout: some are still there.

        Example:
            ::

                gone = cluster.delete_collection(Pod, "default", labels="app=web", timeout=60)
        """
        found = self.store.delete_collection(
            kind,
            namespace=namespace,
            labels=labels,
            fields=fields,
            grace_period=grace_period,
            propagation=propagation,
            dry_run=dry_run,
        )
        if wait and found and not dry_run:
            yield from self._waiter.steps([refer(obj) for obj in found], DeletedGoal(), timeout)
        return found

    @verb
    @waits
    def debug(
        self,
        pod: Target,
        image: str,
        name: str | None = None,
        command: Sequence[str] | None = None,
        target: str | None = None,
        stdin: bool = False,
        tty: bool = False,
        timeout: float | None = None,
        *,
        namespace: str = "default",
    ) -> Steps[Pod]:
        """Add an ephemeral container to a Pod, to look at it with the tools of another image; wait until it runs.

        Then `exec`, `logs` and `copy_from` take its name as ``container``.

        Args:
            pod: the Pod, ``"pod/name"``, or kind and name.
            image: the image of the container.
            name: its name. Default: ``debugger-`` and five characters.
            command: what it runs. Default: what the image says.
            target: a container of the Pod whose processes it sees too.
            stdin: whether it has an open standard input.
            tty: whether it has a terminal.
            timeout: seconds to wait at the most. Default: no limit.
            namespace: where, unless the target is an object.

        Returns:
            The Pod; the container is the last of ``spec.ephemeral_containers``.

        Raises:
            NotFound, ValidationError
            PodkitError: the Pod has ended, or has a container of that name.
            WaitTimeout: the container does not run in time, or never will: its image does not exist, say.

        Example:
            ::

                pod = cluster.debug("pod/web", "busybox", name="tools", command=["sleep", "600"], target="main", timeout=60)
                print(cluster.exec(pod, ["ps"], container="tools").stdout)
        """
        found = refer(pod, namespace)
        if found.kind.cls is not Pod:
            raise PodkitError(f"{found} is no Pod; debug one of its Pods")
        container = EphemeralContainer(
            name=name or f"debugger-{random_suffix()}",
            image=image,
            command=list(command or ()),
            target_container_name=target,
            stdin=stdin or None,
            tty=tty or None,
        )
        return (yield from debug(self._waiter, found, container, timeout))

    @verb
    def resize(
        self,
        pod: Target,
        container: str,
        requests: Mapping[str, str] | None = None,
        limits: Mapping[str, str] | None = None,
        *,
        namespace: str = "default",
    ) -> Pod:
        """Change the CPU and memory of a container while it runs: ``cluster.resize(pod, "main", limits={"memory": "256Mi"})``.

        The container goes on running, unless its ``resizePolicy`` says that it restarts. It does not wait: the Pod's conditions
        ``PodResizePending`` and ``PodResizeInProgress`` tell how far it is, and ``status.container_statuses[].resources`` what is
        in force.

        Args:
            pod: the Pod, ``"pod/name"``, or kind and name.
            container: the name of the container.
            requests: what is set aside from now on, by resource (``cpu``, ``memory``). Default: as before.
            limits: what it may use at most, by resource. Default: as before.
            namespace: where, unless the target is an object.

        Returns:
            The Pod as it is stored now.

        Raises:
            NotFound: there is no such Pod.
            ValidationError: an API server would refuse the change: it changes the QoS class, say.
            PodkitError: the Pod has no such container, or there is nothing to change.

        Example:
            ::

                cluster.resize("pod/web", "main", requests={"cpu": "100m"}, limits={"memory": "128Mi"})
        """
        found = refer(pod, namespace)
        if found.kind.cls is not Pod:
            raise PodkitError(f"{found} is no Pod; resize one of its Pods")
        return resize(self._store, found, container, requests, limits)

    @overload
    def watch(
        self, kind: type[T], namespace: str | None = ..., labels: str | None = ..., since: str | None = ...
    ) -> ObjectWatch[T]: ...
    @overload
    def watch(
        self, kind: str, namespace: str | None = ..., labels: str | None = ..., since: str | None = ...
    ) -> ObjectWatch[Any]: ...
    def watch(
        self, kind: Any, namespace: str | None = None, labels: str | None = None, since: str | None = None
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
            lambda wake: self.store.watch(kind, namespace=namespace, labels=labels, since=since, wake=wake),
            self._driver,
        )
        self._watches.add(watch)
        return watch

    @overload
    def on(
        self,
        kind: type[T],
        handler: Callable[[ObjectChange[T]], object],
        *,
        namespace: str | None = ...,
        labels: str | None = ...,
    ) -> Subscription[T]: ...
    @overload
    def on(
        self,
        kind: str,
        handler: Callable[[ObjectChange[Any]], object],
        *,
        namespace: str | None = ...,
        labels: str | None = ...,
    ) -> Subscription[Any]: ...
    def on(
        self,
        kind: Any,
        handler: Callable[[ObjectChange[Any]], object],
        *,
        namespace: str | None = None,
        labels: str | None = None,
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
        if not callable(handler):
            raise TypeError(
                f"a handler is a function that is given an ObjectChange, and not a {type(handler).__name__}"
            )
        if labels is not None:
            Selector.parse(labels)
        subscription = Subscription[Any](
            kind_of(kind).plural,
            lambda wake: self.store.watch(kind, namespace=namespace, labels=labels, wake=wake),
            handler,
            self._driver.detach,
        )
        self._driver.attach(subscription)
        return subscription
