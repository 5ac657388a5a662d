"""The conditions of a Deployment.

``Available``: enough Pods are available. ``Progressing``: the rollout goes on, or is complete; false once nothing has come of it
for longer than the progress deadline. ``ReplicaFailure``: Pods cannot be made or deleted; it is there only while that is so.

Source of the rules: ``pkg/controller/deployment/util/deployment_util.go`` (SetDeploymentCondition and the reasons).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from podkit.model.deployment import Deployment, DeploymentCondition, DeploymentStatus

AVAILABLE, PROGRESSING, REPLICA_FAILURE = "Available", "Progressing", "ReplicaFailure"

CREATED, FOUND, UPDATED, COMPLETE = (
    "NewReplicaSetCreated",
    "FoundNewReplicaSet",
    "ReplicaSetUpdated",
    "NewReplicaSetAvailable",
)
NOT_CREATED, TIMED_OUT = "ReplicaSetCreateError", "ProgressDeadlineExceeded"
PAUSED, RESUMED = "DeploymentPaused", "DeploymentResumed"

_NO_DEADLINE = 2**31 - 1


def has_deadline(deployment: Deployment) -> bool:
    """Whether the rollout is to make progress within some time; the greatest number stands for no limit."""
    deadline = deployment.spec.progress_deadline_seconds
    return deadline is not None and deadline != _NO_DEADLINE


def find_condition(conditions: Iterable[DeploymentCondition], type_: str) -> DeploymentCondition | None:
    """The condition of that type; None when there is none."""
    return next((condition for condition in conditions if condition.type == type_), None)


def new_condition(type_: str, status: str, reason: str, message: str, now: datetime) -> DeploymentCondition:
    """A condition that has just changed; conditions are dated to the second."""
    second = now.replace(microsecond=0)
    return DeploymentCondition(type_, status, second, second, reason, message)


def set_condition(status: DeploymentStatus, new: DeploymentCondition) -> None:
    """Put a condition in a status, unless the one of its type says the same already."""
    old = find_condition(status.conditions, new.type)
    if old is not None and (old.status, old.reason) == (new.status, new.reason):
        return
    renew_condition(status, new)


def renew_condition(status: DeploymentStatus, new: DeploymentCondition) -> None:
    """Put a condition in a status, also if it only brings its time up to date."""
    old = find_condition(status.conditions, new.type)
    if old is not None and old.status == new.status:
        new.last_transition_time = old.last_transition_time
    remove_condition(status, new.type)
    status.conditions.append(new)


def remove_condition(status: DeploymentStatus, type_: str) -> None:
    """Take a condition out of a status."""
    status.conditions = [condition for condition in status.conditions if condition.type != type_]
