"""How the model's classes are defined: attrs, with a repr that shows only what is set.

For a type checker ``define`` is ``attrs.define``. Objects have slots (a misspelt attribute is an error), compare by value, can
change and so cannot be hashed. Their repr leaves out what has its default, because a Pod has more than a hundred fields and a
person sets ten; and it never shows the value of a field that is marked as secret. A notebook shows whole objects as cards
(`podkit.showing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from podkit.showing import repr_html

if TYPE_CHECKING:
    from attrs import define
else:

    def define(cls: type) -> type:
        """Make a class of the model of a class with annotated fields."""
        made = attrs.define(cls, repr=False, on_setattr=attrs.setters.NO_OP)
        made.__repr__ = _show_what_is_set
        if {field.name for field in attrs.fields(made)} >= _WHOLE:
            made._repr_html_ = repr_html
        return made


_WHOLE = {"api_version", "kind", "metadata"}
"""The fields by which an object is told from its parts."""
_ABSENT: tuple[Any, ...] = (None, [], {})


def _show_what_is_set(obj: Any) -> str:
    cls = type(obj)
    shown = []
    for field in attrs.fields(cls):
        value = getattr(obj, field.name)
        if not _is_default(field, value):
            shown.append(f"{field.name}={_hidden(value) if field.metadata.get('secret') else repr(value)}")
    return f"{cls.__name__}({', '.join(shown)})"


def _is_default(field: attrs.Attribute[Any], value: Any) -> bool:
    if value in _ABSENT:
        return True
    factory = getattr(field.default, "factory", None)
    return bool(value == (factory() if factory else field.default))


def _hidden(values: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key!r}: ..." for key in values) + "}"


__all__ = ["define"]
