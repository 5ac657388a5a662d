"""Talking with a process of ours by its standard streams, until it has ended or its time is up.

All streams are served at once, in the calling thread. The end of the process is what ends it, not the end of its output: what it
leaves running in the background may hold the streams for good.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from typing import IO

from podkit.loop import cancellation
from podkit.runtime.base import ExecResult
from podkit.runtime.podman.processes import kill_descendants

_CHUNK = 65536
"""As much as a pipe holds: at the end, one read tells all that is left."""
_SIGNALLED = 128
_END_SECONDS = 0.5


class Conversation:
    """What is said to a process, and what it says.

    Args:
        process: it has pipes for its output, and for its input where it is given one.
        stdin: what it reads.
        enter: how to get into the user namespace of its descendants, see `kill_descendants`.
    """

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes | None, enter: Sequence[str] = ()) -> None:
        self._process = process
        self._input = memoryview(stdin or b"")
        self._enter = enter
        self._outputs = [_descriptor(stream) for stream in (process.stdout, process.stderr)]
        self._heard = {descriptor: bytearray() for descriptor in self._outputs}

    def hold(self, timeout: float | None) -> ExecResult:
        """Serve its streams to its end.

        Args:
            timeout: seconds after which it is killed with all that descends from it, so that the result has no exit code.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        finished = False
        try:
            ended = os.pidfd_open(self._process.pid)
            try:
                finished = self._serve(ended, deadline)
            finally:
                os.close(ended)
        finally:
            if not finished:
                self._kill()
        code = self._process.wait()
        for descriptor in self._outputs:
            self._receive(descriptor)
        stdout, stderr = (bytes(self._heard[descriptor]) for descriptor in self._outputs)
        return ExecResult((_SIGNALLED - code if code < 0 else code) if finished else None, stdout, stderr)

    def _kill(self) -> None:
        """Kill what it has started, so that it ends by itself and leaves no zombie to others; if need be, kill it too."""
        kill_descendants(self._process.pid, self._enter)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _serve(self, ended: int, deadline: float | None) -> bool:
        """Serve until it has ended; False if the deadline came first."""
        with selectors.DefaultSelector() as selector:
            selector.register(ended, selectors.EVENT_READ)
            for descriptor in self._outputs:
                os.set_blocking(descriptor, False)
                selector.register(descriptor, selectors.EVENT_READ)
            if self._process.stdin is not None:
                os.set_blocking(self._process.stdin.fileno(), False)
                selector.register(self._process.stdin.fileno(), selectors.EVENT_WRITE)
            while True:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                cancellation.check()
                for key, _ in selector.select(cancellation.nap(left)):
                    if key.fd == ended:
                        return True
                    over = not self._receive(key.fd) if key.fd in self._heard else self._send()
                    if over:
                        selector.unregister(key.fd)
                        if key.fd not in self._heard and self._process.stdin is not None:
                            self._process.stdin.close()

    def _receive(self, descriptor: int) -> bool:
        """Receive a piece of its output; False at the end of the stream."""
        try:
            piece = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return True
        self._heard[descriptor] += piece
        return bool(piece)

    def _send(self) -> bool:
        """Send a piece of its input; True when that is done, one way or the other."""
        try:
            if self._input:
                self._input = self._input[os.write(_descriptor(self._process.stdin), self._input[:_CHUNK]) :]
        except BlockingIOError:
            return False
        except BrokenPipeError:  # it does not read all of its input
            return True
        return not self._input


def _descriptor(stream: IO[bytes] | None) -> int:
    assert stream is not None, "it has been started with pipes"
    return stream.fileno()
