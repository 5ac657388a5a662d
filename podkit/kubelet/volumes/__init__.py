"""The volumes of a Pod: directories and files of the machine that its containers mount."""

from podkit.kubelet.volumes.claims import ClaimVolumes
from podkit.kubelet.volumes.manager import VolumeManager
from podkit.kubelet.volumes.node_volume import NodeVolume

__all__ = ["ClaimVolumes", "NodeVolume", "VolumeManager"]
