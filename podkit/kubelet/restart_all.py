"""The action ``RestartAllContainers`` of a container's ``restartPolicyRules``: the Pod starts over in its sandbox (KEP-5532).

Once a container has ended as its rule says, and its back-off is over, two phases follow. First the condition
``AllContainersRestarting`` becomes true and all containers but ephemeral ones are removed at once: without grace period, hooks or
order. When none is left the condition becomes false, and the Pod begins as a new one, with its init containers; sandbox, address
and volumes stay. The condition is in the store, so that a kubelet that was killed goes on where it was.
"""

from __future__ import annotations

from attrs import frozen

from podkit.kubelet.memory import PodMemory
from podkit.kubelet.observation import ObservedPod, container_name
from podkit.kubelet.restart import rule_after
from podkit.model import Container, Pod, PodCondition
from podkit.runtime.base import ContainerState, ContainerStatus

CONDITION = "AllContainersRestarting"
REASON = "RestartingAllContainers"
"""Why a container waits, and how it ended, while all are being started over."""
MESSAGE = "The container is removed because RestartAllContainers in place"


@frozen
class Trigger:
    """A container whose end is to start the Pod over.

    Attributes:
        container: its spec.
        ended: how it ended.
    """

    container: Container
    ended: ContainerStatus

    @property
    def message(self) -> str:
        """What the condition says."""
        return f"Container {self.container.name} exited with code {self.ended.exit_code}, triggering pod restart"


def trigger(pod: Pod, observed: ObservedPod, memory: PodMemory) -> Trigger | None:
    """The container that demands it; one that a probe or a change of its definition has ended does not."""
    for container in [*pod.spec.init_containers, *pod.spec.containers]:
        newest = observed.newest(container.name)
        if newest is None or newest.state is not ContainerState.EXITED or newest.exit_code is None:
            continue
        rule = rule_after(container, newest.exit_code)
        by_itself = newest.id not in memory.probe_kills and newest.id not in memory.replaced
        if rule is not None and rule.action == "RestartAllContainers" and by_itself:
            return Trigger(container, newest)
    return None


def victims(pod: Pod, observed: ObservedPod) -> list[ContainerStatus]:
    """What is to be removed: those that demanded it last, since without them nobody would know."""
    kept = {container.name for container in pod.spec.ephemeral_containers}
    found = [container for container in observed.containers if container_name(container) not in kept]
    found.sort(key=lambda container: container.state is ContainerState.EXITED)
    return found


def condition_of(pod: Pod) -> PodCondition | None:
    """The condition, as it was told last."""
    return next((condition for condition in pod.status.conditions if condition.type == CONDITION), None)


def is_under_way(pod: Pod) -> bool:
    """Whether it was told that all containers are being removed."""
    condition = condition_of(pod)
    return condition is not None and condition.status == "True"
