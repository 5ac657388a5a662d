"""Deployments, ReplicaSets and ReplicationControllers: how many Pods, of which template, and whose."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from podkit import (
    Container,
    Deployment,
    DeploymentStrategy,
    NotFound,
    ObjectMeta,
    Pod,
    PodSpec,
    PodTemplateSpec,
    ReplicaSet,
    ReplicationController,
    ReplicationControllerSpec,
    RollingUpdateDeployment,
)
from tests.conformance.build import IMAGE, SLEEP, WEB_SERVER, lasting, shell
from tests.conformance.place import PATIENCE, Place, eventually

REVISION = "deployment.kubernetes.io/revision"
NOWHERE = "localhost/nonexistent:404"
QUICK_END: dict[str, Any] = {"termination_grace_period_seconds": 1}


def deployment(name: str, script: str = SLEEP, replicas: int = 2, **fields: Any) -> Deployment:
    """A Deployment whose Pods run a script."""
    container = shell(script, image_pull_policy="IfNotPresent")
    return Deployment.new(name, containers=[container], replicas=replicas, **QUICK_END | fields)


def replica_set(name: str, script: str = SLEEP, replicas: int = 1, **fields: Any) -> ReplicaSet:
    """A ReplicaSet whose Pods run a script."""
    return ReplicaSet.new(name, containers=[shell(script)], replicas=replicas, **QUICK_END | fields)


def controller(name: str, replicas: int = 1) -> ReplicationController:
    """A ReplicationController."""
    spec = PodSpec(containers=[shell(SLEEP)], **QUICK_END)
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"app": name}), spec=spec)
    return ReplicationController(
        metadata=ObjectMeta(name=name),
        spec=ReplicationControllerSpec(replicas=replicas, selector={"app": name}, template=template),
    )


def change(place: Place, obj: Deployment, **container: Any) -> Deployment:
    """Change the container of a Deployment's template."""
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "main", **container}]}}}}
    return place.cluster.patch(obj, patch)


def owner(obj: Any) -> tuple[str, str] | None:
    """Kind and name of the controller of an object."""
    return next(((one.kind, one.name) for one in obj.metadata.owner_references if one.controller), None)


def sets(place: Place) -> dict[str, ReplicaSet]:
    """The ReplicaSets of a place, by the image and script of their template."""
    found = place.cluster.list(ReplicaSet, namespace=place.namespace)
    return {key(one.spec.template.spec.containers[0]): one for one in found}


def key(container: Container) -> str:
    return container.image if container.image != IMAGE else container.command[-1]


def active(place: Place, labels: str | None = None) -> list[Pod]:
    """The Pods that nobody has asked to end."""
    return [pod for pod in place.pods(labels) if pod.metadata.deletion_timestamp is None]


def has_run(place: Place, obj: Any, replicas: int) -> Any:
    """An object once so many of its Pods are ready, and no others are there."""
    return place.wait(obj, lambda one: (one.status.ready_replicas or 0) == replicas == one.status.replicas)


@pytest.mark.behaviour("apps/deployment-lifecycle")
def test_apps_deployment_lifecycle(place: Place) -> None:
    watch = place.cluster.watch(Deployment, namespace=place.namespace)
    made = place.create(deployment("life", f"echo v1; {SLEEP}"))
    made = place.cluster.rollout(made).wait(timeout=PATIENCE)
    assert made.status.ready_replicas == 2
    place.cluster.patch(made, {"metadata": {"labels": {"test": "patched"}}, "spec": {"replicas": 1}})
    change(place, made, command=["sh", "-c", f"echo v2; {SLEEP}"])
    made = place.cluster.rollout(made).wait(timeout=PATIENCE)
    assert made.metadata.labels["test"] == "patched"
    assert made.status.observed_generation == made.metadata.generation
    (pod,) = active(place)
    eventually(lambda: place.cluster.logs(pod) == "v2\n", "the new containers speak")
    place.cluster.delete(made)
    types = []
    while not types or types[-1] != "DELETED":
        types.append(next(watch).type)
    assert types[0] == "ADDED"
    place.cluster.wait(place.cluster.list(ReplicaSet, namespace=place.namespace), "deleted", timeout=PATIENCE)
    place.cluster.wait(place.pods(), "deleted", timeout=PATIENCE)


@pytest.mark.behaviour("apps/deployment-rolling")
def test_apps_deployment_rolling(place: Place) -> None:
    old = replica_set("old-rs", labels={"name": "sample", "pod": "old"}, annotations={REVISION: "41"})
    has_run(place, place.create(old), 1)
    new = deployment("rolling", f"echo new; {SLEEP}", 1, labels={"name": "sample"})
    made = place.cluster.rollout(place.create(new)).wait(timeout=PATIENCE)
    old = place.cluster.get(ReplicaSet, "old-rs", namespace=place.namespace)
    assert owner(old) == ("Deployment", "rolling")
    assert old.spec.replicas == 0
    new_set = sets(place)[f"echo new; {SLEEP}"]
    assert new_set.metadata.labels["pod-template-hash"]
    assert new_set.status.ready_replicas == 1
    assert {(one.type, one.status, one.reason) for one in made.status.conditions} == {
        ("Available", "True", "MinimumReplicasAvailable"),
        ("Progressing", "True", "NewReplicaSetAvailable"),
    }
    assert made.metadata.annotations[REVISION] == "42"


@pytest.mark.behaviour("apps/deployment-recreate")
def test_apps_deployment_recreate(place: Place) -> None:
    made = deployment("recreate", f"echo v1; {SLEEP}", strategy=DeploymentStrategy("Recreate"))
    made = place.cluster.rollout(place.create(made)).wait(timeout=PATIENCE)
    assert made.metadata.annotations[REVISION] == "1"
    watch = place.cluster.watch(Pod, namespace=place.namespace)
    change(place, made, command=["sh", "-c", f"echo v2; {SLEEP}"])
    made = place.cluster.rollout(made).wait(timeout=PATIENCE)
    assert made.metadata.annotations[REVISION] == "2"
    ended: list[datetime] = []
    while len(ended) < 2:
        event = next(watch)
        if event.type == "DELETED":
            ended.append(event.object.status.container_statuses[0].state.terminated.finished_at)
    watch.close()
    pods = active(place)
    assert len(pods) == 2
    begun = [pod.status.container_statuses[0].state.running.started_at for pod in pods]
    assert max(ended) <= min(begun)
    assert sets(place)[f"echo v1; {SLEEP}"].spec.replicas == 0


@pytest.mark.behaviour("apps/deployment-proportional")
def test_apps_deployment_proportional(place: Place) -> None:
    strategy = DeploymentStrategy("RollingUpdate", RollingUpdateDeployment(3, 2))
    made = place.cluster.rollout(place.create(deployment("prop", SLEEP, 10, strategy=strategy))).wait(timeout=PATIENCE)
    change(place, made, image=NOWHERE)
    eventually(lambda: sizes(place) == {SLEEP: 8, NOWHERE: 5}, "8 old and 5 new replicas")
    place.wait(sets(place)[SLEEP], "status.availableReplicas=8")
    place.cluster.scale(made, 30)
    eventually(lambda: sizes(place) == {SLEEP: 20, NOWHERE: 13}, "20 old and 13 new replicas")
    place.cluster.scale(made, 0)


def sizes(place: Place) -> dict[str, int | None]:
    """How many replicas the ReplicaSets shall have."""
    return {name: one.spec.replicas for name, one in sets(place).items()}


ONE_BY_ONE = DeploymentStrategy("RollingUpdate", RollingUpdateDeployment(1, 0))
OVERTAKEN = deployment("over", f"echo v1; {SLEEP}", 1, strategy=ONE_BY_ONE, min_ready_seconds=10)


@pytest.mark.behaviour("apps/deployment-rollover")
@pytest.mark.begins_early(OVERTAKEN)
@pytest.mark.runs_early
def test_apps_deployment_rollover(place: Place) -> None:
    made = place.cluster.rollout("deploy/over", namespace=place.namespace).wait(timeout=PATIENCE)
    (first,) = active(place)
    change(place, made, image=NOWHERE)
    eventually(lambda: sizes(place) == {f"echo v1; {SLEEP}": 1, NOWHERE: 1}, "one replica of each")
    change(place, made, image=IMAGE, command=["sh", "-c", f"echo v3; {SLEEP}"])
    made = place.cluster.rollout(made).wait(timeout=PATIENCE)
    assert sizes(place) == {f"echo v1; {SLEEP}": 0, NOWHERE: 0, f"echo v3; {SLEEP}": 1}
    assert made.metadata.annotations[REVISION] == "3"
    (last,) = active(place)
    ready = next(one for one in last.status.conditions if one.type == "Ready").last_transition_time
    progressed = next(one for one in made.status.conditions if one.type == "Progressing").last_update_time
    assert (progressed - ready).total_seconds() >= 9, "both are dated to the second"
    assert first.metadata.uid != last.metadata.uid


@pytest.mark.behaviour("apps/replicaset-serve")
def test_apps_replicaset_serve(place: Place) -> None:
    has_run(place, place.create(replica_set("serve", WEB_SERVER)), 1)
    (pod,) = active(place)
    assert pod.metadata.name.startswith("serve-")
    ask = "until wget -qO- http://127.0.0.1:8080/ 2>/dev/null; do sleep 0.1; done"
    assert place.said(pod, "sh", "-c", ask).strip() == pod.metadata.name


@pytest.mark.behaviour("apps/replicaset-adopt-release")
def test_apps_replicaset_adopt_release(place: Place) -> None:
    orphan = place.start(lasting("orphan", labels={"name": "adopt"}))
    container_id = orphan.status.container_statuses[0].container_id
    has_run(place, place.create(replica_set("adopt", labels={"name": "adopt"})), 1)
    (pod,) = place.pods()
    assert owner(pod) == ("ReplicaSet", "adopt")
    assert pod.status.container_statuses[0].container_id == container_id
    place.cluster.patch(pod, {"metadata": {"labels": {"name": "not-matching"}}})
    released = place.wait(pod, lambda pod: owner(pod) is None)
    eventually(lambda: len(active(place, "name=adopt")) == 1, "a Pod in the place of the one that was released")
    assert active(place, "name=adopt")[0].metadata.name.startswith("adopt-")
    assert released.status.phase == "Running"


@pytest.mark.behaviour("apps/replicaset-scale")
def test_apps_replicaset_scale(place: Place) -> None:
    made = has_run(place, place.create(replica_set("scale")), 1)
    assert place.cluster.scale(made, 2).spec.replicas == 2
    has_run(place, made, 2)
    place.cluster.patch(made, {"spec": {"replicas": 4}})
    has_run(place, made, 4)
    place.cluster.scale(made, 1)
    has_run(place, made, 1)
    assert len(active(place)) == 1


@pytest.mark.behaviour("apps/rc-adopt")
def test_apps_rc_adopt(place: Place) -> None:
    place.create(lasting("adoption", labels={"app": "keeper"}))
    place.create(controller("keeper"))
    pod = place.wait(place.pod("adoption"), lambda pod: owner(pod) is not None)
    assert owner(pod) == ("ReplicationController", "keeper")


@pytest.mark.behaviour("apps/rc-release")
def test_apps_rc_release(place: Place) -> None:
    has_run(place, place.create(controller("keeper")), 1)
    (pod,) = active(place)
    place.cluster.patch(pod, {"metadata": {"labels": {"app": "other"}}})
    place.wait(pod, lambda pod: owner(pod) is None)


@pytest.mark.behaviour("apps/rc-scale")
def test_apps_rc_scale(place: Place) -> None:
    made = has_run(place, place.create(controller("keeper")), 1)
    assert made.spec.replicas == 1
    assert place.cluster.scale(made, 2).spec.replicas == 2
    has_run(place, made, 2)


@pytest.mark.behaviour("cli/scale")
def test_cli_scale(place: Place) -> None:
    made = has_run(place, place.create(replica_set("cli-scale", replicas=2)), 2)
    for replicas in (1, 2):
        place.cluster.scale(made, replicas)
        has_run(place, made, replicas)
        assert len([pod for pod in active(place) if pod.status.phase == "Running"]) == replicas


@pytest.mark.behaviour("api/gc-background-deployment")
def test_api_gc_background_deployment(place: Place) -> None:
    made = place.cluster.rollout(place.create(deployment("gone"))).wait(timeout=PATIENCE)
    owned = [*place.cluster.list(ReplicaSet, namespace=place.namespace), *place.pods()]
    place.cluster.delete(made, propagation="Background")
    with pytest.raises(NotFound):
        place.cluster.get(made)
    assert len(owned) == 3
    place.cluster.wait([one for one in owned if isinstance(one, ReplicaSet)], "deleted", timeout=PATIENCE)
    place.cluster.wait([one for one in owned if isinstance(one, Pod)], "deleted", timeout=PATIENCE)


@pytest.mark.behaviour("api/gc-background-rc")
def test_api_gc_background_rc(place: Place) -> None:
    made = has_run(place, place.create(controller("gone", 2)), 2)
    pods = place.pods()
    place.cluster.delete(made, propagation="Background")
    place.cluster.wait(pods, "deleted", timeout=PATIENCE)


@pytest.mark.behaviour("api/gc-orphan-deployment")
def test_api_gc_orphan_deployment(place: Place) -> None:
    made = place.cluster.rollout(place.create(deployment("parent", replicas=1))).wait(timeout=PATIENCE)
    other = place.cluster.rollout(place.create(deployment("other", replicas=1))).wait(timeout=PATIENCE)
    place.cluster.delete(made, propagation="Orphan")
    place.cluster.delete(other, propagation="Background")
    place.cluster.wait(place.pods("app=other"), "deleted", timeout=PATIENCE)
    (orphan,) = place.cluster.list(ReplicaSet, namespace=place.namespace, labels="app=parent")
    assert owner(orphan) is None
    (pod,) = place.pods("app=parent")
    assert pod.status.phase == "Running"
    assert pod.metadata.deletion_timestamp is None
