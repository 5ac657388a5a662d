"""The directory in which a kubelet keeps the files of its Pods, also where nobody has given it one."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "podkit-kubelet-"


class Root:
    """A node's directory.

    Args:
        given: where it is. Default: a new one among the machine's temporary files, which goes at the end if no Pod has left
            anything there.
    """

    def __init__(self, given: str | os.PathLike[str] | None) -> None:
        self._is_private = given is None
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX) if given is None else given).resolve()

    def leave(self) -> None:
        """Remove a private one that holds no files of Pods; any other one stays."""
        pods = self.path / "pods"
        if self._is_private and not (pods.is_dir() and any(pods.iterdir())):
            shutil.rmtree(self.path, ignore_errors=True)
