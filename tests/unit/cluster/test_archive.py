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
    return SimpleNamespace(
        container_id="main-0", runtime=SimpleNamespace(read_archive=lambda _id, _path, sink: sink.write(archive))
    )


def special(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = tarfile.FIFOTYPE
    return member


def hard(name: str, link: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.LNKTYPE, link
    return member


def test_a_tree_is_unpacked(tmp_path: Path) -> None:
    archive = packed(directory("tree"), directory("tree/sub"), directory("tree/empty"), entry("tree/sub/file"))
    assert copy_from(place(archive), "/tree", tmp_path) == tmp_path / "tree"
    assert (tmp_path / "tree" / "sub" / "file").read_text() == "x"
    assert (tmp_path / "tree" / "empty").is_dir()
    assert copy_from(place(archive), "/tree", tmp_path / "deep" / "new") == tmp_path / "deep" / "new"
    assert (tmp_path / "deep" / "new" / "sub" / "file").read_text() == "x"


def test_what_is_in_a_directory_can_be_copied_without_it(tmp_path: Path) -> None:
    archive = packed(directory("tree"), entry("tree/file"))
    assert copy_from(place(archive), "/tree/.", tmp_path) == tmp_path
    assert (tmp_path / "file").read_text() == "x"


def test_modes_and_links_come_along_and_what_is_no_file_does_not(tmp_path: Path) -> None:
    shut, closed = entry("tree/shut"), directory("tree/closed")
    shut.mode, closed.mode = 0o000, 0o555
    tree = (directory("tree"), closed, entry("tree/closed/file"), shut, entry("tree/run"), special("tree/pipe"))
    tree[4].mode = 0o777
    links = (entry("tree/there", link="/etc/passwd"), entry("tree/near", link="run"), hard("tree/same", "tree/run"))
    for _ in range(2):  # also over what is there already
        copied = copy_from(place(packed(*tree, *links)), "/tree", tmp_path)
        modes = {path.name: oct(path.lstat().st_mode & 0o777) for path in copied.iterdir() if not path.is_symlink()}
        assert modes == {"shut": "0o0", "closed": "0o555", "run": "0o777", "same": "0o777"}
        assert (copied / "there").readlink() == Path("/etc/passwd")
        assert (copied / "near").read_text() == "x"
        assert (copied / "same").samefile(copied / "run")
        (copied / "closed").chmod(0o755)


def test_a_directory_does_not_take_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(PodkitError, match=r"is a directory, and .* is a file"):
        copy_from(place(packed(directory("tree"), entry("tree/file"))), "/tree", tmp_path / "file")
    (tmp_path / "tree" / "file").mkdir(parents=True)
    with pytest.raises(PodkitError, match="is a directory, and something else"):
        copy_from(place(packed(directory("tree"), entry("tree/file"))), "/tree", tmp_path)


@pytest.mark.parametrize(
    "members",
    [
        (directory("tree"), entry("tree/../../escaped")),
        (directory("tree"), entry("tree/up", link=".."), entry("tree/up/escaped")),
        (directory("tree"), entry("tree/up", link="../.."), entry("tree/up/escaped")),
        (directory("tree"), entry("tree/up", link="../.."), directory("tree/up/escaped")),
        (directory("tree"), entry("tree/up", link="../.."), hard("tree/up/escaped", "tree/up")),
        (directory("tree"), entry("tree/up", link=".."), entry("tree/up/escaped", link="x")),
    ],
)
def test_nothing_gets_out(tmp_path: Path, members: tuple[tarfile.TarInfo, ...]) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(PodkitError, match=r"outside|is a directory|none of its"):
        copy_from(place(packed(*members)), "/tree", inside)
    assert list(tmp_path.iterdir()) == [inside]
    assert {path.name for path in inside.iterdir()} <= {"tree"}


def test_links_that_are_there_already_lead_nothing_out(tmp_path: Path) -> None:
    (tmp_path / "inside" / "tree").mkdir(parents=True)
    (tmp_path / "inside" / "tree" / "up").symlink_to("../..")
    for member in (entry("tree/up/escaped"), directory("tree/up/escaped"), entry("tree/up/escaped", link="x")):
        with pytest.raises(PodkitError, match="outside"):
            copy_from(place(packed(directory("tree"), member)), "/tree", tmp_path / "inside")
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]
