"""What of one Pod is not honoured on its node, looked for once."""

from __future__ import annotations

from podkit.kubelet.services import NodeServices
from podkit.kubelet.support import Support, shortcomings
from podkit.model import Pod


class Shortcomings:
    """Remembers what of a Pod is not honoured, until the Pod is another one.

    Args:
        services: what its worker works with.
    """

    def __init__(self, services: NodeServices) -> None:
        self._node = services
        self._judged: tuple[object, list[Support]] | None = None

    def of(self, pod: Pod) -> list[Support]:
        """What of the Pod is not honoured here."""
        version = (pod.metadata.generation, pod.metadata.annotations)
        if self._judged is None or self._judged[0] != version:
            self._judged = version, shortcomings(pod, self._node.engine, self._node.allowed_sysctls)
        return self._judged[1]
