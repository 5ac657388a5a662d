"""Whom a container runs as where Podman and Kubernetes differ."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from podkit.errors import RuntimeFailed
from podkit.runtime.base import ContainerConfig, SecurityConfig
from podkit.runtime.podman.users import (
    UnreadableError,
    Users,
    completed,
    depends_on_image,
    from_container,
    from_layers,
    resolved,
)

USERS = Users(
    "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1001::/home:/bin/sh\n\nbroken\n",
    "root:x:0:\nteam:x:50000:bob,alice\nother:x:50001:bob\nempty\n",
)


@pytest.mark.parametrize(
    ("security", "depends"),
    [
        (SecurityConfig(), False),
        (SecurityConfig(user=1000), False),
        (SecurityConfig(user=1000, group=1), True),
        (SecurityConfig(group=1), True),
        (SecurityConfig(user=1000, image_groups=False), True),
        (SecurityConfig(user=1000, group=1, image_groups=False), False),
        (SecurityConfig(group=1, image_groups=False), True),
    ],
)
def test_the_image_is_looked_at_only_where_it_matters(security: SecurityConfig, depends: bool) -> None:
    assert depends_on_image(security) is depends


@pytest.mark.parametrize(
    ("security", "image_user", "expected"),
    [
        (SecurityConfig(user=1000, group=7, supplemental_groups=[60000]), "", (1000, None, 7, [50000, 60000])),
        (SecurityConfig(user=1000, group=7, supplemental_groups=[50000]), "", (1000, None, 7, [50000])),
        (SecurityConfig(user=12, group=7), "", (12, None, 7, [])),
        (SecurityConfig(group=7), "alice", (None, "alice", 7, [50000])),
        (SecurityConfig(group=7), "1000:5", (None, "1000", 7, [50000])),
        (SecurityConfig(group=7), "", (None, "0", 7, [])),
        (SecurityConfig(user=1000, image_groups=False, supplemental_groups=[60000]), "", (1000, None, 1001, [60000])),
        (SecurityConfig(user=12, image_groups=False), "", (12, None, 0, [])),
        (SecurityConfig(image_groups=False), "alice", (None, "alice", 1001, [])),
    ],
)
def test_groups_of_the_image_count_or_do_not(
    security: SecurityConfig, image_user: str, expected: tuple[Any, ...]
) -> None:
    found = resolved(security, image_user, USERS)
    assert (found.user, found.username, found.group, found.supplemental_groups) == expected


@pytest.mark.parametrize(
    ("user", "env", "image_env", "home"),
    [
        (12, {}, [], "/"),
        (12, {"HOME": "/own"}, [], "/own"),
        (12, {}, ["HOME=/of-image"], None),
        (1000, {}, [], None),
        (0, {}, [], None),
        (None, {}, [], None),
    ],
)
def test_one_whom_the_image_does_not_know_is_at_home_in_the_root(
    user: int | None, env: dict[str, str], image_env: list[str], home: str | None
) -> None:
    config = ContainerConfig("c", "i", labels={}, env=env, security=SecurityConfig(user=user))
    assert completed(config, {"Config": {"Env": image_env}}, USERS).env.get("HOME") == home


def image(*layers: Path, driver: str = "overlay") -> dict[str, Any]:
    top, *below = map(str, layers)
    return {"GraphDriver": {"Name": driver, "Data": {"UpperDir": top, "LowerDir": ":".join(below)}}}


def layer(root: Path, name: str, **files: str) -> Path:
    (root / name / "etc").mkdir(parents=True)
    for file, content in files.items():
        (root / name / "etc" / file).write_text(content)
    return root / name


def test_the_topmost_layer_counts(tmp_path: Path) -> None:
    top, bottom = layer(tmp_path, "top", group="new"), layer(tmp_path, "bottom", passwd="p", group="old")
    (tmp_path / "none").mkdir()
    assert from_layers(image(tmp_path / "none", top, bottom)) == Users("p", "new")


def test_what_a_layer_hides_is_not_there(tmp_path: Path) -> None:
    bottom = layer(tmp_path, "bottom", passwd="p", group="g")
    top = layer(tmp_path, "top")
    (top / "etc" / ".wh..wh..opq").touch()
    assert from_layers(image(top, bottom)) == Users("", "")
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "etc").touch()
    assert from_layers(image(tmp_path / "file", bottom)) == Users("", "")


def test_an_image_without_such_files_knows_nobody(tmp_path: Path) -> None:
    assert from_layers(image(layer(tmp_path, "only"))) == Users("", "")


def test_links_and_layers_that_are_not_here_are_not_read(tmp_path: Path) -> None:
    linked = layer(tmp_path, "linked", group="g")
    (linked / "etc" / "passwd").symlink_to("/etc/passwd")
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / "etc").symlink_to(linked / "etc")
    for unreadable in (
        image(linked),
        image(tmp_path / "moved"),
        image(tmp_path / "gone"),
        image(linked, driver="vfs"),
        {},
    ):
        with pytest.raises(UnreadableError):
            from_layers(unreadable)


def test_the_files_come_from_a_container_as_archives() -> None:
    def read(path: str) -> bytes:
        if path == "/etc/group":
            raise RuntimeFailed("could not read", operation="read")
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            member = tarfile.TarInfo("passwd")
            member.size = 1
            tar.addfile(member, io.BytesIO(b"p"))
        return buffer.getvalue()

    assert from_container(read) == Users("p", "")
