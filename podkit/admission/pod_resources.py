"""What a Pod as a whole asks for: its quality-of-service class, and the sum of its containers' resources.

Containers run beside each other, so that their requests add up; init containers run one after the other, so that only
the largest counts; a sidecar (an init container that is restarted always) runs beside everything that comes after it.

Source of the rules: ``pkg/apis/core/helper/qos/qos.go``; component-helpers, ``resource/helpers.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from podkit.model.pod import PodSpec
from podkit.model.pod_containers import is_sidecar
from podkit.model.quantity import Quantity
from podkit.model.resources import ResourceRequirements

QOSClass = Literal["Guaranteed", "Burstable", "BestEffort"]
Amounts = dict[str, Quantity]

_QOS_RESOURCES = ("cpu", "memory")
_ZERO = Quantity(0)


def requests_of(resources: ResourceRequirements | None) -> Mapping[str, str]:
    """Return the requests, empty when there are none."""
    return resources.requests if resources else {}


def limits_of(resources: ResourceRequirements | None) -> Mapping[str, str]:
    """Return the limits, empty when there are none."""
    return resources.limits if resources else {}


def supports_pod_level(resource: str) -> bool:
    """Return whether a resource may be asked for by the Pod as a whole (``spec.resources``)."""
    return resource in _QOS_RESOURCES or resource.startswith("hugepages-")


def qos_class(spec: PodSpec) -> QOSClass:
    """Return the quality-of-service class of a Pod, which decides who is evicted first.

    Guaranteed when every container (init containers too) limits CPU and memory and requests as much; BestEffort when
    none asks for anything; Burstable else. Resources of the Pod as a whole, where they are set, decide alone.
    """
    if spec.resources and (spec.resources.requests or spec.resources.limits):
        holders = [spec.resources]
    else:
        containers = [*spec.containers, *spec.init_containers]
        holders = [container.resources or ResourceRequirements() for container in containers]
    requests: Amounts = {}
    limits: Amounts = {}
    guaranteed = True
    for holder in holders:
        _add_all(requests, _qos_amounts(holder.requests))
        held = _qos_amounts(holder.limits)
        _add_all(limits, held)
        guaranteed = guaranteed and len(held) == len(_QOS_RESOURCES)
    if not requests and not limits:
        return "BestEffort"
    return "Guaranteed" if guaranteed and requests == limits else "Burstable"


def aggregate_requests(spec: PodSpec) -> Amounts:
    """Return what the containers of a Pod request together; ``spec.overhead`` and ``spec.resources`` are left out."""
    return _aggregate(spec, requests_of)


def pod_requests(spec: PodSpec) -> Amounts:
    """Return what a Pod requests: of its containers, or, where it says so itself, as a whole; and its overhead."""
    total = aggregate_requests(spec)
    total.update({name: Quantity(text) for name, text in requests_of(spec.resources).items()})
    _add_all(total, {name: Quantity(text) for name, text in spec.overhead.items()})
    return total


def aggregate_limits(spec: PodSpec) -> Amounts:
    """Return what the containers of a Pod may use together at most, of the resources that are limited."""
    return _aggregate(spec, limits_of)


def _aggregate(spec: PodSpec, part: Callable[[ResourceRequirements | None], Mapping[str, str]]) -> Amounts:
    total = _sum(part(container.resources) for container in spec.containers)
    sidecars: Amounts = {}
    initial: Amounts = {}
    for container in spec.init_containers:
        own = _sum([part(container.resources)])
        if is_sidecar(container):
            _add_all(total, own)
            _add_all(sidecars, own)
            needed = dict(sidecars)
        else:
            needed = dict(sidecars)
            _add_all(needed, own)
        _raise_to(initial, needed)
    _raise_to(total, initial)
    return total


def _qos_amounts(resources: Mapping[str, str]) -> Amounts:
    amounts = {name: Quantity(resources[name]) for name in _QOS_RESOURCES if name in resources}
    return {name: amount for name, amount in amounts.items() if amount > _ZERO}


def _sum(parts: Iterable[Mapping[str, str]]) -> Amounts:
    total: Amounts = {}
    for part in parts:
        _add_all(total, {name: Quantity(text) for name, text in part.items()})
    return total


def _add_all(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _raise_to(total: Amounts, other: Amounts) -> None:
    for name, amount in other.items():
        if name not in total or amount > total[name]:
            total[name] = amount
