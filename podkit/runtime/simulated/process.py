"""A process: a program that is carried out on the clock.

A *program* is a function of an `Invocation` (its arguments, environment, streams, files). It does at once what it does and
returns its exit code; or, if it takes time, it is a generator that yields a `Pause` wherever time passes, and returns the
exit code at the end. A `Process` drives it: it runs the program up to its next pause, sets a timer for the pause's end, and
meets the signals that come meanwhile as Linux does:

* ``KILL`` always ends it.
* A signal that the program handles is kept for it: a pause that says so ends at once, any other one first runs out.
* The first process of a container is the init of its process namespace: what it does not handle, it never notices; from
  inside, not even ``KILL``.
* Another process is ended by it, with 128 + the signal's number.

A program that raises an exception is a mistake of whoever wrote it: its process ends with 1, and whoever started it or advanced
the clock gets the exception.
"""

from __future__ import annotations

import functools
import math
import signal as signals
from collections.abc import Callable, Generator, Sequence
from datetime import datetime
from typing import Protocol

from attrs import define, frozen

from podkit.errors import RuntimeFailed
from podkit.loop.clock import Timer
from podkit.runtime.simulated.filesystem import Filesystem

Output = Callable[[bytes], None]
"""Where a stream leads."""

_HARMLESS = frozenset({"SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"})
_STEPS_AT_ONCE = 100_000
NOT_KNOWN = 127
"""The exit code of what the simulation does not know."""


@frozen
class Pause:
    r"""Time passes.

    Attributes:
        seconds: how long; ``math.inf``: until something else happens.
        on_signal: whether a signal that the program handles ends it early.
        on_child: whether the end of a child ends it early.

    Example:
        ::

            def greet(call: Invocation) -> Run:
                call.stdout(b"hello\n")
                yield Pause(5)
                return 0

            engine = SimulatedRuntime(VirtualClock(), programs={"greet": greet})
    """

    seconds: float
    on_signal: bool = False
    on_child: bool = False


Run = Generator[Pause, None, int]
"""A program under way."""


class EndlessProgram(Exception):
    """A program does so much without any time passing that it would never end."""


class Stdin:
    """What a program reads.

    Attributes:
        endless: whether more may come at the end, so that reading on blocks: an open standard input that nobody writes to.
    """

    def __init__(self, content: bytes = b"", *, endless: bool = False) -> None:
        self._content = content
        self.endless = endless

    def read(self) -> bytes:
        """All that is left. Whether reading would then block, `endless` says."""
        content, self._content = self._content, b""
        return content

    def readline(self) -> bytes:
        """The next line, with its newline; empty at the end."""
        line, newline, self._content = self._content.partition(b"\n")
        return line + newline


class Shared:
    """What all processes of a container share.

    Args:
        make_files: makes the files that they see, when the first of them looks.
        hostname: the hostname of their sandbox.
        user: the numeric user and group that they run as.
        signal: sends a signal to the first process of the container from inside it.
        listen: opens a port of the sandbox, and says what whoever connects to it is answered.
        find: finds the program that a command's name means in a working directory; None where there is none.
    """

    def __init__(
        self,
        make_files: Callable[[], Filesystem],
        *,
        hostname: str,
        user: tuple[int, int],
        signal: Callable[[str], None],
        listen: Callable[[int, bytes], None],
        find: Callable[[str, str], Program | None],
    ) -> None:
        self._make_files = make_files
        self.hostname = hostname
        self.user = user
        self.signal = signal
        self.listen = listen
        self.find = find

    @functools.cached_property
    def files(self) -> Filesystem:
        """The files that they see."""
        return self._make_files()


@define
class Invocation:
    """A program's view of its run.

    Attributes:
        argv: its name and arguments.
        env: its environment.
        working_dir: where relative paths begin.
        stdin: what it reads.
        stdout: where it writes.
        stderr: where it complains.
        shared: what it shares with the other processes of the container.
        process: the process that it is, or that the shell is that runs it.

    Example:
        ::

            def show(call: Invocation) -> int:
                call.stdout(" ".join(call.argv).encode())
                return 0
    """

    argv: Sequence[str]
    env: dict[str, str]
    working_dir: str
    stdin: Stdin
    stdout: Output
    stderr: Output
    shared: Shared
    process: Process

    @property
    def files(self) -> Filesystem:
        """The files that it sees."""
        return self.shared.files

    def path(self, name: str) -> str:
        """The absolute path that a name means."""
        return self.files.absolute(self.working_dir, name)

    def print(self, text: str, end: str = "\n") -> None:
        """Write text to the standard output."""
        self.stdout((text + end).encode("utf-8", "surrogateescape"))

    def complain(self, text: str) -> None:
        """Write a line to the error stream, beginning with the program's name."""
        self.stderr(f"{self.argv[0]}: {text}\n".encode("utf-8", "surrogateescape"))


class Program(Protocol):
    r"""What a process does: see the module.

    Example:
        ::

            def greet(call: Invocation) -> Run:
                call.stdout(b"hello\n")
                yield Pause(5)
                return 0

            engine = SimulatedRuntime(VirtualClock(), programs={"greet": greet})
    """

    def __call__(self, call: Invocation, /) -> Run | int:
        """Do it."""


def run(program: Program, call: Invocation) -> Run:
    """A program under way, whether it takes time or not."""
    result = program(call)
    if isinstance(result, int):
        return result
    return (yield from result)


def signal_name(text: str) -> str:
    """The full name of a signal that is given as ``SIGTERM``, ``TERM`` or ``15``.

    Raises:
        RuntimeFailed: there is no such signal.
    """
    name = text.upper()
    if name.isdigit():
        try:
            return signals.Signals(int(name)).name
        except ValueError:
            raise RuntimeFailed(f"there is no signal {text}", operation="send a signal") from None
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in signals.Signals.__members__:
        raise RuntimeFailed(f"there is no signal {text}", operation="send a signal")
    return name


def signal_exit_code(name: str) -> int:
    """The exit code of a process that a signal has ended."""
    return 128 + signals.Signals[name].value


class Calendar(Protocol):
    """Where a process sets its timers."""

    def now(self) -> datetime:
        """The time of day."""

    def call_after(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` in ``delay`` seconds."""


class Process:
    """A program under way on a clock.

    Args:
        calendar: where to set timers.
        on_exit: is called when it has ended.
        init: whether it is the first process of its process namespace.

    Attributes:
        handled: the signals that its program handles.
        ignored: the signals that it has chosen to ignore.
        exit_code: how it ended; None while it runs.
        out_of_memory: whether it was killed for lack of memory.
        left_children: whether children of it still ran when it ended; they ended with it.
    """

    __slots__ = (
        "_calendar",
        "_children",
        "_complain",
        "_doom",
        "_on_exit",
        "_paused",
        "_pending",
        "_resuming",
        "_run",
        "_steps",
        "_timer",
        "exit_code",
        "handled",
        "ignored",
        "init",
        "left_children",
        "out_of_memory",
        "pid",
    )

    def __init__(self, calendar: Calendar, on_exit: Callable[[Process], None], *, init: bool, pid: int = 1) -> None:
        self._calendar = calendar
        self._on_exit = on_exit
        self.init = init
        self.pid = pid
        self.handled: frozenset[str] = frozenset()
        self.ignored: frozenset[str] = frozenset()
        self.exit_code: int | None = None
        self.out_of_memory = False
        self.left_children = False
        self._children: tuple[Process, ...] = ()
        self._pending: tuple[str, ...] = ()
        self._run: Run | None = None
        self._complain: Output
        self._timer: Timer | None = None
        self._paused: Pause | None = None
        self._resuming = False
        self._doom: int | None = None
        self._steps = 0

    def start(self, program: Program, call: Invocation) -> None:
        """Begin to carry out a program."""
        self._complain = call.stderr
        try:
            result = program(call)
        except BaseException:
            self._end(1)
            raise
        if isinstance(result, int):
            self._end(result if self._doom is None else self._doom)
        else:
            self._run = result
            self._resume()

    def spawn(self, program: Program, call: Invocation) -> Process:
        """Start a child that runs beside it."""
        child = Process(self._calendar, self._child_ended, init=False, pid=self.pid + len(self._children) + 1)
        child.ignored |= self.ignored
        self._children += (child,)
        call.process = child
        child.start(program, call)
        return child

    @property
    def doomed(self) -> bool:
        """Whether it will be ended as soon as its program pauses."""
        return self._doom is not None

    def now(self) -> datetime:
        """The time of day, as it sees it."""
        return self._calendar.now()

    def step(self) -> None:
        """Count one thing that its program does, so that an endless one is found out.

        Raises:
            EndlessProgram: it does too much without any time passing.
        """
        self._steps += 1
        if self._steps > _STEPS_AT_ONCE:
            raise EndlessProgram

    def take_signal(self) -> str | None:
        """The next signal that has come and that its program handles."""
        if not self._pending:
            return None
        name, *rest = self._pending
        self._pending = tuple(rest)
        return name

    def signal(self, name: str) -> None:
        """Meet a signal; one that has ended meets none."""
        if self.exit_code is not None or name in self.ignored or name in _HARMLESS:
            return
        if name in {"SIGSTOP", "SIGTSTP"}:
            raise RuntimeFailed(f"the simulation cannot stop a process with {name}", operation="send a signal")
        if name in self.handled:
            self._pending += (name,)
            if self._paused is not None and self._paused.on_signal:
                self._resume()
        elif name == "SIGKILL" or not self.init:
            self.kill(signal_exit_code(name))

    def signal_from_inside(self, name: str) -> None:
        """Meet a signal from its own process namespace, whose init nobody inside can kill."""
        if not self.init or name not in {"SIGKILL", "SIGSTOP"}:
            self.signal(name)

    def kill(self, exit_code: int) -> None:
        """End it with an exit code, whatever its program does."""
        if self.exit_code is not None:
            return
        if self._resuming:
            self._doom = exit_code
            return
        if self._run is not None:
            self._run.close()
        self._end(exit_code)

    def _child_ended(self, _child: Process) -> None:
        if self._paused is not None and self._paused.on_child:
            self._resume()

    def _resume(self) -> None:
        """Carry on to the next pause, or to the end."""
        assert self._run is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._resuming, self._paused, self._steps = True, None, 0
        try:
            pause = next(self._run)
        except StopIteration as end:
            self._resuming = False
            self._end(end.value if self._doom is None else self._doom)
            return
        except EndlessProgram:
            self._resuming = False
            self._complain(b"simulation: this program does too much without any time passing: it would never end\n")
            self._end(NOT_KNOWN)
            return
        except BaseException:
            self._resuming = False
            self._end(1)
            raise
        self._resuming = False
        if self._doom is not None:
            self.kill(self._doom)
            return
        self._pause(pause)

    def _pause(self, pause: Pause) -> None:
        self._paused = pause
        if pause.on_signal and self._pending:
            self._timer = self._calendar.call_after(0.0, self._resume)
        elif pause.seconds != math.inf:
            self._timer = self._calendar.call_after(pause.seconds, self._resume)

    def _end(self, exit_code: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.exit_code = exit_code & 0xFF
        self._run = self._paused = None
        for child in self._children:
            self.left_children |= child.exit_code is None
            child.kill(signal_exit_code("SIGKILL"))
        self._on_exit(self)
