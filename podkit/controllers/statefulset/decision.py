"""What a StatefulSet needs next: the decision, without doing it.

First the Pods that there shall be, by number; then those that are too many, from the highest number down; then, with all of that
at rest, those of an older revision, again from the highest down. With ``OrderedReady`` each of these steps ends the look where
something is to be waited for: a Pod that is not ready, not available for long enough, or still ending. With ``Parallel`` nothing
of it is waited for.

Source of the rules: ``pkg/controller/statefulset/stateful_set_control.go`` (updateStatefulSet, processReplica, processCondemned).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from attrs import Factory, define, frozen

from podkit.controllers.statefulset import status as status_of
from podkit.controllers.statefulset.identity import (
    claim_names,
    pod_name,
    replicas_of,
    start_of,
)
from podkit.controllers.statefulset.members import Member
from podkit.controllers.statefulset.retention import is_settled, is_stale
from podkit.controllers.statefulset.rolling import to_replace
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.pod import Pod
from podkit.model.statefulset import StatefulSet, StatefulSetStatus


@frozen
class Create:
    """Make a Pod, after its claims.

    Attributes:
        ordinal: its number.
        revision: the name of the revision to make it of.
    """

    ordinal: int
    revision: str


@frozen
class Mend:
    """Give a Pod the labels and claims, and the claims the owners, that they are to have."""

    pod: Pod


@frozen
class Delete:
    """Delete a Pod."""

    pod: Pod


Action = Create | Mend | Delete


@define
class Decision:
    """What is to be done, in this order, and what there is.

    Attributes:
        status: the status to be stored.
        actions: what is to be done.
        again: after how many seconds there is more to do; None: when something changes.
    """

    status: StatefulSetStatus
    actions: list[Action] = Factory(list)
    again: float | None = None


@frozen
class Situation:
    """What there is.

    Attributes:
        owner: the StatefulSet.
        pods: its Pods.
        current: the name of the revision that Pods are updated from.
        update: the name of the one that they are updated to.
        claim: finds a claim by its name.
        now: the time of day.
        backoff: for how many seconds a Pod with a number, which the node has rejected, is still left alone.
    """

    owner: StatefulSet
    pods: Sequence[Member]
    current: str
    update: str
    claim: Callable[[str], PersistentVolumeClaim | None]
    now: datetime
    backoff: Callable[[int], float] = lambda _ordinal: 0.0

    @property
    def ordered(self) -> bool:
        """Whether Pods come and go one after the other."""
        return self.owner.spec.pod_management_policy != "Parallel"

    @property
    def is_plain(self) -> bool:
        """Whether Pods have no claims, and count as available as soon as they are ready."""
        return not self.owner.spec.min_ready_seconds and not self.owner.spec.volume_claim_templates

    def is_unavailable(self, pod: Member | None) -> bool:
        """Whether a Pod does not serve; one that is to be made does not."""
        return pod is None or pod.is_unavailable(self.owner.spec.min_ready_seconds, self.now)

    def has_settled(self, pod: Member) -> bool:
        """Whether a Pod has come up: in their order, those after it wait for that."""
        return not self.is_unavailable(pod)


def decide(there: Situation) -> Decision:
    """Decide what is to become of a StatefulSet's Pods."""
    owner = there.owner
    decision = Decision(status_of.count(owner, there.pods, there.current, there.update, there.now))
    if owner.metadata.deletion_timestamp is None:
        _decide_on_pods(there, decision)
    status_of.complete(owner, decision.status)
    return decision


def _decide_on_pods(there: Situation, decision: Decision) -> None:
    owner, actions = there.owner, decision.actions
    by_ordinal = {pod.ordinal: pod for pod in there.pods}
    wanted = range(start_of(owner), start_of(owner) + replicas_of(owner))
    replicas = list(map(by_ordinal.get, wanted))
    condemned = [by_ordinal[ordinal] for ordinal in sorted(by_ordinal.keys() - wanted, reverse=True)]
    plain = there.is_plain
    restless = [at for at in zip(wanted, replicas, strict=True) if not plain or at[1] is None or not at[1].is_at_rest]
    for ordinal, pod in restless:
        if pod is not None and pod.was_rejected and (delay := there.backoff(ordinal)) > 0:
            decision.again = min(delay, decision.again or delay)
            kept = True
        else:
            kept = _keep(there, ordinal, pod, actions)
        if kept and there.ordered:
            return
    actions.extend(Mend(pod.pod) for pod in condemned if not _claims_are_settled(there, pod))
    if _give_up(there, replicas, condemned, actions) and there.ordered:
        return
    if status_of.is_rolling(owner):
        replaced = to_replace(owner, replicas, there.update, there.is_unavailable)
        actions.extend(Delete(pod.pod) for pod in replaced)
        current = decision.status.current_replicas or 0
        decision.status.current_replicas = current - sum(pod.revision == there.current for pod in replaced)


def _keep(there: Situation, ordinal: int, pod: Member | None, actions: list[Action]) -> bool:
    """See to one Pod that there shall be; whether those after it have to wait."""
    if pod is None:
        name = pod_name(there.owner, ordinal)
        claims = map(there.claim, claim_names(there.owner, ordinal).values())
        if not any(claim is not None and is_stale(name, claim) for claim in claims):
            actions.append(Create(ordinal, _revision_for(there, ordinal)))
        return True
    if pod.has_ended:
        if not pod.leaves:
            actions.append(Delete(pod.pod))
        return True
    incomplete = pod.is_pending and not _has_claims(there, ordinal)
    settled = there.has_settled(pod)
    passed = settled or not (there.ordered or pod.leaves)
    if incomplete or (passed and not (pod.has_identity and _claims_are_settled(there, pod))):
        actions.append(Mend(pod.pod))
    return not settled


def _revision_for(there: Situation, ordinal: int) -> str:
    """The revision for a new Pod: in the midst of a rollout those that it does not reach get the old one."""
    owner = there.owner
    strategy = owner.spec.update_strategy
    if not status_of.is_rolling(owner) or there.current == there.update:
        return there.update
    rolling = strategy.rolling_update if strategy is not None else None
    kept = owner.status.current_replicas if rolling is None else rolling.partition
    return there.current if ordinal < start_of(owner) + (kept or 0) else there.update


def _has_claims(there: Situation, ordinal: int) -> bool:
    return all(there.claim(name) is not None for name in claim_names(there.owner, ordinal).values())


def _claims_are_settled(there: Situation, pod: Member) -> bool:
    if not there.owner.spec.volume_claim_templates:
        return True
    claims = map(there.claim, claim_names(there.owner, pod.ordinal).values())
    return all(claim is None or is_settled(there.owner, pod.pod, claim) for claim in claims)


def _give_up(
    there: Situation, replicas: Sequence[Member | None], condemned: Sequence[Member], actions: list[Action]
) -> bool:
    """Delete the Pods that are too many; whether there is something to wait for.

    In order, one that is not available is not passed over, but for the first such of all: it may be what ails the set.
    """
    if not condemned:
        return False
    unavailable = (pod for pod in (*replicas, *reversed(condemned)) if pod is not None and there.is_unavailable(pod))
    first = next(unavailable, None)
    for pod in condemned:
        if not pod.leaves and (not there.ordered or pod is first or there.has_settled(pod)):
            actions.append(Delete(pod.pod))
        if there.ordered:
            break
    return True
