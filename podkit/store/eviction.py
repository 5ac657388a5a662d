"""Asking a Pod to leave its node: what the ``eviction`` subresource does.

An eviction is a deletion that says so beforehand: the Pod gets the condition DisruptionTarget, so that a Job does not count it as a
failure of its own. There are no PodDisruptionBudgets here; an eviction is never refused for the sake of one.

Source of the rules: ``pkg/registry/core/pod/storage/eviction.go`` (addConditionAndDeletePod).
"""

from __future__ import annotations

from datetime import datetime

from podkit.model.copying import clone
from podkit.model.pod import Pod, PodCondition
from podkit.store.pod_condition import set_condition


def evicted(pod: Pod, now: datetime) -> Pod:
    """The Pod with the condition that says that it is being evicted; the given one is not changed."""
    new = clone(pod)
    condition = PodCondition(
        type="DisruptionTarget",
        status="True",
        reason="EvictionByEvictionAPI",
        message="Eviction API: evicting",
        last_transition_time=now,
    )
    set_condition(new.status, condition)
    return new
