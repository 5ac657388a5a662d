"""Static Pods: Pods that come from files of the node, and need no store."""

from podkit.kubelet.static.static_pods import StaticPods

__all__ = ["StaticPods"]
