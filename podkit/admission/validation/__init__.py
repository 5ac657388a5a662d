"""Validation: what an API server refuses, at creation and at update.

``check(obj)`` lists everything that is wrong with a new object, ``check(obj, old)`` everything that is wrong with the
change from ``old`` to ``obj``; ``validate`` raises it. Both look at a copy with the defaults filled in, as the server
does. The updates that are subresources in Kubernetes have functions of their own. There is one module a concept beside
this one; a rule for a field is found in the function for the type that the field belongs to, and ``kinds`` says where
the rules of a kind begin.

An error that came of a document says the line and the column, as far as the codec remembers where the object was read.

Source of the rules: Kubernetes 1.36, ``pkg/apis/{core,apps,batch}/validation`` and apimachinery's, with the default
feature gates.
"""

from __future__ import annotations

from podkit.admission.defaults import set_defaults
from podkit.admission.validation import pod_update
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.kinds import rules_for
from podkit.admission.validation.places import with_places
from podkit.errors import FieldError, ValidationError
from podkit.model.meta import KubernetesObject
from podkit.model.pod import Pod

__all__ = [
    "check",
    "check_defaulted",
    "check_ephemeral_containers_update",
    "check_resize",
    "check_status_update",
    "describe",
    "validate",
]


def validate(obj: KubernetesObject, old: KubernetesObject | None = None) -> None:
    """Raise what an API server would refuse.

    Args:
        obj: the new object; it is not changed.
        old: the object as it is stored; None when ``obj`` is to be created.

    Raises:
        ValidationError: with everything that is wrong, not only the first.

    Example:
        ::

            validate(pod)
            validate(pod, old=cluster.get(Pod, "web"))            # as an update of what is there
    """
    found = check(obj, old)
    if found:
        raise ValidationError(found, what=describe(obj))


def check(obj: KubernetesObject, old: KubernetesObject | None = None) -> list[FieldError]:
    """Return what an API server would refuse: an empty list when all is well."""
    return with_places(obj, check_defaulted(set_defaults(obj), None if old is None else set_defaults(old)))


def check_defaulted(obj: KubernetesObject, old: KubernetesObject | None = None) -> list[FieldError]:
    """Like ``check``, for objects that have their defaults already; the errors have no lines."""
    errors = Errors()
    rules = rules_for(obj)
    if old is None:
        rules.create(errors, obj)
    else:
        rules.update(errors, obj, old)
    return errors.found


def check_status_update(obj: KubernetesObject, old: KubernetesObject) -> list[FieldError]:
    """Return what is wrong with a change of the status, the spec being left alone."""
    errors = Errors()
    rules_for(obj).status(errors, set_defaults(obj), set_defaults(old))
    return errors.found


def check_ephemeral_containers_update(pod: Pod, old: Pod) -> list[FieldError]:
    """Return what is wrong with a change of ``spec.ephemeralContainers`` of a Pod."""
    errors = Errors()
    pod_update.check_ephemeral_containers_update(errors, set_defaults(pod), set_defaults(old))
    return with_places(pod, errors.found)


def check_resize(pod: Pod, old: Pod) -> list[FieldError]:
    """Return what is wrong with a change of the resources of a Pod's containers."""
    errors = Errors()
    pod_update.check_resize(errors, set_defaults(pod), set_defaults(old))
    return with_places(pod, errors.found)


def describe(obj: KubernetesObject) -> str:
    """Return how an object is called in messages: ``Pod "web"``."""
    return f'{obj.kind} "{obj.metadata.name or obj.metadata.generate_name or ""}"'
