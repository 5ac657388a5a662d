"""The scheduler: gives each Pod that has none a node.

It follows Pods, Nodes, Namespaces and claims for storage. The more important Pod goes first. A Pod that no node can take gets
the condition PodScheduled=False with the reason, and an Event; it is tried again when a node or a claim of it has changed, or a
Pod has gone. If less important Pods are in its way, they have to go: it is then meant for their node (``nominatedNodeName``),
and waits until they have ended.

Source of the rules: ``pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go``, ``framework/plugins/queuesort`` (PrioritySort),
``framework/preemption/executor.go``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from podkit.admission.pod_claims import SELECTED_NODE, claims_of, node_of
from podkit.errors import NotFound
from podkit.log import key_fields
from podkit.loop.clock import Clock, SystemClock
from podkit.loop.control import ControlLoop
from podkit.loop.informer import object_key
from podkit.loop.measures import LoopMeasures
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.copying import clone
from podkit.model.namespace import Namespace
from podkit.model.node import Node
from podkit.model.pod import Pod, PodCondition
from podkit.scheduler.cache import SchedulerCache, is_waiting, takes_room
from podkit.scheduler.placement import Placement, place
from podkit.scheduler.plugins.volume_binding import claims
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.preemption import REASON as PREEMPTED
from podkit.scheduler.preemption import Preemption, preempt
from podkit.scheduler.waiting import PodKey, WaitingPods
from podkit.store.base import Store
from podkit.store.disruption import disrupt
from podkit.store.recorder import EventRecorder

NAME = "default-scheduler"


class Scheduler:
    """Binds Pods to nodes.

    Args:
        store: the store with Pods and Nodes.
        clock: what time it is; None: the machine's clock.
        name: the Pods that it is for, by their ``spec.schedulerName``.

    Attributes:
        loop: the loop that calls `reconcile`.

    Example:
        ::

            store = MemoryStore()
            scheduler = Scheduler(store)
            store.create(Pod.new("web", containers=[Container("main", image="busybox")]))
            scheduler.step()                                  # there is no node: the Pod says so in its conditions
            print(store.get(Pod, "web").status.conditions[0].message)
    """

    def __init__(self, store: Store, *, clock: Clock | None = None, name: str = NAME) -> None:
        self.name = name
        self._store = store
        self._clock = clock or SystemClock()
        self._report = EventRecorder(store, name, self._clock)
        self._cache = SchedulerCache()
        self._waiting = WaitingPods()
        self.loop: ControlLoop[PodKey] = ControlLoop(name, self._reconcile, clock=self._clock, fields=_fields)
        self.loop.follow(lambda wake: store.watch(Namespace, wake=wake), self._namespace_changed)
        self.loop.follow(lambda wake: store.watch(Node, wake=wake), self._node_changed)
        self.loop.follow(lambda wake: store.watch(PersistentVolumeClaim, wake=wake), self._claim_changed)
        self._pods = self.loop.follow(
            lambda wake: store.watch(Pod, wake=wake), self._pod_changed, indexes={"claim": _waits_for}
        )

    def reconcile(self, key: PodKey) -> float | None:
        """Find a node for a Pod and bind it there, or say why there is none."""
        self.loop.pump()
        return self._reconcile(key)

    def _reconcile(self, key: PodKey) -> float | None:
        pod = self._pods.get(*key)
        if pod is None or not self._is_for_me(pod):
            self._stop_waiting(key)
            return None
        info = PodInfo.of(pod)
        placement = place(info, self._cache.snapshot())
        if placement.node is None:
            self._let_wait(key, info, placement)
            return None
        self._select_node(info, placement.node)
        self._bind(info, placement.node)
        self._stop_waiting(key)
        return None

    def start(self) -> None:
        """Run in threads of its own until `stop`."""
        self.loop.start()

    def run(self) -> None:
        """Run in this thread until `stop` is called from another one."""
        self.loop.run()

    def stop(self) -> None:
        """End the loop; the Pod that is being placed is finished first. Stopping twice does no harm."""
        self.loop.stop()

    def step(self) -> bool:
        """Do all that is due now, in this thread; whether there was anything."""
        return self.loop.step()

    def measures(self) -> LoopMeasures:
        """What there is to do at this moment, and what has been done by now."""
        return self.loop.measures()

    def next_due(self) -> float | None:
        """When, on the clock's ``monotonic``, something is due; None when only a change can bring work."""
        return self.loop.next_due()

    def _select_node(self, pod: PodInfo, node_name: str) -> None:
        """Write on the Pod's claims on which node their data shall lie, as far as that is not decided."""
        for claim in claims(pod, self._cache.snapshot()):
            if node_of(claim) is None:
                changed = clone(claim)
                changed.metadata.annotations[SELECTED_NODE] = node_name
                self._cache.change_claim(claim, self._store.update(changed))

    def _bind(self, pod: PodInfo, node_name: str) -> None:
        try:
            bound = self._store.bind(pod.pod, node_name)
        except NotFound:
            return
        self._cache.assume(pod.after(bound))
        message = f"Successfully assigned {bound.metadata.namespace}/{bound.metadata.name} to {node_name}"
        self._report(bound, "Scheduled", message)

    def _let_wait(self, key: PodKey, pod: PodInfo, placement: Placement) -> None:
        """Say why a Pod has to wait, and make room for it if that is possible."""
        plan = Preemption(None)
        if placement.objections:
            plan = preempt(pod, self._cache.snapshot(), placement.objections)
        why = f"{placement.message} preemption: {plan.message}" if plan.message else placement.message
        waiting = self._say_unschedulable(pod.pod, why, plan.node)
        self._cache.nominate(pod.pod, waiting)
        self._waiting.add(key, PodInfo.of(waiting))
        if plan.node is not None and plan.victims:
            self._make_room(pod, plan.node, plan.victims)

    def _make_room(self, pod: PodInfo, node_name: str, victims: Sequence[Pod]) -> None:
        """Ask Pods to go that are in the way of a more important one; less important ones are not meant for its node any more."""
        message = f"{pod.pod.spec.scheduler_name or NAME}: preempting to accommodate a higher priority pod"
        for victim in victims:
            if victim.metadata.deletion_timestamp is None and disrupt(
                self._store, victim, PREEMPTED, message, self._clock.now()
            ):
                self._report(victim, "Preempted", f"Preempted by pod {pod.uid} on node {node_name}")
        for other in self._cache.nominated_for(node_name):
            if (other.spec.priority or 0) < pod.priority:
                with contextlib.suppress(NotFound):
                    self._store.patch(
                        Pod,
                        other.metadata.name or "",
                        {"status": {"nominatedNodeName": None}},
                        namespace=other.metadata.namespace or "",
                        subresource="status",
                    )

    def _stop_waiting(self, key: PodKey) -> None:
        """Let a Pod wait no longer, and try the next one like it: where the one has found a place, so may the other."""
        following = self._waiting.remove(key)
        if following is not None:
            self._enqueue(following)

    def _enqueue(self, key: PodKey) -> None:
        pod = self._pods.get(*key)
        self.loop.enqueue(key, priority=0 if pod is None else pod.spec.priority or 0)

    def _say_unschedulable(self, pod: Pod, message: str, nominated: str | None) -> Pod:
        """Put the reason in the Pod's status, and report it, unless that says it already; return the Pod as it is then."""
        now = self._clock.now().replace(microsecond=0)
        old = next((found for found in pod.status.conditions if found.type == "PodScheduled"), None)
        said = old is not None and (old.status, old.reason, old.message) == ("False", "Unschedulable", message)
        seen = old is not None and old.observed_generation == pod.metadata.generation
        if said and seen and pod.status.nominated_node_name == nominated:
            return pod
        since = old.last_transition_time if old is not None and old.status == "False" else now
        condition = PodCondition(
            type="PodScheduled",
            status="False",
            reason="Unschedulable",
            message=message,
            last_transition_time=since,
            observed_generation=pod.metadata.generation,
        )
        changed = clone(pod)
        changed.status.conditions = [found for found in changed.status.conditions if found.type != "PodScheduled"]
        changed.status.conditions.append(condition)
        changed.status.nominated_node_name = nominated
        if not said:
            self._report(
                pod, "FailedScheduling", message, type="Warning"
            )  # first: who sees the condition finds the event
        try:
            return self._store.update_status(changed)
        except NotFound:
            return pod

    # What has changed

    def _is_for_me(self, pod: Pod) -> bool:
        """Whether a Pod is to be bound by this scheduler, now; one with scheduling gates is not (SchedulingGates)."""
        if pod.spec.scheduling_gates or not is_waiting(pod):
            return False
        return (pod.spec.scheduler_name or NAME) == self.name

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        given_up = self._cache.nominate(old, new)
        if self._cache.change_pod(old, new) or given_up:
            self._try_again()
        elif new is not None and takes_room(new) and (old is None or not takes_room(old)):
            self._try_again(those_that_look_at_others=True)
        pod = new or old
        if pod is None:
            return
        if new is None or not self._is_for_me(new):
            self._stop_waiting(object_key(pod))
        elif old is None or old.spec != new.spec or old.metadata.labels != new.metadata.labels:
            self._enqueue(object_key(new))

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        if self._cache.change_node(old, new):
            self._try_again()

    def _claim_changed(self, old: PersistentVolumeClaim | None, new: PersistentVolumeClaim | None) -> None:
        self._cache.change_claim(old, new)
        claim = new or old
        if claim is not None:
            for pod in self._pods.by_index("claim", f"{claim.metadata.namespace}/{claim.metadata.name}"):
                if self._is_for_me(pod):
                    self._enqueue(object_key(pod))

    def _namespace_changed(self, old: Namespace | None, new: Namespace | None) -> None:
        self._cache.change_namespace(old, new)
        self._try_again(those_that_look_at_others=True)

    def _try_again(self, *, those_that_look_at_others: bool = False) -> None:
        waiting = self._waiting
        for key in waiting.first_that_look_at_others() if those_that_look_at_others else waiting.first_of_each():
            self._enqueue(key)


def _waits_for(pod: Pod) -> list[str]:
    """The claims that matter for where a Pod may go, which is open yet."""
    if pod.spec.node_name:
        return []
    return [f"{pod.metadata.namespace}/{use.claim}" for use in claims_of(pod)]


def _fields(key: PodKey) -> Mapping[str, Any]:
    """What the log is to say of a Pod."""
    return {**key_fields(key), "kind": "Pod", "pod": key[1]}
