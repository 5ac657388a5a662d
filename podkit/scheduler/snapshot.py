"""All that a decision about one Pod can depend on: the nodes with their Pods, and the labels of namespaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from podkit.model.claim import PersistentVolumeClaim
from podkit.scheduler.node_info import NodeInfo


@frozen
class Snapshot:
    """The cluster at one moment.

    Attributes:
        nodes: the nodes, ordered by name.
        namespaces: the labels of the namespaces, by name.
        claims: the claims for storage, by namespace and name.
    """

    nodes: Sequence[NodeInfo]
    namespaces: Mapping[str, Mapping[str, str]] = field(factory=dict)
    claims: Mapping[tuple[str | None, str], PersistentVolumeClaim] = field(factory=dict)
