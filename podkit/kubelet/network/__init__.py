"""What makes Services work for the Pods of a node: names, addresses, and variables.

A Pod asks for names at a loopback address of its own network, where `server` answers from `zone`. The addresses of Services are
no machine's: the network of each Pod translates them by itself, as `forwarding` says. `access` keeps both up for all Pods.
"""

from podkit.kubelet.network.access import ServiceAccess
from podkit.kubelet.network.directory import Directory, InformedDirectory

__all__ = ["Directory", "InformedDirectory", "ServiceAccess"]
