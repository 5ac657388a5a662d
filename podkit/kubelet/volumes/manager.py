"""Sets up and takes down the volumes of Pods.

The place ``<uid>/volumes/<name>`` is a volume that is the Pod's own: an emptyDir, or the files of a ConfigMap, Secret,
projection or downward API. They live as long as the Pod, through all restarts of its containers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import PurePosixPath

from podkit.admission.pod_claims import claims_of
from podkit.kubelet.filesystem import NodeFilesystem, VolumeError
from podkit.kubelet.volumes.claims import ClaimVolumes
from podkit.kubelet.volumes.node_volume import NodeVolume
from podkit.kubelet.volumes.payload import PayloadMaker
from podkit.model import EmptyDirVolumeSource, Pod, Volume, VolumeMount
from podkit.model.quantity import Quantity

_FOR_EVERYBODY = 0o777
"""The mode of a volume's directory (`pkg/volume/emptydir`); what is in it has modes of its own."""


class VolumeManager:
    """The volumes of the Pods of one node.

    Args:
        filesystem: the file system of the node.
        claims: the storage of claims on the node.
    """

    def __init__(self, filesystem: NodeFilesystem, claims: ClaimVolumes) -> None:
        self._filesystem = filesystem
        self._claims = claims

    def set_up(self, pod: Pod, payloads: PayloadMaker) -> dict[str, NodeVolume]:
        """Make the volumes of a Pod that are not there yet.

        Those that are there stay as they are, also if what they were made from has been deleted meanwhile: with the files that
        it has, a container can be started again (`refresh` brings them up to date).

        Returns:
            Where each lies, by its name; those that are images are the engine's business.

        Raises:
            VolumeError: one of them cannot be made; the message names it.
        """
        found = {}
        claims = {use.volume: use for use in claims_of(pod)}
        for volume in pod.spec.volumes:
            try:
                if volume.name in claims:
                    found[volume.name] = self._claims.set_up(pod, claims[volume.name], payloads.sources)
                elif volume.image is None:
                    found[volume.name] = self._set_up(pod, volume, payloads)
            except VolumeError as error:
                raise _set_up_failed(volume, error) from error
        return found

    def refresh(self, pod: Pod, payloads: PayloadMaker) -> list[VolumeError]:
        """Bring the files of ConfigMaps, Secrets and the downward API up to date.

        Returns:
            Why some could not be, such as that something that is not optional has been deleted. Their files stay as they were.
        """
        problems = []
        for volume in pod.spec.volumes:
            place = place_of(pod, volume.name)
            try:
                if self._filesystem.has_payload(place) and (payload := payloads.make(volume)) is not None:
                    self._filesystem.write_payload(place, payload, group=_fs_group(pod))
            except VolumeError as error:
                problems.append(_set_up_failed(volume, error))
        return problems

    def tear_down(self, uid: str) -> None:
        """Remove all volumes of a Pod but the storage of claims. One that has none is no error.

        Raises:
            VolumeError: something cannot be unmounted or removed.
        """
        self._filesystem.remove(f"{uid}/volumes")
        self._claims.forget(uid)

    def _set_up(self, pod: Pod, volume: Volume, payloads: PayloadMaker) -> NodeVolume:
        if volume.host_path is not None:
            source = volume.host_path
            return NodeVolume(self._filesystem.host_path(source.path, source.type or ""), own=False)
        if (share := volume.nfs) is not None:
            read_only = bool(share.read_only)
            path = self._filesystem.make_nfs(place_of(pod, volume.name), share.server, share.path, read_only=read_only)
            return NodeVolume(path, own=False, read_only=read_only)
        if volume.empty_dir is not None:
            return self._empty_dir(place_of(pod, volume.name), volume.empty_dir, _fs_group(pod))
        return self._files(pod, volume, payloads)

    def _empty_dir(self, place: str, source: EmptyDirVolumeSource, group: int | None) -> NodeVolume:
        """An empty directory that anybody may write to, in memory if so wanted."""
        if source.medium == "Memory":
            size = Quantity(source.size_limit).value() if source.size_limit else None
            return NodeVolume(self._filesystem.make_memory(place, mode=_FOR_EVERYBODY, group=group, size=size or None))
        return NodeVolume(self._filesystem.make_directory(place, mode=_FOR_EVERYBODY, group=group))

    def _files(self, pod: Pod, volume: Volume, payloads: PayloadMaker) -> NodeVolume:
        """A directory of files that no container may write to."""
        place = place_of(pod, volume.name)
        if self._filesystem.has_payload(place):
            return self._with_mount_points(pod, volume, self._filesystem.path_of(place))
        payload = payloads.make(volume)
        if payload is None:
            raise VolumeError("this kind of volume is not supported")
        make = self._filesystem.make_for_secrets if _is_secret(volume) else self._filesystem.make_directory
        path = make(place, mode=_FOR_EVERYBODY)
        self._filesystem.write_payload(place, payload, group=_fs_group(pod))
        return self._with_mount_points(pod, volume, path)

    def _with_mount_points(self, pod: Pod, volume: Volume, path: PurePosixPath) -> NodeVolume:
        """With directories for what containers mount inside of it: in one that is read-only the engine could not make them.

        It stays writable where the engine has to make them: for what may be a file, and on another machine.
        """
        inside = dict(_mounted_inside(pod, volume.name))
        files = {one.name for one in pod.spec.volumes if one.host_path is not None}
        if any(mount.sub_path or mount.sub_path_expr or mount.name in files for mount in inside.values()):
            return NodeVolume(path)
        try:
            for place in inside:
                self._filesystem.part(path, place)
        except VolumeError:
            return NodeVolume(path)
        return NodeVolume(path, read_only=True)


def place_of(pod: Pod, volume: str) -> str:
    """The place of a volume that is the Pod's own."""
    return f"{pod.metadata.uid}/volumes/{volume}"


def _mounted_inside(pod: Pod, volume: str) -> Iterator[tuple[str, VolumeMount]]:
    """What containers mount below the place at which they mount a volume as a whole, by the path from there."""
    for container in [*pod.spec.init_containers, *pod.spec.containers]:
        mounts = container.volume_mounts
        whole = [one for one in mounts if one.name == volume and not one.sub_path and not one.sub_path_expr]
        for outer, other in itertools.product(whole, mounts):
            place, inner = PurePosixPath("/", outer.mount_path), PurePosixPath("/", other.mount_path)
            if place in inner.parents:
                yield str(inner.relative_to(place)), other


def _set_up_failed(volume: Volume, error: Exception) -> VolumeError:
    return VolumeError(f'MountVolume.SetUp failed for volume "{volume.name}" : {error}')


def _is_secret(volume: Volume) -> bool:
    """Whether the files of a volume must not come to lie on a disk."""
    projections = volume.projected.sources if volume.projected is not None else []
    secret = any(source.secret is not None or source.service_account_token is not None for source in projections)
    return volume.secret is not None or secret


def _fs_group(pod: Pod) -> int | None:
    return pod.spec.security_context.fs_group if pod.spec.security_context is not None else None
