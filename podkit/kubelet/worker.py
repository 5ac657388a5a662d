"""Performs, for one Pod, what `sync.decide` says, and reports what came of it.

A sync observes, decides, acts, and repeats that until there is nothing more to do now; then it writes the status. What
cannot be done is remembered as a failure with a time for the next try, so that every sync ends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs

from podkit.errors import NotFound, PodkitError
from podkit.kubelet import container as containers
from podkit.kubelet import status
from podkit.kubelet.memory import Failure, PodMemory
from podkit.kubelet.messages import termination_message
from podkit.kubelet.observation import ObservedPod
from podkit.kubelet.prober import Prober
from podkit.kubelet.services import NodeServices
from podkit.kubelet.starter import RETRY_AFTER, ContainerStarter
from podkit.kubelet.stopper import ContainerStopper
from podkit.kubelet.support import unsupported
from podkit.kubelet.sync import (
    Action,
    Ending,
    KillContainer,
    Plan,
    RemoveContainer,
    RunSandbox,
    SignalContainer,
    StartContainer,
    StopContainer,
    StopSandbox,
    decide,
    decide_orphan,
    superfluous,
    superfluous_sandboxes,
)
from podkit.kubelet.volumes import VolumeError
from podkit.model import Container, Pod, PodStatus
from podkit.runtime.base import POD_UID, ContainerState

LOOK_AFTER = 1.0
"""Seconds after which to see whether a killed container of an orphan has ended, if no event tells so before."""
ROUNDS = 20
"""How often a sync decides anew before it lets others work."""


class PodWorker:
    """Runs one Pod.

    Args:
        uid: the Pod's uid.
        services: what it works with.
        wake: asks for another sync of this Pod.
        new: whether the engine is known to hold nothing of it yet, so that the first look can be spared.
    """

    def __init__(self, uid: str, services: NodeServices, wake: Callable[[], None], *, new: bool = False) -> None:
        self._uid = uid
        self._node = services
        self._wake = wake
        self._new = new
        self._memory = PodMemory()
        self._starter = ContainerStarter(uid, services, self._memory, wake)
        self._stopper = ContainerStopper(services, self._memory, wake)
        self._sources_changed = False
        self._probing: Prober | None = None

    def retry_now(self) -> None:
        """Something that the Pod depends on has changed: try at once what has failed, and look at its volumes again."""
        self._sources_changed = True
        self._memory.sandbox_failure = None
        for name, failure in list(self._memory.failures.items()):
            if failure.reason == "CreateContainerConfigError":
                self._memory.failures.pop(name, None)

    def sync(self, pod: Pod) -> float | None:
        """Bring a Pod nearer to what it shall be; return after how many seconds to sync again, or None."""
        if pod.status.phase is None or pod.status.phase == "Pending":
            refused = unsupported(pod)
            if refused:
                self._reject(pod, refused)
                return None
        observed = self._observe()
        self._prober(pod).tick(pod, observed)  # ticks count from when a Pod is first seen, not from when it runs
        for _ in range(ROUNDS):
            plan = decide(pod, observed, self._memory, self._node.clock.now())
            if not plan.actions:
                break
            for action in plan.actions:
                observed = self._perform(pod, action, observed)
        plan.look_again_at_if(self._prober(pod).tick(pod, observed))
        self._announce(pod, plan)
        self._read_messages(pod, observed)
        self._write_status(pod, observed, plan)
        if self._sources_changed:
            self._sources_changed = False
            self._refresh_volumes(pod, observed)
        self._clean_up(observed)
        if plan.gone:
            self._remove(observed)
            self._delete(pod)
            return None
        return self._seconds_until(plan.look_again)

    def sync_orphan(self) -> float | None:
        """Remove what is left of a Pod that the store does not have; None when nothing is left."""
        observed = self._observe()
        plan = decide_orphan(observed, self._memory, self._node.clock.now())
        for action in plan.actions:
            match action:
                case SignalContainer():
                    self._stopper.signal(action)
                case KillContainer():
                    self._stopper.kill(action)
        if plan.gone:
            self._remove(observed)
            return None
        again = decide_orphan(observed, self._memory, self._node.clock.now()).look_again
        return LOOK_AFTER if again is None else self._seconds_until(again)

    def _observe(self) -> ObservedPod:
        if self._new:
            self._new = False
            return ObservedPod()
        labels = {**self._node.labels, POD_UID: self._uid}
        sandboxes = self._node.runtime.sandboxes(labels)
        return ObservedPod.of(sandboxes, self._node.runtime.containers(labels) if sandboxes else [])

    def _perform(self, pod: Pod, action: Action, observed: ObservedPod) -> ObservedPod:
        match action:
            case RunSandbox():
                return self._run_sandbox(pod, action, observed)
            case StartContainer():
                return self._starter.start(pod, action, observed)
            case StopContainer():
                self._stopper.begin(pod, action, observed)
                return observed
            case SignalContainer():
                self._stopper.signal(action)
                return observed
            case KillContainer():
                self._stopper.kill(action)
                return observed
            case RemoveContainer(container_id):
                self._node.runtime.remove_container(container_id)
                return observed.without_container(container_id)
            case StopSandbox(sandbox_id):
                self._node.runtime.stop_sandbox(sandbox_id)
                return self._observe()

    def _clean_up(self, observed: ObservedPod) -> None:
        """Remove dead containers, and then sandboxes, that nobody needs any more."""
        for container_id in superfluous(observed):
            self._node.runtime.remove_container(container_id)
            observed = observed.without_container(container_id)
        for sandbox_id in superfluous_sandboxes(observed):
            self._node.runtime.remove_sandbox(sandbox_id)

    # --- the sandbox

    def _run_sandbox(self, pod: Pod, action: RunSandbox, observed: ObservedPod) -> ObservedPod:
        try:
            self._node.volumes.set_up(pod, self._node.payloads(pod))
        except VolumeError as error:
            return self._sandbox_failed(pod, "FailedMount", str(error), observed)
        try:
            config = containers.sandbox_config(pod, action.attempt, self._node.labels)
            sandbox_id = self._node.runtime.run_sandbox(config)
            sandbox = self._node.runtime.sandbox(sandbox_id)
        except PodkitError as error:
            message = f"Failed to create pod sandbox: {error}"
            return self._sandbox_failed(pod, "FailedCreatePodSandBox", message, observed)
        self._memory.sandbox_failure = None
        self._memory.addresses = sandbox.ips
        self._warn_of_limits(pod)
        return observed.with_sandbox(sandbox)

    def _warn_of_limits(self, pod: Pod) -> None:
        limited = [c.name for c in pod.spec.containers if c.resources is not None and c.resources.limits]
        if limited and not self._node.limits_enforced:
            message = (
                f"the limits of {', '.join(limited)} have no effect: Podman cannot set cgroup limits here;"
                " delegate the cpu and memory controllers to its user"
            )
            self._node.report(pod, "LimitsNotEnforced", message, type="Warning")

    def _sandbox_failed(self, pod: Pod, reason: str, message: str, observed: ObservedPod) -> ObservedPod:
        self._node.report(pod, reason, message, type="Warning")
        self._memory.sandbox_failure = Failure(reason, message, self._node.clock.now() + RETRY_AFTER)
        return observed

    def _refresh_volumes(self, pod: Pod, observed: ObservedPod) -> None:
        """Bring the files of the Pod's ConfigMaps, Secrets and downward API up to date."""
        try:
            self._node.volumes.refresh(pod, self._node.payloads(pod, observed.sandbox.ips if observed.sandbox else ()))
        except VolumeError as error:
            self._node.report(pod, "FailedMount", str(error), type="Warning")

    # --- containers

    def _prober(self, pod: Pod) -> Prober:
        if self._probing is None:

            def tell(container: Container, reason: str, message: str) -> None:
                self._node.reporter(pod, container)("Warning", reason, message)

            node = self._node
            self._probing = Prober(node.actions, node.tasks, node.clock, self._memory, tell, self._wake)
        return self._probing

    # --- what is told

    def _announce(self, pod: Pod, plan: Plan) -> None:
        """Tell, once each time, that a container waits for its back-off."""
        meta = pod.metadata
        for name, waiting in plan.waiting.items():
            if waiting.reason == "CrashLoopBackOff" and self._memory.announced.get(name) != waiting.message:
                message = f"Back-off restarting failed container {name} in pod {meta.name}_{meta.namespace}({meta.uid})"
                self._node.reporter(pod, containers.find(pod, name))("Warning", "BackOff", message)
                self._memory.announced[name] = waiting.message

    def _read_messages(self, pod: Pod, observed: ObservedPod) -> None:
        """Read what containers that have ended left as their termination message; each is read once."""
        for ended in observed.containers:
            if ended.state is ContainerState.EXITED and ended.id not in self._memory.termination_messages:
                self._memory.termination_messages[ended.id] = termination_message(self._node, pod, ended)

    def _write_status(self, pod: Pod, observed: ObservedPod, plan: Plan) -> None:
        situation = status.Situation(
            pod=pod,
            observed=observed,
            memory=self._memory,
            plan=plan,
            host_ips=self._node.facts.host_ips,
            runtime_name=self._node.runtime_name,
            now=self._node.clock.now(),
        )
        self._tell(pod, status.generate(situation))

    def _reject(self, pod: Pod, fields: list[str]) -> None:
        message = (
            f"Pod was rejected: podkit does not support {', '.join(fields)} yet; remove it, or run the Pod elsewhere"
        )
        ending = Ending("UnsupportedField", message)
        self._node.report(pod, ending.reason, message, type="Warning")
        self._tell(pod, attrs.evolve(pod.status, phase="Failed", reason=ending.reason, message=ending.message))

    def _tell(self, pod: Pod, new: PodStatus) -> None:
        if new != pod.status:
            try:
                self._node.store.update_status(attrs.evolve(pod, status=new))
            except NotFound:
                self._wake()

    # --- the end

    def _remove(self, observed: ObservedPod) -> None:
        for sandbox in observed.sandboxes:
            self._node.runtime.remove_sandbox(sandbox.id)
        self._node.volumes.tear_down(self._uid)
        self._node.files.remove(self._uid)
        self._node.images.forget(self._uid)

    def _delete(self, pod: Pod) -> None:
        meta = pod.metadata
        try:
            self._node.store.delete(
                Pod, meta.name or "", namespace=meta.namespace or "default", grace_period=0, uid=meta.uid
            )
        except NotFound:
            return

    def _seconds_until(self, moment: datetime | None) -> float | None:
        return max(0.0, (moment - self._node.clock.now()).total_seconds()) if moment is not None else None
