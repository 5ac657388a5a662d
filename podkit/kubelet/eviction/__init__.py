"""Eviction: Pods that use more of their node than they may, or than it has, are ended (`pkg/kubelet/eviction`)."""

from podkit.kubelet.eviction.manager import EvictionManager

__all__ = ["EvictionManager"]
