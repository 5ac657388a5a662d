"""Rules for the three lists of containers: main, init (with sidecars), and ephemeral.

Source of the rules: core, ``validateContainers``, ``validateInitContainers``, ``validateEphemeralContainers``.
"""

from __future__ import annotations

from podkit.admission.validation.collect import Errors
from podkit.admission.validation.container import (
    Surroundings,
    check_container,
    check_host_ports,
    check_restart_policy,
    check_running,
)
from podkit.model.container import Container, EphemeralContainer
from podkit.model.pod import PodSpec
from podkit.model.pod_containers import is_sidecar

_ONLY_RUNNING = (
    ("lifecycle", "lifecycle"),
    ("livenessProbe", "liveness_probe"),
    ("readinessProbe", "readiness_probe"),
    ("startupProbe", "startup_probe"),
)
_NOT_EPHEMERAL = (
    ("ports", "ports"),
    ("resources", "resources"),
    ("resizePolicy", "resize_policy"),
    ("restartPolicy", "restart_policy"),
    ("restartPolicyRules", "restart_policy_rules"),
    *_ONLY_RUNNING,
)


def check_containers(errors: Errors, path: str, containers: list[Container], around: Surroundings) -> None:
    """Check the main containers: there is at least one, and names and host ports are unique."""
    if not containers:
        errors.required(path, "at least one container is needed")
    seen: set[str] = set()
    for index, container in enumerate(containers):
        at = f"{path}[{index}]"
        check_container(errors, at, container, around)
        errors.unique(f"{at}.name", container.name, seen)
        check_running(errors, at, container, around)
        if container.restart_policy is not None or container.restart_policy_rules:
            check_restart_policy(errors, at, container)
    check_host_ports(errors, path, list(enumerate(containers)))


def check_init_containers(errors: Errors, path: str, spec: PodSpec, around: Surroundings) -> None:
    """Check the init containers: only sidecars run long enough to be probed."""
    seen = {container.name for container in spec.containers}
    for index, container in enumerate(spec.init_containers):
        at = f"{path}[{index}]"
        check_container(errors, at, container, around)
        check_restart_policy(errors, at, container)
        if container.name in seen:
            errors.duplicate(f"{at}.name", container.name)
        elif container.name:
            seen.add(container.name)
        # They run one after the other, so that only a port within one container can collide.
        check_host_ports(errors, path, [(index, container)])
        if is_sidecar(container):
            check_running(errors, at, container, around)
            continue
        for name, attribute in _ONLY_RUNNING:
            if getattr(container, attribute) is not None:
                errors.forbidden(f"{at}.{name}", "an init container has it only with restartPolicy: Always")
        for number, policy in enumerate(container.resize_policy):
            if policy.restart_policy == "RestartContainer":
                where = f"{at}.resizePolicy[{number}].restartPolicy"
                errors.invalid(where, policy.restart_policy, "an init container has it only with restartPolicy: Always")


def check_ephemeral_containers(errors: Errors, path: str, spec: PodSpec, around: Surroundings) -> None:
    """Check the ephemeral containers, which help to look at a Pod and may not become a part of its service."""
    others = {container.name for container in (*spec.containers, *spec.init_containers)}
    seen = set(others)
    for index, container in enumerate(spec.ephemeral_containers):
        at = f"{path}[{index}]"
        check_container(errors, at, container, around)
        errors.unique(f"{at}.name", container.name, seen)
        if container.target_container_name and container.target_container_name not in others:
            errors.not_found(f"{at}.targetContainerName", container.target_container_name)
        _check_allowed_fields(errors, at, container)


def _check_allowed_fields(errors: Errors, path: str, container: EphemeralContainer) -> None:
    for name, attribute in _NOT_EPHEMERAL:
        value = getattr(container, attribute)
        if name == "resources":
            value = value and (value.limits or value.requests or value.claims)
        if value is not None and value != [] and value != {}:
            errors.forbidden(f"{path}.{name}", "cannot be set for an ephemeral container")
    for index, mount in enumerate(container.volume_mounts):
        for name, sub_path in (("subPath", mount.sub_path), ("subPathExpr", mount.sub_path_expr)):
            if sub_path:
                errors.forbidden(f"{path}.volumeMounts[{index}].{name}", "cannot be set for an ephemeral container")
