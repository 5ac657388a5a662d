"""The taints that tell of a Node's state, by their well-known keys (``k8s.io/api/core/v1/well_known_taints.go``)."""

from __future__ import annotations

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
MEMORY_PRESSURE = "node.kubernetes.io/memory-pressure"
DISK_PRESSURE = "node.kubernetes.io/disk-pressure"
PID_PRESSURE = "node.kubernetes.io/pid-pressure"
NETWORK_UNAVAILABLE = "node.kubernetes.io/network-unavailable"

NODE_NOT_READY = "NodeNotReady"
"""The reason in the condition Ready of a Pod of whose node nothing is heard. Its kubelet sets it right when it is back."""
