"""Which program a command's name means."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from attrs import evolve

from podkit.errors import StartFailed
from podkit.runtime.simulated.commands import COMMANDS
from podkit.runtime.simulated.images import SimulatedImage, full_name
from podkit.runtime.simulated.process import Invocation, Program, Run, Shared
from podkit.runtime.simulated.shell import sh

_PROGRAM_DIRECTORIES = frozenset({"", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"})
_KNOWN: Mapping[str, Program] = {**COMMANDS, "sh": sh, "ash": sh}


class Executables:
    """The programs that there are.

    Args:
        programs: those of the user, by the name of a command or the reference of an image. They win over those that the
            simulation knows by itself.
    """

    def __init__(self, programs: Mapping[str, Program]) -> None:
        self._programs = dict(programs)
        self._by_image = {full_name(name): program for name, program in programs.items()}

    def find(self, name: str, working_dir: str, shared: Shared) -> Program | None:
        """What a name means: a program, or an executable script; None if it means nothing."""
        program = self._programs.get(name)
        if program is not None:
            return program
        directory, base = posixpath.split(name)
        if directory in _PROGRAM_DIRECTORIES and (program := self._programs.get(base) or _KNOWN.get(base)):
            return program
        return self._script(shared.files.absolute(working_dir, name), working_dir, shared) if directory else None

    def command(self, name: str, working_dir: str, shared: Shared) -> Program:
        """What a name means.

        Raises:
            StartFailed: nothing that can be executed.
        """
        program = self.find(name, working_dir, shared)
        if program is not None:
            return program
        if "/" in name and shared.files.is_file(shared.files.absolute(working_dir, name)):
            detail = f"exec {name}: permission denied: the file is not executable, or no script"
        else:
            known = ", ".join(sorted({*_KNOWN, *self._programs}))
            detail = (
                f"executable file {name!r} not found in $PATH: the simulation knows {known}; give it more by programs="
            )
        raise StartFailed(f"could not run {name}: {detail}", operation=f"run {name}", detail=detail)

    def first_process(self, name: str, image: SimulatedImage, working_dir: str, shared: Shared) -> Program:
        """What a container runs: what the name means, else what is given for its image.

        Raises:
            StartFailed: there is neither.
        """
        by_image = self._by_image.get(image.reference)
        if by_image is None:
            return self.command(name, working_dir, shared)
        return self.find(name, working_dir, shared) or by_image

    def _script(self, path: str, working_dir: str, shared: Shared) -> Program | None:
        """A program that lets the interpreter named in the first line of a file have the file."""
        if not shared.files.executable(path):
            return None
        first_line = shared.files.read(path).partition(b"\n")[0].decode("utf-8", "replace")
        words = first_line.removeprefix("#!").split()
        if words[:1] == ["/usr/bin/env"]:
            words = words[1:]
        if not first_line.startswith("#!") or not words or words[0] == path:
            return None
        interpreter = self.find(words[0], working_dir, shared)

        def interpret(call: Invocation) -> Run | int:
            assert interpreter is not None
            return interpreter(evolve(call, argv=[*words, path, *call.argv[1:]]))

        return None if interpreter is None else interpret
