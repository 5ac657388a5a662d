"""The volumes of a simulated engine: real directories, below one that goes with the engine."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path

from podkit.errors import RuntimeFailed
from podkit.runtime.base import VolumeStatus


class Volumes:
    """Volumes by name. The directory in which they lie is made with the first of them, and removed with this object."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._volumes: dict[str, VolumeStatus] = {}

    def create(self, name: str, labels: Mapping[str, str]) -> VolumeStatus:
        """Make a volume, unless it is there already."""
        found = self._volumes.get(name)
        if found is None:
            path = self._directory() / name
            path.mkdir()
            path.chmod(0o755)
            found = self._volumes[name] = VolumeStatus(name, dict(labels), str(path))
        if found.labels != labels:
            operation = f"make volume {name}"
            raise RuntimeFailed(
                f"could not {operation}: there is a volume of this name that was made for something else",
                operation=operation,
            )
        return found

    def remove(self, name: str) -> None:
        """Remove a volume with all that is in it."""
        found = self._volumes.pop(name, None)
        if found is not None:
            shutil.rmtree(found.path)

    def find(self, labels: Mapping[str, str]) -> list[VolumeStatus]:
        """All volumes with these labels."""
        return [volume for volume in self._volumes.values() if labels.items() <= volume.labels.items()]

    def _directory(self) -> Path:
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="podkit-simulated-"))
            weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
        return self._root
