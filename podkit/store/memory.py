"""A store in this process's memory.

It holds one object for each that exists, and never changes it: a write makes another one, with the next resource version of
the one counter that all kinds share, and puts it in the old one's place. So what watches tell can be shared by all of them
without copies, and a reader copies outside of the lock. What callers give and get are copies.

A write is: look up the old object, ask the pure functions beside this module (and admission) what the new one is, put it there,
tell the watches. All of it happens under one lock, hence one after the other, as in etcd. What a write has changed is told when
all of it is done; if it fails in between, everything is as it was before. A store that keeps its objects elsewhere too saves them
just before they are told (`MemoryStore._save`).
"""

from __future__ import annotations

import builtins
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from podkit.admission import companions, prepare_create
from podkit.admission.system_classes import SYSTEM_CLASSES
from podkit.codec.positions import origin, remember
from podkit.errors import AlreadyExists, Expired, FieldError, StoreError, ValidationError
from podkit.loop.clock import Clock, SystemClock
from podkit.loop.interrupts import interrupts_deferred
from podkit.loop.watch import ChangeType, Watch, WatchEvent
from podkit.model.copying import clone, shallow
from podkit.model.event import Event
from podkit.model.kinds import kind_of
from podkit.model.meta import KubernetesObject, ObjectMeta
from podkit.model.namespace import Namespace
from podkit.model.pod import Pod
from podkit.model.scale import Scale
from podkit.model.selector import Labels, matcher
from podkit.store.base import NamespaceTerminating, Propagation
from podkit.store.binding import bound
from podkit.store.changes import Change, Selection, Wake, call_all
from podkit.store.collection import delete_collection
from podkit.store.deletion import Deletion, decide, is_over
from podkit.store.eviction import evicted
from podkit.store.measures import KindMeasures
from podkit.store.preconditions import require_fresh, require_mortal, require_new, require_uid
from podkit.store.retention import EventRetention
from podkit.store.room import Known, Room
from podkit.store.scale import scale_of, scaled
from podkit.store.subresources import (
    Patch,
    PatchType,
    Prepare,
    Subresource,
    patched,
    preparation,
    require_subresource,
    view,
)

T = TypeVar("T", bound=KubernetesObject)


class MemoryStore:
    """Keeps objects in memory; see `podkit.store.base.Store`.

    It may be used from any number of threads.

    Args:
        clock: what the times of creation and deletion are read from; None: the machine's clock.

    Example:
        ::

            store = MemoryStore()
            stored = store.create(ConfigMap.new("settings", {"color": "blue"}))
            assert store.get(ConfigMap, "settings") == stored
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._version = 0
        self._rooms: dict[type, Room[Any]] = {}
        self._retention = EventRetention()
        self._written: list[tuple[Room[Any], Change[Any]]] = []
        self._closed = False
        self._known = Known(self._room)
        with self._writing():
            self._begin()
            self._provide(Namespace(metadata=ObjectMeta(name="default")))
            for priority_class in SYSTEM_CLASSES.values():
                self._provide(priority_class)

    def measures(self) -> builtins.list[KindMeasures]:
        """What is kept of each kind at this moment."""
        with self._lock:
            return [room.measures() for room in self._rooms.values()]

    # Reading

    @overload
    def get(self, kind: type[T], name: str, *, namespace: str = "default") -> T: ...
    @overload
    def get(self, kind: str, name: str, *, namespace: str = "default") -> Any: ...
    def get(self, kind: type[T] | str, name: str, *, namespace: str = "default") -> Any:
        """One object; raises NotFound."""
        self._drop_outdated(kind)
        with self._lock:
            found = self._room(kind).existing(namespace, name)
        return clone(found)

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
        """The objects of a kind, ordered by namespace and name."""
        wanted = matcher(labels, fields, kind_of(kind).cls)
        self._drop_outdated(kind)
        with self._lock:
            room = self._room(kind)
            found = room.objects.select(namespace if room.kind.namespaced else None, wanted)
        return [clone(obj) for obj in found]

    @overload
    def watch(
        self,
        kind: type[T],
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
        since: str | None = None,
        wake: Wake | None = None,
    ) -> Watch[T]: ...
    @overload
    def watch(
        self,
        kind: str,
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
        since: str | None = None,
        wake: Wake | None = None,
    ) -> Watch[Any]: ...
    def watch(
        self,
        kind: type[T] | str,
        *,
        namespace: str | None = None,
        labels: Labels | None = None,
        since: str | None = None,
        wake: Wake | None = None,
    ) -> Watch[Any]:
        """Follow the changes of a kind."""
        wanted = matcher(labels)
        self._drop_outdated(kind)
        with self._lock:
            room = self._room(kind)
            namespace = namespace if room.kind.namespaced else None
            selection: Selection[Any] = Selection(namespace, wanted)
            if since in (None, "", "0"):
                return room.changes.follow(selection, room.objects.select(namespace, wanted), wake=wake)
            return room.changes.follow_since(selection, self._past_version(since), wake=wake)

    # Writing

    def create(self, obj: T, *, dry_run: bool = False) -> T:
        """Store a new object."""
        with self._writing():
            room: Room[T] = self._room(obj)
            new = prepare_create(self._draft(room, obj), self._known)
            new.metadata.creation_timestamp = self._clock.now()
            self._require_place(room, new)
            if not dry_run:
                self._insert(room, new)
        return clone(new)

    def update(self, obj: T, *, subresource: Subresource = "", dry_run: bool = False) -> T:
        """Replace an object, or one of its subresources."""
        with self._writing():
            room: Room[T] = self._room(obj)
            new = self._replace(room, obj, preparation(room.kind, subresource, self._known), dry_run=dry_run)
        return clone(new)

    def update_status(self, obj: T, *, dry_run: bool = False) -> T:
        """Replace the status of an object."""
        return self.update(obj, subresource="status", dry_run=dry_run)

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
        """Change an object, or one of its subresources, by a patch."""
        with self._writing():
            room = self._room(kind)
            prepare = preparation(room.kind, subresource, self._known)
            old = room.existing(namespace, name)
            wanted = patched(old, patch, type, room.kind, subresource)
            new = self._replace(room, wanted, prepare, dry_run=dry_run)
        return view(new, subresource)

    def get_scale(self, kind: type[T] | str, name: str, *, namespace: str = "default") -> Scale:
        """How many Pods an object keeps."""
        with self._lock:
            room = self._room(kind)
            require_subresource(room.kind, "scale")
            found: Any = room.existing(namespace, name)
        return scale_of(found)

    def update_scale(self, kind: type[T] | str, scale: Scale, *, dry_run: bool = False) -> Scale:
        """Change how many Pods an object keeps."""
        with self._writing():
            room = self._room(kind)
            prepare = preparation(room.kind, "scale", self._known)
            old = room.existing(scale.metadata.namespace, scale.metadata.name or "")
            new = self._replace(room, scaled(old, scale), prepare, dry_run=dry_run)
        return scale_of(new)

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
        """Ask for an object to be deleted."""
        request = Deletion(self._clock.now(), grace_period, propagation)
        with self._writing():
            room = self._room(kind)
            old = room.existing(namespace, name)
            require_uid(room.kind, old.metadata, uid)
            require_mortal(old)
            if not dry_run:
                self._delete(room, old, request)

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
        """Ask for all objects of a kind that are selected to be deleted."""
        return delete_collection(
            self,
            kind,
            namespace=namespace,
            labels=labels,
            fields=fields,
            grace_period=grace_period,
            propagation=propagation,
            dry_run=dry_run,
        )

    def evict(
        self,
        name: str,
        *,
        namespace: str = "default",
        grace_period: int | None = None,
        uid: str | None = None,
        dry_run: bool = False,
    ) -> None:
        """Ask a Pod to leave its node."""
        request = Deletion(self._clock.now(), grace_period)
        with self._writing():
            room = self._room(Pod)
            old = room.existing(namespace, name)
            require_uid(room.kind, old.metadata, uid)
            if dry_run:
                return
            new = evicted(old, request.now)
            self._put(room, old, new)
            self._delete(room, new, request)

    def bind(self, pod: Pod, node_name: str) -> Pod:
        """Give a Pod its node."""
        with self._writing():
            room = self._room(Pod)
            old = room.existing(pod.metadata.namespace, pod.metadata.name or "")
            require_uid(room.kind, old.metadata, pod.metadata.uid)
            new = bound(old, node_name, self._clock.now())
            self._put(room, old, new)
        return clone(new)

    def close(self) -> None:
        """End all watches and forget all objects; whatever is asked of the store afterwards raises StoreError."""
        with interrupts_deferred():
            with self._lock:
                self._closed = True
                rooms = list(self._rooms.values())
                self._rooms.clear()
            for room in rooms:
                room.changes.close()

    def _drop_outdated(self, kind: Any) -> None:
        """Before a kind is read: drop what is outdated of it, which only Events are at some time."""
        if kind_of(kind).cls is Event:
            with self._writing():
                for key in self._retention.outdated(self._clock.monotonic()):
                    self._drop_event(self._room(Event), key)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock; once it is free again, call those who wait for what was written.

        Ctrl-C does not break it off in between: what is stored and what watches tell would not be the same any more.
        """
        wakes: list[Wake] = []
        with interrupts_deferred():
            with self._lock:
                try:
                    yield
                    if self._written:
                        self._save(self._written)
                except BaseException:
                    self._take_back()
                    raise
                for room, change in self._written:
                    wakes += room.changes.append(change)
                self._written = []
            if wakes:
                call_all(wakes)

    # Inside: the caller holds the lock

    def _begin(self) -> None:
        """Take in what is there from before: nothing here."""

    def _save(self, written: builtins.list[tuple[Room[Any], Change[Any]]]) -> None:
        """Keep what a write has changed, beyond this process: nothing to be done here.

        Raises:
            StoreError: it cannot be kept; then the write has failed.
        """

    def _take_back(self) -> None:
        """Undo what a write has changed that has failed."""
        for room, change in reversed(self._written):
            there = change.event.object
            if change.before is not None:
                room.objects.put(change.before)
            else:
                room.objects.remove(there.metadata.namespace, there.metadata.name or "")
            if isinstance(there, Event) and change.before is None:
                self._retention.forget(there)
        self._written = []

    def _room(self, kind: Any) -> Room[Any]:
        if self._closed:
            raise StoreError("the store is closed, and with it the cluster that it was opened for")
        room = self._rooms.get(kind) if isinstance(kind, type) else None
        if room is None:
            found = kind_of(kind)
            room = self._rooms.get(found.cls)
            if room is None:
                room = self._rooms[found.cls] = Room(found)
        return room

    def _draft(self, room: Room[T], obj: T) -> T:
        """A new object with all that the store gives it before admission; a shallow copy, as admission makes a deep one."""
        require_new(room.kind, obj.metadata)
        meta = shallow(obj.metadata)
        if room.kind.namespaced:
            meta.namespace = meta.namespace or "default"
        if not meta.name and meta.generate_name:
            meta.name = room.free_name(meta.namespace, meta.generate_name)
        meta.uid = str(uuid.uuid4())
        draft = shallow(obj)
        draft.metadata = meta
        if (place := origin(obj)) is not None:
            remember(draft, place)
        return draft

    def _require_place(self, room: Room[T], new: T) -> None:
        """See that the name of a new object is free, and that its namespace takes new objects."""
        meta = new.metadata
        if room.objects.get(meta.namespace, meta.name or "") is not None:
            raise AlreadyExists(room.kind.name, meta.name or "", meta.namespace)
        space = self._room(Namespace).objects.get(None, meta.namespace or "")
        if space is not None and space.metadata.deletion_timestamp is not None:
            message = f"unable to create new content in namespace {meta.namespace} because it is being terminated"
            error = FieldError("metadata.namespace", "Forbidden", message, meta.namespace)
            raise NamespaceTerminating([error], what=f"{room.kind.name} {meta.name!r}")

    def _insert(self, room: Room[T], new: T) -> None:
        """Store a new object, with what has to be there beside it."""
        space = new.metadata.namespace
        if space is not None and self._room(Namespace).objects.get(None, space) is None:
            self._provide(Namespace(metadata=ObjectMeta(name=space)))
        for companion in companions(new):
            self._provide(companion)
        self._put(room, None, new)

    def _provide(self, obj: KubernetesObject) -> None:
        """Make an object unless there is one of its name."""
        room = self._room(obj)
        if room.objects.get(obj.metadata.namespace, obj.metadata.name or "") is None:
            new = prepare_create(self._draft(room, obj))
            new.metadata.creation_timestamp = self._clock.now()
            self._put(room, None, new)

    def _delete(self, room: Room[T], old: T, request: Deletion) -> None:
        verdict = decide(old, request)
        if verdict.action == "remove":
            self._remove(room, old, verdict.object)
        elif verdict.action == "mark":
            self._put(room, old, verdict.object)

    def _replace(self, room: Room[T], obj: T, prepare: Prepare, *, dry_run: bool) -> T:
        """Put an object in the place of the old one, as admission lets it; returns what is there then, or was last."""
        meta = obj.metadata
        old = room.existing(meta.namespace, meta.name or "")
        require_uid(room.kind, old.metadata, meta.uid)
        require_fresh(room.kind, old.metadata, meta.resource_version)
        new: T = prepare(old, obj)
        new.metadata.resource_version = old.metadata.resource_version
        if new == old:
            return old
        if dry_run:
            return new
        if is_over(new):
            self._remove(room, old, new)
        else:
            self._put(room, old, new)
        return new

    def _put(self, room: Room[T], old: T | None, new: T) -> None:
        version = self._next_version(new)
        room.objects.put(new)
        event = WatchEvent(ChangeType.ADDED if old is None else ChangeType.MODIFIED, new)
        self._written.append((room, Change(version, old, event)))
        if isinstance(new, Event):
            for key in self._retention.note(new, self._clock.monotonic()):
                self._drop_event(room, key)

    def _remove(self, room: Room[T], old: T, last: T) -> None:
        """Take an object out of the store; ``last`` is how it is told, and nobody else's."""
        version = self._next_version(last)
        room.objects.remove(old.metadata.namespace, old.metadata.name or "")
        self._written.append((room, Change(version, old, WatchEvent(ChangeType.DELETED, last))))
        if isinstance(old, Event):
            self._retention.forget(old)

    def _next_version(self, obj: KubernetesObject) -> int:
        self._version += 1
        obj.metadata.resource_version = str(self._version)
        return self._version

    def _drop_event(self, room: Room[Any], key: tuple[str | None, str]) -> None:
        old = room.objects.get(*key)
        if old is not None:
            last = shallow(old)
            last.metadata = shallow(old.metadata)
            self._remove(room, old, last)

    def _past_version(self, since: str | None) -> int:
        if since is None or not since.isdecimal():
            raise ValidationError([FieldError("resourceVersion", "Invalid", "must be a resource version", since)])
        if int(since) > self._version:
            raise Expired(f"resource version {since} is of another store: this one has come to {self._version} only")
        return int(since)
