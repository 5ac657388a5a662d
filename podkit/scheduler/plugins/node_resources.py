"""NodeResourcesFit and NodeResourcesBalancedAllocation: a node must have what a Pod requests, and better has it in plenty.

Requests are compared with what the node's status calls allocatable, less the requests of the Pods that are there; what these
really use plays no part. Of the possible nodes the emptier is the better (LeastAllocated), and the one where CPU and memory
would be used to the same degree.

Source of the rules: ``pkg/scheduler/framework/plugins/noderesources/{fit,least_allocated,balanced_allocation}.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import pstdev

from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, MAX_SCORE, Final, NodeFilter, NodeScore, Reasons
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

_COMPARED = ("cpu", "memory")


def node_resources_fit(pod: PodInfo, _cluster: Snapshot) -> NodeFilter | None:
    """The filter NodeResourcesFit."""
    requests = list(pod.requests.items())

    def check(node: NodeInfo) -> Reasons:
        is_full = len(node.pods) + 1 > node.allocatable.get("pods", 0)
        if not requests and not is_full:
            return FITS
        reasons = ["Too many pods"] if is_full else []
        too_big = False
        for resource, amount in requests:
            there = node.allocatable.get(resource, 0)
            if amount > there - node.requested[resource]:
                reasons.append(f"Insufficient {resource}")
                too_big = too_big or amount > there
        return Final(reasons) if too_big else reasons or FITS

    return check


def least_allocated(pod: PodInfo, _cluster: Snapshot) -> NodeScore | None:
    """The score NodeResourcesFit: how much of CPU and memory would be left, on the average."""
    weight = pod.weight

    def score(nodes: Sequence[NodeInfo]) -> Sequence[float]:
        return [left if (left := node.left.get(weight)) is not None else _left(weight, node) for node in nodes]

    return score


def balanced_allocation(pod: PodInfo, _cluster: Snapshot) -> NodeScore | None:
    """The score NodeResourcesBalancedAllocation: how equally CPU and memory would be requested.

    It is not asked for a Pod that requests neither: that changes nothing.
    """
    if not any(pod.requests.get(resource) for resource in _COMPARED):
        return None

    def score(nodes: Sequence[NodeInfo]) -> Sequence[float]:
        return [(1 - pstdev(_used(pod, node))) * MAX_SCORE // 1 for node in nodes]

    return score


def _left(weight: tuple[int, int], node: NodeInfo) -> int:
    """How much of the compared resources would be left, of 100, on the average of those that the node has.

    The node remembers it, for the next Pod that asks for the same.
    """
    total = known = 0
    for resource, there, more in zip(_COMPARED, node.weight, weight, strict=True):
        capacity = node.allocatable.get(resource, 0)
        if capacity:
            known += 1
            total += max(0, capacity - there - more) * MAX_SCORE // capacity
    node.left[weight] = left = total // known if known else 0
    return left


def _used(pod: PodInfo, node: NodeInfo) -> list[float]:
    """Which part of each compared resource would be requested."""
    return [
        min(1.0, (node.requested[resource] + pod.requests.get(resource, 0)) / capacity)
        for resource in _COMPARED
        if (capacity := node.allocatable.get(resource, 0)) > 0
    ] or [0.0]
