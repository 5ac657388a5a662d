"""Commands that look at files and change them."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Callable

from podkit.runtime.simulated.commands.options import Failed, command, split
from podkit.runtime.simulated.process import Invocation, Pause, Program, Run


def _for_each(call: Invocation, names: list[str], act: Callable[[str], None], cannot: str) -> int:
    """Do something with each name; complain where it fails, and go on.

    Args:
        call: the command.
        names: as they were given.
        act: what to do with the absolute path of each.
        cannot: the complaint up to the reason, with ``{}`` for the name.
    """
    status = 0
    for name in names:
        try:
            act(call.path(name))
        except OSError as error:
            call.complain(f"{cannot.format(name)}: {error.strerror}")
            status = 1
    return status


@command
def cat(call: Invocation) -> Run:
    """``cat [FILE…]``; without a file it copies its standard input."""
    _, names = split(list(call.argv[1:]), "u")
    status = 0
    for name in names or ["-"]:
        if name == "-":
            call.stdout(call.stdin.read())
            if call.stdin.endless:
                yield Pause(math.inf)
        else:
            status |= _for_each(call, [name], lambda path: call.stdout(call.files.read(path)), "can't open '{}'")
    return status


def tee(call: Invocation) -> int:
    """``tee [-a] FILE…``."""
    options, names = split(list(call.argv[1:]), "a")
    content = call.stdin.read()
    call.stdout(content)
    return _for_each(call, names, lambda path: call.files.write(path, content, append="a" in options), "{}")


def touch(call: Invocation) -> int:
    """``touch FILE…``; files have no times here."""
    _, names = split(list(call.argv[1:]), "")

    def make(path: str) -> None:
        if not call.files.is_dir(path):
            call.files.write(path, b"", append=True)

    return _for_each(call, names, make, "{}")


def mkdir(call: Invocation) -> int:
    """``mkdir [-p] DIRECTORY…``."""
    options, names = split(list(call.argv[1:]), "p")
    make = call.files.make_dir
    return _for_each(call, names, lambda path: make(path, parents="p" in options), "can't create directory '{}'")


def rmdir(call: Invocation) -> int:
    """``rmdir DIRECTORY…``."""
    _, names = split(list(call.argv[1:]), "")
    return _for_each(call, names, call.files.remove, "'{}'")


def rm(call: Invocation) -> int:
    """``rm [-r] [-f] NAME…``."""
    options, names = split(list(call.argv[1:]), "rRf")
    if "f" in options:
        names = [name for name in names if call.files.exists(call.path(name))]

    def remove(path: str) -> None:
        if not call.files.is_dir(path):
            call.files.remove(path)
        elif options & {"r", "R"}:
            call.files.remove_all(path)
        else:
            raise IsADirectoryError(21, "Is a directory", path)

    return _for_each(call, names, remove, "can't remove '{}'")


def cp(call: Invocation) -> int:
    """``cp [-r] SOURCE… TARGET``."""
    options, names = split(list(call.argv[1:]), "rRa")
    *sources, target = _targets(names)
    into, files = call.path(target), call.files

    def copy(path: str) -> None:
        if files.is_dir(path) and not options:
            raise Failed(f"omitting directory '{path}'")
        _copy(call, path, posixpath.join(into, posixpath.basename(path)) if files.is_dir(into) else into)

    return _for_each(call, sources, copy, "can't stat '{}'")


def mv(call: Invocation) -> int:
    """``mv [-f] SOURCE… TARGET``."""
    _, names = split(list(call.argv[1:]), "f")
    *sources, target = _targets(names)
    into, files = call.path(target), call.files

    def move(path: str) -> None:
        directory = files.is_dir(path)
        _copy(call, path, posixpath.join(into, posixpath.basename(path)) if files.is_dir(into) else into)
        files.remove_all(path) if directory else files.remove(path)

    return _for_each(call, sources, move, "can't rename '{}'")


def _targets(names: list[str], usage: str = "usage: SOURCE... TARGET") -> list[str]:
    if len(names) < 2:
        raise Failed(usage)
    return names


def _copy(call: Invocation, source: str, target: str) -> None:
    if not call.files.is_dir(source):
        call.files.write(target, call.files.read(source))
        return
    call.files.make_dir(target, parents=True)
    for name in call.files.names(source):
        _copy(call, posixpath.join(source, name), posixpath.join(target, name))


def ls(call: Invocation) -> int:
    """``ls [-1] [-a|-A] [FILE…]``, one name in a line."""
    options, names = split(list(call.argv[1:]), "1aA")
    files = call.files

    def show(path: str) -> None:
        if not files.exists(path):
            raise FileNotFoundError(2, "No such file or directory", path)
        found = files.names(path) if files.is_dir(path) else [path]
        found = ([".", ".."] if "a" in options else []) + found
        for name in found:
            if options & {"a", "A"} or not name.startswith("."):
                call.print(name)

    return _for_each(call, names or ["."], show, "{}")


def basename(call: Invocation) -> int:
    """``basename NAME [SUFFIX]``."""
    name = posixpath.basename(_targets(list(call.argv), "usage: basename NAME [SUFFIX]")[1].rstrip("/"))
    call.print(name.removesuffix(call.argv[2]) if call.argv[2:] else name)
    return 0


def dirname(call: Invocation) -> int:
    """``dirname NAME``."""
    call.print(posixpath.dirname(_targets(list(call.argv), "usage: dirname NAME")[1].rstrip("/")) or ".")
    return 0


FILES: dict[str, Program] = {
    "basename": command(basename),
    "cat": cat,
    "cp": command(cp),
    "dirname": command(dirname),
    "ls": command(ls),
    "mkdir": command(mkdir),
    "mv": command(mv),
    "rm": command(rm),
    "rmdir": command(rmdir),
    "tee": command(tee),
    "touch": command(touch),
}
