"""The volumes of a simulated engine: real directories, below one that goes with the engine."""

from __future__ import annotations

import io
import shutil
import stat
import tarfile
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

    def write(self, name: str, archive: bytes) -> None:
        """Unpack a tar archive in a volume."""
        path = self._path(name, f"write to volume {name}")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for entry in tar:
                place = path / entry.name
                if entry.issym() and (place.is_symlink() or place.exists()):
                    place.unlink()
                tar.extract(entry, path, numeric_owner=True, filter="fully_trusted")

    def read(self, name: str, path: str) -> bytes | None:
        """A file or directory of a volume as a tar archive; None if there is none."""
        found = (self._path(name, f"read volume {name}") / path).resolve()
        if not found.exists():
            return None
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            tar.add(found, found.name if found.is_dir() else Path(path).name)
        return buffer.getvalue()

    def mode(self, name: str) -> int:
        """The permission bits of a volume itself."""
        return stat.S_IMODE(self._path(name, f"look at volume {name}").stat().st_mode)

    def _path(self, name: str, operation: str) -> Path:
        if name not in self._volumes:
            raise RuntimeFailed(f"could not {operation}: there is no such volume", operation=operation)
        return Path(self._volumes[name].path)

    def _directory(self) -> Path:
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="podkit-simulated-"))
            weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
        return self._root
