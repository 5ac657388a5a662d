"""RuntimeClass: what the runtime class of a Pod adds to it: its overhead, and the Nodes that have it.

Source of the rules: ``plugin/pkg/admission/runtimeclass``; ``pkg/util/tolerations`` (MergeTolerations).
"""

from __future__ import annotations

from collections.abc import Iterable

from podkit.admission.plugins.known import Known
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.difference import same
from podkit.model.pod import PodSpec
from podkit.model.runtime_class import RuntimeClass, RuntimeClassScheduling
from podkit.model.scheduling import Toleration


def admit(errors: Errors, spec: PodSpec, known: Known) -> None:
    """Give a new Pod what its runtime class says."""
    name = spec.runtime_class_name
    found = known.find(RuntimeClass, name) if name else None
    if name and found is None:
        errors.forbidden("spec.runtimeClassName", f'pod rejected: RuntimeClass "{name}" not found')
        return
    _admit_overhead(errors, spec, found)
    if found is not None and found.scheduling is not None:
        _admit_scheduling(errors, spec, found.scheduling)


def _admit_overhead(errors: Errors, spec: PodSpec, found: RuntimeClass | None) -> None:
    if found is None or found.overhead is None:
        if spec.overhead:
            message = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            errors.forbidden("spec.overhead", message)
        return
    fixed = found.overhead.pod_fixed
    if spec.overhead and not same(PodSpec(overhead=spec.overhead), PodSpec(overhead=fixed)):
        message = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
        errors.forbidden("spec.overhead", message)
    spec.overhead = dict(fixed)


def _admit_scheduling(errors: Errors, spec: PodSpec, scheduling: RuntimeClassScheduling) -> None:
    for key, value in scheduling.node_selector.items():
        if spec.node_selector.get(key, value) != value:
            message = f"the runtime class wants {value!r} here; a Pod can only narrow down where it runs"
            errors.forbidden(f"spec.nodeSelector[{key}]", message)
    spec.node_selector = {**spec.node_selector, **scheduling.node_selector}
    spec.tolerations = _merged(spec.tolerations, scheduling.tolerations)


def _merged(first: Iterable[Toleration], second: Iterable[Toleration]) -> list[Toleration]:
    """Both lists as one, without those that another one includes."""
    everything = [*first, *second]
    kept: list[Toleration] = []
    for position, toleration in enumerate(everything):
        included = any(_includes(other, toleration) for other in kept)
        larger = any(
            _includes(other, toleration) and not _includes(toleration, other) for other in everything[position + 1 :]
        )
        if not included and not larger:
            kept.append(toleration)
    return kept


def _includes(one: Toleration, other: Toleration) -> bool:
    """Whether one tolerates all that another one does."""
    if one == other:
        return True
    if one.key and one.key != other.key:
        return False
    if one.effect and one.effect != other.effect:
        return False
    if one.toleration_seconds is not None and (
        other.toleration_seconds is None or other.toleration_seconds > one.toleration_seconds
    ):
        return False
    if (one.operator or "Equal") == "Exists":
        return True
    return (other.operator or "Equal") == "Equal" and (one.value or "") == (other.value or "")
