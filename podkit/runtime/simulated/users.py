"""Whom a container runs as: numbers as they are given, names as ``/etc/passwd`` of the image has them."""

from __future__ import annotations

from podkit.errors import StartFailed
from podkit.runtime.base import SecurityConfig
from podkit.runtime.simulated.images import SimulatedImage


def user_and_group(security: SecurityConfig, image: SimulatedImage) -> tuple[int, int]:
    """Numeric user and primary group; without a group it is the user's, or 0.

    Raises:
        StartFailed: the image does not know the name.
    """
    named, _, named_group = image.user.partition(":")
    if security.user is not None:
        user, group = security.user, 0
    else:
        user, group = _look_up(security.username or named or "0", image)
    if named_group.isdigit() and security.user is None and not security.username:
        group = int(named_group)
    return user, group if security.group is None else security.group


def _look_up(name: str, image: SimulatedImage) -> tuple[int, int]:
    for line in image.files.get("/etc/passwd", b"").decode().splitlines():
        found, _, number, group, *_ = line.split(":")
        if name in (found, number):
            return int(number), int(group)
    if name.isdigit():
        return int(name), 0
    detail = f"unable to find user {name}: no matching entries in passwd file"
    raise StartFailed(f"could not start the container: {detail}", operation="start container", detail=detail)
