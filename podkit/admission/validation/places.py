"""Lines and columns: where in its file an object is wrong.

The codec remembers which document an object came from, and finds a field in it again when it is asked to.
"""

from __future__ import annotations

from attrs import evolve

from podkit.codec.positions import positions
from podkit.errors import FieldError
from podkit.model.meta import KubernetesObject


def with_places(obj: KubernetesObject, found: list[FieldError]) -> list[FieldError]:
    """Return errors with the places of their fields in the text that an object came from, if it came from one."""
    if not found:
        return found
    places = positions(obj, [error.path for error in found])
    if not places:
        return found
    return [
        error if place is None else evolve(error, line=place.line, column=place.column, source=place.source)
        for error, place in zip(found, places, strict=True)
    ]
