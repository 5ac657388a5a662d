"""Where Podman is, or how it comes to be.

Podman has no daemon that is always there. `find` looks, in this order, for a URI that was given, ``CONTAINER_HOST``, the
user's socket and the system's socket; if none answers, it starts ``podman system service`` on a private socket.

The service that it starts lives in a session of its own, so that Ctrl-C in a terminal does not reach it, and ends after a
few idle seconds. One *lease* keeps it from being idle: a request for events that never happen, which stays open as long as
this process lives. So `close` ends the service at once, and even ``kill -9`` of this process ends it soon, with no watchdog.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
import weakref
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from podkit.errors import RuntimeUnavailable
from podkit.runtime.podman.answering import answers
from podkit.runtime.podman.ending import end_process
from podkit.runtime.podman.errors import INSTALL_HINT
from podkit.runtime.podman.private import private_directory
from podkit.runtime.podman.tunnel import TunnelledService, is_ssh

_SYSTEM_SOCKET = Path("/run/podman/podman.sock")
IDLE_SECONDS = 5
"""After this many seconds without a request or lease, a service that we started ends by itself."""
EXIT_CODE_SECONDS = 10
"""How long a service that we started remembers the exit code of a command run in a container."""
START_SECONDS = 30.0
_LEASE = (
    b"GET /v4.0.0/libpod/events?stream=true&filters=%7B%22label%22%3A%5B%22io.podkit.lease%3D-%22%5D%7D HTTP/1.1\r\n"
    b"Host: podman\r\n\r\n"
)


class Service(Protocol):
    """A Podman service that one can connect to."""

    @property
    def uri(self) -> str:
        """Where it listens, such as ``unix:///run/podman/podman.sock``."""

    @property
    def host(self) -> str | None:
        """The machine on which it is; None: this one."""

    def revive(self) -> bool:
        """Called when it does not answer: whether it has been brought back, so that asking again makes sense."""

    def close(self) -> None:
        """End it, if it is ours."""


def find(uri: str | None = None) -> Service:
    """The service to use; see the module for the order in which it is looked for.

    Args:
        uri: ``unix://…``, ``ssh://…`` or ``tcp://…``; None to look for one.

    Raises:
        RuntimeUnavailable: there is none, and none can be started.
    """
    given = uri or os.environ.get("CONTAINER_HOST")
    if given:
        return TunnelledService(given) if is_ssh(given) else ForeignService(given)
    for path in _well_known_sockets():
        if answers(path):
            return ForeignService(f"unix://{path}")
    return OwnService()


def _well_known_sockets() -> list[Path]:
    paths = []
    if directory := os.environ.get("XDG_RUNTIME_DIR"):
        paths.append(Path(directory, "podman", "podman.sock"))
    elif os.geteuid() != 0:
        paths.append(Path(f"/run/user/{os.geteuid()}", "podman", "podman.sock"))
    paths.append(_SYSTEM_SOCKET)
    return paths


class ForeignService:
    """A service that somebody else runs.

    Args:
        uri: where it listens.
    """

    def __init__(self, uri: str) -> None:
        scheme = urlsplit(uri).scheme
        if scheme not in ("unix", "http+unix", "tcp", "http"):
            raise RuntimeUnavailable(
                f"{uri!r} is no address of a Podman service: use unix:///path/to/podman.sock, ssh://user@host/path or tcp://host:port"
            )
        self.uri = uri
        self.host = None if scheme.endswith("unix") else urlsplit(uri).hostname

    def revive(self) -> bool:
        """Whether it answers now: a service that systemd starts on demand ends when it is idle, and may do so just as we ask."""
        path = urlsplit(self.uri).path if self.uri.startswith(("unix:", "http+unix:")) else None
        return path is None or answers(Path(path))

    def close(self) -> None:
        """Leave it as it is."""


class OwnService:
    """A ``podman system service`` that this process starts, restarts if it died, and ends.

    Raises:
        RuntimeUnavailable: there is no ``podman``, or it cannot serve.
    """

    def __init__(self) -> None:
        binary = shutil.which("podman")
        if binary is None:
            raise RuntimeUnavailable(f"there is no Podman on this machine: {INSTALL_HINT}")
        self._lock = threading.Lock()
        self._closed = False
        self._run = _Run(binary)
        # also for those who forget to close: at the latest when the interpreter ends
        self._end = weakref.finalize(self, self._run.end)
        try:
            self._run.start()
        except BaseException:
            self.close()
            raise

    host = None

    @property
    def uri(self) -> str:
        """Where it listens."""
        return self._run.uri

    def revive(self) -> bool:
        """Start it again if it has ended.

        Raises:
            RuntimeUnavailable: it cannot be started.
        """
        with self._lock:
            if self._closed:
                return False
            self._run.restart_unless_it_answers()
            return True

    def close(self) -> None:
        """End it, and remove its directory. Containers go on."""
        with self._lock:
            self._closed = True
            self._end()


class _Run:
    """The process of a service, its lease, and their private directory."""

    def __init__(self, binary: str) -> None:
        self._binary = binary
        self._owner = os.getpid()
        self._directory, self._claim = private_directory()
        self._socket = self._directory / "podman.sock"
        self._log = self._directory / "service.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lease: socket.socket | None = None
        self.uri = f"unix://{self._socket}"

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [self._binary, "system", "service", f"--time={IDLE_SECONDS}", self.uri],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                env=self._environment(),
            )
        self._wait_until_it_answers(self._process)
        self._lease = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._lease.connect(str(self._socket))
        self._lease.sendall(_LEASE)

    def restart_unless_it_answers(self) -> None:
        if self._process is None or self._process.poll() is not None or not answers(self._socket):
            self._stop()
            self.start()

    def end(self) -> None:
        if os.getpid() != self._owner:  # a forked child ends; its parent goes on
            return
        self._stop()
        shutil.rmtree(self._directory, ignore_errors=True)
        os.close(self._claim)

    def _environment(self) -> dict[str, str]:
        strange = ("CONTAINER_HOST", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
        environment = {key: value for key, value in os.environ.items() if key not in strange}
        if "CONTAINERS_CONF_OVERRIDE" not in environment:
            # Podman >= 4.4: by default the monitor of each exec stays for 300 s, for clients that ask for its exit code late
            override = self._directory / "containers.conf"
            override.write_text(f"[engine]\nexit_command_delay = {EXIT_CODE_SECONDS}\n")
            environment["CONTAINERS_CONF_OVERRIDE"] = str(override)
        # a service holds little and makes much garbage: Pods start 5 % sooner for 12 MiB
        environment.setdefault("GOGC", "200")
        return environment

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        pause = 0.005
        while not (self._socket.exists() and answers(self._socket)):
            if process.poll() is not None or time.monotonic() > deadline:
                said = self._log.read_text(errors="replace").strip()[-1000:]
                how = (
                    f"ended with {process.returncode}"
                    if process.returncode is not None
                    else f"did not answer in {START_SECONDS:.0f} s"
                )
                raise RuntimeUnavailable(
                    f"`{self._binary} system service` {how}: {said or 'it said nothing'}; try `podman info`"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    def _stop(self) -> None:
        if self._lease is not None:
            self._lease.close()
            self._lease = None
        process, self._process = self._process, None
        if process is None:
            return
        end_process(process)
