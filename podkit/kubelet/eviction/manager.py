"""Looks, every ten seconds, at what Pods use of their node, and evicts those that use more than they may.

`pkg/kubelet/eviction/eviction_manager.go`. Measuring takes a moment, so that it is done beside the work of the kubelet; what an
eviction consists of is the business of the Pod's own sync.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta

from podkit.errors import PodkitError
from podkit.kubelet.eviction.local_storage import exceeded
from podkit.kubelet.eviction.meter import Meter
from podkit.kubelet.limits import CRITICAL_PRIORITY
from podkit.kubelet.memory import Eviction
from podkit.kubelet.tasks import Tasks
from podkit.loop.clock import Clock
from podkit.model import Pod

log = logging.getLogger("podkit")

PERIOD = 10.0
"""Seconds between two looks (`evictionMonitoringPeriod`)."""
AT_ONCE = timedelta(seconds=1)
"""The grace period of containers when there is no time to lose (`immediateEvictionGracePeriodSeconds`)."""
_MIRROR = "kubernetes.io/config.mirror"
_SOURCE = "kubernetes.io/config.source"


class EvictionManager:
    """Evicts Pods from one node.

    Args:
        meter: measures what they use.
        pods: the Pods of the node.
        evict: evicts one.
        tasks: where it is measured.
        clock: what time it is.
    """

    def __init__(
        self,
        meter: Meter,
        pods: Callable[[], Iterable[Pod]],
        evict: Callable[[Pod, Eviction], None],
        tasks: Tasks,
        clock: Clock,
    ) -> None:
        self._meter = meter
        self._pods = pods
        self._evict = evict
        self._tasks = tasks
        self._clock = clock
        self._looking = threading.Lock()

    def begin_look(self) -> None:
        """Look at all Pods, beside the caller. While one look is under way there is no other one."""
        if self._looking.acquire(blocking=False):
            try:
                self._tasks.start("eviction", self._look)
            except RuntimeError:
                self._looking.release()
                raise

    def _look(self) -> None:
        try:
            for pod in self._pods():
                if _is_active(pod) and not is_critical(pod):
                    self._look_at(pod)
        except PodkitError as error:
            log.info("what Pods use of their node could not be measured: %s", error)
        finally:
            self._looking.release()

    def _look_at(self, pod: Pod) -> None:
        usage = self._meter.limited_storage(pod)
        message = exceeded(pod, usage) if usage is not None else None
        if message is not None:
            self._evict(pod, Eviction(message, self._clock.now() + AT_ONCE))


def is_critical(pod: Pod) -> bool:
    """Whether a Pod is never evicted: it is a static one, or its priority says so (`IsCriticalPod`)."""
    annotations = pod.metadata.annotations
    static = _MIRROR in annotations or annotations.get(_SOURCE, "api") != "api"
    return static or (pod.spec.priority or 0) >= CRITICAL_PRIORITY


def _is_active(pod: Pod) -> bool:
    return pod.status.phase not in ("Succeeded", "Failed") and pod.metadata.deletion_timestamp is None
