"""Which kinds something in this cluster acts on: nothing is accepted in silence that will have no effect."""

from __future__ import annotations

import warnings

from podkit.model.meta import KubernetesObject
from podkit.model.service import Service

_POD_SECURITY = "pod-security.kubernetes.io/"
_MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets"
_CALLER_OF_VERB = 3


class UnservedWarning(UserWarning):
    """An object is stored, but this version does not do something that it asks for.

    Example:
        ::

            warnings.simplefilter("error", UnservedWarning)         # an error, where you like that better
    """


def warn_without_effect(obj: KubernetesObject) -> None:
    """Warn where nothing will act on an object, or on a part of it; to be called by a verb."""
    name = f"{obj.kind} {obj.metadata.name or obj.metadata.generate_name}"
    if (unheeded := _unheeded(obj)) is not None:
        warnings.warn(f"{name} is stored, but {unheeded}", UnservedWarning, stacklevel=_CALLER_OF_VERB)


def _unheeded(obj: KubernetesObject) -> str | None:
    """What an object asks for by a label or annotation, and nobody does here; None when there is no such thing."""
    meta = obj.metadata
    if obj.kind == "Namespace" and any(label.startswith(_POD_SECURITY) for label in meta.labels):
        return f"its Pods are not held to the security standard that its labels {_POD_SECURITY}… ask for"
    if obj.kind == "ServiceAccount" and meta.annotations.get(_MOUNTABLE_SECRETS) == "true":
        return f"its Pods may mount any Secret: the annotation {_MOUNTABLE_SECRETS} has no effect"
    return _unheeded_of_service(obj) if isinstance(obj, Service) else None


def _unheeded_of_service(service: Service) -> str | None:
    spec = service.spec
    if spec.type in ("NodePort", "LoadBalancer"):
        return (
            f"only Pods reach it: nothing opens a port of the machine for the type {spec.type}; "
            "use port_forward, or a hostPort of its Pods"
        )
    if spec.external_ips:
        return "nothing leads from its externalIPs to it"
    if not spec.selector and spec.type != "ExternalName":
        return "it leads nowhere without a selector: endpoints that somebody else keeps are not supported"
    return None
