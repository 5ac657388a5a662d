"""Runs DaemonSets: carries out what `podkit.controllers.daemonset.decision` decides.

It follows the nodes too, but looks at a DaemonSet only when a node comes or goes, or its labels or taints change in a way that
matters to it: nodes tell all the time that they are well.

Source of the rules: ``pkg/controller/daemon/daemon_controller.go`` (syncDaemonSet, syncNodes), ``update.go`` (constructHistory,
dedupCurHistories, cleanupHistory).
"""

from __future__ import annotations

from collections.abc import Sequence

from podkit.controllers.adoption import adopter_key, orphan_keys
from podkit.controllers.claiming import claim_objects
from podkit.controllers.controller import Controller, ObjectKey
from podkit.controllers.controller_ref import controller_of
from podkit.controllers.daemonset.decision import decide, seconds_to_next_available, status_of
from podkit.controllers.daemonset.placement import UNFIT, daemon_spec, fit, new_pod, node_of
from podkit.controllers.daemonset.pods import by_node
from podkit.controllers.daemonset.situation import Plan, Situation
from podkit.controllers.expectations import Expectations
from podkit.controllers.failures import Failures
from podkit.controllers.pod_control import PodControl
from podkit.controllers.pod_state import is_terminal
from podkit.controllers.replicaset.decision import batches
from podkit.controllers.revisions import HASH, Present, RevisionKeeper, surplus
from podkit.loop.backoff import Backoff, BackoffPolicy
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.copying import clone, shallow
from podkit.model.daemonset import DaemonSet, DaemonSetStatus
from podkit.model.meta import KubernetesObject
from podkit.model.node import Node
from podkit.model.pod import Pod, PodSpec
from podkit.model.selector import Selector
from podkit.model.statefulset import ControllerRevision
from podkit.store.base import Store

_FAILED_PODS = BackoffPolicy(initial=1.0, maximum=900.0, reset_after=1800.0)
"""How long a node waits for another Pod after one that has failed there."""


class DaemonSetController(Controller[ObjectKey]):
    """Runs DaemonSets: keeps one Pod on each node that is eligible, and rolls from template to template.

    Args:
        store: the store with DaemonSets, Nodes, Pods and ControllerRevisions.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            store, main = MemoryStore(), Container("main", image="busybox")
            store.create(Node(metadata=ObjectMeta(name="a")))
            store.create(DaemonSet.new("agent", containers=[main]))
            DaemonSetController(store).step()
            print([made.metadata.name for made in store.list(Pod)])
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("daemonset-controller", store, clock=clock)
        self._sets = self.loop.follow(
            lambda wake: store.watch(DaemonSet, wake=wake), self._set_changed, indexes={"adopters": _adopter}
        )
        owned = {"owned": _controller_uids, "orphans": orphan_keys}
        self._pods = self.loop.follow(lambda wake: store.watch(Pod, wake=wake), self._pod_changed, indexes=owned)
        self._revisions = self.loop.follow(
            lambda wake: store.watch(ControllerRevision, wake=wake), lambda _old, _new: None, indexes=owned
        )
        self._nodes = self.loop.follow(lambda wake: store.watch(Node, wake=wake), self._node_changed)
        self._awaited = Expectations(self._clock)
        self._control = PodControl(store, self._pods, self._awaited, self._report)
        self._failed = Backoff(_FAILED_PODS)
        self._keeper = RevisionKeeper(store, HASH)
        self._specs: dict[str, tuple[int | None, PodSpec]] = {}

    def _reconcile(self, key: ObjectKey) -> float | None:
        owner = self._sets.get(*key)
        if owner is None:
            self._awaited.forget(key)
            return None
        if owner.metadata.deletion_timestamp is not None:
            return None  # the garbage collector takes what is its own
        pods = self._claimed_pods(owner)
        known = self._claimed_revisions(owner)
        present = self._present(owner, known, pods)
        there = self._situation(owner, present, pods)
        plan, failed = Plan(), Failures()
        if not self._awaited.awaited(key):
            plan = decide(there)
            self._perform(key, there, plan, failed)
        status = status_of(there)
        status.collision_count = present.collisions or status.collision_count
        self._store_status(owner, status)
        live = {pod.metadata.labels.get(HASH, "") for pod in pods}
        names = {one.metadata.name or "" for one in known if one.metadata.labels.get(HASH) in live}
        names.add(present.revision.metadata.name or "")
        self._keeper.delete(surplus(known, names, owner.spec.revision_history_limit))
        failed.raise_first()
        waits = [wait for wait in (plan.again, seconds_to_next_available(there)) if wait is not None]
        return min(waits, default=None)

    # What is there

    def _situation(self, owner: DaemonSet, present: Present, pods: Sequence[Pod]) -> Situation:
        spec = self._spec(owner)
        fits = {node.metadata.name or "": fit(spec, node) for node in self._nodes.objects()}
        revision = present.revision.metadata.labels.get(HASH, "")
        now = self._clock.monotonic()

        def backoff(node: str) -> float:
            return self._failed.remaining(_backoff_key(owner, node), now)

        return Situation(owner, revision, fits, by_node(pods), backoff, self._clock.now())

    def _spec(self, owner: DaemonSet) -> PodSpec:
        """What the Pods are like; worked out once for each generation."""
        meta = owner.metadata
        kept = self._specs.get(meta.uid or "")
        if kept is None or kept[0] != meta.generation:
            kept = self._specs[meta.uid or ""] = meta.generation, daemon_spec(owner)
        return kept[1]

    def _claimed_pods(self, owner: DaemonSet) -> list[Pod]:
        meta, selector = owner.metadata, owner.spec.selector
        orphans = self._pods.by_index("orphans", adopter_key(meta.namespace, selector))
        owned = self._pods.by_index("owned", meta.uid or "")
        return claim_objects(self._store, owner, Selector.of(selector), [*owned, *orphans])

    def _claimed_revisions(self, owner: DaemonSet) -> list[ControllerRevision]:
        meta, selector = owner.metadata, owner.spec.selector
        orphans = self._revisions.by_index("orphans", adopter_key(meta.namespace, selector))
        owned = self._revisions.by_index("owned", meta.uid or "")
        return claim_objects(self._store, owner, Selector.of(selector), [*owned, *orphans])

    def _present(self, owner: DaemonSet, known: Sequence[ControllerRevision], pods: list[Pod]) -> Present:
        """The present revision, labelled with its hash; of several that hold the same, the Pods get the latest one's hash."""
        present = self._keeper.present(owner, owner.status.collision_count or 0, known)
        labels = present.revision.metadata.labels
        if HASH not in labels:
            labelled = clone(present.revision)
            labelled.metadata.labels[HASH] = labelled.metadata.name or ""
            present.revision = self._store.update(labelled)
        doubled = {one.metadata.labels.get(HASH) for one in present.duplicates}
        for index, pod in enumerate(pods):
            if pod.metadata.labels.get(HASH) in doubled:
                relabelled = clone(pod)
                relabelled.metadata.labels[HASH] = present.revision.metadata.labels[HASH]
                pods[index] = self._store.update(relabelled)
        self._keeper.delete(present.duplicates)
        return present

    # What is done

    def _perform(self, key: ObjectKey, there: Situation, plan: Plan, failed: Failures) -> None:
        nodes = iter(plan.create)
        for size in batches(len(plan.create)):
            for _ in range(size):
                pod = new_pod(there.owner, self._spec(there.owner), there.revision, next(nodes))
                self._control.create(key, there.owner, pod, failed)
            if failed:
                break
        for pod in plan.delete:
            if is_terminal(pod):
                self._report_end(there.owner, pod)
            self._control.delete(key, there.owner, pod, failed)

    def _report_end(self, owner: DaemonSet, pod: Pod) -> None:
        """Tell of a Pod that has ended; where it failed, the next failure there waits longer."""
        node, name = node_of(pod), f"{pod.metadata.namespace}/{pod.metadata.name}"
        if pod.status.phase == "Failed":
            self._failed.next(_backoff_key(owner, node), self._clock.monotonic())
            message = f"Found failed daemon pod {name} on node {node}, will try to kill it"
            self._report(owner, "FailedDaemonPod", message, type="Warning")
        else:
            message = f"Found succeeded daemon pod {name} on node {node}, will try to delete it"
            self._report(owner, "SucceededDaemonPod", message)

    def _store_status(self, owner: DaemonSet, status: DaemonSetStatus) -> None:
        if status != owner.status:
            changed = shallow(owner)
            changed.status = status
            self._store.update_status(changed)

    # What has changed

    def _set_changed(self, old: DaemonSet | None, new: DaemonSet | None) -> None:
        there = new if new is not None else old
        if new is None and old is not None:
            self._keeper.forget(old.metadata.uid or "")
            self._specs.pop(old.metadata.uid or "", None)
        if there is not None:
            self.loop.enqueue(object_key(there))

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        for pod in (old, new):
            reference = controller_of(pod) if pod is not None else None
            if pod is None or reference is None or reference.kind != "DaemonSet":
                continue
            key = pod.metadata.namespace, reference.name
            if old is None or new is None or new.metadata.deletion_timestamp is not None:
                self._awaited.observe(key, pod.metadata.uid or "")
            self.loop.enqueue(key)
        if new is not None:
            for label in orphan_keys(new):
                for adopter in self._sets.by_index("adopters", label):
                    self.loop.enqueue(object_key(adopter))

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        if old is not None and new is not None and _alike(old, new):
            return
        for owner in self._sets.objects():
            spec = self._spec(owner)
            before, after = (fit(spec, node) if node is not None else UNFIT for node in (old, new))
            if before != after or old is None or new is None:
                self.loop.enqueue(object_key(owner))


def _alike(old: Node, new: Node) -> bool:
    """Whether nothing has changed of a node that says which Pods belong there."""
    return old.metadata.labels == new.metadata.labels and old.spec.taints == new.spec.taints


def _backoff_key(owner: DaemonSet, node: str) -> tuple[str | None, int | None, str]:
    """What a failure on a node counts for: a new template begins anew."""
    return owner.metadata.uid, owner.status.observed_generation, node


def _adopter(owner: DaemonSet) -> list[str]:
    return [adopter_key(owner.metadata.namespace, owner.spec.selector)]


def _controller_uids(obj: KubernetesObject) -> list[str]:
    reference = controller_of(obj)
    return [reference.uid] if reference is not None else []
