"""Defaults: what is filled in, where, and that nothing that is said is overwritten."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from podkit.admission.defaults import set_defaults
from podkit.admission.defaults.image import default_pull_policy
from podkit.codec import to_dict
from tests.unit.admission.manifests import container, cron_job, job, load, pod, volume, workload
from tests.unit.strategies import documents


def filled(obj: Any) -> dict[str, Any]:
    """Return an object with its defaults, as a document."""
    return to_dict(set_defaults(obj))


def test_the_object_that_was_given_is_not_changed() -> None:
    given_pod = pod("{volumes: [{name: v}]}")
    before = copy.deepcopy(given_pod)

    set_defaults(given_pod)

    assert given_pod == before


def test_a_small_pod_becomes_a_whole_one() -> None:
    assert filled(pod())["spec"] == {
        "containers": [
            {
                "name": "c",
                "image": "img",
                "imagePullPolicy": "Always",
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
        "enableServiceLinks": True,
    }


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.25", "IfNotPresent"),
        ("localhost:5000/a/b", "Always"),
        ("localhost:5000/a/b:1", "IfNotPresent"),
        ("a@sha256:" + "0" * 64, "IfNotPresent"),
        ("a:latest@sha256:" + "0" * 64, "Always"),
        ("Not An Image", "IfNotPresent"),
        ("", "IfNotPresent"),
    ],
)
def test_what_can_move_is_always_pulled(image: str, policy: str) -> None:
    assert default_pull_policy(image) == policy


def test_requests_come_of_limits_in_a_pod_and_not_in_a_template() -> None:
    resources = "{resources: {limits: {cpu: 2, memory: 1Gi}, requests: {cpu: 1}}}"
    template = f"template: {{metadata: {{labels: {{app: a}}}}, spec: {{containers: [{{name: c, image: i, {resources[1:-1]}}}]}}}}"

    of_pod = set_defaults(container(resources)).spec.containers[0].resources
    of_template = set_defaults(workload("Deployment", f"{{{template}}}")).spec.template.spec.containers[0].resources

    assert of_pod.requests == {"cpu": "1", "memory": "1Gi"}
    assert of_template.requests == {"cpu": "1"}


def test_what_is_finer_than_a_thousandth_is_rounded_up_and_the_rest_stays_as_written() -> None:
    resources = (
        set_defaults(container("{resources: {requests: {cpu: 100u, memory: 1024Mi}}}")).spec.containers[0].resources
    )

    assert resources.requests == {"cpu": "1m", "memory": "1024Mi"}


def test_the_resources_of_the_pod_come_of_those_of_its_containers() -> None:
    spec = (
        "{resources: {limits: {cpu: 4, memory: 8Gi}}, containers: [{name: a, image: i, resources: {requests: {cpu: 1}}},"
        " {name: b, image: i, resources: {requests: {cpu: 500m}}}], initContainers: [{name: c, image: i, restartPolicy: Always,"
        " resources: {requests: {cpu: 250m}}}]}"
    )

    assert set_defaults(pod(spec)).spec.resources.requests == {"cpu": "1750m", "memory": "8Gi"}


def test_ports_are_the_hosts_on_the_hosts_network() -> None:
    port = set_defaults(container("{ports: [{containerPort: 80}]}", "{hostNetwork: true}")).spec.containers[0].ports[0]

    assert (port.host_port, port.protocol) == (80, "TCP")


def test_probes_and_hooks() -> None:
    fields = "{livenessProbe: {httpGet: {port: 80}}, readinessProbe: {grpc: {port: 1}}, lifecycle: {preStop: {httpGet: {port: 1}}}}"
    found = filled(container(fields))["spec"]["containers"][0]

    thresholds = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    assert found["livenessProbe"] == {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}, **thresholds}
    assert found["readinessProbe"] == {"grpc": {"port": 1, "service": ""}, **thresholds}
    assert found["lifecycle"]["preStop"]["httpGet"] == {"port": 1, "path": "/", "scheme": "HTTP"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{}", {"emptyDir": {}}),
        ("{secret: {secretName: a}}", {"secret": {"secretName": "a", "defaultMode": 0o644}}),
        ("{configMap: {name: a, defaultMode: 256}}", {"configMap": {"name": "a", "defaultMode": 256}}),
        ("{hostPath: {path: /a}}", {"hostPath": {"path": "/a", "type": ""}}),
        (
            "{projected: {sources: [{serviceAccountToken: {path: t}}]}}",
            {
                "projected": {
                    "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
                    "defaultMode": 0o644,
                }
            },
        ),
        (
            "{downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.name}}]}}",
            {
                "downwardAPI": {
                    "items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}],
                    "defaultMode": 0o644,
                }
            },
        ),
        ("{image: {reference: 'a:1'}}", {"image": {"reference": "a:1", "pullPolicy": "IfNotPresent"}}),
        (
            "{rbd: {monitors: [m], image: i}}",
            {"rbd": {"monitors": ["m"], "image": "i", "pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"}},
        ),
        (
            "{ephemeral: {volumeClaimTemplate: {spec: {}}}}",
            {"ephemeral": {"volumeClaimTemplate": {"spec": {"volumeMode": "Filesystem"}}}},
        ),
    ],
)
def test_volumes(source: str, expected: dict[str, Any]) -> None:
    assert filled(volume(source))["spec"]["volumes"] == [{"name": "v", **expected}]


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        (
            "Deployment",
            "{}",
            {
                "replicas": 1,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
            },
        ),
        ("Deployment", "{replicas: 0, strategy: {type: Recreate}}", {"replicas": 0, "strategy": {"type": "Recreate"}}),
        ("ReplicaSet", "{}", {"replicas": 1}),
        (
            "DaemonSet",
            "{}",
            {
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
                "revisionHistoryLimit": 10,
            },
        ),
        (
            "StatefulSet",
            "{}",
            {
                "replicas": 1,
                "podManagementPolicy": "OrderedReady",
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                "revisionHistoryLimit": 10,
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            },
        ),
        ("StatefulSet", "{updateStrategy: {type: RollingUpdate}}", {"updateStrategy": {"type": "RollingUpdate"}}),
    ],
)
def test_controllers(kind: str, spec: str, expected: dict[str, Any]) -> None:
    found = filled(workload(kind, spec))["spec"]

    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{}", {"completions": 1, "parallelism": 1, "backoffLimit": 6, "podReplacementPolicy": "TerminatingOrFailed"}),
        ("{parallelism: 3}", {"completions": None, "parallelism": 3}),
        ("{completions: 3}", {"completions": 3, "parallelism": 1}),
        ("{backoffLimitPerIndex: 1}", {"backoffLimit": 2**31 - 1}),
        ("{podFailurePolicy: {rules: []}}", {"podReplacementPolicy": "Failed"}),
        ("{}", {"completionMode": "NonIndexed", "suspend": False}),
    ],
)
def test_a_job(spec: str, expected: dict[str, Any]) -> None:
    found = filled(job(spec))["spec"]

    assert {key: found.get(key) for key in expected} == expected


def test_the_jobs_of_a_cron_job_are_filled_in_only_when_they_are_made() -> None:
    found = filled(cron_job())["spec"]

    assert "completions" not in found["jobTemplate"]["spec"]
    assert found["jobTemplate"]["spec"]["template"]["spec"]["dnsPolicy"] == "ClusterFirst"
    assert (found["concurrencyPolicy"], found["successfulJobsHistoryLimit"], found["failedJobsHistoryLimit"]) == (
        "Allow",
        3,
        1,
    )


@pytest.mark.parametrize(
    ("document", "path", "expected"),
    [
        (
            "{apiVersion: v1, kind: Service, spec: {ports: [{port: 80}]}}",
            "spec",
            {
                "type": "ClusterIP",
                "sessionAffinity": "None",
                "internalTrafficPolicy": "Cluster",
                "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            },
        ),
        (
            "{apiVersion: v1, kind: Service, spec: {sessionAffinity: ClientIP}}",
            "spec.sessionAffinityConfig",
            {"clientIP": {"timeoutSeconds": 10800}},
        ),
        (
            "{apiVersion: v1, kind: Service, spec: {type: LoadBalancer}}",
            "spec",
            {"externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": True},
        ),
        (
            "{apiVersion: v1, kind: Secret, data: {a: eA==, b: eA==}, stringData: {a: z}}",
            "",
            {"type": "Opaque", "data": {"a": "eg==", "b": "eA=="}},
        ),
        ("{apiVersion: v1, kind: PersistentVolumeClaim}", "spec", {"volumeMode": "Filesystem"}),
        (
            "{apiVersion: v1, kind: Namespace, metadata: {name: a}}",
            "metadata.labels",
            {"kubernetes.io/metadata.name": "a"},
        ),
        ("{apiVersion: v1, kind: Node, status: {capacity: {cpu: 4}}}", "status.allocatable", {"cpu": "4"}),
        (
            "{apiVersion: v1, kind: ReplicationController, spec: {template: {metadata: {labels: {a: b}}}}}",
            "spec",
            {"replicas": 1, "selector": {"a": "b"}},
        ),
    ],
)
def test_other_kinds(document: str, path: str, expected: dict[str, Any]) -> None:
    found: Any = filled(load(document))
    for step in filter(None, path.split(".")):
        found = found[step]

    assert {key: found.get(key) for key in expected} == expected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_defaults_twice_are_defaults_once(obj: Any) -> None:
    once = set_defaults(obj)

    assert set_defaults(once) == once
