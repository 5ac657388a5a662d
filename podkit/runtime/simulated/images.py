"""Images: what the engine has, and what registries hold.

An image is data: names, what it runs, and a few files. `Images` knows which the engine has and which it could pull. References
are compared as Kubernetes and Podman understand them: ``busybox`` is ``docker.io/library/busybox:latest``.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping

from attrs import define, field, frozen

from podkit.errors import ImageNotFound, ImagePullFailed, RuntimeFailed
from podkit.runtime.base import Credentials, ImageStatus, PullListener, PullProgress
from podkit.runtime.simulated.faults import require_error

_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
_SHELLS = frozenset({"alpine", "bash", "busybox", "debian", "fedora", "ubuntu"})
"""Images that run a shell, which ends at once without an input; all others are taken to serve something."""
_SERVICE = ("sleep", "infinity")
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@frozen
class SimulatedImage:
    """An image.

    Attributes:
        name: its reference.
        entrypoint: what it runs.
        command: the default arguments.
        env: its environment.
        working_dir: where its processes start.
        user: whom they run as: empty for root, a number or name, or ``user:group``.
        stop_signal: how it wants to be stopped; empty: SIGTERM.
        size: bytes.
        files: contents by absolute path; by default an ``/etc/passwd`` with root and nobody.
        credentials: who may pull it; None: everybody.

    Example:
        ::

            image = SimulatedImage("example.com/app:1", command=("sleep", "60"), env={"MODE": "test"})
            engine = SimulatedRuntime(VirtualClock(), images=Images(remote=[image]))
    """

    name: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ("sh",)
    env: Mapping[str, str] = field(factory=lambda: {"PATH": _DEFAULT_PATH})
    working_dir: str = "/"
    user: str = ""
    stop_signal: str = ""
    size: int = 1_000_000
    files: Mapping[str, bytes] = field(factory=lambda: {"/etc/passwd": _PASSWD})
    credentials: Credentials | None = None

    @property
    def reference(self) -> str:
        """Its full name."""
        return full_name(self.name)

    @property
    def id(self) -> str:
        """Its id, which depends on nothing but its name."""
        return "sha256:" + hashlib.sha256(self.reference.encode()).hexdigest()

    def below(self, directory: str) -> dict[str, bytes]:
        """The files below a directory, by their path from there."""
        top = f"{directory.strip('/')}/" if directory.strip("/") else ""
        files = {path.strip("/"): content for path, content in self.files.items()}
        return {path.removeprefix(top): content for path, content in files.items() if path.startswith(top)}

    def status(self) -> ImageStatus:
        """What the engine says of it."""
        repository, _, rest = self.reference.partition("@")
        digest = rest or "sha256:" + hashlib.sha256(self.id.encode()).hexdigest()
        named = () if rest else (self.reference,)
        return ImageStatus(
            id=self.id,
            tags=named,
            digests=(f"{_without_tag(repository)}@{digest}",),
            size=self.size,
            user=self.user,
            entrypoint=self.entrypoint,
            command=self.command,
            env=self.env,
            working_dir=self.working_dir,
            stop_signal=self.stop_signal,
        )


@functools.lru_cache(maxsize=4096)
def full_name(reference: str) -> str:
    """A reference with its registry, and with a tag or digest."""
    first, slash, _ = reference.partition("/")
    if not slash:
        reference = f"docker.io/library/{reference}"
    elif "." not in first and ":" not in first and first != "localhost":
        reference = f"docker.io/{reference}"
    if "@" in reference or ":" in reference.rpartition("/")[2]:
        return reference
    return f"{reference}:latest"


def _without_tag(reference: str) -> str:
    path, slash, last = reference.rpartition("/")
    return path + slash + last.partition(":")[0]


@define
class _PullFault:
    error: RuntimeFailed
    left: int | None


class Images:
    """The images that there are.

    Args:
        local: those that the engine has.
        remote: those that it can pull. A local one need not be remote too.
        every_name: whether a registry also has an image of every other name, but for those of ``localhost``, which are only built,
            and of the domain ``invalid``, which does not exist. Such an image runs until it is told to end; one of a system,
            such as ``alpine``, runs a shell.

    Example:
        ::

            images = Images(local=["busybox"], remote=["example.com/app:1"])
            engine = SimulatedRuntime(VirtualClock(), images=images)
            images.fail_pull("example.com/app:1", ImagePullFailed("the registry is away"))
    """

    def __init__(
        self,
        local: Iterable[SimulatedImage | str] = ("busybox", "localhost/busybox"),
        remote: Iterable[SimulatedImage | str] = ("busybox",),
        *,
        every_name: bool = False,
    ) -> None:
        self._every_name = every_name
        self._local: dict[str, SimulatedImage] = {}
        self._remote: dict[str, SimulatedImage] = {}
        self._statuses: dict[str, ImageStatus] = {}
        self._faults: dict[str, _PullFault] = {}
        for image in map(_image, local):
            self._add(image)
        for image in map(_image, remote):
            self._remote[image.reference] = image

    def find(self, reference: str) -> SimulatedImage | None:
        """An image that the engine has, by a name or by its id with or without ``sha256:``."""
        return (
            self._local.get(reference)
            or self._local.get(full_name(reference))
            or self._local.get(full_name(f"localhost/{reference}"))
        )

    def status(self, image: SimulatedImage) -> ImageStatus:
        """What the engine says of an image that it has."""
        return self._statuses[image.reference]

    def pull(self, reference: str, credentials: Credentials | None, tell: PullListener | None = None) -> SimulatedImage:
        """Fetch an image.

        Args:
            reference: which image.
            credentials: how to log in to its registry.
            tell: is told of one that is not here yet that half of it has come, and that all has.

        Raises:
            ImageNotFound: there is no such remote image.
            ImagePullFailed: the credentials are not right, or it was made to fail.
        """
        name = full_name(reference)
        self._meet_fault(name)
        image = self._remote.get(name)
        if image is None and self._every_name:
            image = _invented(name)
        operation = f"pull image {reference}"
        if image is None:
            text = f"could not {operation}: no simulated registry has {name}; give it to Images(remote=…)"
            raise ImageNotFound(text, operation=operation, detail="manifest unknown")
        if image.credentials is not None and image.credentials != credentials:
            raise ImagePullFailed(
                f"could not {operation}: its registry wants other credentials",
                operation=operation,
                detail="unauthorized: authentication required",
            )
        is_new = self.find(reference) is None
        self._add(image)
        if tell is not None and is_new:
            for current in (image.size // 2, image.size):
                tell(PullProgress(current, image.size))
        return image

    def fail_pull(self, reference: str, error: RuntimeFailed, *, times: int | None = 1) -> None:
        """Let the next pulls of an image fail.

        Args:
            reference: which image; it need not exist.
            error: what is raised.
            times: how many pulls; None: all from now on.

        Raises:
            TypeError: the error is none.
        """
        require_error(error, "ImagePullFailed")
        self._faults[full_name(reference)] = _PullFault(error, times)

    def publish(self, image: SimulatedImage | str) -> None:
        """Let a registry hold an image, instead of the one that it held under this name."""
        self._remote[_image(image).reference] = _image(image)

    def remove(self, reference: str) -> None:
        """Let the engine have an image no more; one that it does not have is no error."""
        image = self.find(reference)
        if image is not None:
            for name in (image.reference, image.id, image.id.removeprefix("sha256:")):
                self._local.pop(name, None)

    def _add(self, image: SimulatedImage) -> None:
        for name in (image.reference, image.id, image.id.removeprefix("sha256:")):
            self._local[name] = image
        self._statuses[image.reference] = image.status()

    def _meet_fault(self, name: str) -> None:
        fault = self._faults.get(name)
        if fault is None or fault.left == 0:
            return
        if fault.left is not None:
            fault.left -= 1
        raise fault.error.with_traceback(None)


def _invented(name: str) -> SimulatedImage | None:
    """The image that a registry has of any name; None where no registry can be."""
    host, _, path = name.partition("/")
    if host == "localhost" or host.partition(":")[0].rpartition(".")[2] == "invalid":
        return None
    title = path.rpartition("/")[2].partition("@")[0].partition(":")[0]
    return SimulatedImage(name, command=("sh",) if title in _SHELLS else _SERVICE)


def _image(given: SimulatedImage | str) -> SimulatedImage:
    return SimulatedImage(given) if isinstance(given, str) else given
