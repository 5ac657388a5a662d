"""Performs, for one Pod, what `sync.decide` says, and reports what came of it.

A sync observes, decides, acts, and repeats that until there is nothing more to do now; then it writes the status. What
cannot be done is remembered as a failure with a time for the next try, so that every sync ends.

Containers that have ended are told of before anything is done about it: what is done may take long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

import attrs

from podkit.errors import NotFound
from podkit.kubelet import container as containers
from podkit.kubelet import resize, restart_all, status
from podkit.kubelet.allocation import Allocator
from podkit.kubelet.memory import Eviction, PodMemory
from podkit.kubelet.messages import termination_message
from podkit.kubelet.observation import ObservedPod, attempt_of, container_name
from podkit.kubelet.outlet import Outlet
from podkit.kubelet.plan import (
    Action,
    Ending,
    KillContainer,
    Plan,
    RemoveContainer,
    RunPostStart,
    RunSandbox,
    SignalContainer,
    StartContainer,
    StopContainer,
    StopSandbox,
)
from podkit.kubelet.predicates import out_of
from podkit.kubelet.prober import Prober
from podkit.kubelet.resize import ResizeContainer, ResizeSandbox
from podkit.kubelet.restart import backoff_key
from podkit.kubelet.sandbox_starter import SandboxStarter
from podkit.kubelet.services import NodeServices
from podkit.kubelet.shortcomings import Shortcomings
from podkit.kubelet.starter import ContainerStarter
from podkit.kubelet.stopper import ContainerStopper
from podkit.kubelet.support import Verdict, refusal
from podkit.kubelet.sync import EVICTED, decide, decide_orphan, superfluous, superfluous_sandboxes
from podkit.kubelet.view import PodView
from podkit.model import Container, Pod, PodStatus
from podkit.model.pod_state import is_terminal
from podkit.runtime.base import ContainerState, ContainerStatus, RuntimeEvent

LOOK_AFTER = timedelta(seconds=1)
"""When to look again at what should have happened by now, if no event tells of it before."""
REFRESH_AFTER = timedelta(seconds=60)
"""When to try again to bring volumes up to date (`SyncFrequency` of the kubelet)."""
ROUNDS = 20
"""How often a sync decides anew before it lets others work."""


class PodWorker:
    """Runs one Pod.

    Args:
        uid: the Pod's uid.
        services: what it works with.
        outlet: where it tells what becomes of the Pod.
        wake: asks for another sync of this Pod.
        new: whether the engine is known to hold nothing of it yet, so that the first look can be spared.
    """

    def __init__(
        self, uid: str, services: NodeServices, outlet: Outlet, wake: Callable[[], None], *, new: bool = False
    ) -> None:
        self._uid = uid
        self._node = services
        self._outlet = outlet
        self._wake = wake
        self._view = PodView(uid, services, new=new)
        self._recalled = new
        self._changed = not new  # what volumes are made from may have changed while no kubelet was there
        self._memory = PodMemory()
        self._starter = ContainerStarter(uid, services, self._memory, wake)
        self._stopper = ContainerStopper(services, self._memory, wake)
        self._shortcomings = Shortcomings(services)
        self._sandbox_starter = SandboxStarter(uid, services, self._memory, self._starter, self._shortcomings)
        self._allocator = Allocator(services, self._memory)
        self._probing: Prober | None = None
        self._removed = False
        self._discarded = False

    def retry_now(self) -> None:
        """Let the next sync try at once what has failed, and look at the volumes: something that the Pod depends on has changed.

        May be called from any thread. It only leaves a note, so that a sync that is under way cannot overwrite it.
        """
        self._changed = True

    def look_anew(self) -> None:
        """Let the next sync ask the engine: something may have happened there. May be called from any thread."""
        self._view.look_anew()

    def take_in(self, event: RuntimeEvent) -> bool:
        """Note what the engine tells of the Pod; whether that calls for a sync. May be called from any thread."""
        return self._view.take_in(event)

    def evict(self, eviction: Eviction) -> None:
        """Let the next sync begin to evict the Pod; one eviction is enough. May be called from any thread."""
        if self._memory.eviction is None:
            self._memory.eviction = eviction

    def sees(self, things: Set[tuple[str, str]]) -> bool:
        """Whether these are the sandboxes and containers that the last sync knew of; also if it has yet to look anew."""
        return self._view.sees(things)

    def sync(self, pod: Pod) -> float | None:
        """Bring a Pod nearer to what its spec asks for; return after how many seconds to sync again, or None."""
        if pod.status.phase in (None, "Pending") and pod.metadata.deletion_timestamp is None:
            refused = [found for found in self._shortcomings.of(pod) if found.verdict is Verdict.REFUSED]
            if refused:
                self._reject(pod, Ending(*refusal(refused)))
                return None
        if (ending := self._not_admitted(pod)) is not None:
            self._reject(pod, ending)
            return None
        self._memory.begun = self._memory.begun or self._node.clock.now()
        self._take_in_changes(pod)
        self._resume_restart(pod)
        observed = self._view.now()
        self._follow_sandbox(pod, observed)
        self._memory.keep_only(observed)
        self._recall_restarts(pod, observed)
        pod = self._allocate(pod, observed)
        self._prober(pod).tick(pod, observed)  # ticks count from when a Pod is first seen, not from when it runs
        pod, plan, observed = self._advance(pod, observed)
        if plan.restart_all is not None:
            pod = self._begin_restart(pod, observed, plan.restart_all)
            pod, plan, observed = self._advance(pod, observed)
        if self._node.stopping.is_set():
            return None
        plan.look_again_at_if(self._prober(pod).tick(pod, observed))
        if self._memory.restarting and not restart_all.victims(pod, observed):
            self._memory.removed = True
            plan.look_again_at(self._node.clock.now())
        plan.look_again_at_if(self._refresh_at())
        plan.look_again_at_if(self._memory.resizing.look_at)
        self._allocator.finish(pod, observed)
        self._announce(pod, plan, observed)
        self._read_messages(pod, observed)
        self._write_status(pod, observed, plan)
        self._clean_up(pod, observed)
        if plan.discard and not self._discarded:
            self._node.volumes.tear_down(self._uid)
            self._discarded = True
        if plan.gone:
            self._remove(observed)
            self._outlet.remove(pod)
            return None
        return self._seconds_until(plan.look_again)

    def _take_in_changes(self, pod: Pod) -> None:
        """Forget what has failed before a change, and bring the volumes up to date."""
        refresh_at = self._refresh_at()
        due = refresh_at is not None and self._node.clock.now() >= refresh_at
        if self._changed:
            self._changed = False
            self._memory.forget_failures(self._node.clock.now())
            due = True
        if due:
            self._refresh_volumes(pod)

    def _allocate(self, pod: Pod, observed: ObservedPod) -> Pod:
        """The Pod with the resources that it has been given; that a change of them begins is told before it is made."""
        before = self._memory.resizing
        pod = self._allocator.allocate(pod, observed)
        if self._memory.resizing is not before and resize.is_in_progress(pod, observed, self._memory):
            return self._write_status(pod, observed, Plan())
        return pod

    def _advance(self, pod: Pod, observed: ObservedPod) -> tuple[Pod, Plan, ObservedPod]:
        """Decide and act until there is nothing more to do now, or the kubelet is stopped."""
        for _ in range(ROUNDS):
            plan = decide(pod, observed, self._memory, self._node.clock.now())
            if not plan.actions:
                return pod, plan, observed
            pod = self._tell_ends(pod, observed, plan)
            self._starter.begin_round()
            for _, actions in groupby(plan.actions, lambda action: isinstance(action, StartContainer)):
                observed = self._perform(pod, list(actions), observed)
            if self._node.stopping.is_set():
                return pod, plan, observed
        plan.look_again_at(self._node.clock.now() + LOOK_AFTER)
        return pod, plan, observed

    def _tell_ends(self, pod: Pod, observed: ObservedPod, plan: Plan) -> Pod:
        """Tell of containers that have just ended; but a Pod gives ports of the node back before it is said to be over."""
        if self._read_messages(pod, observed) and not containers.port_mappings(pod):
            return self._write_status(pod, observed, plan)
        return pod

    def sync_orphan(self) -> float | None:
        """Remove what is left of a Pod that the store does not have; None when nothing is left."""
        if self._removed:
            return None
        observed = self._view.look()
        plan = decide_orphan(observed, self._memory, self._node.clock.now())
        for action in plan.actions:
            match action:
                case SignalContainer():
                    self._stopper.signal(action)
                case KillContainer():
                    self._stopper.kill(action)
                case RemoveContainer(container_id):
                    self._view.leaves(container_id)
                    self._node.runtime.remove_container(container_id)
        if plan.gone:
            self._remove(observed)
            return None
        now = self._node.clock.now()
        return self._seconds_until(decide_orphan(observed, self._memory, now).look_again or now + LOOK_AFTER)

    def _perform(self, pod: Pod, actions: Sequence[Action], observed: ObservedPod) -> ObservedPod:
        """Perform actions of which all or none are starts of containers, until the kubelet is stopped."""
        starts = [action for action in actions if isinstance(action, StartContainer)]
        if starts:
            return self._start_containers(pod, starts, observed)
        for action in actions:
            if self._node.stopping.is_set():
                return observed
            self._view.begin_change()
            found = self._act(pod, action, observed)
            if isinstance(action, RunSandbox) and found is observed:
                self._view.look_anew()  # it has failed, and may have been done nevertheless
            later = isinstance(action, SignalContainer | KillContainer | ResizeContainer | ResizeSandbox)
            self._view.end_change(found, certain=not later)
            observed = found
        return observed

    def _start_containers(self, pod: Pod, actions: Sequence[StartContainer], observed: ObservedPod) -> ObservedPod:
        """Start containers in their order; while one is being started, the next is made."""

        def step(action: StartContainer) -> Callable[[], ContainerStatus | None] | None:
            return None if self._node.stopping.is_set() else self._starter.make(pod, action, observed)

        self._view.begin_change()
        found = [one for one in self._node.tasks.overlap(partial(step, one) for one in actions) if one is not None]
        for container in found:
            observed = observed.with_container(container)
        if len(found) < len(actions):
            self._view.look_anew()  # what has failed may have been done nevertheless
        self._view.end_change(observed, certain=True)
        return observed

    def _act(self, pod: Pod, action: Action, observed: ObservedPod) -> ObservedPod:
        match action:
            case RunSandbox():
                return self._sandbox_starter.start(pod, action, observed)
            case RunPostStart(container):
                self._starter.run_post_start(pod, container, observed)
            case StopContainer():
                self._stopper.begin(pod, action, observed)
            case SignalContainer():
                self._stopper.signal(action)
            case KillContainer():
                self._stopper.kill(action)
            case RemoveContainer(container_id):
                return self._remove_container(container_id, observed)
            case ResizeContainer() | ResizeSandbox():
                self._allocator.perform(pod, action)
            case StopSandbox(sandbox_id):
                self._node.access.disconnect(self._uid)
                self._node.runtime.stop_sandbox(sandbox_id)
                return self._view.look()
        return observed

    def _clean_up(self, pod: Pod, observed: ObservedPod) -> None:
        """Remove dead containers, and then sandboxes, that nobody needs any more."""
        for container in superfluous(observed):
            observed = self._perform(pod, [RemoveContainer(container.id)], observed)
        for sandbox_id in superfluous_sandboxes(observed):
            self._view.look_anew()
            self._node.runtime.remove_sandbox(sandbox_id)

    def _remove_container(self, container_id: str, observed: ObservedPod) -> ObservedPod:
        """Remove a container with the file for its termination message."""
        self._view.leaves(container_id)
        self._node.runtime.remove_container(container_id)
        for container in observed.containers:
            if container.id == container_id:
                self._node.files.remove_message_file(self._uid, container_name(container), attempt_of(container))
        return observed.without_container(container_id)

    def _recall_restarts(self, pod: Pod, observed: ObservedPod) -> None:
        """On the first look: take in the restarts that an earlier kubelet has made, so that the next back-off is the right one."""
        if self._recalled:
            return
        self._recalled = True
        for container in (*pod.spec.init_containers, *pod.spec.containers):
            newest = observed.newest(container.name)
            if newest is not None:
                self._memory.backoff.recall(backoff_key(container), attempt_of(newest), newest.created_at)

    # --- starting over

    def _resume_restart(self, pod: Pod) -> None:
        """Go on with removing all containers where another kubelet has left off; or be through with it, once that is told."""
        memory, condition = self._memory, restart_all.condition_of(pod)
        if memory.removed and not restart_all.is_under_way(pod):
            memory.restarting, memory.removed = "", False
        elif not memory.allocation and condition is not None and restart_all.is_under_way(pod):
            memory.restarting = condition.message or restart_all.MESSAGE

    def _begin_restart(self, pod: Pod, observed: ObservedPod, trigger: restart_all.Trigger) -> Pod:
        """Tell that all containers are being removed, before it is done."""
        ended = trigger.ended
        if ended.finished_at is not None:
            self._memory.backoff.restarted(backoff_key(trigger.container), ended.finished_at, self._node.clock.now())
        self._memory.restarting = trigger.message
        self._node.report(pod, restart_all.REASON, trigger.message)
        return self._write_status(pod, observed, Plan())

    # --- sandbox and volumes

    def _follow_sandbox(self, pod: Pod, observed: ObservedPod) -> None:
        """See that the Pod has access to Services in the sandbox that it has, and in no other one."""
        if (sandbox := observed.ready_sandbox) is not None:
            self._node.access.connect(pod, sandbox.id)
        else:
            self._node.access.disconnect(self._uid)

    def _refresh_at(self) -> datetime | None:
        """When the volumes are to be brought up to date if nothing changes before: to try again, or to renew a token."""
        moments = [self._memory.refresh_at, self._node.tokens.renew_at(self._uid)]
        return min((moment for moment in moments if moment is not None), default=None)

    def _refresh_volumes(self, pod: Pod) -> None:
        """Bring the files of the Pod's ConfigMaps, Secrets and downward API up to date."""
        self._memory.refresh_at = None
        for problem in self._node.volumes.refresh(pod, self._node.payloads(pod)):
            self._node.report(pod, "FailedMount", str(problem), type="Warning")
            self._memory.refresh_at = self._node.clock.now() + REFRESH_AFTER
        renew_at = self._node.tokens.renew_at(self._uid)
        if renew_at is not None and renew_at <= self._node.clock.now():
            self._node.tokens.forget(self._uid)  # no volume has them, or not any more

    # --- containers

    def _prober(self, pod: Pod) -> Prober:
        if self._probing is None:

            def tell(container: Container, reason: str, message: str) -> None:
                self._node.reporter(pod, container)("Warning", reason, message)

            node = self._node
            self._probing = Prober(node.actions, node.tasks, node.clock, self._memory, tell, self._wake)
        return self._probing

    # --- what is told

    def _announce(self, pod: Pod, plan: Plan, observed: ObservedPod) -> None:
        """Tell, once each time, that a container waits for its back-off, or that the Pod's time is up."""
        meta, announced = pod.metadata, self._memory.announced
        if plan.ending is not None and announced.get("") != plan.ending.reason:
            ending = plan.ending
            self._node.report(pod, ending.reason, ending.message, type=ending.type, annotations=ending.annotations)
            announced[""] = ending.reason
        for name, waiting in plan.waiting.items():
            ended = observed.newest(name)
            if waiting.reason == "CrashLoopBackOff" and ended is not None and announced.get(name) != ended.id:
                message = f"Back-off restarting failed container {name} in pod {meta.name}_{meta.namespace}({meta.uid})"
                self._node.reporter(pod, containers.find(pod, name))("Warning", "BackOff", message)
                announced[name] = ended.id

    def _read_messages(self, pod: Pod, observed: ObservedPod) -> bool:
        """Read what containers that have ended left as their termination message; whether any has since the last time."""
        known = self._memory.termination_messages
        ended = [one for one in observed.containers if one.state is ContainerState.EXITED and one.id not in known]
        for one in ended:
            known[one.id] = termination_message(self._node, pod, one)
        return bool(ended)

    def _write_status(self, pod: Pod, observed: ObservedPod, plan: Plan) -> Pod:
        situation = status.Situation(
            pod=pod,
            observed=observed,
            memory=self._memory,
            plan=plan,
            host_ips=self._node.facts.host_ips,
            runtime_name=self._node.engine.name,
            now=self._node.clock.now(),
        )
        return self._tell(pod, status.generate(situation))

    def _not_admitted(self, pod: Pod) -> Ending | None:
        """Why the node does not take a Pod that is new to it; None if it does."""
        if pod.status.start_time is not None or pod.metadata.deletion_timestamp is not None:
            return None
        if is_terminal(pod):
            return None
        if message := self._node.refusal(pod):
            return Ending(EVICTED, message)
        if any(condition.type == "PodScheduled" for condition in pod.status.conditions):
            return None  # the scheduler has seen to it that there is room
        return out_of(pod, self._node.facts.allocatable, self._node.requested_by_others(self._uid))

    def _reject(self, pod: Pod, ending: Ending) -> None:
        """Let a Pod fail that the node does not take (`rejectPod`)."""
        self._node.report(pod, ending.reason, ending.message, type="Warning")
        message = f"Pod was rejected: {ending.message}"
        status = attrs.evolve(pod.status, phase="Failed", reason=ending.reason, message=message)
        self._tell(pod, attrs.evolve(status, observed_generation=pod.metadata.generation))

    def _tell(self, pod: Pod, new: PodStatus) -> Pod:
        """Write a status if it is another one; return the Pod with it."""
        if new == pod.status:
            return pod
        try:
            return self._outlet.update_status(attrs.evolve(pod, status=new))
        except NotFound:
            self._wake()
            return pod

    # --- the end

    def _remove(self, observed: ObservedPod) -> None:
        self._node.access.disconnect(self._uid)
        for sandbox in observed.sandboxes:
            self._node.runtime.remove_sandbox(sandbox.id)
        self._node.volumes.tear_down(self._uid)
        self._node.files.remove(self._uid)
        self._node.images.forget(self._uid)
        self._node.tokens.forget(self._uid)
        self._removed = True

    def _seconds_until(self, moment: datetime | None) -> float | None:
        return max(0.0, (moment - self._node.clock.now()).total_seconds()) if moment is not None else None
