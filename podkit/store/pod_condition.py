"""Writing one condition into a Pod's status.

Source of the rules: ``pkg/api/v1/pod/util.go`` (UpdatePodCondition).
"""

from __future__ import annotations

from podkit.model.pod import PodCondition, PodStatus


def set_condition(status: PodStatus, condition: PodCondition) -> None:
    """Put a condition in the place of the one of its type, or add it; while its status stays, so does its transition time."""
    for index, existing in enumerate(status.conditions):
        if existing.type == condition.type:
            if existing.status == condition.status:
                condition.last_transition_time = existing.last_transition_time
            status.conditions[index] = condition
            return
    status.conditions.append(condition)
