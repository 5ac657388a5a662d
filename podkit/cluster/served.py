"""Which kinds something in this cluster acts on: nothing is accepted in silence that will have no effect."""

from __future__ import annotations

import warnings

from podkit.errors import PodkitError
from podkit.model.meta import KubernetesObject

WITHOUT_CONTROLLER = frozenset({"DaemonSet"})
"""The kinds that make Pods in Kubernetes, and have no controller here yet: they are refused."""

WITHOUT_EFFECT = frozenset({"Service"})
"""The kinds that manifests often have beside Pods, and on which nothing acts here yet: a warning says so."""

_POD_SECURITY = "pod-security.kubernetes.io/"
_MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets"
_CALLER_OF_VERB = 3


class UnservedWarning(UserWarning):
    """An object is stored, but nothing in this version acts on it."""


def require_effect(obj: KubernetesObject) -> None:
    """See that something will act on an object; to be called by a verb.

    Raises:
        PodkitError: it should run, and never would.
    """
    name = f"{obj.kind} {obj.metadata.name or obj.metadata.generate_name}"
    if obj.kind in WITHOUT_CONTROLLER:
        raise PodkitError(
            f"{name} would never run: this version has no controller for its kind; create Pods or Jobs instead"
        )
    if obj.kind in WITHOUT_EFFECT:
        message = f"{name} is stored, but nothing acts on objects of its kind in this version"
        warnings.warn(message, UnservedWarning, stacklevel=_CALLER_OF_VERB)
    if (unheeded := _unheeded(obj)) is not None:
        warnings.warn(f"{name} is stored, but {unheeded}", UnservedWarning, stacklevel=_CALLER_OF_VERB)


def _unheeded(obj: KubernetesObject) -> str | None:
    """What an object asks for by a label or annotation, and nobody does here; None when there is no such thing."""
    meta = obj.metadata
    if obj.kind == "Namespace" and any(label.startswith(_POD_SECURITY) for label in meta.labels):
        return f"its Pods are not held to the security standard that its labels {_POD_SECURITY}… ask for"
    if obj.kind == "ServiceAccount" and meta.annotations.get(_MOUNTABLE_SECRETS) == "true":
        return f"its Pods may mount any Secret: the annotation {_MOUNTABLE_SECRETS} has no effect"
    return None
