"""All that a decision about one Pod can depend on: the nodes with their Pods, and the labels of namespaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from podkit.model.claim import PersistentVolumeClaim
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.pod_info import PodInfo


@frozen
class Snapshot:
    """The cluster at one moment.

    Attributes:
        nodes: the nodes, ordered by name.
        namespaces: the labels of the namespaces, by name.
        claims: the claims for storage, by namespace and name.
        nominated: by the name of a node, the Pods for which room is being made there.
        has_taints: whether any of the nodes has a taint.
        has_images: whether any of them has an image.
    """

    nodes: Sequence[NodeInfo]
    namespaces: Mapping[str, Mapping[str, str]] = field(factory=dict)
    claims: Mapping[tuple[str | None, str], PersistentVolumeClaim] = field(factory=dict)
    nominated: Mapping[str, Mapping[str, PodInfo]] = field(factory=dict)
    has_taints: bool = field(init=False)
    has_images: bool = field(init=False)

    @has_taints.default
    def _find_taints(self) -> bool:
        return any(node.node.spec.taints for node in self.nodes)

    @has_images.default
    def _find_images(self) -> bool:
        return any(node.node.status.images for node in self.nodes)

    def with_node(self, changed: NodeInfo) -> Snapshot:
        """The cluster as it would be with another node in the place of the one of its name."""
        return evolve(self, nodes=[changed if node.name == changed.name else node for node in self.nodes])
