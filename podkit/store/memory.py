"""A store in this process's memory.

It holds one object for each that exists, and never changes it: a write makes another one, with the next resource version of
the one counter that all kinds share, and puts it in the old one's place. So what watches tell can be shared by all of them
without copies, and a reader copies outside of the lock. What callers give and get are copies.

A write is: look up the old object, ask the pure functions beside this module (and admission) what the new one is, put it there,
tell the watches. All of it happens under one lock, hence one after the other, as in etcd.
"""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, Literal, TypeVar, overload

from podkit.admission import prepare_create, prepare_status_update, prepare_update
from podkit.codec import from_dict, to_dict
from podkit.codec.positions import origin, remember
from podkit.errors import AlreadyExists, Conflict, Expired, FieldError, NotFound, StoreError, ValidationError
from podkit.loop.clock import Clock, SystemClock
from podkit.loop.watch import ChangeType, Watch, WatchEvent
from podkit.model.copying import clone
from podkit.model.event import Event
from podkit.model.kinds import Kind, kind_of
from podkit.model.meta import KubernetesObject, ObjectMeta
from podkit.model.namespace import Namespace
from podkit.model.pod import Pod
from podkit.model.selector import FieldSelector, Selector
from podkit.store.base import Propagation
from podkit.store.binding import bound
from podkit.store.changes import Change, ChangeLog, Selection, Wake, call_all
from podkit.store.deletion import Deletion, decide, is_over
from podkit.store.naming import ATTEMPTS, generate_name
from podkit.store.patch import strategic_merge
from podkit.store.retention import EventRetention
from podkit.store.table import ObjectTable

T = TypeVar("T", bound=KubernetesObject)

Prepare = Callable[[Any, Any], Any]
"""What admission does with the old and the new object of an update."""

IMMORTAL_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})
"""These are never deleted (admission plugin NamespaceLifecycle)."""


class _Room(Generic[T]):
    """What is kept of one kind."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.objects: ObjectTable[T] = ObjectTable()
        self.changes: ChangeLog[T] = ChangeLog()


class MemoryStore:
    """Keeps objects in memory; see `podkit.store.base.Store`.

    It may be used from any number of threads.

    Args:
        clock: what the times of creation and deletion are read from; None: the machine's clock.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._version = 0
        self._rooms: dict[str, _Room[Any]] = {}
        self._retention = EventRetention()
        self._wakes: list[Wake] = []
        self._closed = False
        with self._writing():
            self._provide_namespace("default")

    # Reading

    @overload
    def get(self, kind: type[T], name: str, *, namespace: str = "default") -> T: ...
    @overload
    def get(self, kind: str, name: str, *, namespace: str = "default") -> Any: ...
    def get(self, kind: type[T] | str, name: str, *, namespace: str = "default") -> Any:
        """One object; raises NotFound."""
        with self._reading(kind) as room:
            found = self._existing(room, namespace, name)
        return clone(found)

    @overload
    def list(
        self, kind: type[T], *, namespace: str | None = None, labels: str | None = None, fields: str | None = None
    ) -> list[T]: ...
    @overload
    def list(
        self, kind: str, *, namespace: str | None = None, labels: str | None = None, fields: str | None = None
    ) -> list[Any]: ...
    def list(
        self, kind: type[T] | str, *, namespace: str | None = None, labels: str | None = None, fields: str | None = None
    ) -> list[Any]:
        """The objects of a kind, ordered by namespace and name."""
        wanted = _matcher(labels, fields)
        with self._reading(kind) as room:
            found = room.objects.select(namespace if room.kind.namespaced else None, wanted)
        return [clone(obj) for obj in found]

    @overload
    def watch(
        self,
        kind: type[T],
        *,
        namespace: str | None = None,
        labels: str | None = None,
        since: str | None = None,
        wake: Wake | None = None,
    ) -> Watch[T]: ...
    @overload
    def watch(
        self,
        kind: str,
        *,
        namespace: str | None = None,
        labels: str | None = None,
        since: str | None = None,
        wake: Wake | None = None,
    ) -> Watch[Any]: ...
    def watch(
        self,
        kind: type[T] | str,
        *,
        namespace: str | None = None,
        labels: str | None = None,
        since: str | None = None,
        wake: Wake | None = None,
    ) -> Watch[Any]:
        """Follow the changes of a kind."""
        wanted = _matcher(labels, None)
        with self._reading(kind) as room:
            namespace = namespace if room.kind.namespaced else None
            selection: Selection[Any] = Selection(namespace, wanted)
            if since in (None, "", "0"):
                return room.changes.follow(selection, room.objects.select(namespace, wanted), wake=wake)
            return room.changes.follow_since(selection, self._past_version(since), wake=wake)

    # Writing

    def create(self, obj: T) -> T:
        """Store a new object."""
        with self._writing():
            room: _Room[T] = self._room(obj)
            new = prepare_create(self._draft(room, obj))
            new.metadata.creation_timestamp = self._clock.now()
            self._insert(room, new)
        return clone(new)

    def update(self, obj: T) -> T:
        """Replace an object, but for its status."""
        with self._writing():
            room: _Room[T] = self._room(obj)
            new = self._replace(room, obj, prepare_update)
        return clone(new)

    def update_status(self, obj: T) -> T:
        """Replace the status of an object."""
        with self._writing():
            room: _Room[T] = self._room(obj)
            new = self._replace(room, obj, _status_preparation(room.kind))
        return clone(new)

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
        with self._writing():
            room = self._room(kind)
            prepare = _status_preparation(room.kind) if subresource else prepare_update
            old = self._existing(room, namespace, name)
            obj = from_dict(strategic_merge(to_dict(old), patch, room.kind.cls), room.kind.cls)
            _require_same_identity(old, obj)
            new = self._replace(room, obj, prepare)
        return clone(new)

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
        request = Deletion(self._clock.now(), grace_period, propagation)
        with self._writing():
            room = self._room(kind)
            old = self._existing(room, namespace, name)
            _require_uid(room.kind, old.metadata, uid)
            _require_mortal(old)
            verdict = decide(old, request)
            if verdict.action == "remove":
                self._remove(room, old, verdict.object)
            elif verdict.action == "mark":
                self._put(room, old, verdict.object)

    def bind(self, pod: Pod, node_name: str) -> Pod:
        """Give a Pod its node."""
        with self._writing():
            room = self._room(Pod)
            old = self._existing(room, pod.metadata.namespace, pod.metadata.name or "")
            _require_uid(room.kind, old.metadata, pod.metadata.uid)
            new = bound(old, node_name, self._clock.now())
            self._put(room, old, new)
        return clone(new)

    def close(self) -> None:
        """End all watches and forget all objects; whatever is asked of the store afterwards raises StoreError."""
        with self._lock:
            self._closed = True
            rooms = list(self._rooms.values())
            self._rooms.clear()
        for room in rooms:
            room.changes.close()

    # Inside: the caller holds the lock

    @contextmanager
    def _reading(self, kind: type[T] | str) -> Iterator[_Room[Any]]:
        """Hold the lock, after what is outdated of the kind has been dropped."""
        with self._writing():
            room = self._room(kind)
            if room.kind.cls is Event:
                self._drop_old_events(room)
            yield room

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock; once it is free again, call those who wait for what was written."""
        wakes: list[Wake] = []
        try:
            with self._lock:
                if self._closed:
                    raise StoreError("the store is closed")
                try:
                    yield
                finally:
                    wakes, self._wakes = self._wakes, wakes
        finally:
            if wakes:
                call_all(wakes)

    def _room(self, kind: Any) -> _Room[Any]:
        found = kind_of(kind)
        room = self._rooms.get(found.name)
        if room is None:
            room = self._rooms[found.name] = _Room(found)
        return room

    def _existing(self, room: _Room[T], namespace: str | None, name: str) -> T:
        namespace = (namespace or "default") if room.kind.namespaced else None
        found = room.objects.get(namespace, name)
        if found is None:
            raise NotFound(room.kind.name, name, namespace)
        return found

    def _draft(self, room: _Room[T], obj: T) -> T:
        """A new object with all that the store gives it before admission; a shallow copy, as admission makes a deep one."""
        _require_new(room.kind, obj.metadata)
        meta = copy.copy(obj.metadata)
        if room.kind.namespaced:
            meta.namespace = meta.namespace or "default"
        if not meta.name and meta.generate_name:
            meta.name = self._free_name(room, meta.namespace, meta.generate_name)
        meta.uid = str(uuid.uuid4())
        draft = copy.copy(obj)
        draft.metadata = meta
        if (place := origin(obj)) is not None:
            remember(draft, place)
        return draft

    def _free_name(self, room: _Room[Any], namespace: str | None, prefix: str) -> str:
        for _ in range(ATTEMPTS):
            name = generate_name(prefix)
            if room.objects.get(namespace, name) is None:
                return name
        raise AlreadyExists(room.kind.name, f"{prefix}…", namespace)

    def _insert(self, room: _Room[T], new: T) -> None:
        meta = new.metadata
        if room.objects.get(meta.namespace, meta.name or "") is not None:
            raise AlreadyExists(room.kind.name, meta.name or "", meta.namespace)
        if meta.namespace is not None:
            self._provide_namespace(meta.namespace, newcomer=f"{room.kind.name} {meta.name!r}")
        self._put(room, None, new)

    def _provide_namespace(self, name: str, *, newcomer: str = "") -> None:
        """Make the namespace unless it is there; one that is being deleted takes nothing new."""
        room = self._room(Namespace)
        there = room.objects.get(None, name)
        if there is not None and there.metadata.deletion_timestamp is not None:
            message = f"unable to create new content in namespace {name} because it is being terminated"
            raise ValidationError([FieldError("metadata.namespace", "Forbidden", message, name)], what=newcomer)
        if there is None:
            new = prepare_create(self._draft(room, Namespace(metadata=ObjectMeta(name=name))))
            new.metadata.creation_timestamp = self._clock.now()
            self._put(room, None, new)

    def _replace(self, room: _Room[T], obj: T, prepare: Prepare) -> T:
        """Put an object in the place of the old one, as admission lets it; returns what is there then, or was last."""
        meta = obj.metadata
        old = self._existing(room, meta.namespace, meta.name or "")
        _require_uid(room.kind, old.metadata, meta.uid)
        _require_fresh(room.kind, old.metadata, meta.resource_version)
        new: T = prepare(old, obj)
        new.metadata.resource_version = old.metadata.resource_version
        if new == old:
            return old
        if is_over(new):
            self._remove(room, old, new)
        else:
            self._put(room, old, new)
        return new

    def _put(self, room: _Room[T], old: T | None, new: T) -> None:
        version = self._next_version(new)
        room.objects.put(new)
        event = WatchEvent(ChangeType.ADDED if old is None else ChangeType.MODIFIED, new)
        self._wakes += room.changes.append(Change(version, old, event))
        if isinstance(new, Event):
            for key in self._retention.note(new, self._clock.monotonic()):
                self._drop_event(room, key)

    def _remove(self, room: _Room[T], old: T, last: T) -> None:
        """Take an object out of the store; ``last`` is how it is told, and nobody else's."""
        version = self._next_version(last)
        room.objects.remove(old.metadata.namespace, old.metadata.name or "")
        self._wakes += room.changes.append(Change(version, old, WatchEvent(ChangeType.DELETED, last)))
        if isinstance(old, Event):
            self._retention.forget(old)

    def _next_version(self, obj: KubernetesObject) -> int:
        self._version += 1
        obj.metadata.resource_version = str(self._version)
        return self._version

    def _drop_old_events(self, room: _Room[Any]) -> None:
        for key in self._retention.outdated(self._clock.monotonic()):
            self._drop_event(room, key)

    def _drop_event(self, room: _Room[Any], key: tuple[str | None, str]) -> None:
        old = room.objects.get(*key)
        if old is not None:
            self._remove(room, old, clone(old))

    def _past_version(self, since: str | None) -> int:
        if since is None or not since.isdecimal():
            raise ValidationError([FieldError("resourceVersion", "Invalid", "must be a resource version", since)])
        if int(since) > self._version:
            raise Expired(f"resource version {since} is of another store: this one has come to {self._version} only")
        return int(since)


def _matcher(labels: str | None, fields: str | None) -> Callable[[Any], bool] | None:
    """Whether an object is selected, as a function; None when all are."""
    by_label = Selector.parse(labels) if labels else None
    by_field = FieldSelector.parse(fields) if fields else None
    if by_label is not None and by_field is not None:
        return lambda obj: by_label.matches(obj.metadata.labels) and by_field.matches(obj)
    if by_label is not None:
        return lambda obj: by_label.matches(obj.metadata.labels)
    return by_field.matches if by_field is not None else None


def _status_preparation(kind: Kind) -> Prepare:
    if not kind.has_status:
        raise ValidationError([FieldError("status", "Forbidden", f"a {kind.name} has no status")], what="the update")
    return prepare_status_update


def _require_new(kind: Kind, meta: ObjectMeta) -> None:
    """Refuse what cannot be created as it is: one that was read from a store, or one in a place that its kind has not."""
    found = []
    if meta.resource_version:
        message = "must not be set on objects that are to be created"
        found.append(FieldError("metadata.resourceVersion", "Forbidden", message, meta.resource_version))
    if meta.namespace and not kind.namespaced:
        found.append(FieldError("metadata.namespace", "Forbidden", "not allowed on this type", meta.namespace))
    if found:
        raise ValidationError(found, what=f"{kind.name} {meta.name!r}")


def _require_fresh(kind: Kind, old: ObjectMeta, version: str | None) -> None:
    if version and version != old.resource_version:
        raise Conflict(
            f"{kind.name} {old.name!r} has changed since it was read: it is at resource version {old.resource_version}, "
            f"the change was made to {version}; read it again and repeat the change"
        )


def _require_uid(kind: Kind, old: ObjectMeta, uid: str | None) -> None:
    if uid and uid != old.uid:
        raise Conflict(
            f"{kind.name} {old.name!r} is not the one that is meant: it has uid {old.uid}, not {uid}; "
            "it has been deleted and created again"
        )


def _require_mortal(obj: KubernetesObject) -> None:
    if isinstance(obj, Namespace) and obj.metadata.name in IMMORTAL_NAMESPACES:
        what = f"Namespace {obj.metadata.name!r}"
        raise ValidationError(
            [FieldError("metadata.name", "Forbidden", "this namespace may not be deleted")], what=what
        )


def _require_same_identity(old: KubernetesObject, new: KubernetesObject) -> None:
    """Refuse a patch that would make another object of it."""
    found = [
        FieldError(f"metadata.{field}", "Invalid", f"a patch cannot change it from {before!r}", after)
        for field, before, after in (
            ("name", old.metadata.name, new.metadata.name),
            ("namespace", old.metadata.namespace, new.metadata.namespace),
        )
        if before != after
    ]
    if found:
        raise ValidationError(found, what=f"{old.kind} {old.metadata.name!r}")
