"""Commands that read lines and write some of them."""

from __future__ import annotations

import re

from podkit.runtime.simulated.commands.options import Failed, UnknownOption, command, split
from podkit.runtime.simulated.process import Invocation, Program


def _content(call: Invocation, names: list[str]) -> bytes:
    """What the named files hold, or the standard input."""
    if not names:
        return call.stdin.read()
    return b"".join(call.files.read(call.path(name)) for name in names)


def _count(arguments: list[str]) -> tuple[int, list[str]]:
    """``-n COUNT`` or ``-COUNT``, 10 by default, and the names."""
    if arguments[:1] == ["-n"] and arguments[1:2] and arguments[1].isdigit():
        return int(arguments[1]), arguments[2:]
    if arguments and (found := re.fullmatch(r"-n?(\d+)", arguments[0])):
        return int(found[1]), arguments[1:]
    return 10, split(arguments, "")[1]


def head(call: Invocation) -> int:
    """``head [-n COUNT] [FILE…]``."""
    count, names = _count(list(call.argv[1:]))
    call.stdout(b"".join(_content(call, names).splitlines(keepends=True)[:count]))
    return 0


def tail(call: Invocation) -> int:
    """``tail [-n COUNT] [FILE…]``."""
    count, names = _count(list(call.argv[1:]))
    lines = _content(call, names).splitlines(keepends=True)
    call.stdout(b"".join(lines[len(lines) - count :] if count < len(lines) else lines))
    return 0


def grep(call: Invocation) -> int:
    """``grep [-q] [-v] [-c] [-i] [-F] PATTERN [FILE…]``; of regular expressions it knows what they share with Python's."""
    options, operands = split(list(call.argv[1:]), "qvciFE")
    if not operands:
        raise Failed("no pattern", 2)
    pattern, *names = operands
    if "F" not in options and "\\" in pattern:
        raise UnknownOption(f"the simulation does not know the expression {pattern!r}")
    text = re.escape(pattern) if "F" in options else pattern
    try:
        expression = re.compile(text.encode("utf-8", "surrogateescape"), re.IGNORECASE if "i" in options else 0)
    except re.error as error:
        raise UnknownOption(f"the simulation does not know the expression {pattern!r}") from error
    lines = _content(call, names).splitlines()
    found = [line for line in lines if bool(expression.search(line)) != ("v" in options)]
    if "c" in options:
        call.print(str(len(found)))
    elif "q" not in options:
        call.stdout(b"".join(line + b"\n" for line in found))
    return int(not found)


def wc(call: Invocation) -> int:
    """``wc -l``, ``-w`` or ``-c``, of the standard input or one file."""
    options, names = split(list(call.argv[1:]), "lwc")
    if len(options) != 1 or len(names) > 1:
        raise UnknownOption("the simulation knows wc only with one of -l, -w, -c, and for one file")
    content = _content(call, names)
    counts = {"l": content.count(b"\n"), "w": len(content.split()), "c": len(content)}
    call.print(" ".join([str(counts[options.pop()]), *names]))
    return 0


def sort(call: Invocation) -> int:
    """``sort [-r] [-u] [-n] [FILE…]``."""
    options, names = split(list(call.argv[1:]), "run")
    lines = _content(call, names).splitlines()
    if "u" in options:
        lines = list(dict.fromkeys(lines))

    def number(line: bytes) -> tuple[int, bytes]:
        found = re.match(rb"\s*(-?\d+)", line)
        return (int(found[1]) if found else 0, line)

    lines = sorted(lines, key=number if "n" in options else None, reverse="r" in options)
    call.stdout(b"".join(line + b"\n" for line in lines))
    return 0


TEXT: dict[str, Program] = {
    "grep": command(grep),
    "head": command(head),
    "sort": command(sort),
    "tail": command(tail),
    "wc": command(wc),
}
