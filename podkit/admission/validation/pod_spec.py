"""Rules for the spec of a Pod, in a Pod or in a template.

Source of the rules: core, ``ValidatePodSpec``.
"""

from __future__ import annotations

from typing import Final

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.container import Surroundings
from podkit.admission.validation.container_list import (
    check_containers,
    check_ephemeral_containers,
    check_init_containers,
)
from podkit.admission.validation.meta import check_labels
from podkit.admission.validation.network import check_dns, check_names
from podkit.admission.validation.resources import check_overhead, check_pod_resources
from podkit.admission.validation.scheduling import (
    check_affinity,
    check_scheduling_gates,
    check_spread_constraints,
    check_tolerations,
)
from podkit.admission.validation.security import check_host_namespaces, check_pod_security_context
from podkit.admission.validation.volume import check_volumes
from podkit.admission.validation.windows import check_host_process, check_operating_system
from podkit.model.pod import PodSpec
from podkit.model.resources import PodResourceClaim
from podkit.model.volume import Volume

_RESTART_POLICIES: Final = frozenset({"Always", "OnFailure", "Never"})
_PREEMPTION_POLICIES: Final = frozenset({"PreemptLowerPriority", "Never"})
_MAX_INT32: Final = 2**31 - 1


def check_pod_spec(errors: Errors, path: str, spec: PodSpec, *, is_pod: bool, pod_name: str | None = None) -> None:
    """Check the spec of a Pod or template.

    Args:
        errors: where what is found goes.
        path: the path of the spec.
        spec: the spec, its defaults filled in.
        is_pod: whether it is of a Pod; templates are held to a little less.
        pod_name: the name of the Pod, if it is one.
    """
    around = Surroundings(
        is_pod=is_pod,
        volumes=check_volumes(errors, f"{path}.volumes", spec.volumes, pod_name, is_pod=is_pod) if spec.volumes else {},
        claim_names={claim.name for claim in spec.resource_claims},
        restart_policy=spec.restart_policy or "",
        grace_period=spec.termination_grace_period_seconds,
        host_users=spec.host_users is not False,
        operating_system=spec.os.name if spec.os else None,
    )
    check_containers(errors, f"{path}.containers", spec.containers, around)
    if spec.init_containers:
        check_init_containers(errors, f"{path}.initContainers", spec, around)
    if spec.ephemeral_containers:
        check_ephemeral_containers(errors, f"{path}.ephemeralContainers", spec, around)
    _check_env_files(errors, path, spec)
    if spec.resource_claims:
        _check_resource_claims(errors, f"{path}.resourceClaims", spec.resource_claims)
    check_pod_resources(errors, f"{path}.resources", spec)
    errors.member(f"{path}.restartPolicy", spec.restart_policy, _RESTART_POLICIES)
    _check_running_time(errors, path, spec)
    check_names(errors, path, spec)
    check_dns(errors, path, spec)
    _check_host(errors, path, spec, is_pod=is_pod)
    _check_scheduling(errors, path, spec)
    _check_references(errors, path, spec)


def _check_running_time(errors: Errors, path: str, spec: PodSpec) -> None:
    if spec.termination_grace_period_seconds is None:
        errors.required(f"{path}.terminationGracePeriodSeconds")
    deadline = spec.active_deadline_seconds
    if deadline is not None and not 1 <= deadline <= _MAX_INT32:
        errors.invalid(f"{path}.activeDeadlineSeconds", deadline, f"must be between 1 and {_MAX_INT32}")


def _check_host(errors: Errors, path: str, spec: PodSpec, *, is_pod: bool) -> None:
    """Check what the Pod shares with its host, and which system it is for."""
    if spec.host_network:
        _check_host_network_ports(errors, path, spec, is_pod=is_pod)
    if spec.security_context is not None:
        check_pod_security_context(errors, f"{path}.securityContext", spec.security_context, spec)
    check_host_namespaces(errors, path, spec)
    check_host_process(errors, path, spec)
    check_operating_system(errors, path, spec)


def _check_host_network_ports(errors: Errors, path: str, spec: PodSpec, *, is_pod: bool) -> None:
    """On the host's network a port is the host's. A template may leave it out: it is filled in for the Pod."""
    for index, container in enumerate(spec.containers):
        for number, port in enumerate(container.ports):
            if port.host_port != port.container_port and (is_pod or port.host_port):
                errors.invalid(
                    f"{path}.containers[{index}].ports[{number}].hostPort",
                    port.host_port,
                    "must be containerPort when hostNetwork is true",
                )


def _check_scheduling(errors: Errors, path: str, spec: PodSpec) -> None:
    if spec.node_selector:
        check_labels(errors, f"{path}.nodeSelector", spec.node_selector)
    if spec.affinity is not None:
        check_affinity(errors, f"{path}.affinity", spec.affinity)
    if spec.tolerations:
        check_tolerations(errors, f"{path}.tolerations", spec.tolerations)
    if spec.topology_spread_constraints:
        check_spread_constraints(errors, f"{path}.topologySpreadConstraints", spec.topology_spread_constraints)
    if spec.scheduling_gates:
        check_scheduling_gates(errors, f"{path}.schedulingGates", spec.scheduling_gates)
    for index, gate in enumerate(spec.readiness_gates):
        errors.problem(
            f"{path}.readinessGates[{index}].conditionType",
            gate.condition_type,
            names.qualified_name(gate.condition_type),
        )
    if spec.preemption_policy is not None:
        errors.member(f"{path}.preemptionPolicy", spec.preemption_policy, _PREEMPTION_POLICIES)
    if spec.overhead:
        check_overhead(errors, f"{path}.overhead", spec.overhead)


def _check_references(errors: Errors, path: str, spec: PodSpec) -> None:
    """Check the names of other objects that the Pod refers to."""
    for name, value in (
        ("serviceAccountName", spec.service_account_name),
        ("nodeName", spec.node_name),
        ("priorityClassName", spec.priority_class_name),
    ):
        if value:
            errors.problem(f"{path}.{name}", value, names.dns_subdomain(value))
    if spec.runtime_class_name is not None:
        errors.problem(
            f"{path}.runtimeClassName", spec.runtime_class_name, names.dns_subdomain(spec.runtime_class_name)
        )


def _check_env_files(errors: Errors, path: str, spec: PodSpec) -> None:
    """A variable can be read from a file of an emptyDir volume only, which another container has written."""
    volumes = {volume.name: volume for volume in spec.volumes}
    for kind, containers in (("initContainers", spec.init_containers), ("containers", spec.containers)):
        for index, container in enumerate(containers):
            for number, variable in enumerate(container.env):
                file = variable.value_from.file_key_ref if variable.value_from else None
                if file is not None and file.volume_name:
                    at = f"{path}.{kind}[{index}].env[{number}].valueFrom.fileKeyRef.volumeName"
                    _check_env_volume(errors, at, file.volume_name, volumes.get(file.volume_name))


def _check_env_volume(errors: Errors, path: str, name: str, volume: Volume | None) -> None:
    if volume is None:
        errors.not_found(path, name)
    elif volume.empty_dir is None:
        errors.invalid(path, name, "must be a volume of the kind emptyDir")


def _check_resource_claims(errors: Errors, path: str, claims: list[PodResourceClaim]) -> None:
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        at = f"{path}[{index}]"
        if not claim.name:
            errors.required(f"{at}.name")
        elif claim.name in seen:
            errors.duplicate(f"{at}.name", claim.name)
        else:
            errors.problem(f"{at}.name", claim.name, names.dns_label(claim.name))
            seen.add(claim.name)
        if (claim.resource_claim_name is None) == (claim.resource_claim_template_name is None):
            errors.invalid(at, claim.name, "exactly one of resourceClaimName and resourceClaimTemplateName is needed")
        for name, value in (
            ("resourceClaimName", claim.resource_claim_name),
            ("resourceClaimTemplateName", claim.resource_claim_template_name),
        ):
            if value is not None:
                errors.problem(f"{at}.{name}", value, names.dns_subdomain(value))
