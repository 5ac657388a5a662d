"""Running a command in a container that runs already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, AnyStr, Generic

from attrs import frozen

from podkit.cluster.containers import Place
from podkit.cluster.pauses import require_seconds
from podkit.errors import ExecFailed


@frozen
class ExecResult(Generic[AnyStr]):
    r"""What a command has come to.

    Attributes:
        exit_code: its exit code; 126 or 127 when it could not be run, and ``stderr`` says why.
        stdout: what it wrote: text, or bytes if those were asked for.
        stderr: what it wrote to the error stream.

    Example:
        ::

            result = cluster.exec("pod/web", ["sh", "-c", "echo out; echo err >&2; exit 3"])
            assert (result.exit_code, result.stdout, result.stderr) == (3, "out\n", "err\n")
    """

    exit_code: int
    stdout: AnyStr
    stderr: AnyStr


def execute(
    place: Place,
    argv: Sequence[str],
    *,
    stdin: str | bytes | None,
    timeout: float | None,
    check: bool,
) -> ExecResult[bytes]:
    """Run a command in a container until it has ended.

    Args:
        place: the container.
        argv: the command and its arguments.
        stdin: what it reads; None: nothing.
        timeout: seconds after which it is killed; None: no limit.
        check: whether an exit code other than 0 is an error.

    Raises:
        ExecFailed: it ran into the timeout, or, with ``check``, failed.
    """
    command = checked(argv)
    given = stdin.encode() if isinstance(stdin, str) else stdin
    require_seconds(timeout)
    found = place.runtime.exec(place.container_id, command, stdin=given, timeout=timeout)
    where = f"{command!r} in container {place.container!r} of pod {place.pod.metadata.name!r}"
    if found.exit_code is None:
        raise _failed(f"{where} was killed after {timeout:g} s", None, found.stdout, found.stderr)
    if check and found.exit_code != 0:
        raise _failed(f"{where} ended with exit code {found.exit_code}", found.exit_code, found.stdout, found.stderr)
    return ExecResult(found.exit_code, found.stdout, found.stderr)


def as_text(result: ExecResult[bytes]) -> ExecResult[str]:
    """The same with text in place of bytes."""
    return ExecResult(result.exit_code, _text(result.stdout), _text(result.stderr))


def checked(argv: Any) -> list[str]:
    """A command as a list of texts.

    Raises:
        TypeError: it is none.
    """
    if isinstance(argv, str | bytes):
        raise TypeError(f"a command is a list, not a text: ['sh', '-c', {argv!r}], or one item for each argument")
    command = [str(part) for part in argv]
    if not command:
        raise TypeError("a command needs at least one item")
    return command


def _failed(message: str, exit_code: int | None, stdout: bytes, stderr: bytes) -> ExecFailed:
    said = _text(stderr).strip() or _text(stdout).strip()
    return ExecFailed(
        message + (f": {said[-500:]}" if said else ""), exit_code=exit_code, stdout=_text(stdout), stderr=_text(stderr)
    )


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
