"""How the containers of a Pod are stopped: all in parallel, sidecars after the containers that they serve.

The rules of `kuberuntime_container.go` (`killContainersWithSyncResult`) and `kuberuntime_termination_order.go`. Pure: each look
brings a container one step nearer to its end, and says when to look again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define

from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod, container_name
from podkit.kubelet.plan import KillContainer, Plan, RemoveContainer, SignalContainer, StopContainer, StopSandbox
from podkit.model import Pod
from podkit.model.pod_containers import is_sidecar
from podkit.runtime.base import ContainerState

MINIMUM_GRACE = timedelta(seconds=2)
"""A container always has this long to end by itself (`minimumGracePeriodInSeconds`)."""
DEFAULT_GRACE = 30


def grace_period(pod: Pod) -> timedelta:
    """How long a Pod's containers may take to end when they are told to (not on deletion, which brings its own)."""
    seconds = pod.spec.termination_grace_period_seconds
    return timedelta(seconds=DEFAULT_GRACE if seconds is None else seconds)


@define
class StopDecision:
    """Decides, container by container, how it comes nearer to its end.

    Attributes:
        plan: where what is to be done goes.
        observed: what the container engine holds of the Pod.
        memory: what the kubelet remembers of it.
        now: the time.
    """

    plan: Plan
    observed: ObservedPod
    memory: PodMemory
    now: datetime

    def finish(self, pod: Pod, deadline: datetime | None = None) -> None:
        """Stop what still runs of a Pod that is at its end, and give back its network; the dead containers stay for their logs.

        Args:
            pod: the Pod.
            deadline: when its containers are killed. Default: when the Pod's own grace period is over.
        """
        self.stop_all(pod, deadline or self.now + grace_period(pod))
        if not self.observed.running():
            self.plan.actions.extend(StopSandbox(sandbox.id) for sandbox in self.observed.sandboxes if sandbox.ready)

    def stop_all(self, pod: Pod, deadline: datetime) -> None:
        """Stop all containers in parallel.

        Each sidecar is signalled only after the main containers, and the sidecars after it, have ended; its preStop hook does
        not wait for that (`kuberuntime_termination_order.go`).
        """
        sidecars = [container.name for container in pod.spec.init_containers if is_sidecar(container)]
        running = {container_name(container): container for container in self.observed.running()}
        blocked = False
        for name in [*(name for name in running if name not in sidecars), *reversed(sidecars)]:
            if name in running:
                in_turn = name not in sidecars or not blocked
                self.stop(StopContainer(running[name], deadline, f"Stopping container {name}"), in_turn=in_turn)
                blocked = True

    def stop(self, wanted: StopContainer, *, in_turn: bool = True) -> None:
        """Bring a container nearer to its end: preStop hook, signal, kill. A stop that is under way keeps its deadline.

        What is unknown to the engine can neither be signalled nor waited for: it is removed.

        Args:
            wanted: the stop, if it has not begun yet.
            in_turn: whether it may be signalled before its deadline.
        """
        container, plan = wanted.container, self.plan
        begun = self.memory.stops.get(container.id)
        if container.state is ContainerState.UNKNOWN:
            plan.actions.append(RemoveContainer(container.id))
        elif begun is None:
            plan.actions.append(wanted)
        elif not begun.signalled:
            hook_runs = begun.hook and container.id not in self.memory.hooks_done
            if self.now >= begun.deadline or (in_turn and not hook_runs):
                plan.actions.append(SignalContainer(container, max(begun.deadline, self.now + MINIMUM_GRACE)))
            else:
                plan.look_again_at(begun.deadline)
        elif not begun.killed:
            if self.now >= begun.deadline:
                plan.actions.append(KillContainer(container))
            else:
                plan.look_again_at(begun.deadline)
