"""Programs for tests: what a container does, step by step.

A `Script` is a program made of steps. Register it under a command's name or an image, and every container that runs that does
these steps::

    web = Script(Print("ready"), Sleep(math.inf), on_signal={"SIGTERM": (Sleep(2), Print("bye"), Exit(0))})
    runtime = SimulatedRuntime(clock, programs={"web": web})

Where steps do not suffice, any function of a `podkit.runtime.simulated.Invocation` will do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from attrs import frozen

from podkit.runtime.simulated.process import Invocation, Pause, Run, signal_exit_code, signal_name


@frozen
class Print:
    """Write a line.

    Attributes:
        text: without the newline.
        stream: ``stdout`` or ``stderr``.

    Example:
        ::

            Script(Print("hello"), Print("oops", stream="stderr"))
    """

    text: str
    stream: str = "stdout"


@frozen
class Sleep:
    """Let time pass: so many seconds, or with ``math.inf`` for good.

    Example:
        ::

            Script(Sleep(60), Exit(0))
    """

    seconds: float


@frozen
class Write:
    """Write a file, such as ``/dev/termination-log``.

    Example:
        ::

            Script(Write("/dev/termination-log", "out of luck"), Exit(1))
    """

    path: str
    text: str


@frozen
class Exit:
    """End with this exit code.

    Example:
        ::

            Script(Print("no such luck"), Exit(3))
    """

    code: int


@frozen
class OutOfMemory:
    """Be killed by the kernel for lack of memory.

    Example:
        ::

            Script(Sleep(5), OutOfMemory())
    """


@frozen
class Listen:
    """Open a port of the sandbox, until the container ends. If it is taken, the program ends with 1.

    Attributes:
        port: which one.
        answer: what whoever connects can read, whatever it says.

    Example:
        ::

            Script(Listen.http(8080, body=b"hello"), Sleep(math.inf))
    """

    port: int
    answer: bytes = b""

    @classmethod
    def http(cls, port: int, *, status: int = 200, body: bytes = b"") -> Listen:
        """Answer any HTTP request with this status and body."""
        head = f"HTTP/1.0 {status} Simulated\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        return cls(port, head.encode() + body)


Step = Print | Sleep | Write | Exit | OutOfMemory | Listen


class Script:
    """A program made of steps; after the last one it ends with 0.

    Args:
        steps: what it does.
        on_signal: what it does instead of what is left, by the signal that it handles; further signals then change nothing.
            Signals that are not named here, the first process of a container never notices, ``SIGKILL`` excepted.

    Example:
        ::

            server = Script(Print("listening"), Sleep(math.inf), on_signal={"SIGTERM": (Print("bye"), Exit(0))})
            engine = SimulatedRuntime(VirtualClock(), programs={"server": server})
    """

    def __init__(self, *steps: Step, on_signal: Mapping[str, Sequence[Step]] | None = None) -> None:
        self._steps = steps
        self._on_signal = {signal_name(name): tuple(reaction) for name, reaction in (on_signal or {}).items()}
        self._handled = frozenset(self._on_signal)

    @classmethod
    def forever(cls) -> Script:
        """Run for good, and end with 0 at ``SIGTERM``."""
        return cls(Sleep(math.inf), on_signal={"SIGTERM": (Exit(0),)})

    def __call__(self, call: Invocation) -> Run:
        """Do the steps."""
        process = call.process
        process.handled = self._handled
        steps, position, reacting = self._steps, 0, False
        while position < len(steps):
            step = steps[position]
            position += 1
            if isinstance(step, Exit):
                return step.code
            if isinstance(step, OutOfMemory):
                process.out_of_memory = True
                return signal_exit_code("SIGKILL")
            if isinstance(step, Sleep):
                yield Pause(step.seconds, on_signal=not reacting)
            elif not _done(step, call):
                return 1
            if not reacting and (signal := process.take_signal()):
                steps, position, reacting = self._on_signal[signal], 0, True
        return 0


def _done(step: Print | Write | Listen, call: Invocation) -> bool:
    """Do what takes no time; whether it could be done."""
    try:
        if isinstance(step, Listen):
            call.shared.listen(step.port, step.answer)
        elif isinstance(step, Write):
            call.files.write(call.path(step.path), step.text.encode())
        else:
            output = call.stderr if step.stream == "stderr" else call.stdout
            output(f"{step.text}\n".encode())
    except OSError as error:
        call.complain(f"{error.filename}: {error.strerror}")
        return False
    return True
