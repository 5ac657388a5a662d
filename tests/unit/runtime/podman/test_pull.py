"""Fetching images: what Podman is asked, what is told meanwhile, and what its refusals mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podkit.errors import ImageNotFound, ImagePullFailed
from podkit.runtime.base import PullListener, PullProgress
from podkit.runtime.podman.client import PREFIX, Client
from podkit.runtime.podman.pull import docker_hub, pull
from tests.unit.runtime.podman.fake_service import FakeService

FOUND = (200, b'{"Id": "5de7"}')


def pulled(
    tmp_path: Path, *answers: tuple[int, bytes], image: str = "busybox", tell: PullListener | None = None
) -> FakeService:
    answer = iter(answers)
    with FakeService(tmp_path / "s", lambda *_: next(answer)) as service:
        client = Client(service)
        try:
            pull(client, image, None, tell)
        finally:
            client.close()
    return service


def lines(*reports: dict[str, object]) -> bytes:
    return b"".join(json.dumps(report).encode() + b"\n" for report in reports)


def refusal(status: int, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"message": message}).encode()


def layer(name: str, status: str, current: int = 0, total: int = 0) -> dict[str, object]:
    """A line of an answer that tells bytes."""
    return {"status": status, "id": name, "progressDetail": {"current": current, "total": total} if total else {}}


TOLD = lines(
    layer("a", "Already exists"),
    layer("b", "Pulling fs layer"),
    layer("c", "Pulling fs layer"),
    layer("b", "Downloading", 10, 40),
    layer("c", "Downloading", 5, 60),
    layer("b", "Download complete"),
    layer("c", "Downloading", 61, 60),
    layer("d", "Downloading", 7, -1),
    layer("d", "Download complete"),
    layer("5de7", "Download complete"),
)


def test_a_pulled_image_is_looked_at_by_its_id(tmp_path: Path) -> None:
    service = pulled(tmp_path, (200, lines({"stream": "Trying"}, {"images": ["5de7"], "id": "5de7"})), FOUND)
    assert service.requests[1][1].endswith("/libpod/images/5de7/json")


@pytest.mark.parametrize("image", ["busybox", "docker.io/library/busybox"])
def test_bytes_are_told_of_the_layers_of_which_the_size_is_known(tmp_path: Path, image: str) -> None:
    told: list[PullProgress] = []
    service = pulled(tmp_path, (200, TOLD), FOUND, image=image, tell=told.append)
    assert [(one.current, one.total) for one in told] == [(10, 40), (15, 100), (45, 100), (100, 100)]
    assert service.requests[1][1].endswith("/libpod/images/5de7/json")


def test_an_image_whose_id_is_not_told_is_looked_at_by_its_name(tmp_path: Path) -> None:
    answers = ((200, lines(layer("abc", "Download complete"))), refusal(404, "no such image"), FOUND)
    service = pulled(tmp_path, *answers, image="docker.io/library/busybox", tell=lambda _: None)
    assert service.requests[2][1].endswith("/libpod/images/docker.io/library/busybox/json")


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        ("busybox", f"{PREFIX}images/pull?reference=busybox&policy=always&compatMode=true"),
        ("team/app:1", f"{PREFIX}images/pull?reference=team%2Fapp%3A1&policy=always&compatMode=true"),
        ("quay.io/team/app:1", "/v1.40/images/create?fromImage=quay.io%2Fteam%2Fapp%3A1"),
        ("localhost:5000/app", "/v1.40/images/create?fromImage=localhost%3A5000%2Fapp"),
    ],
)
def test_who_listens_is_told_bytes_and_names_mean_what_they_mean_otherwise(
    tmp_path: Path, image: str, asked: str
) -> None:
    service = pulled(tmp_path, (200, lines({"id": "5de7"})), FOUND, image=image, tell=lambda _: None)
    assert service.requests[0][1] == asked
    service = pulled(tmp_path, (200, lines({"id": "5de7"})), FOUND, image=image)
    assert service.requests[0][1].endswith("&policy=always&quiet=true")


@pytest.mark.parametrize(
    ("said", "kind"),
    [("manifest unknown", ImageNotFound), ("connection refused", ImagePullFailed)],
)
@pytest.mark.parametrize("tell", [None, lambda _: None], ids=["quiet", "told"])
def test_a_pull_that_fails_in_the_stream(
    tmp_path: Path, said: str, kind: type[Exception], tell: PullListener | None
) -> None:
    with pytest.raises(kind, match=f"could not pull image busybox: Podman says: {said}"):
        pulled(tmp_path, (200, lines({"stream": "Trying"}, {"error": said})), tell=tell)


@pytest.mark.parametrize("tell", [None, lambda _: None], ids=["quiet", "told"])
def test_a_pull_that_is_refused_at_once(tmp_path: Path, tell: PullListener | None) -> None:
    with pytest.raises(ImagePullFailed, match="unauthorized"):
        pulled(tmp_path, refusal(500, "unauthorized"), tell=tell)


def test_a_short_name_that_podman_would_ask_about_means_docker_hub(tmp_path: Path) -> None:
    unclear = {"error": "short-name resolution enforced but cannot prompt without a TTY"}
    service = pulled(tmp_path, (200, lines(unclear)), (200, lines({"id": "5de7"})), FOUND)
    assert "reference=docker.io%2Flibrary%2Fbusybox" in service.requests[1][1]
    service = pulled(tmp_path, (200, lines(unclear)), (200, lines({"id": "5de7"})), FOUND, tell=lambda _: None)
    assert service.requests[1][1].endswith("?fromImage=docker.io%2Flibrary%2Fbusybox")


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
