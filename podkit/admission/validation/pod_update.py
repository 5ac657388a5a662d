"""Rules for changes of Pods: almost nothing of a Pod may change.

An update may change images, the deadline, and add tolerations; ephemeral containers and resources have an update of
their own, as they have a subresource of their own in Kubernetes.

Source of the rules: core, ``ValidatePodUpdate``, ``ValidatePodEphemeralContainersUpdate``, ``ValidatePodResize``.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from podkit.admission.mirror_pods import MIRROR, is_mirror
from podkit.admission.pod_resources import limits_of, qos_class, requests_of
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.difference import difference, same
from podkit.admission.validation.meta import check_metadata_update
from podkit.admission.validation.pod import check_metadata_and_spec
from podkit.admission.validation.pod_annotations import APP_ARMOR_PREFIX, check_pod_annotations
from podkit.model.container import Container
from podkit.model.pod import Pod, PodSpec
from podkit.model.quantity import QuantityError
from podkit.model.resources import ResourceRequirements
from podkit.model.scheduling import Affinity, NodeAffinity, NodeSelectorTerm, Toleration

_MAX_INT32 = 2**31 - 1
_CHANGEABLE = (
    "of a Pod only containers[*].image, initContainers[*].image, activeDeadlineSeconds and tolerations (additions)"
    " may change; to change more, delete it and make it anew"
)


def check_pod_update(errors: Errors, new: Pod, old: Pod) -> None:
    """Check a change of a Pod's metadata or spec."""
    _check_common(errors, new, old)
    if not (
        _same_containers(errors, "spec.containers", new.spec.containers, old.spec.containers)
        and _same_containers(errors, "spec.initContainers", new.spec.init_containers, old.spec.init_containers)
        and _check_deadline(errors, "spec.activeDeadlineSeconds", new.spec, old.spec)
    ):
        return
    _check_only_added_tolerations(errors, "spec.tolerations", new.spec.tolerations, old.spec.tolerations)
    known_gates = {gate.name for gate in old.spec.scheduling_gates}
    for index, gate in enumerate(new.spec.scheduling_gates):
        if gate.name not in known_gates:
            errors.forbidden(f"spec.schedulingGates[{index}].name", "gates can only be taken away")
    allowed = _with_allowed_changes(errors, new.spec, old.spec)
    if not same(new.spec, allowed):
        errors.forbidden(difference("spec", new.spec, allowed), _CHANGEABLE)


def _check_common(errors: Errors, new: Pod, old: Pod) -> None:
    check_metadata_update(errors, new.metadata, old.metadata)
    check_metadata_and_spec(errors, new)
    check_annotations_update(errors, new, old)


def check_annotations_update(errors: Errors, new: Pod, old: Pod) -> None:
    """AppArmor profiles and the mark of a mirror Pod stay what they were."""
    now, before = new.metadata.annotations, old.metadata.annotations
    for key in now.keys() | before.keys():
        fixed = key == MIRROR or key.startswith(APP_ARMOR_PREFIX)
        if fixed and now.get(key) != before.get(key):
            errors.forbidden(f"metadata.annotations[{key}]", "may not be added, changed or taken away")


def _same_containers(errors: Errors, path: str, new: list[Container], old: list[Container]) -> bool:
    if len(new) != len(old):
        errors.forbidden(path, "containers may not be added to a Pod, nor taken away")
        return False
    return True


def _check_deadline(errors: Errors, path: str, new: PodSpec, old: PodSpec) -> bool:
    """A deadline may be set, and may come nearer. False ends the checks, as at an API server."""
    now, before = new.active_deadline_seconds, old.active_deadline_seconds
    if now is None:
        if before is not None:
            errors.invalid(path, None, "may not be taken away")
        return True
    if not 0 <= now <= _MAX_INT32:
        errors.invalid(path, now, f"must be between 0 and {_MAX_INT32}, inclusive")
        return False
    if before is not None and now > before:
        errors.invalid(path, now, f"must be less than or equal to what it was, {before}")
        return False
    return True


def _check_only_added_tolerations(errors: Errors, path: str, new: list[Toleration], old: list[Toleration]) -> None:
    kept = [evolve(toleration, toleration_seconds=None) for toleration in new]
    if any(evolve(toleration, toleration_seconds=None) not in kept for toleration in old):
        errors.forbidden(path, "a toleration may not change, but for its tolerationSeconds")


def _with_allowed_changes(errors: Errors, new: PodSpec, old: PodSpec) -> PodSpec:
    """Return the old spec with everything that may change set to what it has become.

    Reports what is wrong with the changes that are allowed in part only.
    """
    allowed = evolve(
        old,
        containers=_with_images(old.containers, new.containers),
        init_containers=_with_images(old.init_containers, new.init_containers),
        active_deadline_seconds=new.active_deadline_seconds,
        tolerations=new.tolerations,
        scheduling_gates=new.scheduling_gates,
        service_account=new.service_account,
    )
    if old.scheduling_gates:
        _allow_narrower_placement(errors, allowed, new, old)
    return allowed


def _with_images(containers: list[Container], new: list[Container]) -> list[Container]:
    return [evolve(container, image=new[index].image) for index, container in enumerate(containers)]


def _allow_narrower_placement(errors: Errors, allowed: PodSpec, new: PodSpec, old: PodSpec) -> None:
    """A gated Pod is not placed yet: it may be told more about where it may go, but not less."""
    allowed.node_selector = new.node_selector
    if any(new.node_selector.get(key) != value for key, value in old.node_selector.items()):
        errors.invalid("spec.nodeSelector", new.node_selector, "labels may only be added")
    now = new.affinity.node_affinity if new.affinity else None
    before = old.affinity.node_affinity if old.affinity else None
    if now == before:
        return
    _check_narrower_affinity(errors, "spec.affinity.nodeAffinity", now, before)
    if old.affinity is None:
        if new.affinity is not None:
            allowed.affinity = Affinity(node_affinity=now)
    elif new.affinity is None:
        rest = evolve(old.affinity, node_affinity=None)
        allowed.affinity = None if rest == Affinity() else rest
    else:
        allowed.affinity = evolve(old.affinity, node_affinity=now)


def _check_narrower_affinity(errors: Errors, path: str, new: NodeAffinity | None, old: NodeAffinity | None) -> None:
    before, now = _terms(old), _terms(new)
    at = f"{path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    if before and len(before) != len(now):
        errors.invalid(at, f"{len(now)} terms", "terms may not be added, nor taken away")
        return
    for index, term in enumerate(before):
        if not _only_adds(now[index], term):
            errors.invalid(f"{at}[{index}]", f"term {index}", "requirements may only be added")


def _terms(affinity: NodeAffinity | None) -> list[NodeSelectorTerm]:
    required = affinity.required_during_scheduling_ignored_during_execution if affinity else None
    return required.node_selector_terms if required else []


def _only_adds(new: NodeSelectorTerm, old: NodeSelectorTerm) -> bool:
    if not old.match_expressions and not old.match_fields:
        return not new.match_expressions and not new.match_fields
    return (
        new.match_expressions[: len(old.match_expressions)] == old.match_expressions
        and new.match_fields[: len(old.match_fields)] == old.match_fields
    )


def check_ephemeral_containers_update(errors: Errors, new: Pod, old: Pod) -> None:
    """Check a change of ``spec.ephemeralContainers``: they can be added, and then stay."""
    if is_mirror(old):
        errors.forbidden("", "static Pods have no ephemeral containers")
        return
    _check_common(errors, new, old)
    by_name = {container.name: container for container in new.spec.ephemeral_containers}
    for container in old.spec.ephemeral_containers:
        kept = by_name.get(container.name)
        if kept is None:
            errors.forbidden("spec.ephemeralContainers", f"{container.name!r} may not be taken away")
        elif not same(kept, container):
            errors.forbidden("spec.ephemeralContainers", f"{container.name!r} may not be changed")


def check_resize(errors: Errors, new: Pod, old: Pod) -> None:
    """Check a change of the resources of a running Pod: CPU and memory of containers and sidecars."""
    refused = _never_resized(old)
    if refused is not None:
        errors.forbidden("", refused)
        return
    before = len(errors.found)
    check_metadata_update(errors, new.metadata, old.metadata)
    check_metadata_and_spec(errors, new)
    try:
        if qos_class(new.spec) != (old.status.qos_class or qos_class(old.spec)):
            errors.invalid("spec", qos_class(new.spec), "the QoS class may not change by a resize")
    except QuantityError:
        return  # reported where it stands
    if not _node_can_resize(old):
        errors.forbidden("spec", "the Pod runs on a Node that cannot resize")
    _check_resized_pod(errors, "spec.resources", new.spec, old.spec)
    if not (
        _in_same_order(errors, "spec.containers", new.spec.containers, old.spec.containers)
        and _in_same_order(errors, "spec.initContainers", new.spec.init_containers, old.spec.init_containers)
    ):
        return
    _check_resized_containers(errors, new.spec, old.spec)
    if len(errors.found) == before and _without_resources(new.spec) != _without_resources(old.spec):
        errors.forbidden("spec", "only cpu and memory may be resized")


def _never_resized(pod: Pod) -> str | None:
    if is_mirror(pod):
        return "static Pods cannot be resized"
    if pod.spec.os is not None and pod.spec.os.name == "windows":
        return "windows Pods cannot be resized"
    return None


def _node_can_resize(pod: Pod) -> bool:
    for status in pod.status.container_statuses:
        if status.state is not None and status.state.running is not None:
            return status.resources is not None
    return True


def _check_resized_containers(errors: Errors, new: PodSpec, old: PodSpec) -> None:
    for kind, now, before in (
        ("initContainers", new.init_containers, old.init_containers),
        ("containers", new.containers, old.containers),
    ):
        for index, (changed, container) in enumerate(zip(now, before, strict=True)):
            _check_nothing_removed(errors, f"spec.{kind}[{index}].resources", changed.resources, container.resources)
            if not same(_with_compute_of(changed, container), container):
                at = "spec" if kind == "containers" else f"spec.{kind}[{index}]"
                errors.forbidden(at, "only cpu and memory may be resized")


def _in_same_order(errors: Errors, path: str, new: list[Container], old: list[Container]) -> bool:
    if [container.name for container in new] == [container.name for container in old]:
        return True
    errors.forbidden(path, "containers may not be added, taken away, renamed or reordered by a resize")
    return False


def _check_resized_pod(errors: Errors, path: str, new: PodSpec, old: PodSpec) -> None:
    if old.resources is not None and new.resources is None:
        errors.forbidden(path, "may not be taken away")
        return
    _check_nothing_removed(errors, path, new.resources, old.resources)
    for now, before in (
        (requests_of(new.resources), requests_of(old.resources)),
        (limits_of(new.resources), limits_of(old.resources)),
    ):
        if _mixed(now, before) != before:
            errors.forbidden("spec", "only cpu and memory of the Pod as a whole may be resized")


def _check_nothing_removed(
    errors: Errors, path: str, new: ResourceRequirements | None, old: ResourceRequirements | None
) -> None:
    if requests_of(old).keys() - requests_of(new).keys():
        errors.forbidden(f"{path}.requests", "a request may be changed, but not taken away")
    if limits_of(old).keys() - limits_of(new).keys():
        errors.forbidden(f"{path}.limits", "a limit may be changed, but not taken away")


def _with_compute_of(container: Container, other: Container) -> Container:
    """Return a container with the CPU and memory, and the resize policy, of another one."""
    mine = container.resources or ResourceRequirements()
    theirs = other.resources or ResourceRequirements()
    resources: ResourceRequirements | None = ResourceRequirements(
        claims=mine.claims,
        limits=_mixed(mine.limits, theirs.limits),
        requests=_mixed(mine.requests, theirs.requests),
    )
    if resources == ResourceRequirements():
        resources = other.resources
    return evolve(container, resources=resources, resize_policy=other.resize_policy)


def _mixed(mine: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    compute = ("cpu", "memory")
    kept = {name: amount for name, amount in mine.items() if name not in compute}
    return {**kept, **{name: amount for name, amount in theirs.items() if name in compute}}


def _without_resources(spec: PodSpec) -> PodSpec:
    return evolve(spec, containers=[], init_containers=[], resources=None)


def check_annotations_at_status(errors: Errors, new: Pod, old: Pod) -> None:
    """Check the annotations that a status update brings along."""
    check_annotations_update(errors, new, old)
    check_pod_annotations(errors, "metadata.annotations", new.metadata.annotations, new.spec)
