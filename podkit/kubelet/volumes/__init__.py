"""The volumes of a Pod: directories and files of the machine that its containers mount."""

from podkit.kubelet.volumes.manager import VolumeManager
from podkit.kubelet.volumes.payload import VolumeError

__all__ = ["VolumeError", "VolumeManager"]
