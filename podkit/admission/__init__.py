"""Admission: what happens to an object between a client and the store: defaults, validation, and what the server fills in."""

from podkit.admission.defaults import set_defaults
from podkit.admission.plugins import NOTHING, Known
from podkit.admission.prepare import (
    companions,
    prepare_create,
    prepare_ephemeral_containers_update,
    prepare_resize,
    prepare_status_update,
    prepare_update,
)
from podkit.admission.validation import check, validate

__all__ = [
    "NOTHING",
    "Known",
    "check",
    "companions",
    "prepare_create",
    "prepare_ephemeral_containers_update",
    "prepare_resize",
    "prepare_status_update",
    "prepare_update",
    "set_defaults",
    "validate",
]
