"""What a container mounts: its volumes, or parts of them, and the files that the kubelet provides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from attrs import frozen

from podkit.kubelet.expansion import expand, references
from podkit.kubelet.filesystem import NodeFilesystem
from podkit.kubelet.sources import ConfigError
from podkit.kubelet.volumes import NodeVolume
from podkit.model import Container, EphemeralContainer, VolumeMount
from podkit.runtime.base import ImageMount, Mount

DEFAULT_MESSAGE_PATH = "/dev/termination-log"
_PROPAGATION = {"HostToContainer": "rslave", "Bidirectional": "rshared"}


@frozen
class MountMaker:
    """Says what the containers of one Pod mount.

    Attributes:
        filesystem: the file system of the node.
        volumes: the volumes of the Pod, by name.
        images: the ids of the images that are volumes of the Pod, by the name of the volume.
        hosts: the file for ``/etc/hosts``; a container that mounts something there keeps that.
        translated: whether the Pod has a user namespace, in which files belong to the users of the same numbers.
    """

    filesystem: NodeFilesystem
    volumes: Mapping[str, NodeVolume]
    images: Mapping[str, str]
    hosts: PurePosixPath
    translated: bool = False

    def make(
        self,
        container: Container | EphemeralContainer,
        environment: Mapping[str, str],
        message_file: PurePosixPath,
    ) -> list[Mount]:
        """All mounts of a container. What the kubelet has made itself may be labelled for SELinux; a path of the machine never is.

        Args:
            container: the container.
            environment: its environment, for ``subPathExpr``.
            message_file: the file for its termination message.

        Raises:
            ConfigError: there is no such volume, or no such part of it can be.
            VolumeError: a part of a volume leads out of it, or cannot be made.
        """
        volume_mounts = [mount for mount in container.volume_mounts if mount.name not in self.images]
        found = [self._mount(mount, environment) for mount in volume_mounts]
        taken = {_absolute(mount.mount_path) for mount in container.volume_mounts}
        message_path = container.termination_message_path or DEFAULT_MESSAGE_PATH
        for destination, source in (("/etc/hosts", self.hosts), (message_path, message_file)):
            if destination not in taken:
                found.append(Mount(str(source), destination, relabel=True, translated=self.translated))
        return found

    def make_of_images(
        self, container: Container | EphemeralContainer, environment: Mapping[str, str]
    ) -> list[ImageMount]:
        """The images of which a container sees the files, always read-only.

        Raises:
            ConfigError: there is no such part of an image.
        """
        return [
            ImageMount(self.images[mount.name], _absolute(mount.mount_path), _sub_path(mount, environment))
            for mount in container.volume_mounts
            if mount.name in self.images
        ]

    def _mount(self, mount: VolumeMount, environment: Mapping[str, str]) -> Mount:
        if mount.name not in self.volumes:
            raise ConfigError(f'cannot find volume "{mount.name}" to mount into the container')
        volume = self.volumes[mount.name]
        return Mount(
            str(self.filesystem.part(volume.path, _sub_path(mount, environment))),
            _absolute(mount.mount_path),
            read_only=bool(mount.read_only) or volume.read_only,
            propagation=_PROPAGATION.get(mount.mount_propagation or "", "private"),
            relabel=volume.own,
            translated=self.translated,
        )


def _absolute(path: str) -> str:
    return path if path.startswith("/") else "/" + path


def _sub_path(mount: VolumeMount, environment: Mapping[str, str]) -> str:
    return _checked(mount.sub_path or _expanded(mount.sub_path_expr or "", environment))


def _expanded(expression: str, environment: Mapping[str, str]) -> str:
    for name in references(expression):
        if not environment.get(name):
            raise ConfigError(f'missing value for "{name}"')
    return expand(expression, environment)


def _checked(sub_path: str) -> str:
    if PurePosixPath(sub_path).is_absolute():
        raise ConfigError(f"subPath must be a relative path, but is {sub_path!r}")
    if ".." in PurePosixPath(sub_path).parts:
        raise ConfigError(f"subPath must not contain '..', but is {sub_path!r}")
    return sub_path
