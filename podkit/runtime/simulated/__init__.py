"""Pods in memory, on a virtual clock.

`SimulatedRuntime` is a container engine that is not there: it does for a kubelet, as far as a kubelet can see, what Podman does,
without processes, without time passing, and ten thousand times over. See its own description for what it leaves out.
"""

from podkit.runtime.simulated.faults import Faults
from podkit.runtime.simulated.images import Images, SimulatedImage
from podkit.runtime.simulated.process import Invocation, Pause, Program, Run
from podkit.runtime.simulated.program import Exit, Listen, OutOfMemory, Print, Script, Sleep, Write
from podkit.runtime.simulated.runtime import SimulatedRuntime

__all__ = [
    "Exit",
    "Faults",
    "Images",
    "Invocation",
    "Listen",
    "OutOfMemory",
    "Pause",
    "Print",
    "Program",
    "Run",
    "Script",
    "SimulatedImage",
    "SimulatedRuntime",
    "Sleep",
    "Write",
]
