"""A registry on loopback that takes docker.io's place, so that pulls and their failures are real and nothing leaves the machine."""

import http.client
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.environment.errors import EnvironmentUnavailable
from tests.environment.packages import find_program
from tests.environment.podman import Podman

TAGS = ("latest", "1.36")
"""The tags of docker.io/library/busybox that it holds."""
_START_ATTEMPTS = 3
_START_SECONDS = 15.0
_STOP_SECONDS = 3.0
_CONFIGURATION = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {directory}}}, delete: {{enabled: true}}}}
http: {{addr: "{address}"}}
"""


class Registry:
    """A registry that runs as long as its ``with`` block.

    Args:
        directory: where it keeps its blobs, its configuration and its log.

    Attributes:
        address: host:port.

    Raises:
        EnvironmentUnavailable: it is not there, or does not come up.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        for attempt in reversed(range(_START_ATTEMPTS)):
            self.address = f"127.0.0.1:{_free_port()}"
            try:
                self._start()
            except EnvironmentUnavailable:
                # somebody may have taken the port since we found it free
                self.stop()
                if not attempt:
                    raise
            else:
                break
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        program = find_program("docker-registry")
        if program is None:
            raise EnvironmentUnavailable("there is no docker-registry on this machine: install it")
        configuration = self._directory / "config.yml"
        configuration.write_text(_CONFIGURATION.format(directory=self._directory / "blobs", address=self.address))
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, "serve", configuration],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_it_answers(self._process)

    def fill(self, podman: Podman, image: str) -> None:
        """Put an image where docker.io has busybox."""
        for tag in TAGS:
            podman.run("push", "--quiet", "--tls-verify=false", image, f"docker://{self.address}/library/busybox:{tag}")

    def stop(self) -> None:
        """End it; safe to call twice."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(self.address):
            if process.poll() is not None or time.monotonic() > deadline:
                said = (self._directory / "log").read_text(errors="replace")[-800:]
                raise EnvironmentUnavailable(f"the registry on {self.address} does not answer: {said}")
            time.sleep(0.02)


def _answers(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=2)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
