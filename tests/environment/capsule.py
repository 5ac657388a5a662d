"""Mount and network namespaces of our own, so that root's Podman leaves no trace on the machine.

A rootful Podman shares more with its neighbours than its configuration can move: bridges and firewall chains, ``/run/netns``, the
address book of its networks under ``/run/containers``, the well-known socket, the default store. Inside the capsule all of these
are private copies. What the kernel ends with the last process of a namespace cannot be left behind, even after ``kill -9``.

The calling thread moves in, and with it every thread and process that it starts later; `leave` takes it back. The process's
files stay where they are: only new mounts are hidden. A Podman without root has namespaces of its own and needs none of this.
"""

import ctypes
import os
import subprocess
from collections.abc import Collection
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000
_MS_NOSUID = 2
_MS_NODEV = 4
_MS_NOEXEC = 8
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_PRIVATE = 1 << 18
_MS_SLAVE = 1 << 19
_MS_SHARED = 1 << 20
_MNT_DETACH = 2
_SYS = Path("/sys")
_HYBRID_CGROUP = Path("/sys/fs/cgroup/unified")
MASKED = (
    "/run/podman",
    "/run/netns",
    "/run/containers",
    "/run/libpod",
    "/run/crun",
    "/run/runc",
    "/var/lib/containers",
    "/var/cache/containers",
)
"""Where a Podman keeps what its configuration cannot move, or what a machine's own Podman owns: empty in here, kept nowhere."""
MASKED_IF_THERE = ("/etc/containers", "/etc/cni")
"""Configuration of the machine that must not reach our Podman."""

_libc = ctypes.CDLL(None, use_errno=True)


class Capsule:
    """Namespaces that the calling thread enters and leaves.

    Args:
        directory: an empty directory, which serves inside as the place for all that Podman would write elsewhere.
        in_memory: whether the directory becomes a tmpfs inside.
    """

    def __init__(self, directory: Path, *, in_memory: bool) -> None:
        self._directory = directory
        self._in_memory = in_memory
        self._outside: list[tuple[int, int]] = []
        self._root: int | None = None

    def enter_mounts(self) -> None:
        """Have mounts of our own from here on."""
        self._root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        self._enter("mnt", _CLONE_NEWNS)
        # slave: the machine's later unmounts reach us, ours stay here; shared: Bidirectional mount propagation works inside
        _mount("none", "/", None, _MS_REC | _MS_SLAVE)
        _mount("none", "/", None, _MS_REC | _MS_SHARED)
        if self._in_memory:
            _mount("podkit", str(self._directory), "tmpfs", 0, "mode=0755")
        self._cover()

    def enter_network(self) -> None:
        """Have a network of our own from here on: a loopback device, and no way to the outside."""
        self._enter("net", _CLONE_NEWNET)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self._show_devices()

    def _show_devices(self) -> None:
        """Let ``/sys`` tell of the network that we have: it tells of that in which it was mounted.

        A container that shares a network which its user does not own sees this ``/sys``, because it may not mount another.
        """
        below = mounts_below(_SYS, Path("/proc/thread-self/mounts").read_text())
        kept = {place: self._new("behind", place) for place in below}
        for place, behind in kept.items():
            _mount(str(place), str(behind), None, _MS_BIND | _MS_REC)
            _mount("none", str(behind), None, _MS_REC | _MS_PRIVATE)
        _mount("sysfs", str(_SYS), "sysfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
        for place, behind in kept.items():
            _mount(str(behind), str(place), None, _MS_BIND | _MS_REC)

    def _enter(self, name: str, kind: int) -> None:
        self._outside.append((os.open(f"/proc/thread-self/ns/{name}", os.O_RDONLY), kind))
        _check(_libc.unshare(kind), f"unshare {name}")

    def _cover(self) -> None:
        places = [Path(path) for path in MASKED]
        for parent in sorted({place.parent for place in places if not place.is_dir()} | {Path("/run")}):
            self._veil(parent)
        for place in (*places, *map(Path, MASKED_IF_THERE)):
            if place.is_dir():
                _mount(str(self._new("empty", place)), str(place), None, _MS_BIND)
        if os.path.ismount(_HYBRID_CGROUP):
            # crun < 1.10 gives up at this mount, though all controllers are on v1
            _check(_libc.umount2(os.fsencode(_HYBRID_CGROUP), _MNT_DETACH), f"unmount {_HYBRID_CGROUP}")

    def _veil(self, place: Path) -> None:
        """Let all that a directory has show through, while what is made new in it stays in here."""
        behind, front = self._new("behind", place), self._new("front", place)
        _mount(str(place), str(behind), None, _MS_BIND | _MS_REC)
        # else what is mounted in front is propagated to what is behind
        _mount("none", str(behind), None, _MS_REC | _MS_PRIVATE)
        _mount(str(front), str(place), None, _MS_BIND)
        for entry in behind.iterdir():
            seen = place / entry.name
            if entry.is_symlink():
                seen.symlink_to(entry.readlink())
                continue
            if entry.is_dir():
                seen.mkdir()
            else:
                seen.touch()
            _mount(str(entry), str(seen), None, _MS_BIND | _MS_REC)

    def cover(self, place: Path, source: Path) -> None:
        """Have a file show another one's content; one that is not there appears."""
        if not place.exists():
            self._veil(place.parent)
            place.touch()
        _mount(str(source), str(place), None, _MS_BIND)

    def cover_by_memory(self, place: Path) -> None:
        """Have an empty directory in memory, open to all, in place of one."""
        _mount("podkit", str(place), "tmpfs", 0, "mode=1777")

    def show_only(self, place: Path, below: Collection[Path]) -> None:
        """Have a directory that all may pass, and that holds nothing but some places somewhere below it."""
        kept = {path: self._new("behind", path) for path in below}
        for path, behind in kept.items():
            _mount(str(path), str(behind), None, _MS_BIND | _MS_REC)
            _mount("none", str(behind), None, _MS_REC | _MS_PRIVATE)
        _mount("podkit", str(place), "tmpfs", 0, "mode=0755")
        for path, behind in kept.items():
            path.mkdir(parents=True)
            _mount(str(behind), str(path), None, _MS_BIND | _MS_REC)

    def _new(self, purpose: str, place: Path) -> Path:
        directory = self._directory / purpose / place.relative_to("/")
        directory.mkdir(parents=True)
        return directory

    def leave(self) -> None:
        """Move the calling thread back to where it came from; safe to call twice."""
        here = Path.cwd()
        while self._outside:
            descriptor, kind = self._outside.pop()
            _check(_libc.setns(descriptor, kind), "setns")
            os.close(descriptor)
        if self._root is not None:
            # with the mounts came the root of the machine; ours may be another (chroot)
            os.fchdir(self._root)
            os.chroot(".")
            os.close(self._root)
            self._root = None
            os.chdir(here)


def mounts_below(place: Path, mounts: str) -> list[Path]:
    """What is mounted below a directory, without what is mounted below that in turn.

    Args:
        place: the directory.
        mounts: the content of ``/proc/self/mounts``.
    """
    targets = {Path(line.split()[1]) for line in mounts.splitlines()}
    below = {target for target in targets if place in target.parents}
    return sorted(target for target in below if below.isdisjoint(target.parents))


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    encoded = os.fsencode(kind) if kind else None
    result = _libc.mount(os.fsencode(source), os.fsencode(target), encoded, ctypes.c_ulong(flags), os.fsencode(options))
    _check(result, f"mount {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
