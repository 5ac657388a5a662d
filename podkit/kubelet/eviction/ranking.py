"""Who is evicted first when a node is short of something, and what is told of it. Pure.

First come the Pods that use more than they request, then those of lower priority, then those that use the most beyond their
request. Of processes nobody requests any: there the priority decides, then the number. A Pod that could not be measured comes
before all others.

Source of the rules: ``pkg/kubelet/eviction/helpers.go``, ``rankMemoryPressure``, ``rankDiskPressureFunc``, ``rankPIDPressure``
and ``evictionMessage``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from podkit.admission.pod_resources import pod_requests, requests_of
from podkit.kubelet.eviction.thresholds import RESOURCES, Observation, Signal, Threshold, binary
from podkit.model import Container, Pod
from podkit.model.quantity import Quantity


@frozen
class Usage:
    """What a Pod uses of the resource that its node is short of: bytes, or processes.

    Attributes:
        total: all of the Pod.
        containers: of it, by the name of the container, what the containers use themselves.
    """

    total: int
    containers: Mapping[str, int] = field(factory=dict)


@frozen
class Candidate:
    """A Pod that can be evicted; the usage is None if it could not be measured."""

    pod: Pod
    usage: Usage | None


def rank(signal: Signal, candidates: Iterable[Candidate]) -> list[Candidate]:
    """The Pods in the order in which they are evicted."""
    resource = RESOURCES[signal]

    def key(candidate: Candidate) -> tuple[bool, bool, int, int]:
        priority = candidate.pod.spec.priority or 0
        if candidate.usage is None:
            return (False, False, priority, 0)
        requested = pod_requests(candidate.pod.spec).get(resource, Quantity(0)).value()
        beyond = candidate.usage.total - requested
        exceeds = beyond > 0 and signal is not Signal.PROCESSES
        return (True, not exceeds, priority, -beyond)

    return sorted(candidates, key=key)


def eviction_message(candidate: Candidate, threshold: Threshold, observation: Observation | None) -> str:
    """Why a Pod is evicted: what its node is short of, and which containers use more of it than they request."""
    resource = RESOURCES[threshold.signal]
    message = f"The node was low on resource: {resource}. "
    if observation is not None:
        available = _amount(threshold.signal, observation.available)
        quantity = threshold.amount.of(observation.capacity)
        message += f"Threshold quantity: {quantity}, available: {available}. "
    for container, usage, requested in _offenders(candidate, threshold.signal):
        message += f"Container {container.name} was using {usage}, request is {requested}, has larger consumption of {resource}. "
    return message


def eviction_annotations(candidate: Candidate, threshold: Threshold) -> dict[str, str]:
    """The same for programs: what the event of an eviction has as annotations."""
    offenders = _offenders(candidate, threshold.signal)
    return {
        "offending_containers": ",".join(container.name for container, _, _ in offenders),
        "offending_containers_usage": ",".join(str(usage) for _, usage, _ in offenders),
        "starved_resource": RESOURCES[threshold.signal],
    }


def _offenders(candidate: Candidate, signal: Signal) -> list[tuple[Container, Quantity, Quantity]]:
    """The containers that use more than they request: how much, and what that is. Of processes nobody requests any."""
    if signal is Signal.PROCESSES:
        return []
    spec, resource = candidate.pod.spec, RESOURCES[signal]
    used = candidate.usage.containers if candidate.usage is not None else {}
    found = []
    for container in [*spec.containers, *spec.init_containers]:
        requested = Quantity(requests_of(container.resources).get(resource, "0"))
        usage = _amount(signal, used.get(container.name, 0))
        if usage > requested:
            found.append((container, usage, requested))
    return found


def _amount(signal: Signal, amount: int) -> Quantity:
    return Quantity(amount) if signal is Signal.PROCESSES else binary(amount)
