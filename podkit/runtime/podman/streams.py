"""Conversations with processes in containers: being attached to a container, and commands that one talks with.

Both are streams of Podman's API. But when any client of Podman's that was attached goes, the monitor closes the input of a
container without a terminal, whatever the Pod says with ``stdinOnce``. So, where Podman runs on this machine and such a container
has an input, the output is read from its log, and input goes over a connection of its own. Unless ``stdinOnce`` is wanted, that
connection stays open when its user goes, for the next one, as long as the runtime.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from podkit.errors import ContainerNotFound, PodkitError, RuntimeFailed
from podkit.runtime.podman.client import Client, get, post
from podkit.runtime.podman.errors import unreachable
from podkit.runtime.podman.exec import ApiCommands, create_session, end_session, not_running
from podkit.runtime.podman.observe import Observer
from podkit.runtime.podman.output import LogOutput, Output, StreamOutput
from podkit.runtime.podman.upgrade import upgrade
from podkit.runtime.streams import Piece


class PodmanStreams:
    """One conversation; see `podkit.runtime.streams.Streams`.

    Args:
        output: where the output comes from.
        stdin: where input goes; None: nowhere.
        end_input: is called when there is no more input.
        resize: sets the size of the terminal.
        exit_code: tells how the process has ended.
        end: is called when the conversation is over.
    """

    def __init__(
        self,
        output: Output,
        *,
        stdin: socket.socket | None,
        end_input: Callable[[], None],
        resize: Callable[[int, int], None],
        exit_code: Callable[[], int | None],
        end: Callable[[], None],
    ) -> None:
        self._output = output
        self._stdin = stdin
        self._end_input = end_input
        self._resize = resize
        self._exit_code = exit_code
        self._end = end
        self._pieces: list[Piece] = []
        self._closing = threading.Lock()
        self._closed = False

    def read(self, timeout: float | None = None) -> Piece | None:
        """The next piece of output; None when there will be no more."""
        while not self._pieces:
            pieces = self._output.read(timeout)
            if pieces is None:
                return None
            self._pieces += pieces
        return self._pieces.pop(0)

    def write(self, data: bytes) -> None:
        """Send input."""
        operation = "write to the standard input of a container"
        if self._stdin is None:
            raise RuntimeFailed(f"could not {operation}: it is not open", operation=operation)
        try:
            self._stdin.settimeout(None)
            self._stdin.sendall(data)
        except OSError as error:
            raise RuntimeFailed(f"could not {operation}: {error}", operation=operation) from error

    def close_stdin(self) -> None:
        """Say that there is no more input."""
        if self._stdin is not None:
            self._stdin = None
            self._end_input()

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the terminal."""
        self._resize(rows, columns)

    def exit_code(self) -> int | None:
        """The exit code of the process; None while it runs."""
        return self._exit_code()

    def close(self) -> None:
        """End the conversation."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self.close_stdin()
        self._output.close()
        with contextlib.suppress(PodkitError):
            self._end()


class StreamOpener:
    """Begins conversations.

    Args:
        client: the connection to Podman.
        observer: tells how containers are.
        commands: remembers that commands have been run.
    """

    def __init__(self, client: Client, observer: Observer, commands: ApiCommands) -> None:
        self._client = client
        self._observer = observer
        self._commands = commands
        self._inputs: dict[str, socket.socket] = {}

    def attach(self, container_id: str, *, stdin: bool, stdin_once: bool) -> PodmanStreams:
        """Attach to a container; see `podkit.runtime.base.Runtime.attach`."""
        operation = f"attach to container {container_id[:12]}"
        found = self._observer.inspect(container_id)
        if not found["State"].get("Running"):
            raise ContainerNotFound(f"could not {operation}: it does not run", operation=operation)
        output, connection = self._output(found, operation, stdin=stdin)
        try:
            given = (connection or self._kept_input(container_id, operation)) if stdin else None
        except BaseException:
            output.close()
            raise
        return PodmanStreams(
            output,
            stdin=given,
            end_input=_nothing if connection or not stdin_once else lambda: self._close_input(container_id),
            resize=self._resizer(f"containers/{container_id}", operation),
            exit_code=lambda: self._observer.container(container_id).exit_code,
            end=_nothing,
        )

    def command(self, container_id: str, argv: Sequence[str], *, stdin: bool, tty: bool) -> PodmanStreams:
        """Run a command to talk with; see `podkit.runtime.base.Runtime.open_exec`."""
        operation = f"run {argv[0] if argv else 'nothing'} in container {container_id[:12]}"
        session = create_session(self._client, container_id, argv, operation, stdin=stdin, tty=tty)
        connection = self._client.open_socket(operation)
        try:
            rest = self._upgrade(connection, f"exec/{session}/start", {"Detach": False, "Tty": tty}, operation)
        except BaseException:
            connection.close()
            raise
        self._commands.note(container_id)

        def exit_code() -> int | None:
            told = self._client.send(get(f"exec/{session}/json", operation)).json()
            return None if told.get("Running") else int(told.get("ExitCode") or 0) & 0xFF

        return PodmanStreams(
            StreamOutput(connection, rest, tty=tty),
            stdin=connection if stdin else None,
            end_input=lambda: _half_close(connection),
            resize=self._resizer(f"exec/{session}", operation),
            exit_code=exit_code,
            end=lambda: end_session(self._client, session, operation, local=self._observer.local),
        )

    def forget(self, container_id: str) -> None:
        """A container has been removed."""
        self._close_input(container_id)

    def close(self) -> None:
        """Close the inputs that were kept."""
        for container_id in list(self._inputs):
            self._close_input(container_id)

    def _output(
        self, inspected: Mapping[str, Any], operation: str, *, stdin: bool
    ) -> tuple[Output, socket.socket | None]:
        """The output of a container, and, if input goes over the same connection, that."""
        container_id, config = inspected["Id"], inspected["Config"]
        tty = bool(config.get("Tty"))
        path = Path((inspected["HostConfig"].get("LogConfig") or {}).get("Path") or "/nonexistent")
        if config.get("OpenStdin") and not tty and self._observer.local and os.access(path, os.R_OK):
            return LogOutput(path, self._observer.log_is_complete(container_id)), None
        connection, begun = self._connect(container_id, operation, stdin=stdin and tty, output=True)
        return StreamOutput(connection, begun, tty=tty), connection if tty else None

    def _kept_input(self, container_id: str, operation: str) -> socket.socket:
        kept = self._inputs.get(container_id)
        if kept is None or _is_over(kept):
            self._close_input(container_id)
            self._inputs[container_id], _ = self._connect(container_id, operation, stdin=True, output=False)
        return self._inputs[container_id]

    def _close_input(self, container_id: str) -> None:
        kept = self._inputs.pop(container_id, None)
        if kept is not None:
            kept.close()

    def _connect(self, container_id: str, operation: str, *, stdin: bool, output: bool) -> tuple[socket.socket, bytes]:
        connection = self._client.open_socket(operation)
        wanted = f"stdin={stdin}&stdout={output}&stderr={output}".lower()
        try:
            path = f"containers/{container_id}/attach?stream=true&{wanted}&detachKeys="
            return connection, self._upgrade(connection, path, None, operation)
        except BaseException:
            connection.close()
            raise

    def _upgrade(self, connection: socket.socket, path: str, body: object, operation: str) -> bytes:
        try:
            return upgrade(connection, path, body, operation=operation, refused=not_running) or b""
        except OSError as error:
            raise unreachable(self._client.service.uri, operation, error) from error

    def _resizer(self, path: str, operation: str) -> Callable[[int, int], None]:
        def resize(rows: int, columns: int) -> None:
            request = post(f"{path}/resize", f"{operation} and set its size", {"h": str(rows), "w": str(columns)})
            self._client.send(request)

        return resize


def _is_over(connection: socket.socket) -> bool:
    """Whether the service has gone that a connection leads to."""
    try:
        connection.setblocking(False)
        return not connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _half_close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


def _nothing() -> None:
    """There is nothing to end."""
