"""The users and groups that an image knows, and what follows from them for a container.

Podman gives a process the groups that the image's ``/etc/group`` says its user is in, unless it is told the primary group; then it
gives none of them. Kubernetes decides the two apart: the primary group by ``runAsGroup``, the others by
``supplementalGroupsPolicy``. Where the two differ the files of the image are read, and Podman is told everything by number.

They are read from the layers of the image, where those are directories of this machine, and else from a container that has
been made of it; for each image once.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from podkit.errors import RuntimeFailed
from podkit.runtime.base import ContainerConfig, SecurityConfig

PASSWD, GROUP = "/etc/passwd", "/etc/group"
_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")
_LONGEST = 4 << 20


class UnreadableError(Exception):
    """The files of an image cannot be read in this way."""


@frozen
class Users:
    """What the files of an image say.

    Attributes:
        passwd: the content of ``/etc/passwd``; empty if there is none.
        group: the content of ``/etc/group``.
    """

    passwd: str
    group: str

    def primary_group(self, user: str) -> int:
        """The primary group of a user, given by number or name; 0 where the image does not know the user."""
        return next((group for _, _, group in self._found(user)), 0)

    def groups(self, user: str) -> list[int]:
        """The other groups that a user is in."""
        names = {name for name, _, _ in self._found(user)}
        members = (line for line in _lines(self.group, 4) if line[2].isdecimal())
        return [int(number) for _, _, number, users in members if names.intersection(users.split(","))]

    def know(self, user: str) -> bool:
        """Whether the image has a user, given by number or name."""
        return any(self._found(user))

    def _found(self, user: str) -> Iterator[tuple[str, int, int]]:
        for name, _, number, group, *_ in _lines(self.passwd, 4):
            if user in (name, number) and number.isdecimal() and group.isdecimal():
                yield name, int(number), int(group)
                return


def _lines(text: str, parts: int) -> Iterator[list[str]]:
    for line in text.splitlines():
        found = line.strip().split(":")
        if len(found) >= parts:
            yield found[:parts]


def depends_on_image(security: SecurityConfig) -> bool:
    """Whether the users of the image must be known to say as whom a container runs."""
    if security.group is None:
        return not security.image_groups
    return security.image_groups or (security.user is None and not security.username)


def lacks_home(config: ContainerConfig) -> bool:
    """Whether only the image can say where the user of a container is at home."""
    return bool(config.security.user) and "HOME" not in config.env


def completed(config: ContainerConfig, image: Mapping[str, Any], users: Users) -> ContainerConfig:
    """What a container shall be, with what its image has to say about its user.

    Args:
        config: what is wanted.
        image: the image, inspected; empty if it is missing.
        users: what the image knows.
    """
    of_image = image.get("Config") or {}
    if depends_on_image(config.security):
        config = evolve(config, security=resolved(config.security, of_image.get("User") or "", users))
    env = of_image.get("Env") or ()
    if lacks_home(config) and not users.know(str(config.security.user)) and not any(e.startswith("HOME=") for e in env):
        config = evolve(config, env={**config.env, "HOME": "/"})  # as the OCI runtimes have it
    return config


def resolved(security: SecurityConfig, image_user: str, users: Users) -> SecurityConfig:
    """The same with a primary group, and with the groups of the image if they count, so that Podman has nothing to add.

    Args:
        security: what is wanted.
        image_user: the user of the image, who counts where no other one is given.
        users: what the image knows.
    """
    user = str(security.user) if security.user is not None else security.username or image_user.partition(":")[0] or "0"
    group = security.group if security.group is not None else users.primary_group(user)
    groups = [*(users.groups(user) if security.image_groups else ()), *security.supplemental_groups]
    username = user if security.user is None else None
    return evolve(security, username=username, group=group, supplemental_groups=list(dict.fromkeys(groups)))


def from_layers(image: Mapping[str, Any]) -> Users:
    """Read the layers of an image.

    Args:
        image: the image, inspected.

    Raises:
        UnreadableError: the layers are not directories of this machine, or the files are links.
    """
    driver = image.get("GraphDriver") or {}
    data = driver.get("Data") or {}
    layers = [Path(path) for path in f"{data.get('UpperDir') or ''}:{data.get('LowerDir') or ''}".split(":") if path]
    if driver.get("Name") != "overlay" or not layers or not all(layer.is_dir() for layer in layers):
        raise UnreadableError
    return Users(_read(layers, "passwd"), _read(layers, "group"))


def _read(layers: Sequence[Path], name: str) -> str:
    """A file of ``/etc`` as the topmost layer that has one says; empty if there is none."""
    for layer in layers:
        directory = layer / "etc"
        try:
            if directory.is_symlink():
                raise UnreadableError
            found = (directory / name).lstat()
            if stat.S_ISCHR(found.st_mode):  # it has been deleted in this layer
                return ""
            if not stat.S_ISREG(found.st_mode) or found.st_size > _LONGEST:
                raise UnreadableError
            return (directory / name).read_text(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            if _hides_what_is_below(directory):
                return ""
        except OSError as error:
            raise UnreadableError from error
    return ""


def _hides_what_is_below(directory: Path) -> bool:
    if not directory.is_dir():
        return os.path.lexists(directory)
    attributes = os.listxattr(directory)
    return (directory / ".wh..wh..opq").exists() or any(name in attributes for name in _OPAQUE)


def from_container(read: Callable[[str], bytes]) -> Users:
    """Read the files of a container that has been made of an image and has not run yet.

    Args:
        read: gives a file of it as a tar archive.
    """
    return Users(_unpacked(read, PASSWD), _unpacked(read, GROUP))


def _unpacked(read: Callable[[str], bytes], path: str) -> str:
    try:
        archive = read(path)
    except RuntimeFailed:  # there is no such file
        return ""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                return content.read(_LONGEST).decode(errors="replace")
    return ""
