"""What the parts of a cluster measure of their work, in one place; `podkit.metrics` gives it to Prometheus."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from podkit.cluster.wiring import Machinery
from podkit.kubelet.measures import NodeMeasures
from podkit.loop.measures import LoopMeasures
from podkit.store.measures import KindMeasures
from podkit.store.memory import MemoryStore


@frozen
class ClusterMeasures:
    """A cluster at one moment.

    Attributes:
        loops: the control loops: controllers, scheduler, kubelets.
        nodes: the nodes whose engine has answered.
        kinds: what the store keeps; empty if it is not one of podkit's.
    """

    loops: Sequence[LoopMeasures]
    nodes: Sequence[NodeMeasures]
    kinds: Sequence[KindMeasures]


def measure(parts: Machinery) -> ClusterMeasures:
    """What there is at this moment."""
    nodes = [measures for node in parts.nodes if (measures := node.measures()) is not None]
    return ClusterMeasures(
        loops=[*(controller.measures() for controller in parts.controllers), *(node.loop for node in nodes)],
        nodes=nodes,
        kinds=parts.store.measures() if isinstance(parts.store, MemoryStore) else [],
    )
