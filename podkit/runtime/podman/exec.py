"""Running a command in a container, by Podman's API.

Podman does it in three requests: make a session, start it, ask for its exit code. Starting turns the HTTP connection into a
two-way stream: what is sent is the command's input, and half-closing ends it; what comes is its output in frames of 8 bytes
header (stream number, length) and data. Both ways must be served at once, or a command that answers while it still reads would
block for ever; a selector does it in the calling thread.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Protocol

from attrs import evolve

from podkit.errors import ContainerNotFound, PodkitError, RuntimeFailed
from podkit.loop import cancellation
from podkit.runtime.base import ExecResult
from podkit.runtime.podman import processes
from podkit.runtime.podman.client import Client, get, post
from podkit.runtime.podman.errors import refused, state_is_over, unreachable
from podkit.runtime.podman.observe import Observer
from podkit.runtime.podman.upgrade import upgrade

_HEADER = 8
_STDERR = 2
_CHUNK = 65536
_SETTLE_SECONDS = 20.0
"""How long after the end of a command's output Podman may take to know its exit code; only a broken connection takes it all."""
_POLL_SECONDS = 0.005
_LEFTOVERS = 8
"""After so many commands in a container their monitors are told to clean up."""
_COULD_NOT_RUN = (126, 127)
_NO_VERDICT = 125
"""The exit code by which Podman says that the OCI runtime has failed; a command may have it too."""
_RUNTIME_FAILED = b"OCI runtime error"
_NOISE = b"Error: read unixpacket"
"""Podman's remark that it lost the connection to a process which never was, after it has said why."""
_FORGOTTEN = "Podman no longer knows its exit code; set a longer exit_command_delay in containers.conf"


class Commands(Protocol):
    """Runs commands in containers."""

    def run(self, container_id: str, argv: Sequence[str], *, stdin: bytes | None, timeout: float | None) -> ExecResult:
        """Run one to its end; see `podkit.runtime.base.Runtime.exec`."""


class ApiCommands:
    """Runs commands by Podman's API.

    Args:
        client: the connection to Podman.
        observer: tells whether the processes are ones of this machine.
    """

    def __init__(self, client: Client, observer: Observer) -> None:
        self._client = client
        self._observer = observer
        self._executed: dict[str, int] = {}

    def run(self, container_id: str, argv: Sequence[str], *, stdin: bytes | None, timeout: float | None) -> ExecResult:
        """Run a command in a running container; see `podkit.runtime.base.Runtime.exec`.

        A timeout needs Podman 5, or a Podman on this machine: the API of older ones cannot end a command.
        """
        client = self._client
        operation = f"run {argv[0] if argv else 'nothing'} in container {container_id[:12]}"
        deadline = None if timeout is None else time.monotonic() + timeout
        session = create_session(client, container_id, argv, operation, stdin=stdin is not None)
        with client.open_socket(operation) as connection:
            talk = _Conversation(connection, stdin)
            try:
                finished = talk.start(session, operation, deadline) and talk.exchange(deadline)
            except OSError as error:
                raise unreachable(client.service.uri, operation, error) from error
            except BaseException:  # Ctrl-C, or cancelled: the command does not stay behind
                with contextlib.suppress(PodkitError):
                    end_session(client, session, operation, local=self._observer.local)
                raise
            if not finished:
                end_session(client, session, operation, local=self._observer.local)
        self.note(container_id)
        stdout, stderr = map(bytes, talk.output)
        if not finished:
            return ExecResult(None, stdout, stderr)
        exit_code = exit_code_of(client, session, operation)
        if exit_code is None:
            raise self._failed(container_id, operation, _FORGOTTEN)
        if exit_code == _NO_VERDICT and stderr.startswith(b"Error: ") and _RUNTIME_FAILED in stderr:
            said = stderr.partition(_NOISE)[0].decode(errors="replace").strip()
            raise self._failed(container_id, operation, f"Podman says: {said}")
        if exit_code in _COULD_NOT_RUN:
            stderr = stderr.partition(_NOISE)[0]
        return ExecResult(exit_code, stdout, stderr)

    def _failed(self, container_id: str, operation: str, reason: str) -> RuntimeFailed:
        """The error of a command of which nothing is known, which is mostly because its container has ended meanwhile."""
        if self._observer.has_ended(container_id):
            text = f"could not {operation}: the container has ended meanwhile; {reason}"
            return ContainerNotFound(text, operation=operation, detail=reason)
        return RuntimeFailed(f"could not {operation}: {reason}", operation=operation, detail=reason)

    def note(self, container_id: str) -> None:
        """A command has been run in a container; its monitor is still there."""
        self._executed[container_id] = self._executed.get(container_id, 0) + 1
        if self._executed[container_id] % _LEFTOVERS == 0 and self._observer.local:
            processes.hasten_exec_monitors((container_id,))

    def end_monitors(self, container_ids: Iterable[str]) -> None:
        """End what is left of the commands in containers that are about to be removed."""
        executed = [container_id for container_id in container_ids if self._executed.pop(container_id, 0)]
        if executed and self._observer.local:
            processes.end_exec_monitors(executed)

    @property
    def used(self) -> bool:
        """Whether there may be anything left of commands."""
        return bool(self._executed)


class Frames:
    """Takes apart a stream of frames, which come in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that a further piece completes: number of the stream (1 output, 2 error output) and data."""
        self._rest += piece
        while len(self._rest) >= _HEADER:
            end = _HEADER + int.from_bytes(self._rest[4:_HEADER], "big")
            if len(self._rest) < end:
                return
            yield self._rest[0], self._rest[_HEADER:end]
            self._rest = self._rest[end:]


def not_running(operation: str, status: int, detail: str) -> RuntimeFailed:
    """The error of a refusal that can only be because of the container."""
    error = refused(operation, status, detail)
    if state_is_over(error):
        return ContainerNotFound(f"{error}; it does not run", operation=operation, detail=detail, status=status)
    return error


def create_session(
    client: Client, container_id: str, argv: Sequence[str], operation: str, *, stdin: bool, tty: bool = False
) -> str:
    """Let Podman prepare a command; return the id of what is called an exec session.

    Raises:
        ContainerNotFound: there is no such container, or it does not run.
    """
    body = {"AttachStdin": stdin, "AttachStdout": True, "AttachStderr": not tty, "Tty": tty, "Cmd": list(argv)}
    request = post(f"containers/{container_id}/exec", operation, json=body)
    return str(client.send(evolve(request, error=not_running)).json()["Id"])


def end_session(client: Client, session: str, operation: str, *, local: bool) -> None:
    """End a command; where its processes are ours to see also what it has started, and with a Podman before 5 at all."""
    try:
        if local:
            found = client.send(get(f"exec/{session}/json", operation)).json()
            if found.get("Running") and found.get("Pid"):
                processes.kill_descendants(int(found["Pid"]))
                processes.kill(int(found["Pid"]))
        request = post(f"exec/{session}/remove", f"end what was to {operation}", json={"Force": True})
        client.send(evolve(request, accept=frozenset({404, 409})))
    except ContainerNotFound:
        return
    except RuntimeFailed as error:  # it has ended with its container
        if not state_is_over(error):
            raise


def exit_code_of(client: Client, session: str, operation: str) -> int | None:
    """The exit code of a command that has ended; None if Podman has forgotten it, as it does when the container ends."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    request = evolve(get(f"exec/{session}/json", operation), accept=frozenset({HTTPStatus.NOT_FOUND}))
    while True:
        answer = client.send(request)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        found = answer.json()
        if not found.get("Running"):
            return int(found.get("ExitCode") or 0) & 0xFF
        if time.monotonic() > deadline:
            raise unreachable(client.service.uri, operation, "the connection broke while the command ran on")
        time.sleep(_POLL_SECONDS)


class _Conversation:
    """The two-way stream of one command."""

    def __init__(self, connection: socket.socket, stdin: bytes | None) -> None:
        self.output = (bytearray(), bytearray())
        self._frames = Frames()
        self._connection = connection
        self._input = memoryview(stdin or b"")
        self._has_input = stdin is not None

    def start(self, session: str, operation: str, deadline: float | None) -> bool:
        """Ask Podman to start the command, and read the head of its answer; False if the deadline came first."""
        rest = upgrade(
            self._connection,
            f"exec/{session}/start",
            {"Detach": False, "Tty": False},
            operation=operation,
            refused=not_running,
            deadline=deadline,
        )
        if rest is not None:
            self._take(rest)
        return rest is not None

    def exchange(self, deadline: float | None) -> bool:
        """Send all input and receive all output; False if the deadline came first."""
        self._connection.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(
                self._connection, selectors.EVENT_READ | (selectors.EVENT_WRITE if self._has_input else 0)
            )
            while True:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                cancellation.check()
                for _, events in selector.select(cancellation.nap(left)):
                    if events & selectors.EVENT_WRITE and self._send():
                        selector.modify(self._connection, selectors.EVENT_READ)
                    if events & selectors.EVENT_READ and self._receive():
                        return True

    def _send(self) -> bool:
        """Send a piece of the input; True when that is done, one way or the other."""
        try:
            if self._input:
                self._input = self._input[self._connection.send(self._input[:_CHUNK]) :]
            if not self._input:
                self._connection.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return False
        except OSError:  # the command has ended without reading all of its input
            return True
        return not self._input

    def _receive(self) -> bool:
        """Receive a piece of the output; True at its end."""
        try:
            piece = self._connection.recv(_CHUNK)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        self._take(piece)
        return not piece

    def _take(self, piece: bytes) -> None:
        for stream, data in self._frames.feed(piece):
            self.output[stream == _STDERR].extend(data)
