"""Which changes of a Pod its kubelet has to look at."""

from __future__ import annotations

from podkit.kubelet.conditions import OWN_CONDITIONS
from podkit.model import Pod, PodCondition


def differs(old: Pod, new: Pod) -> bool:
    """Whether a change of a Pod is one that its kubelet did not make itself: anything but its own part of the status."""
    return old.spec != new.spec or _meta(old) != _meta(new) or _conditions_of_others(old) != _conditions_of_others(new)


def _conditions_of_others(pod: Pod) -> list[PodCondition]:
    """What readiness gates may refer to."""
    return [condition for condition in pod.status.conditions if condition.type not in OWN_CONDITIONS]


def _meta(pod: Pod) -> tuple[object, ...]:
    meta = pod.metadata
    return (
        meta.uid,
        meta.generation,
        meta.deletion_timestamp,
        meta.deletion_grace_period_seconds,
        meta.labels,
        meta.annotations,
    )
