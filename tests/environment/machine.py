"""What kind of machine this is, as far as it changes how Podman must be configured."""

import os
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CAP_SYS_RESOURCE = 24
HELPER_DIRECTORIES = (
    Path("/usr/local/libexec/podman"),
    Path("/usr/libexec/podman"),
    Path("/usr/lib/podman"),
    Path("/usr/local/lib/podman"),
)
"""Where distributions put netavark, aardvark-dns and catatonit, which are not on the PATH."""


@dataclass(frozen=True)
class Machine:
    """Facts that decide the configuration of the test Podman.

    Attributes:
        root: whether we run as root; else Podman is rootless.
        systemd: whether systemd manages this machine (and cgroups with it).
        can_raise_limits: whether a process may raise its hard limits (CAP_SYS_RESOURCE).
        open_files: our hard limit of open files.
        processes: our hard limit of processes.
        conmon: the version of conmon, for example (2, 1, 6); empty if there is none.
    """

    root: bool
    systemd: bool
    can_raise_limits: bool
    open_files: int
    processes: int
    conmon: tuple[int, ...]


def look() -> Machine:
    """Look at this machine."""
    return Machine(
        root=os.geteuid() == 0,
        systemd=Path("/run/systemd/system").is_dir(),
        can_raise_limits=_has_capability(_CAP_SYS_RESOURCE),
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        # Podman starts its monitors with no more processes than there are process ids
        processes=min(resource.getrlimit(resource.RLIMIT_NPROC)[1], int(Path("/proc/sys/kernel/pid_max").read_text())),
        conmon=_version("conmon"),
    )


def find_binary(name: str) -> Path | None:
    """Find a program on the PATH (with the directories of root), beside `podman`, or where Podman keeps its helpers."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"
    if found := shutil.which(name, path=path):
        return Path(found)
    candidates = (directory / name for directory in HELPER_DIRECTORIES)
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


def _version(program: str) -> tuple[int, ...]:
    binary = find_binary(program)
    if binary is None:
        return ()
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    return parse_version(said)


def parse_version(said: str) -> tuple[int, ...]:
    """Read the first word that looks like a version: ``podman version 5.8.0-rc1`` is (5, 8, 0)."""
    for word in said.split():
        parts = word.split("-")[0].split("+")[0].split(".")
        if len(parts) > 1 and all(part.isdigit() for part in parts):
            return tuple(int(part) for part in parts)
    return ()


def _has_capability(number: int) -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False
