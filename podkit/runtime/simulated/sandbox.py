"""Sandboxes: a network address, host ports, a hostname, shared memory."""

from __future__ import annotations

import errno
import ipaddress
import os
from collections.abc import Mapping
from datetime import datetime

from podkit.errors import PortInUse, RuntimeFailed
from podkit.runtime.base import PortMapping, SandboxConfig, SandboxStatus
from podkit.runtime.simulated.filesystem import MemoryTree

NETWORK = ipaddress.IPv4Network("10.88.0.0/16")
"""Podman's default network. Its first address is the gateway's."""
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  (compared with, not bound to)


class Network:
    """Gives out addresses and host ports."""

    def __init__(self) -> None:
        self._first = int(NETWORK.network_address) + 2
        self._size = NETWORK.num_addresses - 3
        self._next = 0
        self._taken: set[int] = set()
        self._ports: dict[tuple[str, int], set[str]] = {}

    def take_address(self) -> str:
        """An address that nobody has, and that nobody has had for as long as possible.

        Raises:
            RuntimeFailed: there is none left.
        """
        if len(self._taken) >= self._size:
            raise RuntimeFailed(
                f"no address is left in {NETWORK}", operation="make a sandbox", detail="no address left"
            )
        while self._next in self._taken:
            self._next = (self._next + 1) % self._size
        offset = self._next
        self._taken.add(offset)
        self._next = (offset + 1) % self._size
        value = self._first + offset
        return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"

    def give_back(self, address: str) -> None:
        """Let others have an address."""
        self._taken.discard(int(ipaddress.IPv4Address(address)) - self._first)

    def open(self, mapping: PortMapping) -> None:
        """Take a host port.

        Raises:
            PortInUse: it is taken, on this address or on all.
        """
        key = (mapping.protocol, mapping.host_port)
        taken = self._ports.setdefault(key, set())
        everywhere = mapping.host_ip in _EVERYWHERE
        if (everywhere and taken) or mapping.host_ip in taken or taken & _EVERYWHERE:
            raise PortInUse(
                f"host port {mapping.host_port}/{mapping.protocol} is taken; choose another one",
                operation="make a sandbox",
                detail="address already in use",
            )
        taken.add(mapping.host_ip)

    def close(self, mapping: PortMapping) -> None:
        """Give a host port back."""
        key = (mapping.protocol, mapping.host_port)
        self._ports[key].discard(mapping.host_ip)
        if not self._ports[key]:
            del self._ports[key]


class Sandbox:
    """One sandbox.

    Attributes:
        id: the engine's id.
        config: its configuration.
        labels: what it is found by.
        created_at: when it was made.
        ready: whether its network stands.
        containers: the ids of its containers.
        listeners: by port, the id of the container that listens, and what it answers.
        shared_memory: what its containers see at ``/dev/shm``.
    """

    __slots__ = (
        "_network",
        "address",
        "config",
        "containers",
        "created_at",
        "id",
        "labels",
        "listeners",
        "ready",
        "shared_memory",
    )

    def __init__(self, sandbox_id: str, config: SandboxConfig, network: Network, created_at: datetime) -> None:
        self.id = sandbox_id
        self.config = config
        self.labels: Mapping[str, str] = dict(config.labels)
        self.created_at = created_at
        self.ready = False
        self.address: str | None = None
        self.containers: list[str] = []
        self.listeners: dict[int, tuple[str, bytes]] = {}
        self.shared_memory = MemoryTree()
        self._network = network

    def connect(self) -> None:
        """Bring up its network.

        Raises:
            PortInUse: a host port is taken.
            RuntimeFailed: no address is left.
        """
        opened: list[PortMapping] = []
        try:
            for mapping in self._mappings():
                self._network.open(mapping)
                opened.append(mapping)
            if not self.config.host_network:
                self.address = self._network.take_address()
        except RuntimeFailed:
            for mapping in opened:
                self._network.close(mapping)
            raise
        self.ready = True

    def disconnect(self) -> None:
        """Take down its network and give back what it has of it."""
        if not self.ready:
            return
        self.ready = False
        for mapping in self._mappings():
            self._network.close(mapping)
        if self.address is not None:
            self._network.give_back(self.address)
            self.address = None

    def files(self) -> dict[str, bytes]:
        """What the engine writes for its containers into ``/etc``."""
        config = self.config
        hosts = f"127.0.0.1\tlocalhost\n::1\tlocalhost\n{self.address or '127.0.0.1'}\t{config.hostname}\n"
        resolver = [f"nameserver {server}" for server in config.dns_servers]
        resolver += [f"search {' '.join(config.dns_searches)}"] if config.dns_searches else []
        resolver += [f"options {' '.join(config.dns_options)}"] if config.dns_options else []
        return {
            "/etc/hostname": f"{config.hostname}\n".encode(),
            "/etc/hosts": hosts.encode(),
            "/etc/resolv.conf": "".join(f"{line}\n" for line in resolver).encode(),
        }

    def listen(self, port: int, container_id: str, answer: bytes) -> None:
        """Open a port inside.

        Raises:
            OSError: somebody listens on it already.
        """
        if port in self.listeners:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), f"port {port}")
        self.listeners[port] = (container_id, answer)

    def forget_listeners(self, container_id: str) -> None:
        """Close the ports that a container has opened."""
        if self.listeners:
            self.listeners = {port: found for port, found in self.listeners.items() if found[0] != container_id}

    def status(self, machine_addresses: tuple[str, ...]) -> SandboxStatus:
        """What it is now."""
        ips = machine_addresses if self.config.host_network else (self.address,) if self.address else ()
        return SandboxStatus(
            self.id, self.config.name, self.labels, self.ready, ips if self.ready else (), self.created_at
        )

    def _mappings(self) -> list[PortMapping]:
        return (
            [] if self.config.host_network else [mapping for mapping in self.config.port_mappings if mapping.host_port]
        )
