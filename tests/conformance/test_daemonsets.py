"""DaemonSets: a Pod on each node, and the revisions of their templates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from podkit import ControllerRevision, DaemonSet, Node, NotFound, ObjectMeta, Pod
from tests.conformance.build import shell
from tests.conformance.place import PATIENCE, Place, eventually

HASH = "controller-revision-hash"
SLEEP = "trap exit TERM; sleep 3600 & wait"
"""Goes on until it is asked to end, and then ends at once."""


def daemon_set(name: str, script: str = SLEEP, **fields: Any) -> DaemonSet:
    """A DaemonSet whose Pods run a script."""
    return DaemonSet.new(name, containers=[shell(script)], **{"termination_grace_period_seconds": 1} | fields)


def start(place: Place, made: DaemonSet) -> DaemonSet:
    return place.cluster.rollout(place.create(made)).wait(timeout=PATIENCE)


def change(place: Place, made: DaemonSet, script: str) -> DaemonSet:
    """Roll to another script, to the end."""
    container = {"name": "main", "command": ["sh", "-c", script]}
    place.cluster.patch(made, {"spec": {"template": {"spec": {"containers": [container]}}}})
    return place.cluster.rollout(made).wait(timeout=PATIENCE)


def revisions(place: Place, labels: str | None = None) -> list[ControllerRevision]:
    """The revisions that are here, by number."""
    found = place.cluster.list(ControllerRevision, namespace=place.namespace, labels=labels)
    return sorted(found, key=lambda one: one.revision)


def the_pod(place: Place) -> Pod:
    (pod,) = [pod for pod in place.pods() if pod.metadata.deletion_timestamp is None]
    return pod


@contextmanager
def labelled(place: Place, **labels: str) -> Iterator[Node]:
    """The node with other labels, for a while."""
    (node,) = place.cluster.list(Node)
    yield place.cluster.patch(node, {"metadata": {"labels": labels}})
    place.cluster.patch(node, {"metadata": {"labels": dict.fromkeys(labels)}})


@pytest.mark.behaviour("apps/daemonset-simple")
def test_apps_daemonset_simple(place: Place) -> None:
    made = place.wait(place.create(daemon_set("ds-simple")), "Ready")
    status = made.status
    assert status.desired_number_scheduled == status.current_number_scheduled == status.number_ready == 1
    before = the_pod(place)
    (node,) = place.cluster.list(Node)
    assert before.spec.node_name == node.metadata.name
    place.cluster.delete(before)
    eventually(lambda: place.pods() != [], "another Pod")
    after = place.wait(the_pod(place), "Ready")
    assert after.metadata.name != before.metadata.name


@pytest.mark.behaviour("apps/daemonset-rolling-update")
def test_apps_daemonset_rolling_update(place: Place) -> None:
    made = start(place, daemon_set("ds-roll", f"echo v1; {SLEEP}"))
    before = the_pod(place)
    made = change(place, made, f"echo v2; {SLEEP}")
    place.wait(before, "deleted")
    pod = the_pod(place)
    eventually(lambda: place.cluster.logs(pod) == "v2\n", "it speaks")
    assert [one.revision for one in revisions(place)] == [1, 2]
    assert pod.metadata.labels[HASH] == revisions(place)[1].metadata.labels[HASH]
    assert (made.status.updated_number_scheduled, made.status.observed_generation) == (1, 2)


@pytest.mark.behaviour("apps/daemonset-node-selector")
def test_apps_daemonset_node_selector(place: Place) -> None:
    made = place.create(daemon_set("ds-select", node_selector={"color": "blue"}))
    made = place.wait(made, lambda one: one.status.observed_generation == 1)
    assert place.pods() == []
    with labelled(place, color="blue"):
        made = place.wait(made, "status.numberReady=1")
        pod = the_pod(place)
        with labelled(place, color="green"):
            place.wait(pod, "deleted")
            made = place.wait(made, "status.desiredNumberScheduled=0")
            place.cluster.patch(made, {"spec": {"template": {"spec": {"nodeSelector": {"color": "green"}}}}})
            place.wait(made, "status.numberReady=1")
            assert the_pod(place).spec.node_selector == {"color": "green"}


@pytest.mark.behaviour("apps/daemonset-list-delete-collection")
def test_apps_daemonset_list_delete_collection(place: Place) -> None:
    made = start(place, daemon_set("ds-many", labels={"test": "many"}))
    found = place.cluster.list(DaemonSet, namespace=place.namespace, labels="test=many")
    assert [one.metadata.name for one in found] == ["ds-many"]
    pods = place.pods()
    place.cluster.delete_collection(DaemonSet, namespace=place.namespace, labels="test=many")
    with pytest.raises(NotFound):
        place.cluster.get(made)
    place.cluster.wait(pods, "deleted", timeout=PATIENCE)


@pytest.mark.behaviour("apps/controllerrevision-lifecycle")
def test_apps_controllerrevision_lifecycle(place: Place) -> None:
    made = start(place, daemon_set("ds-rev", labels={"test": "revisions"}))
    (first,) = revisions(place, "test=revisions")
    assert first.revision == 1
    owner = first.metadata.owner_references[0]
    assert (owner.kind, owner.name, owner.controller) == ("DaemonSet", "ds-rev", True)
    first = place.cluster.patch(first, {"metadata": {"labels": {"patched": "yes"}}})
    assert revisions(place, "patched=yes") == [first]
    copy = ControllerRevision(
        metadata=ObjectMeta(
            name="ds-rev-copy",
            labels={"test": "revisions", HASH: "copy"},
            owner_references=first.metadata.owner_references,
        ),
        data=first.data,
        revision=2,
    )
    place.create(copy)
    assert [one.revision for one in revisions(place, "test=revisions")] == [1, 2]
    place.cluster.delete(first)
    assert [one.metadata.name for one in revisions(place)] == ["ds-rev-copy"]
    made = change(place, made, f"echo v2; {SLEEP}")
    assert [one.revision for one in revisions(place)] == [2, 3]
    place.cluster.patch(revisions(place)[0], {"metadata": {"labels": {"old": "yes"}}})
    place.cluster.delete_collection(ControllerRevision, namespace=place.namespace, labels="old=yes")
    made = change(place, made, f"echo v3; {SLEEP}")
    assert [one.revision for one in revisions(place)] == [3, 4]
    place.cluster.delete(made)
    eventually(lambda: revisions(place) == [], "no revisions")
