"""Carrying out a script that has been read."""

from __future__ import annotations

import copy
import math
from collections.abc import Generator

from attrs import evolve, frozen

from podkit.runtime.simulated.commands import PLAIN
from podkit.runtime.simulated.filesystem import Filesystem
from podkit.runtime.simulated.process import (
    NOT_KNOWN,
    Invocation,
    Output,
    Pause,
    Process,
    Run,
    Stdin,
    run,
    signal_exit_code,
)
from podkit.runtime.simulated.shell.builtins import BUILTINS
from podkit.runtime.simulated.shell.control import Leave, LeaveLoop
from podkit.runtime.simulated.shell.expansion import (
    Expansion,
    Unset,
    expand_all,
    expand_pattern,
    expand_text,
    matches,
)
from podkit.runtime.simulated.shell.parser import parse
from podkit.runtime.simulated.shell.syntax import (
    Case,
    Command,
    Compound,
    For,
    Group,
    If,
    Item,
    Loop,
    Pipeline,
    Redirection,
    Redirections,
    Script,
    Simple,
)
from podkit.runtime.simulated.shell.words import NotUnderstood


@frozen
class Streams:
    """Where a shell reads and writes."""

    stdin: Stdin
    stdout: Output
    stderr: Output


class Shell:
    """A shell under way.

    Args:
        call: its own run.
        arguments: ``$0``, ``$1`` and so on.

    Attributes:
        variables: all of them.
        exported: the names of those that commands get.
        working_dir: where relative paths begin.
        status: ``$?``.
        traps: scripts by the signal, or ``EXIT``, that they react to.
        options: the letters that ``set`` has switched on, and ``pipefail``.
        jobs: what it has started in the background.
        owns_process: whether its process is its own; a subshell runs in the one of its parent, and meets no signals.
    """

    def __init__(self, call: Invocation, arguments: list[str]) -> None:
        self.shared = call.shared
        self.process: Process = call.process
        self.streams = Streams(call.stdin, call.stdout, call.stderr)
        self.variables = dict(call.env)
        self.exported = set(call.env)
        self.arguments = arguments
        self.working_dir = call.working_dir
        self.status = 0
        self.traps: dict[str, Script] = {}
        self.options: set[str] = set()
        self.jobs: list[Process] = []
        self.owns_process = True
        self._tests = 0
        self._captured = 0

    # What words are expanded with

    @property
    def files(self) -> Filesystem:
        """The files that it sees."""
        return self.shared.files

    @property
    def unset_is_error(self) -> bool:
        """Whether a variable that is not set is an error."""
        return "u" in self.options

    def special(self, name: str) -> str | None:
        """The value of ``$?`` and its kin."""
        if name.isdigit():
            return self.arguments[int(name)] if int(name) < len(self.arguments) else None
        values = {
            "?": str(self.status),
            "$": str(self.process.pid),
            "#": str(len(self.arguments) - 1),
            "!": str(self.jobs[-1].pid) if self.jobs else "",
            "-": "".join(sorted(self.options & set("eux"))),
            "@": " ".join(self.arguments[1:]),
            "*": " ".join(self.arguments[1:]),
        }
        return values.get(name)

    def capture(self, script: Script) -> Expansion[str]:
        """What a script writes, run in a shell of its own."""
        written = bytearray()
        fork = self.fork(stdout=written.extend)
        self._captured = self.status = yield from fork.run(script)
        return written.decode("utf-8", "surrogateescape")

    # Running

    def run(self, script: Script) -> Run:
        """Carry out a script as the whole of this shell, its ``EXIT`` trap included."""
        yield from self._until_it_leaves(script)
        if (last := self.traps.pop("EXIT", None)) is not None:
            status = self.status
            if (yield from self._until_it_leaves(last)) is None:
                self.status = status
        return self.status

    def _until_it_leaves(self, script: Script) -> Generator[Pause, None, int | None]:
        """Carry out a script; how it chose to leave, or None if it came to its end."""
        try:
            yield from self.script(script)
        except Leave as leave:
            self.status = leave.status
            return leave.status
        except LeaveLoop:
            return None
        except Unset as error:
            self.complain(str(error))
            self.status = 2
            return 2
        except NotUnderstood as error:
            self.not_understood(error)
            self.status = NOT_KNOWN
            return NOT_KNOWN
        return None

    def script(self, script: Script) -> Run:
        """Carry out a script within this shell."""
        for item in script.items:
            yield from self._item(item)
        return self.status

    def fork(self, *, stdin: Stdin | None = None, stdout: Output | None = None) -> Shell:
        """A shell that begins as this one is, and whose changes are its own."""
        twin = copy.copy(self)
        streams = self.streams
        twin.streams = Streams(stdin or streams.stdin, stdout or streams.stdout, streams.stderr)
        twin.variables, twin.exported = dict(self.variables), set(self.exported)
        twin.arguments, twin.options = list(self.arguments), set(self.options)
        twin.traps, twin.jobs = {}, []
        twin.owns_process = False
        return twin

    def complain(self, text: str) -> None:
        """Write a line to the error stream."""
        self.streams.stderr(f"{self.arguments[0]}: {text}\n".encode("utf-8", "surrogateescape"))

    def not_understood(self, error: NotUnderstood) -> None:
        """Say that the simulation knows too little."""
        self.complain(f"the shell of the simulation does not understand this: {error}")

    def meet_signals(self) -> Run:
        """Carry out the traps of the signals that have come; returns the last one's exit code, or 0."""
        code = 0
        while self.owns_process and (name := self.process.take_signal()) is not None:
            status, code = self.status, signal_exit_code(name)
            if name in self.traps:
                yield from self.script(self.traps[name])
            self.status = status
        return code

    def _item(self, item: Item) -> Run:
        if item.background:
            self._start_job(item)
            return 0
        self._tests += bool(item.rest)
        yield from self._pipeline(item.first)
        for number, (operator, pipeline) in enumerate(item.rest, 1):
            if number == len(item.rest):
                self._tests -= 1
            if (operator == "&&") == (self.status == 0):
                yield from self._pipeline(pipeline)
        return self.status

    def _start_job(self, item: Item) -> None:
        fork = self.fork(stdin=Stdin())

        def job(call: Invocation) -> Run:
            fork.process, fork.owns_process = call.process, True
            return fork.run(Script((Item(item.first, item.rest, background=False),)))

        self.jobs.append(self.process.spawn(job, self.invocation([self.arguments[0]], {})))
        self.status = 0

    def _pipeline(self, pipeline: Pipeline) -> Run:
        self._tests += pipeline.negated
        if len(pipeline.commands) == 1:
            self.status = yield from self._command(pipeline.commands[0])
        else:
            self.status = yield from self._piped(pipeline.commands)
        self._tests -= pipeline.negated
        if pipeline.negated:
            self.status = int(self.status == 0)
        elif self.status and "e" in self.options and not self._tests:
            raise Leave(self.status)
        return self.status

    def _piped(self, commands: tuple[Command, ...]) -> Run:
        stdin, status, failed = self.streams.stdin, 0, 0
        for number, command in enumerate(commands):
            written = bytearray()
            last = number == len(commands) - 1
            fork = self.fork(stdin=stdin, stdout=self.streams.stdout if last else written.extend)
            item = Item(Pipeline((command,), negated=False), (), background=False)
            status = yield from fork.run(Script((item,)))
            failed = status or failed
            stdin = Stdin(bytes(written))
        return failed if "pipefail" in self.options else status

    def _command(self, command: Command) -> Run:
        self.process.step()
        body, streams = command.body, self.streams
        arguments = (yield from expand_all(body.words, self)) if isinstance(body, Simple) else []
        try:
            yield from self._redirect(command.redirections)
        except _CannotRedirect as error:
            self.streams = streams
            self.complain(str(error))
            return 1
        try:
            if isinstance(body, Simple):
                self.status = yield from self._simple(body, arguments)
            else:
                self.status = yield from self._compound(body)
        finally:
            if arguments != ["exec"]:  # whose redirections are the shell's own from then on
                self.streams = streams
        yield from self.meet_signals()
        return self.status

    def _redirect(self, redirections: Redirections) -> Generator[Pause, None, None]:
        for redirection in redirections:
            target = yield from expand_text(redirection.target, self)
            if redirection.operator == ">&":
                self._duplicate(redirection.stream, target)
            elif redirection.operator == "<<":
                self._lead(redirection.stream, Stdin(target.encode("utf-8", "surrogateescape")))
            else:
                self._open(redirection, target)

    def _duplicate(self, stream: int, target: str) -> None:
        sources = {"1": self.streams.stdout, "2": self.streams.stderr, "-": _discard}
        if target not in sources:
            raise _CannotRedirect(f"{target}: bad file descriptor")
        self._lead(stream, sources[target])

    def _open(self, redirection: Redirection, name: str) -> None:
        standard = {"/dev/stdout": "1", "/dev/stderr": "2"}
        if name in standard:
            self._duplicate(redirection.stream, standard[name])
            return
        path, files = self.files.absolute(self.working_dir, name), self.files
        try:
            if redirection.operator == "<":
                self._lead(redirection.stream, Stdin(files.read(path)))
                return
            files.write(path, b"", append=redirection.operator == ">>")
        except FileNotFoundError as error:
            missing = error.strerror if redirection.operator == "<" else "nonexistent directory"
            raise _CannotRedirect(f"can't {_VERBS[redirection.operator]} {name}: {missing}") from error
        except OSError as error:
            raise _CannotRedirect(f"can't {_VERBS[redirection.operator]} {name}: {error.strerror}") from error
        self._lead(redirection.stream, lambda content: files.write(path, content, append=True))

    def _lead(self, stream: int, target: Stdin | Output) -> None:
        if isinstance(target, Stdin) and stream == 0:
            self.streams = evolve(self.streams, stdin=target)
        elif isinstance(target, Stdin) or stream == 0:
            raise _CannotRedirect(f"the simulation cannot lead stream {stream} there")
        elif stream == 1:
            self.streams = evolve(self.streams, stdout=target)
        else:
            self.streams = evolve(self.streams, stderr=target)

    def _simple(self, simple: Simple, arguments: list[str]) -> Run:
        self._captured = 0
        assigned = {}
        for name, word in simple.assignments:
            assigned[name] = yield from expand_text(word, self)
            if not arguments:
                self.variables[name] = assigned[name]
        if not arguments:
            return self._captured
        if "x" in self.options:
            self.streams.stderr(f"+ {' '.join(arguments)}\n".encode("utf-8", "surrogateescape"))
        builtin = BUILTINS.get(arguments[0])
        if builtin is None:
            return (yield from self.execute(arguments, assigned))
        self.variables.update(assigned)
        result = builtin(self, arguments)
        return result if isinstance(result, int) else (yield from result)

    def execute(self, arguments: list[str], assigned: dict[str, str]) -> Run:
        """Run a command that is not the shell's own, as a child, and wait for it."""
        program = self.shared.find(arguments[0], self.working_dir)
        if program is None:
            self.streams.stderr(not_known(self.arguments[0], arguments[0]))
            return NOT_KNOWN
        call = self.invocation(arguments, assigned)
        if program in PLAIN:  # which neither meet signals nor have children, so that they need no process
            return (yield from run(program, call))
        child = self.process.spawn(program, call)
        while child.exit_code is None:
            yield Pause(math.inf, on_child=True)
        return child.exit_code

    def invocation(self, arguments: list[str], assigned: dict[str, str]) -> Invocation:
        """The run of a command."""
        env = {name: self.variables[name] for name in self.exported if name in self.variables}
        streams = self.streams
        return Invocation(
            arguments,
            env | assigned,
            self.working_dir,
            streams.stdin,
            streams.stdout,
            streams.stderr,
            self.shared,
            self.process,
        )

    def _compound(self, body: Compound) -> Run:
        if isinstance(body, Group):
            return (yield from (self.fork().run(body.body) if body.subshell else self.script(body.body)))
        if isinstance(body, If):
            return (yield from self._if(body))
        if isinstance(body, Loop):
            return (yield from self._loop(body))
        if isinstance(body, For):
            return (yield from self._for(body))
        return (yield from self._case(body))

    def _if(self, body: If) -> Run:
        for condition, consequence in body.branches:
            if (yield from self._test(condition)):
                return (yield from self.script(consequence))
        self.status = 0
        return 0 if body.otherwise is None else (yield from self.script(body.otherwise))

    def _test(self, condition: Script) -> Generator[Pause, None, bool]:
        self._tests += 1
        try:
            return (yield from self.script(condition)) == 0
        finally:
            self._tests -= 1

    def _loop(self, loop: Loop) -> Run:
        status = 0
        while (yield from self._test(loop.condition)) != loop.until:
            self.process.step()
            ended, status = yield from self._round(loop.body)
            if ended:
                break
        return status

    def _for(self, loop: For) -> Run:
        words = self.arguments[1:] if loop.words is None else (yield from expand_all(loop.words, self))
        status = 0
        for word in words:
            self.variables[loop.name] = word
            ended, status = yield from self._round(loop.body)
            if ended:
                break
        return status

    def _round(self, body: Script) -> Generator[Pause, None, tuple[bool, int]]:
        """Do the body of a loop once: whether the loop has ended, and the exit code."""
        try:
            return False, (yield from self.script(body))
        except LeaveLoop as leave:
            if leave.levels > 1:
                raise LeaveLoop(leave.levels - 1, again=leave.again) from None
            return not leave.again, 0

    def _case(self, body: Case) -> Run:
        subject = yield from expand_text(body.subject, self)
        self.status = 0
        for patterns, consequence in body.branches:
            for pattern in patterns:
                if matches(subject, (yield from expand_pattern(pattern, self))):
                    return (yield from self.script(consequence))
        return 0


_VERBS = {"<": "open", ">": "create", ">>": "create"}


class _CannotRedirect(Exception):
    """A redirection leads nowhere."""


def _discard(_content: bytes) -> None:
    return


def not_known(caller: str, name: str) -> bytes:
    """What is said about a command that is not there."""
    return f"{caller}: {name}: not found: the simulation does not know this command\n".encode()


def sh(call: Invocation) -> Run | int:
    """``sh -c SCRIPT [NAME ARGUMENT…]``, ``sh FILE [ARGUMENT…]``, or a script from the standard input."""
    rest = list(call.argv[1:])
    options: set[str] = set()
    while rest and rest[0].startswith("-") and rest[0] != "-":
        options |= set(rest.pop(0)[1:])
    name = call.argv[0].rpartition("/")[2]
    if unknown := options - set("ceuxli"):
        call.complain(f"the shell of the simulation does not know the option -{min(unknown)}")
        return NOT_KNOWN
    try:
        text, arguments = _script_text(call, rest, name, from_argument="c" in options)
    except OSError as error:
        call.complain(f"can't open '{rest[0]}': {error.strerror}")
        return 2
    if text is None:
        return _wait_for_input()
    shell = Shell(call, arguments)
    shell.options = options & set("eux")
    try:
        script = parse(text)
    except NotUnderstood as error:
        shell.not_understood(error)
        return NOT_KNOWN
    return shell.run(script)


def _script_text(call: Invocation, rest: list[str], name: str, *, from_argument: bool) -> tuple[str | None, list[str]]:
    """The script and its arguments; no script where the standard input is open and nobody writes one."""
    if from_argument:
        if not rest:
            return "", [name]
        return rest[0], rest[1:] or [name]
    if rest:
        return call.files.read(call.path(rest[0])).decode("utf-8", "surrogateescape"), rest
    content = call.stdin.read()
    return (None if call.stdin.endless else content.decode("utf-8", "surrogateescape")), [name]


def _wait_for_input() -> Run:
    yield Pause(math.inf)
    return 0
