"""How much of a disk a directory takes."""

from __future__ import annotations

import os
from pathlib import Path

from podkit.kubelet.filesystem.disk_usage import used

MEBIBYTE = 1 << 20


def write(path: Path, size: int = MEBIBYTE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def test_all_files_below_count(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "deep" / "er" / "two")
    assert 2 * MEBIBYTE <= used(tmp_path) < 3 * MEBIBYTE


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    os.link(write(tmp_path / "one"), tmp_path / "again")
    assert MEBIBYTE <= used(tmp_path) < 2 * MEBIBYTE


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "big")
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume" / "link").symlink_to(tmp_path / "elsewhere")
    assert used(tmp_path / "volume") < MEBIBYTE


def test_a_file_with_holes_counts_as_what_it_takes(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(100 * MEBIBYTE)
    assert used(tmp_path) < MEBIBYTE


def test_what_is_not_there_takes_nothing(tmp_path: Path) -> None:
    assert used(tmp_path / "nothing") == 0
