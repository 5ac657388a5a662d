"""What has become of a container."""

from __future__ import annotations

from datetime import datetime

from attrs import field

from podkit.model.container import RecursiveReadOnlyMode
from podkit.model.definition import define
from podkit.model.resources import ResourceRequirements, ResourceStatus
from podkit.model.scalars import Int64, QuantityText


@define
class ContainerStatus:
    """What has become of a container.

    Attributes:
        name: the container's name.
        ready: whether its readiness probe succeeds, or, without one, whether it runs.
        restart_count: how often it was restarted, as far as its dead containers are remembered.
        image: the name of the image that it runs.
        image_id: the identity of the image.
        state: its present state.
        last_state: how it ended before it was restarted last.
        container_id: the identity of the container, such as ``podman://4f3a…``.
        started: whether its startup probe has succeeded, and its postStart hook is done.
        allocated_resources: the resources that the Node has set aside for it.
        resources: the resources that are in force.
        allocated_resources_status: the health of devices that it got.
        volume_mounts: how its volumes are mounted.
        user: who its first process runs as.
        stop_signal: the signal that tells it to stop.
    """

    name: str
    ready: bool
    restart_count: int
    image: str
    image_id: str = field(metadata={"json": "imageID"})
    state: ContainerState | None = None
    last_state: ContainerState | None = None
    container_id: str | None = field(default=None, metadata={"json": "containerID"})
    started: bool | None = None
    allocated_resources: dict[str, QuantityText] = field(factory=dict)
    resources: ResourceRequirements | None = None
    allocated_resources_status: list[ResourceStatus] = field(factory=list, metadata={"merge_key": "name"})
    volume_mounts: list[VolumeMountStatus] = field(factory=list, metadata={"merge_key": "mountPath"})
    user: ContainerUser | None = None
    stop_signal: str | None = None


@define
class ContainerState:
    """The state of a container: at most one of these; none means waiting.

    Attributes:
        waiting: it is not started yet, or not again.
        running: it runs.
        terminated: it has ended.
    """

    waiting: ContainerStateWaiting | None = None
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None


@define
class ContainerStateWaiting:
    """A container that is not started.

    Attributes:
        reason: one word for why, such as ``ContainerCreating`` or ``CrashLoopBackOff``.
        message: the same in words for people.
    """

    reason: str | None = None
    message: str | None = None


@define
class ContainerStateRunning:
    """A container that runs.

    Attributes:
        started_at: since when.
    """

    started_at: datetime | None = None


@define
class ContainerStateTerminated:
    """A container that has ended.

    Attributes:
        exit_code: its exit code.
        signal: the signal that ended it.
        reason: one word for how it ended, such as ``Completed``, ``Error`` or ``OOMKilled``.
        message: its termination message.
        started_at: when it started.
        finished_at: when it ended.
        container_id: the identity of the container.
    """

    exit_code: int
    signal: int | None = None
    reason: str | None = None
    message: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    container_id: str | None = field(default=None, metadata={"json": "containerID"})


@define
class ContainerUser:
    """Who the first process of a container runs as.

    Attributes:
        linux: the user and groups on Linux.
    """

    linux: LinuxContainerUser | None = None


@define
class LinuxContainerUser:
    """A user and groups on Linux.

    Attributes:
        uid: the user id.
        gid: the primary group id.
        supplemental_groups: the other group ids.
    """

    uid: Int64
    gid: Int64
    supplemental_groups: list[Int64] = field(factory=list)


@define
class VolumeMountStatus:
    """How a volume is mounted in a container.

    Attributes:
        name: the name of the volume.
        mount_path: the path in the container.
        read_only: whether it is mounted read-only.
        recursive_read_only: whether what is mounted below it is read-only too.
        volume_status: more about the volume.
    """

    name: str
    mount_path: str
    read_only: bool | None = None
    recursive_read_only: RecursiveReadOnlyMode | None = None
    volume_status: VolumeStatus | None = None


@define
class VolumeStatus:
    """The state of a volume.

    Attributes:
        image: for a volume that is an image.
    """

    image: ImageVolumeStatus | None = None


@define
class ImageVolumeStatus:
    """The state of a volume that is an image.

    Attributes:
        image_ref: the identity of the image.
    """

    image_ref: str
