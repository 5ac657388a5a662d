"""The Pods that no node can take now.

They are kept by what they ask for: when something changes, the first of each sort is tried again, and only if that has found a
place, the next. So a thousand equal Pods that wait for room cost one attempt for each change, not a thousand.

The idea is that of kube-scheduler's opportunistic batching (KEP-5598): Pods with the same signature fit the same nodes.
"""

from __future__ import annotations

from typing import TypeAlias

from podkit.admission.pod_claims import claims_of
from podkit.model.pod import Pod
from podkit.scheduler.pod_info import PodInfo

PodKey: TypeAlias = tuple[str | None, str]
Signature: TypeAlias = str


def signature(pod: Pod) -> Signature:
    """What decides where a Pod can go, as a text: equal for Pods that can go to the same nodes."""
    spec = pod.spec
    containers = [(container.resources, container.ports) for container in spec.containers]
    init = [(container.resources, container.ports, container.restart_policy) for container in spec.init_containers]
    placement = (spec.node_selector, spec.affinity, spec.tolerations, spec.topology_spread_constraints)
    claims = [use.claim for use in claims_of(pod)]
    return repr(
        (
            pod.metadata.namespace,
            pod.metadata.labels,
            containers,
            init,
            spec.resources,
            spec.overhead,
            placement,
            claims,
            spec.priority,
            spec.preemption_policy,
            pod.status.nominated_node_name,
        )
    )


class WaitingPods:
    """The Pods that wait, first come first served."""

    def __init__(self) -> None:
        self._by_signature: dict[Signature, dict[PodKey, None]] = {}
        self._signatures: dict[PodKey, Signature] = {}
        self._looking_at_others: dict[Signature, None] = {}

    def add(self, key: PodKey, pod: PodInfo) -> None:
        """Let a Pod wait; one that waits already keeps its turn."""
        sort = signature(pod.pod)
        if self._signatures.get(key) != sort:
            self.remove(key)
            self._signatures[key] = sort
            self._by_signature.setdefault(sort, {})[key] = None
            if pod.is_choosy or pod.pod.spec.topology_spread_constraints:
                self._looking_at_others[sort] = None

    def remove(self, key: PodKey) -> PodKey | None:
        """Let a Pod wait no longer; returns the next one of its sort."""
        sort = self._signatures.pop(key, None)
        if sort is None:
            return None
        same = self._by_signature[sort]
        del same[key]
        if not same:
            del self._by_signature[sort]
            self._looking_at_others.pop(sort, None)
        return next(iter(same), None)

    def first_of_each(self) -> list[PodKey]:
        """The first Pod of each sort."""
        return [next(iter(same)) for same in self._by_signature.values()]

    def first_that_look_at_others(self) -> list[PodKey]:
        """The first Pod of each sort that may find a place because another Pod has found one."""
        return [next(iter(self._by_signature[sort])) for sort in self._looking_at_others]
