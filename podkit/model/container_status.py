"""What has become of a container."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.resources import ResourceRequirements, ResourceStatus
from podkit.model.scalars import Int64, QuantityText


@define
class ContainerStatus:
    """The Kubernetes ContainerStatus."""

    name: str
    image: str
    image_id: str = field(metadata={"json": "imageID"})
    ready: bool
    restart_count: int
    allocated_resources: dict[str, QuantityText] = field(factory=dict)
    allocated_resources_status: list[ResourceStatus] = field(factory=list, metadata={"merge_key": "name"})
    container_id: str | None = field(default=None, metadata={"json": "containerID"})
    last_state: ContainerState | None = None
    resources: ResourceRequirements | None = None
    started: bool | None = None
    state: ContainerState | None = None
    stop_signal: str | None = None
    user: ContainerUser | None = None
    volume_mounts: list[VolumeMountStatus] = field(factory=list, metadata={"merge_key": "mountPath"})


@define
class ContainerState:
    """The Kubernetes ContainerState."""

    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None
    waiting: ContainerStateWaiting | None = None


@define
class ContainerStateWaiting:
    """The Kubernetes ContainerStateWaiting."""

    message: str | None = None
    reason: str | None = None


@define
class ContainerStateRunning:
    """The Kubernetes ContainerStateRunning."""

    started_at: datetime | None = None


@define
class ContainerStateTerminated:
    """The Kubernetes ContainerStateTerminated."""

    exit_code: int
    container_id: str | None = field(default=None, metadata={"json": "containerID"})
    finished_at: datetime | None = None
    message: str | None = None
    reason: str | None = None
    signal: int | None = None
    started_at: datetime | None = None


@define
class ContainerUser:
    """The Kubernetes ContainerUser."""

    linux: LinuxContainerUser | None = None


@define
class LinuxContainerUser:
    """The Kubernetes LinuxContainerUser."""

    gid: Int64
    uid: Int64
    supplemental_groups: list[Int64] = field(factory=list)


@define
class VolumeMountStatus:
    """The Kubernetes VolumeMountStatus."""

    name: str
    mount_path: str
    read_only: bool | None = None
    recursive_read_only: str | None = None
    volume_status: VolumeStatus | None = None


@define
class VolumeStatus:
    """The Kubernetes VolumeStatus."""

    image: ImageVolumeStatus | None = None


@define
class ImageVolumeStatus:
    """The Kubernetes ImageVolumeStatus."""

    image_ref: str
