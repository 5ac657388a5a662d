"""The node agent: runs the Pods that are bound to its node.

`sync` and `status` decide, over plain objects; `worker` performs, one worker a Pod; `kubelet` wires them to a store and a
container engine. Nothing here knows which engine it is.
"""

from podkit.kubelet.eviction import EvictionConfig
from podkit.kubelet.kubelet import Kubelet

__all__ = ["EvictionConfig", "Kubelet"]
