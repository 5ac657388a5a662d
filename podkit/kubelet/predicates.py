"""Whether a node has what a new Pod requests: what a kubelet checks before it takes a Pod (`lifecycle/predicate.go`).

The scheduler has seen to it for the Pods that it has placed. One that was bound to a node by hand may ask for more.
"""

from __future__ import annotations

from collections.abc import Mapping

from podkit.admission.pod_resources import Amounts, pod_requests
from podkit.kubelet.plan import Ending
from podkit.model import Pod
from podkit.model.quantity import Quantity


def out_of(pod: Pod, allocatable: Mapping[str, str], others: Amounts) -> Ending | None:
    """Why a Pod does not fit on its node; None if it does.

    Args:
        pod: the Pod.
        allocatable: what the node can give to Pods.
        others: what the other Pods on it request. Resources of devices (``example.com/thing``) are none of the kubelet's business.
    """
    for name, amount in sorted(pod_requests(pod.spec).items()):
        if "/" in name or not amount:
            continue
        used = others.get(name, Quantity(0))
        capacity = Quantity(allocatable.get(name, "0"))
        if used + amount > capacity:
            requested, taken, there = (_number(name, one) for one in (amount, used, capacity))
            message = (
                f"Node didn't have enough resource: {name}, requested: {requested}, used: {taken}, capacity: {there}"
            )
            return Ending(f"OutOf{name}", message, type="Warning")
    return None


def _number(name: str, amount: Quantity) -> int:
    return amount.milli_value() if name == "cpu" else amount.value()
