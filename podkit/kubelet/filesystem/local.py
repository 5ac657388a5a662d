"""The file system of a node whose engine runs on this machine, seen through the kernel."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from podkit.kubelet.filesystem import atomic_writer, disk_usage, host_path, nfs, tmpfs
from podkit.kubelet.filesystem.base import Payload, VolumeError
from podkit.kubelet.filesystem.ownership import KEEP, OURS, SET_GROUP, Owners

_AS_MADE = 0o755


class LocalFilesystem:
    """The files of a node on this machine; see `podkit.kubelet.filesystem.base.NodeFilesystem`.

    Args:
        root: the directory that has a directory for each Pod. It is made if it does not exist.
        owners: gives files to the users and groups of containers.
    """

    def __init__(self, root: Path, owners: Owners = OURS) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._owners = owners

    def pods(self) -> list[str]:
        """The uids of all Pods of which something is kept."""
        return [directory.name for directory in self._root.iterdir()] if self._root.is_dir() else []

    def make_directory(self, place: str, *, mode: int, group: int | None = None) -> PurePosixPath:
        """Make a directory, unless it is there already."""
        path = self._root / place
        with _told():
            if not path.exists():
                fresh = path.with_name(f".{path.name}.new")
                fresh.mkdir(parents=True, exist_ok=True)
                self._prepare(fresh, mode, group)
                fresh.rename(path)  # so that one that is there is complete, whatever happens in between
        return PurePosixPath(path)

    def make_memory(self, place: str, *, mode: int, group: int | None = None, size: int | None = None) -> PurePosixPath:
        """Make a directory that lies in memory, unless it is there already."""
        path = self._root / place
        with _told():
            if not tmpfs.is_made(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                tmpfs.make(path, size=size)
                self._prepare(path, mode, group)
        return PurePosixPath(path)

    def make_for_secrets(self, place: str, *, mode: int) -> PurePosixPath:
        """Make a directory that lies in memory, unless it is there already."""
        return self.make_memory(place, mode=mode)

    def make_nfs(self, place: str, server: str, share: str, *, read_only: bool) -> PurePosixPath:
        """Mount a share of an NFS server, unless it is there already."""
        path = self._root / place
        with _told():
            path.parent.mkdir(parents=True, exist_ok=True)
            nfs.mount(path, server, share, read_only=read_only)
        return PurePosixPath(path)

    def write_file(self, place: str, content: bytes, *, mode: int) -> PurePosixPath:
        """Make a file have this content. It stays the same file, because containers have it mounted."""
        path = self._root / place
        with _told():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
                path.chmod(mode)
        return PurePosixPath(path)

    def read_tail(self, place: str, limit: int) -> bytes:
        """The last bytes of a file; nothing if there is none."""
        path = self._root / place
        if not path.is_file():
            return b""
        with _told(), path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - limit))
            return file.read()

    def write_payload(self, place: str, payload: Payload, *, group: int | None = None) -> None:
        """Make the files of a directory those of a payload."""
        with _told():
            atomic_writer.write(self._root / place, payload, self._owners, group=group)

    def has_payload(self, place: str) -> bool:
        """Whether a directory has the files of a payload."""
        return atomic_writer.is_written(self._root / place)

    def path_of(self, place: str) -> PurePosixPath:
        """Where something lies that has been made."""
        return PurePosixPath(self._root / place)

    def remove(self, place: str) -> None:
        """Remove a file or a directory with all that is in it; what lies in memory there is freed."""
        path = self._root / place
        with _told(f"cannot remove {path}"):
            if path.is_file() and not path.is_symlink():
                path.unlink()
                return
            for inside in [*(path.iterdir() if path.is_dir() else ()), path]:
                tmpfs.remove(inside, self._owners)
            if path.is_dir():
                self._owners.remove_tree(path)

    def used(self, place: str) -> int:
        """Bytes that a directory takes on its disk, or in memory."""
        path = self._root / place
        return disk_usage.used(path.resolve() if path.is_symlink() else path)

    def capacity(self) -> int:
        """Bytes of the disk on which all this lies."""
        return shutil.disk_usage(self._root).total

    def available(self) -> int:
        """Bytes that are free there."""
        return shutil.disk_usage(self._root).free

    def read_machine_file(self, path: str) -> str:
        """A text file of the machine; empty if there is none."""
        file = Path(path)
        with _told():
            return file.read_text() if file.is_file() else ""

    def host_path(self, path: str, kind: str) -> PurePosixPath:
        """Check a path of the machine, or make it."""
        with _told():
            return PurePosixPath(host_path.prepare(Path(path), kind))

    def part(self, volume: PurePosixPath, sub_path: str) -> PurePosixPath:
        """A path in a volume; made as a directory if it is not there."""
        if not sub_path and not Path(volume).is_symlink():
            return volume
        with _told():
            target = _inside(volume, sub_path)
            if not target.exists():
                target.mkdir(parents=True)
                target.chmod(Path(volume).stat().st_mode & 0o7777)
            return PurePosixPath(target)

    def read_part(self, volume: PurePosixPath, sub_path: str, limit: int) -> bytes | None:
        """A file in a volume; None if there is none."""
        with _told():
            target = _inside(volume, sub_path)
            if not target.exists():
                return None
            if not target.is_file():
                raise VolumeError(f"{sub_path!r} is not a file")
            with target.open("rb") as file:
                content = file.read(limit + 1)
        if len(content) > limit:
            raise VolumeError(f"the file {sub_path!r} has more than {limit} bytes")
        return content

    def open_up(self, volume: PurePosixPath) -> None:
        """Let everybody write to a directory that is as the engine has made it, with nothing in it."""
        path = Path(volume)
        with _told():
            if stat.S_IMODE(path.stat().st_mode) == _AS_MADE and not any(path.iterdir()):
                path.chmod(0o777)

    def hand_over(self, volume: PurePosixPath, group: int, *, only_at_mismatch: bool) -> None:
        """Let a directory with all that is in it belong to a group (`pkg/volume/volume_linux.go` `SetVolumeOwnership`)."""
        top = Path(volume)
        with _told():
            status = top.stat()
            if only_at_mismatch and status.st_gid == group and _is_open_to_group(status.st_mode):
                return
            self._owners.hand_over(top, group)

    def _prepare(self, path: Path, mode: int, group: int | None) -> None:
        if group is None:
            path.chmod(mode)
        else:
            self._owners.give([(path, KEEP, group, mode | SET_GROUP)])


def _is_open_to_group(mode: int) -> bool:
    wanted = SET_GROUP | 0o770
    return mode & wanted == wanted


def _inside(volume: PurePosixPath, sub_path: str) -> Path:
    root = Path(os.path.realpath(volume))
    target = Path(os.path.realpath(root / sub_path))
    if not target.is_relative_to(root):
        raise VolumeError(f"subPath {sub_path!r} leads out of the volume, to {target}")
    return target


@contextlib.contextmanager
def _told(what: str = "") -> Iterator[None]:
    """Let what the kernel refuses be a `VolumeError`."""
    try:
        yield
    except OSError as error:
        where = f"{what}: {error.strerror} ({error.filename})" if what else str(error)
        raise VolumeError(where) from error
