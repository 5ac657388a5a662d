"""The views of a node's static Pods in the store.

They follow what runs, and nothing follows them: one that is deleted, or that somebody has made something else of, is made anew.

Source of the rules: ``pkg/kubelet/pod/mirror_client.go``, ``pkg/kubelet/kubelet.go`` (tryReconcileMirrorPods).
"""

from __future__ import annotations

from podkit.admission.mirror_pods import HASH, MIRROR, is_mirror, uid_on_node
from podkit.errors import AlreadyExists, NotFound
from podkit.model import Node, ObjectMeta, Pod
from podkit.model.copying import clone
from podkit.model.meta import OwnerReference
from podkit.store.base import Store


class Mirrors:
    """Keeps the mirror Pods of a node.

    Args:
        node_name: the node.
        store: where they are.
    """

    def __init__(self, node_name: str, store: Store) -> None:
        self._node_name = node_name
        self._store = store

    def show(self, static: Pod) -> None:
        """See that there is a mirror Pod, and that it shows the status.

        Raises:
            AlreadyExists: another Pod has its name.
        """
        there = self._find(static.metadata)
        if there is not None and not is_mirror(there):
            raise AlreadyExists("Pod", static.metadata.name or "", static.metadata.namespace)
        if there is not None and not _shows(there, static):
            self.remove(there)
            there = None
        shown = there if there is not None else self._store.create(self._mirror_of(static))
        if shown.status != static.status:
            shown.status = clone(static.status)
            self._store.update_status(shown)

    def remove(self, pod: Pod) -> None:
        """Remove the mirror Pod of a static Pod, or a mirror Pod itself; that it is gone already will do as well."""
        there = self._find(pod.metadata)
        if there is None or uid_on_node(there) != uid_on_node(pod):
            return
        try:
            self._store.delete(
                Pod,
                there.metadata.name or "",
                namespace=there.metadata.namespace or "default",
                grace_period=0,
                uid=there.metadata.uid,
            )
        except NotFound:
            return

    def _find(self, meta: ObjectMeta) -> Pod | None:
        try:
            return self._store.get(Pod, meta.name or "", namespace=meta.namespace or "default")
        except NotFound:
            return None

    def _mirror_of(self, static: Pod) -> Pod:
        meta = static.metadata
        shown = ObjectMeta(
            name=meta.name,
            namespace=meta.namespace,
            labels=dict(meta.labels),
            annotations={**meta.annotations, MIRROR: meta.annotations[HASH]},
            owner_references=self._owners(),
        )
        return Pod(metadata=shown, spec=clone(static.spec))

    def _owners(self) -> list[OwnerReference]:
        """The node, so that they go with it."""
        try:
            node = self._store.get(Node, self._node_name)
        except NotFound:
            return []
        return [OwnerReference("v1", "Node", self._node_name, node.metadata.uid or "", controller=True)]


def _shows(mirror: Pod, static: Pod) -> bool:
    """Whether a mirror Pod is the one of this static Pod, and is not being deleted."""
    return uid_on_node(mirror) == static.metadata.uid and mirror.metadata.deletion_timestamp is None
