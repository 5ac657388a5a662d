"""Becoming a user who is not root, though no such user exists on the machine.

Inside a capsule (`tests.environment.capsule`) the machine's lists of users are covered by copies that know one user more, with
ranges of subordinate ids; what the machine keeps from users and a rootless Podman needs, ``/dev/net/tun``, is covered by a
node that they may open. All of it vanishes with the namespaces.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from tests.environment.capsule import Capsule
from tests.environment.podman import ACCEPT_ALL

NAME = "podkit-tests"
IDENTITY = 54_321
"""User and group id; with luck nobody's, and nobody else's files are in reach of it."""
_SUBORDINATE = "podkit-tests:1000000000:65536\n"
_LINES = {
    "passwd": f"{NAME}:x:{IDENTITY}:{IDENTITY}::{{home}}:/bin/sh\n",
    "group": f"{NAME}:x:{IDENTITY}:\n",
    "subuid": _SUBORDINATE,
    "subgid": _SUBORDINATE,
}
_TUN = os.makedev(10, 200)


def introduce(capsule: Capsule, directory: Path, readable: Sequence[Path]) -> dict[str, str]:
    """Make the user known in a capsule that was entered, with a home in its directory.

    Args:
        capsule: where it is to be known.
        directory: the directory of the capsule.
        readable: what the user must be able to read, though it may lie in another user's home.

    Returns:
        Environment variables of the user's processes.
    """
    home = directory / "home"
    policy = home / ".config" / "containers" / "policy.json"
    policy.parent.mkdir(parents=True)
    # the machine's own is covered with the rest of its configuration
    policy.write_text(ACCEPT_ALL)
    for place in (home, *home.rglob("*")):
        os.chown(place, IDENTITY, IDENTITY)
    home.chmod(0o700)
    for name, line in _LINES.items():
        file = Path("/etc", name)
        copy = directory / name
        copy.write_text((file.read_text() if file.exists() else "") + line.format(home=home))
        capsule.cover(file, copy)
    tun = directory / "tun"
    os.mknod(tun, stat.S_IFCHR, _TUN)
    tun.chmod(0o666)
    capsule.cover(Path("/dev/net/tun"), tun)
    _open_ways(capsule, readable)
    capsule.cover_by_memory(Path("/dev/shm"))
    return {"HOME": str(home), "USER": NAME, "LOGNAME": NAME, "PYTHONDONTWRITEBYTECODE": "1"}


def _open_ways(capsule: Capsule, places: Sequence[Path]) -> None:
    """Let places be reached below directories that let only their owner pass: there is nothing else in those then."""
    closed: dict[Path, set[Path]] = {}
    for path in places:
        for parent in reversed(path.parents):
            if not parent.stat().st_mode & stat.S_IXOTH:
                closed.setdefault(parent, set()).add(path)
                break
    for parent, below in closed.items():
        # what lies in another of them comes with it
        capsule.show_only(parent, {path for path in below if below.isdisjoint(path.parents)})
