"""What a request to delete an object does to it: the decision, without doing it.

An object leaves the store in up to three steps, each of which may be skipped:

1. It is *marked*: it gets a ``deletionTimestamp``. From then on it only awaits its end; nothing takes the mark away.
2. Its *grace period* passes. Only Pods have one: their kubelet stops them and then asks again, with a grace period of 0. A
   Pod that no kubelet has to stop (not bound to a node, or finished) has none. A later request can only shorten it.
3. Its *finalizers* are taken away, one by one, by whoever has put them there. A Namespace has some in its spec, too.

When neither grace period nor finalizers hold it any longer, it is removed.

Source of the rules: apiserver `pkg/registry/rest/delete.go` (BeforeDelete), `pkg/registry/generic/registry/store.go`
(updateForGracefulDeletionAndFinalizers, ShouldDeleteDuringUpdate), `pkg/registry/core/pod/strategy.go` (CheckGracefulDelete).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar, get_args

from attrs import field, frozen
from attrs.validators import in_

from podkit.model.copying import shallow
from podkit.model.meta import KubernetesObject, ObjectMeta
from podkit.model.namespace import Namespace
from podkit.model.pod import Pod
from podkit.model.pod_state import is_terminal
from podkit.store.base import Propagation

T = TypeVar("T", bound=KubernetesObject)

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
_OF_GARBAGE_COLLECTOR = frozenset({ORPHAN, FOREGROUND})
_FINALIZERS_OF: dict[Propagation, list[str]] = {"Background": [], "Foreground": [FOREGROUND], "Orphan": [ORPHAN]}


@frozen
class Deletion:
    """A request to delete.

    Attributes:
        now: when it is made.
        grace_period: seconds that the Pod has to end; None: what the Pod says itself.
        propagation: what becomes of what the object owns.

    Raises:
        ValueError: there is no such propagation.
    """

    now: datetime
    grace_period: int | None = None
    propagation: Propagation = field(default="Background", validator=in_(get_args(Propagation)))


@frozen
class Verdict(Generic[T]):
    """What is to be done.

    Attributes:
        action: ``mark``: store the object; ``remove``: take it out of the store; ``keep``: nothing.
        object: the object as it is to be stored, or as it was last.
    """

    action: Literal["mark", "remove", "keep"]
    object: T


def decide(old: T, request: Deletion) -> Verdict[T]:
    """What a request to delete does to an object; the object is not changed, and shares with the new one what stays the same."""
    obj = shallow(old)
    meta = obj.metadata = shallow(old.metadata)
    first = meta.deletion_timestamp is None
    if not first and _waits_for_grace(meta) and not _shortens(meta, request):
        return Verdict("keep", old)
    meta.finalizers = _finalizers(meta, request, first=first)
    if first:
        _mark(meta, request.now, _grace_period(obj, request))
        _announce(obj)
    else:
        _shorten(meta, request)
    if not is_held(obj):
        return Verdict("remove", obj)
    return Verdict("keep", old) if obj == old else Verdict("mark", obj)


def is_over(obj: KubernetesObject) -> bool:
    """Whether an object that is being deleted has nothing to wait for any more, so that a write of it removes it."""
    return obj.metadata.deletion_timestamp is not None and not is_held(obj)


def is_held(obj: KubernetesObject) -> bool:
    """Whether something keeps an object from being removed: its grace period or a finalizer."""
    in_spec = obj.spec.finalizers if isinstance(obj, Namespace) else []
    return bool(obj.metadata.finalizers or in_spec) or _waits_for_grace(obj.metadata)


def _waits_for_grace(meta: ObjectMeta) -> bool:
    return (meta.deletion_grace_period_seconds or 0) > 0


def _shortens(meta: ObjectMeta, request: Deletion) -> bool:
    asked = _asked(request)
    return asked is not None and asked < (meta.deletion_grace_period_seconds or 0)


def _asked(request: Deletion) -> int | None:
    """The grace period that is asked for; a negative one stands for one second."""
    return 1 if request.grace_period is not None and request.grace_period < 0 else request.grace_period


def _grace_period(obj: KubernetesObject, request: Deletion) -> int:
    if not isinstance(obj, Pod) or not obj.spec.node_name or is_terminal(obj):
        return 0
    asked = _asked(request)
    period = obj.spec.termination_grace_period_seconds if asked is None else asked
    return 1 if period is not None and period < 0 else period or 0


def _mark(meta: ObjectMeta, now: datetime, grace_period: int) -> None:
    """Begin the deletion. The generation counts up, because controllers have to act on the mark."""
    meta.deletion_timestamp = now + timedelta(seconds=grace_period)
    meta.deletion_grace_period_seconds = grace_period
    if meta.generation:
        meta.generation += 1


def _shorten(meta: ObjectMeta, request: Deletion) -> None:
    before, after = meta.deletion_grace_period_seconds or 0, _asked(request)
    if after is not None and after < before and meta.deletion_timestamp is not None:
        meta.deletion_timestamp -= timedelta(seconds=before - after)
        meta.deletion_grace_period_seconds = after


def _announce(obj: KubernetesObject) -> None:
    if isinstance(obj, Namespace):
        obj.status = shallow(obj.status)
        obj.status.phase = "Terminating"


def _finalizers(meta: ObjectMeta, request: Deletion, *, first: bool) -> list[str]:
    """The finalizers after the request: those of the garbage collector as the propagation wants them.

    ``Background`` is also what somebody says who does not care, such as a kubelet that has stopped the Pod. So on an object
    that is being deleted already it leaves alone what an earlier request has wanted.
    """
    if request.propagation == "Background" and not first:
        return meta.finalizers
    wanted = [name for name in meta.finalizers if name not in _OF_GARBAGE_COLLECTOR]
    wanted += _FINALIZERS_OF[request.propagation]
    return meta.finalizers if set(wanted) == set(meta.finalizers) else wanted
