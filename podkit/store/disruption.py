"""Ending a Pod for the sake of something else than itself: it says so beforehand, and is then deleted gracefully.

The condition DisruptionTarget is what keeps a Job from counting the Pod's end as a failure of its own.
"""

from __future__ import annotations

from datetime import datetime

from podkit.codec import to_dict
from podkit.errors import Conflict, NotFound
from podkit.model.pod import Pod, PodCondition
from podkit.store.base import Store


def disrupt(store: Store, pod: Pod, reason: str, message: str, now: datetime) -> bool:
    """Put the condition on a Pod, and ask for it to be deleted with the grace period that it has.

    Args:
        store: where the Pod is.
        pod: the Pod.
        reason: the reason that the condition gives.
        message: the message that it gives.
        now: the time.

    Returns:
        False: it has been deleted meanwhile.
    """
    condition = PodCondition(
        type="DisruptionTarget",
        status="True",
        reason=reason,
        message=message,
        last_transition_time=now.replace(microsecond=0),
    )
    name, namespace = pod.metadata.name or "", pod.metadata.namespace or ""
    try:
        patch = {"status": {"conditions": [to_dict(condition)]}}
        store.patch(Pod, name, patch, namespace=namespace, subresource="status")
        store.delete(Pod, name, namespace=namespace, uid=pod.metadata.uid)
    except (NotFound, Conflict):
        return False
    return True
