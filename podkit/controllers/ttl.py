"""Deletes Jobs some time after they have come to their end: ``spec.ttlSecondsAfterFinished``.

The time runs from the condition ``Complete`` or ``Failed``. The Job is deleted in the foreground, so that it goes after its Pods.

Source of the rules: ``pkg/controller/ttlafterfinished/ttlafterfinished_controller.go``.
"""

from __future__ import annotations

from datetime import datetime

from podkit.controllers.controller import Controller, ObjectKey
from podkit.controllers.job.conditions import holds
from podkit.errors import NotFound
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.job import Job
from podkit.store.base import Store


def seconds_left(job: Job, now: datetime) -> float | None:
    """How long a Job is to be kept; None: for good, or it has not ended yet."""
    ttl = job.spec.ttl_seconds_after_finished
    end = holds(job, "Complete") or holds(job, "Failed")
    if ttl is None or end is None or end.last_transition_time is None or job.metadata.deletion_timestamp is not None:
        return None
    return ttl - (now - end.last_transition_time).total_seconds()


class TTLAfterFinishedController(Controller[ObjectKey]):
    """Deletes Jobs that have come to their end, when their time is up.

    Args:
        store: the store with the Jobs.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            controller = TTLAfterFinishedController(cluster.store)
            controller.step()                                 # or start() and stop()
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("ttl-after-finished-controller", store, clock=clock)
        self._jobs = self.loop.follow(lambda wake: store.watch(Job, wake=wake), self._changed)

    def _reconcile(self, key: ObjectKey) -> float | None:
        job = self._jobs.get(*key)
        left = seconds_left(job, self._clock.now()) if job is not None else None
        if job is None or left is None or left > 0:
            return left
        meta = job.metadata
        try:
            self._store.delete(
                Job, meta.name or "", namespace=meta.namespace or "", propagation="Foreground", uid=meta.uid
            )
        except NotFound:
            return None
        return None

    def _changed(self, _old: Job | None, new: Job | None) -> None:
        if new is not None and seconds_left(new, self._clock.now()) is not None:
            self.loop.enqueue(object_key(new))
