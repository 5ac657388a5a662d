"""Where a volume of a Pod lies on its node."""

from __future__ import annotations

from pathlib import PurePosixPath

from attrs import frozen


@frozen
class NodeVolume:
    """A volume that has been set up.

    Attributes:
        path: where it lies on the machine.
        own: whether the kubelet or its engine has made it, for containers alone; else it is the machine's, and is left as it is.
        read_only: whether nobody may write to it, however it is mounted.
    """

    path: PurePosixPath
    own: bool = True
    read_only: bool = False
