"""Rules for the spec of a Pod around its containers."""

from __future__ import annotations

import pytest

from tests.unit.admission.manifests import pod, workload, wrong

A = "spec.affinity"
N = f"{A}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
T = f"{A}.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{restartPolicy: Sometimes}", {"spec.restartPolicy: NotSupported"}),
        ("{activeDeadlineSeconds: 0}", {"spec.activeDeadlineSeconds: Invalid"}),
        ("{nodeSelector: {a b: c}}", {"spec.nodeSelector: Invalid"}),
        ("{serviceAccountName: A}", {"spec.serviceAccountName: Invalid"}),
        ("{nodeName: A}", {"spec.nodeName: Invalid"}),
        ("{priorityClassName: A}", {"spec.priorityClassName: Invalid"}),
        ("{priorityClassName: gold}", set()),
        ("{preemptionPolicy: Never}", set()),
        ("{preemptionPolicy: ''}", {"spec.preemptionPolicy: Required"}),
        ("{runtimeClassName: ''}", {"spec.runtimeClassName: Invalid"}),
        ("{overhead: {cpu: -1}}", {"spec.overhead[cpu]: Invalid"}),
        ("{readinessGates: [{conditionType: a b}]}", {"spec.readinessGates[0].conditionType: Invalid"}),
        ("{schedulingGates: [{name: a}, {name: a}]}", {"spec.schedulingGates[1]: Duplicate"}),
        ("{schedulingGates: [{name: a}], nodeName: n}", {"spec.nodeName: Forbidden"}),
        # Names and name resolution
        ("{hostname: a.b, subdomain: A}", {"spec.hostname: Invalid", "spec.subdomain: Invalid"}),
        ("{hostnameOverride: a.b.c}", set()),
        ("{hostnameOverride: a_b}", {"spec.hostnameOverride: Invalid"}),
        ("{hostnameOverride: a.b, hostNetwork: true}", {"spec.hostnameOverride: Forbidden"}),
        (
            "{hostAliases: [{ip: 1.2.3, hostnames: [A]}]}",
            {"spec.hostAliases[0].ip: Invalid", "spec.hostAliases[0].hostnames[0]: Invalid"},
        ),
        ("{dnsPolicy: Mine}", {"spec.dnsPolicy: NotSupported"}),
        ("{dnsPolicy: None, dnsConfig: {}}", {"spec.dnsConfig.nameservers: Required"}),
        (
            "{dnsConfig: {nameservers: [a], searches: [., a_b.c.], options: [{name: ndots}]}}",
            {"spec.dnsConfig.nameservers[0]: Invalid"},
        ),
        ("{dnsConfig: {nameservers: [01.1.1.1]}}", {"spec.dnsConfig.nameservers[0]: Invalid"}),
        ("{dnsConfig: {nameservers: ['::ffff:1.1.1.1']}}", {"spec.dnsConfig.nameservers[0]: Invalid"}),
        ("{dnsConfig: {nameservers: ['fe80::1%eth0']}}", {"spec.dnsConfig.nameservers[0]: Invalid"}),
        ("{dnsConfig: {nameservers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]}}", {"spec.dnsConfig.nameservers: Invalid"}),
        # The namespaces of the host
        ("{hostUsers: false, hostNetwork: true}", {"spec.hostNetwork: Forbidden"}),
        ("{shareProcessNamespace: true, hostPID: true}", {"spec.shareProcessNamespace: Invalid"}),
        ("{securityContext: {supplementalGroups: [1, -1]}}", {"spec.securityContext.supplementalGroups[1]: Invalid"}),
        ("{securityContext: {fsGroupChangePolicy: Now}}", {"spec.securityContext.fsGroupChangePolicy: NotSupported"}),
        (
            "{securityContext: {supplementalGroupsPolicy: Now}}",
            {"spec.securityContext.supplementalGroupsPolicy: NotSupported"},
        ),
        (
            "{securityContext: {seLinuxChangePolicy: MountOption}}",
            {"spec.securityContext.seLinuxChangePolicy: NotSupported"},
        ),
        ("{securityContext: {sysctls: [{name: net/ipv4/x, value: a}]}}", set()),
        (
            "{securityContext: {sysctls: [{name: '', value: a}, {name: A, value: a}, {name: a, value: b}, {name: a, value: b}]}}",
            {
                "spec.securityContext.sysctls[0].name: Required",
                "spec.securityContext.sysctls[1].name: Invalid",
                "spec.securityContext.sysctls[3].name: Duplicate",
            },
        ),
        (
            "{hostNetwork: true, securityContext: {sysctls: [{name: net.a, value: b}]}}",
            {"spec.securityContext.sysctls[0].name: Invalid"},
        ),
        # Operating system
        ("{os: {name: plan9}}", {"spec.os: NotSupported"}),
        (
            "{os: {name: linux}, securityContext: {windowsOptions: {}}}",
            {"spec.securityContext.windowsOptions: Forbidden"},
        ),
        (
            "{os: {name: windows}, hostPID: true, hostUsers: true}",
            {"spec.hostPID: Forbidden", "spec.hostUsers: Forbidden"},
        ),
        # Claims and resources of the Pod as a whole
        (
            "{resourceClaims: [{name: a, resourceClaimName: r}, {name: a, resourceClaimName: r}]}",
            {"spec.resourceClaims[1].name: Duplicate"},
        ),
        ("{resources: {limits: {cpu: 2}}}", set()),
        ("{resources: {limits: {example.com/a: 2}}}", {"spec.resources.limits[example.com/a]: NotSupported"}),
        ("{resources: {claims: [{name: a}]}}", {"spec.resources.claims: Forbidden"}),
        (
            "{resources: {requests: {cpu: 1}}, containers: [{name: c, image: i, resources: {requests: {cpu: 2}}}]}",
            {"spec.resources.requests[cpu]: Invalid"},
        ),
        (
            "{resources: {limits: {cpu: 1}}, containers: [{name: c, image: i, resources: {limits: {cpu: 2}, requests: {cpu: 1}}}]}",
            {"spec.containers[0].resources.limits[cpu]: Invalid"},
        ),
        # Tolerations
        ("{tolerations: [{key: a, value: b}, {operator: Exists}]}", set()),
        ("{tolerations: [{value: b}]}", {"spec.tolerations[0].operator: Invalid"}),
        ("{tolerations: [{key: a b}]}", {"spec.tolerations[0].key: Invalid"}),
        ("{tolerations: [{key: a, operator: Exists, value: b}]}", {"spec.tolerations[0].operator: Invalid"}),
        ("{tolerations: [{key: a, tolerationSeconds: 5}]}", {"spec.tolerations[0].effect: Invalid"}),
        ("{tolerations: [{key: a, effect: Never}]}", {"spec.tolerations[0].effect: NotSupported"}),
        # Affinity
        (
            "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {}}}}",
            {f"{N}.nodeSelectorTerms: Required"},
        ),
        (
            (
                "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: ["
                "{matchExpressions: [{key: a, operator: In}, {key: a, operator: Exists, values: [b]},"
                " {key: a, operator: Gt, values: ['1', '2']}, {key: a, operator: In, values: ['a b']}]}]}}}}"
            ),
            {
                f"{N}.nodeSelectorTerms[0].matchExpressions[0].values: Required",
                f"{N}.nodeSelectorTerms[0].matchExpressions[1].values: Forbidden",
                f"{N}.nodeSelectorTerms[0].matchExpressions[2].values: Required",
                f"{N}.nodeSelectorTerms[0].matchExpressions[3].values[0]: Invalid",
            },
        ),
        (
            (
                "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: ["
                "{matchFields: [{key: metadata.uid, operator: Exists}]}]}}}}"
            ),
            {
                f"{N}.nodeSelectorTerms[0].matchFields[0].operator: Invalid",
                f"{N}.nodeSelectorTerms[0].matchFields[0].key: Invalid",
            },
        ),
        (
            (
                "{affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 0,"
                " preference: {matchExpressions: [{key: a, operator: In, values: ['a b']}]}}]}}}"
            ),
            {f"{A}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid"},
        ),
        (
            (
                "{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: '',"
                " namespaces: [A], matchLabelKeys: [a]}]}}}"
            ),
            {
                f"{T}.topologyKey: Required",
                f"{T}.topologyKey: Invalid",
                f"{T}.namespaces[0]: Invalid",
                f"{T}.matchLabelKeys: Forbidden",
            },
        ),
        (
            (
                "{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z,"
                " matchLabelKeys: [a, b], mismatchLabelKeys: [a], labelSelector: {matchLabels: {b: c}}}]}}}"
            ),
            {f"{T}.matchLabelKeys[0]: Invalid", f"{T}.matchLabelKeys[1]: Invalid"},
        ),
        (  # as a server stores it
            (
                "{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z,"
                " matchLabelKeys: [a], labelSelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}}]}}}"
            ),
            set(),
        ),
        # Spread
        (
            "{topologySpreadConstraints: [{maxSkew: 0, topologyKey: '', whenUnsatisfiable: Perhaps, minDomains: 0}]}",
            {
                "spec.topologySpreadConstraints[0].maxSkew: Invalid",
                "spec.topologySpreadConstraints[0].topologyKey: Required",
                "spec.topologySpreadConstraints[0].whenUnsatisfiable: NotSupported",
                "spec.topologySpreadConstraints[0].minDomains: Invalid",
            },
        ),
        (
            (
                "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: DoNotSchedule},"
                " {maxSkew: 2, topologyKey: z, whenUnsatisfiable: DoNotSchedule}]}"
            ),
            {"spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate"},
        ),
    ],
)
def test_a_pod_spec(spec: str, expected: set[str]) -> None:
    assert wrong(pod(spec)) == expected


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ("{controller.kubernetes.io/pod-deletion-cost: '-10'}", set()),
        (
            "{controller.kubernetes.io/pod-deletion-cost: '+10'}",
            {"metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid"},
        ),
        (
            "{controller.kubernetes.io/pod-deletion-cost: '010'}",
            {"metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid"},
        ),
        ("{kubernetes.io/config.mirror: x}", {"metadata.annotations[kubernetes.io/config.mirror]: Invalid"}),
        (
            "{container.apparmor.security.beta.kubernetes.io/x: what}",
            {"metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid"},
        ),
        ("{container.apparmor.security.beta.kubernetes.io/c: localhost/a}", set()),
        (
            "{seccomp.security.alpha.kubernetes.io/pod: what}",
            {"metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid"},
        ),
    ],
)
def test_annotations_that_kubernetes_reads(annotations: str, expected: set[str]) -> None:
    assert wrong(pod(metadata=f"{{annotations: {annotations}}}")) == expected


def test_old_annotations_and_the_fields_that_replaced_them_agree() -> None:
    spec = "{securityContext: {seccompProfile: {type: Unconfined}, appArmorProfile: {type: Localhost, localhostProfile: a}}}"
    metadata = (
        "{annotations: {seccomp.security.alpha.kubernetes.io/pod: runtime/default,"
        " container.apparmor.security.beta.kubernetes.io/c: localhost/b}}"
    )

    assert wrong(pod(spec, metadata)) == {
        "spec.securityContext.seccompProfile.type: Forbidden",
        "spec.containers[0].securityContext.appArmorProfile.localhostProfile: Forbidden",
    }


def test_a_template_is_held_to_a_little_less_than_a_pod() -> None:
    spec = (
        "{template: {metadata: {labels: {app: a}}, spec: {hostNetwork: true, volumes: [{name: v, image: {}}], containers:"
        " [{name: c, image: ' img', ports: [{containerPort: 80}]}]}}}"
    )

    assert wrong(workload("Deployment", spec)) == set()


def test_a_token_needs_a_service_account() -> None:
    volumes = "volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]"

    assert wrong(pod(f"{{{volumes}, serviceAccountName: a}}")) == set()
    assert wrong(pod(f"{{{volumes}}}")) == {"spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden"}
