"""What a kubelet measures of its work: how long syncs, lists, pulls and starts of Pods take.

The names are those of the kubelet's own metrics (`pkg/kubelet/metrics/metrics.go`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from attrs import frozen

from podkit.loop.clock import Clock
from podkit.loop.measures import Distribution, Histogram, LoopMeasures
from podkit.model.pod import Pod

OPERATIONS = ("create", "sync", "kill")
"""What a Pod's worker does: it begins with a Pod, looks again, or ends it."""


@frozen
class NodeMeasures:
    """A node at one moment; durations are seconds.

    Attributes:
        name: of the node.
        loop: the kubelet's control loop.
        pod_worker: how long syncs of Pods took, by what they were for.
        relist: how long it took to list everything in the engine.
        pod_start: how long Pods took from when the kubelet first saw them until they ran.
        image_pull: how long images took to be pulled.
    """

    name: str
    loop: LoopMeasures
    pod_worker: Mapping[str, Distribution]
    relist: Distribution
    pod_start: Distribution
    image_pull: Distribution


class Stopwatch:
    """Takes the times of one kubelet.

    Args:
        clock: what time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._syncs = {operation: Histogram() for operation in OPERATIONS}
        self.relist = Histogram()
        self.pod_start = Histogram()
        self.image_pull = Histogram()

    @contextmanager
    def time_sync(self, pod: Pod | None, *, new: bool) -> Iterator[None]:
        """Take the time of a sync; None: of what is left of a Pod that the store does not have."""
        if pod is None or pod.metadata.deletion_timestamp is not None:
            operation = "kill"
        elif new:
            operation = "create"
        else:
            operation = "sync"
        with self.time(self._syncs[operation]):
            yield

    @contextmanager
    def time(self, histogram: Histogram) -> Iterator[None]:
        """Take the time of the block, also if it fails."""
        began = self._clock.monotonic()
        try:
            yield
        finally:
            histogram.observe(self._clock.monotonic() - began)

    def note_change(self, old: Pod | None, new: Pod | None) -> None:
        """Take the time of a Pod that has just begun to run."""
        if old is not None and new is not None and old.status.phase == "Pending" and new.status.phase == "Running":
            self.pod_start.observe(_seconds_since(new.status.start_time, self._clock.now()))

    def read(self, name: str, loop: LoopMeasures) -> NodeMeasures:
        """What there is by now."""
        return NodeMeasures(
            name,
            loop,
            {operation: histogram.read() for operation, histogram in self._syncs.items()},
            self.relist.read(),
            self.pod_start.read(),
            self.image_pull.read(),
        )


def _seconds_since(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())
