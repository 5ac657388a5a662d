"""Files of a container as a tar archive, and back."""

from __future__ import annotations

import errno
import io
import posixpath
import tarfile
from typing import BinaryIO

from podkit.errors import RuntimeFailed
from podkit.runtime.simulated.filesystem import Filesystem, failure


def pack(files: Filesystem, path: str) -> bytes:
    """A file or directory as an archive, in which it has its own last name.

    Raises:
        RuntimeFailed: there is none.
    """
    try:
        return _packed(files, files.absolute("/", path))
    except OSError as error:
        raise RuntimeFailed(f"could not read {path}: {error.strerror}", operation=f"copy from {path}") from error


def _packed(files: Filesystem, path: str) -> bytes:
    if not files.exists(path):
        raise failure(errno.ENOENT, path)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        _add(archive, files, path, posixpath.basename(path) or ".")
    return packed.getvalue()


def _add(archive: tarfile.TarFile, files: Filesystem, path: str, name: str) -> None:
    entry = tarfile.TarInfo(name)
    if files.is_dir(path):
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(entry)
        for child in files.names(path):
            _add(archive, files, posixpath.join(path, child), f"{name}/{child}")
    else:
        content = files.read(path)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))


def unpack(files: Filesystem, path: str, archive: bytes | BinaryIO) -> None:
    """Unpack an archive at a directory, which is made if it is missing.

    Links and devices in it are refused: the simulation has none.

    Raises:
        RuntimeFailed: something of it cannot be written, or it is no archive.
    """
    try:
        _unpack(files, files.absolute("/", path), archive if isinstance(archive, bytes) else archive.read())
    except (OSError, tarfile.TarError) as error:
        raise RuntimeFailed(f"could not unpack an archive at {path}: {error}", operation=f"copy to {path}") from error


def _unpack(files: Filesystem, path: str, content: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for entry in archive:
            target = files.absolute(path, entry.name.lstrip("/"))
            if entry.isdir():
                files.make_dir(target, parents=True)
            elif (source := archive.extractfile(entry)) is not None and entry.isfile():
                files.make_dir(posixpath.dirname(target), parents=True)
                files.write(target, source.read())
            else:
                raise failure(errno.EOPNOTSUPP, target)
