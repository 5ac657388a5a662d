"""Which taints a Node shall have because of its state. Pure.

Source of the rules: ``pkg/controller/nodelifecycle/node_lifecycle_controller.go`` (doNoScheduleTaintingPass,
doNoExecuteTaintingPass).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from podkit.controllers.node_lifecycle.health import readiness
from podkit.model import node_taints
from podkit.model.node import Node, Taint
from podkit.model.scheduling import TaintEffect

_BY_CONDITION = {
    ("Ready", "False"): node_taints.NOT_READY,
    ("Ready", "Unknown"): node_taints.UNREACHABLE,
    ("MemoryPressure", "True"): node_taints.MEMORY_PRESSURE,
    ("DiskPressure", "True"): node_taints.DISK_PRESSURE,
    ("PIDPressure", "True"): node_taints.PID_PRESSURE,
    ("NetworkUnavailable", "True"): node_taints.NETWORK_UNAVAILABLE,
}
"""The key of the taint, by type and status of the condition."""

_OWN_NO_SCHEDULE = frozenset({*_BY_CONDITION.values(), node_taints.UNSCHEDULABLE})
_OWN_NO_EXECUTE = frozenset({node_taints.NOT_READY, node_taints.UNREACHABLE})


def wanted_taints(node: Node, *, expel: bool, now: datetime) -> list[Taint]:
    """All taints that a Node shall have: those of others, and those that tell of its state.

    Args:
        node: the Node.
        expel: whether its Pods are to be sent away as well, where it is not ready.
        now: the time; a taint that is there already keeps its own.
    """
    others = [taint for taint in node.spec.taints if not _is_own(taint)]
    wanted: list[tuple[TaintEffect, str]] = [("NoSchedule", key) for key in _no_schedule(node)]
    if expel and (key := _no_execute(node)) is not None:
        wanted.append(("NoExecute", key))
    return [*others, *(_kept(node.spec.taints, key, effect) or _new(key, effect, now) for effect, key in wanted)]


def is_expelling(node: Node) -> bool:
    """Whether a Node has the taint already that sends its Pods away because it is not ready."""
    return any(taint.effect == "NoExecute" and taint.key in _OWN_NO_EXECUTE for taint in node.spec.taints)


def _is_own(taint: Taint) -> bool:
    keys = {"NoSchedule": _OWN_NO_SCHEDULE, "NoExecute": _OWN_NO_EXECUTE}.get(taint.effect, frozenset())
    return taint.key in keys


def _no_schedule(node: Node) -> list[str]:
    keys = [
        key for found in node.status.conditions if (key := _BY_CONDITION.get((found.type, found.status))) is not None
    ]
    return [*keys, *([node_taints.UNSCHEDULABLE] if node.spec.unschedulable else [])]


def _no_execute(node: Node) -> str | None:
    return {"False": node_taints.NOT_READY, "Unknown": node_taints.UNREACHABLE}.get(readiness(node) or "")


def _kept(taints: Sequence[Taint], key: str, effect: str) -> Taint | None:
    return next((taint for taint in taints if taint.key == key and taint.effect == effect), None)


def _new(key: str, effect: TaintEffect, now: datetime) -> Taint:
    return Taint(key=key, effect=effect, time_added=now)
