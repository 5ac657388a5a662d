"""Running something to its end."""

from __future__ import annotations

from typing import Any

from podkit.cluster.pauses import Steps, require_seconds
from podkit.cluster.target import refer
from podkit.cluster.until import FinishedGoal, conditions
from podkit.cluster.waiter import Waiter
from podkit.cluster.well_formed import require_object
from podkit.errors import PodkitError, RunFailed
from podkit.model.conditions import is_true
from podkit.model.job import Job
from podkit.model.pod import Pod


def run_to_end(waiter: Waiter, obj: Any, *, timeout: float | None, check: bool) -> Steps[Any]:
    """Create a Pod or Job and wait until it has finished.

    Args:
        waiter: waits.
        obj: the Pod or Job.
        timeout: seconds; None: no limit.
        check: whether it is an error when it fails.

    Raises:
        RunFailed, WaitTimeout
    """
    if not isinstance(obj, Pod | Job):
        what = getattr(obj, "kind", type(obj).__name__)
        raise PodkitError(
            f"a {what} never comes to an end by itself, so it cannot be run to its end; run a Pod or a Job"
        )
    require_object(obj, "run")
    require_seconds(timeout)
    began = waiter.clock.now()
    created = waiter.store.create(obj)
    done = (yield from waiter.steps([refer(created)], FinishedGoal(), timeout, began=began))[0]
    if check and not has_succeeded(done):
        raise RunFailed(f"{refer(done)} has failed{waiter.explain(done)}", object=done)
    return done


def has_succeeded(obj: Any) -> bool:
    """Whether a Pod or Job that has finished has done so well."""
    if isinstance(obj, Pod):
        return obj.status.phase == "Succeeded"
    return is_true(conditions(obj), "Complete")
