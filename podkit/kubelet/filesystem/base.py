"""What a kubelet asks of the file system of its node, in plain data: the seam to the machine on which the engine runs.

Whatever a kubelet writes for a Pod, and all that it looks at outside of containers, goes through `NodeFilesystem`. On an engine of
this machine that is `podkit.kubelet.filesystem.local`. An engine elsewhere shares no files with podkit; there another
implementation does the same by the means of the engine.

A *place* names something that the kubelet keeps: a path below the node's directory for Pods, the first part of which is the Pod's
uid, such as ``<uid>/volumes/data``. A *path* is an absolute path of the engine's machine, good as the source of a mount; it is
only ever handed on, never opened.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Protocol, TypeAlias

from attrs import frozen

from podkit.errors import PodkitError

DEFAULT_MODE = 0o644


class VolumeError(PodkitError):
    """A volume cannot be set up, which becomes an event ``FailedMount``, or cannot be removed, which is tried again."""


@frozen
class File:
    """One file of a volume.

    Attributes:
        content: its bytes.
        mode: its permission bits.
        owner: the user that it belongs to; None: the kubelet's own.
    """

    content: bytes
    mode: int = DEFAULT_MODE
    owner: int | None = None


Payload: TypeAlias = dict[str, File]
"""The files of a volume by their relative path."""


class NodeFilesystem(Protocol):
    """The files of one node. What cannot be done raises a `VolumeError` that says what and why."""

    # What the kubelet keeps

    def pods(self) -> list[str]:
        """The uids of all Pods of which something is kept."""

    def make_directory(self, place: str, *, mode: int, group: int | None = None) -> PurePosixPath:
        """Make a directory, unless it is there already; return its path.

        Args:
            place: where.
            mode: its permission bits; set only when it is made.
            group: the group that it, and what is made in it, is to belong to.
        """

    def make_memory(self, place: str, *, mode: int, group: int | None = None, size: int | None = None) -> PurePosixPath:
        """Make a directory that lies in memory, unless it is there already; return its path.

        Args:
            place: where.
            mode: its permission bits; set only when it is made.
            group: the group that it, and what is made in it, is to belong to.
            size: bytes that fit in at the most; None: what the kernel grants.
        """

    def make_for_secrets(self, place: str, *, mode: int) -> PurePosixPath:
        """Make a directory for files that shall lie on no disk, as far as that can be, unless it is there already.

        Args:
            place: where.
            mode: its permission bits; set only when it is made.
        """

    def make_nfs(self, place: str, server: str, share: str, *, read_only: bool) -> PurePosixPath:
        """Make a directory that is a share of an NFS server, unless it is there already; return its path."""

    def write_file(self, place: str, content: bytes, *, mode: int) -> PurePosixPath:
        """Make a file have this content, in place, with the directories above it; return its path."""

    def read_tail(self, place: str, limit: int) -> bytes:
        """The last bytes of a file; nothing if there is none."""

    def write_payload(self, place: str, payload: Payload, *, group: int | None = None) -> None:
        """Make the files of a directory those of a payload, all at once for whoever reads them.

        Args:
            place: the directory; it exists.
            payload: the files.
            group: the group that they are to belong to and be readable by.
        """

    def has_payload(self, place: str) -> bool:
        """Whether a directory has the files of a payload."""

    def path_of(self, place: str) -> PurePosixPath:
        """Where something lies that has been made."""

    def remove(self, place: str) -> None:
        """Remove a file or a directory with all that is in it, also what lies in memory. What is gone is no error.

        A share of a server is only taken away from there; its content stays.
        """

    def used(self, place: str) -> int:
        """Bytes that a directory takes on its disk with all that is in it; nothing if there is none.

        What is mounted there from elsewhere, such as memory or a share of a server, is not among them; nor is what cannot be read.
        """

    # What is on the machine

    def capacity(self) -> int:
        """Bytes of the disk on which all this lies."""

    def available(self) -> int | None:
        """Bytes that are free there; None if that is not known."""

    def read_machine_file(self, path: str) -> str:
        """A text file of the machine, such as ``/etc/hosts``; empty if there is none."""

    def host_path(self, path: str, kind: str) -> PurePosixPath:
        """Check a path of the machine, or make it, as the type of a ``hostPath`` volume says; return it."""

    def part(self, volume: PurePosixPath, sub_path: str) -> PurePosixPath:
        """A path in a volume, with links resolved, which may not lead out of it; made as a directory if it is not there.

        Args:
            volume: where the volume lies; it may be a file, which has no parts.
            sub_path: the path in it; empty: the volume itself.
        """

    def read_part(self, volume: PurePosixPath, sub_path: str, limit: int) -> bytes | None:
        """A file in a volume, which may not lead out of it; None if there is none.

        Raises:
            VolumeError: it has more bytes than the limit, or is no file.
        """

    def open_up(self, volume: PurePosixPath) -> None:
        """Let everybody write to a directory that is as the engine has made it, with nothing in it."""

    def hand_over(self, volume: PurePosixPath, group: int, *, only_at_mismatch: bool) -> None:
        """Let a directory with all that is in it belong to a group, which may read and write.

        Args:
            volume: the directory.
            group: the group.
            only_at_mismatch: leave everything as it is when the directory itself belongs to the group already.
        """
