"""What a container mounts: its volumes, or parts of them, and the files that the kubelet provides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from podkit.kubelet.expansion import expand, references
from podkit.kubelet.sources import ConfigError
from podkit.model import Container, EphemeralContainer, VolumeMount
from podkit.runtime.base import Mount

DEFAULT_MESSAGE_PATH = "/dev/termination-log"
_PROPAGATION = {"HostToContainer": "rslave", "Bidirectional": "rshared"}


def mounts(
    container: Container | EphemeralContainer,
    volumes: Mapping[str, Path],
    environment: Mapping[str, str],
    *,
    hosts: Path,
    message_file: Path,
) -> list[Mount]:
    """All mounts of a container. What the kubelet has made itself may be labelled for SELinux; a path of the machine never is.

    Args:
        container: the container.
        volumes: where each volume of the Pod lies.
        environment: its environment, for ``subPathExpr``.
        hosts: the file for ``/etc/hosts``, beside all else that the kubelet makes for the Pod; a container that mounts
            something there keeps that.
        message_file: the file for its termination message.

    Raises:
        ConfigError: a part of a volume cannot be had.
    """
    own_files = hosts.parent
    found = [_mount(mount, volumes, environment, own_files) for mount in container.volume_mounts]
    if all(mount.destination != "/etc/hosts" for mount in found):
        found.append(Mount(str(hosts), "/etc/hosts", relabel=True))
    message_path = container.termination_message_path or DEFAULT_MESSAGE_PATH
    if all(mount.destination != message_path for mount in found):
        found.append(Mount(str(message_file), message_path, relabel=True))
    return found


def _mount(mount: VolumeMount, volumes: Mapping[str, Path], environment: Mapping[str, str], own_files: Path) -> Mount:
    if mount.name not in volumes:
        raise ConfigError(f'cannot find volume "{mount.name}" to mount into the container')
    source = volumes[mount.name]
    relabel = source.is_relative_to(own_files)
    sub_path = mount.sub_path or _expanded(mount.sub_path_expr or "", environment)
    if sub_path:
        source = _inside(source, sub_path)
    return Mount(
        str(source.resolve()) if source.is_symlink() else str(source),
        mount.mount_path if mount.mount_path.startswith("/") else "/" + mount.mount_path,
        read_only=bool(mount.read_only),
        propagation=_PROPAGATION.get(mount.mount_propagation or "", "private"),
        relabel=relabel,
    )


def _expanded(expression: str, environment: Mapping[str, str]) -> str:
    for name in references(expression):
        if not environment.get(name):
            raise ConfigError(f'missing value for "{name}"')
    return expand(expression, environment)


def _inside(volume: Path, sub_path: str) -> Path:
    """A path in a volume; made as a directory if it is not there. It may not lead out of the volume."""
    if PurePosixPath(sub_path).is_absolute():
        raise ConfigError(f"subPath must be a relative path, but is {sub_path!r}")
    if ".." in PurePosixPath(sub_path).parts:
        raise ConfigError(f"subPath must not contain '..', but is {sub_path!r}")
    root = Path(os.path.realpath(volume))
    target = Path(os.path.realpath(root / sub_path))
    if not target.is_relative_to(root):
        raise ConfigError(f"subPath {sub_path!r} leads out of the volume, to {target}")
    if not target.exists():
        target.mkdir(parents=True)
        target.chmod(root.stat().st_mode & 0o7777)
    return target
