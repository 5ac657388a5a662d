"""Letting addresses lead elsewhere, by the kernel's packet filter, in the network namespace of one sandbox.

What leaves a sandbox for the address of a Service is sent to one of the Service's Pods instead, and what comes back is given the
Service's address again; the kernel keeps the two apart by connection. The rules are in the sandbox's own network and go with it:
the machine's packet filter is not touched, and root is not needed. ``nft`` writes them, or ``iptables-restore`` if there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from podkit.errors import RuntimeFailed
from podkit.runtime.base import Forward
from podkit.runtime.podman.inside import entering, in_network

_SECONDS = 10.0
_PLACES = os.pathsep.join(("/usr/sbin", "/sbin", "/usr/local/sbin"))
"""Where the programs are, which are not on the path of everybody."""
_CHAIN = "PODKIT"


def translator() -> list[str] | None:
    """The command that takes in rules; None: there is none on this machine."""
    path = os.environ.get("PATH", os.defpath) + os.pathsep + _PLACES
    if (nft := shutil.which("nft", path=path)) is not None:
        return [nft, "-f", "-"]
    restore = shutil.which("iptables-restore", path=path)
    return [restore, "--noflush", "--wait"] if restore is not None else None


def translate(pid: int, forwards: Sequence[Forward], *, first: bool, as_root: bool) -> None:
    """Put rules into force, in place of those that are there.

    Args:
        pid: a process in the network of the sandbox.
        forwards: what is to lead where.
        first: whether this process has put none into force there before.
        as_root: whether this process is root; else the process must be of the same user.

    Raises:
        OSError: the network cannot be entered.
        RuntimeFailed: the rules are refused.
    """
    operation = "translate addresses of Services"
    command = translator()
    if command is None:
        raise RuntimeFailed(f"could not {operation}: install nftables, or iptables", operation=operation)
    rules = nftables(forwards) if command[0].endswith("nft") else iptables(forwards, first=first)
    argv = command if as_root else entering(pid, operation) + command

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, input=rules, text=True, capture_output=True, timeout=_SECONDS, check=False)

    try:
        done = in_network(pid, run) if as_root else run()
    except subprocess.TimeoutExpired as error:
        raise RuntimeFailed(f"could not {operation}: {command[0]} does not end", operation=operation) from error
    if done.returncode != 0:
        complaint = done.stderr.strip()
        raise RuntimeFailed(
            f"could not {operation}: {command[0]} says: {complaint}", operation=operation, detail=complaint
        )


def nftables(forwards: Sequence[Forward]) -> str:
    """The rules in the words of ``nft``."""
    translating, refusing = [], []
    for forward in forwards:
        protocol = forward.protocol.lower()
        what = f"ip daddr {forward.address} {protocol} dport {forward.port}"
        count = len(forward.targets)
        for position, (address, port) in enumerate(forward.targets):
            rest = count - position
            chance = f" numgen random mod {rest} 0" if rest > 1 else ""
            translating.append(f"    {what}{chance} dnat to {address}:{port}")
        if not count:
            refusing.append(f"    {what} reject" + (" with tcp reset" if protocol == "tcp" else ""))
    name = _CHAIN.lower()
    return "\n".join(
        [
            f"table ip {name}",
            f"delete table ip {name}",
            f"table ip {name} {{",
            "  chain translate {",
            "    type nat hook output priority -100;",
            *translating,
            "  }",
            "  chain refuse {",
            "    type filter hook output priority 0;",
            *refusing,
            "  }",
            "}",
            "",
        ]
    )


def iptables(forwards: Sequence[Forward], *, first: bool) -> str:
    """The rules in the words of ``iptables-restore``, with what leads to them unless that is there already."""
    translating, refusing = [], []
    for forward in forwards:
        protocol = forward.protocol.lower()
        what = f"-A {_CHAIN} -d {forward.address}/32 -p {protocol} --dport {forward.port}"
        count = len(forward.targets)
        for position, (address, port) in enumerate(forward.targets):
            rest = count - position
            chance = f" -m statistic --mode random --probability {1 / rest:.10f}" if rest > 1 else ""
            translating.append(f"{what}{chance} -j DNAT --to-destination {address}:{port}")
        if not count:
            refusing.append(f"{what} -j REJECT" + (" --reject-with tcp-reset" if protocol == "tcp" else ""))
    lead = [f"-A OUTPUT -j {_CHAIN}"] if first else []
    lines = []
    for table, rules in (("nat", translating), ("filter", refusing)):
        lines += [f"*{table}", f":{_CHAIN} - [0:0]", *lead, *rules, "COMMIT"]
    return "\n".join([*lines, ""])
