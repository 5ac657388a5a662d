"""The engine of ReplicaSets and ReplicationControllers: it keeps the number of their Pods.

It follows the sets and the Pods. It finds the Pods of a set, and those that it may adopt, by indexes, and so looks at no others.
The status tells of the Pods as they were found; what is made or deleted then brings the next look.

Source of the rules: ``pkg/controller/replicaset/replica_set.go`` (syncReplicaSet).
"""

from __future__ import annotations

from typing import Any

from podkit.controllers.adoption import adopter_key, orphan_keys
from podkit.controllers.claiming import claim_objects
from podkit.controllers.controller import Controller, ObjectKey
from podkit.controllers.controller_ref import controller_of
from podkit.controllers.expectations import Expectations
from podkit.controllers.failures import Failures
from podkit.controllers.pod_control import PodControl
from podkit.controllers.pod_state import is_active, is_terminating
from podkit.controllers.pod_template import pod_of_template
from podkit.controllers.replicaset.counts import Counts, count
from podkit.controllers.replicaset.decision import Decision, batches, decide, pause
from podkit.controllers.replicaset.kinds import (
    FAILURE,
    REPLICA_SET,
    REPLICATION_CONTROLLER,
    Replicated,
    ReplicatedKind,
    selector_of,
)
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.copying import shallow
from podkit.model.pod import Pod
from podkit.model.selector import Selector
from podkit.store.base import Store


class ReplicaController(Controller[ObjectKey]):
    """Keeps the numbers of Pods of one kind of sets.

    Args:
        name: what logs and Events call it.
        kind: the kind of sets.
        store: the store with the sets and the Pods.
        clock: what time it is; None: the machine's clock.
    """

    def __init__(self, name: str, kind: ReplicatedKind, store: Store, *, clock: Clock | None) -> None:
        super().__init__(name, store, clock=clock)
        self._kind = kind
        self._sets = self.loop.follow(
            lambda wake: store.watch(kind.cls, wake=wake),
            self._set_changed,
            indexes={"adopters": _adopter, "siblings": _controller_uids},
        )
        self._pods = self.loop.follow(
            lambda wake: store.watch(Pod, wake=wake),
            self._pod_changed,
            indexes={"owned": _controller_uids, "orphans": orphan_keys},
        )
        self._awaited = Expectations(self._clock)
        self._control = PodControl(store, self._pods, self._awaited, self._report)

    def _reconcile(self, key: ObjectKey) -> float | None:
        found = self._sets.get(*key)
        if found is None:
            self._awaited.forget(key)
            return None
        pods = self._claimed_pods(found)
        active = [pod for pod in pods if is_active(pod)]
        now = self._clock.now()
        labels = found.spec.template.metadata.labels if found.spec.template is not None else {}
        counts = count(active, sum(map(is_terminating, pods)), labels, found.spec.min_ready_seconds, now)
        failed = Failures()
        wait = pause(pods, _replicas(found), now)
        reason = self._manage(key, found, active, failed, may_make=not wait)
        self._store_status(found, counts, reason, failed)
        failed.raise_first()
        return min((one for one in (counts.next_available, wait) if one), default=None)

    # What is there

    def _claimed_pods(self, owner: Replicated) -> list[Pod]:
        selector = selector_of(owner)
        orphans = self._pods.by_index("orphans", adopter_key(owner.metadata.namespace, selector))
        owned = self._pods.by_index("owned", owner.metadata.uid or "")
        return claim_objects(self._store, owner, Selector.of(selector), [*owned, *orphans])

    def _siblings(self, owner: Replicated) -> list[Pod]:
        """The Pods of all sets that have the same controller as this one; its own, if it has none."""
        controller = controller_of(owner)
        sets = self._sets.by_index("siblings", controller.uid) if controller is not None else [owner]
        return [pod for one in sets for pod in self._pods.by_index("owned", one.metadata.uid or "")]

    # What is done

    def _manage(self, key: ObjectKey, owner: Replicated, active: list[Pod], failed: Failures, *, may_make: bool) -> str:
        """Make or delete Pods; return the reason of the condition that says that it has failed."""
        if owner.metadata.deletion_timestamp is not None or self._awaited.awaited(key):
            return ""
        template = owner.spec.template
        assert template is not None, "admission demands a template"
        decision: Decision = decide(_replicas(owner), active, lambda: self._siblings(owner), self._clock.now())
        for size in batches(decision.create if may_make else 0):
            for _ in range(size):
                self._control.create(key, owner, pod_of_template(owner, template), failed)
            if failed:
                break
        for pod in decision.delete:
            self._control.delete(key, owner, pod, failed)
        return "FailedCreate" if decision.create else "FailedDelete"

    def _store_status(self, owner: Replicated, counts: Counts, reason: str, failed: Failures) -> None:
        conditions: list[Any] = list(owner.status.conditions)
        failure = next((one for one in conditions if one.type == FAILURE), None)
        if failed and failure is None:
            now = self._clock.now().replace(microsecond=0)
            conditions.append(self._kind.failure(now, reason, str(failed.first)))
        elif not failed and failure is not None:
            conditions.remove(failure)
        status = self._kind.status(counts, owner.metadata.generation, conditions)
        if status != owner.status:
            changed = shallow(owner)
            changed.status = status
            self._store.update_status(changed)

    # What has changed

    def _set_changed(self, old: Replicated | None, new: Replicated | None) -> None:
        there = new if new is not None else old
        if there is not None:
            self.loop.enqueue(object_key(there))

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        for pod in (old, new):
            reference = controller_of(pod) if pod is not None else None
            if pod is None or reference is None or not self._kind.owns(reference):
                continue
            key = pod.metadata.namespace, reference.name
            if old is None or new is None or new.metadata.deletion_timestamp is not None:
                self._awaited.observe(key, pod.metadata.uid or "")
            self.loop.enqueue(key)
        if new is not None:
            for label in orphan_keys(new):
                for adopter in self._sets.by_index("adopters", label):
                    self.loop.enqueue(object_key(adopter))


class ReplicaSetController(ReplicaController):
    """Runs ReplicaSets: makes their Pods, replaces those that end or are deleted, gives up those that are too many.

    Args:
        store: the store with ReplicaSets and Pods.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            store, main = MemoryStore(), Container("main", image="busybox")
            store.create(ReplicaSet.new("web", containers=[main], replicas=3))
            ReplicaSetController(store).step()
            print([made.metadata.name for made in store.list(Pod)])
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("replicaset-controller", REPLICA_SET, store, clock=clock)


class ReplicationManager(ReplicaController):
    """Runs ReplicationControllers, as `ReplicaSetController` runs ReplicaSets.

    Args:
        store: the store with ReplicationControllers and Pods.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            store = MemoryStore()
            replication = ReplicationManager(store)
            replication.step()
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("replication-controller", REPLICATION_CONTROLLER, store, clock=clock)


def _replicas(obj: Replicated) -> int:
    """How many Pods there shall be."""
    return obj.spec.replicas if obj.spec.replicas is not None else 1


def _adopter(obj: Replicated) -> list[str]:
    return [adopter_key(obj.metadata.namespace, selector_of(obj))]


def _controller_uids(obj: Any) -> list[str]:
    reference = controller_of(obj)
    return [reference.uid] if reference is not None else []
