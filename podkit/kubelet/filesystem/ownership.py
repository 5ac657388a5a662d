"""Gives files to the users and groups of containers, and removes what belongs to them.

As root a kubelet does that by itself. The containers of a rootless Podman have users and groups that exist only in the user
namespace of its user, and only there may this user give files to them. Then this file runs there too, as a program: it reads what
is to be done as JSON and does it. So it uses nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

KEEP = -1
"""In place of a user or group: let it be whose it is."""
SET_GROUP = 0o2000
_PATIENCE = 60.0


class Owners:
    """Does things to files that only their owners, or root, may do.

    Args:
        enter: what comes before a command line so that it runs as root of the containers' users; empty: we are that.
    """

    def __init__(self, enter: Sequence[str] = ()) -> None:
        self._enter = tuple(enter)

    def give(self, gifts: Iterable[tuple[Path, int, int, int]]) -> None:
        """Give files away.

        Args:
            gifts: of each the path, the user and the group (or `KEEP`), and the mode that it is to have.

        Raises:
            OSError: that may not be.
        """
        self._do([("give", str(path), user, group, mode) for path, user, group, mode in gifts])

    def hand_over(self, top: Path, group: int) -> None:
        """Let a directory with all that is in it belong to a group that may write to it."""
        self._do([("hand_over", str(top), group)])

    def remove_tree(self, path: Path) -> None:
        """Remove a directory with all that is in it, whoever has made that."""
        try:
            shutil.rmtree(path)
        except PermissionError:
            if not self._enter:
                raise
            self._do([("remove_tree", str(path))])

    def _do(self, steps: Sequence[tuple[str | int, ...]]) -> None:
        if not self._enter:
            perform(steps)
        elif steps:
            program = [*self._enter, sys.executable, "-I", "-S", __file__]
            done = subprocess.run(
                program, input=json.dumps(steps).encode(), capture_output=True, check=False, timeout=_PATIENCE
            )
            if done.returncode != 0:
                lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
                raise PermissionError(f"{' '.join(self._enter)}: {lines[-1]}")


OURS = Owners()
"""Where no other users are at hand than those that the kernel lets us give files to."""


def perform(steps: Iterable[Sequence[str | int]]) -> None:
    """Do things one after the other."""
    for name, *arguments in steps:
        _ACTIONS[str(name)](*arguments)


def _give(path: str, user: int, group: int, mode: int) -> None:
    os.chown(path, user, group)
    Path(path).chmod(mode)  # afterwards: the kernel takes the set-group bit from what is given away


def _hand_over(top: str, group: int) -> None:
    for directory, _, names in os.walk(top, topdown=False):
        for name in names:
            _open_to_group(Path(directory, name), group)
        _open_to_group(Path(directory), group)


def _open_to_group(path: Path, group: int) -> None:
    mode = path.lstat().st_mode
    os.chown(path, KEEP, group, follow_symlinks=False)
    if stat.S_ISDIR(mode):
        path.chmod(stat.S_IMODE(mode) | SET_GROUP | 0o770)
    elif stat.S_ISREG(mode):
        path.chmod(stat.S_IMODE(mode) | 0o660)


_ACTIONS: dict[str, Callable[..., None]] = {"give": _give, "hand_over": _hand_over, "remove_tree": shutil.rmtree}

if __name__ == "__main__":
    perform(json.load(sys.stdin))
