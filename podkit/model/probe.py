"""How a container is examined and hooked into: probes, lifecycle hooks and the actions that they share."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import field

from podkit.model.definition import define
from podkit.model.scalars import Int64

URIScheme: TypeAlias = Literal["HTTP", "HTTPS"]
"""The scheme of a request."""


@define
class Probe:
    """A check of a container, repeated while it runs: exactly one action, and how often and how strictly it is done.

    Attributes:
        exec: succeeds when the command exits with 0.
        http_get: succeeds when the answer's status is from 200 to 399.
        tcp_socket: succeeds when a connection can be opened.
        grpc: succeeds when the gRPC health service says SERVING.
        initial_delay_seconds: seconds after the start before the first check. Default: 0.
        period_seconds: seconds between checks, at least 1. Default: 10.
        timeout_seconds: seconds after which a check has failed, at least 1. Default: 1.
        success_threshold: successes in a row that count as success; must be 1 for liveness and startup. Default: 1.
        failure_threshold: failures in a row that count as failure, at least 1. Default: 3.
        termination_grace_period_seconds: seconds that the container gets to end when the probe kills it.
            Default: the Pod's.

    Example:
        ::

            Probe(http_get=HTTPGetAction(path="/healthz", port=8080), period_seconds=5, failure_threshold=3)
            Probe(exec=ExecAction(["pg_isready"]), initial_delay_seconds=2)
    """

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    grpc: GRPCAction | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    timeout_seconds: int | None = None
    success_threshold: int | None = None
    failure_threshold: int | None = None
    termination_grace_period_seconds: Int64 | None = None


@define
class ExecAction:
    """Run a command in the container.

    Attributes:
        command: the command and its arguments; no shell is involved.

    Example:
        ::

            ExecAction(["sh", "-c", "test -e /tmp/ready"])
    """

    command: list[str] = field(factory=list)


@define
class HTTPGetAction:
    """Ask for a page.

    Attributes:
        port: the number or the name of the container's port.
        path: the path to ask for. Default: ``/``.
        host: the host to connect to. Default: the Pod's address.
        scheme: the scheme; certificates are not verified. Default: HTTP.
        http_headers: further headers; the same name may occur more than once.

    Example:
        ::

            HTTPGetAction(path="/healthz", port="http", http_headers=[HTTPHeader("Accept", "text/plain")])
    """

    port: int | str
    path: str | None = None
    host: str | None = None
    scheme: URIScheme | None = None
    http_headers: list[HTTPHeader] = field(factory=list)


@define
class HTTPHeader:
    """A header of a request.

    Attributes:
        name: its name.
        value: its value.
    """

    name: str
    value: str


@define
class TCPSocketAction:
    """Open a connection.

    Attributes:
        port: the number or the name of the container's port.
        host: the host to connect to. Default: the Pod's address.

    Example:
        ::

            TCPSocketAction(port=5432)
    """

    port: int | str
    host: str | None = None


@define
class GRPCAction:
    """Ask the gRPC health service.

    Attributes:
        port: the number of the container's port.
        service: the service to ask about. Default: empty, which means the server as a whole.

    Example:
        ::

            GRPCAction(port=9090, service="shop")
    """

    port: int
    service: str | None = None


@define
class SleepAction:
    """Wait.

    Attributes:
        seconds: how long.
    """

    seconds: Int64


@define
class LifecycleHandler:
    """What to do at a moment of a container's life: exactly one of these.

    Attributes:
        exec: run a command in the container.
        http_get: ask for a page.
        sleep: wait.
        tcp_socket: no longer supported as a hook; it is accepted and fails when it runs.
    """

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    sleep: SleepAction | None = None
    tcp_socket: TCPSocketAction | None = None


@define
class Lifecycle:
    """What to do at moments of a container's life.

    Attributes:
        post_start: done right after the start, beside the container's own process; the container is killed when
            it fails.
        pre_stop: done before the container is told to stop; it counts against the grace period.
        stop_signal: the signal that tells the container to stop; needs ``spec.os.name``. Default: the image's,
            else SIGTERM.

    Example:
        ::

            Lifecycle(pre_stop=LifecycleHandler(exec=ExecAction(["nginx", "-s", "quit"])))
    """

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str | None = None
