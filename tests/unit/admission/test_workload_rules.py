"""Rules for the kinds that make Pods, and for the kinds beside them."""

from __future__ import annotations

import pytest

from tests.unit.admission.manifests import cron_job, job, load, workload, wrong, wrong_in

SELECTOR = "{selector: {matchLabels: {app: a}}}"


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"])
class TestEveryController:
    def test_a_small_one_is_right(self, kind: str) -> None:
        assert wrong(workload(kind)) == set()

    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            ("{selector: {}}", {"spec.selector: Invalid"}),
            ("{selector: {matchLabels: {app: b}}}", {"spec.template.metadata.labels: Invalid"}),
            ("{minReadySeconds: -1}", {"spec.minReadySeconds: Invalid"}),
        ],
    )
    def test_what_all_refuse(self, kind: str, spec: str, expected: set[str]) -> None:
        assert wrong(workload(kind, spec)) == expected

    def test_the_pods_run_forever(self, kind: str) -> None:
        spec = (
            "{template: {metadata: {labels: {app: a}}, spec: {restartPolicy: Never, activeDeadlineSeconds: 5,"
            " containers: [{name: c, image: i}]}}}"
        )

        assert wrong(workload(kind, spec)) == {
            "spec.template.spec.restartPolicy: NotSupported",
            "spec.template.spec.activeDeadlineSeconds: Forbidden",
        }

    def test_a_selector_that_breaks_a_rule_is_told_where(self, kind: str) -> None:
        found = wrong(workload(kind, "{selector: {matchExpressions: [{key: app, operator: Is, values: [a]}]}}"))

        assert "spec.selector.matchExpressions[0].operator: Invalid" in found


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{replicas: -1, revisionHistoryLimit: -1}", {"spec.replicas: Invalid", "spec.revisionHistoryLimit: Invalid"}),
        ("{progressDeadlineSeconds: 5, minReadySeconds: 5}", {"spec.progressDeadlineSeconds: Invalid"}),
        ("{strategy: {type: Blue}}", {"spec.strategy: NotSupported"}),
        ("{strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}}", {"spec.strategy.rollingUpdate: Forbidden"}),
        (
            "{strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}}",
            {"spec.strategy.rollingUpdate.maxUnavailable: Invalid"},
        ),
        (
            "{strategy: {rollingUpdate: {maxSurge: 200%, maxUnavailable: 101%}}}",
            {"spec.strategy.rollingUpdate.maxUnavailable: Invalid"},
        ),
        ("{strategy: {rollingUpdate: {maxSurge: many}}}", {"spec.strategy.rollingUpdate.maxSurge: Invalid"}),
    ],
)
def test_a_deployment(spec: str, expected: set[str]) -> None:
    assert wrong(workload("Deployment", spec)) == expected


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet"])
def test_a_selector_is_needed(kind: str) -> None:
    template = "template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}"

    assert wrong_in(f"{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: x}}, spec: {{{template}}}}}") == {
        "spec.selector: Required",
        "spec.template.metadata.labels: Invalid",
    }


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{updateStrategy: {type: Now}}", {"spec.updateStrategy: NotSupported"}),
        (
            "{updateStrategy: {rollingUpdate: {maxUnavailable: 0}}}",
            {"spec.updateStrategy.rollingUpdate.maxUnavailable: Required"},
        ),
        ("{updateStrategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}}", set()),
        ("{updateStrategy: {type: OnDelete}}", set()),
    ],
)
def test_a_daemon_set(spec: str, expected: set[str]) -> None:
    assert wrong(workload("DaemonSet", spec)) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{podManagementPolicy: Random}", {"spec.podManagementPolicy: Invalid"}),
        ("{updateStrategy: {type: Now}}", {"spec.updateStrategy: Invalid"}),
        (
            "{updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: -1}}}",
            {"spec.updateStrategy.rollingUpdate.partition: Invalid"},
        ),
        (
            "{persistentVolumeClaimRetentionPolicy: {whenDeleted: Keep}}",
            {"spec.persistentVolumeClaimRetentionPolicy.whenDeleted: NotSupported"},
        ),
        ("{serviceName: A_b}", {"spec.serviceName: Invalid"}),
        # An API server does not look into the Pods of a StatefulSet.
        ("{template: {metadata: {labels: {app: a}}, spec: {containers: []}}}", set()),
    ],
)
def test_a_stateful_set(spec: str, expected: set[str]) -> None:
    assert wrong(workload("StatefulSet", spec)) == expected


J = "spec.podFailurePolicy.rules[0]"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{}", set()),
        (
            "{completions: -1, activeDeadlineSeconds: -1, ttlSecondsAfterFinished: -1}",
            {f"spec.{name}: Invalid" for name in ("completions", "activeDeadlineSeconds", "ttlSecondsAfterFinished")},
        ),
        ("{completionMode: Indexed}", set()),
        ("{completionMode: Indexed, parallelism: 2}", {"spec.completions: Required"}),
        ("{completionMode: Mixed}", {"spec.completionMode: NotSupported"}),
        ("{backoffLimitPerIndex: 1}", {"spec.backoffLimitPerIndex: Invalid"}),
        (
            "{completionMode: Indexed, completions: 2, backoffLimitPerIndex: 1, maxFailedIndexes: 3}",
            {"spec.maxFailedIndexes: Invalid"},
        ),
        (
            "{completionMode: Indexed, completions: 100001, backoffLimitPerIndex: 1, parallelism: 20000}",
            {"spec.maxFailedIndexes: Required", "spec.parallelism: Invalid"},
        ),
        ("{podReplacementPolicy: Always}", {"spec.podReplacementPolicy: NotSupported"}),
        (
            "{podReplacementPolicy: TerminatingOrFailed, podFailurePolicy: {rules: []}}",
            {"spec.podReplacementPolicy: NotSupported"},
        ),
        ("{managedBy: 'example.com/'}", {"spec.managedBy: Invalid"}),
        ("{selector: {matchLabels: {a: b}}}", {"spec.selector: Invalid", "spec.template.metadata.labels: Invalid"}),
        ("{manualSelector: true}", {"spec.selector: Required", "spec.template.metadata.labels: Invalid"}),
        ("{podFailurePolicy: {rules: [{action: FailJob}]}}", {f"{J}: Invalid"}),
        (
            "{podFailurePolicy: {rules: [{action: Stop, onExitCodes: {operator: Is, values: [2, 1, 1], containerName: x}}]}}",
            {
                f"{J}.action: NotSupported",
                f"{J}.onExitCodes.operator: NotSupported",
                f"{J}.onExitCodes.containerName: Invalid",
                f"{J}.onExitCodes.values: Invalid",
                f"{J}.onExitCodes.values[2]: Duplicate",
            },
        ),
        (
            "{podFailurePolicy: {rules: [{action: Count, onExitCodes: {operator: In, values: [0]}}]}}",
            {f"{J}.onExitCodes.values[0]: Invalid"},
        ),
        (
            "{podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: a b, status: Maybe}]}]}}",
            {f"{J}.onPodConditions[0].type: Invalid", f"{J}.onPodConditions[0].status: NotSupported"},
        ),
        ("{successPolicy: {rules: [{succeededCount: 1}]}}", {"spec.successPolicy: Invalid"}),
        ("{completionMode: Indexed, completions: 5, successPolicy: {}}", {"spec.successPolicy.rules: Required"}),
        (
            "{completionMode: Indexed, completions: 5, successPolicy: {rules: [{succeededIndexes: '0-1,3', succeededCount: 3}]}}",
            set(),
        ),
        (
            "{completionMode: Indexed, completions: 5, successPolicy: {rules: [{succeededIndexes: '0-1', succeededCount: 6}, {}]}}",
            {"spec.successPolicy.rules[0].succeededCount: Invalid", "spec.successPolicy.rules[1]: Required"},
        ),
        *(
            (
                f"{{completionMode: Indexed, completions: 5, successPolicy: {{rules: [{{succeededIndexes: '{indexes}'}}]}}}}",
                {"spec.successPolicy.rules[0].succeededIndexes: Invalid"},
            )
            for indexes in ("5", "1,0", "1-1", "2-1", "a", "0-1-2", "1,1", "-1", "0,")
        ),
    ],
)
def test_a_job(spec: str, expected: set[str]) -> None:
    assert wrong(job(spec)) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("Always", {"spec.template.spec.restartPolicy: Required"}),
        ("Maybe", {"spec.template.spec.restartPolicy: NotSupported"}),
        ("OnFailure", {"spec.template.spec.restartPolicy: Invalid"}),
    ],
)
def test_a_failure_policy_needs_pods_that_never_restart(policy: str, expected: set[str]) -> None:
    template = f"template: {{spec: {{restartPolicy: {policy}, containers: [{{name: c, image: i}}]}}}}"
    found = wrong(job(f"{{{template}, podFailurePolicy: {{rules: []}}}}"))

    assert expected <= found


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{schedule: ''}", {"spec.schedule: Required"}),
        ("{schedule: 'every day'}", {"spec.schedule: Invalid"}),
        ("{schedule: 'TZ=UTC 0 0 * * *'}", {"spec.schedule: Invalid"}),
        ("{timeZone: Europe/Berlin}", set()),
        ("{timeZone: Etc/GMT+5}", set()),
        ("{timeZone: Mars/Olympus}", {"spec.timeZone: Invalid"}),
        ("{timeZone: local}", {"spec.timeZone: Invalid"}),
        ("{timeZone: ../UTC}", {"spec.timeZone: Invalid"}),
        ("{timeZone: /etc/localtime}", {"spec.timeZone: Invalid"}),
        ("{concurrencyPolicy: Queue}", {"spec.concurrencyPolicy: NotSupported"}),
        (
            (
                "{jobTemplate: {spec: {selector: {}, manualSelector: true, template: {spec: {restartPolicy: Never,"
                " containers: [{name: c, image: i}]}}}}}"
            ),
            {"spec.jobTemplate.spec.selector: Invalid", "spec.jobTemplate.spec.manualSelector: NotSupported"},
        ),
        (
            "{jobTemplate: {}}",
            {
                "spec.jobTemplate.spec.template.spec.containers: Required",
                "spec.jobTemplate.spec.template.spec.restartPolicy: Required",
            },
        ),
    ],
)
def test_a_cron_job(spec: str, expected: set[str]) -> None:
    assert wrong(cron_job(spec)) == expected


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        (
            "ReplicationController",
            "{template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}",
            set(),
        ),
        ("ReplicationController", "{}", {"spec.selector: Required", "spec.template: Required"}),
        (
            "ReplicationController",
            ("{selector: {a: c}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}"),
            {"spec.template.metadata.labels: Invalid"},
        ),
        ("Service", "{ports: [{port: 80}]}", set()),
        ("Service", "{}", {"spec.ports: Required"}),
        ("Service", "{clusterIP: None}", set()),
        (
            "Service",
            "{type: Magic, ports: [{port: 0}]}",
            {"spec.ports[0].port: Invalid", "spec.ports[0].targetPort: Invalid", "spec.type: NotSupported"},
        ),
        (
            "Service",
            "{ports: [{port: 80}, {port: 80, name: a, nodePort: 30000}]}",
            {"spec.ports[0].name: Required", "spec.ports[1].nodePort: Forbidden", "spec.ports[1]: Duplicate"},
        ),
        ("Service", "{type: ExternalName, externalName: ''}", {"spec.externalName: Required"}),
        ("Service", "{type: NodePort, clusterIP: None, ports: [{port: 1}]}", {"spec.clusterIPs[0]: Invalid"}),
        ("Service", "{clusterIP: 1.2.3, ports: [{port: 1}]}", {"spec.clusterIPs[0]: Invalid"}),
        (
            "Service",
            "{clusterIP: 1.2.3.4, clusterIPs: [1.2.3.4, 1.2.3.5], ipFamilies: [IPv6, IPv6], ports: [{port: 1}]}",
            {
                "spec.clusterIPs: Invalid",
                "spec.clusterIPs[0]: Invalid",
                "spec.clusterIPs[1]: Invalid",
                "spec.ipFamilies[1]: Duplicate",
            },
        ),
        (
            "Service",
            "{externalIPs: [127.0.0.1, x, 224.0.0.1, 10.0.0.1], ports: [{port: 1}]}",
            {f"spec.externalIPs[{index}]: Invalid" for index in (0, 1, 2)},
        ),
        ("Service", "{externalTrafficPolicy: Local, ports: [{port: 1}]}", {"spec.externalTrafficPolicy: Invalid"}),
        ("Service", "{trafficDistribution: Near, ports: [{port: 1}]}", {"spec.trafficDistribution: NotSupported"}),
        (
            "Service",
            "{loadBalancerSourceRanges: [10.0.0.0/33], ports: [{port: 1}]}",
            {"spec.loadBalancerSourceRanges: Forbidden", "spec.loadBalancerSourceRanges[0]: Invalid"},
        ),
        (
            "Service",
            ("{sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}, ports: [{port: 1}]}"),
            {"spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid"},
        ),
        ("PersistentVolumeClaim", "{}", {"spec.accessModes: Required", "spec.resources.requests[storage]: Required"}),
        (
            "PersistentVolumeClaim",
            (
                "{accessModes: [ReadWriteOncePod, ReadWriteOnce, Any], volumeMode: Tape, resources: {requests: "
                "{storage: 0}}}"
            ),
            {
                "spec.accessModes: Forbidden",
                "spec.accessModes: NotSupported",
                "spec.resources.requests[storage]: Invalid",
                "spec.volumeMode: NotSupported",
            },
        ),
        (
            "PersistentVolumeClaim",
            ("{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1}}, dataSource: {kind: Pod, name: ''}}"),
            {"spec.dataSource.name: Required", "spec.dataSource: Invalid"},
        ),
    ],
)
def test_a_spec_of_another_kind(kind: str, spec: str, expected: set[str]) -> None:
    assert wrong(load(f"{{apiVersion: v1, kind: {kind}, metadata: {{name: x}}, spec: {spec}}}")) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            (
                "{apiVersion: v1, kind: Node, metadata: {name: x}, spec: {taints: [{key: a, effect: ''}, {key: b, "
                "effect: NoSchedule}, {key: b, effect: NoSchedule}]}}"
            ),
            {"spec.taints[0].effect: Required", "spec.taints[2]: Duplicate"},
        ),
        (
            "{apiVersion: v1, kind: Node, metadata: {name: x}, spec: {podCIDRs: [10.0.0.0/24, 10.0.1.0/24]}}",
            {"spec.podCIDRs: Invalid"},
        ),
        (
            "{apiVersion: v1, kind: Node, metadata: {name: x}, status: {capacity: {cpu: -1}}}",
            {"status.allocatable.cpu: Invalid", "status.capacity.cpu: Invalid"},
        ),
        (
            "{apiVersion: v1, kind: Namespace, metadata: {name: x}, spec: {finalizers: [mine]}}",
            {"spec.finalizers: Invalid"},
        ),
        (
            ("{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b, 'a/b': c}, binaryData: {a: eA==}}"),
            {"data[a/b]: Invalid", "data[a]: Invalid"},
        ),
        (
            "{apiVersion: v1, kind: Secret, metadata: {name: x}, type: kubernetes.io/tls}",
            {"data[tls.crt]: Required", "data[tls.key]: Required"},
        ),
        (
            (
                "{apiVersion: v1, kind: Secret, metadata: {name: x}, type: kubernetes.io/basic-auth, stringData: "
                "{username: a}}"
            ),
            set(),
        ),
        (
            "{apiVersion: v1, kind: Secret, metadata: {name: x}, type: kubernetes.io/ssh-auth}",
            {"data[ssh-privatekey]: Required"},
        ),
        (
            (
                "{apiVersion: v1, kind: Secret, metadata: {name: x}, type: kubernetes.io/dockercfg, stringData: "
                "{.dockercfg: '[]'}}"
            ),
            {"data[.dockercfg]: Invalid"},
        ),
        (
            "{apiVersion: v1, kind: Secret, metadata: {name: x}, type: kubernetes.io/service-account-token}",
            {"metadata.annotations[kubernetes.io/service-account.name]: Required"},
        ),
        (
            "{apiVersion: v1, kind: Event, metadata: {name: x}, involvedObject: {namespace: other}}",
            {"involvedObject.namespace: Invalid"},
        ),
        ("{apiVersion: v1, kind: Event, metadata: {name: x}, involvedObject: {kind: Node}}", set()),
        (
            (
                "{apiVersion: v1, kind: Event, metadata: {name: x}, involvedObject: {}, eventTime: "
                "'2026-01-01T00:00:00.000000Z'}"
            ),
            {
                "action: Required",
                "reason: Required",
                "reportingComponent: Invalid",
                "reportingComponent: Required",
                "reportingInstance: Required",
            },
        ),
        (
            "{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: x}, revision: -1}",
            {"data: Required", "revision: Invalid"},
        ),
        (
            "{apiVersion: v1, kind: PodTemplate, metadata: {name: x}, template: {spec: {containers: []}}}",
            {"template.spec.containers: Required"},
        ),
    ],
)
def test_a_document_of_another_kind(document: str, expected: set[str]) -> None:
    assert wrong(load(document)) == expected


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_configuration_is_a_mebibyte_at_most(kind: str) -> None:
    obj = load(f"{{apiVersion: v1, kind: {kind}, metadata: {{name: x}}}}")
    content = "x" * (1 << 20)
    obj.data = {"a": content if kind == "ConfigMap" else content.encode()}
    assert wrong(obj) == set()

    obj.data["b"] = "y" if kind == "ConfigMap" else b"y"
    assert wrong(obj) == {"data: TooLong" if kind == "Secret" else ": TooLong"}


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("10.0.0.0/8", True),
        (" fd00::/8 ", True),
        ("0.0.0.0/0", True),
        ("10.0.0.0", False),
        ("10.0.0.1/8", False),
        ("10.0.0.0/08", False),
        ("10.0.0.0/33", False),
        ("10.0.0.0/255.0.0.0", False),
        ("::ffff:10.0.0.0/104", False),
    ],
)
def test_a_range_of_addresses_is_written_strictly(text: str, valid: bool) -> None:
    spec = f"{{type: LoadBalancer, ports: [{{port: 1}}], loadBalancerSourceRanges: ['{text}']}}"

    found = wrong(load(f"{{apiVersion: v1, kind: Service, metadata: {{name: x}}, spec: {spec}}}"))
    assert found == (set() if valid else {"spec.loadBalancerSourceRanges[0]: Invalid"})
