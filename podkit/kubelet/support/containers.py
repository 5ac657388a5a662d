"""The fields of containers, their probes, hooks, environment and resources."""

from __future__ import annotations

from collections.abc import Mapping

from podkit.kubelet import grpc_health
from podkit.kubelet.eviction.local_storage import EPHEMERAL_STORAGE
from podkit.kubelet.support.verdict import Entry, Fields, Scene, honours, refuses, remark, warns
from podkit.model import (
    ConfigMapEnvSource,
    ConfigMapKeySelector,
    Container,
    ContainerPort,
    ContainerResizePolicy,
    ContainerRestartRule,
    ContainerRestartRuleOnExitCodes,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    EphemeralContainer,
    ExecAction,
    FileKeySelector,
    GRPCAction,
    HTTPGetAction,
    HTTPHeader,
    Lifecycle,
    LifecycleHandler,
    ObjectFieldSelector,
    Probe,
    ResourceFieldSelector,
    ResourceRequirements,
    SecretEnvSource,
    SecretKeySelector,
    SleepAction,
    TCPSocketAction,
    VolumeMount,
)

_PARTS_OF_IMAGES = (5, 4)
"""The first version of Podman that can mount a part of an image."""

_CONTAINER: dict[str, Entry] = {
    **honours("name", "image", "imagePullPolicy", "command", "args", "workingDir", "ports", "env", "envFrom"),
    **honours("resources", "resizePolicy", "volumeMounts"),
    "volumeDevices": refuses("there are no block devices here: mount the volume with volumeMounts"),
    **honours("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "restartPolicy", "restartPolicyRules"),
    **honours("terminationMessagePath", "terminationMessagePolicy", "securityContext", "stdin", "stdinOnce", "tty"),
}


def _is_not_limited(scene: Scene) -> bool:
    return not scene.engine.limits_enforced and not {"cpu", "memory"}.isdisjoint(scene.value)


def _has_huge_pages(scene: Scene) -> bool:
    return any(name.startswith("hugepages-") for name in scene.value)


def _has_extended_resources(scene: Scene) -> bool:
    return any("/" in name for name in scene.value)


def _wants_part_of_image(scene: Scene) -> bool:
    images = {volume.name for volume in scene.pod.spec.volumes if volume.image is not None}
    engine = scene.engine
    return engine.name == "podman" and engine.release < _PARTS_OF_IMAGES and scene.owner.name in images


def _wants_part_elsewhere(scene: Scene) -> bool:
    files = {
        volume.name
        for volume in scene.pod.spec.volumes
        if volume.config_map or volume.secret or volume.projected or volume.downward_api or volume.image
    }
    return not scene.engine.shares_files and scene.owner.name not in files


_PART_OF_IMAGE = refuses(
    "Podman before 5.4 cannot mount a part of an image: mount all of it",
    "of an `image` volume, with Podman before 5.4",
    _wants_part_of_image,
)

_PART_ELSEWHERE = refuses(
    "whether it leads out of the volume cannot be seen on another machine: mount all of it, or a part of a configMap or secret",
    "of a volume that a container can write to, with Podman on another machine",
    _wants_part_elsewhere,
)
_CONNECTION = refuses(
    "an engine on another machine; use exec",
    "used with Podman on another machine",
    lambda scene: not scene.engine.connects,
)

CONTAINERS: Mapping[type, Fields] = {
    Container: _CONTAINER,
    EphemeralContainer: {**_CONTAINER, **honours("targetContainerName")},
    ContainerPort: honours("containerPort", "name", "protocol", "hostPort", "hostIP"),
    EnvVar: honours("name", "value", "valueFrom"),
    EnvVarSource: honours("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"),
    ObjectFieldSelector: honours("fieldPath", "apiVersion"),
    ResourceFieldSelector: honours("resource", "containerName", "divisor"),
    ConfigMapKeySelector: honours("key", "name", "optional"),
    SecretKeySelector: honours("key", "name", "optional"),
    FileKeySelector: honours("key", "path", "volumeName", "optional"),
    EnvFromSource: honours("prefix", "configMapRef", "secretRef"),
    ConfigMapEnvSource: honours("name", "optional"),
    SecretEnvSource: honours("name", "optional"),
    ResourceRequirements: {
        **honours("requests"),
        "limits": warns(
            "limits of cpu and memory have no effect: Podman cannot set cgroup limits here; delegate the cpu and memory"
            " controllers to its user",
            "`cpu` or `memory`, where Podman has not both cgroup controllers",
            _is_not_limited,
            reason="LimitsNotEnforced",
        )
        | refuses("no node has huge pages to give here: leave the limit out", "`hugepages-…`", _has_huge_pages)
        | warns(
            "only what containers write to their own files is measured on another machine, not what is in volumes",
            "`ephemeral-storage`, with Podman on another machine",
            lambda scene: EPHEMERAL_STORAGE in scene.value and not scene.engine.shares_files,
        )
        | warns(
            "counted by the scheduler, but no device is given to the container: there are no device plugins here",
            "an extended resource, such as `example.com/dongle`",
            _has_extended_resources,
        ),
        "claims": refuses("no devices can be claimed here (there are no ResourceClaims)"),
    },
    ContainerResizePolicy: honours("resourceName", "restartPolicy"),
    VolumeMount: {
        **honours("name", "mountPath"),
        "subPath": _PART_OF_IMAGE | _PART_ELSEWHERE,
        "subPathExpr": _PART_OF_IMAGE | _PART_ELSEWHERE,
        **honours("readOnly"),
        "recursiveReadOnly": refuses(
            "Podman cannot mount recursively read-only: say IfPossible, or leave it out",
            "`Enabled`",
            lambda scene: scene.value == "Enabled",
        ),
        "mountPropagation": warns(
            "what the container mounts does not reach the machine: a rootless Podman has mounts of its own",
            "`Bidirectional`, with a rootless Podman",
            lambda scene: scene.value == "Bidirectional" and scene.engine.rootless,
        ),
    },
    Probe: {
        **honours("exec"),
        "httpGet": _CONNECTION,
        "tcpSocket": _CONNECTION,
        "grpc": _CONNECTION
        | refuses(
            "install podkit[grpc]", "used without the extra `podkit[grpc]`", lambda _: not grpc_health.available()
        ),
        **honours("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold"),
        **honours("terminationGracePeriodSeconds"),
    },
    ExecAction: honours("command"),
    HTTPGetAction: honours("port", "path", "host", "scheme", "httpHeaders"),
    HTTPHeader: honours("name", "value"),
    TCPSocketAction: honours("port", "host"),
    GRPCAction: honours("port", "service"),
    SleepAction: honours("seconds"),
    Lifecycle: honours("postStart", "preStop", "stopSignal"),
    LifecycleHandler: {
        **honours("exec"),
        "httpGet": _CONNECTION,
        **honours("sleep"),
        "tcpSocket": remark("the hook fails when it is run, as in Kubernetes"),
    },
    ContainerRestartRule: honours("action", "exitCodes"),
    ContainerRestartRuleOnExitCodes: honours("operator", "values"),
}
