"""Images: what Podman has."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from attrs import evolve

from podkit.errors import ImageNotFound, RuntimeFailed
from podkit.runtime.base import ImageMount, ImageStatus
from podkit.runtime.podman.client import Client, get
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
