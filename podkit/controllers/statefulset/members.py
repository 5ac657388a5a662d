"""The Pods of StatefulSets as their controller sees them: what it wants to know of each is worked out once a change.

A look at a set goes over all of its Pods, and in order it takes some looks to bring up one. So what a look asks of each Pod is
little more than whether it is at rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import define, field

from podkit.controllers.controller_ref import controller_of
from podkit.controllers.pod_state import condition, is_terminal, seconds_to_available, was_rejected
from podkit.controllers.revisions import HASH
from podkit.controllers.statefulset.identity import has_identity, ordinal_of
from podkit.model.pod import Pod


@define
class Member:
    """A Pod of a StatefulSet, and how it is doing in the words of StatefulSets; equal to another for which the same is to be done.

    Attributes:
        pod: the Pod.
        ordinal: its number; -1 when its name has none.
        revision: the name of the revision that it was made of.
        leaves: whether somebody has asked for its end.
        is_pending: whether none of its containers runs yet.
        has_ended: whether its containers have ended for good.
        was_rejected: whether the node has not taken it at all.
        has_identity: whether it has the labels of its identity.
        serves: whether it runs and is ready.
        is_at_rest: whether there is nothing to be done about it, and nothing to be waited for, but for its claims and its time.
        is_claimed: whether it is known to be its owner's: selectors do not change.

    Source of the rules: ``pkg/controller/statefulset/stateful_set_utils.go`` (isRunningAndReady, isRunningAndAvailable,
    isUnavailable).
    """

    pod: Pod = field(eq=False)
    ordinal: int
    revision: str
    leaves: bool
    is_pending: bool
    has_ended: bool
    was_rejected: bool
    has_identity: bool
    serves: bool
    is_at_rest: bool
    is_claimed: bool = field(default=False, eq=False)

    @classmethod
    def of(cls, pod: Pod) -> Member:
        """Judge a Pod."""
        ready = condition(pod, "Ready")
        leaves = pod.metadata.deletion_timestamp is not None
        serves = pod.status.phase == "Running" and ready is not None and ready.status == "True"
        named = has_identity(pod)
        return cls(
            pod=pod,
            ordinal=ordinal_of(pod),
            revision=pod.metadata.labels.get(HASH, ""),
            leaves=leaves,
            is_pending=pod.status.phase == "Pending",
            has_ended=is_terminal(pod),
            was_rejected=was_rejected(pod),
            has_identity=named,
            serves=serves,
            is_at_rest=serves and named and not leaves,
        )

    def is_available(self, min_ready_seconds: int | None, now: datetime) -> bool:
        """Whether it runs and has been ready for long enough."""
        if not min_ready_seconds:
            return self.serves
        return self.serves and seconds_to_available(self.pod, min_ready_seconds, now) == 0

    def is_unavailable(self, min_ready_seconds: int | None, now: datetime) -> bool:
        """Whether it does not serve, or will soon do so no more."""
        return self.leaves or not self.is_available(min_ready_seconds, now)


class Members:
    """The Pods that have a controller, by its uid; each judged when it changes."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Member]] = {}

    def change(self, old: Pod | None, new: Pod | None) -> bool:
        """Take in the change of a Pod.

        Returns:
            False when it is nothing to a StatefulSet, such as that a Pod has got its node, or an address.
        """
        before, after = _place(old), _place(new)
        known = self._of.get(before[0], {}).get(before[1]) if before is not None else None
        member = Member.of(new) if new is not None and after is not None else None
        # What is new comes first: others read meanwhile, and a Pod that is replaced is at no moment missing.
        if member is not None and after is not None:
            self._of.setdefault(after[0], {})[after[1]] = member
        if before is not None and before != after:
            self._forget(*before)
        if old is None or new is None or before is None or before != after:
            return True
        return member != known or old.metadata.labels != new.metadata.labels

    def _forget(self, owner: str, uid: str) -> None:
        there = self._of.get(owner, {})
        there.pop(uid, None)
        if not there:
            self._of.pop(owner, None)

    def of(self, uid: str) -> Sequence[Member]:
        """The Pods of an owner."""
        return list(self._of.get(uid, {}).values())


def _place(pod: Pod | None) -> tuple[str, str] | None:
    """The uids of a Pod's owner and of the Pod; None when it is of no StatefulSet."""
    owner = controller_of(pod) if pod is not None else None
    if pod is None or owner is None or owner.kind != "StatefulSet":
        return None
    return owner.uid, pod.metadata.uid or ""
