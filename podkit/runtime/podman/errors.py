"""Podman's refusals as podkit's errors.

Podman answers a refused request with an HTTP status and a body ``{"cause", "message", "response"}``. The status is a weak
hint: the same refusal is a 404, a 409 or a 500 depending on the version, so the message decides. This module is the one
place that knows those messages. Its functions build errors and do no I/O.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable, Iterable

from podkit.errors import (
    ContainerNotFound,
    ImageNotFound,
    ImagePullFailed,
    PortInUse,
    RuntimeFailed,
    RuntimeUnavailable,
    StartFailed,
)

_FORBIDDEN_HINT = (
    "the socket is another user's: be that user, or start a service of your own with "
    "`systemctl --user start podman.socket`"
)
INSTALL_HINT = (
    "install Podman (https://podman.io/docs/installation), or start its service with "
    "`systemctl --user start podman.socket`, or name another one in CONTAINER_HOST"
)

_NO_NETWORK = re.compile(r"unable to find network|network not found|no such network", re.IGNORECASE)
_GONE = re.compile(r"no such (container|pod|exec)|no (container|pod) with name or id", re.IGNORECASE)
_NO_IMAGE = re.compile(r"no such image|image not known|unable to find.*image", re.IGNORECASE)
_NAME_TAKEN = re.compile(
    r"name .* is (already )?in use|already used|(pod|container|network) already exists", re.IGNORECASE
)
_PORT_TAKEN = re.compile(
    r"address already in use|port is already allocated|cannot listen on the \w+ port|port \d+ is already in use"
    r"|rootlessport.*(listen|bind): address",
    re.IGNORECASE,
)
_PRIVILEGED_PORT = re.compile(r"cannot expose privileged port", re.IGNORECASE)
_OVER = re.compile(r"container state improper|container that is not running", re.IGNORECASE)
_MOMENTARY = re.compile(
    r"/proc/\d+/(cgroup|ns/\w+): no such (process|file)"  # the process of a container has ended
    r"|intended-new-root directory|copier subprocess: EOF"  # so that its files are just being unmounted
    r"|database is locked",
    re.IGNORECASE,
)
_UNSENT = re.compile(r"sending signal to container", re.IGNORECASE)
_LISTS = ("containers/json", "pods/json")
_BAD_MOUNT = re.compile(r"statfs (?P<path>[^:]+): no such file|mount.*no such file or directory", re.IGNORECASE)
_NO_COMMAND = re.compile(
    r"command that was not found|executable file .* not found|OCI permission denied|exec format error"
    r"|permission denied.*exec|exec: .*(permission denied|no such file)|is not executable"
    r"|workdir|working directory|chdir",
    re.IGNORECASE,
)
_REGISTRY_HAS_NONE = re.compile(
    r"manifest unknown|name unknown|manifest.*not found|repository .*not found|NAME_UNKNOWN|MANIFEST_UNKNOWN"
    r"|repository name not known|does not exist",
    re.IGNORECASE,
)


def message_of(body: bytes | str) -> str:
    """What Podman says in the body of a refusal, in one line."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        found = json.loads(text)
    except ValueError:
        return " ".join(text.split())
    if isinstance(found, dict):
        said = found.get("message") or found.get("cause") or _joined(found.get("Errs")) or text
        return " ".join(str(said).split())
    return " ".join(text.split())


def _joined(errors: object) -> str:
    return "; ".join(map(str, errors)) if isinstance(errors, Iterable) and not isinstance(errors, str) else ""


def refused(operation: str, status: int, detail: str) -> RuntimeFailed:
    """The error for a refused request.

    Args:
        operation: what was asked, in words that continue "could not …", such as ``start container web``.
        status: the HTTP status.
        detail: what Podman said.
    """
    for matches, kind, advice in _REFUSALS:
        if matches(status, detail):
            return _error(kind, operation, detail, status, advice)
    return _error(RuntimeFailed, operation, detail, status, "")


def _error(kind: type[RuntimeFailed], operation: str, detail: str, status: int | None, advice: str) -> RuntimeFailed:
    text = f"could not {operation}: Podman says: {detail or f'HTTP status {status}'}"
    return kind(f"{text}; {advice}" if advice else text, operation=operation, detail=detail, status=status)


def start_refused(operation: str, status: int, detail: str) -> RuntimeFailed:
    """The error for a container that could not be started: what is not a known refusal is about its process."""
    error = refused(operation, status, detail)
    if type(error) is not RuntimeFailed:
        return error
    return _error(
        StartFailed, operation, detail, status, "see that its command exists in the image and its mounts are there"
    )


def pull_failed(reference: str, detail: str, status: int | None = None) -> RuntimeFailed:
    """The error for an image that could not be fetched."""
    operation = f"pull image {reference}"
    if _REGISTRY_HAS_NONE.search(detail):
        return _error(ImageNotFound, operation, detail, status, "check the image's name and tag")
    return _error(
        ImagePullFailed, operation, detail, status, "check the registry's name, the network and the credentials"
    )


def unreachable(uri: str, operation: str, reason: object) -> RuntimeUnavailable:
    """The error for a service that does not answer, or to this user does not."""
    hint = _FORBIDDEN_HINT if getattr(reason, "errno", None) == errno.EACCES else INSTALL_HINT
    return RuntimeUnavailable(f"could not {operation}: the Podman service at {uri} does not answer ({reason}); {hint}")


def network_is_missing(error: RuntimeFailed) -> bool:
    """Whether Podman refused because a network is not there (any more)."""
    return bool(_NO_NETWORK.search(error.detail))


def is_momentary(path: str, detail: str) -> bool:
    """Whether Podman failed only because something changed while it looked, so that it will not the next time.

    A container can end under its hands (before 4.4 not even ``inspect`` bears that: containers/podman#16383). When one thing of
    a list is removed while it is made (before 5.2: containers/podman#23325), or one container of a pod, the whole is refused.

    Args:
        path: what was asked for, below ``/libpod/``.
        detail: what Podman said.
    """
    if _MOMENTARY.search(detail):
        return True
    if path in _LISTS:
        return bool(_GONE.search(detail))
    return path.startswith("pods/") and "no such container" in detail.lower()


def state_is_over(error: RuntimeFailed) -> bool:
    """Whether Podman refused because a container does not run, or not any more."""
    return bool(_OVER.search(error.detail))


def signal_was_not_sent(error: RuntimeFailed) -> bool:
    """Whether Podman's runtime could not send a signal: mostly because the process has ended meanwhile."""
    return bool(_UNSENT.search(error.detail))


def name_is_taken(error: RuntimeFailed) -> bool:
    """Whether Podman refused because there is a container, pod or network of that name."""
    return bool(_NAME_TAKEN.search(error.detail))


def _says(pattern: re.Pattern[str]) -> Callable[[int, str], bool]:
    return lambda _status, detail: bool(pattern.search(detail))


_REFUSALS: tuple[tuple[Callable[[int, str], bool], type[RuntimeFailed], str], ...] = (
    (_says(_GONE), ContainerNotFound, ""),
    (_says(_NO_COMMAND), StartFailed, "check the container's command, its permissions and its working directory"),
    (
        _says(_PRIVILEGED_PORT),
        RuntimeFailed,
        "without root, choose a host port from 1024 on, or lower the sysctl net.ipv4.ip_unprivileged_port_start",
    ),
    (_says(_PORT_TAKEN), PortInUse, "choose another host port, or end what listens on it"),
    (
        _says(_NO_NETWORK),
        RuntimeFailed,
        "the network is not there, or not any more: try again, or `podman network create` it",
    ),
    (_says(_NO_IMAGE), ImageNotFound, "pull it first"),
    (
        _says(_NAME_TAKEN),
        RuntimeFailed,
        "a container or pod of this name is there already: remove it, or choose another name",
    ),
    (_says(_BAD_MOUNT), RuntimeFailed, "what is mounted must exist on the machine that Podman runs on"),
)
