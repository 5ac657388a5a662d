"""Rules for priority classes.

Source of the rules: ``pkg/apis/scheduling/validation``.
"""

from __future__ import annotations

from podkit.admission.system_classes import SYSTEM_CLASSES
from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.model.priority_class import PriorityClass

HIGHEST_VALUE = 1_000_000_000
"""What is above is the system's (``HighestUserDefinablePriority``)."""

_SYSTEM_PREFIX = "system-"
_POLICIES = ("PreemptLowerPriority", "Never")


def check_priority_class(errors: Errors, priority_class: PriorityClass) -> None:
    """Check a new PriorityClass; the names and the values of the system are the system's."""
    check_metadata(errors, priority_class.metadata, names.dns_subdomain, namespaced=False)
    name = priority_class.metadata.name or ""
    if name.startswith(_SYSTEM_PREFIX):
        known = SYSTEM_CLASSES.get(name)
        if known is None:
            errors.forbidden("metadata.name", f"names that begin with {_SYSTEM_PREFIX} are the system's")
        elif priority_class.value != known.value or priority_class.global_default:
            errors.forbidden("metadata.name", f"the class {name} of the system has the value {known.value}")
    elif priority_class.value > HIGHEST_VALUE:
        errors.forbidden("value", f"the highest value that a class may have is {HIGHEST_VALUE}")
    errors.optional_member("preemptionPolicy", priority_class.preemption_policy, _POLICIES)


def check_priority_class_update(errors: Errors, new: PriorityClass, old: PriorityClass) -> None:
    """Check a change of a PriorityClass: what Pods have taken from it stays what it is."""
    check_metadata_update(errors, new.metadata, old.metadata)
    if new.value != old.value:
        errors.forbidden("value", "may not be changed in an update")
    if new.preemption_policy != old.preemption_policy:
        errors.invalid("preemptionPolicy", new.preemption_policy, "the field is immutable")
    check_priority_class(errors, new)
