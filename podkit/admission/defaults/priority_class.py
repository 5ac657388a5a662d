"""Defaults of priority classes.

Source of the rules: ``pkg/apis/scheduling/v1/defaults.go``.
"""

from __future__ import annotations

from podkit.model.priority_class import PriorityClass


def apply_priority_class_defaults(priority_class: PriorityClass) -> None:
    """Fill in the defaults of a PriorityClass, in place."""
    priority_class.preemption_policy = priority_class.preemption_policy or "PreemptLowerPriority"
