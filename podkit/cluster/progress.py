"""How far a wait is: told while it goes on, to a screen or to a function of the user's.

`Progress` is plain data. Who is told gets it at the beginning, after changes (at most ten times a second), and at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from attrs import field, frozen

from podkit.cluster.pod_columns import summarize
from podkit.cluster.pods import events_of, pods_of
from podkit.cluster.replicas import replicas_of
from podkit.cluster.target import Reference, refer
from podkit.errors import NotFound
from podkit.kubelet.pull_progress import progress_in
from podkit.loop.clock import Clock
from podkit.model.event import Event
from podkit.model.job import Job
from podkit.model.pod import Pod
from podkit.runtime.base import PullProgress
from podkit.showing import open_screen
from podkit.store.base import Store, event_time

PACE = 0.1
"""Seconds that pass at least between two tellings."""
_PULLS = 20
"""Of how many Pods that wait it is looked what they are pulling."""


@frozen
class ObjectProgress:
    """How far one object is.

    Attributes:
        name: which one: ``Deployment default/web``.
        done: how many of its parts are as they shall be: containers of a Pod that are ready, replicas that are ready and new,
            completions of a Job.
        total: how many there shall be.
        text: what they are doing: ``2 Running, 1 ContainerCreating``; of a Job also how many are done a second.
        pulling: the images that its Pods are waiting for.
        over: whether what is waited for has come.
        pulled: how many bytes of those images have come; without those that have just been begun, of which that is not known.

    Example:
        ::

            def tell(progress: Progress) -> None:
                for one in progress.objects:
                    print(f"{progress.seconds:.0f} s: {one.name} {one.done}/{one.total} {one.text}")

            with Cluster(SimulatedRuntime(VirtualClock()), progress=tell) as cluster:
                main = Container("main", image="busybox", command=["sleep", "60"])
                cluster.wait(cluster.create(Pod.new("web", containers=[main])), "Ready")
    """

    name: str
    done: int
    total: int
    text: str
    pulling: Sequence[str] = ()
    over: bool = False
    pulled: Mapping[str, PullProgress] = field(factory=dict)


@frozen
class Progress:
    """How far a wait is.

    Attributes:
        goal: what is waited for.
        seconds: for how long it has been waited.
        objects: how far each object is.
        over: whether the wait has ended, well or not.

    Example:
        ::

            def tell(progress: Progress) -> None:
                for one in progress.objects:
                    print(f"{progress.seconds:.0f} s: {one.name} {one.done}/{one.total} {one.text}")

            with Cluster(SimulatedRuntime(VirtualClock()), progress=tell) as cluster:
                main = Container("main", image="busybox", command=["sleep", "60"])
                cluster.wait(cluster.create(Pod.new("web", containers=[main])), "Ready")
    """

    goal: str
    seconds: float
    objects: Sequence[ObjectProgress]
    over: bool = False

    def __str__(self) -> str:
        lines = [f"{one.name}: {one.done}/{one.total} {one.text}".rstrip() for one in self.objects]
        return "\n".join([f"waiting for {self.goal}, {self.seconds:.0f} s", *lines])


Tell: TypeAlias = Callable[[Progress], None]
"""Is told how far a wait is."""


class Awaiting(Protocol):
    """An object that is waited for; see `podkit.cluster.waiter.Awaited`."""

    @property
    def reference(self) -> Reference:
        """Which one."""

    @property
    def last(self) -> Any:
        """How it was last seen."""

    @property
    def done(self) -> bool:
        """Whether what is waited for has come."""


class Telling:
    """Tells of one wait.

    Args:
        store: where the Pods are of what is waited for.
        clock: what time it is.
        goal: what is waited for.
        tell: whom to tell; None: nobody.
    """

    def __init__(self, store: Store, clock: Clock, goal: str, tell: Tell | None) -> None:
        self._store = store
        self._clock = clock
        self._goal = goal
        self._tell = tell
        self._began = clock.monotonic()
        self._told: float | None = None
        self._behind = False

    @property
    def listened_to(self) -> bool:
        """Whether somebody is told. What goes on with pulls is then to be followed: it is in events, and changes no object."""
        return self._tell is not None

    def now(self, awaited: Iterable[Awaiting], *, over: bool = False) -> None:
        """Tell how far it is, unless that has just been done."""
        if self._tell is None:
            return
        now = self._clock.monotonic()
        self._behind = not over and self._told is not None and now - self._told < PACE
        if self._behind:
            return
        self._told = now
        time = self._clock.now()
        told = [progress_of(self._store, one.reference, one.last, time, over=one.done) for one in awaited]
        self._tell(Progress(self._goal, now - self._began, told, over))

    def again(self, soon: float | None) -> float | None:
        """After how many seconds to look again at the latest: sooner than would be so if there is something untold."""
        return (PACE if soon is None else min(soon, PACE)) if self._behind else soon


@contextmanager
def telling(store: Store, clock: Clock, goal: str, progress: bool | Tell) -> Iterator[Telling]:
    """What tells of a wait: to a function, or with True to a screen, if there is one."""
    screen = open_screen() if progress is True else None
    tell = screen.show if screen is not None else progress if callable(progress) else None
    try:
        yield Telling(store, clock, goal, tell)
    finally:
        if screen is not None:
            screen.close()


def progress_of(store: Store, reference: Reference, obj: Any, now: datetime, *, over: bool) -> ObjectProgress:
    """How far an object is, of which a wait knows this.

    Args:
        store: where its Pods are.
        reference: which object.
        obj: how it was last seen; None: not at all.
        now: the time.
        over: whether what is waited for has come.
    """
    if obj is None:
        return ObjectProgress(str(reference), int(over), 1, "gone" if over else "", over=over)
    pods = pods_of(store, obj)
    pulls = _pulls(store, pods)
    if isinstance(obj, Pod):
        found = summarize(obj)
        done, total, text = found.ready, found.total, found.status
    else:
        states = Counter(summarize(pod).status for pod in pods)
        text = ", ".join(f"{number} {status}" for status, number in states.most_common())
        if isinstance(obj, Job):
            done, total, text = obj.status.succeeded or 0, obj.spec.completions or 1, _with_rate(obj, text, now)
        else:
            replicas = replicas_of(obj)
            done, total = (0, 1) if replicas is None else (min(replicas.ready, replicas.updated), replicas.wanted)
    pulled = {image: _sum(known) for image, known in pulls.items() if known}
    return ObjectProgress(str(reference), done, total, text, list(pulls), over, pulled)


def _with_rate(job: Job, text: str, now: datetime) -> str:
    done, began = job.status.succeeded or 0, job.status.start_time
    passed = (now - began).total_seconds() if began is not None else 0.0
    failed = f"{job.status.failed} failed" if job.status.failed else ""
    rate = f"{done / passed:.3g}/s" if done and passed > 0 else ""
    return ", ".join(part for part in (text, failed, rate) if part)


def _pulls(store: Store, pods: Sequence[Pod]) -> Mapping[str, Sequence[PullProgress]]:
    """The images that Pods wait for, of which the pull has begun and not ended; and how far each pull is, if that is known."""
    found: dict[str, list[PullProgress]] = {}
    for pod in [pod for pod in pods if pod.status.phase == "Pending"][:_PULLS]:
        for image, progress in _pulled_by(store, pod):
            found.setdefault(image, []).extend([progress] if progress is not None else [])
    return found


def _sum(pulls: Sequence[PullProgress]) -> PullProgress:
    """How far several nodes are with an image, taken together."""
    return PullProgress(sum(one.current for one in pulls), sum(one.total for one in pulls))


def _pulled_by(store: Store, pod: Pod) -> Iterator[tuple[str, PullProgress | None]]:
    try:
        events = events_of(store, refer(pod))
    except NotFound:
        return
    last: dict[str, Event] = {}
    for event in sorted(events, key=event_time):
        if event.reason in ("Pulling", "Pulled", "Failed"):
            last[event.involved_object.field_path or ""] = event
    for container in [*pod.spec.init_containers, *pod.spec.containers]:
        for place, event in last.items():
            if event.reason == "Pulling" and f"{{{container.name}}}" in place:
                yield container.image or "", progress_in(event)
