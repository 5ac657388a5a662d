"""Where two objects differ: the path that an error about a forbidden change points at.

An API server says only that ``spec`` may not change. A person wants to know where it has changed: this finds the one
field, or the innermost part that holds all the changes.
"""

from __future__ import annotations

from typing import Any

from attrs import fields, has

from podkit.model.meta import LabelSelector
from podkit.model.resources import ResourceRequirements

# What a person thinks of as one thing: a change inside is a change of it.
_WHOLE = (LabelSelector, ResourceRequirements)


def difference(path: str, new: Any, old: Any) -> str:
    """Return the path of the innermost part that holds every difference between two values.

    Args:
        path: the path of the two values.
        new: one value.
        old: another value, not equal to the first.
    """
    if type(new) is not type(old) or isinstance(new, _WHOLE):
        return path
    if has(type(new)):
        changed = [
            (f"{path}.{attribute.metadata.get('json') or _camel(attribute.name)}", attribute.name)
            for attribute in fields(type(new))
            if getattr(new, attribute.name) != getattr(old, attribute.name)
        ]
        if len(changed) == 1:
            inner, name = changed[0]
            return difference(inner, getattr(new, name), getattr(old, name))
    elif isinstance(new, list) and len(new) == len(old):
        indexes = [index for index, item in enumerate(new) if item != old[index]]
        if len(indexes) == 1 and has(type(new[indexes[0]])):
            return difference(f"{path}[{indexes[0]}]", new[indexes[0]], old[indexes[0]])
    elif isinstance(new, dict) and path.endswith((".requests", ".limits")):
        keys = [key for key in new.keys() | old.keys() if new.get(key) != old.get(key)]
        if len(keys) == 1:
            return f"{path}[{keys[0]}]"
    return path


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
