"""Writes the files of a volume so that whoever reads them sees all of the old or all of the new ones.

Kubernetes' `pkg/volume/util/atomic_writer.go`: the files lie in a directory with a time stamp as its name; ``..data`` is a
link to that directory, and each user-visible name is a link through ``..data``. An update writes a new directory and renames
a new link onto ``..data``.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from podkit.kubelet.filesystem.base import File, Payload, VolumeError
from podkit.kubelet.filesystem.ownership import KEEP, OURS, Owners

DATA = "..data"


def is_written(target: Path) -> bool:
    """Whether there are files of a payload in a directory."""
    return _current(target) is not None


def write(target: Path, payload: Payload, owners: Owners = OURS, *, group: int | None = None) -> bool:
    """Make the files of a directory those of a payload.

    Args:
        target: the directory; it exists.
        payload: the files.
        owners: gives them to the users and groups of containers.
        group: the group that they are to belong to and be readable by (``fsGroup``).

    Returns:
        Whether anything had to be written.

    Raises:
        VolumeError: a path leaves the volume or is too long.
    """
    for path in payload:
        check_path(path)
    current = _current(target)
    if current is not None and _is_there(current, payload):
        return False
    fresh = Path(tempfile.mkdtemp(prefix=datetime.now(UTC).strftime("..%Y_%m_%d_%H_%M_%S."), dir=target))
    fresh.chmod(0o755)
    for path, file in payload.items():
        _write_file(fresh, path, file)
    owners.give(
        (fresh / path, KEEP if file.owner is None else file.owner, KEEP if group is None else group, _mode(file, group))
        for path, file in payload.items()
        if group is not None or file.owner is not None
    )
    _switch(target, fresh)
    _link(target, payload)
    if current is not None:
        shutil.rmtree(current)
    return True


def check_path(path: str) -> None:
    """See that the path of a file stays in its volume.

    Raises:
        VolumeError: it does not, or is too long.
    """
    if not path or len(path) > 4096 or path.startswith(("/", "..")) or ".." in PurePosixPath(path).parts:
        raise VolumeError(f"invalid path {path!r}: it must be relative, at most 4096 characters, and without '..'")
    if any(len(part) > 255 for part in PurePosixPath(path).parts):
        raise VolumeError(f"invalid path {path!r}: no part of it may be longer than 255 characters")


def _current(target: Path) -> Path | None:
    link = target / DATA
    return target / link.readlink() if link.is_symlink() and (target / link.readlink()).is_dir() else None


def _is_there(directory: Path, payload: Payload) -> bool:
    """Whether the files are those of a payload; not so where one may not be read, because it belongs to a container's user."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    try:
        found = {str(path.relative_to(directory)): path.read_bytes() for path in files}
    except PermissionError:
        return False
    return found == {path: file.content for path, file in payload.items()}


def _write_file(directory: Path, path: str, file: File) -> None:
    place = directory / path
    for parent in reversed(PurePosixPath(path).parents[:-1]):
        (directory / parent).mkdir(exist_ok=True)
        (directory / parent).chmod(0o755)
    place.write_bytes(file.content)
    place.chmod(file.mode)


def _mode(file: File, group: int | None) -> int:
    return file.mode | 0o440 if group is not None else file.mode


def _switch(target: Path, fresh: Path) -> None:
    link = target / f"{DATA}_tmp"
    link.unlink(missing_ok=True)
    link.symlink_to(fresh.name)
    link.replace(target / DATA)


def _link(target: Path, payload: Payload) -> None:
    """One link for each first part of a path; links to what is no more are removed."""
    wanted = {PurePosixPath(path).parts[0] for path in payload}
    for name in wanted:
        if not (target / name).is_symlink():
            (target / name).symlink_to(f"{DATA}/{name}")
    for entry in target.iterdir():
        if not entry.name.startswith("..") and entry.name not in wanted:
            entry.unlink()
