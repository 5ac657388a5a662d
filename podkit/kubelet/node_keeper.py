"""Keeps the Node object of a kubelet's machine in the store, and says every few seconds that it is alive.

The heartbeat is the time in the Node's conditions. It is what the node lifecycle controller goes by: a Node of which nothing has
been heard for a while is taken for lost. There are no Leases here: nobody but this process reads it.

Source of the rules: ``pkg/kubelet/kubelet_node_status.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from podkit.errors import NotFound
from podkit.kubelet.filesystem import NodeFilesystem
from podkit.kubelet.node import alive, is_ready, node_object, pressure_reason
from podkit.loop.clock import Clock
from podkit.model import Node
from podkit.runtime.base import RuntimeInfo
from podkit.store.base import EventSink, Store

HEARTBEAT_PERIOD = 10.0
"""Seconds between two heartbeats (``nodeStatusUpdateFrequency``)."""


class NodeKeeper:
    """Keeps one Node.

    Args:
        name: its name.
        info: what the container engine says of the machine.
        store: where the Node is.
        filesystem: the file system of the machine.
        clock: what time it is.
        report: where events go.
    """

    def __init__(
        self, name: str, info: RuntimeInfo, store: Store, filesystem: NodeFilesystem, clock: Clock, report: EventSink
    ) -> None:
        self._name = name
        self._info = info
        self._store = store
        self._filesystem = filesystem
        self._clock = clock
        self._report = report
        self._pressures: Sequence[str] = ()

    def object(self, existing: Node | None) -> Node:
        """The Node as it is to be now, made from what there is of it."""
        storage = self._filesystem.capacity()
        return node_object(
            self._name, self._info, existing, self._clock.now(), storage=storage, pressures=self._pressures
        )

    def register(self) -> Node:
        """Create the Node, or bring it up to date; return it."""
        try:
            node = self._store.update(self.object(self._store.get(Node, self._name)))
        except NotFound:
            node = self._store.create(self.object(None))
        return self._store.update_status(self.object(node))

    def beat(self) -> None:
        """Say that the node is alive. One whose object has been deleted is not registered anew.

        Raises:
            Conflict: somebody else has written the object meanwhile.
        """
        try:
            node = self._store.get(Node, self._name)
            self._tell_alive(node)
        except NotFound:
            return
        if not is_ready(node.status):
            self._report(node, "NodeReady", f"Node {self._name} status is now: NodeReady")

    def _tell_alive(self, node: Node) -> Node:
        status = alive(node.status, self._clock.now(), self._pressures)
        return self._store.update_status(evolve(node, status=status))

    def tell_pressure(self, conditions: Sequence[str], reclaims: str) -> None:
        """Tell, on the Node and by its events, what it is short of.

        Args:
            conditions: its conditions, such as ``MemoryPressure``.
            reclaims: the resource that evictions are to get back now; empty when none is.
        """
        before, self._pressures = self._pressures, conditions
        changed = sorted({*before} ^ {*conditions})
        if not changed and not reclaims:
            return
        try:
            node = self._store.get(Node, self._name)
            if changed:
                node = self._tell_alive(node)
        except BaseException:
            self._pressures = before  # and is told at the next look
            raise
        for type_ in changed:
            reason = f"Node{pressure_reason(type_, present=type_ in conditions)}"
            self._report(node, reason, f"Node {self._name} status is now: {reason}")
        if reclaims:
            self._report(node, "EvictionThresholdMet", f"Attempting to reclaim {reclaims}", type="Warning")
