"""Defaults of Pods and of Pod templates.

A template gets what every Pod spec gets; what depends on the Pod as a whole (requests from limits, service links, host
ports) is filled in only when the Pod itself is made, so that templates stay as they were written.

Source of the rules: ``pkg/apis/core/v1/defaults.go``.
"""

from __future__ import annotations

from collections.abc import Iterable

from podkit.admission.defaults.image import default_pull_policy
from podkit.admission.defaults.volume import apply_volume_defaults
from podkit.admission.pod_resources import aggregate_limits, aggregate_requests, supports_pod_level
from podkit.model.container import Container, EphemeralContainer
from podkit.model.environment import EnvVar, ObjectFieldSelector
from podkit.model.pod import Pod, PodSpec, PodTemplateSpec
from podkit.model.probe import HTTPGetAction, LifecycleHandler, Probe
from podkit.model.quantity import Quantity, QuantityError
from podkit.model.resources import ResourceRequirements
from podkit.model.security import PodSecurityContext


def apply_pod_defaults(pod: Pod) -> None:
    """Fill in the defaults of a Pod, in place."""
    spec = pod.spec
    apply_pod_spec_defaults(spec)
    if (spec.termination_grace_period_seconds or 0) < 0:
        spec.termination_grace_period_seconds = 1  # once it could be negative, and was taken for this (conversion.go)
    for container in (*spec.containers, *spec.init_containers):
        if container.resources and container.resources.limits:
            for name, amount in container.resources.limits.items():
                container.resources.requests.setdefault(name, amount)
    if spec.resources is not None:
        _apply_pod_level_resources(spec, spec.resources)
    if spec.enable_service_links is None:
        spec.enable_service_links = True
    if spec.host_network:
        for container in (*spec.containers, *spec.init_containers):
            for port in container.ports:
                port.host_port = port.host_port or port.container_port


def apply_template_defaults(template: PodTemplateSpec) -> None:
    """Fill in the defaults of a Pod template, in place."""
    apply_pod_spec_defaults(template.spec)


def apply_pod_spec_defaults(spec: PodSpec) -> None:
    """Fill in what Pods and templates have in common, in place."""
    spec.dns_policy = spec.dns_policy or "ClusterFirst"
    spec.restart_policy = spec.restart_policy or "Always"
    spec.scheduler_name = spec.scheduler_name or "default-scheduler"
    if spec.security_context is None:
        spec.security_context = PodSecurityContext()
    if spec.termination_grace_period_seconds is None:
        spec.termination_grace_period_seconds = 30
    if account := spec.service_account_name or spec.service_account:
        # The deprecated field always repeats the other one (conversion.go).
        spec.service_account = spec.service_account_name = account
    for volume in spec.volumes:
        apply_volume_defaults(volume)
    for container in (*spec.containers, *spec.init_containers):
        _apply_container_defaults(container)
    for ephemeral in spec.ephemeral_containers:
        _apply_container_defaults(ephemeral)
    round_up_to_milli(spec.overhead)
    if spec.resources is not None:
        _apply_resource_defaults(spec.resources)


def _apply_container_defaults(container: Container | EphemeralContainer) -> None:
    container.image_pull_policy = container.image_pull_policy or default_pull_policy(container.image or "")
    container.termination_message_path = container.termination_message_path or "/dev/termination-log"
    container.termination_message_policy = container.termination_message_policy or "File"
    for port in container.ports:
        port.protocol = port.protocol or "TCP"
    if container.env:
        _apply_environment_defaults(container.env)
    if container.resources is not None:
        _apply_resource_defaults(container.resources)
    for probe in (container.liveness_probe, container.readiness_probe, container.startup_probe):
        if probe is not None:
            _apply_probe_defaults(probe)
    if container.lifecycle is not None:
        for handler in (container.lifecycle.post_start, container.lifecycle.pre_stop):
            _apply_handler_defaults(handler)


def _apply_environment_defaults(variables: Iterable[EnvVar]) -> None:
    for variable in variables:
        source = variable.value_from
        if source is None:
            continue
        apply_field_ref_defaults(source.field_ref)
        if source.file_key_ref is not None and source.file_key_ref.optional is None:
            source.file_key_ref.optional = False


def apply_field_ref_defaults(selector: ObjectFieldSelector | None) -> None:
    """Fill in the version of a field reference, in place."""
    if selector is not None:
        selector.api_version = selector.api_version or "v1"


def _apply_probe_defaults(probe: Probe) -> None:
    probe.timeout_seconds = probe.timeout_seconds or 1
    probe.period_seconds = probe.period_seconds or 10
    probe.success_threshold = probe.success_threshold or 1
    probe.failure_threshold = probe.failure_threshold or 3
    if probe.http_get is not None:
        _apply_http_defaults(probe.http_get)
    if probe.grpc is not None and probe.grpc.service is None:
        probe.grpc.service = ""


def _apply_handler_defaults(handler: LifecycleHandler | None) -> None:
    if handler is not None and handler.http_get is not None:
        _apply_http_defaults(handler.http_get)


def _apply_http_defaults(action: HTTPGetAction) -> None:
    action.path = action.path or "/"
    action.scheme = action.scheme or "HTTP"


def _apply_resource_defaults(resources: ResourceRequirements) -> None:
    round_up_to_milli(resources.limits)
    round_up_to_milli(resources.requests)


def round_up_to_milli(amounts: dict[str, str]) -> None:
    """Round what is finer than a thousandth up, in place; what is not stays the text that it was."""
    for name, text in amounts.items():
        try:
            amount = Quantity(text)
        except QuantityError:
            continue  # left for validation to report
        rounded = amount.rounded_up_to_milli()
        if rounded != amount:
            amounts[name] = str(rounded)


def _apply_pod_level_resources(spec: PodSpec, resources: ResourceRequirements) -> None:
    """Complete the resources of the Pod as a whole from those of its containers (KEP-2837)."""
    try:
        limits, requests = aggregate_limits(spec), aggregate_requests(spec)
    except QuantityError:
        return  # left for validation to report
    if resources.limits or resources.requests:
        for name, amount in limits.items():
            if name.startswith("hugepages-") and name not in resources.requests:
                resources.limits.setdefault(name, str(amount))
    if not resources.limits:
        return
    for name, amount in requests.items():
        if name in ("cpu", "memory"):
            resources.requests.setdefault(name, str(amount))
    for name, limit in resources.limits.items():
        if supports_pod_level(name):
            resources.requests.setdefault(name, limit)
