"""What a DaemonSet needs next: the decision, without doing it.

First every node gets what it shall have: one Pod where there is none, none where none belongs, one where there are several; Pods
that have ended are deleted, so that others can come, failed ones with a growing delay. Only when nothing of that is to be done, a
rolling update takes its next step.

Source of the rules: ``pkg/controller/daemon/daemon_controller.go`` (manage, podsShouldBeOnNode, updateDaemonSetStatus).
"""

from __future__ import annotations

from collections.abc import Sequence

from podkit.controllers.daemonset.pods import is_updated, oldest_first, staying
from podkit.controllers.daemonset.rolling import roll
from podkit.controllers.daemonset.situation import Plan, Situation
from podkit.controllers.pod_state import is_ready, seconds_to_available
from podkit.model.daemonset import DaemonSetStatus
from podkit.model.pod import Pod

BURST = 250
"""How many Pods are made, and how many deleted, before it is looked again (``BurstReplicas``)."""


def decide(there: Situation) -> Plan:
    """Decide what is to become of a DaemonSet's Pods."""
    plan = Plan()
    for node in {**there.fits, **there.pods}:
        _settle(there, plan, node, there.pods.get(node, ()))
    if there.is_rolling and not plan.create and not plan.delete:
        roll(there, plan)
    del plan.create[BURST:], plan.delete[BURST:]
    return plan


def _settle(there: Situation, plan: Plan, node: str, pods: Sequence[Pod]) -> None:
    """See that a node has what it shall have."""
    fit = there.fit(node)
    if node not in there.fits:
        plan.delete += [pod for pod in staying(pods) if not pod.spec.node_name]  # others go with their node
    elif not fit.stays:
        plan.delete += staying(pods)
    elif not pods:
        if fit.runs:
            plan.create.append(node)
    else:
        running = _without_ended(there, plan, node, staying(pods))
        if not there.surges:
            plan.delete += oldest_first(running)[1:]
        elif running:
            plan.delete += _too_many(there, running)
        elif fit.runs and not staying(pods):
            plan.create.append(node)


def _without_ended(there: Situation, plan: Plan, node: str, pods: Sequence[Pod]) -> list[Pod]:
    """The Pods that run or will run; those that have ended are deleted, failed ones when their delay has passed."""
    running = []
    for pod in pods:
        if pod.status.phase == "Failed" and (delay := there.backoff(node)) > 0:
            plan.look_again(delay)
        elif pod.status.phase in ("Failed", "Succeeded"):
            plan.delete.append(pod)
        else:
            running.append(pod)
    return running


def _too_many(there: Situation, running: Sequence[Pod]) -> list[Pod]:
    """With surge: all but the oldest Pod of the present template and the oldest of an earlier one, and of these one, if it can."""
    ordered = oldest_first(running)
    new = [pod for pod in ordered if is_updated(pod, there.revision)]
    old = [pod for pod in ordered if not is_updated(pod, there.revision)]
    surplus = [*new[1:], *old[1:]]
    if new and old and (not is_ready(old[0]) or there.is_available(new[0])):
        surplus.append(old[0])
    return surplus


def status_of(there: Situation) -> DaemonSetStatus:
    """What the status says of the nodes and their Pods."""
    status = DaemonSetStatus(
        desired_number_scheduled=there.desired,
        current_number_scheduled=0,
        number_misscheduled=0,
        number_ready=0,
        observed_generation=there.owner.metadata.generation,
        collision_count=there.owner.status.collision_count,
        conditions=list(there.owner.status.conditions),
    )
    wanted = [node for node, fit in there.fits.items() if fit.runs]
    first = [oldest_first(there.pods[node])[0] for node in wanted if there.pods.get(node)]
    available = sum(map(there.is_available, first))
    updated = sum(is_updated(pod, there.revision) for pod in first)
    status.current_number_scheduled = len(first)
    status.number_misscheduled = sum(bool(there.pods.get(node)) for node, fit in there.fits.items() if not fit.runs)
    status.number_ready = sum(map(is_ready, first))
    status.number_available = available
    status.updated_number_scheduled = updated
    status.number_unavailable = there.desired - available
    return status


def seconds_to_next_available(there: Situation) -> float | None:
    """After how many seconds the next of the Pods that are ready counts as available; None: none is awaited."""
    seconds = there.owner.spec.min_ready_seconds
    waits = (seconds_to_available(pod, seconds, there.now) for pods in there.pods.values() for pod in pods)
    return min((wait for wait in waits if wait), default=None)
