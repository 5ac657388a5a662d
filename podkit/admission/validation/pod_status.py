"""Rules for the status of Pods: what a kubelet may report.

Source of the rules: core, ``ValidatePodStatusUpdate``, ``ValidateContainerStateTransition``; ``pkg/api/v1/pod``,
``ContainerShouldRestart``.
"""

from __future__ import annotations

from collections.abc import Mapping

from podkit.admission.validation import names
from podkit.admission.validation.address_family import check_one_of_each_family
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_labels_and_annotations, check_metadata_update
from podkit.admission.validation.pod_update import check_annotations_at_status
from podkit.model.container import Container
from podkit.model.container_status import ContainerStatus
from podkit.model.pod import Pod, PodStatus


def check_pod_status(errors: Errors, new: Pod, old: Pod) -> None:
    """Check a change of the status of a Pod."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_labels_and_annotations(errors, "metadata", new.metadata)
    check_annotations_at_status(errors, new, old)
    status, before = new.status, old.status
    for index, condition in enumerate(status.conditions):
        errors.problem(f"status.conditions[{index}].type", condition.type, names.qualified_name(condition.type))
    if status.nominated_node_name and status.nominated_node_name != before.nominated_node_name:
        name = status.nominated_node_name
        errors.problem("status.nominatedNodeName", name, names.dns_subdomain(name))
    if before.qos_class and status.qos_class != before.qos_class:
        errors.invalid("status.qosClass", status.qos_class, "the field is immutable")
    _check_transitions(errors, new, old)
    _check_addresses(errors, status)


def _check_transitions(errors: Errors, new: Pod, old: Pod) -> None:
    """What has ended and is not restarted stays ended. A rule may restart all containers, whatever their policy."""
    spec = old.spec
    restarting_all = any(
        rule.action == "RestartAllContainers"
        for container in (*spec.containers, *spec.init_containers)
        for rule in container.restart_policy_rules
    )
    if not restarting_all:
        for field, containers, now, before in (
            ("containerStatuses", spec.containers, new.status.container_statuses, old.status.container_statuses),
            (
                "initContainerStatuses",
                spec.init_containers,
                new.status.init_container_statuses,
                old.status.init_container_statuses,
            ),
        ):
            by_name = {container.name: container for container in containers}
            policy = spec.restart_policy or "Always"
            _check_stays_ended(errors, f"status.{field}", now, before, by_name, policy)
    ephemeral, before = new.status.ephemeral_container_statuses, old.status.ephemeral_container_statuses
    _check_stays_ended(errors, "status.ephemeralContainerStatuses", ephemeral, before, {}, "Never")


def _check_stays_ended(
    errors: Errors,
    path: str,
    new: list[ContainerStatus],
    old: list[ContainerStatus],
    containers: Mapping[str, Container],
    policy: str,
) -> None:
    ended_now = {status.name: bool(status.state and status.state.terminated) for status in new}
    for index, status in enumerate(old):
        end = status.state.terminated if status.state else None
        if end is None or ended_now.get(status.name, True):
            continue
        container = containers.get(status.name)
        if container is None or not _is_restarted(container, policy, end.exit_code):
            errors.forbidden(f"{path}[{index}].state", "a container that has ended is not restarted")


def _is_restarted(container: Container, policy: str, exit_code: int) -> bool:
    """Whether a container that has ended with this exit code starts again: a rule says so, or else the policy."""
    for rule in container.restart_policy_rules:
        codes = rule.exit_codes
        if codes is not None and (exit_code in codes.values) == (codes.operator == "In"):
            return True
    policy = container.restart_policy or policy
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def _check_addresses(errors: Errors, status: PodStatus) -> None:
    if status.host_ips and status.host_ip != status.host_ips[0].ip:
        errors.invalid("status.hostIPs[0].ip", status.host_ips[0].ip, "must be hostIP")
    for field, addresses in (
        ("podIPs", [each.ip for each in status.pod_ips]),
        ("hostIPs", [each.ip for each in status.host_ips]),
    ):
        check_one_of_each_family(errors, f"status.{field}", addresses, names.ip_address, "address")
