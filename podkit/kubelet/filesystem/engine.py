"""The file system of a node whose engine runs on another machine: what the kubelet keeps lies in volumes of the engine.

Each directory that a Pod mounts is a volume, and one more has the Pod's single files; they are labelled with the Pod, and found
again by that. Files travel as tar archives. Through an engine one can put files into a volume and get them out again, and
nothing else, which is why some things cannot be had here: memory, NFS, limits of size, parts of volumes that a container can write
to, and paths of the machine that are made or looked at. Whatever asks for these is told so.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath

from podkit.errors import PodkitError
from podkit.kubelet.filesystem.atomic_writer import DATA, check_path
from podkit.kubelet.filesystem.base import File, Payload, VolumeError
from podkit.runtime.base import POD_UID, Runtime, VolumeStatus

PLACE = "io.podkit.place"
"""The label of a volume that says which place it is."""
_FILES = "files"
"""The part of a Pod's places that is the volume with its single files."""
_SET_GROUP = 0o2000
_AS_MADE = 0o755
_CHECKED_BY_THE_ENGINE = ("", "Directory", "File", "Socket", "CharDevice", "BlockDevice")


class EngineFilesystem:
    """The files of a node, kept by its engine; see `podkit.kubelet.filesystem.base.NodeFilesystem`.

    Args:
        runtime: the engine.
        labels: what everything that the node makes is labelled with.
    """

    def __init__(self, runtime: Runtime, labels: Mapping[str, str]) -> None:
        self._runtime = runtime
        self._labels = dict(labels)
        self._volumes: dict[str, VolumeStatus] = {}
        self._payloads: dict[str, tuple[str, Payload]] = {}
        self._written: dict[str, bytes] = {}

    # What the kubelet keeps

    def pods(self) -> list[str]:
        """The uids of all Pods of which something is kept."""
        found = self._runtime.volumes(self._labels)
        return sorted({volume.labels[POD_UID] for volume in found if POD_UID in volume.labels})

    def make_directory(self, place: str, *, mode: int, group: int | None = None) -> PurePosixPath:
        """Make a volume, unless it is there already."""
        there = self._find(place)
        if there is None:
            there = self._make(place)
            self._set_mode(there.name, mode, group)
        return PurePosixPath(there.path)

    def make_memory(
        self,
        place: str,
        *,
        mode: int,  # noqa: ARG002
        group: int | None = None,  # noqa: ARG002
        size: int | None = None,  # noqa: ARG002
    ) -> PurePosixPath:
        """Make a directory that lies in memory, which cannot be."""
        raise VolumeError(
            f"{_name_of(place)} is to lie in memory, which a Podman on another machine cannot be asked for: "
            "leave out the medium Memory, or use a Podman on this machine"
        )

    def make_for_secrets(self, place: str, *, mode: int) -> PurePosixPath:
        """Make a directory for secret files. It lies on a disk, as there is nothing else; it goes with the Pod."""
        return self.make_directory(place, mode=mode)

    def make_nfs(self, place: str, server: str, share: str, *, read_only: bool) -> PurePosixPath:  # noqa: ARG002
        """Mount a share of an NFS server."""
        raise VolumeError(
            f"{server}:{share} cannot be mounted on another machine: mount it there, and use a hostPath volume"
        )

    def write_file(self, place: str, content: bytes, *, mode: int) -> PurePosixPath:
        """Make a file have this content."""
        volume, path = self._file(place)
        if self._written.get(place) != content:
            archive = _Archive()
            for parent in reversed(path.parents[:-1]):
                archive.directory(str(parent), 0o755)
            archive.file(str(path), File(content, mode))
            self._put(volume.name, archive)
            self._written[place] = content
        return PurePosixPath(volume.path) / path

    def read_tail(self, place: str, limit: int) -> bytes:
        """The last bytes of a file; nothing if there is none."""
        volume, path = self._file(place)
        found = self._get(volume.name, str(path))
        content = next(iter(_files(found).values()), b"") if found is not None else b""
        return content[-limit:] if limit else b""

    def write_payload(self, place: str, payload: Payload, *, group: int | None = None) -> None:
        """Make the files of a volume those of a payload.

        The link ``..data`` is replaced by one that leads to the new files. The old ones, and links to files that are no more, stay
        until the Pod goes, because an engine removes nothing from a volume.
        """
        for path in payload:
            check_path(path)
        before = self._payload(place)
        wanted = {path: File(file.content) for path, file in payload.items()}
        if before is not None and before[1] == wanted:
            return
        fresh = datetime.now(UTC).strftime("..%Y_%m_%d_%H_%M_%S.") + secrets.token_hex(4)
        archive = _Archive()
        archive.directory(fresh, 0o755)
        made = set[str]()
        for path, file in payload.items():
            for parent in reversed(PurePosixPath(path).parents[:-1]):
                if str(parent) not in made:
                    archive.directory(f"{fresh}/{parent}", 0o755)
                    made.add(str(parent))
            archive.file(f"{fresh}/{path}", file, group)
        archive.link(DATA, fresh)
        for first in sorted({PurePosixPath(path).parts[0] for path in payload}):
            archive.link(first, f"{DATA}/{first}")
        self._put(self._volume(place).name, archive)
        self._payloads[place] = (fresh, wanted)

    def has_payload(self, place: str) -> bool:
        """Whether a directory has the files of a payload."""
        return self._payload(place) is not None

    def path_of(self, place: str) -> PurePosixPath:
        """Where something lies that has been made."""
        return PurePosixPath(self._volume(place).path)

    def remove(self, place: str) -> None:
        """Remove volumes with all that is in them. A single file goes with its Pod."""
        uid, _, rest = place.partition("/")
        self._written = {known: content for known, content in self._written.items() if not _is_below(known, place)}
        if rest.startswith(("containers/", "etc-")):
            return
        for volume in self._runtime.volumes({**self._labels, POD_UID: uid}):
            its_place = volume.labels.get(PLACE, "")
            if _is_below(its_place, place):
                try:
                    self._runtime.remove_volume(volume.name)
                except PodkitError as error:
                    raise VolumeError(f"cannot remove {its_place}: {error}") from error
                self._volumes.pop(its_place, None)
                self._payloads.pop(its_place, None)

    def used(self, place: str) -> int:  # noqa: ARG002
        """Nothing: an engine does not say it without looking at every file that it has."""
        return 0

    # What is on the machine

    def capacity(self) -> int:
        """Bytes of the disk on which the engine keeps its volumes."""
        return self._runtime.machine_stats().storage or 0

    def available(self) -> int | None:
        """Bytes that are free there; None if the engine does not say."""
        return self._runtime.machine_stats().storage_available

    def read_machine_file(self, path: str) -> str:  # noqa: ARG002
        """Nothing: the machine's files cannot be seen from here. Podman itself gives Pods what the machine's resolver says."""
        return ""

    def host_path(self, path: str, kind: str) -> PurePosixPath:
        """A path of the machine, which must be there: the engine refuses to mount what is not."""
        if kind not in _CHECKED_BY_THE_ENGINE:
            raise VolumeError(
                f"{path} is to be made if it is not there ({kind}), which cannot be done on another machine: make it there, "
                "and leave out the type"
            )
        return PurePosixPath(path)

    def part(self, volume: PurePosixPath, sub_path: str) -> PurePosixPath:
        """A path in a volume of the kubelet's own files, where no container can have put a link that leads elsewhere."""
        if not sub_path:
            return volume
        for place, status in self._volumes.items():
            found = self._payload(place) if PurePosixPath(status.path) == volume else None
            if found is not None and any(_is_below(path, sub_path.rstrip("/")) for path in found[1]):
                return volume / found[0] / sub_path
        raise VolumeError(
            f"subPath {sub_path!r}: whether it leads out of the volume cannot be seen on another machine, so parts can be "
            "mounted only of ConfigMaps, Secrets, projected and downward API volumes, and only those that are there"
        )

    def read_part(self, volume: PurePosixPath, sub_path: str, limit: int) -> bytes | None:
        """A file in a volume; None if there is none."""
        name = next((one.name for one in self._volumes.values() if PurePosixPath(one.path) == volume), None)
        found = self._get(name, sub_path) if name is not None else None
        if found is None:
            return None
        files = _files(found)
        if len(files) != 1:
            raise VolumeError(f"{sub_path!r} is not a file")
        content = next(iter(files.values()))
        if len(content) > limit:
            raise VolumeError(f"the file {sub_path!r} has more than {limit} bytes")
        return content

    def open_up(self, volume: PurePosixPath) -> None:
        """Let everybody write to a volume that is as the engine has made it."""
        name = self._name_at(volume)
        if self._runtime.volume_mode(name) == _AS_MADE:
            self._set_mode(name, 0o777, None)

    def hand_over(self, volume: PurePosixPath, group: int, *, only_at_mismatch: bool) -> None:  # noqa: ARG002
        """Let a volume belong to a group. What is in it already stays as it is: an engine gives away nothing of it."""
        name = self._name_at(volume)
        mode = self._runtime.volume_mode(name)
        if not mode & _SET_GROUP:
            self._set_mode(name, mode | 0o770, group)

    # Volumes

    def _find(self, place: str) -> VolumeStatus | None:
        if place not in self._volumes:
            labels = self._labels_of(place)
            for volume in self._runtime.volumes(labels):
                self._volumes[place] = volume
        return self._volumes.get(place)

    def _make(self, place: str) -> VolumeStatus:
        name = "podkit-" + hashlib.sha256(f"{sorted(self._labels.items())}{place}".encode()).hexdigest()[:32]
        try:
            made = self._runtime.create_volume(name, self._labels_of(place))
        except PodkitError as error:
            raise VolumeError(str(error)) from error
        self._volumes[place] = made
        return made

    def _labels_of(self, place: str) -> dict[str, str]:
        return {**self._labels, POD_UID: place.partition("/")[0], PLACE: place}

    def _volume(self, place: str) -> VolumeStatus:
        found = self._find(place)
        if found is None:
            raise VolumeError(f"{_name_of(place)} is not there any more")
        return found

    def _file(self, place: str) -> tuple[VolumeStatus, PurePosixPath]:
        """The volume with a Pod's single files, and the path of one in it."""
        uid, _, path = place.partition("/")
        place = f"{uid}/{_FILES}"
        return self._find(place) or self._make(place), PurePosixPath(path)

    def _name_at(self, path: PurePosixPath) -> str:
        """The name of the volume that lies at a path, also of one that is not the kubelet's own (the storage of a claim)."""
        for volume in (*self._volumes.values(), *self._runtime.volumes(self._labels)):
            if PurePosixPath(volume.path) == path:
                return volume.name
        raise VolumeError(f"there is no volume at {path}")

    def _payload(self, place: str) -> tuple[str, Payload] | None:
        """The directory of the files that a volume has now, and these; None if it has none."""
        if place not in self._payloads and (volume := self._find(place)) is not None:
            archive = self._get(volume.name, DATA)
            if archive is not None:
                with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                    top = PurePosixPath(tar.getnames()[0]).parts[0]
                files = {path.partition("/")[2]: File(content) for path, content in _files(archive).items()}
                self._payloads[place] = (top, files)
        return self._payloads.get(place)

    def _set_mode(self, name: str, mode: int, group: int | None) -> None:
        archive = _Archive()
        archive.directory(".", mode | (_SET_GROUP if group is not None else 0), group)
        self._put(name, archive)

    def _put(self, name: str, archive: _Archive) -> None:
        try:
            self._runtime.write_volume(name, archive.close())
        except PodkitError as error:
            raise VolumeError(str(error)) from error

    def _get(self, name: str, path: str) -> bytes | None:
        try:
            return self._runtime.read_volume(name, path)
        except PodkitError as error:
            raise VolumeError(str(error)) from error


class _Archive:
    """A tar archive that is being written."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w")  # noqa: SIM115

    def directory(self, path: str, mode: int, group: int | None = None) -> None:
        self._add(path, tarfile.DIRTYPE, mode, group=group)

    def file(self, path: str, file: File, group: int | None = None) -> None:
        mode = file.mode | 0o440 if group is not None else file.mode
        self._add(path, tarfile.REGTYPE, mode, owner=file.owner, group=group, content=file.content)

    def link(self, path: str, target: str) -> None:
        self._add(path, tarfile.SYMTYPE, 0o777, target=target)

    def close(self) -> bytes:
        """End it; what it is."""
        self._tar.close()
        return self._buffer.getvalue()

    def _add(
        self,
        path: str,
        kind: bytes,
        mode: int,
        *,
        owner: int | None = None,
        group: int | None = None,
        content: bytes = b"",
        target: str = "",
    ) -> None:
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.linkname = kind, mode, target
        entry.uid, entry.gid, entry.size = owner or 0, group or 0, len(content)
        entry.mtime = int(datetime.now(UTC).timestamp())
        self._tar.addfile(entry, io.BytesIO(content))


def _files(archive: bytes) -> dict[str, bytes]:
    """The files of an archive."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {
            entry.name: opened.read()
            for entry in tar
            if entry.isfile() and (opened := tar.extractfile(entry)) is not None
        }


def _is_below(path: str, place: str) -> bool:
    """Whether a path is a place, or lies below it."""
    return path == place or path.startswith(f"{place}/")


def _name_of(place: str) -> str:
    return f"volume {place.rpartition('/')[2]!r}"
