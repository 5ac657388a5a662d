"""Rules for Events.

Source of the rules: core, ``legacyValidateEvent`` in ``events.go``, which holds for the version v1.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.model.event import Event

_MAX_TEXT = 128
_MAX_MESSAGE = 1024
_FREE_NAMESPACES = ("default", "kube-system")


def check_event(errors: Errors, event: Event) -> None:
    """Check an Event; those with ``eventTime`` are of the newer form, and say who reports what was done."""
    namespace = event.metadata.namespace or "default"
    _check_namespace(errors, event, namespace)
    if event.event_time is not None:
        _check_new_form(errors, event)
    errors.problem("metadata.namespace", namespace, names.dns_subdomain(namespace))
    if not event.metadata.name and not event.metadata.generate_name:
        errors.required("metadata.name", "name or generateName is needed")


def _check_namespace(errors: Errors, event: Event, namespace: str) -> None:
    """An Event stands beside the object that it is about; about one without namespace, in ``default``."""
    about = event.involved_object.namespace
    if about:
        fits = about == namespace or event.event_time is not None
    else:
        fits = namespace == "default" or (event.event_time is not None and namespace in _FREE_NAMESPACES)
    if not fits:
        errors.invalid("involvedObject.namespace", about or "", f"is not the Event's namespace, {namespace}")


def _check_new_form(errors: Errors, event: Event) -> None:
    component = event.reporting_component or ""
    if not component:
        errors.required("reportingComponent")
    errors.problem("reportingComponent", component, names.qualified_name(component))
    for name, text in (
        ("reportingInstance", event.reporting_instance),
        ("action", event.action),
        ("reason", event.reason),
    ):
        if not text:
            errors.required(name)
        elif len(text.encode()) > _MAX_TEXT:
            errors.invalid(name, text, f"may have {_MAX_TEXT} characters at most")
    if len((event.message or "").encode()) > _MAX_MESSAGE:
        errors.invalid("message", event.message, f"may have {_MAX_MESSAGE} characters at most")


def check_event_update(errors: Errors, new: Event, old: Event) -> None:
    """Check a change of an Event, as when it is counted up."""
    del old
    check_event(errors, new)
