"""Whether two values say the same, and where they differ.

An API server says only that ``spec`` may not change. A person wants to know where it has changed: ``difference`` finds
the one field, or the innermost part that holds all the changes. Two texts of one amount (``1Gi`` and ``1024Mi``) are no
change.
"""

from __future__ import annotations

from typing import Any

from attrs import fields, has

from podkit.model.meta import LabelSelector
from podkit.model.quantity import Quantity, QuantityError
from podkit.model.resources import ResourceRequirements
from podkit.model.shape import fields_of

# What a person thinks of as one thing: a change inside is a change of it.
_WHOLE = (LabelSelector, ResourceRequirements)
_AMOUNTS = frozenset({"requests", "limits", "overhead", "size_limit", "divisor"})


def same(new: Any, old: Any) -> bool:
    """Return whether two values are equal, however their amounts are written."""
    return bool(new == old) or _canonical(new) == _canonical(old)


def _canonical(value: Any) -> Any:
    """Return a value in a form in which amounts compare by what they are, and not by how they are written."""
    if has(type(value)):
        return {
            attribute.name: _canonical_amounts(getattr(value, attribute.name))
            if attribute.name in _AMOUNTS
            else _canonical(getattr(value, attribute.name))
            for attribute in fields(type(value))
        }
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return value


def _canonical_amounts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _canonical_amounts(amount) for name, amount in value.items()}
    if isinstance(value, str):
        try:
            return Quantity(value)
        except QuantityError:
            return value
    return _canonical(value)


def difference(path: str, new: Any, old: Any) -> str:
    """Return the path of the innermost part that holds every difference between two values.

    Args:
        path: the path of the two values.
        new: one value.
        old: another value, not the same as the first.
    """
    if type(new) is not type(old) or isinstance(new, _WHOLE):
        return path
    if has(cls := type(new)):
        changed = [
            (f"{path}.{field.name}", field.attribute)
            for field in fields_of(cls)
            if not same(getattr(new, field.attribute), getattr(old, field.attribute))
        ]
        if len(changed) == 1:
            inner, name = changed[0]
            return difference(inner, getattr(new, name), getattr(old, name))
    elif isinstance(new, list) and len(new) == len(old):
        indexes = [index for index, item in enumerate(new) if not same(item, old[index])]
        if len(indexes) == 1 and has(type(new[indexes[0]])):
            return difference(f"{path}[{indexes[0]}]", new[indexes[0]], old[indexes[0]])
    elif isinstance(new, dict) and path.endswith((".requests", ".limits")):
        keys = [key for key in new.keys() | old.keys() if new.get(key) != old.get(key)]
        if len(keys) == 1:
            return f"{path}[{keys[0]}]"
    return path
