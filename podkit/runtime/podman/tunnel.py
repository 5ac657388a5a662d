"""A Podman service on another machine, through OpenSSH.

``ssh`` makes the service's socket one of this machine, as long as this process lives: it forwards it, and at the other end runs
``cat``, which ends with its input. Keys, names and known hosts are those of the user's own ssh; nothing is asked, because nobody
may be there to answer.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
import weakref
from urllib.parse import unquote, urlsplit

from podkit.errors import RuntimeUnavailable
from podkit.runtime.podman.answering import answers
from podkit.runtime.podman.ending import end_process
from podkit.runtime.podman.private import private_directory

CONNECT_SECONDS = 30.0
"""How long the other machine may take to let us in."""
_KEEP_ALIVE_SECONDS = 15


class TunnelledService:
    """A service that is reached by ssh.

    Args:
        uri: ``ssh://[user@]host[:port]/path/of/the/podman.sock``.

    Attributes:
        uri: where it can be reached on this machine.
        host: the machine on which it is.

    Raises:
        RuntimeUnavailable: the machine does not let us in, or has no such service.
    """

    def __init__(self, uri: str) -> None:
        self._target = uri
        self._tunnel = _Tunnel(uri)
        self._lock = threading.Lock()
        self._end = weakref.finalize(self, self._tunnel.end)
        try:
            self._tunnel.start()
        except BaseException:
            self.close()
            raise

    @property
    def uri(self) -> str:
        """Where it can be reached on this machine."""
        return self._tunnel.uri

    @property
    def host(self) -> str:
        """The machine on which it is."""
        return self._tunnel.host

    def revive(self) -> bool:
        """Connect anew if the connection has broken."""
        with self._lock:
            if not self._end.alive:
                return False
            with contextlib.suppress(RuntimeUnavailable):
                self._tunnel.restart_unless_it_answers()
                return True
            return False

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            self._end()


class _Tunnel:
    """The process, which goes also when nobody closes its service."""

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        self._remote = unquote(parts.path)
        self.host = parts.hostname or ""
        if not self.host or self._remote in ("", "/"):
            raise RuntimeUnavailable(
                f"{uri!r} does not say which socket to use: write ssh://user@host/run/podman/podman.sock, or "
                "ssh://user@host/run/user/1000/podman/podman.sock for the Podman of the user with that id"
            )
        ssh = shutil.which("ssh")
        if ssh is None:
            raise RuntimeUnavailable(f"{uri} needs ssh: install OpenSSH's client")
        target = f"{parts.username}@{self.host}" if parts.username else self.host
        self._owner = os.getpid()
        self._directory, self._claim = private_directory()
        self._socket = self._directory / "remote.sock"
        self._log = self._directory / "ssh.log"
        self.uri = f"unix://{self._socket}"
        self._command = [
            ssh,
            *("-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindUnlink=yes"),
            *("-o", f"ServerAliveInterval={_KEEP_ALIVE_SECONDS}", "-o", "ControlMaster=no", "-o", "ControlPath=none"),
            *(("-p", str(parts.port)) if parts.port else ()),
            *("-L", f"{self._socket}:{self._remote}", target, "cat"),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Connect, and wait until the service answers.

        Raises:
            RuntimeUnavailable: it does not.
        """
        self._socket.unlink(missing_ok=True)
        with self._log.open("wb") as log:
            # in a session of its own: Ctrl-C in a terminal is not meant for it
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
            )
        self._wait_until_it_answers(self._process)

    def restart_unless_it_answers(self) -> None:
        """Connect anew if the connection has broken."""
        if self._process is None or self._process.poll() is not None or not answers(self._socket):
            self._stop()
            self.start()

    def end(self) -> None:
        """Disconnect, and remove what is left."""
        if os.getpid() != self._owner:  # a forked child ends; its parent goes on
            return
        self._stop()
        shutil.rmtree(self._directory, ignore_errors=True)
        os.close(self._claim)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + CONNECT_SECONDS
        while not (self._socket.exists() and answers(self._socket)):
            said = self._said()
            if process.poll() is not None:
                raise RuntimeUnavailable(f"ssh to {self.host} failed: {said or 'it said nothing'}; try it by hand")
            if "open failed" in said:
                raise RuntimeUnavailable(
                    f"no Podman service answers at {self._remote} of {self.host}: {said}; start it there with "
                    "`systemctl enable --now podman.socket` (with --user for one of a user)"
                )
            if time.monotonic() > deadline:
                raise RuntimeUnavailable(
                    f"no Podman service answers at {self._remote} of {self.host} in {CONNECT_SECONDS:.0f} s: {said}"
                )
            time.sleep(0.02)

    def _said(self) -> str:
        return " ".join(self._log.read_text(errors="replace").split())[-1000:]

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        end_process(process)


def is_ssh(uri: str) -> bool:
    """Whether an address means a service that is reached by ssh."""
    return urlsplit(uri).scheme in ("ssh", "http+ssh")
