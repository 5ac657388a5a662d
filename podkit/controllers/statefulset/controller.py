"""Runs StatefulSets: carries out what `podkit.controllers.statefulset.decision` decides.

A Pod's name says which one it is, so the store itself sees to it that there are never two of one. What fails ends the look; it is
tried again from what is there then.

Source of the rules: ``pkg/controller/statefulset/{stateful_set,stateful_set_control,stateful_pod_control}.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from podkit.controllers.adoption import adopter_key, orphan_keys
from podkit.controllers.claiming import claim_objects
from podkit.controllers.controller import Controller, ObjectKey
from podkit.controllers.controller_ref import controller_of
from podkit.controllers.pod_state import was_rejected
from podkit.controllers.revisions import Present, RevisionKeeper, surplus, template_of
from podkit.controllers.statefulset.decision import Action, Create, Decision, Delete, Situation, decide
from podkit.controllers.statefulset.identity import (
    claim_names,
    has_identity,
    is_member,
    is_wanted,
    new_claim,
    new_pod,
    ordinal_of,
    with_identity,
)
from podkit.controllers.statefulset.members import Member, Members
from podkit.controllers.statefulset.retention import is_settled, owners_of
from podkit.controllers.statefulset.status import seconds_to_next_available
from podkit.errors import NotFound, PodkitError
from podkit.loop.backoff import Backoff, BackoffPolicy
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.copying import clone, shallow
from podkit.model.meta import KubernetesObject
from podkit.model.pod import Pod, PodTemplateSpec
from podkit.model.selector import Selector
from podkit.model.statefulset import ControllerRevision, StatefulSet
from podkit.store.base import NamespaceTerminating, Store

_HASH_OF_REVISION = "controller.kubernetes.io/hash"
_REJECTED_PODS = BackoffPolicy(initial=1.0, maximum=10.0, reset_after=60.0)
"""How long a Pod that the node has rejected stays, so that it is not made anew without a pause."""


class StatefulSetController(Controller[ObjectKey]):
    """Runs StatefulSets: makes their Pods and claims in order, replaces those that end, and rolls from revision to revision.

    Args:
        store: the store with StatefulSets, Pods, claims and ControllerRevisions.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            store, main = MemoryStore(), Container("main", image="busybox")
            store.create(StatefulSet.new("db", containers=[main], replicas=3))
            StatefulSetController(store).step()
            print([made.metadata.name for made in store.list(Pod)])
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("statefulset-controller", store, clock=clock)
        self._sets = self.loop.follow(
            lambda wake: store.watch(StatefulSet, wake=wake),
            self._set_changed,
            indexes={"adopters": _adopter, "claiming": _claiming},
        )
        self._pods = self.loop.follow(
            lambda wake: store.watch(Pod, wake=wake), self._pod_changed, indexes={"orphans": orphan_keys}
        )
        self._members = Members()
        self._revisions = self.loop.follow(
            lambda wake: store.watch(ControllerRevision, wake=wake),
            lambda _old, _new: None,
            indexes={"owned": _controller_uids, "orphans": orphan_keys},
        )
        self._claims = self.loop.follow(lambda wake: store.watch(PersistentVolumeClaim, wake=wake), self._claim_changed)
        self._keeper = RevisionKeeper(store, _HASH_OF_REVISION)
        self._rejected = Backoff(_REJECTED_PODS)

    def _reconcile(self, key: ObjectKey) -> float | None:
        owner = self._sets.get(*key)
        if owner is None:
            return None
        pods = self._claimed_pods(owner)
        if owner.metadata.deletion_timestamp is not None:
            current, update = owner.status.current_revision or "", owner.status.update_revision or ""
            self._store_status(owner, decide(self._situation(owner, pods, current, update)))
            return None
        known = self._claimed_revisions(owner)
        present = self._keeper.present(owner, owner.status.collision_count or 0, known)
        revisions = {one.metadata.name or "": one for one in (*known, present.revision)}
        current, update = self._current_and_update(owner, present, revisions)
        decision = decide(self._situation(owner, pods, current, update))
        decision.status.collision_count = present.collisions
        try:
            self._perform(owner, decision.actions, revisions)
        finally:
            self._store_status(owner, decision)
        live = {current, update} | {pod.revision for pod in pods}
        self._keeper.delete(surplus(known, live, owner.spec.revision_history_limit))
        waits = (decision.again, seconds_to_next_available(owner, pods, self._clock.now()))
        return min((wait for wait in waits if wait is not None), default=None)

    # What is there

    def _situation(self, owner: StatefulSet, pods: Sequence[Member], current: str, update: str) -> Situation:
        now = self._clock.monotonic()

        def backoff(ordinal: int) -> float:
            return self._rejected.remaining((owner.metadata.uid, ordinal), now)

        return Situation(owner, pods, current, update, self._find_claim(owner), self._clock.now(), backoff)

    def _find_claim(self, owner: StatefulSet) -> Callable[[str], PersistentVolumeClaim | None]:
        return lambda name: self._claims.get(owner.metadata.namespace, name)

    def _claimed_pods(self, owner: StatefulSet) -> list[Member]:
        """The Pods of a set; one that is not named as its own is never adopted."""
        meta, selector = owner.metadata, owner.spec.selector
        orphans = self._pods.by_index("orphans", adopter_key(meta.namespace, selector))
        named = [pod for pod in orphans if is_member(owner, pod)]
        owned = self._members.of(meta.uid or "")
        new = {pod.pod.metadata.uid: pod for pod in owned if not pod.is_claimed}
        claimed = claim_objects(self._store, owner, Selector.of(selector), [*(pod.pod for pod in new.values()), *named])
        adopted = [Member.of(pod) for pod in claimed if pod.metadata.uid not in new]
        for pod in claimed:
            if pod.metadata.uid in new:
                new[pod.metadata.uid].is_claimed = True
        return [pod for pod in owned if pod.is_claimed] + adopted

    def _claimed_revisions(self, owner: StatefulSet) -> list[ControllerRevision]:
        meta, selector = owner.metadata, owner.spec.selector
        orphans = self._revisions.by_index("orphans", adopter_key(meta.namespace, selector))
        owned = self._revisions.by_index("owned", meta.uid or "")
        return claim_objects(self._store, owner, Selector.of(selector), [*owned, *orphans])

    def _current_and_update(
        self, owner: StatefulSet, present: Present, revisions: dict[str, ControllerRevision]
    ) -> tuple[str, str]:
        update = present.revision.metadata.name or ""
        current = owner.status.current_revision or ""
        return (current if current in revisions else update), update

    # What is done

    def _perform(self, owner: StatefulSet, actions: Sequence[Action], revisions: dict[str, ControllerRevision]) -> None:
        template = cache(lambda name: template_of(revisions[name]))
        for action in actions:
            if isinstance(action, Create):
                self._create(owner, action, template(action.revision))
            elif isinstance(action, Delete):
                self._delete(owner, action.pod)
            else:
                self._mend(owner, action.pod)

    def _create(self, owner: StatefulSet, action: Create, template: PodTemplateSpec) -> None:
        pod = new_pod(owner, template, action.revision, action.ordinal)
        self._make_claims(owner, pod)
        name = pod.metadata.name
        try:
            self._store.create(pod)
        except PodkitError as error:
            message = f"create Pod {name} in StatefulSet {owner.metadata.name} failed error: {error}"
            self._report(owner, "FailedCreate", message, type="Warning")
            raise
        message = f"create Pod {name} in StatefulSet {owner.metadata.name} successful"
        self._report(owner, "SuccessfulCreate", message)

    def _delete(self, owner: StatefulSet, pod: Pod) -> None:
        meta = pod.metadata
        message = f"delete Pod {meta.name} in StatefulSet {owner.metadata.name}"
        try:
            self._store.delete(Pod, meta.name or "", namespace=meta.namespace or "", uid=meta.uid)
        except NotFound:
            return
        except PodkitError as error:
            self._report(owner, "FailedDelete", f"{message} failed error: {error}", type="Warning")
            raise
        if was_rejected(pod):
            self._rejected.next((owner.metadata.uid, ordinal_of(pod)), self._clock.monotonic())
        self._report(owner, "SuccessfulDelete", f"{message} successful")

    def _mend(self, owner: StatefulSet, pod: Pod) -> None:
        if not has_identity(pod):
            pod = self._store.update(with_identity(pod))
        self._make_claims(owner, pod)

    def _make_claims(self, owner: StatefulSet, pod: Pod) -> None:
        """See that the claims of a Pod are there, and have the owners that they are to have."""
        ordinal = ordinal_of(pod)
        names = claim_names(owner, ordinal)
        for template in owner.spec.volume_claim_templates:
            there = self._find_claim(owner)(names[template.metadata.name or ""])
            if there is None and not is_wanted(owner, ordinal):
                continue
            if there is None:
                self._make_claim(owner, pod, new_claim(owner, template, ordinal))
            elif there.metadata.deletion_timestamp is not None and pod.metadata.uid is None:
                raise self._refused(owner, pod, there, f"pvc {there.metadata.name} is being deleted")
            elif not is_settled(owner, pod, there):
                self._store.update(_owned(there, owner, pod))

    def _make_claim(self, owner: StatefulSet, pod: Pod, claim: PersistentVolumeClaim) -> None:
        try:
            self._store.create(_owned(claim, owner, pod))
        except NamespaceTerminating:
            raise
        except PodkitError as error:
            raise self._refused(owner, pod, claim, str(error)) from error
        words = f"create Claim {claim.metadata.name} Pod {pod.metadata.name} in StatefulSet {owner.metadata.name}"
        self._report(owner, "SuccessfulCreate", f"{words} success")

    def _refused(self, owner: StatefulSet, pod: Pod, claim: PersistentVolumeClaim, why: str) -> PodkitError:
        words = f"create Claim {claim.metadata.name} for Pod {pod.metadata.name} in StatefulSet {owner.metadata.name}"
        message = f"{words} failed error: {why}"
        self._report(owner, "FailedCreate", message, type="Warning")
        return PodkitError(message)

    def _store_status(self, owner: StatefulSet, decision: Decision) -> None:
        if decision.status == owner.status:
            return
        changed = shallow(owner)
        changed.status = decision.status
        try:
            self._store.update_status(changed)
        except NotFound:
            return

    # What has changed

    def _set_changed(self, old: StatefulSet | None, new: StatefulSet | None) -> None:
        there = new if new is not None else old
        if new is None and old is not None:
            self._keeper.forget(old.metadata.uid or "")
        if there is not None:
            self.loop.enqueue(object_key(there))

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        if not self._members.change(old, new):
            return
        for pod in (old, new):
            reference = controller_of(pod) if pod is not None else None
            if pod is not None and reference is not None and reference.kind == "StatefulSet":
                self.loop.enqueue((pod.metadata.namespace, reference.name))
        if new is not None:
            for label in orphan_keys(new):
                for adopter in self._sets.by_index("adopters", label):
                    self.loop.enqueue(object_key(adopter))

    def _claim_changed(self, old: PersistentVolumeClaim | None, new: PersistentVolumeClaim | None) -> None:
        """A claim that has gone is made again; or a Pod has waited for it to go."""
        if new is not None or old is None:
            return
        for owner in self._sets.by_index("claiming", old.metadata.namespace or ""):
            if any(_is_named_for(owner, template, old) for template in owner.spec.volume_claim_templates):
                self.loop.enqueue(object_key(owner))


def _owned(claim: PersistentVolumeClaim, owner: StatefulSet, pod: Pod) -> PersistentVolumeClaim:
    """A claim with the owners that it is to have."""
    changed = clone(claim)
    changed.metadata.owner_references = owners_of(owner, pod, claim)
    return changed


def _is_named_for(owner: StatefulSet, template: PersistentVolumeClaim, claim: PersistentVolumeClaim) -> bool:
    return (claim.metadata.name or "").startswith(f"{template.metadata.name}-{owner.metadata.name}-")


def _claiming(owner: StatefulSet) -> list[str]:
    return [owner.metadata.namespace or ""] if owner.spec.volume_claim_templates else []


def _adopter(owner: StatefulSet) -> list[str]:
    return [adopter_key(owner.metadata.namespace, owner.spec.selector)]


def _controller_uids(obj: KubernetesObject) -> list[str]:
    reference = controller_of(obj)
    return [reference.uid] if reference is not None else []
