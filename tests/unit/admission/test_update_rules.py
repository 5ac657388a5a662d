"""Rules for changes: what may change of an object, and where a forbidden change is."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.admission.validation import check_ephemeral_containers_update, check_resize
from podkit.model.container_status import ContainerState, ContainerStateRunning, ContainerStatus
from podkit.model.resources import ResourceRequirements
from tests.unit.admission.manifests import container, cron_job, job, load, pod, workload, wrong

C = "spec.containers[0]"
TOLERATION = "{key: a, operator: Exists, effect: NoExecute}"
GATED = "schedulingGates: [{name: a.b/c}]"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _node_affinity(*terms: str) -> str:
    inside = f"{{{REQUIRED}: {{nodeSelectorTerms: [{', '.join(terms)}]}}}}"
    return f"affinity: {{nodeAffinity: {inside}}}"


A = "{matchExpressions: [{key: a, operator: Exists}]}"
A_AND_B = "{matchExpressions: [{key: a, operator: Exists}, {key: b, operator: Exists}]}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{}", "{containers: [{name: c, image: other, imagePullPolicy: Always}]}", set()),
        ("{initContainers: [{name: i, image: a:1}]}", "{initContainers: [{name: i, image: a:2}]}", set()),
        ("{}", "{initContainers: [{name: i, image: a}]}", {"spec.initContainers: Forbidden"}),
        ("{}", "{activeDeadlineSeconds: 5}", set()),
        ("{activeDeadlineSeconds: 5}", "{activeDeadlineSeconds: 4}", set()),
        ("{activeDeadlineSeconds: 5}", "{activeDeadlineSeconds: 6}", {"spec.activeDeadlineSeconds: Invalid"}),
        ("{activeDeadlineSeconds: 5}", "{}", {"spec.activeDeadlineSeconds: Invalid"}),
        (f"{{tolerations: [{TOLERATION}]}}", f"{{tolerations: [{{key: b, operator: Exists}}, {TOLERATION}]}}", set()),
        (f"{{tolerations: [{TOLERATION}]}}", "{}", {"spec.tolerations: Forbidden"}),
        (
            f"{{tolerations: [{TOLERATION}]}}",
            "{tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 9}]}",
            set(),
        ),
        (
            "{terminationGracePeriodSeconds: 5}",
            "{terminationGracePeriodSeconds: 6}",
            {"spec.terminationGracePeriodSeconds: Forbidden"},
        ),
        ("{terminationGracePeriodSeconds: -5}", "{terminationGracePeriodSeconds: 1}", set()),
        ("{}", "{hostNetwork: true}", {"spec.hostNetwork: Forbidden"}),
        ("{}", "{restartPolicy: Never}", {"spec.restartPolicy: Forbidden"}),
        ("{}", "{nodeSelector: {a: b}}", {"spec.nodeSelector: Forbidden"}),
        ("{}", "{hostNetwork: true, hostname: a}", {"spec: Forbidden"}),
        # A Pod that is held back may be told more about where it may go.
        (f"{{{GATED}}}", "{}", set()),
        ("{}", f"{{{GATED}}}", {"spec.schedulingGates[0].name: Forbidden"}),
        (f"{{{GATED}}}", f"{{{GATED}, nodeSelector: {{a: b}}}}", set()),
        (
            f"{{{GATED}, nodeSelector: {{a: b}}}}",
            f"{{{GATED}, nodeSelector: {{a: c}}}}",
            {"spec.nodeSelector: Invalid"},
        ),
        (f"{{{GATED}}}", f"{{{GATED}, {_node_affinity(A)}}}", set()),
        (f"{{{GATED}, {_node_affinity(A)}}}", f"{{{GATED}, {_node_affinity(A_AND_B)}}}", set()),
        (
            f"{{{GATED}, {_node_affinity(A_AND_B)}}}",
            f"{{{GATED}, {_node_affinity(A)}}}",
            {f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0]: Invalid"},
        ),
        (
            f"{{{GATED}, {_node_affinity(A)}}}",
            f"{{{GATED}, {_node_affinity(A, A)}}}",
            {f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms: Invalid"},
        ),
        (
            f"{{{_node_affinity(A)}}}",
            f"{{{_node_affinity(A_AND_B)}}}",
            {f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions: Forbidden"},
        ),
    ],
)
def test_what_may_change_of_a_pod(old: str, new: str, expected: set[str]) -> None:
    before = pod(old)
    before.spec.containers[0].image_pull_policy = "Always"
    after = pod(new)
    after.spec.containers[0].image_pull_policy = "Always"

    assert wrong(after, before) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{env: [{name: A, value: x}]}", "{env: [{name: A, value: z}]}", {f"{C}.env[0].value: Forbidden"}),
        ("{env: [{name: A, value: x}]}", "{env: []}", {f"{C}.env: Forbidden"}),
        ("{command: [a]}", "{command: [b]}", {f"{C}.command: Forbidden"}),
        ("{resources: {requests: {memory: 1Gi}}}", "{resources: {requests: {memory: 1024Mi}}}", set()),
        ("{}", "{tty: true, stdin: true}", {f"{C}: Forbidden"}),
    ],
)
def test_what_may_change_of_a_container(old: str, new: str, expected: set[str]) -> None:
    assert wrong(container(new), container(old)) == expected


def test_a_mirror_pod_stays_one() -> None:
    mirror = pod("{nodeName: n}", "{annotations: {kubernetes.io/config.mirror: x}}")

    assert wrong(pod("{nodeName: n}"), mirror) == {"metadata.annotations[kubernetes.io/config.mirror]: Forbidden"}


def _paths(found: list[Any]) -> set[str]:
    return {f"{error.path}: {error.reason}" for error in found}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[]", "[{name: d, image: busybox}]", set()),
        ("[{name: d, image: a}]", "[{name: e, image: b}, {name: d, image: a}]", set()),
        ("[{name: d, image: a}]", "[]", {"spec.ephemeralContainers: Forbidden"}),
        ("[{name: d, image: a}]", "[{name: d, image: b}]", {"spec.ephemeralContainers: Forbidden"}),
        (
            "[]",
            "[{name: d, image: a, targetContainerName: x}]",
            {"spec.ephemeralContainers[0].targetContainerName: NotFound"},
        ),
        ("[]", "[{name: d}]", {"spec.ephemeralContainers[0].image: Required"}),
    ],
)
def test_ephemeral_containers_are_added_and_stay(old: str, new: str, expected: set[str]) -> None:
    before, after = pod(f"{{ephemeralContainers: {old}}}"), pod(f"{{ephemeralContainers: {new}}}")

    assert _paths(check_ephemeral_containers_update(after, before)) == expected


def test_a_static_pod_has_no_ephemeral_containers() -> None:
    mirror = pod("{nodeName: n}", "{annotations: {kubernetes.io/config.mirror: x}}")

    assert _paths(check_ephemeral_containers_update(mirror, mirror)) == {": Forbidden"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{requests: {cpu: 1}}", "{requests: {cpu: 2}}", set()),
        ("{requests: {cpu: 1}}", "{requests: {cpu: 1, memory: 1Gi}}", set()),
        ("{requests: {cpu: 1}}", "{requests: {memory: 1Gi}}", {f"{C}.resources.requests: Forbidden"}),
        ("{requests: {cpu: 1}, limits: {cpu: 2}}", "{requests: {cpu: 1}}", {f"{C}.resources.limits: Forbidden"}),
        ("{requests: {cpu: 1}}", "{}", {f"{C}.resources.requests: Forbidden", "spec: Invalid"}),
        (
            "{requests: {cpu: 1}, limits: {example.com/a: 1}}",
            "{requests: {cpu: 1}, limits: {example.com/a: 2}}",
            {"spec: Forbidden"},
        ),
        ("{limits: {cpu: 1, memory: 1Gi}}", "{limits: {cpu: 2, memory: 2Gi}}", set()),
        ("{limits: {cpu: 1, memory: 1Gi}}", "{limits: {cpu: 2, memory: 2Gi}, requests: {cpu: 1}}", {"spec: Invalid"}),
    ],
)
def test_cpu_and_memory_of_a_container_are_resized(old: str, new: str, expected: set[str]) -> None:
    assert _paths(check_resize(container(f"{{resources: {new}}}"), container(f"{{resources: {old}}}"))) == expected


def test_nothing_else_changes_by_a_resize() -> None:
    old = container("{resources: {requests: {cpu: 1}}}")
    new = container("{image: other, resources: {requests: {cpu: 2}}}")

    assert _paths(check_resize(new, old)) == {"spec: Forbidden"}
    assert _paths(check_resize(container("{resources: {requests: {cpu: 2}}}", "{hostname: a}"), old)) == {
        "spec: Forbidden"
    }


def test_an_init_container_is_resized_whether_or_not_it_is_a_sidecar() -> None:
    spec = (
        "{{initContainers: [{{name: i, image: a, restartPolicy: {policy}, resources: {{requests: {{cpu: {cpu}}}}}}}]}}"
    )
    plain = spec.replace("restartPolicy: {policy}, ", "")

    sidecars = [pod(spec.format(policy="Always", cpu=cpu)) for cpu in (1, 2)]
    inits = [pod(plain.format(cpu=cpu)) for cpu in (1, 2)]

    assert _paths(check_resize(sidecars[1], sidecars[0])) == set()
    assert _paths(check_resize(inits[1], inits[0])) == set()


def test_an_init_container_is_resized_in_cpu_and_memory_only() -> None:
    old = pod("{initContainers: [{name: i, image: a}]}")
    new = pod("{initContainers: [{name: i, image: b}]}")

    assert _paths(check_resize(new, old)) == {"spec.initContainers[0]: Forbidden"}


def test_containers_are_neither_added_nor_reordered_by_a_resize() -> None:
    old = pod("{containers: [{name: a, image: i}, {name: b, image: i}]}")
    new = pod("{containers: [{name: b, image: i}, {name: a, image: i}]}")

    assert _paths(check_resize(new, old)) == {"spec.containers: Forbidden"}
    assert _paths(check_resize(pod("{containers: [{name: a, image: i}]}"), old)) == {"spec.containers: Forbidden"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{requests: {cpu: 1}}", "{requests: {cpu: 2}}", set()),
        ("{requests: {cpu: 1, memory: 1Gi}}", "{requests: {cpu: 2}}", {"spec.resources.requests: Forbidden"}),
        (
            "{requests: {cpu: 1}, limits: {cpu: 1, hugepages-2Mi: 2Mi}}",
            "{requests: {cpu: 1}, limits: {cpu: 1, hugepages-2Mi: 4Mi}}",
            {"spec: Forbidden"},
        ),
    ],
)
def test_the_pod_as_a_whole_is_resized_too(old: str, new: str, expected: set[str]) -> None:
    before, after = pod(f"{{resources: {old}}}"), pod(f"{{resources: {new}}}")

    assert _paths(check_resize(after, before)) == expected


def test_the_resources_of_a_pod_as_a_whole_stay() -> None:
    before = pod("{resources: {requests: {cpu: 1}}}")

    assert "spec.resources: Forbidden" in _paths(check_resize(pod(), before))


def test_a_node_that_does_not_report_resources_cannot_resize() -> None:
    old, new = container("{resources: {requests: {cpu: 1}}}"), container("{resources: {requests: {cpu: 2}}}")
    running = ContainerState(running=ContainerStateRunning())
    status = ContainerStatus(name="c", image="img", image_id="", ready=True, restart_count=0, state=running)
    old.status.container_statuses = [status]

    assert _paths(check_resize(new, old)) == {"spec: Forbidden"}

    status.resources = ResourceRequirements()
    assert _paths(check_resize(new, old)) == set()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "{parallelism: 1}",
            "{parallelism: 3, backoffLimit: 1, activeDeadlineSeconds: 5, ttlSecondsAfterFinished: 1, suspend: true}",
            set(),
        ),
        ("{completions: 1}", "{completions: 2}", {"spec.completions: Invalid"}),
        (
            "{completionMode: Indexed, completions: 2, parallelism: 2}",
            "{completionMode: Indexed, completions: 3, parallelism: 3}",
            set(),
        ),
        (
            "{completionMode: Indexed, completions: 2, parallelism: 2}",
            "{completionMode: Indexed, completions: 3, parallelism: 2}",
            {"spec.completions: Invalid"},
        ),
        ("{completions: 2}", "{completions: 2, completionMode: Indexed}", {"spec.completionMode: Invalid"}),
        ("{}", "{managedBy: example.com/a}", {"spec.managedBy: Invalid"}),
        (
            (
                "{manualSelector: true, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b, c: d}}, spec:"
                " {restartPolicy: Never, containers: [{name: c, image: img}]}}}"
            ),
            (
                "{manualSelector: true, selector: {matchLabels: {c: d}}, template: {metadata: {labels: {a: b, c: d}}, spec:"
                " {restartPolicy: Never, containers: [{name: c, image: img}]}}}"
            ),
            {"spec.selector: Invalid"},
        ),
    ],
)
def test_what_may_change_of_a_job(old: str, new: str, expected: set[str]) -> None:
    assert wrong(job(new), job(old)) == expected


TEMPLATE = "template: {{spec: {{restartPolicy: Never, {placement}containers: [{{name: c, image: {image}}}]}}}}"


def test_the_template_of_a_suspended_job_may_be_placed_anew_but_not_changed() -> None:
    def of(suspend: str, placement: str = "", image: str = "img") -> Any:
        return job(f"{{suspend: {suspend}, {TEMPLATE.format(placement=placement, image=image)}}}")

    placed = "nodeSelector: {a: b}, tolerations: [{operator: Exists}], "

    assert wrong(of("false", placed), of("true")) == set()
    assert wrong(of("true", image="other"), of("true")) == {"spec.template: Invalid"}
    assert wrong(of("true", placed), of("false")) == {"spec.template: Invalid"}


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "DaemonSet"])
def test_a_selector_never_changes(kind: str) -> None:
    labels = "template: {metadata: {labels: {app: a, b: c}}, spec: {containers: [{name: c, image: i}]}}"

    assert wrong(
        workload(kind, f"{{selector: {{matchLabels: {{b: c}}}}, {labels}}}"), workload(kind, f"{{{labels}}}")
    ) == {"spec.selector: Invalid"}


CLAIMS = "[{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: %s}}}}]"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{}", "{replicas: 3, minReadySeconds: 1, revisionHistoryLimit: 2, ordinals: {start: 1}}", set()),
        ("{}", "{podManagementPolicy: Parallel}", {"spec.podManagementPolicy: Forbidden"}),
        (
            f"{{volumeClaimTemplates: {CLAIMS % '1Gi'}}}",
            f"{{volumeClaimTemplates: {CLAIMS % '2Gi'}}}",
            {"spec.volumeClaimTemplates: Forbidden"},
        ),
        (f"{{volumeClaimTemplates: {CLAIMS % '1Gi'}}}", f"{{volumeClaimTemplates: {CLAIMS % '1024Mi'}}}", set()),
    ],
)
def test_what_may_change_of_a_stateful_set(old: str, new: str, expected: set[str]) -> None:
    assert wrong(workload("StatefulSet", new), workload("StatefulSet", old)) == expected


def test_everything_may_change_of_a_cron_job() -> None:
    assert wrong(cron_job("{schedule: '@daily', suspend: true, timeZone: UTC}"), cron_job()) == set()
    assert wrong(cron_job("{schedule: 'TZ=UTC * * * * *'}"), cron_job("{schedule: 'TZ=UTC 0 * * * *'}")) == set()


CLAIM = (
    "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: x}}, status: {{phase: {phase}, capacity: {{storage: 2Gi}}}},"
    " spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: {storage}}}}}, {more}}}}}"
)


@pytest.mark.parametrize(
    ("phase", "old", "new", "expected"),
    [
        ("Bound", ("2Gi", ""), ("3Gi", ""), set()),
        ("Pending", ("2Gi", ""), ("3Gi", ""), {"spec.resources.requests[storage]: Forbidden"}),
        ("Bound", ("3Gi", ""), ("2Gi", ""), {"spec.resources.requests.storage: Forbidden"}),
        ("Pending", ("2Gi", ""), ("2Gi", "volumeName: v"), set()),
        ("Pending", ("2Gi", "volumeName: v"), ("2Gi", "volumeName: w"), {"spec.volumeName: Forbidden"}),
        ("Pending", ("2Gi", ""), ("2Gi", "storageClassName: a"), set()),
        (
            "Pending",
            ("2Gi", "storageClassName: a"),
            ("2Gi", "storageClassName: b"),
            {"spec.storageClassName: Forbidden"},
        ),
        (
            "Pending",
            ("2Gi", ""),
            ("2Gi", "volumeMode: Block"),
            {"spec.volumeMode: Forbidden", "spec.volumeMode: Invalid"},
        ),
        (
            "Bound",
            ("2Gi", "volumeAttributesClassName: a"),
            ("2Gi", ""),
            {"spec.volumeAttributesClassName: Forbidden"},
        ),
    ],
)
def test_what_may_change_of_a_claim(phase: str, old: tuple[str, str], new: tuple[str, str], expected: set[str]) -> None:
    before, after = (load(CLAIM.format(phase=phase, storage=storage, more=more)) for storage, more in (old, new))

    assert wrong(after, before) == expected


def _service(spec: str) -> Any:
    return load(f"{{apiVersion: v1, kind: Service, metadata: {{name: x}}, spec: {{ports: [{{port: 80}}], {spec}}}}}")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("clusterIP: 10.0.0.1", "clusterIP: 10.0.0.1, type: NodePort", set()),
        ("clusterIP: 10.0.0.1", "clusterIP: 10.0.0.2", {"spec.clusterIPs[0]: Invalid"}),
        ("clusterIP: 10.0.0.1", "", {"spec.clusterIPs[0]: Invalid"}),
        ("clusterIP: 10.0.0.1", "type: ExternalName, externalName: a.b", set()),
        ("clusterIP: None", "clusterIP: None, ipFamilies: [IPv4]", set()),
        (
            "clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 'fd00::1']",
            "clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1]",
            {"spec.ipFamilyPolicy: Invalid"},
        ),
        ("type: LoadBalancer", "type: LoadBalancer, loadBalancerClass: a.b/c", {"spec.loadBalancerClass: Invalid"}),
    ],
)
def test_what_may_change_of_a_service(old: str, new: str, expected: set[str]) -> None:
    assert wrong(_service(new), _service(old)) == expected


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        ("ConfigMap", "data: {a: b}", "data: {a: c}, immutable: true", set()),
        ("ConfigMap", "immutable: true, binaryData: {a: eA==}", "immutable: true", {"binaryData: Forbidden"}),
        ("Secret", "type: a", "type: b", {"type: Invalid"}),
        ("Secret", "immutable: true, data: {a: eA==}", "data: {a: eA==}", {"immutable: Forbidden"}),
        ("Node", "spec: {podCIDRs: [10.0.0.0/24]}", "spec: {podCIDRs: [10.0.1.0/24]}", {"spec.podCIDRs: Forbidden"}),
        ("Node", "spec: {}", "spec: {podCIDRs: [10.0.1.0/24], providerID: a, unschedulable: true}", set()),
        ("Node", "spec: {providerID: a}", "spec: {providerID: b}", {"spec.providerID: Forbidden"}),
    ],
)
def test_what_may_change_of_other_kinds(kind: str, old: str, new: str, expected: set[str]) -> None:
    before, after = (load(f"{{apiVersion: v1, kind: {kind}, metadata: {{name: x}}, {rest}}}") for rest in (old, new))

    assert wrong(after, before) == expected


def test_what_a_controller_revision_remembers_does_not_change() -> None:
    revision = "{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: x}, revision: 1, data: {a: %s}}"

    assert wrong(load(revision % "b"), load(revision % "b")) == set()
    assert wrong(load(revision % "c"), load(revision % "b")) == {"data: Invalid"}
