"""Every kind can be kept; some objects are there from the beginning, or come with others."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.codec import loads
from podkit.errors import ValidationError
from podkit.model import (
    ConfigMap,
    ControllerRevision,
    Node,
    ObjectMeta,
    Pod,
    PriorityClass,
    ResourceRequirements,
    RuntimeClass,
    ServiceAccount,
)
from podkit.model.kinds import KINDS, UnknownKind
from podkit.store.base import Store

from .objects import pod
from .samples import SAMPLES


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.kinds])
def test_every_kind_is_created_listed_patched_and_deleted(store: Store, kind: str) -> None:
    made = store.create(SAMPLES[kind]())
    name = made.metadata.name

    listed = store.list(kind, labels="sample=yes")
    patched = store.patch(kind, name, {"metadata": {"labels": {"sample": "no"}}})
    store.delete(kind, name, grace_period=0)

    assert [found.metadata.name for found in listed] == [name]
    assert patched.metadata.labels["sample"] == "no"
    left = store.list(kind, labels="sample=no")
    assert left == [] or (kind == "Namespace" and left[0].status.phase == "Terminating")


CONDITION: dict[str, Any] = {"type": "Remarkable", "status": "True", "reason": "BecauseWeSaySo"}
WITH_CONDITIONS = ["ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"]


@pytest.mark.parametrize("kind", WITH_CONDITIONS)
def test_a_condition_of_ones_own_is_kept(store: Store, kind: str) -> None:
    made = store.create(SAMPLES[kind]())
    name = made.metadata.name
    watch = store.watch(kind, since=made.metadata.resource_version)

    store.patch(kind, name, {"status": {"conditions": [CONDITION]}}, subresource="status")
    store.patch(kind, name, {"metadata": {"annotations": {"a": "b"}}})
    found = store.get(kind, name)
    found.status.conditions[0].message = "said again"
    store.update_status(found)

    told = [event.object.status.conditions for event in iter(watch.poll, None)]
    assert [[(c.type, c.reason, c.message) for c in conditions] for conditions in told] == [
        [("Remarkable", "BecauseWeSaySo", None)],
        [("Remarkable", "BecauseWeSaySo", None)],
        [("Remarkable", "BecauseWeSaySo", "said again")],
    ]


def test_the_priority_classes_of_the_system_are_there_and_stay(store: Store) -> None:
    found = {found.metadata.name: found.value for found in store.list(PriorityClass)}

    assert found == {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
    with pytest.raises(ValidationError, match="system priority class"):
        store.delete(PriorityClass, "system-node-critical")


def test_pods_get_what_is_stored_of_what_they_name(store: Store) -> None:
    store.create(PriorityClass.new("gold", 1000))
    store.create(RuntimeClass.new("kata", "kata", overhead={"cpu": "10m"}))
    store.create(ServiceAccount.new("robot", image_pull_secrets=["registry"]))

    spec = store.create(pod(priority_class_name="gold", runtime_class_name="kata", service_account_name="robot")).spec

    assert (spec.priority, spec.overhead, spec.image_pull_secrets[0].name) == (1000, {"cpu": "10m"}, "registry")


def test_a_limit_range_counts_in_its_namespace_and_for_resizes(store: Store) -> None:
    store.create(loads(LIMITS))
    ranged, free = store.create(pod(namespace="small")), store.create(pod())

    assert ranged.spec.containers[0].resources == ResourceRequirements({"cpu": "100m"}, {"cpu": "200m"})
    assert free.spec.containers[0].resources is None
    wanted = {"spec": {"containers": [{"name": "app", "resources": {"limits": {"cpu": "300m"}}}]}}
    with pytest.raises(ValidationError, match="maximum cpu usage per Container is 200m, but limit is 300m"):
        store.patch(Pod, "web", wanted, namespace="small", subresource="resize")


LIMITS = """
apiVersion: v1
kind: LimitRange
metadata: {name: small, namespace: small}
spec: {limits: [{type: Container, max: {cpu: 200m}, defaultRequest: {cpu: 100m}}]}
"""


def test_the_certificate_comes_with_the_first_pod_that_reads_it(store: Store) -> None:
    store.create(pod())
    assert store.list(ConfigMap) == []

    store.create(pod("first", service_account_name="robot", namespace="other"))
    store.create(pod("second", service_account_name="robot", namespace="other"))

    assert [(found.metadata.namespace, found.metadata.name) for found in store.list(ConfigMap)] == [
        ("other", "kube-root-ca.crt")
    ]


def test_a_scale_is_no_object(store: Store) -> None:
    with pytest.raises(UnknownKind, match="get_scale"):
        store.list("Scale")


def test_revisions_are_found_by_label(store: Store) -> None:
    for revision, label in ((1, "a"), (2, "a"), (3, "b")):
        meta = ObjectMeta(name=f"web-{revision}", labels={"controller": label})
        store.create(ControllerRevision(metadata=meta, revision=revision, data={"spec": {}}))

    store.delete_collection(ControllerRevision, labels="controller=b")

    assert [found.revision for found in store.list(ControllerRevision, labels="controller=a")] == [1, 2]
    assert len(store.list(ControllerRevision)) == 2
    assert store.list(Node) == []
    assert store.list(Pod) == []
