"""Podman as another release of Debian has it, beside the machine's own: nothing is installed.

apt itself finds the mirror, resolves what belongs to Podman, downloads and verifies it, as if for a machine on which nothing is
installed yet: private lists, a private cache, an empty status. What comes out is unpacked into the user's cache directory and
told where its loader and libraries lie, so that programs built for a newer machine run on this one.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.environment.errors import EnvironmentUnavailable
from tests.environment.packages import one_at_a_time

PACKAGES = (
    "podman",
    "runc",
    "crun",
    "conmon",
    "netavark",
    "aardvark-dns",
    "catatonit",
    "passt",
    "slirp4netns",
    "iptables",
    "nftables",
)
PROGRAMS = (
    "usr/bin/podman",
    "usr/bin/crun",
    "usr/sbin/runc",
    "usr/bin/conmon",
    "usr/lib/podman/netavark",
    "usr/lib/podman/aardvark-dns",
    "usr/bin/catatonit",
    "usr/bin/pasta",
    "usr/bin/pasta.avx2",
    "usr/bin/slirp4netns",
    "usr/sbin/nft",
    "usr/libexec/podman/rootlessport",
    "usr/lib/podman/rootlessport",
)
"""What is taken from the packages, as far as a release has it."""
_LIBRARIES = ("usr/lib", "lib")
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def own_release() -> str:
    """The code name of the Debian that this machine is; empty if it is none."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return ""
    facts = dict(line.split("=", 1) for line in lines if "=" in line)
    return facts.get("VERSION_CODENAME", "") if facts.get("ID") == "debian" else ""


def programs(release: str) -> Path:
    """A directory with the programs of a release; fetched if this user does not have them yet.

    Args:
        release: a code name, such as ``forky``.

    Raises:
        EnvironmentUnavailable: there is no apt here, no Debian among its sources, or no way to its mirror.
    """
    if shutil.which("apt-get") is None:
        raise EnvironmentUnavailable(
            f"Podman of Debian {release} is fetched with apt, and there is no apt on this machine"
        )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "podkit-tests")
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / release
    with _alone(cache):
        if not place.exists():
            print(f"environment: fetching Podman of Debian {release} into {place}", flush=True)
            with tempfile.TemporaryDirectory(prefix="making-", dir=cache) as making:
                finished = _make(Path(making), place, release)
                finished.rename(place)
    return place / "bin"


@contextlib.contextmanager
def _alone(cache: Path) -> Iterator[None]:
    descriptor = os.open(cache, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(directory: Path, place: Path, release: str) -> Path:
    """Make in a directory for some time what will lie at `place`."""
    unpacked, finished = directory / "unpacked", directory / "finished"
    for package in _fetched(directory / "apt", release):
        _run("dpkg-deb", "--extract", package, unpacked)
    libraries = next(path.parent for base in _LIBRARIES for path in unpacked.glob(f"{base}/*/libc.so.6"))
    shutil.copytree(libraries, finished / "lib", symlinks=True, ignore=_all_but_libraries)
    (finished / "bin").mkdir()
    loader = next((finished / "lib").glob("ld-linux-*.so.*"))
    patchelf = _patchelf()
    # in one go: a second pass over a program has broken some
    home = ("--set-interpreter", place / "lib" / loader.name, "--force-rpath", "--set-rpath", place / "lib")
    for name in PROGRAMS:
        if (program := unpacked / name).exists():
            own = Path(shutil.copy2(program, finished / "bin"))
            if _is_dynamic(patchelf, own):
                _run(patchelf, *home, own)
    for path in (finished, finished / "bin", finished / "lib"):
        path.chmod(0o755)
    return finished


def _all_but_libraries(directory: str, names: list[str]) -> set[str]:
    return {name for name in names if ".so" not in name or Path(directory, name).is_dir()}


def _patchelf() -> Path:
    """The one of the test requirements: 0.18, which some releases of Debian have, breaks programs as large as Podman."""
    places = (Path(sys.executable).parent, Path(__file__).parents[2] / ".venv" / "bin")
    for place in places:
        if os.access(place / "patchelf", os.X_OK):
            return place / "patchelf"
    raise EnvironmentUnavailable(
        "there is no patchelf beside this Python: install the project's group of requirements `test`"
    )


def _is_dynamic(patchelf: Path, program: Path) -> bool:
    return subprocess.run([patchelf, "--print-interpreter", program], capture_output=True, check=False).returncode == 0


def _fetched(directory: Path, release: str) -> list[Path]:
    """Let apt download the packages of a release and all that they depend on."""
    for name in ("lists/partial", "cache/archives/partial"):
        (directory / name).mkdir(parents=True)
    (directory / "status").touch()
    (directory / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {_mirror()} {release} main\n")
    settings = {
        "Dir::State": directory,
        "Dir::State::status": directory / "status",
        "Dir::Cache": directory / "cache",
        "Dir::Etc::sourcelist": directory / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "",
    }
    apt = ["apt-get", "-qq", *(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))]
    _run(*apt, "update")
    _run(*apt, "install", "--yes", "--download-only", "--no-install-recommends", *PACKAGES)
    return sorted((directory / "cache" / "archives").glob("*.deb"))


def _mirror() -> str:
    """Where apt gets Debian from."""
    question = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian")
    if not (known := _run(*question).split()):
        # apt knows the labels of its sources after it has asked them once, and a new machine has not
        with one_at_a_time():
            _run("apt-get", "-qq", "update")
        known = _run(*question).split()
    if not known:
        raise EnvironmentUnavailable(
            "apt has no source of Debian's packages: add one to fetch Podman of another release"
        )
    return known[0]


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentUnavailable(f"{' '.join(map(str, command))} failed: {done.stderr.strip()[-800:]}")
    return done.stdout
