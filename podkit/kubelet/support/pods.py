"""The fields of a Pod as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from podkit.kubelet.network import access as network
from podkit.kubelet.support.verdict import Fields, Scene, honours, refuses, remark, warns
from podkit.model import (
    HostAlias,
    LocalObjectReference,
    ManagedFieldsEntry,
    ObjectMeta,
    OwnerReference,
    Pod,
    PodDNSConfig,
    PodDNSConfigOption,
    PodOS,
    PodReadinessGate,
    PodSpec,
)

_BANDWIDTH = frozenset({"kubernetes.io/ingress-bandwidth", "kubernetes.io/egress-bandwidth"})


def _limits_bandwidth(scene: Scene) -> bool:
    return not _BANDWIDTH.isdisjoint(scene.value)


PODS: Mapping[type, Fields] = {
    Pod: honours("apiVersion", "kind", "metadata", "spec", "status"),
    ObjectMeta: {
        **honours("name", "generateName", "namespace", "labels", "finalizers", "ownerReferences"),
        "annotations": warns(
            "the traffic of the Pod is not limited, whatever its annotations say",
            "`kubernetes.io/ingress-bandwidth` or `kubernetes.io/egress-bandwidth`",
            _limits_bandwidth,
        ),
        **honours("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
        **honours("generation", "resourceVersion", "uid"),
        "managedFields": remark("kept as it is given; nobody keeps the book on who has set which field"),
        "selfLink": remark("kept as it is given, never set"),
    },
    OwnerReference: honours("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"),
    ManagedFieldsEntry: honours("manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"),
    PodSpec: {
        **honours("containers", "initContainers", "ephemeralContainers", "volumes", "imagePullSecrets"),
        **honours("restartPolicy", "terminationGracePeriodSeconds", "activeDeadlineSeconds"),
        **honours("nodeName", "nodeSelector", "affinity", "tolerations", "topologySpreadConstraints"),
        "schedulerName": remark("a Pod that wants another scheduler waits for it"),
        **honours("schedulingGates"),
        "schedulingGroup": warns("the Pod is scheduled by itself, whatever becomes of the others of its group"),
        **honours("runtimeClassName", "priorityClassName", "priority", "preemptionPolicy"),
        "overhead": remark("counts for the scheduler"),
        **honours("resources"),
        "resourceClaims": refuses("no devices can be claimed here (there are no ResourceClaims)"),
        **honours("securityContext", "hostname", "hostnameOverride", "setHostnameAsFQDN", "subdomain", "hostAliases"),
        "dnsPolicy": warns(
            "the names of Services cannot be resolved in this Pod, which has the machine's resolver: its network is the machine's",
            "`ClusterFirstWithHostNet`, with `hostNetwork`",
            lambda scene: network.wants_names(scene.pod) and bool(scene.pod.spec.host_network),
            reason="MissingClusterDNS",
        )
        | warns(
            "the names of Services cannot be resolved in this Pod, which has the machine's resolver: it uses port 53 itself",
            "`ClusterFirst`, and a container has a port 53",
            lambda scene: network.wants_names(scene.pod) and network.serves_names(scene.pod),
            reason="MissingClusterDNS",
        ),
        **honours("dnsConfig", "hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"),
        "hostUsers": refuses(
            "containers have no user namespace of their own here: that needs Podman with root, crun, and Linux 6.3",
            "`false`, unless Podman has root, its runtime is crun, and Linux is at least 6.3",
            lambda scene: scene.value is False and not scene.engine.user_namespaces,
        ),
        **honours("serviceAccountName", "serviceAccount"),
        "automountServiceAccountToken": remark(
            "a Pod gets a token only if it, its account, or the name of its account asks for one; nobody checks it"
        ),
        **honours("enableServiceLinks", "readinessGates", "os"),
    },
    LocalObjectReference: honours("name"),
    HostAlias: honours("ip", "hostnames"),
    PodDNSConfig: honours("nameservers", "searches", "options"),
    PodDNSConfigOption: honours("name", "value"),
    PodReadinessGate: honours("conditionType"),
    PodOS: {
        "name": refuses(
            "Failed to admit pod as the OS field doesn't match node OS",
            "not `linux`",
            lambda scene: scene.value != scene.engine.operating_system,
            reason="PodOSNotSupported",
        )
    },
}
