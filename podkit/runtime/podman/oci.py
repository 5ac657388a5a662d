"""Running a command in a container by the OCI runtime's own ``exec``, without Podman.

Podman's way takes three requests and a monitor process for each command, 50 to 150 ms in all, and the monitor stays for a while.
``crun exec`` and ``runc exec`` take 5 to 20 ms and leave nothing. They can be used where the container's processes are processes
of this machine and the runtime is one of these two. In every other case, and whenever the runtime refuses for a reason that is not
the command's own, Podman is asked instead; it then also has the words for what is wrong.

What a command gets is what the container's first process has got, as it stands in the container's ``config.json``: user and groups,
environment, directory, capabilities, seccomp, SELinux and AppArmor labels, limits. The runtime lets it join the namespaces and the
cgroups. The container of a rootless Podman is known only in the user and mount namespaces of that Podman; its monitor lives there,
and shows the way.

The runtime's complaints go to a file too, so that they can be told from what the command says. Where it complains, there was no
command.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import shutil
import subprocess
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from podkit.errors import PodkitError
from podkit.log import logger
from podkit.runtime.base import ExecResult
from podkit.runtime.podman.conversation import Conversation
from podkit.runtime.podman.exec import Commands
from podkit.runtime.podman.observe import Observer
from podkit.runtime.podman.private import private_directory
from podkit.runtime.podman.processes import can_watch_processes, ended

_log = logger(__name__)

_RUNTIMES = ("crun", "runc")
_ABOUT_THE_COMMAND = re.compile(r"executable|exec: \"|exec format|chdir|\bcwd\b|working directory", re.IGNORECASE)
_NO_SUCH_COMMAND = re.compile(r"not found|no such file", re.IGNORECASE)
_NOT_FOUND, _NOT_PERMITTED = 127, 126
_VERDICTS = {
    _NOT_FOUND: "OCI runtime attempted to invoke a command that was not found",
    _NOT_PERMITTED: "OCI permission denied",
}
"""How Podman words it."""


@frozen
class _Place:
    """How to run commands in one container.

    Attributes:
        runtime: the runtime's name.
        enter: what comes before the runtime in a command line, to get into the namespaces in which it knows the container.
        monitor: the process whose namespaces these are; 0: none has to be entered.
        program: the runtime, with the directory of its states.
        process: the container's first process, as the OCI specification describes it.
    """

    runtime: str
    enter: tuple[str, ...]
    monitor: int
    program: tuple[str, ...]
    process: Mapping[str, Any]


class DirectCommands:
    """Runs commands by the OCI runtime where that can be done.

    Args:
        observer: tells where a container is.
        document: gives what Podman says about itself.
        otherwise: runs them in all other cases.
    """

    def __init__(self, observer: Observer, document: Callable[[], Mapping[str, Any]], otherwise: Commands) -> None:
        self._observer = observer
        self._document = document
        self._otherwise = otherwise
        self._places: dict[str, _Place | None] = {}
        self._distrusted = False
        self._numbers = itertools.count(1)
        self._remove_files: Callable[[], object] = _nothing

    def run(self, container_id: str, argv: Sequence[str], *, stdin: bytes | None, timeout: float | None) -> ExecResult:
        """Run one to its end; see `podkit.runtime.base.Runtime.exec`."""
        place = self._place(container_id) if argv else None
        if place is None:
            return self._otherwise.run(container_id, argv, stdin=stdin, timeout=timeout)
        result, refusal = self._run(place, container_id, argv, stdin, timeout)
        if result is not None:
            return result
        result = self._otherwise.run(container_id, argv, stdin=stdin, timeout=timeout)
        if result.exit_code not in _VERDICTS:  # Podman can what its runtime alone cannot
            self.distrust(f"{place.runtime} says: {refusal}")
        return result

    def distrust(self, reason: str) -> None:
        """Run no command by the runtime any more."""
        _log.warning("commands are run by Podman's API from now on, because %s", reason)
        self._distrusted = True

    def forget(self, container_id: str) -> None:
        """A container has been removed."""
        self._places.pop(container_id, None)

    def close(self) -> None:
        """Remove the files of the commands."""
        self._remove_files()

    def _run(
        self, place: _Place, container_id: str, argv: Sequence[str], stdin: bytes | None, timeout: float | None
    ) -> tuple[ExecResult | None, str]:
        """What the command has come to; None, and why, where the runtime has refused to run it at all."""
        base = self._directory / str(next(self._numbers))
        description, complaints = base.with_suffix(".json"), base.with_suffix(".log")
        program = [*place.enter, *place.program, f"--log={complaints}", "--log-format=json"]
        line = [*program, "exec", f"--process={description}", container_id]
        try:
            description.write_text(json.dumps({**place.process, "args": list(argv), "terminal": False}))
            with _started(line, has_input=stdin is not None) as process:
                result = Conversation(process, stdin, place.enter).hold(timeout)
            refusal = (_refusal(complaints) or _no_way_in(place, result)) if result.exit_code else ""
        finally:
            for path in (description, complaints):
                path.unlink(missing_ok=True)
        return (_never_ran(place.runtime, refusal) if refusal else result), refusal

    @functools.cached_property
    def _directory(self) -> Path:
        directory, claim = private_directory()
        self._remove_files = weakref.finalize(self, _remove, directory, claim, os.getpid())
        return directory

    def _place(self, container_id: str) -> _Place | None:
        if self._distrusted or not self._observer.local or not can_watch_processes():
            return None
        if container_id not in self._places:
            try:
                found = self._observer.inspect(container_id)
            except PodkitError:
                return None
            if not found["State"].get("Running"):
                return None
            self._places[container_id] = self._find(found)
        return self._places[container_id]

    def _find(self, inspected: Mapping[str, Any]) -> _Place | None:
        """How to run commands in a running container; None where only Podman can."""
        document = self._document()
        known = document["host"].get("ociRuntime") or {}
        name, path = str(known.get("name") or ""), str(known.get("path") or "")
        if name not in _RUNTIMES or Path(str(inspected.get("OCIRuntime") or "")).name != name:
            return None
        rootless = bool((document["host"].get("security") or {}).get("rootless"))
        states = _states(name, inspected["Id"], document)
        try:
            process = json.loads(Path(str(inspected.get("OCIConfigPath") or "")).read_bytes())["process"]
            monitor = int(inspected["State"].get("ConmonPid") or 0) if rootless else 0
            enter = _way_in(monitor) if rootless else ()
        except (OSError, ValueError, KeyError):
            return None
        if enter is None or states is None or not os.access(path, os.X_OK):
            return None
        process.pop("consoleSize", None)
        return _Place(name, enter, monitor, (path, f"--root={states}"), process)


def _started(line: Sequence[str], *, has_input: bool) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        line,
        stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd="/",
        env=_environment(),
        start_new_session=True,  # so that Ctrl-C in a terminal does not reach it
    )


def _nothing() -> None:
    """There are no files yet."""


def _remove(directory: Path, claim: int, owner: int) -> None:
    if os.getpid() == owner:  # a forked child leaves it to its parent
        shutil.rmtree(directory, ignore_errors=True)
        os.close(claim)


def _way_in(monitor: int) -> tuple[str, ...] | None:
    """How to get into the namespaces of a rootless Podman of our user, where the monitor of a container lives."""
    nsenter = shutil.which("nsenter")
    if nsenter is None or monitor == 0 or Path(f"/proc/{monitor}").stat().st_uid != os.geteuid():
        return None
    return (nsenter, f"--target={monitor}", "--user", "--mount", "--preserve-credentials")


def _states(runtime: str, container_id: str, document: Mapping[str, Any]) -> str | None:
    """The directory in which the runtime keeps the states of its containers; None where it cannot be found."""
    run_root = (document.get("store") or {}).get("runRoot") or "/run/containers"
    bases = (str(Path(run_root).parent), os.environ.get("XDG_RUNTIME_DIR"), "/run")
    candidates = [Path(base, runtime) for base in bases if base]
    return next((str(path) for path in candidates if (path / container_id).is_dir()), None)


@functools.cache
def _environment() -> dict[str, str]:
    """What the runtime itself gets; nothing of it reaches the command."""
    return {name: value for name in ("PATH", "XDG_RUNTIME_DIR") if (value := os.environ.get(name))}


def _refusal(complaints: Path) -> str:
    """Why the runtime has not run the command; empty where it has."""
    try:
        text = complaints.read_text(errors="replace")
    except OSError:
        return ""
    for said in _documents(text):
        if said.get("level") in ("error", "fatal"):
            return str(said.get("msg") or "it gives no reason")
    return ""


def _no_way_in(place: _Place, result: ExecResult) -> str:
    """Why there was no way to the runtime; empty if there was one. The monitor that shows it goes with its container."""
    if place.monitor and result.stderr.startswith(b"nsenter: ") and ended(place.monitor):
        return result.stderr.decode(errors="replace").strip()
    return ""


def _documents(text: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a log: runc writes one a line, newer versions of crun one over several lines."""
    decoder = json.JSONDecoder()
    position = 0
    while (position := text.find("{", position)) >= 0:
        try:
            found, position = decoder.raw_decode(text, position)
        except ValueError:
            return
        yield found


def _never_ran(runtime: str, refusal: str) -> ExecResult | None:
    """The result of a command that cannot be executed; None where that is not the reason."""
    if not _ABOUT_THE_COMMAND.search(refusal):
        return None
    exit_code = _NOT_FOUND if _NO_SUCH_COMMAND.search(refusal) else _NOT_PERMITTED
    return ExecResult(exit_code, b"", f"Error: {runtime}: {refusal}: {_VERDICTS[exit_code]}\n".encode())
