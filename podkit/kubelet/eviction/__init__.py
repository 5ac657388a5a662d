"""Eviction: Pods that use more of their node than they may, or than it has, are ended (`pkg/kubelet/eviction`)."""

from podkit.kubelet.eviction.manager import EvictionManager
from podkit.kubelet.eviction.thresholds import KUBERNETES, EvictionConfig

__all__ = ["KUBERNETES", "EvictionConfig", "EvictionManager"]
