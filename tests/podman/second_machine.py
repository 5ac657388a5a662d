"""A second Podman beside the one of the tests, with storage and network of its own: another machine, which can be lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from podkit.runtime.podman import PodmanRuntime
from tests.environment import Environment
from tests.environment.images import BUSYBOX
from tests.environment.machine import look
from tests.environment.podman import Podman, without_foreign
from tests.podman.remote_machine import connected


class SecondMachine:
    """A Podman whose service can be silenced, and killed.

    Args:
        podman: the Podman.
    """

    def __init__(self, podman: Podman) -> None:
        self._podman = podman
        self._uri = f"unix://{podman.directory / 'podman.sock'}"
        self.start()

    def start(self) -> None:
        """Start its service."""
        # the bridges of two Podmans must not meet; without root each pod has its own network in any case
        apart = ["unshare", "--net"] if os.geteuid() == 0 else []
        self._service = subprocess.Popen(
            [*apart, "podman", "system", "service", "--time", "0", self._uri],
            env=without_foreign(os.environ) | self._podman.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def runtime(self) -> PodmanRuntime:
        """A runtime on it."""
        return connected(self._uri)

    def silence(self) -> None:
        """Let it not answer any more. Its containers run on."""
        os.killpg(self._service.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Let it answer again."""
        os.killpg(self._service.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End its service at once. Its containers run on."""
        os.killpg(self._service.pid, signal.SIGKILL)
        self._service.wait(20)

    def pods(self) -> list[str]:
        """The names of its pods."""
        return self._podman.run("pod", "ps", "--format", "{{.Name}}").split()


@contextlib.contextmanager
def second_machine(environment: Environment) -> Iterator[SecondMachine]:
    """A second machine with the image that most tests run."""
    directory = Path(tempfile.mkdtemp(prefix="second-"))
    podman = Podman(directory, look())
    podman.configure(environment.podman("info", "--format", "{{.Host.OCIRuntime.Name}}"))
    archive = directory / "busybox.tar"
    environment.podman("save", "--quiet", "--output", str(archive), BUSYBOX)
    podman.run("load", "--quiet", "--input", str(archive))
    machine = SecondMachine(podman)
    try:
        yield machine
    finally:
        machine.wake()
        machine.kill()
        podman.run("pod", "rm", "--all", "--force", "--time=0", check=False)
        podman.erase()
