"""The programs that the environment needs, and Debian's packages of them.

Present is what can be run, wherever it came from; only what is missing is installed, only by root, and only with apt. On other
machines the message names the programs, which is all that can be said for every distribution.
"""

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.environment.errors import EnvironmentUnavailable
from tests.environment.machine import find_binary

PROGRAMS = {
    "podman": "podman",
    "runc": "runc",
    "crun": "crun",
    "conmon": "conmon",
    "netavark": "netavark",
    "aardvark-dns": "aardvark-dns",
    "catatonit": "catatonit",
    "iptables": "iptables",
    "ip": "iproute2",
    "busybox": "busybox-static",
    "docker-registry": "docker-registry",
}
"""Program to Debian package."""
ROOTLESS_PROGRAMS = {"slirp4netns": "slirp4netns", "newuidmap": "uidmap"}
"""The same, for a user who is not root."""
EQUIVALENTS = {
    "docker-registry": ("registry",),
    "runc": ("crun",),
    "crun": ("runc",),
    "slirp4netns": ("pasta",),
    "iptables": ("nft",),
}
"""What other distributions call a program, or what does its work."""
_POLICY = Path("/usr/sbin/policy-rc.d")
_INSTALLED = Path("/var/lib/dpkg")
_PT_INTERP = 3


def ensure_installed(wanted: Mapping[str, str] | None = None) -> None:
    """Install what is missing.

    Args:
        wanted: programs and their packages; without it what this user's Podman needs.

    Raises:
        EnvironmentUnavailable: something is missing and cannot be installed from here.
    """
    wanted = wanted or (PROGRAMS if os.geteuid() == 0 else PROGRAMS | ROOTLESS_PROGRAMS)
    if not (missing := missing_programs(wanted)):
        return
    if shutil.which("apt-get") is None:
        raise EnvironmentUnavailable(f"install these programs to run Podman tests: {', '.join(sorted(missing))}")
    with one_at_a_time():
        # another run beside ours may just have installed them
        if not (missing := missing_programs(wanted)):
            return
        packages = sorted({wanted[name] for name in missing})
        install(packages)
    if still := missing_programs(wanted):
        raise EnvironmentUnavailable(
            f"after installing {' '.join(packages)}, these are still missing: {', '.join(sorted(still))}"
        )


def install(packages: list[str]) -> None:
    """Install Debian packages.

    Raises:
        EnvironmentUnavailable: we are not root, or apt fails.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise EnvironmentUnavailable(f"install what is missing: sudo apt-get install {' '.join(packages)}")
    print(f"environment: installing {' '.join(packages)}", flush=True)
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with _no_services_started():
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            done = subprocess.run(["apt-get", *command], env=environ, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise EnvironmentUnavailable(
                    f"apt-get {command[0]} failed: {(done.stderr or done.stdout).strip()[-800:]}"
                )


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other run uses apt: it does not wait itself, and fails."""
    with contextlib.ExitStack() as stack:
        if os.geteuid() == 0 and _INSTALLED.is_dir():
            descriptor = os.open(_INSTALLED, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def missing_programs(wanted: Mapping[str, str]) -> set[str]:
    """The programs that are not on this machine."""
    return {name for name in wanted if find_program(name) is None}


def find_program(name: str) -> Path | None:
    """Find a program or its equivalent; busybox counts only if it needs no libraries, for it becomes an image by itself."""
    for candidate in (name, *EQUIVALENTS.get(name, ())):
        found = find_binary(candidate)
        if found is not None and (name != "busybox" or is_static(found)):
            return found
    return None


def is_static(binary: Path) -> bool:
    """Whether an ELF program runs without a dynamic linker (it has no PT_INTERP header)."""
    with binary.open("rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:5] != b"\x7fELF\x02":
            return False
        (table,) = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        file.seek(table)
        headers = file.read(size * count)
    return all(struct.unpack_from("<I", headers, i * size)[0] != _PT_INTERP for i in range(count))


@contextlib.contextmanager
def _no_services_started() -> Iterator[None]:
    """Debian starts a package's services when it installs it, unless this file says no: a test needs no registry on port 5000."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
