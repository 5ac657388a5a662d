"""The files that the processes of a simulated container see.

A container's root is in memory and its own: what its image has, and what it writes. A mount is what it is on a real engine: a
real file or directory of the machine, read and written in place, so that what a kubelet puts into a volume can be read, and
what a container leaves there can be found. `/dev/shm` is in memory, shared by the containers of a sandbox.

Left out: owners and modes of files in memory, links in memory, devices other than ``/dev/null``, ``/proc`` and ``/sys``. A
path is taken apart as text, so that ``..`` after a link means the directory that holds the link. A link in a mount that
leads out of it leads nowhere.
"""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

_DIRECTORIES = (
    *("", "bin", "dev", "etc", "home", "mnt", "opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr"),
    *("usr/bin", "usr/local", "usr/local/bin", "usr/sbin", "var", "var/lib", "var/log", "var/run", "var/tmp"),
)


def failure(number: int, path: str) -> OSError:
    """The error that the kernel would give."""
    return OSError(number, os.strerror(number), path)


class Tree(Protocol):
    """A tree of files; paths are relative to its top, which is the empty path. Each method may raise an ``OSError``."""

    read_only: bool

    def is_dir(self, path: str) -> bool:
        """Whether there is a directory."""

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""

    def executable(self, path: str) -> bool:
        """Whether there is a file that may be executed."""

    def names(self, path: str) -> list[str]:
        """What a directory holds, in order."""

    def read(self, path: str) -> bytes:
        """The content of a file."""

    def write(self, path: str, content: bytes, *, append: bool) -> None:
        """Write a file, making it if its directory exists."""

    def make_dir(self, path: str) -> None:
        """Make a directory in one that exists."""

    def remove(self, path: str) -> None:
        """Remove a file or an empty directory."""

    def remove_all(self, path: str) -> None:
        """Remove a directory with all that it holds."""


class MemoryTree:
    """A tree in memory.

    Args:
        files: what it holds at first; their directories are made.
        directories: further directories.
        read_only: whether it refuses changes.
    """

    def __init__(
        self,
        files: Mapping[str, bytes] | None = None,
        directories: Iterable[str] = ("",),
        *,
        read_only: bool = False,
    ) -> None:
        self.read_only = read_only
        self._files = {path.strip("/"): content for path, content in (files or {}).items()}
        self._at_first = dict(self._files)
        self._directories = {"", *directories}
        for path in self._files:
            self.make_parents(path)

    @property
    def written(self) -> int:
        """Bytes of the files that were not there at first, or not as they are now."""
        return sum(len(content) for path, content in self._files.items() if self._at_first.get(path) is not content)

    def make_parents(self, path: str) -> None:
        """Make the directories that lead to a path."""
        while path := posixpath.dirname(path):
            self._directories.add(path)

    def is_dir(self, path: str) -> bool:
        """Whether there is a directory."""
        return path in self._directories

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        return path in self._files

    def executable(self, path: str) -> bool:  # noqa: ARG002  (files in memory have no modes)
        """Never: files in memory have no modes."""
        return False

    def names(self, path: str) -> list[str]:
        """What a directory holds, in order."""
        if path not in self._directories:
            raise failure(errno.ENOTDIR if path in self._files else errno.ENOENT, path)
        start = len(path) + 1 if path else 0
        entries = (*self._files, *self._directories)
        return sorted(entry[start:] for entry in entries if entry and posixpath.dirname(entry) == path)

    def read(self, path: str) -> bytes:
        """The content of a file."""
        if path in self._directories:
            raise failure(errno.EISDIR, path)
        if path not in self._files:
            raise failure(errno.ENOENT, path)
        return self._files[path]

    def write(self, path: str, content: bytes, *, append: bool) -> None:
        """Write a file."""
        if path in self._directories:
            raise failure(errno.EISDIR, path)
        self._check_parent(path)
        self._files[path] = self._files.get(path, b"") + content if append else content

    def make_dir(self, path: str) -> None:
        """Make a directory."""
        if path in self._directories or path in self._files:
            raise failure(errno.EEXIST, path)
        self._check_parent(path)
        self._directories.add(path)

    def remove(self, path: str) -> None:
        """Remove a file or an empty directory."""
        if path in self._directories and self.names(path):
            raise failure(errno.ENOTEMPTY, path)
        if path not in self._files and path not in self._directories:
            raise failure(errno.ENOENT, path)
        self._files.pop(path, None)
        self._directories.discard(path)

    def remove_all(self, path: str) -> None:
        """Remove a directory with all that it holds."""
        below = f"{path}/" if path else ""
        self._files = {name: content for name, content in self._files.items() if not name.startswith(below)}
        self._directories = {name for name in self._directories if not name or not name.startswith(below)} - {path}

    def _check_parent(self, path: str) -> None:
        parent = posixpath.dirname(path)
        if parent not in self._directories:
            raise failure(errno.ENOTDIR if parent in self._files else errno.ENOENT, path)


class MachineTree:
    """A file or directory of the machine.

    Args:
        source: its absolute path.
        read_only: whether it refuses changes.
    """

    def __init__(self, source: str, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self._source = Path(source).resolve()

    def is_dir(self, path: str) -> bool:
        """Whether there is a directory."""
        return self._holds(path) and (self._source / path).is_dir()

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        return self._holds(path) and (self._source / path).is_file()

    def executable(self, path: str) -> bool:
        """Whether there is a file that may be executed."""
        return self.is_file(path) and os.access(self._real(path), os.X_OK)

    def names(self, path: str) -> list[str]:
        """What a directory holds, in order."""
        return sorted(entry.name for entry in self._real(path).iterdir())

    def read(self, path: str) -> bytes:
        """The content of a file."""
        return self._real(path).read_bytes()

    def write(self, path: str, content: bytes, *, append: bool) -> None:
        """Write a file."""
        with self._real(path).open("ab" if append else "wb") as file:
            file.write(content)

    def make_dir(self, path: str) -> None:
        """Make a directory."""
        self._real(path).mkdir()

    def remove(self, path: str) -> None:
        """Remove a file or an empty directory."""
        if not path:
            raise failure(errno.EBUSY, path)
        found = self._real(path)
        found.rmdir() if found.is_dir() and not found.is_symlink() else found.unlink()

    def remove_all(self, path: str) -> None:
        """Remove a directory with all that it holds; of the mount itself, only what it holds."""
        if path:
            shutil.rmtree(self._real(path))
            return
        for name in self.names(path):
            found = self._real(name)
            shutil.rmtree(found) if found.is_dir() and not found.is_symlink() else found.unlink()
        raise failure(errno.EBUSY, path)

    def _holds(self, path: str) -> bool:
        return not path or (self._source / path).resolve().is_relative_to(self._source)

    def _real(self, path: str) -> Path:
        if not self._holds(path):
            raise failure(errno.ENOENT, path)
        return self._source / path if path else self._source


class Filesystem:
    """All that a container sees: its root, and what is mounted in it. Paths are absolute.

    Args:
        root: its own tree.
        mounts: by their absolute path.
    """

    def __init__(self, root: MemoryTree, mounts: Mapping[str, Tree]) -> None:
        self._root = root
        self._mounts = sorted(((place.rstrip("/"), tree) for place, tree in mounts.items()), key=_longest_first)
        frozen, root.read_only = root.read_only, False
        for place, tree in self._mounts:
            self._make_mount_point(place, directory=tree.is_dir(""))
        root.read_only = frozen

    @property
    def written(self) -> int:
        """Bytes of the files of its own that have been written."""
        return self._root.written

    def absolute(self, working_dir: str, name: str) -> str:
        """The absolute path that a name means."""
        path = posixpath.normpath(posixpath.join(working_dir, name))
        return path[1:] if path.startswith("//") else path

    def is_dir(self, path: str) -> bool:
        """Whether there is a directory."""
        tree, rest = self._find(path)
        return tree.is_dir(rest)

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        if path == "/dev/null":
            return False
        tree, rest = self._find(path)
        return tree.is_file(rest)

    def exists(self, path: str) -> bool:
        """Whether there is anything."""
        return path == "/dev/null" or self.is_dir(path) or self.is_file(path)

    def executable(self, path: str) -> bool:
        """Whether there is a file that may be executed."""
        tree, rest = self._find(path)
        return tree.executable(rest)

    def read_only(self, path: str) -> bool:
        """Whether what is at this path cannot be changed."""
        return self._find(path)[0].read_only

    def names(self, path: str) -> list[str]:
        """What a directory holds, in order."""
        tree, rest = self._find(path)
        return tree.names(rest)

    def read(self, path: str) -> bytes:
        """The content of a file."""
        if path == "/dev/null":
            return b""
        tree, rest = self._find(path)
        return tree.read(rest)

    def write(self, path: str, content: bytes, *, append: bool = False) -> None:
        """Write a file."""
        if path == "/dev/null":
            return
        tree, rest = self._changeable(path)
        tree.write(rest, content, append=append)

    def make_dir(self, path: str, *, parents: bool = False) -> None:
        """Make a directory; with ``parents`` also those that lead to it, and one that exists is no error."""
        if not parents:
            tree, rest = self._changeable(path)
            tree.make_dir(rest)
        elif not self.is_dir(path):
            self.make_dir(posixpath.dirname(path), parents=True)
            self.make_dir(path)

    def remove(self, path: str) -> None:
        """Remove a file or an empty directory."""
        tree, rest = self._changeable(path)
        tree.remove(rest)

    def remove_all(self, path: str) -> None:
        """Remove a directory with all that it holds."""
        tree, rest = self._changeable(path)
        tree.remove_all(rest)

    def _find(self, path: str) -> tuple[Tree, str]:
        for place, tree in self._mounts:
            if path == place or path.startswith(place + "/"):
                return tree, path[len(place) + 1 :]
        return self._root, path[1:]

    def _changeable(self, path: str) -> tuple[Tree, str]:
        tree, rest = self._find(path)
        if tree.read_only:
            raise failure(errno.EROFS, path)
        return tree, rest

    def _make_mount_point(self, place: str, *, directory: bool) -> None:
        tree, rest = self._root, place[1:]
        if any(place.startswith(other + "/") for other, _ in self._mounts if other != place) or tree.is_dir(rest):
            return
        tree.make_parents(rest)
        if directory:
            tree.make_dir(rest)
        elif not tree.is_file(rest):
            tree.write(rest, b"", append=False)


def _longest_first(mount: tuple[str, Tree]) -> int:
    return -len(mount[0])


def container_files(
    *,
    image_files: Mapping[str, bytes],
    own_files: Mapping[str, bytes],
    mounts: Sequence[tuple[str, Tree]],
    working_dir: str,
    read_only: bool,
) -> Filesystem:
    """The files of a new container.

    Args:
        image_files: what its image has.
        own_files: what the engine adds, such as ``/etc/hosts``.
        mounts: what is mounted where; of two at one place the later one counts.
        working_dir: is made if it is missing.
        read_only: whether its root cannot be written.
    """
    files = {path.strip("/"): content for path, content in {**own_files, **image_files}.items()}
    root = MemoryTree(files, _DIRECTORIES)
    filesystem = Filesystem(root, dict(mounts))
    filesystem.make_dir(working_dir, parents=True)
    root.read_only = read_only
    return filesystem
