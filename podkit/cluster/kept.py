"""Where a cluster lies whose Pods shall survive its process: its objects in a file, and the files of its nodes beside it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from podkit.cluster.node_root import PREFIX, is_free
from podkit.errors import PodkitError

OBJECTS = "objects.db"
"""The file with the objects, in the directory of a cluster that was given none for them."""


def nodes_beside(store: Path) -> Path:
    """The directory of the nodes of a cluster whose objects are in a file."""
    return store.with_name(f"{store.name}-nodes")


def kept_directory() -> Path:
    """The directory that the last cluster of this user has made for itself and kept.

    Raises:
        PodkitError: there is none.
    """
    found = [path.parent for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{OBJECTS}") if is_free(path.parent)]
    if not found:
        raise PodkitError(
            "there is nothing to adopt: no cluster with on_exit='keep' has ended on this machine; name its root_dir, if it "
            "had one"
        )
    return max(found, key=lambda directory: (directory / OBJECTS).stat().st_mtime)
