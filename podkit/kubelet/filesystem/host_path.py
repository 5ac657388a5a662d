"""Volumes that are a path of the machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from podkit.kubelet.filesystem.base import VolumeError

_CHECKS: dict[str, tuple[Callable[[Path], bool], str]] = {
    "Directory": (Path.is_dir, "directory"),
    "File": (Path.is_file, "file"),
    "Socket": (Path.is_socket, "socket"),
    "CharDevice": (Path.is_char_device, "character device"),
    "BlockDevice": (Path.is_block_device, "block device"),
}


def prepare(path: Path, kind: str) -> Path:
    """Check the path, or make it, as its type says (`pkg/volume/hostpath/host_path.go`).

    An empty type checks nothing in Kubernetes, where the container engine then makes a directory; so does this.

    Raises:
        VolumeError: it is not what its type says.
    """
    match kind:
        case "DirectoryOrCreate":
            if not path.exists():
                path.mkdir(mode=0o755, parents=True)
            _demand(path, "Directory")
        case "FileOrCreate":
            if not path.exists():
                _make_file(path)
            _demand(path, "File")
        case "":
            if not path.exists():
                path.mkdir(mode=0o755, parents=True)
        case _:
            _demand(path, kind)
    return path


def _make_file(path: Path) -> None:
    if not path.parent.is_dir():
        raise VolumeError(f"open {path}: no such file or directory (the directory of a FileOrCreate must exist)")
    path.touch(mode=0o644)


def _demand(path: Path, kind: str) -> None:
    check, name = _CHECKS[kind]
    if not check(path):
        raise VolumeError(f"hostPath type check failed: {path} is not a {name}")
