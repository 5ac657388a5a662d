"""How a container is examined and hooked into: probes, lifecycle hooks and the actions that they share."""

from __future__ import annotations

from attrs import define, field

from podkit.model.scalars import Int64


@define
class Probe:
    """The Kubernetes Probe."""

    exec: ExecAction | None = None
    failure_threshold: int | None = None
    grpc: GRPCAction | None = None
    http_get: HTTPGetAction | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    success_threshold: int | None = None
    tcp_socket: TCPSocketAction | None = None
    termination_grace_period_seconds: Int64 | None = None
    timeout_seconds: int | None = None


@define
class ExecAction:
    """The Kubernetes ExecAction."""

    command: list[str] = field(factory=list)


@define
class HTTPGetAction:
    """The Kubernetes HTTPGetAction."""

    port: int | str
    host: str | None = None
    http_headers: list[HTTPHeader] = field(factory=list)
    path: str | None = None
    scheme: str | None = None


@define
class HTTPHeader:
    """The Kubernetes HTTPHeader."""

    name: str
    value: str


@define
class TCPSocketAction:
    """The Kubernetes TCPSocketAction."""

    port: int | str
    host: str | None = None


@define
class GRPCAction:
    """The Kubernetes GRPCAction."""

    port: int
    service: str | None = None


@define
class SleepAction:
    """The Kubernetes SleepAction."""

    seconds: Int64


@define
class LifecycleHandler:
    """The Kubernetes LifecycleHandler."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    sleep: SleepAction | None = None
    tcp_socket: TCPSocketAction | None = None


@define
class Lifecycle:
    """The Kubernetes Lifecycle."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str | None = None
