"""The commands that a shell must do itself, because they change the shell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from podkit.errors import RuntimeFailed
from podkit.runtime.simulated.process import NOT_KNOWN, Pause, Process, Run, run, signal_name
from podkit.runtime.simulated.shell.control import Leave, LeaveLoop
from podkit.runtime.simulated.shell.parser import parse
from podkit.runtime.simulated.shell.words import NotUnderstood

if TYPE_CHECKING:
    from podkit.runtime.simulated.shell.interpreter import Shell

Builtin = Callable[["Shell", list[str]], Run | int]
"""Does a command of the shell, given its name and arguments."""


def _colon(_shell: Shell, _arguments: list[str]) -> int:
    return 0


def _exit(shell: Shell, arguments: list[str]) -> int:
    if arguments[1:] and not arguments[1].isdigit():
        shell.complain(f"exit: Illegal number: {arguments[1]}")
        raise Leave(2)
    raise Leave(int(arguments[1]) & 0xFF if arguments[1:] else shell.status)


def _count(arguments: list[str]) -> int:
    if not arguments[1:]:
        return 1
    if not arguments[1].isdigit():
        raise NotUnderstood(f"{arguments[0]} of {arguments[1]!r}")
    return int(arguments[1])


def _break(_shell: Shell, arguments: list[str]) -> int:
    raise LeaveLoop(_count(arguments), again=False)


def _continue(_shell: Shell, arguments: list[str]) -> int:
    raise LeaveLoop(_count(arguments), again=True)


def _cd(shell: Shell, arguments: list[str]) -> int:
    name = arguments[1] if arguments[1:] else shell.variables.get("HOME", "/")
    path = shell.files.absolute(shell.working_dir, name)
    if not shell.files.is_dir(path):
        shell.complain(f"cd: can't cd to {name}: No such file or directory")
        return 2
    shell.working_dir = path
    shell.variables["PWD"] = path
    return 0


def _eval(shell: Shell, arguments: list[str]) -> Run:
    return shell.script(parse(" ".join(arguments[1:])))


def _source(shell: Shell, arguments: list[str]) -> Run | int:
    if not arguments[1:]:
        raise NotUnderstood(". without a file")
    path = shell.files.absolute(shell.working_dir, arguments[1])
    try:
        text = shell.files.read(path).decode("utf-8", "surrogateescape")
    except OSError as error:
        shell.complain(f".: can't open '{arguments[1]}': {error.strerror}")
        raise Leave(2) from error
    return shell.script(parse(text))


def _exec(shell: Shell, arguments: list[str]) -> Run | int:
    """Become another program: the shell's traps end with the shell."""
    if not arguments[1:]:
        return 0
    program = shell.shared.find(arguments[1], shell.working_dir)
    if program is None:
        shell.complain(f"exec: {arguments[1]}: not found: the simulation does not know this command")
        raise Leave(NOT_KNOWN)
    shell.traps.clear()
    if shell.owns_process:
        shell.process.handled = frozenset()
    call = shell.invocation(arguments[1:], {})

    def become() -> Run:
        raise Leave((yield from run(program, call)))

    return become()


def _export(shell: Shell, arguments: list[str]) -> int:
    for argument in arguments[1:]:
        name, given, value = argument.partition("=")
        if given:
            shell.variables[name] = value
        shell.exported.add(name)
    return 0


def _unset(shell: Shell, arguments: list[str]) -> int:
    for name in arguments[1:]:
        shell.variables.pop(name, None)
        shell.exported.discard(name)
    return 0


def _read(shell: Shell, arguments: list[str]) -> Run:
    """Read a line into variables; the last of them gets the rest."""
    stdin = shell.streams.stdin
    line = stdin.readline()
    if not line and stdin.endless:
        yield Pause(math.inf)
    names = [name for name in arguments[1:] if name != "-r"] or ["REPLY"]
    words = line.decode("utf-8", "surrogateescape").strip(" \t\n").split(None, len(names) - 1)
    for name, word in zip(names, [*words, *([""] * len(names))], strict=False):
        shell.variables[name] = word
    return int(not line.endswith(b"\n"))


def _set(shell: Shell, arguments: list[str]) -> int:
    rest = arguments[1:]
    while rest and rest[0][:1] in {"-", "+"} and len(rest[0]) > 1:
        option = rest.pop(0)
        if option == "--":
            shell.arguments[1:] = rest
            return 0
        names = {rest.pop(0)} if option[1:] == "o" and rest else set(option[1:])
        if unknown := names - {"e", "u", "x", "pipefail"}:
            shell.complain(f"set: the shell of the simulation does not know the option {min(unknown)!r}")
            raise Leave(NOT_KNOWN)
        shell.options = shell.options | names if option[0] == "-" else shell.options - names
    if rest:
        shell.arguments[1:] = rest
    return 0


def _shift(shell: Shell, arguments: list[str]) -> int:
    count = _count(arguments)
    if count >= len(shell.arguments):
        return 1
    del shell.arguments[1 : 1 + count]
    return 0


def _trap(shell: Shell, arguments: list[str]) -> int:
    """``trap SCRIPT NAME…``; an empty script ignores the signals, ``-`` makes them what they were."""
    if len(arguments) < 3:
        return 0
    action = arguments[1]
    try:
        names = ["EXIT" if given in {"EXIT", "0"} else signal_name(given) for given in arguments[2:]]
    except RuntimeFailed as error:
        raise NotUnderstood(f"trap: {error}") from error
    for name in names:
        shell.traps.pop(name, None)
        if action and action != "-":
            shell.traps[name] = parse(action)
        if name != "EXIT" and shell.owns_process:
            _meet(shell.process, name, action)
    return 0


def _meet(process: Process, name: str, action: str) -> None:
    """Make a process handle a signal, ignore it, or do neither."""
    process.handled -= {name}
    process.ignored -= {name}
    if not action:
        process.ignored |= {name}
    elif action != "-":
        process.handled |= {name}


def _wait(shell: Shell, arguments: list[str]) -> Run:
    """Wait for what runs in the background: all of it, or some. A signal that is trapped ends it."""
    jobs: Sequence[Process] = shell.jobs
    if arguments[1:]:
        jobs = [job for job in shell.jobs if str(job.pid) in arguments[1:]]
        if not jobs:
            return NOT_KNOWN
    for job in jobs:
        while job.exit_code is None:
            yield Pause(math.inf, on_signal=True, on_child=True)
            if code := (yield from shell.meet_signals()):
                return code
    return (jobs[-1].exit_code or 0) if arguments[1:] else 0


def _kill(shell: Shell, arguments: list[str]) -> Run | int:
    rest, name = arguments[1:], "SIGTERM"
    if rest and rest[0].startswith("-"):
        option = rest.pop(0)[1:]
        given = rest.pop(0) if option == "s" and rest else option
        if given != "0":
            try:
                name = signal_name(given)
            except RuntimeFailed:
                shell.complain(f"kill: bad signal name '{given}'")
                return 1
        elif all(_process_of(shell, pid) for pid in rest):
            return 0
    status = 0
    for pid in rest:
        if (target := _process_of(shell, pid)) is None:
            shell.complain(f"kill: can't kill pid {pid}: No such process")
            status = 1
        else:
            target(name)
    return _after_signal(shell, status)


def _process_of(shell: Shell, pid: str) -> Callable[[str], None] | None:
    """How to send a signal to a process that the shell knows."""
    if pid == str(shell.process.pid):
        return shell.process.signal_from_inside
    if pid == "1":
        return shell.shared.signal
    return next((job.signal for job in shell.jobs if str(job.pid) == pid and job.exit_code is None), None)


def _after_signal(shell: Shell, status: int) -> Run:
    if shell.process.doomed:
        yield Pause(math.inf)
    return status


def _command(shell: Shell, arguments: list[str]) -> Run | int:
    """``command -v NAME`` says whether a command is known; ``command NAME…`` runs it."""
    if arguments[1:2] == ["-v"] and arguments[2:]:
        name = arguments[2]
        if name not in BUILTINS and shell.shared.find(name, shell.working_dir) is None:
            return NOT_KNOWN
        shell.streams.stdout(f"{name}\n".encode())
        return 0
    builtin = BUILTINS.get(arguments[1]) if arguments[1:] else _colon
    return builtin(shell, arguments[1:]) if builtin else shell.execute(arguments[1:], {})


BUILTINS: dict[str, Builtin] = {
    ":": _colon,
    ".": _source,
    "break": _break,
    "cd": _cd,
    "command": _command,
    "continue": _continue,
    "eval": _eval,
    "exec": _exec,
    "exit": _exit,
    "export": _export,
    "kill": _kill,
    "read": _read,
    "set": _set,
    "shift": _shift,
    "trap": _trap,
    "unset": _unset,
    "wait": _wait,
}
