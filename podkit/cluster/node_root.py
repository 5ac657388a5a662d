"""The directory of a node: who owns it, and how it is given back.

A node keeps the files of its Pods below a directory of its own. Whoever runs the node holds a lock (``flock``) on the file
``lock`` in it, so that no second process runs the same node; the kernel gives the lock back when the process ends, however
that happens. Everything that the node makes in the container engine is labelled with the directory. So a thing whose
directory is not locked has no owner any more, and `clean` may remove it.

A directory whose Pods are to survive their owner (``on_exit="keep"``) says so in the lock file, and `clean` leaves it alone.

A cluster that is not told a directory makes one below the machine's directory for temporary files (``TMPDIR`` moves it). That
is on purpose not a directory such as ``/run``: what lies there counts as memory, and must often not be executed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from podkit.errors import NodeInUse, PodkitError
from podkit.kubelet.filesystem import tmpfs
from podkit.kubelet.filesystem.ownership import OURS, Owners
from podkit.log import logger
from podkit.runtime.base import NODE_ROOT, Runtime, SandboxStatus, VolumeStatus

PREFIX = "podkit-cluster-"
"""What the names of directories begin with that clusters make for themselves."""
LOCK = "lock"
KEEP = "keep"

log = logger(__name__)

Labelled = TypeVar("Labelled", SandboxStatus, VolumeStatus)


class NodeRoot:
    """The directory of one node, owned by this process until `close`.

    Args:
        path: where; it is made if it does not exist.
        keep: whether what is in it is to survive this process.

    Raises:
        NodeInUse: another process, or another cluster of this one, owns it.
    """

    def __init__(self, path: Path, *, keep: bool = False) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path.resolve()
        descriptor = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _lock(descriptor):
            owner = _read(descriptor)[0]
            os.close(descriptor)
            raise NodeInUse(
                f"the node root {self.path} is in use by process {owner}; close that cluster, or use another root_dir"
            )
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {KEEP if keep else ''}\n".encode(), 0)
        self._descriptor: int | None = descriptor

    def close(self, *, remove: bool) -> None:
        """Give it back. Doing so twice does no harm.

        Args:
            remove: whether to remove the directory with all that is in it.
        """
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        if remove:
            remove_tree(self.path)
        os.close(descriptor)

    def abandon(self) -> None:
        """In a forked child: let go of the lock, which stays its parent's, and touch nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def make_directory() -> Path:
    """A new directory, which only this user can look into, for the nodes of one cluster."""
    return Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()


def remove_tree(root: Path, owners: Owners = OURS) -> None:
    """Unmount what is mounted below a directory, and remove it with all that is in it, as far as that may be done."""
    for place in sorted(_mounts_below(root), reverse=True):
        tmpfs.remove(place)
    for place in (root / "pods").glob("*/volumes/*"):
        if place.is_symlink():
            with suppress(OSError):
                tmpfs.remove(place, owners)
    with suppress(OSError):
        owners.remove_tree(root)
    shutil.rmtree(root, ignore_errors=True)


def clean(runtime: Runtime | None = None, *, kept: bool = False) -> list[str]:
    """Remove what clusters have left behind whose process died before it could do so itself.

    That is what carries podkit's labels and belongs to a directory that nobody has locked: Podman pods with their containers,
    volumes of claims, mounts, and the directories themselves. What is in use, also by other processes, is not touched.

    Args:
        runtime: the container engine; None: Podman.
        kept: whether also to remove what clusters with ``on_exit="keep"`` have left running on purpose.

    Returns:
        What was removed, one line each.

    Example:
        ::

            for line in clean():
                print("removed", line)
    """
    if runtime is not None:
        return _clean(runtime, kept=kept)
    from podkit.runtime.podman import PodmanRuntime

    podman = PodmanRuntime()
    try:
        return _clean(podman, kept=kept)
    finally:
        podman.close()


def _clean(runtime: Runtime, *, kept: bool) -> list[str]:
    removed = []
    owners = Owners(runtime.info().as_owner)
    sandboxes, volumes = _by_root(runtime.sandboxes({})), _by_root(runtime.volumes({}))
    for root in sandboxes.keys() | volumes.keys():
        if not _is_abandoned(root, kept=kept):
            continue
        for sandbox in sandboxes.get(root, ()):
            runtime.remove_sandbox(sandbox.id)
            removed.append(f"pod {sandbox.name}")
        for volume in volumes.get(root, ()):
            runtime.remove_volume(volume.name)
            removed.append(f"volume {volume.name}")
        if root.is_dir():
            removed.append(f"directory {root}")
            remove_tree(root, owners)
        if root.parent.name.startswith(PREFIX):
            with suppress(OSError):  # other nodes may still be there
                root.parent.rmdir()
    for directory in _left_directories(kept=kept):
        remove_tree(directory, owners)
        removed.append(f"directory {directory}")
    return removed


def abandoned() -> list[Path]:
    """The directories that were left behind by clusters of this user whose process died."""
    return _left_directories(kept=False)


def _by_root(things: Iterable[Labelled]) -> dict[Path, list[Labelled]]:
    found: dict[Path, list[Labelled]] = {}
    for thing in things:
        if root := thing.labels.get(NODE_ROOT):
            found.setdefault(Path(root), []).append(thing)
    return found


def _is_abandoned(root: Path, *, kept: bool) -> bool:
    """Whether nobody owns a node's directory any more, nor wants it kept; also when the directory is gone."""
    try:
        descriptor = os.open(root / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError as error:
        log.info("whether %s is in use cannot be seen, it is left alone: %s", root, error)
        return False
    try:
        return _lock(descriptor) and (kept or KEEP not in _read(descriptor))
    finally:
        os.close(descriptor)


def _left_directories(*, kept: bool) -> list[Path]:
    """The directories that clusters of this user have made for themselves and that nobody uses any more."""
    found = []
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        nodes = list(directory.glob(f"*/{LOCK}")) if _is_ours(directory) else []
        if nodes and all(_is_abandoned(lock.parent, kept=kept) for lock in nodes):
            found.append(directory.resolve())
    return found


def is_free(directory: Path) -> bool:
    """Whether a directory is of a cluster of this user that has ended."""
    return _is_ours(directory) and all(_is_abandoned(lock.parent, kept=True) for lock in directory.glob(f"*/{LOCK}"))


def _is_ours(directory: Path) -> bool:
    try:
        status = directory.lstat()
    except OSError:
        return False
    return directory.is_dir() and not directory.is_symlink() and status.st_uid == os.geteuid()


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> list[str]:
    """What the lock file says: who owns it, and whether it is to be kept."""
    return os.pread(descriptor, 64, 0).decode(errors="replace").split() or ["unknown"]


def _mounts_below(root: Path) -> list[Path]:
    """The mount points below a directory, as the kernel lists them."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise PodkitError(f"the mounts of this machine cannot be read: {error}") from error
    places = [Path(_unescaped(line.split(" ")[4])) for line in lines]
    return [place for place in places if root in place.parents]


def _unescaped(text: str) -> str:
    """A path of ``mountinfo``, in which blanks are written as octal numbers."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
