"""What an API server does to an object before it stores it."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from podkit.admission import (
    prepare_create,
    prepare_ephemeral_containers_update,
    prepare_resize,
    prepare_status_update,
    prepare_update,
)
from podkit.admission.pod_resources import aggregate_limits, aggregate_requests, qos_class
from podkit.codec import loads
from podkit.errors import ValidationError
from podkit.model.pod import PodCondition, PodIP
from podkit.model.resources import ResourceRequirements
from tests.unit.admission.manifests import container, job, load, pod, workload

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_new_pod_is_pending_and_has_what_admission_gives_it() -> None:
    new = prepare_create(pod(metadata="{generation: 7}"))

    assert (new.status.phase, new.status.qos_class, new.metadata.generation) == ("Pending", "BestEffort", 1)
    assert (new.spec.priority, new.spec.preemption_policy) == (0, "PreemptLowerPriority")
    assert new.spec.service_account_name == "default"
    assert [(each.key, each.effect, each.operator, each.toleration_seconds) for each in new.spec.tolerations] == [
        ("node.kubernetes.io/not-ready", "NoExecute", "Exists", 300),
        ("node.kubernetes.io/unreachable", "NoExecute", "Exists", 300),
    ]


def test_the_object_that_was_given_is_not_changed() -> None:
    given = pod()
    before = copy.deepcopy(given)

    prepare_create(given)

    assert given == before


def test_a_pod_that_tolerates_everything_gets_no_more_tolerations() -> None:
    assert len(prepare_create(pod("{tolerations: [{operator: Exists}]}")).spec.tolerations) == 1


def test_a_client_does_not_write_the_status() -> None:
    given = pod()
    given.status.phase, given.status.pod_ip = "Running", "10.0.0.1"
    given.metadata.deletion_timestamp = NOW

    new = prepare_create(given)

    assert (new.status.phase, new.status.pod_ip, new.metadata.deletion_timestamp) == ("Pending", None, None)


def test_a_gated_pod_says_that_it_is_not_scheduled() -> None:
    conditions = prepare_create(pod("{schedulingGates: [{name: a.b/c}]}")).status.conditions

    assert [(each.type, each.status, each.reason) for each in conditions] == [
        ("PodScheduled", "False", "SchedulingGated")
    ]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ("{priorityClassName: gold}", "spec.priorityClassName"),
        ("{priority: 5}", "spec.priority"),
        ("{preemptionPolicy: Never}", "spec.preemptionPolicy"),
        ("{runtimeClassName: gvisor}", "spec.runtimeClassName"),
        ("{nodeSelector: {a b: c}}", "spec.nodeSelector"),
    ],
)
def test_what_names_nothing_that_there_is_is_refused(spec: str, path: str) -> None:
    with pytest.raises(ValidationError) as caught:
        prepare_create(pod(spec))

    assert [error.path for error in caught.value.errors] == [path]
    assert 'Pod "x" is not valid' in str(caught.value)


def test_the_priority_classes_of_the_system_are_known() -> None:
    assert prepare_create(pod("{priorityClassName: system-node-critical}")).spec.priority == 2_000_001_000


def test_an_update_keeps_identity_and_status_and_counts_the_generation() -> None:
    old = prepare_create(pod())
    old.metadata.uid, old.metadata.creation_timestamp = "u", NOW
    old.status.phase = "Running"
    new = copy.deepcopy(old)
    new.metadata.uid, new.metadata.creation_timestamp, new.metadata.generation = None, None, 99
    new.status.phase = "Failed"
    new.metadata.labels = {"a": "b"}

    labelled = prepare_update(old, new)
    new.spec.active_deadline_seconds = 5
    changed = prepare_update(old, new)

    assert (labelled.metadata.uid, labelled.metadata.creation_timestamp, labelled.status.phase) == ("u", NOW, "Running")
    assert (labelled.metadata.generation, changed.metadata.generation) == (1, 2)
    assert labelled.metadata.labels == {"a": "b"}


def test_a_pod_may_be_updated_without_what_admission_has_added() -> None:
    old = prepare_create(pod("{serviceAccountName: default}"))

    assert prepare_update(old, pod("{serviceAccountName: default}")).spec == old.spec


def test_the_manifest_of_a_pod_can_replace_it() -> None:
    """It never said which node, account and priority the Pod has, and does not ask for others."""
    old = prepare_create(pod())
    old.spec.node_name = "node-1"
    replaced = prepare_update(old, pod())
    assert replaced.spec == old.spec
    other = pod()
    other.spec.node_name = "node-2"
    with pytest.raises(ValidationError, match="spec"):
        prepare_update(old, other)


def test_an_amount_that_is_written_otherwise_is_no_new_generation() -> None:
    old = prepare_create(container("{resources: {requests: {memory: 1Gi}}}"))
    new = copy.deepcopy(old)
    new.spec.containers[0].resources.requests["memory"] = "1024Mi"

    assert prepare_update(old, new).metadata.generation == 1


def test_the_generation_of_a_deployment_counts_its_annotations_too() -> None:
    old = prepare_create(workload("Deployment"))
    new = copy.deepcopy(old)
    new.metadata.annotations = {"a": "b"}

    assert prepare_update(old, new).metadata.generation == 2


def test_a_change_that_is_not_allowed_is_refused() -> None:
    old = prepare_create(pod())
    new = copy.deepcopy(old)
    new.spec.host_network = True

    with pytest.raises(ValidationError) as caught:
        prepare_update(old, new)

    assert [(error.path, error.reason) for error in caught.value.errors] == [("spec.hostNetwork", "Forbidden")]


def test_a_status_update_changes_the_status_only() -> None:
    old = prepare_create(workload("Deployment"))
    new = copy.deepcopy(old)
    new.spec.replicas, new.status.replicas, new.metadata.labels = 5, 1, {"a": "b"}
    new.metadata.generation = 9

    stored = prepare_status_update(old, new)

    assert (stored.spec.replicas, stored.status.replicas, stored.metadata.labels, stored.metadata.generation) == (
        1,
        1,
        {},
        1,
    )


def test_a_status_that_cannot_be_is_refused() -> None:
    old = prepare_create(pod())
    new = copy.deepcopy(old)
    new.status.conditions = [PodCondition(type="not a name", status="True")]

    with pytest.raises(ValidationError, match="conditions"):
        prepare_status_update(old, new)


def test_a_job_gets_a_selector_of_its_own() -> None:
    new = prepare_create(job(metadata="{uid: u}"))
    labels = {
        "batch.kubernetes.io/controller-uid": "u",
        "controller-uid": "u",
        "batch.kubernetes.io/job-name": "x",
        "job-name": "x",
    }

    assert new.spec.selector.match_labels == {"batch.kubernetes.io/controller-uid": "u"}
    assert new.spec.template.metadata.labels == labels
    assert new.metadata.labels == labels
    assert prepare_update(new, new) == new


def test_a_job_with_a_selector_of_the_user_keeps_it() -> None:
    spec = (
        "{manualSelector: true, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec:"
        " {restartPolicy: Never, containers: [{name: c, image: img}]}}}"
    )

    assert prepare_create(job(spec)).spec.selector.match_labels == {"a": "b"}


def test_labels_in_the_way_of_the_generated_selector_are_refused() -> None:
    template = (
        "{metadata: {labels: {job-name: other}}, spec: {restartPolicy: Never, containers: [{name: c, image: img}]}}"
    )
    spec = f"{{template: {template}}}"

    with pytest.raises(ValidationError) as caught:
        prepare_create(job(spec))

    assert [error.path for error in caught.value.errors] == ["spec.template.metadata.labels[job-name]"]


def test_a_refusal_says_where_in_the_file() -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: Web\n    image: a\n"

    with pytest.raises(ValidationError) as caught:
        prepare_create(loads(text))

    assert [(error.line, error.column) for error in caught.value.errors] == [(7, 11)]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{}", "BestEffort"),
        ("{containers: [{name: c, image: i, resources: {limits: {cpu: 1, memory: 1Gi}}}]}", "Guaranteed"),
        ("{containers: [{name: c, image: i, resources: {limits: {cpu: 1}}}]}", "Burstable"),
        ("{containers: [{name: c, image: i, resources: {requests: {cpu: 0}}}]}", "BestEffort"),
        (
            "{initContainers: [{name: i, image: i}], containers: [{name: c, image: i, resources: {limits: {cpu: 1, memory: 1G}}}]}",
            "Burstable",
        ),
        (
            "{containers: [{name: c, image: i, resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}}}]}",
            "Burstable",
        ),
        ("{resources: {limits: {cpu: 1, memory: 1Gi}}}", "Guaranteed"),
        ("{containers: [{name: c, image: i, resources: {limits: {example.com/a: 1}}}]}", "BestEffort"),
    ],
)
def test_the_qos_class(spec: str, expected: str) -> None:
    assert prepare_create(pod(spec)).status.qos_class == expected


def test_containers_add_up_and_init_containers_count_by_the_largest() -> None:
    def part(name: str, cpu: str, more: str = "") -> str:
        return f"{{name: {name}, image: i, resources: {{requests: {{cpu: {cpu}}}, limits: {{cpu: {cpu}}}}}{more}}}"

    sidecar, setup = part("s", "100m", ", restartPolicy: Always"), part("i", "900m")
    spec = pod(f"{{containers: [{part('a', '300m')}, {part('b', '200m')}], initContainers: [{sidecar}, {setup}]}}").spec

    assert {name: str(amount) for name, amount in aggregate_requests(spec).items()} == {"cpu": "1"}
    assert aggregate_limits(spec) == aggregate_requests(spec)
    assert qos_class(spec) == "Burstable"


def test_every_kind_can_be_created_and_left_as_it_is() -> None:
    for kind in ("Namespace", "Node", "Service", "PersistentVolumeClaim"):
        spec = {
            "Service": "{ports: [{port: 80}]}",
            "PersistentVolumeClaim": "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}",
        }.get(kind, "{}")
        new: Any = prepare_create(load(f"{{apiVersion: v1, kind: {kind}, metadata: {{name: x}}, spec: {spec}}}"))

        assert prepare_update(new, new) == new
        assert prepare_status_update(new, new) == new


def test_an_ephemeral_container_is_added_and_nothing_else_changes() -> None:
    stored = prepare_create(pod())
    given = pod("{ephemeralContainers: [{name: debug, image: busybox}], hostname: other}", "{labels: {a: b}}")
    given.metadata.resource_version = "7"

    new = prepare_ephemeral_containers_update(stored, given)

    (added,) = new.spec.ephemeral_containers
    assert (added.name, added.image_pull_policy) == ("debug", "Always")
    assert (new.spec.hostname, new.metadata.labels, new.metadata.resource_version) == (None, {}, "7")
    assert (new.metadata.generation, stored.metadata.generation) == (2, 1)
    assert not stored.spec.ephemeral_containers


def test_an_ephemeral_container_is_not_taken_away() -> None:
    stored = prepare_ephemeral_containers_update(
        prepare_create(pod()), pod("{ephemeralContainers: [{name: debug, image: busybox}]}")
    )

    with pytest.raises(ValidationError, match=r"spec\.ephemeralContainers"):
        prepare_ephemeral_containers_update(stored, pod())


def test_the_same_ephemeral_containers_again_are_no_change() -> None:
    stored = prepare_create(pod())

    assert prepare_ephemeral_containers_update(stored, stored) == stored


def test_a_container_is_resized_and_nothing_else_changes() -> None:
    stored = prepare_create(container("{resources: {requests: {cpu: 100m}}}"))
    stored.status.phase = "Running"
    given = container("{image: other, resources: {requests: {cpu: 200m}, limits: {cpu: 1}}}")

    new = prepare_resize(stored, given)

    assert new.spec.containers[0].resources == ResourceRequirements(requests={"cpu": "200m"}, limits={"cpu": "1"})
    assert new.spec.containers[0].image == "img"
    assert (new.metadata.generation, new.status.phase) == (2, "Running")
    assert stored.spec.containers[0].resources == ResourceRequirements(requests={"cpu": "100m"})


def test_a_resize_keeps_the_class_of_quality() -> None:
    stored = prepare_create(container("{resources: {requests: {cpu: 100m}}}"))

    with pytest.raises(ValidationError, match="QoS class"):
        prepare_resize(stored, container("{resources: {limits: {cpu: 1, memory: 1Gi}}}"))


def test_a_resize_of_other_containers_is_refused() -> None:
    stored = prepare_create(pod())

    with pytest.raises(ValidationError, match="renamed"):
        prepare_resize(stored, pod("{containers: [{name: other, image: img}]}"))


def test_a_status_keeps_what_a_kubelet_has_left_out() -> None:
    stored = prepare_create(pod())
    stored.status.observed_generation = 3
    stored.status.conditions = [PodCondition(type="Ready", status="False", observed_generation=2)]
    given = copy.deepcopy(stored)
    given.status.qos_class = given.status.observed_generation = None
    given.status.conditions = [PodCondition(type="Ready", status="True"), PodCondition(type="New", status="True")]

    new = prepare_status_update(stored, given).status

    assert (new.qos_class, new.observed_generation) == ("BestEffort", 3)
    assert [condition.observed_generation for condition in new.conditions] == [2, None]


@pytest.mark.parametrize(
    ("address", "addresses", "expected"),
    [
        ("10.0.0.1", [], ["10.0.0.1"]),
        ("10.0.0.1", ["10.0.0.1", "fd00::1"], ["10.0.0.1", "fd00::1"]),
        ("10.0.0.1", ["10.0.0.2"], ["10.0.0.1"]),
        (None, ["10.0.0.2"], ["10.0.0.2"]),
        (None, [], []),
    ],
)
def test_the_address_of_a_pod_is_the_first_of_its_addresses(
    address: str | None, addresses: list[str], expected: list[str]
) -> None:
    stored = prepare_create(pod())
    given = copy.deepcopy(stored)
    given.status.pod_ip, given.status.pod_ips = address, [PodIP(each) for each in addresses]

    new = prepare_status_update(stored, given).status

    assert [each.ip for each in new.pod_ips] == expected
    assert new.pod_ip == (expected[0] if expected else None)


def test_a_grace_period_below_zero_is_one_second() -> None:
    assert prepare_create(pod("{terminationGracePeriodSeconds: -5}")).spec.termination_grace_period_seconds == 1


def test_the_number_of_pods_that_a_node_takes_is_whole() -> None:
    with pytest.raises(ValidationError, match=r"status\.capacity\.pods"):
        prepare_create(load("{apiVersion: v1, kind: Node, metadata: {name: node}, status: {capacity: {pods: 1500m}}}"))
