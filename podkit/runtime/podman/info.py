"""What Podman says about itself and its machine, as a `RuntimeInfo`."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Mapping
from typing import Any

from podkit.runtime.base import RuntimeInfo

_SOMEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Documentation addresses (RFC 5737, RFC 3849): asking for the route to them sends nothing."""
_AS_OWNER = ("podman", "unshare")
_TRANSLATES = (6, 3)
_LIMITS = frozenset({"cpu", "memory"})


def runtime_info(
    document: Mapping[str, Any],
    *,
    addresses: tuple[str, ...],
    local: bool,
    enters: bool = True,
    translates: bool = True,
) -> RuntimeInfo:
    """The info document, read.

    Args:
        document: the answer to ``GET /libpod/info``.
        addresses: the machine's addresses.
        local: whether Podman runs on this machine, in our process namespace.
        enters: whether this process can be in networks of pods that are here.
        translates: whether there is a program on this machine by which addresses can be made to lead elsewhere.
    """
    host = document["host"]
    security = host.get("security") or {}
    rootless = bool(security.get("rootless"))
    enterable = local and enters
    return RuntimeInfo(
        name="podman",
        version=str((document.get("version") or {}).get("Version") or ""),
        cpus=int(host.get("cpus") or 1),
        memory=int(host.get("memTotal") or 0),
        addresses=addresses,
        rootless=rootless,
        limits_enforced=controllers(document) >= _LIMITS,
        pods_reachable=local and not rootless,
        connects=local,
        shares_files=local,
        stats_available=not (rootless and host.get("cgroupVersion") == "v1"),
        sized_memory=local and not rootless,
        as_owner=_AS_OWNER if local and rootless else (),
        sandboxes_enterable=enterable,
        addresses_translated=enterable and translates,
        operating_system=str(host.get("os") or "linux"),
        architecture=str(host.get("arch") or ""),
        kernel=str(host.get("kernel") or ""),
        runtime_handlers=tuple(filter(None, [str((host.get("ociRuntime") or {}).get("name") or "")])),
        seccomp=bool(security.get("seccompEnabled", True)),
        apparmor=bool(security.get("apparmorEnabled")),
        selinux=bool(security.get("selinuxEnabled")),
        user_namespaces=_has_user_namespaces(host, rootless=rootless),
    )


def _has_user_namespaces(host: Mapping[str, Any], *, rootless: bool) -> bool:
    """Crun translates the owners of mounts (runc only from 1.2 on); Linux does so for files in memory from 6.3 on."""
    kernel = tuple(int(number) for number in re.findall(r"[0-9]+", str(host.get("kernel") or ""))[:2])
    return not rootless and (host.get("ociRuntime") or {}).get("name") == "crun" and kernel >= _TRANSLATES


def controllers(document: Mapping[str, Any]) -> frozenset[str]:
    """The cgroup controllers that limits can be set with. A rootless Podman has those that systemd delegates to the user."""
    return frozenset(document["host"].get("cgroupControllers") or ())


def log_is_measured(document: Mapping[str, Any]) -> bool:
    """Whether the size of a container, as this Podman tells it, has its log in it."""
    version = str((document.get("version") or {}).get("Version") or "")
    return tuple(int(part) for part in re.findall(r"[0-9]+", version)[:2]) >= (4, 4)


def machine_addresses(host: str | None) -> tuple[str, ...]:
    """Addresses of the machine on which the service runs, IPv4 first; never empty.

    Args:
        host: its name; None: this machine.
    """
    found = (
        tuple(address for family, target in _SOMEWHERE if (address := _address_towards(family, target)))
        if host is None
        else ()
    )
    if host is not None:
        with contextlib.suppress(OSError):
            found = tuple(dict.fromkeys(str(entry[4][0]) for entry in sorted(socket.getaddrinfo(host, None))))
    return found or ("127.0.0.1",)


def _address_towards(family: socket.AddressFamily, target: str) -> str:
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((target, 9))
        return str(probe.getsockname()[0])
    return ""
