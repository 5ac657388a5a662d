"""What runs containers: the interface, Podman behind it, and a simulation.

As with `podkit` itself, a name is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podkit.runtime.base import Runtime
    from podkit.runtime.podman import PodmanRuntime
    from podkit.runtime.simulated import SimulatedRuntime

__all__ = ["PodmanRuntime", "Runtime", "SimulatedRuntime"]

_HOME_OF = {
    "PodmanRuntime": "podkit.runtime.podman",
    "Runtime": "podkit.runtime.base",
    "SimulatedRuntime": "podkit.runtime.simulated",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, and remember it."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'podkit.runtime' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value
