"""Reading the options of a command, strictly."""

from __future__ import annotations

import functools
from collections.abc import Callable

from podkit.runtime.simulated.process import NOT_KNOWN, Invocation, Run


class UnknownOption(Exception):
    """The simulation does not know what an option does."""


class Failed(Exception):
    """A command gives up; the message goes to its error stream."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        self.exit_code = exit_code
        super().__init__(message)


def split(arguments: list[str], known: str) -> tuple[set[str], list[str]]:
    """Options and operands.

    Args:
        arguments: without the command's name.
        known: the letters of the options that it knows.

    Raises:
        UnknownOption: there is another one.
    """
    options: set[str] = set()
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        option = rest.pop(0)
        if option == "--":
            break
        letters = set(option[1:])
        if unknown := letters - set(known):
            raise UnknownOption(f"the simulation does not know the option -{min(unknown)}")
        options |= letters
    return options, rest


def command(function: Callable[[Invocation], Run | int]) -> Callable[[Invocation], Run | int]:
    """Make the errors of a command what they are to its caller: a line on its error stream, and an exit code."""

    @functools.wraps(function)
    def call_it(call: Invocation) -> Run | int:
        try:
            result = function(call)
        except (UnknownOption, Failed, OSError) as error:
            return _complain(call, error)
        return result if isinstance(result, int) else _guarded(call, result)

    return call_it


def _guarded(call: Invocation, under_way: Run) -> Run:
    try:
        return (yield from under_way)
    except (UnknownOption, Failed, OSError) as error:
        return _complain(call, error)


def _complain(call: Invocation, error: Exception) -> int:
    if isinstance(error, OSError):
        call.complain(f"{error.filename}: {error.strerror}")
        return 1
    call.complain(str(error))
    return error.exit_code if isinstance(error, Failed) else NOT_KNOWN
