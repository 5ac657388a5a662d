"""Which rules hold for which kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from podkit.admission.validation import names, pod
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.model.meta import KubernetesObject


@frozen
class Rules:
    """The rules for one kind."""

    create: Callable[[Errors, Any], None]
    update: Callable[[Errors, Any, Any], None]


def _check_other(errors: Errors, obj: KubernetesObject) -> None:
    check_metadata(errors, obj.metadata, names.dns_subdomain, namespaced=obj.kind not in ("Node", "Namespace"))


def _check_other_update(errors: Errors, new: KubernetesObject, old: KubernetesObject) -> None:
    _check_other(errors, new)
    check_metadata_update(errors, new.metadata, old.metadata)


_OTHER = Rules(_check_other, _check_other_update)
_BY_KIND = {"Pod": Rules(pod.check_pod, pod.check_pod_update)}


def rules_for(obj: KubernetesObject) -> Rules:
    """Return the rules for the kind of an object."""
    return _BY_KIND.get(obj.kind, _OTHER)
