"""The real busybox of docker.io, for a demonstration on a machine that can reach it.

It is fetched before the environment closes itself off from the outside, and then served by its registry. Where there is no way
out, that must show within seconds: a name server that never answers would otherwise hold up everybody for half a minute.
"""

import os
import socket
import threading

from tests.environment.errors import EnvironmentUnavailable
from tests.environment.images import BUSYBOX
from tests.environment.podman import Podman

_IMAGE = "docker.io/library/busybox:latest"
_HOST = "registry-1.docker.io"
_PROBE_SECONDS = 3.0
_PULL_SECONDS = 30.0


def pull(podman: Podman) -> str:
    """Pull busybox if docker.io can be reached.

    Returns:
        The name of the image to use: docker.io's, or ours.
    """
    if not (_behind_proxy() or _reachable()):
        return BUSYBOX
    try:
        podman.run("pull", "--quiet", _IMAGE, timeout=_PULL_SECONDS)
    except EnvironmentUnavailable:
        return BUSYBOX
    podman.run("tag", _IMAGE, "localhost/docker-busybox")
    podman.run("untag", _IMAGE, _IMAGE)
    return "localhost/docker-busybox"


def _behind_proxy() -> bool:
    return bool(os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"))


def _reachable() -> bool:
    """Whether a connection comes up in time; in a thread, because looking up a name knows no time limit."""
    connected = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((_HOST, 443), timeout=_PROBE_SECONDS).close()
        except OSError:
            return
        connected.set()

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_PROBE_SECONDS)
    return connected.is_set()
