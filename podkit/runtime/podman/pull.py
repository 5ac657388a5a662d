"""Fetching an image, and telling how many bytes of it have come.

Podman's own ``images/pull`` tells no bytes. Its Docker-compatible ``images/create`` does, once a second for each layer, in all
versions; but it reads a short name as Docker does, and not as registries.conf says. So it is used for full names. For short ones
there is the parameter ``compatMode`` of Podman's own endpoint, which lets it answer like the other one: since Podman 4.8. An older
one does not know it, and answers as ever, without bytes.

Where bytes are told, Podman 5 says of a failed pull only the last cause ("connection refused"), and not how it came to it. With
the image's name, which the error has too, that is enough to see what is wrong.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from podkit.errors import PodkitError, RuntimeFailed
from podkit.runtime.base import Credentials, ImageStatus, PullListener, PullProgress
from podkit.runtime.podman.client import Client, Request
from podkit.runtime.podman.errors import pull_failed
from podkit.runtime.podman.images import find

_COMPATIBLE = "/v1.40/images/create"
"""From the root: this is not below ``/libpod/``. 1.40 is the version of Docker's API that Podman 4 and 5 speak."""


def pull(
    client: Client, reference: str, credentials: Credentials | None, tell: PullListener | None = None
) -> ImageStatus:
    """Fetch an image.

    A short name is resolved as Podman's registries.conf says. Where that leaves it open and Podman would ask a person which
    registry is meant, the name means what it means to Kubernetes: Docker Hub.

    Args:
        client: the connection.
        reference: which image.
        credentials: how to log in to its registry.
        tell: is told how far it is; None: nobody is.

    Raises:
        ImageNotFound: the registry has no such image.
        ImagePullFailed: anything else.
    """
    try:
        return _pull(client, reference, credentials, tell)
    except RuntimeFailed as error:
        if "short-name" not in error.detail:
            raise
    return _pull(client, docker_hub(reference), credentials, tell)


def docker_hub(reference: str) -> str:
    """What a short name means to Kubernetes: ``busybox`` is ``docker.io/library/busybox``."""
    return f"docker.io/{reference}" if "/" in reference else f"docker.io/library/{reference}"


class Layers:
    """How far the layers of an image are of which Podman has told the size."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}

    def take(self, report: Mapping[str, Any]) -> PullProgress | None:
        """Take in a line of Podman's answer; how far the image is now, or None if the line says nothing about that."""
        layer, detail = str(report.get("id") or ""), report.get("progressDetail") or {}
        if report.get("status") == "Downloading" and (total := int(detail.get("total") or 0)) > 0:
            self._layers[layer] = (min(int(detail.get("current") or 0), total), total)
        elif report.get("status") == "Download complete" and layer in self._layers:
            total = self._layers[layer][1]
            self._layers[layer] = (total, total)
        else:
            return None
        have, sizes = zip(*self._layers.values(), strict=True)
        return PullProgress(sum(have), sum(sizes))


def _pull(client: Client, reference: str, credentials: Credentials | None, tell: PullListener | None) -> ImageStatus:
    image_id, layers = "", Layers()
    with client.stream(_request(reference, credentials, told=tell is not None)) as pieces:
        for line in _lines(pieces):
            report = json.loads(line)
            if report.get("error"):
                raise pull_failed(reference, report["error"])
            image_id = report.get("id") or image_id  # the last one is that of the image, which may be cut off
            if tell is not None and (progress := layers.take(report)) is not None:
                tell(progress)
    found = (find(client, image_id) if image_id else None) or find(client, reference)
    if found is None:
        raise pull_failed(reference, "the image was fetched, but is not there; was it removed meanwhile?")
    return found


def _request(reference: str, credentials: Credentials | None, *, told: bool) -> Request:
    if told and _is_full(reference):
        path, params = _COMPATIBLE, {"fromImage": reference}
    else:
        path, params = "images/pull", {"reference": reference, "policy": "always"}
        params |= {"compatMode": "true"} if told else {"quiet": "true"}

    def failed(_operation: str, status: int, detail: str) -> PodkitError:
        return pull_failed(reference, detail, status)

    headers = {"X-Registry-Auth": _login(credentials)} if credentials else {}
    return Request("POST", path, f"pull image {reference}", params, headers=headers, error=failed, timeout=None)


def _is_full(reference: str) -> bool:
    """Whether a name says its registry."""
    first, slash, _ = reference.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _login(credentials: Credentials) -> str:
    document = {"username": credentials.username, "password": credentials.password}
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from filter(None, lines)
    if rest.strip():
        yield rest
