"""From an empty directory to a Podman with images and a registry, and back to nothing.

`prepared` is the whole life: it first ends what a killed run left, then builds, then yields, then ends everything, also after an
exception or Ctrl-C. The directory is locked as long as its owner lives, so a run knows a dead one from one that is at work.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.environment import images, packages
from tests.environment.capsule import Capsule
from tests.environment.errors import EnvironmentUnavailable
from tests.environment.machine import Machine, look
from tests.environment.podman import Podman
from tests.environment.registry import Registry
from tests.environment.remains import cgroup_parents, end_processes, remove_cgroup_parents, remove_tree

PREFIX = "podkit-env-"
"""Short, because the process that cleans up after a container refuses a runroot of more than 50 characters."""
VARIABLE = "PODKIT_TEST_ENVIRONMENT"
"""Names the directory of the environment in which a process runs, so that pytest below ``python -m tests.environment`` uses that one."""
_REGISTRY_VARIABLE = "PODKIT_TEST_REGISTRY"
_RUNTIME_VARIABLE = "PODKIT_TEST_OCI_RUNTIME"
_MEMORY_NEEDED = 2 << 30


class Environment:
    """A prepared Podman.

    Attributes:
        directory: where all of it lives.
        registry: host:port of the registry on loopback that takes docker.io's place.
        images: names of the images that are there.
    """

    def __init__(self, directory: Path, registry: str, machine: Machine) -> None:
        self.directory = directory
        self.registry = registry
        self.images = tuple(image.name for image in images.IMAGES)
        self._podman = Podman(directory, machine)

    def podman(self, *arguments: str, check: bool = True) -> str:
        """Run the Podman command line in it and return what it printed.

        Raises:
            EnvironmentUnavailable: it failed, and `check` is set.
        """
        return self._podman.run(*arguments, check=check)

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of processes that are to use it."""
        return self._podman.variables | {VARIABLE: str(self.directory), _REGISTRY_VARIABLE: self.registry}


@contextlib.contextmanager
def prepared(*, network: bool = True) -> Iterator[Environment]:
    """Make an environment, or join the one that this process already runs in.

    Args:
        network: whether, as root, to have a network namespace of our own, without a way to the outside.

    Raises:
        EnvironmentUnavailable: something is missing, or Podman does not work here.
    """
    machine = look()
    if inherited := os.environ.get(VARIABLE):
        yield Environment(Path(inherited), os.environ[_REGISTRY_VARIABLE], machine)
        return
    packages.ensure_installed()
    machine = look()
    with _directory() as directory, _capsule(directory, machine, network=network), _podman(directory, machine) as (podman, registry):
        yield Environment(podman.directory, registry.address, machine)


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    base = Path(tempfile.gettempdir())
    for stale in base.glob(f"{PREFIX}*"):
        _end_stale(stale)
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    with _locked(directory):
        try:
            yield directory
        finally:
            remove_tree(directory)


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[bool]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _end_stale(directory: Path) -> None:
    """End what a killed run left; a directory whose owner lives is locked, and one of another user not ours to touch."""
    with contextlib.suppress(PermissionError, FileNotFoundError), _locked(directory) as free:
        if free:
            end_processes(directory)
            remove_tree(directory)


@contextlib.contextmanager
def _capsule(directory: Path, machine: Machine, *, network: bool) -> Iterator[None]:
    if not machine.root:
        yield
        return
    capsule = Capsule(directory, network=network, in_memory=_free_memory() > _MEMORY_NEEDED)
    try:
        capsule.enter()
        yield
    finally:
        capsule.leave()


@contextlib.contextmanager
def _podman(directory: Path, machine: Machine) -> Iterator[tuple[Podman, Registry]]:
    podman = Podman(directory / "podman", machine)
    registry = Registry(directory / "registry")
    parents = cgroup_parents()
    try:
        podman.directory.mkdir()
        images_built = _configure(podman)
        podman.use_registries(registry.start())
        registry.fill(podman)
        _warm(podman, images_built)
        yield podman, registry
    finally:
        for kind in ("pod", "container", "network"):
            _remove_all(podman, kind)
        registry.stop()
        end_processes(directory)
        remove_cgroup_parents(parents)


def _configure(podman: Podman) -> tuple[str, ...]:
    """Choose the OCI runtime that works here: crun, which is the faster one, or else runc."""
    wanted = os.environ.get(_RUNTIME_VARIABLE)
    candidates = [wanted] if wanted else [name for name in ("crun", "runc") if shutil.which(name) or packages.find_binary(name)]
    built: tuple[str, ...] = ()
    trouble = "there is none"
    for runtime in candidates:
        podman.configure(runtime)
        try:
            built = built or images.build(podman)
            podman.run("run", "--rm", "--network=none", images.BUSYBOX, "true")
        except EnvironmentUnavailable as error:
            trouble = str(error)
        else:
            return built
    raise EnvironmentUnavailable(f"no OCI runtime works here ({', '.join(candidates)}): {trouble}")


def _warm(podman: Podman, built: tuple[str, ...]) -> None:
    """Let Podman build its pause image, so that the first test's first pod is no slower than the next."""
    podman.run("create", "--quiet", "--pod=new:warm", "--network=none", built[0], "true", check=False)
    podman.run("pod", "rm", "--force", "--ignore", "warm")


def _remove_all(podman: Podman, kind: str) -> None:
    if not (podman.directory / "etc" / "containers.conf").exists():
        return
    if kind == "network":
        podman.run("network", "prune", "--force", check=False)
    else:
        podman.run(kind, "rm", "--all", "--force", "--time=0", check=False)


def _free_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0
