"""Files that belong to others than the user who runs the kubelet."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from podkit.kubelet.filesystem.ownership import KEEP, Owners

AS_OURSELVES = ("env",)
"""Runs what follows, as ``podman unshare`` does, but as who we are."""
OURS = os.getegid()


@pytest.fixture(params=[(), AS_OURSELVES], ids=["here", "by a program"])
def owners(request: pytest.FixtureRequest) -> Owners:
    return Owners(request.param)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_given_away_with_its_mode(owners: Owners, tmp_path: Path) -> None:
    file, directory = tmp_path / "file", tmp_path / "directory"
    file.touch()
    directory.mkdir()
    owners.give([(file, KEEP, OURS, 0o440), (directory, os.geteuid(), OURS, 0o2770)])
    assert (mode(file), mode(directory)) == (0o440, 0o2770)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_it_belongs_to_whom_it_was_given(owners: Owners, tmp_path: Path) -> None:
    owners.give([(tmp_path, 1234, 5678, 0o700)])
    assert (tmp_path.stat().st_uid, tmp_path.stat().st_gid) == (1234, 5678)


def test_a_directory_is_handed_over_with_all_that_is_in_it(owners: Owners, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir(mode=0o700)
    file = tmp_path / "inside" / "file"
    file.touch(mode=0o600)
    (tmp_path / "link").symlink_to("/nowhere")
    owners.hand_over(tmp_path, OURS)
    assert mode(tmp_path) & 0o2770 == mode(tmp_path / "inside") & 0o2770 == 0o2770
    assert mode(file) == 0o660


def test_a_tree_is_removed(owners: Owners, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "below").mkdir(parents=True)
    owners.remove_tree(tree)
    assert not tree.exists()


def test_what_may_not_be_says_why(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match=r"^env: FileNotFoundError: .*/missing"):
        Owners(AS_OURSELVES).give([(tmp_path / "missing", KEEP, OURS, 0o600)])


def test_a_way_in_that_does_not_work_says_why(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="exit code 3"):
        Owners([sys.executable, "-c", "raise SystemExit(3)"]).give([(tmp_path, KEEP, OURS, 0o700)])
