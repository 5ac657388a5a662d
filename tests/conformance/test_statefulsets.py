"""StatefulSets: Pods with an identity, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from podkit import (
    ContainerPort,
    ControllerRevision,
    ExecAction,
    NotFound,
    PersistentVolumeClaim,
    Pod,
    Probe,
    Scale,
    StatefulSet,
)
from tests.conformance.build import lasting, shell
from tests.conformance.place import PATIENCE, Place, eventually

HASH = "controller-revision-hash"
SLEEP = "trap exit TERM; sleep 3600 & wait"
"""Goes on until it is asked to end, and then ends at once."""


def stateful_set(name: str, script: str = SLEEP, replicas: int = 1, **fields: Any) -> StatefulSet:
    """A StatefulSet whose Pods are ready while ``/tmp/ready`` is there, which the script finds there."""
    probe = Probe(
        exec=ExecAction(["test", "-f", "/tmp/ready"]), period_seconds=1, timeout_seconds=30, failure_threshold=1
    )
    container = fields.pop("container", None) or shell(f"touch /tmp/ready; {script}", readiness_probe=probe)
    options = {"termination_grace_period_seconds": 1, "service_name": name} | fields
    return StatefulSet.new(name, containers=[container], replicas=replicas, **options)


def starting(script: str) -> dict[str, Any]:
    """A change of the script."""
    container = {"name": "main", "command": ["sh", "-c", f"touch /tmp/ready; {script}"]}
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


def names(place: Place) -> list[str]:
    return sorted(pod.metadata.name or "" for pod in place.pods())


def successor(place: Place, pod: Pod) -> Pod:
    """The Pod that comes in the place of another one, under its name."""
    eventually(lambda: others(place, pod) != [], f"another Pod in the place of {pod.metadata.name}")
    return others(place, pod)[0]


def others(place: Place, pod: Pod) -> list[Pod]:
    """The Pods of the same name as one, but not that one."""
    return [
        one for one in place.pods() if one.metadata.name == pod.metadata.name and one.metadata.uid != pod.metadata.uid
    ]


def ready_pods(place: Place, made: StatefulSet, replicas: int) -> StatefulSet:
    """The set once so many of its Pods are ready, and no others are there."""
    return place.wait(made, lambda one: (one.status.ready_replicas or 0) == replicas == one.status.replicas)


ORDERED = stateful_set("sso")


@pytest.mark.behaviour("apps/statefulset-ordered-scaling")
@pytest.mark.begins_early(ORDERED)
@pytest.mark.runs_early
def test_apps_statefulset_ordered_scaling(place: Place) -> None:
    made = place.wait(place.cluster.get("sts", "sso", namespace=place.namespace), "Ready")
    watch = place.cluster.watch(Pod, namespace=place.namespace)
    first = place.pod("sso-0")
    assert place.said(first, "hostname") == "sso-0\n"
    assert first.metadata.labels["statefulset.kubernetes.io/pod-name"] == "sso-0"
    assert first.metadata.labels["apps.kubernetes.io/pod-index"] == "0"
    place.said(first, "rm", "/tmp/ready")
    place.wait(made, lambda one: one.status.ready_replicas == 0)
    place.cluster.scale(made, 3)
    made = place.wait(made, lambda one: one.status.observed_generation == one.metadata.generation)
    assert names(place) == ["sso-0"]
    place.said(first, "touch", "/tmp/ready")
    ready_pods(place, made, 3)
    for name in names(place):
        place.said(place.pod(name), "rm", "/tmp/ready")
    place.wait(made, lambda one: one.status.ready_replicas == 0)
    place.cluster.scale(made, 0)
    made = place.wait(made, lambda one: one.status.observed_generation == one.metadata.generation)
    assert [pod.metadata.deletion_timestamp for pod in place.pods()] == [None, None, None]
    for name in reversed(names(place)):
        place.said(place.pod(name), "touch", "/tmp/ready")
    ready_pods(place, made, 0)
    order = list(until_gone(watch, "sso-0"))
    assert [name for what, name in order if what == "ADDED"] == ["sso-1", "sso-2"]
    assert [name for what, name in order if what == "DELETED"] == ["sso-2", "sso-1", "sso-0"]
    assert order.index(("READY", "sso-1")) < order.index(("ADDED", "sso-2"))
    assert order.index(("DELETED", "sso-2")) < order.index(("STOPPED", "sso-1"))
    assert order.index(("DELETED", "sso-1")) < order.index(("STOPPED", "sso-0"))


def until_gone(watch: Any, last: str) -> Iterator[tuple[str, str]]:
    """What has happened to Pods, until the last one is gone."""
    known: set[str] = set()
    for event in watch:
        name, pod = event.object.metadata.name, event.object
        if event.type == "ADDED" and name != last:
            yield "ADDED", name
        if any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions):
            yield "READY", name
        if pod.metadata.deletion_timestamp is not None and name not in known:
            known.add(name)
            yield "STOPPED", name
        if event.type == "DELETED":
            yield "DELETED", name
            if name == last:
                watch.close()
                return


@pytest.mark.behaviour("apps/statefulset-rolling-update")
def test_apps_statefulset_rolling_update(place: Place) -> None:
    made = place.create(stateful_set("ssu", f"echo v1; {SLEEP}", 3, pod_management_policy="Parallel"))
    made = place.cluster.rollout(made).wait(timeout=PATIENCE)
    first = made.status.update_revision
    assert made.status.current_revision == first
    watch = place.cluster.watch(Pod, namespace=place.namespace)
    place.cluster.patch(made, starting(f"echo v2; {SLEEP}"))
    rolling = place.wait(made, lambda one: one.status.update_revision != first)
    assert rolling.status.current_revision == first
    made = place.cluster.rollout(made).wait(timeout=PATIENCE)
    assert made.status.current_revision == made.status.update_revision != first
    assert made.status.updated_replicas == 3
    order = list(until_gone(watch, "ssu-0"))
    assert [name for what, name in order if what == "DELETED"] == ["ssu-2", "ssu-1", "ssu-0"]
    assert order.index(("READY", "ssu-2"), order.index(("DELETED", "ssu-2"))) < order.index(("STOPPED", "ssu-1"))
    eventually(lambda: {place.cluster.logs(pod) for pod in place.pods()} == {"v2\n"}, "the new containers speak")
    place.cluster.rollout(made).undo()
    made = place.cluster.rollout(made).wait(timeout=PATIENCE)
    assert made.status.update_revision == first
    numbers = {
        one.metadata.name: one.revision for one in place.cluster.list(ControllerRevision, namespace=place.namespace)
    }
    assert sorted(numbers.values()) == [2, 3]
    assert numbers[first] == 3
    assert {pod.metadata.labels[HASH] for pod in place.pods()} == {first}


@pytest.mark.behaviour("apps/statefulset-recreate-failed")
@pytest.mark.begins_early
@pytest.mark.runs_early
def test_apps_statefulset_recreate_failed(place: Place) -> None:
    port = ContainerPort(container_port=21017, host_port=21017)
    holder = place.start(lasting("port-holder", shell(SLEEP, ports=[port])))
    place.create(stateful_set("ssr", container=shell(SLEEP, ports=[port])))
    waiting = place.wait(place.cluster.get("sts", "ssr", namespace=place.namespace), "status.replicas=1")
    blocked = place.wait(place.pod("ssr-0"), lambda pod: pod.status.conditions)
    assert "free ports" in " ".join(one.message or "" for one in blocked.status.conditions)
    assert waiting.status.ready_replicas == 0
    place.cluster.delete(holder)
    pod = place.wait(place.pod("ssr-0"), "Running")
    place.cluster.patch(pod, {"status": {"phase": "Failed"}}, subresource="status")
    place.wait(pod, "deleted")
    place.wait(successor(place, pod), "Ready")
    assert place.wait(waiting, "Ready").status.ready_replicas == 1


@pytest.mark.behaviour("apps/statefulset-scale")
def test_apps_statefulset_scale(place: Place) -> None:
    made = ready_pods(place, place.create(stateful_set("ssc", pod_management_policy="Parallel")), 1)
    view = scale_of(place, made)
    assert (view.spec.replicas, view.status.replicas) == (1, 1)
    place.cluster.scale(made, 2)
    ready_pods(place, made, 2)
    place.cluster.patch(made, {"spec": {"replicas": 4}}, subresource="scale")
    ready_pods(place, made, 4)
    view = scale_of(place, made)
    assert (view.spec.replicas, view.status.replicas) == (4, 4)
    assert view.status.selector == "app=ssc"


def scale_of(place: Place, made: StatefulSet) -> Scale:
    """The scale of a set, as it is now."""
    return place.cluster.patch(made, {}, subresource="scale")


@pytest.mark.behaviour("apps/statefulset-list-patch-delete")
def test_apps_statefulset_list_patch_delete(place: Place) -> None:
    made = ready_pods(place, place.create(stateful_set("ssl")), 1)
    change = starting(f"echo patched; {SLEEP}")
    change["metadata"] = {"labels": {"test": "patched"}}
    change["spec"]["replicas"] = 2
    place.cluster.patch(made, change)
    made = place.cluster.rollout(made).wait(timeout=PATIENCE)
    assert made.status.updated_replicas == 2
    found = place.cluster.list(StatefulSet, namespace=place.namespace, labels="test=patched")
    assert [one.metadata.name for one in found] == ["ssl"]
    pods = place.pods()
    place.cluster.delete_collection(StatefulSet, namespace=place.namespace, labels="test=patched")
    with pytest.raises(NotFound):
        place.cluster.get(made)
    place.cluster.wait(pods, "deleted", timeout=PATIENCE)


def test_a_pod_of_a_stateful_set_finds_its_data_again(place: Place) -> None:
    claim = PersistentVolumeClaim.new("data", "1Gi")
    main = shell(f"hostname >>/data/names; {SLEEP}", mounts={"data": "/data"})
    made = place.wait(place.create(stateful_set("db", container=main, volume_claim_templates=[claim])), "Ready")
    first = place.pod("db-0")
    eventually(lambda: place.content(first, "/data/names") == "db-0\n", "it writes")
    place.cluster.delete(first)
    second = place.wait(successor(place, first), "Ready")
    place.wait(made, "Ready")
    eventually(lambda: place.content(second, "/data/names") == "db-0\ndb-0\n", "the other one writes, too")
