"""Waiting for objects: the part that does it.

What is waited for is `podkit.cluster.until`'s business, when to give up `podkit.cluster.hopeless`'s, what to say then
`podkit.cluster.explain`'s. A wait follows the objects by a watch and judges every state that they come through, so that it
cannot miss a short one. It ends early where what is waited for can never come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any, NoReturn

from attrs import define, evolve, field

from podkit.cluster.driver import Driver
from podkit.cluster.explain import Evidence, explain
from podkit.cluster.hopeless import Cause, cause_of, is_outdated, is_suspect
from podkit.cluster.logs import LogOptions, LogReader
from podkit.cluster.pauses import Pause, Signal, Steps, require_seconds
from podkit.cluster.pods import OWNERS, events_of, is_controlled, pods_of
from podkit.cluster.progress import Tell, Telling, telling
from podkit.cluster.target import Reference, refer
from podkit.cluster.until import ConditionGoal, DeletedGoal, Goal, PredicateGoal
from podkit.errors import NotFound, PodkitError, WaitTimeout
from podkit.loop.clock import Clock
from podkit.loop.informer import Informer, OnChange
from podkit.model.copying import clone
from podkit.model.event import Event
from podkit.model.kinds import Kind, kind_of
from podkit.model.pod import Pod
from podkit.model.pod_state import is_ready
from podkit.store.base import Store

LOOK_AGAIN = 1.0
"""Seconds after which to look whether a further attempt to start a container has been made, and to ask a predicate again."""
EXPLAINED = 3
"""How many objects a failed wait for many explains."""
_LOG_LINES = 10


@define
class Awaited:
    """One object that is waited for.

    Attributes:
        reference: which object; with its uid as soon as it has been seen.
        last: how it was last seen; None: not at all.
        gone: whether it has been deleted.
        done: whether ``last`` is what was waited for.
        lost: whether it is given up, while others may still come.
        by_name: whether any object of that name is meant, and not a certain one.
    """

    reference: Reference
    last: Any = None
    gone: bool = False
    done: bool = False
    lost: bool = False
    by_name: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.by_name = self.reference.uid is None

    @property
    def comes_again(self) -> bool:
        """Whether another object takes the name, should this one end: a StatefulSet makes its Pods anew."""
        owners = self.last.metadata.owner_references if self.by_name and self.last is not None else ()
        return any(owner.controller and owner.kind == "StatefulSet" for owner in owners)

    def see(self, obj: Any, goal: Goal) -> None:
        """Take in a state of the object of that name; None: it is not there any more."""
        if self.done or self.gone:
            return
        if self.comes_again and not isinstance(goal, DeletedGoal):
            self.reference = evolve(self.reference, uid=None)
            if obj is None:
                return
        if obj is None or not self.reference.is_meant(obj):
            self.gone = self.last is not None or self.reference.uid is not None
            self.done = self.gone and isinstance(goal, DeletedGoal)
            return
        self.last = clone(obj)
        kind, meta = self.reference.kind, obj.metadata
        self.reference = Reference(kind, self.reference.name, meta.namespace, meta.uid)
        self.done = goal.is_met(self.last)


class Waiter:
    """Waits for objects of a store.

    Args:
        store: where they are.
        driver: lets time pass.
        clock: what time it is.
        logs: reads the ends of logs for explanations.
        progress: whether to show how far waits are, or who is told.
    """

    def __init__(
        self, store: Store, driver: Driver, clock: Clock, logs: LogReader, progress: bool | Tell = False
    ) -> None:
        self._progress = progress
        self._store = store
        self._driver = driver
        self._clock = clock
        self._logs = logs

    def wait(
        self, targets: Sequence[Reference], goal: Goal, timeout: float | None, *, began: datetime | None = None
    ) -> list[Any]:
        """Wait until each target has been in the state that is waited for; return those states.

        An object that was gone already when its deletion was to be waited for is returned as None.

        Args:
            targets: which objects.
            goal: what is waited for.
            timeout: seconds; None: no limit.
            began: when the wait began, if that was before now: attempts to start containers from then on count.

        Raises:
            NotFound: one of them does not exist.
            WaitTimeout: the time is up, or it can never come.
        """
        return self._driver.complete(self.steps(targets, goal, timeout, began=began))

    def steps(
        self, targets: Sequence[Reference], goal: Goal, timeout: float | None, *, began: datetime | None = None
    ) -> Steps[list[Any]]:
        """`wait`, for those who let time pass themselves."""
        awaited = yield from _Wait(self, targets, goal, timeout, began or self._clock.now()).steps()
        return [one.last for one in awaited]

    def steps_to_any(self, targets: Sequence[Reference], goal: Goal, timeout: float | None) -> Steps[list[Awaited]]:
        """The same, until at least one of them has been in the state; return all of them."""
        return _Wait(self, targets, goal, timeout, self._clock.now(), any_will_do=True).steps()

    def telling(self, goal: Goal) -> AbstractContextManager[Telling]:
        """What tells how far a wait is."""
        return telling(self._store, self._clock, str(goal), self._progress)

    # --- what a single wait needs

    @property
    def store(self) -> Store:
        """Where the objects are."""
        return self._store

    @property
    def clock(self) -> Clock:
        """What time it is."""
        return self._clock

    @property
    def driver(self) -> Driver:
        """Lets time pass."""
        return self._driver

    def explain(self, obj: Any) -> str:
        """What is known of an object, for the message of an error."""
        return explain(self._evidence(obj), self._clock.now())

    def _evidence(self, obj: Any) -> Evidence:
        pods = [] if isinstance(obj, Pod) else [pod for pod in pods_of(self._store, obj) if _is_interesting(pod)]
        return Evidence(
            obj,
            events=events_of(self._store, refer(obj)),
            logs=dict(self._log_ends(obj)) if isinstance(obj, Pod) else {},
            pods=[self._evidence(pod) for pod in pods],
        )

    def _log_ends(self, pod: Pod) -> Iterator[tuple[str, str]]:
        """The ends of the logs of the containers that have run and are not well."""
        for status in [*pod.status.init_container_statuses, *pod.status.container_statuses]:
            if status.container_id is None or (status.ready and status.state is not None and status.state.running):
                continue
            try:
                text = self._logs.read([pod], LogOptions(status.name, tail=_LOG_LINES), prefixed=False)
            except PodkitError as problem:
                text = f"(cannot be read: {problem})"
            if text.strip():
                yield status.name, text


def _is_interesting(pod: Pod) -> bool:
    """Whether a Pod may be why its owner does not come to its end."""
    return pod.status.phase != "Succeeded" and not is_ready(pod)


class _Wait:
    """One wait."""

    def __init__(
        self,
        waiter: Waiter,
        targets: Sequence[Reference],
        goal: Goal,
        timeout: float | None,
        began: datetime,
        *,
        any_will_do: bool = False,
    ) -> None:
        self._waiter = waiter
        self._enough: Callable[[Iterable[bool]], bool] = any if any_will_do else all
        self._any_will_do = any_will_do
        require_seconds(timeout)
        self._goal = goal
        self._timeout = timeout
        self._began = began
        self._awaited = [Awaited(target) for target in targets]
        self._by_name: dict[tuple[str, str | None, str], list[Awaited]] = {}
        for one in self._awaited:
            key = (one.reference.kind.name, one.reference.namespace, one.reference.name)
            self._by_name.setdefault(key, []).append(one)
        self._suspects: dict[str, Pod] = {}
        self._woken = Signal()

    def steps(self) -> Steps[list[Awaited]]:
        """Wait."""
        now = self._waiter.clock.monotonic()
        deadline = None if self._timeout is None else now + self._timeout
        with self._waiter.telling(self._goal) as told, self._following(events=told.listened_to) as informers:
            self._pump(informers)
            self._require_existence()
            try:
                while not self._enough(one.done for one in self._awaited):
                    told.now(self._awaited)
                    soon = told.again(self._judge())
                    yield from self._pause(deadline, soon)
                    self._pump(informers)
                    self._ask_again()
            finally:
                with suppress(PodkitError):  # if the cluster is closed, that is what the wait fails with
                    told.now(self._awaited, over=True)
        return self._awaited

    @contextmanager
    def _following(self, *, events: bool) -> Iterator[list[Informer[Any]]]:
        informers = [self._informer(kind) for kind in self._kinds(events=events)]
        try:
            yield informers
        finally:
            for informer in informers:
                informer.close()

    def _kinds(self, *, events: bool) -> list[Kind]:
        kinds = {one.reference.kind.name: one.reference.kind for one in self._awaited}
        if self._goal.needs_start != "none" and OWNERS & kinds.keys():
            kinds["Pod"] = kind_of(Pod)
        if events:
            kinds["Event"] = kind_of(Event)
        return list(kinds.values())

    def _informer(self, kind: Kind) -> Informer[Any]:
        namespaces = {one.reference.namespace for one in self._awaited if one.reference.kind.namespaced}
        only = next(iter(namespaces)) if len(namespaces) == 1 else None
        return Informer(
            lambda wake: self._waiter.store.watch(kind.cls, namespace=only, wake=wake),
            self._saw(kind),
            wake=self._woken.set,
        )

    def _saw(self, kind: Kind) -> OnChange[Any]:
        def on_change(old: Any, new: Any) -> None:
            meta = (new if new is not None else old).metadata
            for one in self._by_name.get((kind.name, meta.namespace, meta.name), ()):
                one.see(new, self._goal)
            if kind.cls is Pod:
                self._suspect(old, new)

        return on_change

    def _suspect(self, old: Pod | None, new: Pod | None) -> None:
        if old is not None:
            self._suspects.pop(old.metadata.uid or "", None)
        if new is not None and is_suspect(new, self._goal.needs_start):
            self._suspects[new.metadata.uid or ""] = new

    @staticmethod
    def _pump(informers: Sequence[Informer[Any]]) -> None:
        for informer in informers:
            informer.pump()

    def _require_existence(self) -> None:
        """What is not there at the beginning is deleted, if that is waited for, and else an error."""
        for one in self._awaited:
            if one.last is not None or one.done:
                continue
            reference = one.reference
            if not isinstance(self._goal, DeletedGoal):
                hint = "there is another one of that name" if one.gone else ""
                raise NotFound(reference.kind.name, reference.name, reference.namespace, hint=hint)
            one.done = True

    def _pause(self, deadline: float | None, soon: float | None) -> Steps[None]:
        clock = self._waiter.clock
        end = deadline
        if soon is not None:
            again = clock.monotonic() + soon
            end = again if deadline is None else min(deadline, again)
        if (yield Pause(self._woken, end)):
            return
        if deadline is not None and clock.monotonic() >= deadline:
            self._fail(f"which has not come within {self._timeout:g} s{self._misspelt()}", hopeless=False)
        if end is None:
            self._fail("and nothing is going to happen any more", hopeless=True)

    def _misspelt(self) -> str:
        """A word of help where what was waited for is no condition of the object, but nearly one."""
        last = next((one.last for one in self._awaited if not one.done and one.last is not None), None)
        goal = self._goal
        if last is None or not isinstance(goal, ConditionGoal) or (nearest := goal.nearest(last)) is None:
            return ""
        return f": it has no condition {goal.type}; did you mean {nearest}?"

    def _ask_again(self) -> None:
        """Ask a predicate though its object is as before: it may look at others too."""
        if isinstance(self._goal, PredicateGoal):
            for one in self._awaited:
                one.done = one.done or (not one.gone and self._goal.is_met(one.last))

    def _judge(self) -> float | None:
        """Give up if there is no hope; return after how many seconds to look again, even if nothing changes."""
        for one in self._awaited:
            if one.done or one.lost:
                continue
            if one.gone:
                self._give_up(one, "but it has been deleted")
            elif not one.comes_again and (why := self._goal.excluded_by(one.last)) is not None:
                self._give_up(one, f"which can never come: {why}")
        unclear = [self._judge_start(pod) for pod in self._suspects.values()]
        asks = self._timeout is not None and isinstance(self._goal, PredicateGoal)
        return LOOK_AGAIN if any(unclear) or asks else None

    def _judge_start(self, pod: Pod) -> bool:
        """Give up if this Pod cannot start and that matters; whether it may turn out so later."""
        one = next((one for one in self._awaited if not (one.done or one.lost) and self._concerns(pod, one)), None)
        cause = self._cause(pod) if one is not None else None
        if one is None or cause is None:
            return False
        template = None if one.reference.kind.cls is Pod else getattr(one.last.spec, "template", None)
        if is_outdated(pod, cause.container, template):
            return False
        if not cause.stale:
            self._give_up(one, f"which can never come: {cause}")
        return True

    def _concerns(self, pod: Pod, one: Awaited) -> bool:
        if one.reference.kind.cls is Pod:
            return one.reference.is_meant(pod)
        return one.last is not None and is_controlled(self._waiter.store, pod, one.last)

    def _cause(self, pod: Pod) -> Cause | None:
        events = events_of(self._waiter.store, refer(pod))
        return cause_of(pod, events, self._began, needs=self._goal.needs_start)

    def _give_up(self, one: Awaited, why: str) -> None:
        """Fail, because one will never come; unless any will do, and others may still come."""
        one.lost = True
        if not self._any_will_do or all(other.lost for other in self._awaited):
            self._fail(why, hopeless=True, only=one)

    def _fail(self, why: str, *, hopeless: bool, only: Awaited | None = None) -> NoReturn:
        missing = [only] if only is not None else [one for one in self._awaited if not one.done]
        told = []
        for one in missing[:EXPLAINED]:
            known = self._waiter.explain(one.last) if one.last is not None and not one.gone else ""
            told.append(f"{one.reference}: waited for {self._goal}, {why}{known}")
        if len(missing) > EXPLAINED:
            told.append(f"and {len(missing) - EXPLAINED} more")
        raise WaitTimeout("\n".join(told), object=missing[0].last, hopeless=hopeless)
