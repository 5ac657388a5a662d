"""Which kernel settings a Pod may have.

A *safe* sysctl belongs to a namespace of the Pod's and can harm nobody else; any Pod may set it. Any other one may be set only
if the node allows it. `pkg/kubelet/sysctl` (`safe_sysctls.go`, `allowlist.go`).
"""

from __future__ import annotations

from collections.abc import Sequence

from podkit.model import PodSpec

SAFE = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
)
"""Those that every Pod may set."""
_IPC = ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")
_NETWORK = ("net.",)


def refusal(name: str, spec: PodSpec, allowed: Sequence[str] = ()) -> str:
    """Why a Pod may not set a sysctl, in the kubelet's words; empty if it may.

    Args:
        name: the sysctl, with dots or slashes.
        spec: the Pod's spec: what is of a namespace that it shares with the machine may not be set.
        allowed: what the node allows beside the safe ones; a name that ends with ``*`` stands for all that begin so.
    """
    dotted = dotted_name(name)
    if not any(_matches(dotted, pattern) for pattern in (*SAFE, *allowed)):
        return f'forbidden sysctl: "{name}" not allowlisted'
    if spec.host_network and dotted.startswith(_NETWORK):
        return f'forbidden sysctl: "{name}" not allowed with host net enabled'
    if spec.host_ipc and dotted.startswith(_IPC):
        return f'forbidden sysctl: "{name}" not allowed with host ipc enabled'
    return ""


def dotted_name(name: str) -> str:
    """A sysctl with dots between its parts; where the first separator is a slash, a dot is part of a name."""
    separator = next((character for character in name if character in "./"), ".")
    return name.translate(str.maketrans("./", "/.")) if separator == "/" else name


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
