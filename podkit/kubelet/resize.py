"""In-place resize: what a running Pod's containers may use changes while they run (KEP-1287).

The resources of a container are in three states. *Desired* is what the Pod's spec says. *Allocated* is what the node has set
aside: the desired ones, as soon as the node has room for them. *In force* is what the container has: it is brought to the
allocated ones by changing its cgroup, or by a restart if the container's ``resizePolicy`` says so. Everything but this module sees
the Pod with its allocated resources.

What is in force is the last thing that was told in ``status.containerStatuses[].resources``, and before that a label of the
container, so that a kubelet that was killed goes on where it was. Bringing it about once more does no harm.

Source of the rules: ``pkg/kubelet/allocation/allocation_manager.go``; ``kuberuntime_manager.go`` (``computePodResizeAction``,
``doPodResizeAction``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, frozen

from podkit.admission.pod_resources import Amounts, pod_requests
from podkit.kubelet.memory import Pending, PodMemory
from podkit.kubelet.observation import ObservedPod
from podkit.model import Container, ContainerStatus, Pod, PodSpec, ResourceRequirements
from podkit.model.quantity import Quantity
from podkit.runtime.base import RESOURCES, ContainerState
from podkit.runtime.base import ContainerStatus as EngineStatus

IN_TURN = ("memory", "cpu")
"""What can be resized, in the order in which it is done; a step that fails keeps back those after it."""
POD_LEVEL = ""
"""Under this name an allocation holds ``spec.resources``, which are the Pod's as a whole."""
_NOTHING = ResourceRequirements()

Allocation = dict[str, ResourceRequirements]
"""Resources by the name of the container."""


@frozen
class Room:
    """What a node has for a Pod.

    Attributes:
        capacity: what it has at all.
        used: what its other Pods request.
    """

    capacity: Amounts
    used: Amounts


@frozen
class ResizeContainer:
    """Change one resource of a running container.

    Attributes:
        container: the container.
        name: its name in the Pod.
        resource: ``cpu`` or ``memory``.
    """

    container: EngineStatus
    name: str
    resource: str


@frozen
class ResizeSandbox:
    """Change what the Pod as a whole may use."""

    sandbox_id: str


# --- desired and allocated


def desired(pod: Pod) -> Allocation:
    """What the spec says."""
    found = {container.name: container.resources or _NOTHING for container in containers_of(pod.spec)}
    return {**found, POD_LEVEL: pod.spec.resources} if pod.spec.resources is not None else found


def with_allocation(pod: Pod, allocation: Mapping[str, ResourceRequirements]) -> Pod:
    """The Pod as it would be if its spec asked for what is allocated. The Pod itself is not changed."""
    if allocation == desired(pod):
        return pod
    spec = evolve(
        pod.spec,
        containers=[_allocated(container, allocation) for container in pod.spec.containers],
        init_containers=[_allocated(container, allocation) for container in pod.spec.init_containers],
        resources=allocation.get(POD_LEVEL, pod.spec.resources),
    )
    return evolve(pod, spec=spec)


def last_allocation(pod: Pod, observed: ObservedPod) -> Allocation:
    """What was allocated when nobody remembers it: what the containers that there are were given, else what is desired."""
    wanted = desired(pod)
    for container in containers_of(pod.spec):
        newest = observed.newest(container.name)
        if newest is not None:
            wanted[container.name] = _told(pod, newest, container) or wanted[container.name]
    sandbox = observed.sandbox
    if POD_LEVEL in wanted and sandbox is not None:
        wanted[POD_LEVEL] = _from_label(sandbox.labels) or wanted[POD_LEVEL]
    return wanted


def given(pod: Pod) -> Pod:
    """A Pod with what its status says that its containers have been given."""
    statuses = [*pod.status.container_statuses, *pod.status.init_container_statuses]
    told = {status.name: status.allocated_resources for status in statuses}
    allocation = desired(pod)
    for name in allocation.keys() & told.keys():
        if told[name]:
            allocation[name] = evolve(allocation[name], requests=told[name])
    return with_allocation(pod, allocation)


def judge(pod: Pod, allocation: Mapping[str, ResourceRequirements], room: Room) -> Pending | None:
    """Whether a node has room for what a Pod desires beyond what it has; None if so."""
    wanted, has = pod_requests(pod.spec), pod_requests(with_allocation(pod, allocation).spec)
    for resource in sorted(wanted):
        request = wanted[resource]
        if resource not in IN_TURN or request <= has.get(resource, Quantity(0)):
            continue
        capacity, used = room.capacity.get(resource, Quantity(0)), room.used.get(resource, Quantity(0))
        said = f"{resource}, requested: {_count(resource, request)}"
        if request > capacity:
            message = f"Node didn't have enough capacity: {said}, capacity: {_count(resource, capacity)}"
            return Pending("Infeasible", message)
        if request + used > capacity:
            amounts = f"used: {_count(resource, used)}, capacity: {_count(resource, capacity)}"
            return Pending("Deferred", f"Node didn't have enough resource: {said}, {amounts}")
    return None


# --- allocated and in force


def in_force(pod: Pod, container: Container, newest: EngineStatus, memory: PodMemory) -> ResourceRequirements:
    """What a container has now; one that does not run will have what is allocated when it is started again."""
    if newest.state is not ContainerState.RUNNING:
        return container.resources or _NOTHING
    known = memory.in_force.get(newest.id)
    return known if known is not None else _told(pod, newest, container) or container.resources or _NOTHING


def pod_level_in_force(pod: Pod, observed: ObservedPod, memory: PodMemory) -> ResourceRequirements:
    """What the Pod as a whole has now."""
    sandbox = observed.ready_sandbox
    allocated = pod.spec.resources or _NOTHING
    if sandbox is None:
        return allocated
    known = memory.in_force.get(sandbox.id)
    return known if known is not None else _from_label(sandbox.labels) or allocated


def needs_restart(pod: Pod, container: Container, running: EngineStatus, memory: PodMemory) -> bool:
    """Whether a container must be started anew to get what is allocated (its ``resizePolicy``)."""
    now = in_force(pod, container, running, memory)
    changed = {resource for resource in IN_TURN if _differs(now, container.resources or _NOTHING, resource)}
    return any(
        policy.resource_name in changed and policy.restart_policy == "RestartContainer"
        for policy in container.resize_policy
    )


def steps(pod: Pod, observed: ObservedPod, memory: PodMemory) -> Iterator[ResizeContainer | ResizeSandbox]:
    """What is to be changed in place: memory before cpu, less before more; the Pod's own limits make way, and follow."""
    wider, narrower = _pod_level_change(pod, observed, memory)
    sandbox = observed.ready_sandbox
    if wider and sandbox is not None:
        yield ResizeSandbox(sandbox.id)
    for resource in IN_TURN:
        found = list(_changes(pod, observed, memory, resource))
        found.sort(key=lambda change: change[0])
        yield from (step for _, step in found)
    if narrower and sandbox is not None:
        yield ResizeSandbox(sandbox.id)


def is_in_progress(pod: Pod, observed: ObservedPod, memory: PodMemory) -> bool:
    """Whether something that is allocated is not yet in force."""
    if pod_level_in_force(pod, observed, memory) != (pod.spec.resources or _NOTHING):
        return True
    for container in containers_of(pod.spec):
        newest = observed.newest(container.name)
        if newest is None or newest.state is not ContainerState.RUNNING:
            continue
        now, then = in_force(pod, container, newest, memory), container.resources or _NOTHING
        if any(_differs(now, then, resource) for resource in IN_TURN):
            return True
    return False


def after(now: ResourceRequirements, then: ResourceRequirements, resource: str) -> ResourceRequirements:
    """What is in force when one resource has been changed."""
    return evolve(
        now,
        requests=_with(now.requests, then.requests, resource),
        limits=_with(now.limits, then.limits, resource),
    )


# --- as a label of a container or sandbox


def label(resources: ResourceRequirements | None) -> str:
    """What a container or sandbox was made with, for its label."""
    made = resources or _NOTHING
    return json.dumps({"requests": made.requests, "limits": made.limits}, separators=(",", ":"))


def _from_label(labels: Mapping[str, str]) -> ResourceRequirements | None:
    text = labels.get(RESOURCES)
    return ResourceRequirements(**json.loads(text)) if text else None


def _told(pod: Pod, newest: EngineStatus, container: Container) -> ResourceRequirements | None:
    """What was told of a container last, or what it was made with."""
    status = pod.status
    known: Sequence[ContainerStatus] = [*status.container_statuses, *status.init_container_statuses]
    for one in known:
        is_it = (one.container_id or "").endswith(f"//{newest.id}")
        if one.name == container.name and is_it and one.resources is not None:
            return one.resources
    return _from_label(newest.labels)


# --- the small print


def _changes(
    pod: Pod, observed: ObservedPod, memory: PodMemory, resource: str
) -> Iterator[tuple[bool, ResizeContainer]]:
    """Of one resource, which containers get another amount, and whether that is more."""
    for container in containers_of(pod.spec):
        newest = observed.newest(container.name)
        if newest is None or newest.state is not ContainerState.RUNNING:
            continue
        now, then = in_force(pod, container, newest, memory), container.resources or _NOTHING
        if _differs(now, then, resource) and not needs_restart(pod, container, newest, memory):
            yield _grows(now, then, resource), ResizeContainer(newest, container.name, resource)


def _pod_level_change(pod: Pod, observed: ObservedPod, memory: PodMemory) -> tuple[bool, bool]:
    """Whether the Pod's own limits become wider, and whether they become narrower in anything."""
    now, then = pod_level_in_force(pod, observed, memory), pod.spec.resources or _NOTHING
    changed = [resource for resource in IN_TURN if _differs(now, then, resource)]
    grows = [resource for resource in changed if _grows(now, then, resource)]
    return bool(grows), len(grows) < len(changed)


def _differs(now: ResourceRequirements, then: ResourceRequirements, resource: str) -> bool:
    return now.limits.get(resource) != then.limits.get(resource) or (
        now.requests.get(resource) != then.requests.get(resource)
    )


def _grows(now: ResourceRequirements, then: ResourceRequirements, resource: str) -> bool:
    """Whether there is more of it afterwards; no limit is the most."""
    before, later = now.limits.get(resource), then.limits.get(resource)
    if before == later:
        before, later = now.requests.get(resource, "0"), then.requests.get(resource, "0")
    return later is None or (before is not None and Quantity(later) > Quantity(before))


def _with(now: Mapping[str, str], then: Mapping[str, str], resource: str) -> dict[str, str]:
    rest = {name: amount for name, amount in now.items() if name != resource}
    return {**rest, resource: then[resource]} if resource in then else rest


def _count(resource: str, amount: Quantity) -> int:
    """An amount as the kubelet tells it: thousandths of a processor, or bytes."""
    return amount.milli_value() if resource == "cpu" else amount.value()


def containers_of(spec: PodSpec) -> list[Container]:
    """All containers whose resources count, in the order of the spec."""
    return [*spec.init_containers, *spec.containers]


def _allocated(container: Container, allocation: Mapping[str, ResourceRequirements]) -> Container:
    resources = allocation.get(container.name)
    if resources is None or resources == (container.resources or _NOTHING):
        return container
    return evolve(container, resources=resources)
