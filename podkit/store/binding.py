"""Giving a Pod its node: what the ``binding`` subresource does.

Source of the rules: `pkg/registry/core/pod/storage/storage.go` (setPodNodeAndMetadata).
"""

from __future__ import annotations

from datetime import datetime

from podkit.errors import Conflict
from podkit.model.copying import shallow
from podkit.model.pod import Pod, PodCondition
from podkit.store.pod_condition import set_condition


def bound(pod: Pod, node_name: str, now: datetime) -> Pod:
    """The Pod on that node, with its condition PodScheduled true; the given one is not changed, and shares the rest with it.

    Raises:
        Conflict: it is bound already, is being deleted, or its scheduling gates are closed.
    """
    if pod.metadata.deletion_timestamp is not None:
        raise Conflict(f"pod {pod.metadata.name} is being deleted, cannot be assigned to a host")
    if pod.spec.node_name:
        raise Conflict(f"pod {pod.metadata.name} is already assigned to node {pod.spec.node_name!r}")
    if pod.spec.scheduling_gates:
        raise Conflict(f"pod {pod.metadata.name} has non-empty .spec.schedulingGates")
    new = shallow(pod)
    new.metadata, new.spec, new.status = shallow(pod.metadata), shallow(pod.spec), shallow(pod.status)
    new.spec.node_name = node_name
    new.status.nominated_node_name = None
    new.status.conditions = list(pod.status.conditions)
    set_condition(new.status, PodCondition(type="PodScheduled", status="True", last_transition_time=now))
    return new
