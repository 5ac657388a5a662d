"""Rules that hold for every kind of container: name, image, ports, and what the other modules check of it.

Source of the rules: core, ``validateContainerCommon`` and around.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import frozen

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.environment import check_env, check_env_from
from podkit.admission.validation.mount import check_devices, check_mounts
from podkit.admission.validation.probe import (
    check_deciding_probe,
    check_lifecycle,
    check_readiness_probe,
    check_stop_signal,
)
from podkit.admission.validation.resources import check_container_resources
from podkit.admission.validation.security import check_security_context
from podkit.model.container import (
    Container,
    ContainerPort,
    ContainerRestartRule,
    EphemeralContainer,
)
from podkit.model.resources import ContainerResizePolicy
from podkit.model.volume import Volume

PROTOCOLS = frozenset({"TCP", "UDP", "SCTP"})
_PULL_POLICIES = frozenset({"Always", "IfNotPresent", "Never"})
_MESSAGE_POLICIES = frozenset({"File", "FallbackToLogsOnError"})
_RESIZE_RESOURCES = frozenset({"cpu", "memory"})
_RESIZE_POLICIES = frozenset({"NotRequired", "RestartContainer"})
_RESTART_POLICIES = frozenset({"Always", "Never", "OnFailure"})
_RESTART_ACTIONS = frozenset({"Restart", "RestartAllContainers"})
_EXIT_CODE_OPERATORS = frozenset({"In", "NotIn"})
_MAX_RESTART_RULES = 20
_MAX_EXIT_CODES = 255


@frozen
class Surroundings:
    """What the rules for a container must know of the Pod around it.

    Attributes:
        is_pod: whether it is a Pod, and not a template.
        volumes: the volumes that can be mounted, by name.
        claim_names: the names of the Pod's resource claims.
        restart_policy: the Pod's restart policy.
        grace_period: the Pod's termination grace period in seconds.
        host_users: whether the Pod shares the host's user namespace.
        operating_system: what ``spec.os.name`` says.
    """

    is_pod: bool
    volumes: Mapping[str, Volume]
    claim_names: Collection[str]
    restart_policy: str
    grace_period: int | None
    host_users: bool
    operating_system: str | None


def check_container(errors: Errors, path: str, container: Container | EphemeralContainer, around: Surroundings) -> None:
    """Check what all containers have in common."""
    errors.well_formed(f"{path}.name", container.name, names.dns_label)
    _check_image(errors, f"{path}.image", container.image or "", is_pod=around.is_pod)
    errors.member(f"{path}.terminationMessagePolicy", container.termination_message_policy, _MESSAGE_POLICIES)
    errors.member(f"{path}.imagePullPolicy", container.image_pull_policy, _PULL_POLICIES)
    if container.ports:
        _check_ports(errors, f"{path}.ports", container.ports)
    if container.env:
        check_env(errors, f"{path}.env", container.env)
    if container.env_from:
        check_env_from(errors, f"{path}.envFrom", container.env_from)
    if container.volume_mounts:
        check_mounts(errors, f"{path}.volumeMounts", container, around.volumes)
    if container.volume_devices:
        check_devices(errors, f"{path}.volumeDevices", container, around.volumes)
    if container.resources is not None:
        check_container_resources(errors, f"{path}.resources", container.resources, around.claim_names)
    if container.resize_policy:
        _check_resize_policy(errors, f"{path}.resizePolicy", container.resize_policy, around)
    if container.security_context is not None:
        check_security_context(
            errors, f"{path}.securityContext", container.security_context, host_users=around.host_users
        )


def _check_image(errors: Errors, path: str, image: str, *, is_pod: bool) -> None:
    if not image:
        errors.required(path)
    elif is_pod and image != image.strip():
        errors.invalid(path, image, "may not start or end with blanks")


def check_running(errors: Errors, path: str, container: Container, around: Surroundings) -> None:
    """Check the hooks and probes of a container that keeps running: a main container or a sidecar."""
    if container.lifecycle is not None:
        check_lifecycle(errors, f"{path}.lifecycle", container.lifecycle, around.grace_period)
        if container.lifecycle.stop_signal is not None:
            check_stop_signal(
                errors,
                f"{path}.lifecycle.stopSignal",
                container.lifecycle.stop_signal,
                around.operating_system,
            )
    if container.liveness_probe is not None:
        check_deciding_probe(errors, f"{path}.livenessProbe", container.liveness_probe)
    if container.readiness_probe is not None:
        check_readiness_probe(errors, f"{path}.readinessProbe", container.readiness_probe)
    if container.startup_probe is not None:
        check_deciding_probe(errors, f"{path}.startupProbe", container.startup_probe)


def _check_ports(errors: Errors, path: str, ports: list[ContainerPort]) -> None:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        at = f"{path}[{index}]"
        if port.name:
            problem = names.port_name(port.name)
            if problem is not None:
                errors.invalid(f"{at}.name", port.name, problem)
            elif port.name in seen:
                errors.duplicate(f"{at}.name", port.name)
            seen.add(port.name)
        errors.well_formed(f"{at}.containerPort", port.container_port, names.port_number)
        if port.host_port:
            errors.problem(f"{at}.hostPort", port.host_port, names.port_number(port.host_port))
        errors.member(f"{at}.protocol", port.protocol, PROTOCOLS)


def check_host_ports(errors: Errors, path: str, containers: list[tuple[int, Container]]) -> None:
    """Check that no two ports of these containers want the same port of the host.

    Args:
        errors: where what is found goes.
        path: the path of the list that the containers are in.
        containers: the containers that run at the same time, with their indexes in the list.
    """
    taken: set[tuple[str | None, str, int]] = set()
    for index, container in containers:
        for number, port in enumerate(container.ports):
            if not port.host_port:
                continue
            wanted = (port.protocol, port.host_ip or "", port.host_port)
            if wanted in taken:
                errors.duplicate(f"{path}[{index}].ports[{number}].hostPort", f"{wanted[0]}/{wanted[1]}/{wanted[2]}")
            taken.add(wanted)


def _check_resize_policy(
    errors: Errors, path: str, policies: list[ContainerResizePolicy], around: Surroundings
) -> None:
    seen: set[str] = set()
    for index, policy in enumerate(policies):
        at = f"{path}[{index}]"
        errors.unique(at, policy.resource_name, seen)
        errors.member(f"{at}.resourceName", policy.resource_name, _RESIZE_RESOURCES)
        errors.member(f"{at}.restartPolicy", policy.restart_policy, _RESIZE_POLICIES)
        if around.restart_policy == "Never" and policy.restart_policy != "NotRequired":
            errors.invalid(
                f"{at}.restartPolicy", policy.restart_policy, "must be NotRequired when the Pod never restarts"
            )


def check_restart_policy(errors: Errors, path: str, container: Container) -> None:
    """Check the restart policy of a container of its own, and the rules for exit codes beside it."""
    if container.restart_policy is not None:
        errors.optional_member(f"{path}.restartPolicy", container.restart_policy, _RESTART_POLICIES)
    elif container.restart_policy_rules:
        errors.required(f"{path}.restartPolicy", "restartPolicyRules need a restartPolicy beside them")
    rules = container.restart_policy_rules
    if len(rules) > _MAX_RESTART_RULES:
        errors.too_many(f"{path}.restartPolicyRules", len(rules), _MAX_RESTART_RULES)
    for index, rule in enumerate(rules):
        _check_restart_rule(errors, f"{path}.restartPolicyRules[{index}]", rule)


def _check_restart_rule(errors: Errors, path: str, rule: ContainerRestartRule) -> None:
    errors.optional_member(f"{path}.action", rule.action, _RESTART_ACTIONS)
    if rule.exit_codes is None:
        errors.required(f"{path}.exitCodes")
        return
    errors.optional_member(f"{path}.exitCodes.operator", rule.exit_codes.operator, _EXIT_CODE_OPERATORS)
    if len(rule.exit_codes.values) > _MAX_EXIT_CODES:
        errors.too_many(f"{path}.exitCodes.values", len(rule.exit_codes.values), _MAX_EXIT_CODES)
