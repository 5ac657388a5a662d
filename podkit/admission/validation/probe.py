"""Rules for probes, lifecycle hooks, and the actions that they share.

Source of the rules: core, ``validateProbe``, ``validateHandler``, ``validateLifecycle``.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.model.probe import (
    ExecAction,
    GRPCAction,
    HTTPGetAction,
    Lifecycle,
    LifecycleHandler,
    Probe,
    SleepAction,
    TCPSocketAction,
)

_SCHEMES = frozenset({"HTTP", "HTTPS"})
_STOP_SIGNALS_ON_WINDOWS = frozenset({"SIGKILL", "SIGTERM"})


def check_deciding_probe(errors: Errors, path: str, probe: Probe) -> None:
    """Check a liveness or startup probe: its first success decides."""
    _check_probe(errors, path, probe)
    if probe.success_threshold != 1:
        errors.invalid(f"{path}.successThreshold", probe.success_threshold, "must be 1")


def check_readiness_probe(errors: Errors, path: str, probe: Probe) -> None:
    """Check a readiness probe: it kills nothing, so that it has no grace period."""
    _check_probe(errors, path, probe)
    if probe.termination_grace_period_seconds is not None:
        errors.invalid(
            f"{path}.terminationGracePeriodSeconds",
            probe.termination_grace_period_seconds,
            "may not be set for a readiness probe",
        )


def _check_probe(errors: Errors, path: str, probe: Probe) -> None:
    _check_actions(
        errors,
        path,
        (
            ("exec", probe.exec),
            ("httpGet", probe.http_get),
            ("tcpSocket", probe.tcp_socket),
            ("grpc", probe.grpc),
        ),
        None,
    )
    errors.non_negative(f"{path}.initialDelaySeconds", probe.initial_delay_seconds)
    errors.non_negative(f"{path}.timeoutSeconds", probe.timeout_seconds)
    errors.non_negative(f"{path}.periodSeconds", probe.period_seconds)
    errors.non_negative(f"{path}.successThreshold", probe.success_threshold)
    errors.non_negative(f"{path}.failureThreshold", probe.failure_threshold)
    errors.positive(f"{path}.terminationGracePeriodSeconds", probe.termination_grace_period_seconds)


def check_lifecycle(errors: Errors, path: str, lifecycle: Lifecycle, grace_period: int | None) -> None:
    """Check the hooks of a container.

    Args:
        errors: where what is found goes.
        path: the path of the lifecycle.
        lifecycle: the hooks.
        grace_period: the Pod's termination grace period in seconds, which a sleep must fit into.
    """
    if lifecycle.post_start is not None:
        _check_hook(errors, f"{path}.postStart", lifecycle.post_start, grace_period)
    if lifecycle.pre_stop is not None:
        _check_hook(errors, f"{path}.preStop", lifecycle.pre_stop, grace_period)


def _check_hook(errors: Errors, path: str, hook: LifecycleHandler, grace_period: int | None) -> None:
    actions = (
        ("exec", hook.exec),
        ("httpGet", hook.http_get),
        ("tcpSocket", hook.tcp_socket),
        ("sleep", hook.sleep),
    )
    _check_actions(errors, path, actions, grace_period)


_Action = ExecAction | HTTPGetAction | TCPSocketAction | GRPCAction | SleepAction


def _check_actions(
    errors: Errors, path: str, actions: tuple[tuple[str, _Action | None], ...], grace_period: int | None
) -> None:
    """There is exactly one action; every further one is refused, and the first one is checked."""
    given = [(name, action) for name, action in actions if action is not None]
    if not given:
        errors.required(path, f"one of {', '.join(name for name, _ in actions)} is needed")
        return
    for name, _ in given[1:]:
        errors.forbidden(f"{path}.{name}", "there may be one action only")
    name, action = given[0]
    _check_action(errors, f"{path}.{name}", action, grace_period)


def _check_action(errors: Errors, path: str, action: _Action, grace_period: int | None) -> None:
    if isinstance(action, ExecAction):
        if not action.command:
            errors.required(f"{path}.command")
    elif isinstance(action, HTTPGetAction):
        _check_http_get(errors, path, action)
    elif isinstance(action, TCPSocketAction):
        check_port_number_or_name(errors, f"{path}.port", action.port)
    elif isinstance(action, GRPCAction):
        errors.problem(f"{path}.port", action.port, names.port_number(action.port))
    elif grace_period is not None and not 0 <= action.seconds <= grace_period:
        errors.invalid(path, action.seconds, f"must be between 0 and terminationGracePeriodSeconds ({grace_period})")


def _check_http_get(errors: Errors, path: str, action: HTTPGetAction) -> None:
    if not action.path:
        errors.required(f"{path}.path")
    check_port_number_or_name(errors, f"{path}.port", action.port)
    errors.optional_member(f"{path}.scheme", action.scheme, _SCHEMES)
    for index, header in enumerate(action.http_headers):
        errors.problem(f"{path}.httpHeaders[{index}].name", header.name, names.http_header(header.name))


def check_port_number_or_name(errors: Errors, path: str, port: int | str) -> None:
    """Check a port that is given by number, or by the name that a container gives it."""
    problem = names.port_number(port) if isinstance(port, int) else names.port_name(port)
    errors.problem(path, port, problem)


def check_stop_signal(errors: Errors, path: str, signal: str, operating_system: str | None) -> None:
    """Check the signal that ends a container; the Pod must say which operating system it is for."""
    if operating_system is None:
        errors.forbidden(path, "may not be set when the Pod does not say its operating system (spec.os.name)")
    elif operating_system == "windows":
        errors.optional_member(path, signal, _STOP_SIGNALS_ON_WINDOWS)
