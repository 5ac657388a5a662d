"""Where validation puts what it finds.

Validation never stops at the first mistake. Each rule is a function that takes the collector, the path of what it looks
at and the thing itself, and adds what is wrong; nothing is returned and nothing is raised. A path is plain text in
Kubernetes' form (``spec.containers[0].ports[1].containerPort``): a rule knows its own part and gets the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from podkit.errors import FieldError

T = TypeVar("T", str, int)


class Errors:
    """Collects field errors; there is one method for each reason that an API server gives.

    Attributes:
        found: everything collected so far, in the order of the rules.
    """

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[FieldError] = []

    def required(self, path: str, message: str = "a value is needed") -> None:
        """The field must be there and is not."""
        self.found.append(FieldError(path, "Required", message))

    def invalid(self, path: str, value: Any, message: str) -> None:
        """The value breaks a rule."""
        self.found.append(FieldError(path, "Invalid", f"{_quoted(value)} is not allowed: {message}", value))

    def not_supported(self, path: str, value: Any, supported: Iterable[str]) -> None:
        """The value is none of a closed set."""
        known = ", ".join(sorted(supported))
        self.found.append(FieldError(path, "NotSupported", f"{_quoted(value)} is not one of {known}", value))

    def member(self, path: str, value: str | None, supported: Collection[str]) -> None:
        """The value must be there, and be one of a closed set."""
        if not value:
            self.required(path, f"must be one of {', '.join(sorted(supported))}")
        elif value not in supported:
            self.not_supported(path, value, supported)

    def optional_member(self, path: str, value: str | None, supported: Collection[str]) -> None:
        """The value must be one of a closed set, if it is there."""
        if value is not None and value not in supported:
            self.not_supported(path, value, supported)

    def duplicate(self, path: str, value: Any) -> None:
        """The value stands twice in a collection in which it may stand once."""
        self.found.append(FieldError(path, "Duplicate", f"{_quoted(value)} is there already", value))

    def forbidden(self, path: str, message: str) -> None:
        """The field may not be set, or not be changed, here."""
        self.found.append(FieldError(path, "Forbidden", message))

    def too_long(self, path: str, value: Any, limit: int, unit: str = "bytes") -> None:
        """The value is longer than may be; the value itself is left out of the error."""
        del value
        self.found.append(FieldError(path, "TooLong", f"may not be longer than {limit} {unit}"))

    def too_many(self, path: str, count: int, limit: int) -> None:
        """The collection has more items than may be."""
        self.found.append(FieldError(path, "TooMany", f"has {count} items; at most {limit} are allowed", count))

    def not_found(self, path: str, value: Any) -> None:
        """The value names something that is not there."""
        self.found.append(FieldError(path, "NotFound", f"there is no {_quoted(value)}", value))

    def type_invalid(self, path: str, value: Any, message: str) -> None:
        """The value is not of the field's type."""
        self.found.append(FieldError(path, "TypeInvalid", f"{_quoted(value)} is not allowed: {message}", value))

    def non_negative(self, path: str, value: int | None) -> None:
        """The number must be 0 or more."""
        if value is not None and value < 0:
            self.invalid(path, value, "must be greater than or equal to 0")

    def positive(self, path: str, value: int | None) -> None:
        """The number must be more than 0."""
        if value is not None and value <= 0:
            self.invalid(path, value, "must be greater than 0")

    def problem(self, path: str, value: Any, message: str | None) -> None:
        """The value is invalid, if there is a message: takes what the functions of ``names`` return."""
        if message is not None:
            self.invalid(path, value, message)

    def well_formed(self, path: str, value: T | None, form: Callable[[T], str | None]) -> None:
        """The value must be there, and have a form: one of the functions of ``names``."""
        if not value:
            self.required(path)
        else:
            self.problem(path, value, form(value))

    def unique(self, path: str, value: T, seen: set[T]) -> None:
        """The value must be none of those that were seen before; it is added to them."""
        if value in seen:
            self.duplicate(path, value)
        seen.add(value)


def _quoted(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 120 else text[:117] + "..."
