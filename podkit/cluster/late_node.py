"""A node whose container engine did not answer when the cluster was made.

The other nodes do not wait for it. It is asked again every few seconds, and from when it answers there is a kubelet as on all
others. Until then its Node object says nothing, or what it said when it was last there, and is given up by the node lifecycle
controller like that of a node that has fallen silent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from podkit.errors import RuntimeUnavailable
from podkit.kubelet import Kubelet
from podkit.kubelet.measures import NodeMeasures
from podkit.log import logger
from podkit.loop.clock import Clock

log = logger(__name__)

RETRY_PERIOD = 10.0
"""Seconds between two questions."""


class LateNode:
    """Becomes a kubelet as soon as that can be made.

    Args:
        name: the name of the node.
        make: makes its kubelet.
        clock: what time it is.
    """

    def __init__(self, name: str, make: Callable[[], Kubelet], clock: Clock) -> None:
        self._name = name
        self._make = make
        self._clock = clock
        self._kubelet: Kubelet | None = None
        self._again_at = clock.monotonic() + RETRY_PERIOD
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Ask in a thread of its own; from when the engine answers, run the kubelet in threads of its own."""
        self._thread = threading.Thread(target=self._ask, name=f"podkit-node-{self._name}", daemon=True)
        self._thread.start()

    def step(self) -> bool:
        """Ask, if it is time to, or do what is due in the kubelet; whether there was anything."""
        if self._kubelet is not None:
            return self._kubelet.step()
        return self._clock.monotonic() >= self._again_at and self._has_come()

    def next_due(self) -> float | None:
        """When something is due."""
        return self._again_at if self._kubelet is None else self._kubelet.next_due()

    def stop(self) -> None:
        """End all threads."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(RETRY_PERIOD)
        if self._kubelet is not None:
            self._kubelet.stop()

    def measures(self) -> NodeMeasures | None:
        """What the kubelet measures; None as long as there is none."""
        return self._kubelet.measures() if self._kubelet is not None else None

    def evict_all(self, grace: float) -> None:
        """As for a kubelet. What an engine still runs that has never answered cannot be told."""
        if self._kubelet is not None:
            self._kubelet.evict_all(grace)

    def _ask(self) -> None:
        while not self._stopped.wait(RETRY_PERIOD):
            if self._has_come():
                if self._kubelet is not None and not self._stopped.is_set():
                    self._kubelet.start()
                return

    def _has_come(self) -> bool:
        self._again_at = self._clock.monotonic() + RETRY_PERIOD
        try:
            kubelet = self._make()
        except RuntimeUnavailable as error:
            log.debug("node %s is still away: %s", self._name, error, extra={"node": self._name})
            return False
        kubelet.register()
        log.info("node %s has come", self._name, extra={"node": self._name})
        self._kubelet = kubelet
        return True
