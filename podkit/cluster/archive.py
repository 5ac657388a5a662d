"""Copying files into and out of containers, as tar archives, which is what container engines take and give.

What goes where is as ``docker cp`` has it. What comes out of a container is not trusted: files are written first, and links
after them, so that nothing is written through a link; and nothing is made outside of the destination.
"""

from __future__ import annotations

import contextlib
import io
import os
import posixpath
import shutil
import stat
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from podkit.cluster.containers import Place
from podkit.errors import PodkitError

_FILE_MODE = 0o644


def copy_to(place: Place, src: str | os.PathLike[str] | bytes, dst: str) -> None:
    """Copy a file, a directory, or the content of a file into a container; see `podkit.Cluster.copy_to`."""
    is_directory = place.runtime.is_directory(place.container_id, dst.rstrip("/") or "/")
    into = dst.endswith("/") or bool(is_directory)
    if isinstance(src, bytes):
        if into:
            raise PodkitError(f"{dst!r} is a directory; say the whole path of the file that is to have this content")
        directory, name = posixpath.split(dst)
    else:
        if is_directory is False and Path(src).is_dir():
            raise PodkitError(f"{os.fspath(src)!r} is a directory, and {dst!r} in the container is a file")
        contents = os.fspath(src).endswith(("/.", "/./"))
        directory, name = (dst, _name_of(src)) if into else posixpath.split(dst)
        if contents and into:
            directory, name = dst, "."
    with tempfile.TemporaryFile() as packed:
        _pack(src, name, packed)
        packed.seek(0)
        place.runtime.put_archive(place.container_id, directory or "/", packed)


def _name_of(src: str | os.PathLike[str]) -> str:
    return os.path.basename(os.path.abspath(src))  # noqa: PTH100, PTH119  (of a link its own name, not that of what it leads to)


def _pack(src: str | os.PathLike[str] | bytes, name: str, packed: IO[bytes]) -> None:
    """Write a tar archive with one file or directory, under this name; under ``.`` with all that is in a directory."""
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        if isinstance(src, bytes):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(src), _FILE_MODE, int(time.time())
            archive.addfile(entry, io.BytesIO(src))
        else:
            path = Path(src).resolve(strict=True)
            for one, called in [(path, name)] if name != "." else [(one, one.name) for one in path.iterdir()]:
                archive.add(one, arcname=called, filter=_portable)
        end = archive.offset
    packed.truncate(end + 2 * tarfile.BLOCKSIZE)  # without padding to a full record, see `Runtime.put_archive`


def _portable(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """What of a tree is copied: no pipes and devices, which mean something only here."""
    return entry if entry.isfile() or entry.isdir() or entry.issym() or entry.islnk() else None


def copy_from(place: Place, src: str, dst: Path) -> Path:
    """Copy a file or directory out of a container; see `podkit.Cluster.copy_from`."""
    contents = src.rstrip("/").endswith("/.")
    path = src.rstrip("/").removesuffix("/.") or "/"
    name = posixpath.basename(path.rstrip("/"))
    target = dst / name if dst.is_dir() and name and not contents else dst
    with tempfile.TemporaryFile() as packed:
        place.runtime.read_archive(place.container_id, path, packed)
        packed.seek(0)
        with tarfile.open(fileobj=packed) as archive:
            _Unpacking(archive, target).run()
    return target


class _Unpacking:
    """Writes what a container has packed.

    Args:
        archive: one file or directory, under its last name.
        target: what it is to be here.
    """

    def __init__(self, archive: tarfile.TarFile, target: Path) -> None:
        self._archive = archive
        self._target = target
        self._root = Path(os.path.realpath(target))

    def run(self) -> None:
        """Write files, then links, then the modes of directories, so that one that may not be written to can be filled."""
        members = self._archive.getmembers()
        top = members[0].name.split("/")[0] if members else ""
        if members and members[0].isdir() and self._target.exists() and not self._target.is_dir():
            raise PodkitError(
                f"{members[0].name!r} in the container is a directory, and {str(self._target)!r} is a file"
            )
        self._target.parent.mkdir(parents=True, exist_ok=True)
        places = [(member, self._place(member.name, top)) for member in members]
        for member, path in places:
            if member.isdir():
                self._require_inside(path)
                path.mkdir(parents=True, exist_ok=True)
            elif member.isfile():
                self._write(member, path)
        for member, path in places:
            if member.islnk():
                self._link(path, self._place(member.linkname, top))
        for member, path in places:
            if member.issym():
                self._require_inside(path)
                _clear(path)
                path.symlink_to(member.linkname)
        for member, path in reversed(places):
            if member.isdir() and not path.is_symlink():
                path.chmod(stat.S_IMODE(member.mode) & 0o1777)

    def _place(self, name: str, top: str) -> Path:
        """Where a member goes."""
        inside = name.removeprefix("./").removeprefix(top).lstrip("/") if top != "." else name.removeprefix("./")
        if ".." in inside.split("/"):
            raise _untrusted(f"it has a name with '..', {name!r}, which leads outside of {self._root}")
        return self._target / inside if inside not in ("", ".") else self._target

    def _write(self, member: tarfile.TarInfo, path: Path) -> None:
        self._require_inside(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path != self._target:
            _clear(path)
        source = self._archive.extractfile(member)
        assert source is not None, "it is a file"
        with _writable(path), path.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        path.chmod(stat.S_IMODE(member.mode) & 0o777)
        os.utime(path, (member.mtime, member.mtime))

    def _link(self, path: Path, source: Path) -> None:
        self._require_inside(path)
        self._require_inside(source)
        if not source.is_file():
            raise _untrusted(f"{path} is to be the same as {source}, which is none of its files")
        _clear(path)
        os.link(source, path, follow_symlinks=False)

    def _require_inside(self, path: Path) -> None:
        """See that no link that is there already leads out of the destination on the way to a path."""
        found = Path(os.path.realpath(path.parent))
        if path != self._target and not found.is_relative_to(self._root):
            raise _untrusted(f"it wants to write to {found}, outside of {self._root}")


@contextlib.contextmanager
def _writable(path: Path) -> Iterator[None]:
    """Let a file that is there be written to whatever its mode says; it gets that of the new one."""
    if path.exists() and not os.access(path, os.W_OK):
        path.chmod(0o600)
    yield


def _clear(path: Path) -> None:
    """Make room for a file or link; a directory is not removed for it."""
    if path.is_dir() and not path.is_symlink():
        raise PodkitError(f"{str(path)!r} is a directory, and something else in the container; nothing more is copied")
    if path.is_symlink() or path.exists():
        path.unlink()


def _untrusted(why: str) -> PodkitError:
    return PodkitError(f"the archive of the container is not to be trusted: {why}; nothing more is copied")
