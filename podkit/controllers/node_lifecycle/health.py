"""What a Node's silence means. Pure.

Source of the rules: ``pkg/controller/nodelifecycle/node_lifecycle_controller.go`` (tryUpdateNodeHealth, ComputeZoneState,
HealthyQPSFunc, ReducedQPSFunc).
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve, frozen

from podkit.model.node import Node, NodeCondition, NodeStatus

GRACE = 50.0
"""Seconds of silence after which nothing is known of a Node any more (``nodeMonitorGracePeriod``)."""

STARTUP_GRACE = 60.0
"""The same for one that has never said anything (``nodeStartupGracePeriod``)."""

_EXPECTED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""The conditions that a kubelet tells."""

_RATE = 0.1
_REDUCED_RATE = 0.01
_UNHEALTHY = 0.55
_LARGE = 50


def condition(status: NodeStatus, condition_type: str) -> NodeCondition | None:
    """A Node's condition of that type; None when it has none."""
    return next((found for found in status.conditions if found.type == condition_type), None)


def readiness(node: Node) -> str | None:
    """``True``, ``False`` or ``Unknown``; None: the Node has never said."""
    ready = condition(node.status, "Ready")
    return None if ready is None else ready.status


def last_heard(node: Node) -> datetime | None:
    """The time that a Node gives of its last sign of life."""
    ready = condition(node.status, "Ready")
    return None if ready is None else ready.last_heartbeat_time


def grace(node: Node) -> float:
    """How long a Node may be silent."""
    return STARTUP_GRACE if condition(node.status, "Ready") is None else GRACE


def silenced(status: NodeStatus, now: datetime) -> NodeStatus:
    """The status of a Node of which nothing is known any more."""
    conditions = [
        _unknown(found, now) if found.type in _EXPECTED and found.status != "Unknown" else found
        for found in status.conditions
    ]
    present = {found.type for found in conditions}
    return evolve(
        status, conditions=[*conditions, *(_never_told(type_, now) for type_ in _EXPECTED if type_ not in present)]
    )


def _unknown(found: NodeCondition, now: datetime) -> NodeCondition:
    return evolve(
        found,
        status="Unknown",
        reason="NodeStatusUnknown",
        message="Kubelet stopped posting node status.",
        last_transition_time=now,
    )


def _never_told(condition_type: str, now: datetime) -> NodeCondition:
    return NodeCondition(
        type=condition_type,
        status="Unknown",
        reason="NodeStatusNeverUpdated",
        message="Kubelet never posted node status.",
        last_transition_time=now,
    )


@frozen
class Disruption:
    """How bad things are with all Nodes together.

    Attributes:
        total: whether no Node is well. Then the fault is hardly theirs, and nobody is sent away.
        rate: from how many Nodes a second Pods may begin to be sent away; 0: from no further one.
    """

    total: bool
    rate: float

    @classmethod
    def of(cls, well: int, unwell: int) -> Disruption:
        """Judge by how many Nodes are well, and how many are not."""
        if unwell and not well:
            return cls(total=True, rate=0.0)
        if unwell > 2 and unwell / (well + unwell) >= _UNHEALTHY:
            return cls(total=False, rate=_REDUCED_RATE if well + unwell > _LARGE else 0.0)
        return cls(total=False, rate=_RATE)
