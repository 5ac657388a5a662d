"""How far a rollout is, in the words of ``kubectl rollout status``.

Source of the rules: kubectl, ``pkg/polymorphichelpers/rollout_status.go``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from podkit.cluster.hopeless import Needs
from podkit.cluster.until import conditions
from podkit.model.daemonset import DaemonSet
from podkit.model.deployment import Deployment
from podkit.model.statefulset import StatefulSet

_TIMED_OUT = "ProgressDeadlineExceeded"


@frozen
class RolloutStatus:
    """How far a rollout is; its text is the message.

    Attributes:
        message: what is waited for, or that all is done.
        done: whether it is complete.
        failed: whether it has exceeded its progress deadline. It may go on nevertheless: nothing is taken back.

    Example:
        ::

            status = cluster.rollout("deploy/web").status()
            print(status.done, status.message)
    """

    message: str
    done: bool = False
    failed: bool = False

    def __str__(self) -> str:
        return self.message


@frozen
class RolloutGoal:
    """A rollout is complete; see `podkit.cluster.until.Goal`."""

    def is_met(self, obj: Any) -> bool:
        """Whether it is."""
        return rollout_status(obj).done

    def excluded_by(self, obj: Any) -> str | None:
        """A rollout that has exceeded its deadline is given up."""
        status = rollout_status(obj)
        return status.message if status.failed else None

    @property
    def needs_start(self) -> Needs:
        """All containers of the new Pods."""
        return "all"

    def __str__(self) -> str:
        return "its rollout to be complete"


def rollout_status(obj: Any) -> RolloutStatus:
    """How far the rollout of a Deployment, DaemonSet or StatefulSet is."""
    if (obj.metadata.generation or 0) > (obj.status.observed_generation or 0):
        words = {"Deployment": "deployment", "DaemonSet": "daemon set", "StatefulSet": "statefulset"}
        return RolloutStatus(f"Waiting for {words[obj.kind]} spec update to be observed...")
    return _STATUS[obj.kind](obj)


def _deployment(deployment: Deployment) -> RolloutStatus:
    status, name = deployment.status, f'deployment "{deployment.metadata.name}"'
    if any(condition.type == "Progressing" and condition.reason == _TIMED_OUT for condition in conditions(deployment)):
        return RolloutStatus(f"{name} exceeded its progress deadline", failed=True)
    replicas = deployment.spec.replicas if deployment.spec.replicas is not None else 1
    updated, available = status.updated_replicas or 0, status.available_replicas or 0
    waiting = f"Waiting for {name} rollout to finish:"
    if updated < replicas:
        return RolloutStatus(f"{waiting} {updated} out of {replicas} new replicas have been updated...")
    if (old := (status.replicas or 0) - updated) > 0:
        return RolloutStatus(f"{waiting} {old} old replicas are pending termination...")
    if available < updated:
        return RolloutStatus(f"{waiting} {available} of {updated} updated replicas are available...")
    return RolloutStatus(f"{name} successfully rolled out", done=True)


def _daemon_set(daemons: DaemonSet) -> RolloutStatus:
    status, name = daemons.status, f'daemon set "{daemons.metadata.name}"'
    wanted, updated = status.desired_number_scheduled or 0, status.updated_number_scheduled or 0
    waiting = f"Waiting for {name} rollout to finish:"
    if updated < wanted:
        return RolloutStatus(f"{waiting} {updated} out of {wanted} new pods have been updated...")
    if (available := status.number_available or 0) < wanted:
        return RolloutStatus(f"{waiting} {available} of {wanted} updated pods are available...")
    return RolloutStatus(f"{name} successfully rolled out", done=True)


def _stateful_set(stateful: StatefulSet) -> RolloutStatus:
    spec, status = stateful.spec, stateful.status
    replicas = spec.replicas if spec.replicas is not None else 1
    if (missing := replicas - (status.ready_replicas or 0)) > 0:
        return RolloutStatus(f"Waiting for {missing} pods to be ready...")
    rolling = spec.update_strategy.rolling_update if spec.update_strategy is not None else None
    updated = status.updated_replicas or 0
    if rolling is not None and rolling.partition:
        wanted = replicas - rolling.partition
        if updated < wanted:
            message = (
                f"Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated..."
            )
            return RolloutStatus(message)
        return RolloutStatus(f"partitioned roll out complete: {updated} new pods have been updated...", done=True)
    at = f"{updated} pods at revision {status.update_revision}..."
    if status.update_revision != status.current_revision:
        return RolloutStatus(f"waiting for statefulset rolling update to complete {at}")
    return RolloutStatus(
        f"statefulset rolling update complete {status.current_replicas or 0} pods at revision {status.current_revision}...",
        done=True,
    )


_STATUS: dict[str, Callable[[Any], RolloutStatus]] = {
    "Deployment": _deployment,
    "DaemonSet": _daemon_set,
    "StatefulSet": _stateful_set,
}
