"""Empties a namespace that is being deleted, and then lets it go.

A Namespace carries the finalizer ``kubernetes`` in its spec. When it is deleted, nothing new can be made in it (the store sees to
that), and what is in it is deleted: first its Pods, and when they have gone, as they may need the rest until then, all other kinds.
Pods stop gracefully, finalizers are waited for; the status says what remains. When nothing does, the finalizer is taken away.

Source of the rules: ``pkg/controller/namespace/deletion/namespaced_resources_deleter.go``, ``status_condition_utils.go``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from attrs import frozen

from podkit.controllers.controller import Controller, ObjectKey
from podkit.controllers.failures import Failures
from podkit.errors import NotFound
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.copying import clone
from podkit.model.kinds import KINDS, kind_of
from podkit.model.meta import KubernetesObject
from podkit.model.namespace import Namespace, NamespaceCondition
from podkit.model.pod import Pod
from podkit.store.base import Store

FINALIZER = "kubernetes"

LOOK_AGAIN = 0.25
"""Seconds after which to look whether what is being deleted is gone."""


@frozen
class Remains:
    """What is left in a namespace.

    Attributes:
        kinds: how many objects there are, by plural and group of the kind, such as ``jobs.batch``.
        finalizers: how many objects wait for each finalizer.
    """

    kinds: Mapping[str, int]
    finalizers: Mapping[str, int]


def conditions(remains: Remains, now: datetime) -> list[NamespaceCondition]:
    """What the status of a namespace that is being deleted says about what remains in it."""
    kinds = [f"{name} has {number} resource instances" for name, number in sorted(remains.kinds.items())]
    held = [f"{name} in {number} resource instances" for name, number in sorted(remains.finalizers.items())]
    return [
        _condition("NamespaceContentRemaining", now, ("SomeResourcesRemain", "Some resources are remaining", kinds))
        or _all_well("NamespaceContentRemaining", now, "ContentRemoved", "All content successfully removed"),
        _condition(
            "NamespaceFinalizersRemaining",
            now,
            ("SomeFinalizersRemain", "Some content in the namespace has finalizers remaining", held),
        )
        or _all_well(
            "NamespaceFinalizersRemaining", now, "ContentHasNoFinalizers", "All content-preserving finalizers finished"
        ),
    ]


def _condition(type_: str, now: datetime, problem: tuple[str, str, list[str]]) -> NamespaceCondition | None:
    reason, message, what = problem
    return _new(type_, now, "True", reason, f"{message}: {', '.join(what)}") if what else None


def _all_well(type_: str, now: datetime, reason: str, message: str) -> NamespaceCondition:
    return _new(type_, now, "False", reason, message)


def _new(type_: str, now: datetime, status: str, reason: str, message: str) -> NamespaceCondition:
    second = now.replace(microsecond=0)
    return NamespaceCondition(type=type_, status=status, reason=reason, message=message, last_transition_time=second)


class NamespaceController(Controller[ObjectKey]):
    """Sees deletions of namespaces through.

    Args:
        store: the store with the namespaces and all that is in them.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            store = MemoryStore()
            store.create(ConfigMap.new("settings", {}, namespace="team"))        # makes the namespace, too
            store.delete(Namespace, "team")
            NamespaceController(store).step()
            assert store.list(ConfigMap) == []
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("namespace-controller", store, clock=clock)
        self._namespaces = self.loop.follow(lambda wake: store.watch(Namespace, wake=wake), self._changed)

    def _reconcile(self, key: ObjectKey) -> float | None:
        namespace = self._namespaces.get(*key)
        if namespace is None or namespace.metadata.deletion_timestamp is None:
            return None
        if FINALIZER not in namespace.spec.finalizers:
            return None
        name = key[1]
        self._delete(self._store.list(Pod, namespace=name))
        if not self._store.list(Pod, namespace=name):
            self._delete(self._content(name))
        left = self._content(name)
        if not left:
            self._finish(namespace)
            return None
        self._say(namespace, conditions(_count(left), self._clock.now()))
        return LOOK_AGAIN

    def _content(self, name: str) -> list[KubernetesObject]:
        """All that is in a namespace; Events last, so that they tell of the others until the end."""
        kinds = sorted((kind for kind in KINDS.kinds if kind.namespaced), key=lambda kind: kind.name == "Event")
        return [obj for kind in kinds for obj in self._store.list(kind.cls, namespace=name)]

    def _delete(self, objects: Iterable[KubernetesObject]) -> None:
        failures = Failures()
        for obj in objects:
            if obj.metadata.deletion_timestamp is not None:
                continue
            failures.attempt(partial(self._delete_one, obj))
        failures.raise_first()

    def _delete_one(self, obj: KubernetesObject) -> None:
        meta = obj.metadata
        try:
            self._store.delete(type(obj), meta.name or "", namespace=meta.namespace or "", uid=meta.uid)
        except NotFound:
            return

    def _say(self, namespace: Namespace, new: Sequence[NamespaceCondition]) -> None:
        """Store conditions; one whose status is what it was keeps its time."""
        old = {condition.type: condition for condition in namespace.status.conditions}
        for condition in new:
            before = old.get(condition.type)
            if before is not None and before.status == condition.status:
                condition.last_transition_time = before.last_transition_time
            old[condition.type] = condition
        changed = clone(namespace)
        changed.status.conditions = list(old.values())
        if changed.status != namespace.status:
            self._store.update_status(changed)

    def _finish(self, namespace: Namespace) -> None:
        """Take the finalizer away, which removes the namespace unless somebody else holds it."""
        changed = clone(namespace)
        changed.spec.finalizers.remove(FINALIZER)
        self._store.update(changed)

    def _changed(self, _old: Namespace | None, new: Namespace | None) -> None:
        if new is not None and new.metadata.deletion_timestamp is not None:
            self.loop.enqueue(object_key(new))


def _count(objects: Sequence[KubernetesObject]) -> Remains:
    kinds = Counter(f"{kind_of(obj).plural}.{kind_of(obj).group}" for obj in objects)
    finalizers = Counter(name for obj in objects for name in obj.metadata.finalizers)
    return Remains(kinds, finalizers)
