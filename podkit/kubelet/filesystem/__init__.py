"""The files of a node: those that a kubelet keeps for its Pods, and what it sees of its machine."""

from podkit.kubelet.filesystem.base import File, NodeFilesystem, Payload, VolumeError
from podkit.kubelet.filesystem.engine import EngineFilesystem
from podkit.kubelet.filesystem.local import LocalFilesystem
from podkit.kubelet.filesystem.ownership import Owners

__all__ = ["EngineFilesystem", "File", "LocalFilesystem", "NodeFilesystem", "Owners", "Payload", "VolumeError"]
