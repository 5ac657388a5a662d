"""Sets up and takes down the volumes of Pods below the node's root directory.

``pods/<uid>/volumes/<name>`` is a volume that is the Pod's own: an emptyDir, or the files of a ConfigMap, Secret,
projection or downward API. They live as long as the Pod, through all restarts of its containers.
"""

from __future__ import annotations

import os
from pathlib import Path

from podkit.kubelet.volumes import atomic_writer, host_path, tmpfs
from podkit.kubelet.volumes.payload import PayloadMaker, VolumeError, remove_tree
from podkit.model import EmptyDirVolumeSource, Pod, Volume
from podkit.model.quantity import Quantity


class VolumeManager:
    """The volumes of the Pods of one node.

    Args:
        pods_dir: the directory that has a directory for each Pod.
    """

    def __init__(self, pods_dir: Path) -> None:
        self._pods_dir = pods_dir

    def set_up(self, pod: Pod, payloads: PayloadMaker) -> dict[str, Path]:
        """Make the volumes of a Pod that are not there yet.

        Those that are there stay as they are, also if what they were made from has been deleted meanwhile: with the files that
        it has, a container can be started again (`refresh` brings them up to date).

        Returns:
            Where each lies, by its name.

        Raises:
            VolumeError: one of them cannot be made; the message names it.
        """
        paths = {}
        for volume in pod.spec.volumes:
            try:
                paths[volume.name] = self._set_up(pod, volume, payloads)
            except (VolumeError, OSError) as error:
                raise _set_up_failed(volume, error) from error
        return paths

    def refresh(self, pod: Pod, payloads: PayloadMaker) -> list[VolumeError]:
        """Bring the files of ConfigMaps, Secrets and the downward API up to date.

        Returns:
            Why some could not be, such as that something that is not optional has been deleted. Their files stay as they were.
        """
        problems = []
        for volume in pod.spec.volumes:
            place = self._directory(pod, volume)
            try:
                if atomic_writer.is_written(place) and (payload := payloads.make(volume)) is not None:
                    atomic_writer.write(place, payload, group=_fs_group(pod))
            except (VolumeError, OSError) as error:
                problems.append(_set_up_failed(volume, error))
        return problems

    def tear_down(self, uid: str) -> None:
        """Remove all volumes of a Pod. One that has none is no error.

        Raises:
            VolumeError: something cannot be unmounted or removed.
        """
        volumes = self._pods_dir / uid / "volumes"
        for place in volumes.iterdir() if volumes.is_dir() else []:
            tmpfs.remove(place)
        remove_tree(volumes)

    def _set_up(self, pod: Pod, volume: Volume, payloads: PayloadMaker) -> Path:
        if volume.host_path is not None:
            return host_path.prepare(volume.host_path)
        place = self._directory(pod, volume)
        place.parent.mkdir(parents=True, exist_ok=True)
        if volume.empty_dir is not None:
            _make_empty_dir(place, volume.empty_dir, _fs_group(pod))
            return place
        if atomic_writer.is_written(place):
            return place
        payload = payloads.make(volume)
        if payload is None:
            raise VolumeError("this kind of volume is not supported")
        if _is_secret(volume):
            tmpfs.make(place)
        place.mkdir(exist_ok=True)
        place.chmod(0o777)
        atomic_writer.write(place, payload, group=_fs_group(pod))
        return place

    def _directory(self, pod: Pod, volume: Volume) -> Path:
        return self._pods_dir / (pod.metadata.uid or "") / "volumes" / volume.name


def _set_up_failed(volume: Volume, error: Exception) -> VolumeError:
    return VolumeError(f'MountVolume.SetUp failed for volume "{volume.name}" : {error}')


def _is_secret(volume: Volume) -> bool:
    """Whether the files of a volume must not come to lie on a disk."""
    projections = volume.projected.sources if volume.projected is not None else []
    return volume.secret is not None or any(projection.secret is not None for projection in projections)


def _fs_group(pod: Pod) -> int | None:
    return pod.spec.security_context.fs_group if pod.spec.security_context is not None else None


def _make_empty_dir(place: Path, source: EmptyDirVolumeSource, group: int | None) -> None:
    """An empty directory that anybody may write to (`pkg/volume/emptydir`), in memory if so wanted."""
    in_memory = source.medium == "Memory"
    if tmpfs.is_made(place) if in_memory else place.exists():
        return
    if in_memory:
        limit = Quantity(source.size_limit).value() if source.size_limit else None
        tmpfs.make(place, size=limit or None)
    else:
        place.mkdir()
    place.chmod(0o777)
    if group is not None:
        os.chown(place, -1, group)
        place.chmod(0o2777)
