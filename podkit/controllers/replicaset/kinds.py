"""The two kinds that keep a number of equal Pods, seen as one.

A ReplicationController is the older form of a ReplicaSet: it selects by plain equality, and its status does not say how many Pods
are being deleted. All else is the same, so one engine runs both, and what differs is here.

Source of the rules: ``pkg/controller/replication/conversion.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from attrs import frozen

from podkit.controllers.replicaset.counts import Counts
from podkit.model.meta import LabelSelector, OwnerReference
from podkit.model.replicaset import (
    ReplicaSet,
    ReplicaSetCondition,
    ReplicaSetStatus,
    ReplicationController,
    ReplicationControllerCondition,
    ReplicationControllerStatus,
)

Replicated: TypeAlias = ReplicaSet | ReplicationController
"""What keeps a number of equal Pods."""


@frozen
class ReplicatedKind:
    """What the engine needs to know of a kind.

    Attributes:
        cls: its class.
        owns: whether a reference is to an owner of this kind.
        status: makes its status of numbers, generation and conditions.
        failure: makes its condition ``ReplicaFailure`` of time, reason and message.
    """

    cls: type[ReplicaSet] | type[ReplicationController]
    owns: Callable[[OwnerReference], bool]
    status: Callable[[Counts, int | None, Sequence[Any]], Any]
    failure: Callable[[datetime, str, str], Any]


FAILURE = "ReplicaFailure"


def selector_of(obj: Replicated) -> LabelSelector | None:
    """The Pods that are its own, by their labels."""
    selector = obj.spec.selector
    return LabelSelector.of(selector) if isinstance(selector, dict) else selector


def _replica_set_status(counts: Counts, generation: int | None, conditions: Sequence[Any]) -> ReplicaSetStatus:
    return ReplicaSetStatus(
        replicas=counts.replicas,
        fully_labeled_replicas=counts.fully_labeled,
        ready_replicas=counts.ready,
        available_replicas=counts.available,
        terminating_replicas=counts.terminating,
        observed_generation=generation,
        conditions=list(conditions),
    )


def _controller_status(
    counts: Counts, generation: int | None, conditions: Sequence[Any]
) -> ReplicationControllerStatus:
    return ReplicationControllerStatus(
        replicas=counts.replicas,
        fully_labeled_replicas=counts.fully_labeled,
        ready_replicas=counts.ready,
        available_replicas=counts.available,
        observed_generation=generation,
        conditions=list(conditions),
    )


REPLICA_SET = ReplicatedKind(
    cls=ReplicaSet,
    owns=lambda owner: owner.kind == "ReplicaSet" and owner.api_version.startswith("apps/"),
    status=_replica_set_status,
    failure=lambda now, reason, message: ReplicaSetCondition(FAILURE, "True", now, reason, message),
)

REPLICATION_CONTROLLER = ReplicatedKind(
    cls=ReplicationController,
    owns=lambda owner: owner.kind == "ReplicationController" and owner.api_version == "v1",
    status=_controller_status,
    failure=lambda now, reason, message: ReplicationControllerCondition(FAILURE, "True", now, reason, message),
)
