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

from tests.environment import dockerhub, images, packages
from tests.environment.capsule import Capsule
from tests.environment.errors import EnvironmentUnavailable
from tests.environment.machine import Machine, find_binary, look
from tests.environment.podman import Podman
from tests.environment.registry import Registry
from tests.environment.remains import cgroup_parents, end_processes, remove_cgroups

PREFIX = "podkit-env-"
"""Short, because the process that cleans up after a container refuses a runroot of more than 50 characters."""
VARIABLE = "PODKIT_TEST_ENVIRONMENT"
"""Names the environment in which a process runs, so that pytest below ``python -m tests.environment`` uses that one."""
_REGISTRY_VARIABLE = "PODKIT_TEST_REGISTRY"
_RUNTIME_VARIABLE = "PODKIT_TEST_OCI_RUNTIME"
_MEMORY_NEEDED = 2 << 30
_LONGEST_BASE = 16


class Environment:
    """A prepared Podman.

    Attributes:
        directory: where Podman's part of it lives.
        registry: host:port of the registry on loopback that takes docker.io's place.
        images: names of the images that are there.
    """

    def __init__(self, podman: Podman, registry: str) -> None:
        self.directory = podman.directory
        self.registry = registry
        self.images = tuple(image.name for image in images.IMAGES)
        self._podman = podman

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
def prepared(*, real_images: bool = False) -> Iterator[Environment]:
    """Make an environment, or join the one that this process already runs in.

    Args:
        real_images: whether the registry holds the real busybox of docker.io, if that can be reached; else ours.

    Raises:
        EnvironmentUnavailable: something is missing, or Podman does not work here.
    """
    if inherited := os.environ.get(VARIABLE):
        yield Environment(Podman(Path(inherited), look()), os.environ[_REGISTRY_VARIABLE])
        return
    packages.ensure_installed()
    machine = look()
    with (
        _directory(machine) as directory,
        _capsule(directory, machine) as capsule,
        _podman(directory, machine) as podman,
    ):
        _configure(podman)
        content = dockerhub.pull(podman) if real_images else images.BUSYBOX
        if capsule is not None:
            capsule.enter_network()
        with Registry(directory / "registry") as registry:
            registry.fill(podman, content)
            podman.use_registries(registry.address)
            _warm(podman)
            yield Environment(podman, registry.address)


@contextlib.contextmanager
def _directory(machine: Machine) -> Iterator[Path]:
    base = _base()
    for stale in base.glob(f"{PREFIX}*"):
        _end_stale(stale, machine)
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    with _locked(directory):
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def _base() -> Path:
    """Where directories for some time go: in memory for a user who is not root, who has no tmpfs to mount."""
    memory = Path("/dev/shm")
    if os.geteuid() != 0 and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _MEMORY_NEEDED:
        return memory
    usual = Path(tempfile.gettempdir())
    return usual if len(str(usual)) <= _LONGEST_BASE else Path("/tmp")


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[bool]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield False
        return
    try:
        yield True
    finally:
        os.close(descriptor)


def _end_stale(directory: Path, machine: Machine) -> None:
    """End what a killed run left; a directory whose owner lives is locked, and one of another user not ours to touch."""
    with contextlib.suppress(PermissionError, FileNotFoundError), _locked(directory) as free:
        if free:
            _end(Podman(directory / "podman", machine), directory)
            shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _capsule(directory: Path, machine: Machine) -> Iterator[Capsule | None]:
    if not machine.root:
        yield None
        return
    capsule = Capsule(directory, in_memory=_free_memory() > _MEMORY_NEEDED)
    try:
        capsule.enter_mounts()
        # seen from inside, the directory is another one now: a run within ours must not take it for a dead one's
        with _locked(directory):
            yield capsule
    finally:
        capsule.leave()


@contextlib.contextmanager
def _podman(directory: Path, machine: Machine) -> Iterator[Podman]:
    podman = Podman(directory / "podman", machine)
    parents = cgroup_parents()
    try:
        podman.directory.mkdir()
        yield podman
    finally:
        _end(podman, directory)
        remove_cgroups(podman.events, parents)


def _end(podman: Podman, directory: Path) -> None:
    if podman.configured:
        for kind in ("pod", "container"):
            podman.run(kind, "rm", "--all", "--force", "--time=0", check=False)
        podman.run("network", "prune", "--force", check=False)
        podman.erase()
    end_processes(directory)


def _configure(podman: Podman) -> None:
    """Make the images, and choose the OCI runtime that works here: crun, which is the faster one, or else runc."""
    wanted = os.environ.get(_RUNTIME_VARIABLE)
    candidates = [wanted] if wanted else [name for name in ("crun", "runc") if find_binary(name)]
    trouble = []
    for runtime in candidates:
        podman.configure(runtime)
        if runtime == candidates[0]:
            images.build(podman)
        try:
            podman.run("run", "--rm", "--network=none", images.BUSYBOX, "true")
        except EnvironmentUnavailable as error:
            trouble.append(str(error))
        else:
            return
    raise EnvironmentUnavailable("no OCI runtime works here: " + ("; ".join(trouble) or "install crun or runc"))


def _warm(podman: Podman) -> None:
    """Let Podman build its pause image, so that the first test's first pod is no slower than the next."""
    podman.run("create", "--quiet", "--pod=new:warm", "--network=none", images.BUSYBOX, "true")
    podman.run("pod", "rm", "--force", "warm")


def _free_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0
