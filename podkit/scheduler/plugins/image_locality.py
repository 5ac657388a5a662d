"""ImageLocality: a node that has the Pod's images already is better (``pkg/scheduler/framework/plugins/imagelocality``).

An image counts by its size, and the more, the more of the nodes have it, so that Pods do not all run to the one that had it first.
"""

from __future__ import annotations

from collections.abc import Sequence

from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import MAX_SCORE, NodeScore
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

_MIB = 1024 * 1024
_LITTLE = 23 * _MIB
_MUCH_PER_CONTAINER = 1000 * _MIB


def image_locality(pod: PodInfo, cluster: Snapshot) -> NodeScore | None:
    """The score."""
    if not cluster.has_images:
        return None
    spec = pod.pod.spec
    wanted = [_normalized(container.image or "") for container in (*spec.init_containers, *spec.containers)]
    images = {node.name: _images(node) for node in cluster.nodes}
    spread = {name: sum(name in there for there in images.values()) / len(images) for name in dict.fromkeys(wanted)}

    def score(nodes: Sequence[NodeInfo]) -> Sequence[float]:
        return [
            _scaled(sum(images[node.name].get(name, 0) * spread[name] for name in wanted), len(wanted))
            for node in nodes
        ]

    return score


def _images(node: NodeInfo) -> dict[str, int]:
    return {_normalized(name): image.size_bytes or 0 for image in node.node.status.images for name in image.names}


def _scaled(size: float, containers: int) -> float:
    much = _MUCH_PER_CONTAINER * max(1, containers)
    return MAX_SCORE * (min(max(size, _LITTLE), much) - _LITTLE) // (much - _LITTLE)


def _normalized(image: str) -> str:
    """The name of an image with its tag; ``latest`` when it has none."""
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"
