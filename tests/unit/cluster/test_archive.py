"""What a container packs cannot be unpacked outside of the directory that it is meant for."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from podkit.cluster.archive import copy_from
from podkit.errors import PodkitError


def packed(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return buffer.getvalue()


def entry(name: str, *, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    if link:
        member.type, member.linkname = tarfile.SYMTYPE, link
    else:
        member.size = 1
    return member


def directory(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, 0o755
    return member


def place(archive: bytes) -> Any:
    return SimpleNamespace(container_id="main-0", runtime=SimpleNamespace(get_archive=lambda *_: archive))


@pytest.fixture(params=["with filters", "without filters"])
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python with and one without tarfile's filters, which came with 3.11.4."""
    if request.param == "without filters":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)


@pytest.mark.usefixtures("python")
def test_a_tree_is_unpacked(tmp_path: Path) -> None:
    archive = packed(directory("tree"), directory("tree/sub"), entry("tree/sub/file"))
    assert (copy_from(place(archive), "/tree", tmp_path) / "sub/file").read_text() == "x"


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize(
    "members",
    [
        (directory("tree"), entry("tree/../../escaped")),
        (directory("tree"), entry("tree/up", link="../.."), entry("tree/up/escaped")),
    ],
)
def test_nothing_gets_out(tmp_path: Path, members: tuple[tarfile.TarInfo, ...]) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(PodkitError, match="outside"):
        copy_from(place(packed(*members)), "/tree", inside)
    assert list(tmp_path.iterdir()) == [inside]
