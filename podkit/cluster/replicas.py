"""How many Pods an object keeps, and how far they are: the same numbers for each kind that keeps a number of Pods."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from podkit.model.daemonset import DaemonSet, DaemonSetStatus
from podkit.model.deployment import Deployment
from podkit.model.replicaset import (
    ReplicaSet,
    ReplicaSetStatus,
    ReplicationController,
    ReplicationControllerStatus,
)
from podkit.model.statefulset import StatefulSet


@frozen
class Replicas:
    """The Pods of an object, as its status counts them.

    Attributes:
        wanted: how many there are to be.
        present: how many there are.
        updated: how many of these are made from the present template; for kinds that do not roll, all.
        ready: how many of these are ready.
        available: how many of these have been ready for long enough.
    """

    wanted: int
    present: int
    updated: int
    ready: int
    available: int


def replicas_of(obj: Any) -> Replicas | None:
    """The Pods of an object; None for kinds that keep none, or run them to their end."""
    if isinstance(obj, DaemonSet):
        return _daemons(obj.status)
    if not isinstance(obj, Deployment | StatefulSet | ReplicaSet | ReplicationController):
        return None
    status, present = obj.status, obj.status.replicas or 0
    updated = present if isinstance(status, ReplicaSetStatus | ReplicationControllerStatus) else status.updated_replicas
    wanted = 1 if obj.spec.replicas is None else obj.spec.replicas
    return Replicas(wanted, present, updated or 0, status.ready_replicas or 0, status.available_replicas or 0)


def _daemons(status: DaemonSetStatus) -> Replicas:
    return Replicas(
        wanted=status.desired_number_scheduled or 0,
        present=status.current_number_scheduled or 0,
        updated=status.updated_number_scheduled or 0,
        ready=status.number_ready or 0,
        available=status.number_available or 0,
    )
