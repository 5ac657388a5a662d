"""What a container engine says of itself: what it is, and what it can do."""

from __future__ import annotations

import re

from attrs import fields, frozen


@frozen
class RuntimeInfo:
    """What the engine is and what it can do.

    What it can do are the attributes that are True by default: its capabilities.

    Attributes:
        name: the engine's name, such as ``podman``.
        version: its version.
        cpus: processors of the machine that it runs on.
        memory: bytes of memory of that machine.
        addresses: addresses of that machine, IPv4 first; what a Pod's ``status.hostIPs`` says.
        rootless: whether it runs as an unprivileged user.
        limits_enforced: whether cpu and memory limits take effect (not so without cgroup delegation).
        pods_reachable: whether this process can open connections to a sandbox's address.
        connects: whether `Runtime.connect` works, by whatever way.
        shares_files: whether paths of the engine's machine are paths of this one.
        stats_available: whether `Runtime.stats` can tell what a container uses (not so for a user on cgroup version 1).
        as_owner: what comes before a command line so that it runs as root of the users of containers; empty: root is the machine's.
        sized_memory: whether the kernel holds volumes in memory to their size; else a Pod that outgrows one is evicted.
        sandboxes_enterable: whether this process can enter the networks of sandboxes (`Runtime.bind`).
        addresses_translated: whether addresses can be made to lead elsewhere there (`Runtime.forward`).
        operating_system: such as ``linux``.
        architecture: as Go names it, such as ``amd64``.
        kernel: the kernel's version.
        runtime_handlers: the OCI runtimes that containers can be run by, such as ``crun``, the default one first.
        seccomp: whether system calls can be filtered.
        user_namespaces: whether sandboxes can have user namespaces of their own, with mounts whose owners are translated.
        apparmor: whether the machine has AppArmor, and the engine may use it.
        selinux: whether the machine has SELinux.
    """

    name: str
    version: str
    cpus: int
    memory: int
    addresses: tuple[str, ...] = ("127.0.0.1",)
    rootless: bool = False
    limits_enforced: bool = True
    pods_reachable: bool = True
    connects: bool = True
    shares_files: bool = True
    stats_available: bool = True
    sized_memory: bool = True
    as_owner: tuple[str, ...] = ()
    sandboxes_enterable: bool = True
    addresses_translated: bool = True
    operating_system: str = "linux"
    architecture: str = "amd64"
    kernel: str = ""
    runtime_handlers: tuple[str, ...] = ()
    seccomp: bool = True
    user_namespaces: bool = True
    apparmor: bool = False
    selinux: bool = False

    @property
    def release(self) -> tuple[int, ...]:
        """The first two numbers of the version, to compare with."""
        return tuple(int(number) for number in re.findall(r"[0-9]+", self.version)[:2])

    @property
    def lacking(self) -> frozenset[str]:
        """The capabilities that it does not have, by the names of the attributes."""
        return frozenset(one.name for one in fields(type(self)) if one.default is True and not getattr(self, one.name))
