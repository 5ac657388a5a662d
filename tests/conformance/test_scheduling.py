"""Important Pods make room for themselves."""

from __future__ import annotations

from contextlib import closing

import pytest

from podkit import Node, ObjectMeta, Pod, PriorityClass, ReplicaSet, ResourceRequirements, WatchEvent
from tests.conformance.build import SLEEP, lasting, shell
from tests.conformance.place import Place, eventually

NODE = "node-1"


def provide(place: Place, resource: str, amount: int) -> None:
    """Say that the node has so much of a resource, as a device plugin would."""
    place.cluster.patch(Node, NODE, {"status": {"capacity": {resource: str(amount)}}}, subresource="status")


def priorities(place: Place, **values: int) -> None:
    """Make priority classes; their names begin with that of the namespace, as classes are not in any."""
    for name, value in values.items():
        place.cluster.create(PriorityClass(metadata=ObjectMeta(name=f"{place.namespace}-{name}"), value=value))


def using(place: Place, name: str, resource: str, amount: int, priority: str, **fields) -> Pod:
    """A Pod that takes so much of a resource."""
    needed = {resource: str(amount)}
    container = shell(SLEEP, resources=ResourceRequirements(requests=needed, limits=needed))
    return lasting(name, container, priority_class_name=f"{place.namespace}-{priority}", **fields)


@pytest.mark.behaviour("scheduling/preemption-basic")
def test_scheduling_preemption_basic(place: Place) -> None:
    resource = "example.com/basic"
    provide(place, resource, 3)
    priorities(place, low=1, medium=100, high=1000)
    pods = [using(place, "low", resource, 1, "low"), *(using(place, f"m{n}", resource, 1, "medium") for n in "ab")]
    low, *medium = [place.create(pod) for pod in pods]
    for pod in (low, *medium):
        place.wait(pod, "Ready")
    high = place.start(using(place, "high", resource, 1, "high"))
    place.wait(low, "deleted")
    assert high.spec.node_name == NODE
    assert [place.pod(pod.metadata.name).metadata.uid for pod in medium] == [pod.metadata.uid for pod in medium]
    assert all(place.pod(pod.metadata.name).metadata.deletion_timestamp is None for pod in medium)
    assert place.events(low)["Preempted"] == f"Preempted by pod {high.metadata.uid} on node {NODE}"


@pytest.mark.behaviour("scheduling/preemption-path")
def test_scheduling_preemption_path(place: Place) -> None:
    resource = "example.com/path"
    provide(place, resource, 1000)
    priorities(place, p1=1, p2=2, p3=3, p4=4)
    seen: dict[str, set[str]] = {"rs1": set(), "rs2": set(), "rs3": set()}
    with closing(place.cluster.store.watch(Pod, namespace=place.namespace)) as watch:
        for number, amount in enumerate((200, 300, 450), start=1):
            template = using(place, "any", resource, amount, f"p{number}")
            place.wait(
                place.create(ReplicaSet.new(f"rs{number}", containers=template.spec.containers, **_rest(template))),
                "status.readyReplicas=1",
            )
        place.start(using(place, "preemptor", resource, 500, "p4"))

        def count() -> bool:
            while (event := watch.poll()) is not None:
                _note(seen, event)
            return [len(names) for names in seen.values()] == [2, 2, 1]

        eventually(count, f"two Pods of the first two ReplicaSets, and one of the third, but {seen}")
    pending = [pod.metadata.labels["app"] for pod in place.pods() if not pod.spec.node_name]
    assert sorted(pending) == ["rs1", "rs2"]


def _rest(template: Pod) -> dict[str, object]:
    return {"priority_class_name": template.spec.priority_class_name, "termination_grace_period_seconds": 1}


def _note(seen: dict[str, set[str]], event: WatchEvent[Pod]) -> None:
    owner = event.object.metadata.labels.get("app", "")
    if owner in seen:
        seen[owner].add(event.object.metadata.name or "")


@pytest.mark.behaviour("scheduling/preemption-condition")
def test_scheduling_preemption_condition(place: Place) -> None:
    resource = "example.com/condition"
    provide(place, resource, 1)
    priorities(place, low=1, high=1000)
    victim = place.start(using(place, "victim", resource, 1, "low"))
    since = victim.metadata.resource_version
    with closing(place.cluster.store.watch(Pod, namespace=place.namespace, since=since)) as watch:
        place.start(using(place, "high", resource, 1, "high"))
        states: list[Pod] = []
        while (event := watch.poll()) is not None:
            states.extend([event.object] if event.object.metadata.name == "victim" else [])
    ending = next(pod for pod in states if pod.metadata.deletion_timestamp is not None)
    (condition,) = [found for found in ending.status.conditions if found.type == "DisruptionTarget"]
    assert (condition.status, condition.reason) == ("True", "PreemptionByScheduler")
    assert condition.message == "default-scheduler: preempting to accommodate a higher priority pod"
    assert all(found.type != "DisruptionTarget" or found == condition for found in states[-1].status.conditions)
