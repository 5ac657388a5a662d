"""What short names mean."""

from __future__ import annotations

import pytest

from podkit.runtime.podman.images import docker_hub


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("busybox", "docker.io/library/busybox"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("someone/app", "docker.io/someone/app"),
    ],
)
def test_a_short_name_means_docker_hub(short: str, full: str) -> None:
    assert docker_hub(short) == full
