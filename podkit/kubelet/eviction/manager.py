"""Looks, every ten seconds, at what Pods use and at what their node has left, and evicts Pods.

`pkg/kubelet/eviction/eviction_manager.go`. First those go that have written more than they may. Then, if the node is short of
something, one goes that is to make room for the others; the next one only when that has gone, or does not go. While the node is
short, it takes no new Pods. Measuring takes a moment, so that it is done beside the work of the kubelet; what an eviction
consists of is the business of the Pod's own sync.

Kubernetes also removes images that nobody uses when the disk is full. Here the images are the user's, and stay.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from podkit.admission.mirror_pods import is_static
from podkit.admission.pod_resources import qos_class
from podkit.errors import PodkitError
from podkit.kubelet.eviction.local_storage import exceeded
from podkit.kubelet.eviction.meter import Meter
from podkit.kubelet.eviction.ranking import Candidate, eviction_annotations, eviction_message, rank
from podkit.kubelet.eviction.thresholds import (
    MEMORY_PRESSURE,
    RESOURCES,
    EvictionConfig,
    Observation,
    Pressure,
    Signal,
    Threshold,
    assess,
)
from podkit.kubelet.limits import CRITICAL_PRIORITY
from podkit.kubelet.memory import Eviction
from podkit.kubelet.tasks import Tasks
from podkit.log import logger
from podkit.loop.clock import Clock
from podkit.model import Pod, Taint, node_taints
from podkit.model.pod_state import is_active
from podkit.model.toleration import tolerates

log = logger(__name__)

PERIOD = 10.0
"""Seconds between two looks (`evictionMonitoringPeriod`)."""
AT_ONCE = timedelta(seconds=1)
"""The grace period of containers when there is no time to lose (`immediateEvictionGracePeriodSeconds`)."""
CLEAN_UP = timedelta(seconds=30)
"""How long a Pod has to go before another one is evicted because of the same (`podCleanupTimeout`)."""
_MEMORY_TAINT = Taint(key=node_taints.MEMORY_PRESSURE, effect="NoSchedule")


class EvictionManager:
    """Evicts Pods from one node.

    Args:
        config: when the node is short of something.
        meter: measures.
        pods: the Pods of the node.
        evict: evicts one.
        tell: is called at each look with the conditions of the node, and the resource that evictions are to get back.
        tasks: where it is measured.
        clock: what time it is.
    """

    def __init__(
        self,
        config: EvictionConfig,
        meter: Meter,
        *,
        pods: Callable[[], Iterable[Pod]],
        evict: Callable[[Pod, Eviction], None],
        tell: Callable[[Sequence[str], str], None],
        tasks: Tasks,
        clock: Clock,
    ) -> None:
        self._config = config
        self._meter = meter
        self._pods = pods
        self._evict = evict
        self._tell = tell
        self._tasks = tasks
        self._clock = clock
        self._looking = threading.Lock()
        self._pressure = Pressure()
        self._goes: tuple[str, datetime] | None = None

    def refusal(self, pod: Pod) -> str:
        """Why the node does not take a new Pod now; empty if it does (`Admit`)."""
        conditions = self._pressure.conditions
        if not conditions or is_critical(pod):
            return ""
        if conditions == (MEMORY_PRESSURE,):
            best_effort = qos_class(pod.spec) == "BestEffort"
            if not best_effort or tolerates(pod.spec.tolerations, _MEMORY_TAINT):
                return ""
        return f"The node had condition: [{' '.join(conditions)}]. "

    def begin_look(self) -> None:
        """Look at the node and all Pods, beside the caller. While one look is under way there is no other one."""
        if self._looking.acquire(blocking=False):
            try:
                self._tasks.start("eviction", self._look)
            except RuntimeError:
                self._looking.release()
                raise

    def _look(self) -> None:
        try:
            active = [pod for pod in self._pods() if is_active(pod)]
            observed = self._meter.node()
            self._pressure = assess(self._config, self._pressure, observed, self._clock.now())
            starved = self._pressure.starved
            self._tell(self._pressure.conditions, RESOURCES[starved[0].signal] if starved else "")
            candidates = [pod for pod in active if not is_critical(pod)]
            if not self._evict_greedy(candidates) and starved:
                self._make_room(candidates, starved[0], observed)
        except PodkitError as error:
            log.info("what Pods use of their node could not be measured: %s", error)
        finally:
            self._looking.release()

    def _evict_greedy(self, pods: Iterable[Pod]) -> bool:
        """Evict all that have written more than they may; whether there were any."""
        found = False
        for pod in pods:
            usage = self._meter.limited_storage(pod)
            message = exceeded(pod, usage) if usage is not None else None
            if message is not None:
                found = True
                self._evict(pod, Eviction(message, self._clock.now() + AT_ONCE))
        return found

    def _make_room(self, pods: Sequence[Pod], threshold: Threshold, observed: Mapping[Signal, Observation]) -> None:
        """Evict the one Pod that comes first, unless one is on its way already."""
        now = self._clock.now()
        if self._goes is not None and now - self._goes[1] < CLEAN_UP and self._goes[0] in map(_uid, pods):
            return
        running = [pod for pod in pods if pod.status.start_time is not None]
        candidates = [Candidate(pod, self._meter.usage(pod, threshold.signal)) for pod in running]
        for first in rank(threshold.signal, candidates)[:1]:
            message = eviction_message(first, threshold, observed.get(threshold.signal))
            self._goes = (_uid(first.pod), now)
            deadline = now + self._grace(first.pod, threshold)
            annotations = eviction_annotations(first, threshold)
            self._evict(first.pod, Eviction(message, deadline, disruption=True, annotations=annotations))

    def _grace(self, pod: Pod, threshold: Threshold) -> timedelta:
        if threshold.grace is None:
            return AT_ONCE
        own = pod.spec.termination_grace_period_seconds
        most = self._config.max_pod_grace_period
        return timedelta(seconds=most if own is None else min(most, own))


def is_critical(pod: Pod) -> bool:
    """Whether a Pod is never evicted: it is a static one, or its priority says so (`IsCriticalPod`)."""
    return is_static(pod) or (pod.spec.priority or 0) >= CRITICAL_PRIORITY


def _uid(pod: Pod) -> str:
    return pod.metadata.uid or ""
