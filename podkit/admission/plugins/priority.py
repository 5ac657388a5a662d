"""Priority: the class that a Pod names becomes a number, by which the scheduler and evictions go.

Source of the rules: ``plugin/pkg/admission/priority``.
"""

from __future__ import annotations

from podkit.admission.plugins.known import Known
from podkit.admission.system_classes import SYSTEM_CLASSES
from podkit.admission.validation.collect import Errors
from podkit.model.pod import PodSpec
from podkit.model.priority_class import PriorityClass

_WITHOUT_CLASS = PriorityClass.new("", 0)


def admit(errors: Errors, spec: PodSpec, known: Known) -> None:
    """Give a new Pod the priority of its class."""
    name = spec.priority_class_name
    of_class = _default(known) if not name else SYSTEM_CLASSES.get(name) or known.find(PriorityClass, name)
    if of_class is None:
        errors.forbidden("spec.priorityClassName", f"no PriorityClass with name {name} was found")
        return
    spec.priority_class_name = of_class.metadata.name or None
    if spec.priority is not None and spec.priority != of_class.value:
        errors.forbidden("spec.priority", f"is computed from priorityClassName, and would be {of_class.value}")
    policy = of_class.preemption_policy or "PreemptLowerPriority"
    if spec.preemption_policy is not None and spec.preemption_policy != policy:
        errors.forbidden("spec.preemptionPolicy", f"is computed from priorityClassName, and would be {policy}")
    spec.priority = of_class.value
    spec.preemption_policy = policy


def keep(spec: PodSpec, old: PodSpec) -> None:
    """Keep the priority of a Pod where a change leaves it out."""
    if spec.priority is None:
        spec.priority = old.priority
    if spec.preemption_policy is None:
        spec.preemption_policy = old.preemption_policy


def admit_class(errors: Errors, new: PriorityClass, known: Known) -> None:
    """Refuse a second class that wants to be everybody's default."""
    if not new.global_default:
        return
    for other in known.all(PriorityClass):
        if other.global_default and other.metadata.name != new.metadata.name:
            message = f"PriorityClass {other.metadata.name} is already marked as default. Only one default can exist"
            errors.forbidden("globalDefault", message)


def _default(known: Known) -> PriorityClass:
    """The class of Pods that name none: the lowest of those that want to be, should there be several."""
    defaults = [found for found in known.all(PriorityClass) if found.global_default]
    return min(defaults, key=lambda found: found.value, default=_WITHOUT_CLASS)
