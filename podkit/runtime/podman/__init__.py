"""Pods on Podman.

`PodmanRuntime` is the `podkit.runtime.base.Runtime` that talks to it. Importing this imports nothing of podman's or
requests'; making one does.
"""

from podkit.runtime.podman.runtime import PodmanRuntime

__all__ = ["PodmanRuntime"]
