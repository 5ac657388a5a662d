"""Another machine, as far as podkit can tell: a Podman that is reached by TCP or ssh, and shares no files with its clients."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from podkit.errors import RuntimeUnavailable
from podkit.runtime.podman import PodmanRuntime
from tests.environment import Environment

_SERVE = """
mount -t tmpfs none "$1"
exec podman system service --time 0 "$2"
"""
"""The directory in which clients keep their files is another one here."""
_SSH = """#!{python} -IS
import os, socket, sys, threading

options = sys.argv[1:]
local, remote = options[options.index("-L") + 1].split(":")
machine = options[-2]
if machine != "root@remote.test":
    sys.exit(f"ssh: Could not resolve hostname {machine}: Name or service not known")
assert options[-1] == "cat" and "BatchMode=yes" in options

def pump(source, sink):
    while piece := source.recv(65536):
        sink.sendall(piece)
    sink.shutdown(socket.SHUT_WR)

def forward(client):
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(remote)
    except OSError as error:
        print(f"channel 2: open failed: connect failed: {error.strerror}", file=sys.stderr, flush=True)
        return client.close()
    for way in ((client, server), (server, client)):
        threading.Thread(target=pump, args=way, daemon=True).start()

def accept():
    while True:
        forward(listener.accept()[0])

listener = socket.socket(socket.AF_UNIX)
listener.bind(local)
listener.listen()
threading.Thread(target=accept, daemon=True).start()
sys.stdin.buffer.read()
"""
"""What stands in for ssh and the server at its other end: it knows one machine, which has the same files as this one."""


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def service(environment: Environment, hidden: Path, address: str) -> Iterator[None]:
    """A service that does not see a directory of its clients."""
    as_owner = [] if os.geteuid() == 0 else ["podman", "unshare"]  # a user may mount only in a namespace of its own
    process = subprocess.Popen(
        [*as_owner, "unshare", "--mount", "sh", "-ec", _SERVE, "sh", str(hidden), address],
        env={**os.environ, **environment.variables},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # what gets into the namespace passes no signal on
        process.communicate(timeout=20)


def connected(uri: str, within: float = 20.0) -> PodmanRuntime:
    """A runtime on a service that is just about to listen."""
    deadline = time.monotonic() + within
    while True:
        try:
            return PodmanRuntime(uri)
        except RuntimeUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def write_ssh(path: Path) -> None:
    """Write a program that does what podkit wants of ssh, for the machine ``remote.test`` and its user root."""
    path.write_text(_SSH.replace("{python}", sys.executable))
    path.chmod(0o755)
