"""From an empty directory to a Podman with images and a registry, and back to nothing.

`prepared` is the whole life: it first ends what a killed run left, then builds, then yields, then ends everything, also after an
exception or Ctrl-C.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.environment import dockerhub, images, packages
from tests.environment.capsule import Capsule
from tests.environment.directory import MEMORY_NEEDED, locked, own_directory
from tests.environment.errors import EnvironmentUnavailable
from tests.environment.machine import Machine, find_binary, look
from tests.environment.podman import Podman
from tests.environment.registry import Registry
from tests.environment.remains import cgroup_parents, end_processes, remove_cgroups
from tests.environment.unprivileged import introduce

VARIABLE = "PODKIT_TEST_ENVIRONMENT"
"""Names the environment in which a process runs, so that pytest below ``python -m tests.environment`` uses that one."""
_REGISTRY_VARIABLE = "PODKIT_TEST_REGISTRY"
RUNTIME_VARIABLE = "PODKIT_TEST_OCI_RUNTIME"
"""Names the OCI runtime to use; without it, the one that works here."""


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
        own_directory(partial(_end_dead, machine=machine)) as directory,
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
def unprivileged(readable: Sequence[Path]) -> Iterator[dict[str, str]]:
    """Namespaces of our own in which there is a user for rootless Podman; what it runs is ended with the block.

    Args:
        readable: what the user must be able to read.

    Yields:
        Environment variables for what the user runs.

    Raises:
        EnvironmentUnavailable: we are not root.
    """
    machine = look()
    with own_directory(partial(_end_dead, machine=machine)) as directory, _capsule(directory, machine) as capsule:
        if capsule is None:
            raise EnvironmentUnavailable(
                "only root can become a user without privileges: be root, or run without --leg"
            )
        try:
            capsule.enter_network()
            yield introduce(capsule, directory, readable)
        finally:
            end_processes(directory)


def _end_dead(directory: Path, machine: Machine) -> None:
    """End what a killed run left. As root that is processes alone: the rest vanishes with the namespaces that they were in."""
    end_processes(directory)
    podman = Podman(directory / "podman", machine)
    if podman.configured:
        podman.erase()
        end_processes(directory)


@contextlib.contextmanager
def _capsule(directory: Path, machine: Machine) -> Iterator[Capsule | None]:
    if not machine.root:
        yield None
        return
    capsule = Capsule(directory, in_memory=_free_memory() > MEMORY_NEEDED)
    try:
        capsule.enter_mounts()
        # seen from inside, the directory is another one now: a run within ours must not take it for a dead one's
        with locked(directory):
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
    wanted = os.environ.get(RUNTIME_VARIABLE)
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
