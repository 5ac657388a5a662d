"""The storage of claims: volumes that the container engine of this node keeps.

A volume is made for the first Pod that mounts its claim, and is called as the claim's ``volumeName``. It is labelled with the
node and the claim, so that it is found again by both. It is removed when the claim is being deleted and nobody uses it any
more; then the claim loses the finalizer that says so. Whatever happens in between, the next look does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from podkit.admission.pod_claims import DATA, PROTECTION, ClaimUse, is_bound, is_made_for, node_of
from podkit.errors import NotFound, PodkitError
from podkit.kubelet.filesystem import NodeFilesystem, VolumeError
from podkit.kubelet.sources import Sources
from podkit.kubelet.volumes.node_volume import NodeVolume
from podkit.model import PersistentVolumeClaim, Pod
from podkit.model.copying import clone
from podkit.runtime.base import CLAIM_NAME, CLAIM_NAMESPACE, CLAIM_UID, Runtime
from podkit.store.base import Store


class ClaimVolumes:
    """The storage of claims on one node.

    Args:
        node_name: the name of the node.
        runtime: the container engine, which keeps the volumes.
        filesystem: the file system of the node.
        labels: what everything that the node makes is labelled with.
    """

    def __init__(self, node_name: str, runtime: Runtime, filesystem: NodeFilesystem, labels: Mapping[str, str]) -> None:
        self._node_name = node_name
        self._runtime = runtime
        self._filesystem = filesystem
        self._labels = labels
        self._handed_over: dict[str, set[str]] = {}

    def set_up(self, pod: Pod, use: ClaimUse, sources: Sources) -> NodeVolume:
        """The storage of a claim that a Pod uses; made if it is not there yet.

        Raises:
            VolumeError: the claim is not there, is not bound, or its data is on another node.
        """
        claim = self._find(pod, use, sources)
        meta = claim.metadata
        labels = {CLAIM_NAME: meta.name or "", CLAIM_NAMESPACE: meta.namespace or "", CLAIM_UID: meta.uid or ""}
        try:
            volume = self._runtime.create_volume(claim.spec.volume_name or "", {**self._labels, **labels})
        except PodkitError as error:
            raise VolumeError(str(error)) from error
        path = PurePosixPath(volume.path)
        self._give(pod, use, path)
        return NodeVolume(path, read_only=use.read_only)

    def _find(self, pod: Pod, use: ClaimUse, sources: Sources) -> PersistentVolumeClaim:
        claim = sources.claim(pod.metadata.namespace or "default", use.claim)
        if claim is None:
            raise VolumeError(f'persistentvolumeclaim "{use.claim}" not found')
        if use.ephemeral and not is_made_for(claim, pod):
            raise VolumeError(f"PVC {use.claim} was not created for pod {pod.metadata.name} (pod is not owner)")
        if not is_bound(claim):
            raise VolumeError(f"PVC {use.claim} is not bound")
        if node_of(claim) != self._node_name:
            raise VolumeError(f"the data of PVC {use.claim} is on node {node_of(claim)}: run the Pod there")
        return claim

    def _give(self, pod: Pod, use: ClaimUse, path: PurePosixPath) -> None:
        """Let the Pod's containers write to it, once for each Pod: afterwards its modes are the containers' business."""
        done = self._handed_over.setdefault(pod.metadata.uid or "", set())
        if use.volume in done:
            return
        context = pod.spec.security_context
        self._filesystem.open_up(path)
        if context is not None and context.fs_group is not None and not use.read_only:
            only_at_mismatch = context.fs_group_change_policy == "OnRootMismatch"
            self._filesystem.hand_over(path, context.fs_group, only_at_mismatch=only_at_mismatch)
        done.add(use.volume)

    def forget(self, uid: str) -> None:
        """Forget a Pod that has gone."""
        self._handed_over.pop(uid, None)

    def is_to_be_removed(self, claim: PersistentVolumeClaim) -> bool:
        """Whether it is this node's turn to remove the data of a claim."""
        finalizers = claim.metadata.finalizers
        deleted = claim.metadata.deletion_timestamp is not None
        return deleted and DATA in finalizers and PROTECTION not in finalizers and node_of(claim) == self._node_name

    def remove(self, claim: PersistentVolumeClaim, store: Store) -> None:
        """Remove the data of a claim, and say so on the claim."""
        if claim.spec.volume_name:
            self._runtime.remove_volume(claim.spec.volume_name)
        changed = clone(claim)
        changed.metadata.finalizers.remove(DATA)
        try:
            store.update(changed)
        except NotFound:
            return

    def remove_all(self) -> list[PodkitError]:
        """Remove all storage that this node has; return why some of it could not be."""
        problems = []
        for volume in self._runtime.volumes(self._labels):
            try:
                self._runtime.remove_volume(volume.name)
            except PodkitError as problem:
                problems.append(problem)
        return problems
