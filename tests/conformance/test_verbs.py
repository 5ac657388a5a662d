"""What kubectl and the API server do with objects: labels, watches, replacing, describing, collecting garbage."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta

import pytest

from podkit import ConfigMap, DecodeError, Job, NotFound, ResourceRequirements, ValidationError
from podkit.model import OwnerReference
from tests.conformance.build import SLEEP, lasting, once, shell
from tests.conformance.place import PATIENCE, Place, eventually, main_of


@pytest.mark.behaviour("cli/label")
def test_cli_label(place: Place) -> None:
    pod = place.start(lasting("labelled"))
    place.cluster.patch(pod, {"metadata": {"labels": {"testing": "value"}}})
    assert [one.metadata.name for one in place.pods("testing=value")] == ["labelled"]
    place.cluster.patch(pod, {"metadata": {"labels": {"testing": None}}})
    assert place.pods("testing") == []
    assert main_of(place.pod("labelled")).container_id == main_of(pod).container_id


@pytest.mark.behaviour("cli/replace-image")
def test_cli_replace_image(place: Place) -> None:
    pod = place.start(lasting("replaced"))
    pod.spec.containers[0].image = "localhost/busybox:two"
    place.cluster.update(pod)
    pod = place.wait(pod, lambda pod: main_of(pod).restart_count == 1 and main_of(pod).ready)
    assert main_of(pod).image == "localhost/busybox:two"
    pod.spec.containers[0].command = ["sleep", "1"]
    with pytest.raises(ValidationError):
        place.cluster.update(pod)


def test_cli_replace_by_manifest(place: Place) -> None:
    """What the manifest of a Pod never said, such as its node, does not keep it from replacing the Pod."""
    pod = place.start(lasting("rewritten"))
    manifest = lasting("rewritten", labels={"written": "again"}, namespace=place.namespace)
    manifest.spec.containers[0].image_pull_policy = pod.spec.containers[0].image_pull_policy
    manifest.spec.containers[0].image = "localhost/busybox:two"
    replaced = place.cluster.update(manifest)
    assert (replaced.metadata.uid, replaced.spec.node_name) == (pod.metadata.uid, pod.spec.node_name)
    pod = place.wait(replaced, lambda pod: main_of(pod).restart_count == 1 and main_of(pod).ready)
    assert (main_of(pod).image, pod.metadata.labels["written"]) == ("localhost/busybox:two", "again")


@pytest.mark.behaviour("cli/run-never")
def test_cli_run_never(place: Place) -> None:
    pod = place.run(once("runner", shell("true")))
    assert (pod.status.phase, pod.spec.restart_policy, len(pod.spec.containers)) == ("Succeeded", "Never", 1)


@pytest.mark.behaviour("cli/logs")
def test_cli_logs(place: Place) -> None:
    script = f"for i in 1 2 3; do echo line $i of log; done; sleep 2; echo last; {SLEEP}"
    pod = place.start(lasting("generator", shell(script)))
    list(itertools.islice(place.cluster.stream_logs(pod), 4))
    logs = place.cluster.logs
    assert logs(pod) == "line 1 of log\nline 2 of log\nline 3 of log\nlast\n"
    assert logs(pod, tail=1) == "last\n"
    assert logs(pod, limit_bytes=1) == "l"
    stamped = re.fullmatch(r"(\d{4}-\d\d-\d\dT\S+) last\n", logs(pod, tail=1, timestamps=True))
    assert stamped
    moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", stamped[1]))
    assert logs(pod, since=moment) == "last\n"
    assert logs(pod, since=timedelta(hours=24)).count("\n") == 4


def test_cli_logs_previous(place: Place) -> None:
    """The log of the container before is kept."""
    pod = place.create(lasting("crashing", shell("echo run; exit 1")))
    pod = place.wait(pod, lambda pod: main_of(pod).restart_count == 1)
    assert place.cluster.logs(pod, previous=True) == "run\n"


@pytest.mark.behaviour("cli/describe")
def test_cli_describe(place: Place) -> None:
    pod = place.start(lasting("described", shell(SLEEP, ports=[8080]), labels={"tier": "back"}))
    told = place.cluster.describe(pod)
    image = main_of(pod).image
    for word in (
        "described",
        place.namespace,
        "tier=back",
        "Running",
        pod.status.pod_ip,
        image,
        "8080/TCP",
        "Scheduled",
        "Started",
    ):
        assert word in told


@pytest.mark.behaviour("api/namespace-delete-pods")
def test_api_namespace_delete_pods(place: Place) -> None:
    pods = [place.create(lasting(name)) for name in ("one", "two")]
    for pod in pods:
        place.wait(pod, "Ready")
    place.cluster.delete("namespace", place.namespace, timeout=PATIENCE)
    assert place.pods() == []
    with pytest.raises(NotFound):
        place.cluster.get("namespace", place.namespace)


@pytest.mark.behaviour("api/watch-add-update-delete")
def test_api_watch_add_update_delete(place: Place) -> None:
    selectors = ("watched=a", "watched=b", "watched in (a,b)")
    watches = [place.cluster.watch(ConfigMap, namespace=place.namespace, labels=selector) for selector in selectors]
    for name in ("a", "b"):
        config_map = place.create(ConfigMap.new(name, {"step": "0"}, labels={"watched": name}))
        for step in ("1", "2"):
            place.cluster.patch(config_map, {"data": {"step": step}})
        place.cluster.delete(config_map)
    life = ["ADDED", "MODIFIED", "MODIFIED", "DELETED"]
    expected = [[("a", one) for one in life], [("b", one) for one in life]]
    for watch, wanted in zip(watches, [*expected, expected[0] + expected[1]], strict=True):
        seen = [(event.object.metadata.name, event.type) for event in itertools.islice(watch, len(wanted))]
        watch.close()
        assert seen == wanted


def test_api_watch_sees_a_label_come_and_go(place: Place) -> None:
    """For a watch with a selector, an object that begins to match is added, and one that ceases to is deleted."""
    with place.cluster.watch(ConfigMap, namespace=place.namespace, labels="chosen=yes") as watch:
        config_map = place.create(ConfigMap.new("plain", {}))
        place.cluster.patch(config_map, {"metadata": {"labels": {"chosen": "yes"}}})
        place.cluster.patch(config_map, {"metadata": {"labels": {"chosen": "no"}}})
        assert [event.type for event in itertools.islice(watch, 2)] == ["ADDED", "DELETED"]


@pytest.mark.behaviour("api/field-validation-typed")
@pytest.mark.parametrize(
    ("line", "path"),
    [("restartPolice: Never", "spec.restartPolice"), ("hostNetwork: true\n  hostNetwork: true", "hostNetwork")],
)
def test_api_field_validation_typed(place: Place, line: str, path: str) -> None:
    manifest = f"""
apiVersion: v1
kind: Pod
metadata:
  name: mistaken
spec:
  {line}
  containers:
  - name: main
    image: localhost/busybox
"""
    with pytest.raises(DecodeError, match=path):
        place.cluster.apply(manifest, namespace=place.namespace)
    assert place.pods() == []


def owned(name: str, *owners: object) -> ConfigMap:
    """A ConfigMap that belongs to other objects."""
    config_map = ConfigMap.new(name, {})
    config_map.metadata.owner_references = [
        OwnerReference(
            owner.api_version, owner.kind, owner.metadata.name, owner.metadata.uid, block_owner_deletion=True
        )
        for owner in owners
    ]
    return config_map


@pytest.mark.behaviour("api/gc-multiple-owners")
def test_api_gc_multiple_owners(place: Place) -> None:
    first, second = (place.create(ConfigMap.new(name, {})) for name in ("first", "second"))
    place.create(owned("of-both", first, second))
    place.create(owned("of-first", first))
    place.cluster.delete(first, propagation="Foreground", timeout=PATIENCE)
    left = {one.metadata.name for one in place.cluster.list(ConfigMap, namespace=place.namespace)}
    assert left == {"second", "of-both"}
    (reference,) = place.cluster.get(ConfigMap, "of-both", namespace=place.namespace).metadata.owner_references
    assert reference.name == "second"


@pytest.mark.behaviour("api/gc-owner-cycle")
def test_api_gc_owner_cycle(place: Place) -> None:
    pods = [place.create(lasting(f"pod-{number}")) for number in range(3)]
    for pod, owner in zip(pods, [pods[2], pods[0], pods[1]], strict=True):
        reference = {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": owner.metadata.name,
            "uid": owner.metadata.uid,
            "controller": True,
        }
        place.cluster.patch(pod, {"metadata": {"ownerReferences": [reference | {"blockOwnerDeletion": True}]}})
    place.cluster.delete(pods[0], grace_period=0, wait=False)
    eventually(lambda: place.pods() == [], "all Pods of the circle are gone")


def test_api_gc_orphan(place: Place) -> None:
    """A Job that is deleted as ``Orphan`` leaves its Pods alone, without an owner."""
    made = Job.new("parent", containers=[shell(SLEEP)], namespace=place.namespace, restart_policy="Never")
    made = place.wait(place.create(made), lambda job: job.status.ready == 1)
    place.cluster.delete(made, propagation="Orphan", timeout=PATIENCE)
    (pod,) = place.pods()
    assert pod.metadata.owner_references == []
    assert pod.status.phase == "Running"


@pytest.mark.behaviour("scheduling/resource-limits")
def test_scheduling_resource_limits(place: Place) -> None:
    cpus = int(place.cluster.get("node", "node-1").status.allocatable["cpu"])
    pod = place.create(lasting("large", shell(SLEEP, resources=ResourceRequirements({"cpu": str(cpus + 1)}))))
    pod = place.wait(pod, "PodScheduled=False")
    assert pod.status.phase == "Pending"
    assert pod.status.conditions[0].reason == "Unschedulable"
    assert "Insufficient cpu" in pod.status.conditions[0].message


@pytest.mark.behaviour("scheduling/nodeselector-match")
def test_scheduling_nodeselector_match(place: Place) -> None:
    """A Pod waits for a node with the label that it wants."""
    label = f"example.com/{place.namespace}"
    pod = place.wait(place.create(lasting("choosy", node_selector={label: "yes"})), "PodScheduled=False")
    place.cluster.patch("node", "node-1", {"metadata": {"labels": {label: "yes"}}})
    assert place.wait(pod, "Ready").spec.node_name == "node-1"
