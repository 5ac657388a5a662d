"""Ports of this machine that lead into Pods."""

from __future__ import annotations

from podkit import PortForward as SyncPortForward
from podkit.aio.opening import AsyncBlock
from podkit.aio.runner import in_own_thread


class PortForward(AsyncBlock):
    """An open port of this machine that leads to a port of a Pod; see `podkit.aio.Cluster.port_forward`.

    Args:
        behind: the port.
    """

    def __init__(self, behind: SyncPortForward) -> None:
        self._port = behind

    @property
    def local_port(self) -> int:
        """The port that is open."""
        return self._port.local_port

    @property
    def address(self) -> str:
        """The address of this machine that is listened on."""
        return self._port.address

    async def close(self) -> None:
        """Close the port with all of its connections. Closing twice does no harm."""
        await in_own_thread(self._port.close)

    def __repr__(self) -> str:
        return repr(self._port).replace("podkit.", "podkit.aio.")
