"""What an API server does to an object between taking it and storing it.

Pure functions, one for each way to write: ``prepare_create``, ``prepare_update``, ``prepare_status_update``, and for the
two subresources that change a running Pod, ``prepare_ephemeral_containers_update`` and ``prepare_resize``. Each takes
objects and returns the object to store, and raises what the server would refuse. They fill in defaults, do what the
built-in admission plugins do (priority, tolerations, runtime class, service account), keep a client from writing what is
not its to write (status by an update, spec by a status update, the identity of the object) and count the generation.

What they need to know of other objects (the priority class that a Pod names, its runtime class, its service account) is asked from
`podkit.admission.plugins.Known`.

Source of the rules: ``pkg/registry/*/*/strategy.go``, apiserver ``pkg/registry/rest/{create,update}.go``.
"""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from podkit.admission.defaults import apply_defaults
from podkit.admission.job_selector import generate_job_selector
from podkit.admission.plugins import NOTHING, Known, admit_pod, admit_pod_update
from podkit.admission.plugins.cluster_ip import give_address, keep_address
from podkit.admission.plugins.limit_ranger import check_claim, check_pod
from podkit.admission.plugins.priority import admit_class
from podkit.admission.plugins.service_account import reads_root_ca, root_ca
from podkit.admission.pod_resources import qos_class
from podkit.admission.template_generation import number_template
from podkit.admission.validation import check_defaulted, describe
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.difference import same
from podkit.admission.validation.kinds import rules_for
from podkit.admission.validation.places import with_places
from podkit.admission.validation.pod_update import check_ephemeral_containers_update, check_resize
from podkit.errors import FieldError, ValidationError
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.container import Container
from podkit.model.copying import clone, shallow
from podkit.model.daemonset import DaemonSet
from podkit.model.job import Job
from podkit.model.meta import KubernetesObject, ObjectMeta
from podkit.model.namespace import Namespace
from podkit.model.pod import Pod, PodCondition, PodIP, PodSpec, PodStatus
from podkit.model.priority_class import PriorityClass
from podkit.model.service import Service

Kind = TypeVar("Kind", bound=KubernetesObject)

_STATUS_KINDS = {
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "Job",
    "CronJob",
    "Service",
    "PersistentVolumeClaim",
    "Namespace",
    "Node",
}
_GENERATION_KINDS = _STATUS_KINDS - {"Service", "PersistentVolumeClaim", "Namespace", "Node"}

_NAMESPACE_FINALIZER = "kubernetes"
"""Keeps a namespace until its controller has emptied it (pkg/registry/core/namespace/strategy.go)."""


def prepare_create(obj: Kind, known: Known = NOTHING) -> Kind:
    """Return the object to store for a new object; the given one is not changed.

    ``metadata.uid`` is kept when the store has set it, and made else.

    Args:
        obj: the new object.
        known: the other objects. Default: there are none.

    Raises:
        ValidationError: an API server would refuse the object.
    """
    new = clone(obj)
    _forget_server_fields(new.metadata)
    apply_defaults(new)
    errors = Errors()
    if isinstance(new, Pod):
        admit_pod(errors, new, known)
    if isinstance(new, PriorityClass):
        admit_class(errors, new, known)
    if isinstance(new, PersistentVolumeClaim):
        check_claim(errors, new, known)
    if isinstance(new, Service):
        give_address(errors, new, known)
    _reset_status(new)
    if isinstance(new, Namespace) and _NAMESPACE_FINALIZER not in new.spec.finalizers:
        new.spec.finalizers.append(_NAMESPACE_FINALIZER)
    if new.kind in _GENERATION_KINDS:
        new.metadata.generation = 1
    if isinstance(new, DaemonSet):
        number_template(new)
    if isinstance(new, Job) and not new.spec.manual_selector:
        new.metadata.uid = new.metadata.uid or str(uuid.uuid4())
        generate_job_selector(new, new.metadata.uid)
        # The server fills in defaults again whenever it reads a Job: one without labels has those of its template.
        apply_defaults(new)
    _raise([*errors.found, *check_defaulted(new)], obj)
    return new


def companions(obj: KubernetesObject) -> list[KubernetesObject]:
    """The objects that have to be there beside a new one, and that the server makes where they are not."""
    if not isinstance(obj, Pod) or not reads_root_ca(obj):
        return []
    return [root_ca(obj.metadata.namespace or "default")]


def prepare_update(old: Kind, new: Kind, known: Known = NOTHING) -> Kind:
    """Return the object to store for a change; the given ones are not changed.

    The status stays what it was, and the generation counts up when the spec has changed.

    Args:
        old: the object as it is stored.
        new: as it is to be.
        known: the other objects. Default: there are none.

    Raises:
        ValidationError: an API server would refuse the change.
    """
    stored = clone(new)
    _keep_identity(stored.metadata, old.metadata)
    apply_defaults(stored)
    errors = Errors()
    if isinstance(stored, Pod) and isinstance(old, Pod):
        admit_pod_update(stored.spec, old.spec)
    if isinstance(stored, PriorityClass):
        admit_class(errors, stored, known)
    if isinstance(stored, Service) and isinstance(old, Service):
        keep_address(stored, old)
        give_address(errors, stored, known)
    if stored.kind in _STATUS_KINDS:
        _of_any_kind(stored).status = clone(_of_any_kind(old).status)
    _raise([*errors.found, *check_defaulted(stored, old)], new)
    _count_generation(stored, old)
    if isinstance(stored, DaemonSet) and isinstance(old, DaemonSet):
        number_template(stored, old)
    return stored


def prepare_status_update(old: Kind, new: Kind) -> Kind:
    """Return the object to store for a change of the status; the given ones are not changed.

    Spec, owners and generation stay what they were. A Pod, of which the status is written most often, shares its spec with the
    old one.

    Raises:
        ValidationError: an API server would refuse the change.
    """
    stored = shallow(new)
    stored.metadata = clone(new.metadata)
    _of_any_kind(stored).status = clone(_of_any_kind(new).status)
    _keep_identity(stored.metadata, old.metadata)
    stored.metadata.owner_references = [clone(owner) for owner in old.metadata.owner_references]
    stored.metadata.deletion_timestamp = old.metadata.deletion_timestamp
    if stored.kind == "Deployment":
        stored.metadata.labels = dict(old.metadata.labels)
    if isinstance(stored, Pod) and isinstance(old, Pod):
        stored.spec = old.spec  # which has its defaults; a Pod's status has none
        _complete_pod_status(stored.status, old.status)
    else:
        _of_any_kind(stored).spec = clone(_of_any_kind(old).spec)
        apply_defaults(stored)
    errors = Errors()
    rules_for(stored).status(errors, stored, old)
    _raise(errors.found, new)
    return stored


def prepare_ephemeral_containers_update(old: Pod, new: Pod) -> Pod:
    """Return the Pod to store for a change of its ephemeral containers; everything else of the change is ignored.

    Raises:
        ValidationError: an API server would refuse the change.
    """
    stored = _old_with_identity_of(new, old)
    stored.spec.ephemeral_containers = clone(new).spec.ephemeral_containers
    apply_defaults(stored)
    errors = Errors()
    check_ephemeral_containers_update(errors, stored, old)
    _raise(errors.found, new)
    _count_generation(stored, old)
    return stored


def prepare_resize(old: Pod, new: Pod, known: Known = NOTHING) -> Pod:
    """Return the Pod to store for a change of what its containers may use; everything else of the change is ignored.

    Args:
        old: the Pod as it is stored.
        new: as it is to be.
        known: the other objects. Default: there are none.

    Raises:
        ValidationError: an API server would refuse the change.
    """
    stored = _old_with_identity_of(new, old)
    wanted = clone(new).spec
    stored.spec.containers = _resized(stored.spec.containers, wanted.containers)
    stored.spec.init_containers = _resized(stored.spec.init_containers, wanted.init_containers)
    stored.spec.resources = wanted.resources
    apply_defaults(stored)
    errors = Errors()
    check_resize(errors, stored, old)
    check_pod(errors, stored, known)
    _raise(errors.found, new)
    _count_generation(stored, old)
    return stored


def _resized(containers: list[Container], wanted: list[Container]) -> list[Container]:
    """Give containers the resources of others; if those are not the same ones, return them, for validation to refuse."""
    if [container.name for container in containers] != [container.name for container in wanted]:
        return wanted
    for container, other in zip(containers, wanted, strict=True):
        container.resources, container.resize_policy = other.resources, other.resize_policy
    return containers


def _old_with_identity_of(new: Pod, old: Pod) -> Pod:
    stored = clone(old)
    stored.metadata.name = new.metadata.name
    stored.metadata.uid = new.metadata.uid or old.metadata.uid
    stored.metadata.namespace = new.metadata.namespace or old.metadata.namespace
    stored.metadata.resource_version = new.metadata.resource_version
    return stored


def _count_generation(new: KubernetesObject, old: KubernetesObject) -> None:
    if new.kind in _GENERATION_KINDS and _changes_generation(new, old):
        new.metadata.generation = (old.metadata.generation or 0) + 1


def _complete_pod_status(status: PodStatus, old: PodStatus) -> None:
    """Keep what a kubelet has left out but not changed, and make the address and the list of addresses one."""
    status.qos_class = status.qos_class or old.qos_class
    status.observed_generation = status.observed_generation or old.observed_generation
    seen = {condition.type: condition.observed_generation for condition in old.conditions}
    for condition in status.conditions:
        condition.observed_generation = condition.observed_generation or seen.get(condition.type)
    if status.pod_ip and (not status.pod_ips or status.pod_ips[0].ip != status.pod_ip):
        status.pod_ips = [PodIP(ip=status.pod_ip)]
    elif status.pod_ips:
        status.pod_ip = status.pod_ips[0].ip


def _raise(found: list[FieldError], obj: KubernetesObject) -> None:
    """Raise what was found, with the places in the text that the object as it was given came from."""
    if found:
        raise ValidationError(with_places(obj, found), what=describe(obj))


def _of_any_kind(obj: KubernetesObject) -> Any:
    """An object whose kind is known to have a spec, or a status; not every kind has."""
    return obj


def _forget_server_fields(meta: ObjectMeta) -> None:
    meta.deletion_timestamp = None
    meta.deletion_grace_period_seconds = None
    meta.self_link = None
    meta.generation = None


def _keep_identity(new: ObjectMeta, old: ObjectMeta) -> None:
    """Keep what only the server writes; what must not change although a client can write it is left to validation."""
    new.uid = new.uid or old.uid
    new.namespace = new.namespace or old.namespace
    new.creation_timestamp = old.creation_timestamp
    new.deletion_timestamp = old.deletion_timestamp
    new.deletion_grace_period_seconds = old.deletion_grace_period_seconds
    new.generation = old.generation
    new.self_link = old.self_link


def _reset_status(obj: KubernetesObject) -> None:
    """Clear the status, which is the controllers' to write; a Node is its own kubelet's from the beginning."""
    if isinstance(obj, Pod):
        obj.status = PodStatus(phase="Pending", qos_class=_qos_or_none(obj.spec))
        if obj.spec.scheduling_gates:
            obj.status.conditions.append(
                PodCondition(
                    type="PodScheduled",
                    status="False",
                    reason="SchedulingGated",
                    message="Scheduling is blocked due to non-empty scheduling gates",
                )
            )
    elif obj.kind in _STATUS_KINDS and obj.kind != "Node":
        status = type(_of_any_kind(obj).status)()
        if obj.kind in ("Namespace", "PersistentVolumeClaim"):
            status.phase = "Active" if obj.kind == "Namespace" else "Pending"
        _of_any_kind(obj).status = status


def _qos_or_none(spec: PodSpec) -> str | None:
    try:
        return qos_class(spec)
    except ValueError:
        return None  # a quantity that is none; validation reports it


def _changes_generation(new: KubernetesObject, old: KubernetesObject) -> bool:
    if not same(_of_any_kind(new).spec, _of_any_kind(old).spec):
        return True
    return new.kind == "Deployment" and new.metadata.annotations != old.metadata.annotations
