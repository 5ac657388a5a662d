"""The fields of a Pod's status: whether anything writes them here."""

from __future__ import annotations

from collections.abc import Mapping

from podkit.model import (
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    ContainerUser,
    HostIP,
    LinuxContainerUser,
    PodCondition,
    PodIP,
    PodStatus,
    VolumeMountStatus,
)

_NO_DEVICES = "no devices can be claimed here"


def _written(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "")


STATUS: Mapping[type, Mapping[str, str]] = {
    PodStatus: {
        **_written("phase", "conditions", "message", "reason", "nominatedNodeName", "hostIP", "hostIPs"),
        **_written("podIP", "podIPs", "startTime", "initContainerStatuses", "containerStatuses"),
        **_written("ephemeralContainerStatuses", "qosClass"),
        "resize": "conditions have taken its place, as in Kubernetes",
        "resourceClaimStatuses": _NO_DEVICES,
        "extendedResourceClaimStatus": _NO_DEVICES,
        "nodeAllocatableResourceClaimStatuses": _NO_DEVICES,
        **_written("allocatedResources", "resources", "observedGeneration"),
    },
    PodCondition: {
        **_written("type", "status", "reason", "message"),
        "lastProbeTime": "Kubernetes does not write it either",
        **_written("lastTransitionTime", "observedGeneration"),
    },
    HostIP: _written("ip"),
    PodIP: _written("ip"),
    ContainerStatus: {
        **_written("name", "ready", "restartCount", "image", "imageID", "state", "lastState", "containerID"),
        **_written("started", "allocatedResources", "resources"),
        "allocatedResourcesStatus": _NO_DEVICES,
        **_written("volumeMounts", "user"),
        "stopSignal": "see the lifecycle, and the image",
    },
    ContainerState: _written("waiting", "running", "terminated"),
    ContainerStateWaiting: _written("reason", "message"),
    ContainerStateRunning: _written("startedAt"),
    ContainerStateTerminated: {
        **_written("exitCode"),
        "signal": "the exit code is 128 and the number of the signal",
        **_written("reason", "message", "startedAt", "finishedAt", "containerID"),
    },
    ContainerUser: _written("linux"),
    LinuxContainerUser: _written("uid", "gid", "supplementalGroups"),
    VolumeMountStatus: {
        **_written("name", "mountPath", "readOnly", "recursiveReadOnly"),
        "volumeStatus": "the digests of image volumes are not told",
    },
}
"""By class and field: empty where it is written, else why it is not. What is only in fields that are never written is not in it."""
