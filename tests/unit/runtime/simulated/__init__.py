"""The simulated engine: what a kubelet's tests rely on beyond the contract of every runtime."""
