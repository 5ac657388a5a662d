"""The controller of Deployments: does what `decision` says.

It follows Deployments and their ReplicaSets, and looks at no Pod: all that it needs to know of them is in the ReplicaSets' status.
What it does in one go may be broken off anywhere: the next look begins with what is there then.
"""

from __future__ import annotations

from podkit.controllers.adoption import adopter_key, orphan_keys
from podkit.controllers.claiming import claim_objects
from podkit.controllers.controller import Controller, ObjectKey
from podkit.controllers.controller_ref import controller_of, is_controlled_by
from podkit.controllers.deployment.annotations import REVISION
from podkit.controllers.deployment.conditions import (
    NOT_CREATED,
    PROGRESSING,
    has_deadline,
    new_condition,
    set_condition,
)
from podkit.controllers.deployment.decision import decide
from podkit.controllers.deployment.draft import Draft
from podkit.controllers.deployment.replica_sets import is_of_template
from podkit.controllers.deployment.status import seconds_to_deadline
from podkit.errors import AlreadyExists, NotFound, PodkitError
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.copying import clone
from podkit.model.deployment import Deployment
from podkit.model.replicaset import ReplicaSet
from podkit.model.selector import Selector
from podkit.store.base import Store


class DeploymentController(Controller[ObjectKey]):
    """Runs Deployments: makes a ReplicaSet for each template, and moves Pods from the old ones to the new one.

    Pods are made by a `ReplicaSetController`, which runs beside it.

    Args:
        store: the store with Deployments and ReplicaSets.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            store, main = MemoryStore(), Container("main", image="busybox")
            store.create(Deployment.new("web", containers=[main], replicas=3))
            DeploymentController(store).step()
            print([made.metadata.name for made in store.list(ReplicaSet)])
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("deployment-controller", store, clock=clock)
        self._deployments = self.loop.follow(
            lambda wake: store.watch(Deployment, wake=wake), self._deployment_changed, indexes={"adopters": _adopter}
        )
        self._sets = self.loop.follow(
            lambda wake: store.watch(ReplicaSet, wake=wake),
            self._set_changed,
            indexes={"owned": _controller_uid, "orphans": orphan_keys},
        )

    def _reconcile(self, key: ObjectKey) -> float | None:
        deployment = self._deployments.get(*key)
        if deployment is None:
            return None
        draft = decide(deployment, self._claimed_sets(deployment), self._clock.now())
        if draft.created:
            self._create(draft)
        for one in draft.changed():
            self._store.update(one)
            self._report_scaling(draft, one)
        for one in draft.deleted:
            self._delete(one)
        self._store_status(draft)
        return seconds_to_deadline(deployment, draft.status, draft.now)

    # What is there

    def _claimed_sets(self, deployment: Deployment) -> list[ReplicaSet]:
        meta, selector = deployment.metadata, deployment.spec.selector
        orphans = self._sets.by_index("orphans", adopter_key(meta.namespace, selector))
        owned = self._sets.by_index("owned", meta.uid or "")
        return claim_objects(self._store, deployment, Selector.of(selector), [*owned, *orphans])

    # What is done

    def _create(self, draft: Draft) -> None:
        """Make the new ReplicaSet; where its name is taken, see to another name.

        Raises:
            PodkitError: it could not be made.
        """
        new = draft.new
        assert new is not None, "the draft says that it is to be made"
        try:
            self._store.create(new)
        except AlreadyExists:
            self._evade(draft, new)
            raise
        except PodkitError as error:
            self._note_not_created(draft.deployment, new, error)
            raise
        self._report_scaling(draft, new)

    def _evade(self, draft: Draft, new: ReplicaSet) -> None:
        """Count the collision of names, so that the next name is another one; unless the one that is there is ours."""
        deployment = draft.deployment
        try:
            there = self._store.get(ReplicaSet, new.metadata.name or "", namespace=new.metadata.namespace or "")
        except NotFound:
            return
        if is_controlled_by(there, deployment) and is_of_template(there, deployment.spec.template):
            return
        changed = clone(deployment)
        changed.status.collision_count = (changed.status.collision_count or 0) + 1
        self._store.update_status(changed)

    def _note_not_created(self, deployment: Deployment, new: ReplicaSet, error: PodkitError) -> None:
        message = f'Failed to create new replica set "{new.metadata.name}": {error}'
        if has_deadline(deployment):
            changed = clone(deployment)
            condition = new_condition(PROGRESSING, "False", NOT_CREATED, message, self._clock.now())
            set_condition(changed.status, condition)
            self._store.update_status(changed)
        self._report(deployment, NOT_CREATED, message, type="Warning")

    def _report_scaling(self, draft: Draft, one: ReplicaSet) -> None:
        report = draft.reports.get(one.metadata.name or "")
        if report is not None:
            self._report(draft.deployment, *report)

    def _delete(self, one: ReplicaSet) -> None:
        meta = one.metadata
        try:
            self._store.delete(ReplicaSet, meta.name or "", namespace=meta.namespace or "", uid=meta.uid)
        except NotFound:
            return

    def _store_status(self, draft: Draft) -> None:
        found = draft.deployment
        meta = clone(found.metadata)
        if draft.revision is not None:
            meta.annotations[REVISION] = str(draft.revision)
        changed = Deployment(metadata=meta, spec=found.spec, status=draft.status)
        if changed != found:
            self._store.update_status(changed)

    # What has changed

    def _deployment_changed(self, old: Deployment | None, new: Deployment | None) -> None:
        there = new if new is not None else old
        if there is not None:
            self.loop.enqueue(object_key(there))

    def _set_changed(self, old: ReplicaSet | None, new: ReplicaSet | None) -> None:
        for one in (old, new):
            reference = controller_of(one) if one is not None else None
            if one is not None and reference is not None and reference.kind == "Deployment":
                self.loop.enqueue((one.metadata.namespace, reference.name))
        if new is not None:
            for label in orphan_keys(new):
                for adopter in self._deployments.by_index("adopters", label):
                    self.loop.enqueue(object_key(adopter))


def _adopter(deployment: Deployment) -> list[str]:
    return [adopter_key(deployment.metadata.namespace, deployment.spec.selector)]


def _controller_uid(one: ReplicaSet) -> list[str]:
    reference = controller_of(one)
    return [reference.uid] if reference is not None else []
