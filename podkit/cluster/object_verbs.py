"""The verbs of `podkit.Cluster` that are about objects: to create, read, change and delete them."""

from __future__ import annotations

import builtins
from typing import Any, TypeVar, cast, overload

from podkit.cluster.apply import apply
from podkit.cluster.diff import diff
from podkit.cluster.object_list import ObjectList
from podkit.cluster.pauses import Steps, require_seconds, waits
from podkit.cluster.served import warn_without_effect
from podkit.cluster.sources import Source, in_order, is_manifest, read_sources
from podkit.cluster.target import Reference, Target, current, refer, source_verb, verb, with_kind_and_name
from podkit.cluster.until import DeletedGoal
from podkit.cluster.verb_group import VerbGroup
from podkit.cluster.well_formed import require_object
from podkit.errors import NotFound
from podkit.model.kinds import KINDS
from podkit.model.meta import KubernetesObject
from podkit.model.selector import Labels
from podkit.store.base import Propagation, Store
from podkit.store.subresources import Patch, PatchType, Subresource

T = TypeVar("T", bound=KubernetesObject)


class ObjectVerbs(VerbGroup):
    """What a cluster does with objects."""

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
        return self._store.create(obj, dry_run=dry_run)

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
        applied = apply(self._store, objects, namespace=namespace, prune=prune, dry_run=dry_run)
        return ObjectList(applied, now=self._clock.now())

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
        return diff(self._store, source, namespace=namespace)

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
        return current(self._store, target, namespace)

    @overload
    def list(
        self, kind: type[T], namespace: str | None = ..., labels: Labels | None = ..., fields: str | None = ...
    ) -> builtins.list[T]: ...
    @overload
    def list(
        self, kind: str, namespace: str | None = ..., labels: Labels | None = ..., fields: str | None = ...
    ) -> builtins.list[Any]: ...
    def list(
        self, kind: Any, namespace: str | None = None, labels: Labels | None = None, fields: str | None = None
    ) -> builtins.list[Any]:
        """The objects of a kind, or of several, ordered by namespace and name.

        Args:
            kind: the class, or the name in any usual form; several with commas between them, and ``"all"`` for all that runs or
                serves, as kubectl takes them.
            namespace: only those of this one. Default: all.
            labels: a label selector, such as ``app=web,tier in (a,b)``; or a mapping of labels, or the selector of another object.
            fields: a field selector, such as ``status.phase!=Running``.

        Example:
            ::

                for pod in cluster.list(Pod, labels="app in (web, api)", fields="status.phase=Running"):
                    print(pod.metadata.name)
        """
        found: builtins.list[Any] = []
        for one in KINDS.several(kind):
            found += self._store.list(one.cls, namespace=namespace, labels=labels, fields=fields)
        return ObjectList(found, now=self._clock.now())

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
        return self._store.update(obj, subresource=subresource, dry_run=dry_run)

    def update_status(self, obj: T, *, dry_run: bool = False) -> T:
        """Replace the status of an object, and nothing else; see `update`.

        Example:
            ::

                pod = cluster.get(Pod, "web")
                pod.status.conditions.append(PodCondition(type="example.com/warm", status="True"))
                pod = cluster.update_status(pod)
        """
        return self._store.update_status(obj, dry_run=dry_run)

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
        return self._store.patch(
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
        require_seconds(timeout)
        references = self._references(target, namespace)
        there, missing = [], []
        for reference in references:
            try:
                there.append(refer(current(self._store, reference)))
                self._store.delete(
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

    @waits
    def delete_collection(
        self,
        kind: type[Any] | str,
        namespace: str | None = None,
        labels: Labels | None = None,
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
        found = self._store.delete_collection(
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

    @staticmethod
    def _references(target: Source, namespace: str) -> builtins.list[Reference]:
        """The objects that are to be deleted, in that order."""
        if not is_manifest(target):
            return [refer(cast(Target, target), namespace)]
        objects = read_sources(target)
        return [refer(objects[position], namespace) for position in reversed(in_order(objects))]
