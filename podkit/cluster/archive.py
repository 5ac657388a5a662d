"""Copying files into and out of containers, as tar archives, which is what container engines take and give."""

from __future__ import annotations

import io
import os
import posixpath
import tarfile
import time
from pathlib import Path

from podkit.cluster.containers import Place
from podkit.errors import PodkitError

_FILE_MODE = 0o644


def copy_to(place: Place, src: str | os.PathLike[str] | bytes, dst: str) -> None:
    """Copy a file, a directory, or the content of a file into a container; see `podkit.Cluster.copy_to`."""
    if isinstance(src, bytes) and dst.endswith("/"):
        raise PodkitError(f"{dst!r} is a directory; say the whole path of the file that is to have this content")
    if dst.endswith("/") and not isinstance(src, bytes):
        directory, name = dst, Path(src).resolve().name
    else:
        directory, name = posixpath.split(dst)
    place.runtime.put_archive(place.container_id, directory or "/", _pack(src, name))


def copy_from(place: Place, src: str, dst: Path) -> Path:
    """Copy a file or directory out of a container; see `podkit.Cluster.copy_from`."""
    data = place.runtime.get_archive(place.container_id, src)
    target = dst / posixpath.basename(src.rstrip("/")) if dst.is_dir() else dst
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = archive.getmembers()
        top = members[0].name.split("/")[0] if members else ""
        for member in members:
            inside = member.name.partition("/")[2] if member.name != top else ""
            member.name = posixpath.join(target.name, inside) if inside else target.name
            if member.islnk():
                member.linkname = posixpath.join(target.name, member.linkname.partition("/")[2])
        _extract(archive, members, target.parent)
    return target


def _extract(archive: tarfile.TarFile, members: list[tarfile.TarInfo], directory: Path) -> None:
    """Unpack what a container has packed, and nothing outside of the directory.

    Raises:
        PodkitError: it would get outside.
    """
    if hasattr(tarfile, "data_filter"):
        try:
            archive.extractall(directory, members=members, filter="data")
        except tarfile.FilterError as error:
            raise PodkitError(
                f"the archive of the container is not to be trusted: {error}; nothing more is copied"
            ) from error
        return
    root = Path(os.path.realpath(directory))  # Python before 3.11.4 has no filters
    for member in members:
        place = Path(os.path.realpath(root / posixpath.dirname(member.name)))
        if not place.is_relative_to(root):
            raise PodkitError(
                f"the archive of the container wants to write to {place}, outside of {root}; nothing more is copied"
            )
        archive.extract(member, root)


def _pack(src: str | os.PathLike[str] | bytes, name: str) -> bytes:
    """A tar archive with one file or directory, under this name."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        if isinstance(src, bytes):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(src), _FILE_MODE, int(time.time())
            archive.addfile(entry, io.BytesIO(src))
        else:
            archive.add(Path(src), arcname=name)
    return packed.getvalue()
