"""Sees to it that the image of a container is there, as its pull policy says.

The kubelet's `images/image_manager.go`. Pulling goes on beside the Pod's sync, which is woken when it has come to an end. An
image that could not be pulled is tried again after 10, 20, 40 … at most 300 seconds.

One rule is Podman's: an image of the registry ``localhost`` was built on this machine and cannot be pulled from anywhere, so
that the policy ``Always`` takes it as it is. ``web`` means such an image too, if there is a ``localhost/web``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from attrs import frozen

from podkit.errors import ImageNotFound, PodkitError
from podkit.kubelet.memory import Failure
from podkit.kubelet.pull_progress import pulling
from podkit.kubelet.tasks import Tasks
from podkit.log import logger
from podkit.loop.backoff import Backoff, BackoffPolicy
from podkit.loop.clock import Clock
from podkit.model.image_reference import REFERENCE
from podkit.runtime.base import Credentials, ImageStatus, PullListener, Runtime

log = logger(__name__)

PULL_BACKOFF = BackoffPolicy(initial=10.0, maximum=300.0, reset_after=600.0)
TELL_FAILURE_FOR = timedelta(seconds=2)
"""How long a container says that the pull has failed, before it says that it waits for the next try."""

Report = Callable[[str, str, str], None]
"""Reports an event: type, reason, message."""


@frozen
class Request:
    """An image that a container needs.

    Attributes:
        key: what asks for it, the same each time that it asks: Pod uid, container name, attempt.
        image: the reference.
        policy: ``Always``, ``IfNotPresent`` or ``Never``.
        credentials: how to log in to its registry.
        seen: the image, where somebody has just looked and it was there.
        tell: is told how far it is while it is pulled.
    """

    key: tuple[str, str, int]
    image: str
    policy: str
    credentials: Credentials | None = None
    seen: ImageStatus | None = None
    tell: PullListener | None = None


class ImageManager:
    """The images of one node.

    Args:
        runtime: the container engine.
        tasks: pulls beside the sync.
        clock: what time it is.
        took: is told how many seconds a pull took.
    """

    def __init__(
        self, runtime: Runtime, tasks: Tasks, clock: Clock, took: Callable[[float], None] = lambda _: None
    ) -> None:
        self._took = took
        self._runtime = runtime
        self._tasks = tasks
        self._clock = clock
        self._backoff = Backoff(PULL_BACKOFF)
        self._retry_at: dict[tuple[str, str], tuple[float, Failure]] = {}
        self._pulling: set[tuple[str, str, int]] = set()
        self._pulled: dict[tuple[str, str, int], ImageStatus | Failure] = {}
        self._lock = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}

    def ensure(self, request: Request, report: Report, wake: Callable[[], None]) -> ImageStatus | Failure | None:
        """The image, or why it cannot be had now; None while it is being pulled, after which ``wake`` is called."""
        with self._lock:
            if request.key in self._pulling:
                return None
            if (result := self._pulled.pop(request.key, None)) is not None:
                return result
        if not REFERENCE.fullmatch(request.image):
            message = f'Failed to apply default image tag "{request.image}": couldn\'t parse image name: invalid reference format'
            report("Warning", "InspectFailed", message)
            return Failure("InvalidImageName", message)
        present = request.seen or self._runtime.image(request.image)
        if present is not None and self.serves(request.image, request.policy, present):
            return self._present(request, present, report)
        if request.policy == "Never":
            message = f'Container image "{request.image}" is not present with pull policy of Never'
            report("Warning", "ErrImageNeverPull", message)
            return Failure("ErrImageNeverPull", message, self._clock.now() + timedelta(seconds=10))
        return self._still_backing_off(request, report) or self._start_pull(request, report, wake)

    def serves(self, image: str, policy: str | None, present: ImageStatus) -> bool:
        """Whether an image that is there is what a container is run from, without looking for a newer one.

        Args:
            image: what the container calls it.
            policy: the container's ``imagePullPolicy``; None: ``IfNotPresent``.
            present: what is there.
        """
        return policy != "Always" or _is_local(image, present)

    def forget(self, uid: str) -> None:
        """Forget what a Pod has asked for, also if it is still being pulled."""
        with self._lock:
            self._pulling = {key for key in self._pulling if key[0] != uid}
            for key in [key for key in self._pulled if key[0] == uid]:
                del self._pulled[key]
            for pair in [pair for pair in self._retry_at if pair[0] == uid]:
                del self._retry_at[pair]
                self._backoff.forget(pair)

    def _still_backing_off(self, request: Request, report: Report) -> Failure | None:
        with self._lock:
            retry = self._retry_at.get((request.key[0], request.image))
        if retry is None:
            return None
        left = retry[0] - self._clock.monotonic()
        if left <= 0:
            return None
        message = f'Back-off pulling image "{request.image}": {retry[1].reason}: {retry[1].message}'
        report("Normal", "BackOff", f'Back-off pulling image "{request.image}"')
        return Failure("ImagePullBackOff", message, self._clock.now() + timedelta(seconds=left))

    def _start_pull(self, request: Request, report: Report, wake: Callable[[], None]) -> ImageStatus | Failure | None:
        with self._lock:
            self._pulling.add(request.key)

        def pull() -> None:
            try:
                result = self._pull_in_turn(request, report)
            except Exception as error:  # whatever it is, the container must not wait for this pull for ever
                log.exception("pulling %s failed for a reason that is a bug of podkit", request.image)
                result = self._pull_failed(request, error, report)
            with self._lock:
                if request.key in self._pulling:
                    self._pulled[request.key] = result
                    self._pulling.discard(request.key)
            wake()

        try:
            self._tasks.start(f"pull-{request.image}", pull)
        except RuntimeError as error:
            failure = self._pull_failed(request, error, report)
            with self._lock:
                self._pulling.discard(request.key)
            return failure
        with self._lock:
            return self._pulled.pop(request.key, None)

    def _pull_in_turn(self, request: Request, report: Report) -> ImageStatus | Failure:
        """Pull, when others that pull the same image have done so: what they have fetched is then there."""
        with self._lock:
            turn = self._turns.setdefault(request.image, threading.Lock())
        with turn:
            try:
                waited_for = self._runtime.image(request.image) if request.policy == "IfNotPresent" else None
                return self._present(request, waited_for, report) if waited_for else self._pull(request, report)
            except PodkitError as error:
                return self._pull_failed(request, error, report)

    @staticmethod
    def _present(request: Request, image: ImageStatus, report: Report) -> ImageStatus:
        report("Normal", "Pulled", f'Container image "{request.image}" already present on machine')
        return image

    def _pull(self, request: Request, report: Report) -> ImageStatus:
        report("Normal", "Pulling", pulling(request.image))
        begun = self._clock.monotonic()
        image = self._runtime.pull_image(request.image, request.credentials, request.tell)
        pair = (request.key[0], request.image)
        with self._lock:
            self._retry_at.pop(pair, None)
            self._backoff.forget(pair)
        took = self._clock.monotonic() - begun
        self._took(took)
        report(
            "Normal",
            "Pulled",
            f'Successfully pulled image "{request.image}" in {took:.3f}s. Image size: {image.size} bytes.',
        )
        return image

    def _pull_failed(self, request: Request, error: Exception, report: Report) -> Failure:
        pair, image = (request.key[0], request.image), request.image
        now = self._clock.monotonic()
        with self._lock:
            delay = self._backoff.next(pair, now)
        kind = "not found" if isinstance(error, ImageNotFound) else "failed to pull and unpack image"
        message = f'failed to pull image "{image}": {kind}: {error}'
        failure = Failure("ErrImagePull", message, self._clock.now() + min(TELL_FAILURE_FOR, timedelta(seconds=delay)))
        with self._lock:
            if request.key in self._pulling:
                self._retry_at[pair] = (now + delay, failure)
            else:  # its Pod is gone
                self._backoff.forget(pair)
        report("Warning", "Failed", f'Failed to pull image "{image}": {error}')
        report("Warning", "Failed", "Error: ErrImagePull")
        return failure


def _is_local(reference: str, image: ImageStatus) -> bool:
    """Whether a reference means an image of ``localhost``; without a registry in it, Podman looks there first."""
    name = reference.removeprefix("localhost/")
    local_names = (f"localhost/{name}", f"localhost/{name}:latest")
    return reference != name or any(tag in local_names for tag in image.tags)
