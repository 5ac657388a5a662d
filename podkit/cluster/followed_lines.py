"""Following what is written to logs, line by line.

What is followed is a container of a Pod by its name, through all restarts: when the log of one attempt is complete, the log of
the next one comes. Of an object that owns Pods these are all its Pods, also those that are made later. A stream ends when nothing
can come any more: the containers stay as they have ended, and no further Pods are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve

from podkit.cluster.containers import ContainerFinder, Place, choose, starts_again
from podkit.cluster.driver import Driver
from podkit.cluster.logs import LogOptions, Rendering, moment
from podkit.cluster.pauses import Pause, Signal, Steps
from podkit.cluster.pods import pods_of
from podkit.cluster.taps import Tap
from podkit.cluster.target import refer
from podkit.cluster.until import FinishedGoal
from podkit.errors import ContainerNotFound, NotFound, PodkitError
from podkit.loop.clock import Clock
from podkit.loop.informer import Informer
from podkit.model.kinds import kind_of
from podkit.model.meta import KubernetesObject
from podkit.model.pod import Pod
from podkit.runtime.base import LogEntry
from podkit.store.base import Store

_PATIENCE = 0.2
"""Seconds after which what has been written of a line is told without its end, such as a prompt."""


class FollowedLines:
    """What has been and will be written by the containers of an object's Pods.

    Args:
        store: where the objects are.
        finder: finds the containers.
        driver: lets time pass.
        clock: what time it is.
        obj: the Pod, or the owner of Pods.
        options: what is wanted.

    Raises:
        PodkitError: the Pod's container has not started yet, or there is none of that name.
    """

    def __init__(
        self,
        store: Store,
        finder: ContainerFinder,
        driver: Driver,
        clock: Clock,
        obj: KubernetesObject,
        options: LogOptions,
    ) -> None:
        self._store = store
        self._finder = finder
        self._driver = driver
        self._clock = clock
        self._target: Any = obj
        since = moment(options.since, clock.now()) if options.since is not None else None
        self._options = evolve(options, since=since)
        self._woken = Signal()
        self._followed: dict[tuple[str, str], _Followed] = {}
        self._closed = False
        self._stale = True
        self._complete = False
        if isinstance(obj, Pod):
            self._follow(finder.with_log(obj, options.container))
        kinds: set[type[Any]] = {Pod, kind_of(obj).cls}
        self._informers = [self._informer(kind) for kind in kinds]

    def batch(self) -> Steps[list[str] | None]:
        """The next lines, as soon as there are any; None at the end."""
        while not self._closed:
            for informer in self._informers:
                informer.pump()
            if self._stale:
                self._look()
            lines = [line for one in self._followed.values() for line in one.take(self._woken)]
            if lines:
                return lines
            if self._complete and all(one.over for one in self._followed.values()):
                break
            soon = min((one.look_after for one in self._followed.values() if one.look_after), default=None)
            until = None if soon is None else self._clock.monotonic() + soon
            if not (yield Pause(self._woken, until)) and until is None:
                break
            self._stale = True
        return None

    def close(self) -> None:
        """Bring no more."""
        self._closed = True
        for one in self._followed.values():
            one.close()
        for informer in self._informers:
            informer.close()
        self._woken.set()

    def _informer(self, kind: type[Any]) -> Informer[Any]:
        return Informer(
            lambda wake: self._store.watch(kind, namespace=self._target.metadata.namespace, wake=wake),
            lambda _old, _new: self._note_change(),
            wake=self._woken.set,
        )

    def _note_change(self) -> None:
        self._stale = True

    def _look(self) -> None:
        """Find the containers that are new, and see whether further ones may come."""
        self._stale = False
        there = self._refreshed()
        pods = pods_of(self._store, self._target) if there or not isinstance(self._target, Pod) else []
        known = {pod.metadata.uid: pod for pod in pods}
        for (uid, _), one in self._followed.items():
            one.pod = known.get(uid)
        for pod in pods:
            self._consider(pod)
        self._complete = isinstance(self._target, Pod) or not there or _is_finished(self._target)

    def _refreshed(self) -> bool:
        """Whether the object is still there, as it is now."""
        reference = refer(self._target)
        try:
            now = self._store.get(reference.kind.cls, reference.name, namespace=reference.namespace or "default")
        except NotFound:
            return False
        if not reference.is_meant(now):
            return False
        self._target = now
        return True

    def _consider(self, pod: Pod) -> None:
        """Follow a Pod whose container has started meanwhile."""
        name = choose(pod, self._options.container)
        if (pod.metadata.uid or "", name) in self._followed:
            return
        try:
            place = self._finder.with_log(pod, name)
        except PodkitError:  # it is waiting to start
            return
        self._follow(place)

    def _follow(self, place: Place) -> None:
        key = place.pod.metadata.uid or "", place.container
        prefixed = not isinstance(self._target, Pod)
        self._followed[key] = _Followed(
            self._finder, self._driver, self._clock, place, self._options, prefixed=prefixed
        )


def _is_finished(obj: KubernetesObject) -> bool:
    """Whether it is a Job that makes no more Pods."""
    return obj.kind == "Job" and FinishedGoal().is_met(obj)


class _Followed:
    """A container of a Pod, through its restarts.

    Attributes:
        pod: the Pod as it is now; None: it is gone.
        over: whether nothing more will come.
    """

    def __init__(
        self,
        finder: ContainerFinder,
        driver: Driver,
        clock: Clock,
        place: Place,
        options: LogOptions,
        *,
        prefixed: bool,
    ) -> None:
        self._finder = finder
        self._driver = driver
        self._place = place
        self._options = options
        self._rendering = Rendering(place, options, prefixed=prefixed)
        self._tap: Tap[LogEntry] | None = None
        self._between = False
        self._last = clock.monotonic()
        self._clock = clock
        self.pod: Pod | None = place.pod
        self.over = False

    @property
    def look_after(self) -> float | None:
        """After how many seconds to look again; None: when the signal says so."""
        if self._rendering.holds:
            return _PATIENCE
        return self._tap.look_after if self._tap is not None else None

    def take(self, woken: Signal) -> list[str]:
        """The lines that have come since the last time."""
        if self.over:
            return []
        if self._between and not self._go_on():
            return []
        if self._tap is None:
            self._tap = self._driver.tap(ReadEntries(self._place, self._options), self._has_ended, woken)
        try:
            entries = self._tap.take()
        except ContainerNotFound:  # it has been removed, and its log with it
            entries = None
        if entries is None:
            self.close_tap()
            self._between = True
            return self._rendering.rest() or self.take(woken)
        lines = self._rendering.lines(entries)
        if entries:
            self._last = self._clock.monotonic()
        elif self._rendering.holds and self._clock.monotonic() >= self._last + _PATIENCE:
            lines = self._rendering.held()
        if self._rendering.is_full:
            self.close()
        return lines

    def close(self) -> None:
        """Follow it no longer."""
        self.over = True
        self.close_tap()

    def close_tap(self) -> None:
        """Read the log of this attempt no longer."""
        if self._tap is not None:
            self._tap.close()
            self._tap = None

    def _go_on(self) -> bool:
        """After the end of an attempt's log, go on with the next attempt, if there is one."""
        found = self._finder.next_attempt(self.pod, self._place) if self.pod is not None else None
        if found is None:
            self.over = self.pod is None or not starts_again(self.pod, self._place.container)
            return False
        self._place = found
        self._options = evolve(self._options, tail=None)
        self._between = False
        return True

    def _has_ended(self) -> bool:
        try:
            return self._place.runtime.container(self._place.container_id).finished_at is not None
        except ContainerNotFound:
            return True


class ReadEntries:
    """Reads the log of one container, from the same beginning each time.

    Args:
        place: the container.
        options: which part of it is wanted.
    """

    def __init__(self, place: Place, options: LogOptions) -> None:
        self._place = place
        self._since: Any = options.since
        self._tail = options.tail
        self._skipped: int | None = None if options.tail is not None else 0

    def __call__(self, wait: bool) -> Iterable[LogEntry]:
        """Read it; with ``wait``, also what is still to come."""
        if wait:
            return self._read(follow=True, tail=self._tail)
        entries = list(self._read(follow=False, tail=None))
        if self._skipped is None:
            self._skipped = len(entries) - len(list(self._read(follow=False, tail=self._tail)))
        return entries[self._skipped :]

    def _read(self, *, follow: bool, tail: int | None) -> Iterator[LogEntry]:
        identifier = self._place.container_id
        return self._place.runtime.logs(identifier, follow=follow, since=self._since, tail=tail)
