"""Where a cluster lies whose Pods are to survive its process: its objects in a file, and the files of its nodes beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from podkit.cluster.node_root import PREFIX, is_free
from podkit.errors import PodkitError
from podkit.runtime.base import NODE_ROOT, Runtime

OBJECTS = "objects.db"
"""The file with the objects, in the directory of a cluster that was given none for them."""


def nodes_beside(store: Path) -> Path:
    """The directory of the nodes of a cluster whose objects are in a file."""
    return store.with_name(f"{store.name}-nodes")


def kept_directory(engines: Iterable[Runtime]) -> Path:
    """The directory of the last cluster of this user that has kept its objects.

    It is one that the cluster has made for itself, or one that is named by the labels of what the engines run.

    Raises:
        PodkitError: there is none.
    """
    labelled = {
        Path(root).parent
        for engine in engines
        for sandbox in engine.sandboxes({})
        if (root := sandbox.labels.get(NODE_ROOT))
    }
    made = {path.resolve() for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*")}
    found = [directory for directory in labelled | made if (directory / OBJECTS).is_file() and is_free(directory)]
    if not found:
        raise PodkitError(
            "there is nothing to adopt: no cluster with on_exit='keep' has ended on this machine; name its root_dir, if it "
            "had one"
        )
    return max(found, key=lambda directory: (directory / OBJECTS).stat().st_mtime)
