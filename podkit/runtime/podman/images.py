"""Images: what Podman has, and fetching what it has not."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from attrs import evolve

from podkit.errors import ImageNotFound, PodkitError, RuntimeFailed
from podkit.runtime.base import Credentials, ImageMount, ImageStatus
from podkit.runtime.podman.client import Client, Request, get
from podkit.runtime.podman.errors import pull_failed
from podkit.runtime.podman.status import image_status

_PARTS_OF_IMAGES = [5, 4]
"""The first version of Podman that mounts a part of an image."""


def find(client: Client, reference: str) -> ImageStatus | None:
    """An image that Podman has; None if it does not. Short names are resolved as Podman does."""
    document = inspect(client, reference)
    return image_status(document) if document else None


def inspect(client: Client, reference: str) -> dict[str, Any]:
    """The document of an image; empty if Podman does not have it."""
    request = get(f"images/{quote(reference, safe='/:@')}/json", f"look for image {reference}")
    answer = client.send(evolve(request, accept=frozenset({404})))
    document: dict[str, Any] = answer.json() if answer.status == 200 else {}
    return document


def check_mountable(client: Client, mount: ImageMount, version: str) -> None:
    """See that an image can be mounted: Podman finds out too late, and its older versions overlook what they cannot do.

    Raises:
        ImageNotFound: Podman does not have it.
        RuntimeFailed: this version cannot mount a part of an image.
    """
    operation = f"mount image {mount.image} at {mount.destination}"
    if find(client, mount.image) is None:
        raise ImageNotFound(
            f"could not {operation}: Podman does not have the image; pull it first", operation=operation
        )
    if mount.sub_path and [int(number) for number in re.findall(r"\d+", version)[:2]] < _PARTS_OF_IMAGES:
        raise RuntimeFailed(
            f"could not {operation}: Podman {version} cannot mount a part of an image ({mount.sub_path!r}); "
            "use Podman 5.4 or later, or mount the whole image",
            operation=operation,
        )


def pull(client: Client, reference: str, credentials: Credentials | None) -> ImageStatus:
    """Fetch an image.

    A short name is resolved as Podman's registries.conf says. Where that leaves it open and Podman would ask a person which
    registry is meant, the name means what it means to Kubernetes: Docker Hub.

    Raises:
        ImageNotFound: the registry has no such image.
        ImagePullFailed: anything else.
    """
    try:
        return _pull(client, reference, credentials)
    except RuntimeFailed as error:
        if "short-name" not in error.detail:
            raise
    return _pull(client, docker_hub(reference), credentials)


def docker_hub(reference: str) -> str:
    """What a short name means to Kubernetes: ``busybox`` is ``docker.io/library/busybox``."""
    return f"docker.io/{reference}" if "/" in reference else f"docker.io/library/{reference}"


def _pull(client: Client, reference: str, credentials: Credentials | None) -> ImageStatus:
    image_id = ""
    with client.stream(_pull_request(reference, credentials)) as pieces:
        for line in _lines(pieces):
            report = json.loads(line)
            if report.get("error"):
                raise pull_failed(reference, report["error"])
            image_id = report.get("id") or image_id
    found = find(client, image_id or reference)
    if found is None:
        raise pull_failed(reference, "the image was fetched, but is not there; was it removed meanwhile?")
    return found


def _pull_request(reference: str, credentials: Credentials | None) -> Request:
    headers = {"X-Registry-Auth": _login(credentials)} if credentials else {}

    def failed(_operation: str, status: int, detail: str) -> PodkitError:
        return pull_failed(reference, detail, status)

    params = {"reference": reference, "policy": "always", "quiet": "true"}
    return Request(
        "POST", "images/pull", f"pull image {reference}", params, headers=headers, error=failed, timeout=None
    )


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
