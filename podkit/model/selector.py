"""Selectors: which objects are meant, by their labels or by their fields.

A label selector is a list of requirements that must all be met. It is written as text (``app=web,tier in (a, b),!old``)
on the command line, or as a ``LabelSelector`` object in other objects; both become a ``Selector``. A field selector
(``metadata.name=web,status.phase!=Running``) compares fields, found by the path that they have in a document.

Source of the rules: apimachinery, ``pkg/labels/selector.go`` and ``pkg/fields/selector.go``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, TypeAlias

from attrs import frozen, has

from podkit.errors import PodkitError
from podkit.model.meta import KubernetesObject, LabelSelector, LabelSelectorRequirement
from podkit.model.scalars import Int64
from podkit.model.shape import fields_by_name, is_model_class

_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_TOKEN = re.compile(r"\s*(?:(==|!=|=|!|<|>|,|\(|\))|([^\s=!<>,()]+))")
_SYMBOLS = {"=", "==", "!=", "!", "<", ">", ",", "(", ")"}


Labels: TypeAlias = str | Mapping[str, str] | LabelSelector
"""How users say which labels are meant: ``"app=web,tier in (a,b)"``, ``{"app": "web"}``, or the selector of another object."""


class SelectorError(PodkitError, ValueError):
    """A selector that cannot be read.

    Example:
        ::

            try:
                cluster.list(Pod, labels="app in web")
            except SelectorError as error:
                print(error)
    """


@frozen
class Requirement:
    """One condition on the labels of an object.

    Attributes:
        key: the label's name.
        operator: ``=``, ``!=``, ``in``, ``notin``, ``exists``, ``!``, ``>`` or ``<``.
        values: what the label's value is compared with.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels meet the condition. An object without the label meets ``!=`` and ``notin``."""
        value = labels.get(self.key)
        if self.operator in ("=", "in"):
            return value is not None and value in self.values
        if self.operator in ("!=", "notin"):
            return value is None or value not in self.values
        if self.operator == "exists":
            return value is not None
        if self.operator == "!":
            return value is None
        return value is not None and self._compares(value)

    def _compares(self, value: str) -> bool:
        try:
            number = int(value)
        except ValueError:
            return False
        bound = int(self.values[0])
        return number > bound if self.operator == ">" else number < bound

    def __str__(self) -> str:
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        if self.operator in ("in", "notin"):
            return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"
        return f"{self.key}{self.operator}{self.values[0]}"


@frozen
class Selector:
    """A selection of objects by their labels.

    Attributes:
        requirements: the conditions that must all be met; without any everything is selected.
        nothing: True for the selection of nothing at all, which an absent ``LabelSelector`` is.
    """

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Read a selector as ``kubectl get -l`` takes it; an empty text selects everything.

        Raises:
            SelectorError: the text is no selector.
        """
        return _parse(text)

    @classmethod
    def read(cls, labels: Labels) -> Selector:
        """Read a selector in any of its forms; an empty one selects everything.

        Raises:
            SelectorError: it is no selector.
        """
        return cls.parse(labels) if isinstance(labels, str) else cls.of(labels)

    @classmethod
    def of(cls, selector: LabelSelector | Mapping[str, str] | None) -> Selector:
        """Return the selector that an object, or a mapping of labels, describes; None describes nothing.

        Raises:
            SelectorError: the object has an unknown operator, values where none may be, or a bad key or value.
        """
        if selector is None:
            return cls(nothing=True)
        if not isinstance(selector, LabelSelector):
            return cls(tuple(_requirement(key, "=", (value,)) for key, value in sorted(selector.items())))
        equal = [_requirement(key, "=", (value,)) for key, value in sorted(selector.match_labels.items())]
        return cls((*equal, *map(_from_expression, selector.match_expressions)))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether an object with these labels is selected."""
        for requirement in () if self.nothing else self.requirements:  # asked so often that a generator would be felt
            if not requirement.matches(labels):
                return False
        return not self.nothing

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


_FROM_OBJECT = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def _from_expression(expression: LabelSelectorRequirement) -> Requirement:
    operator = _FROM_OBJECT.get(expression.operator)
    if operator is None:
        raise SelectorError(f"{expression.operator!r} is no operator; use In, NotIn, Exists or DoesNotExist")
    return _requirement(expression.key, operator, tuple(expression.values))


def _requirement(key: str, operator: str, values: tuple[str, ...]) -> Requirement:
    for text in (key, *values):
        if not isinstance(text, str):
            raise SelectorError(f"a label is a text, and {text!r} is not; quotes make one of it")
    prefix, slash, name = key.rpartition("/")
    if _NAME.fullmatch(name) is None or len(name) > 63 or (slash and _PREFIX.fullmatch(prefix) is None):
        raise SelectorError(f"{key!r} cannot be the name of a label")
    if operator in ("in", "notin") and not values:
        raise SelectorError(f"{key!r}: in and notin need values")
    if operator in ("exists", "!") and values:
        raise SelectorError(f"{key!r}: exists takes no values")
    if operator in (">", "<") and not _is_integer(values):
        raise SelectorError(f"{key!r}: > and < compare with one integer")
    for value in values:
        if value and (_NAME.fullmatch(value) is None or len(value) > 63):
            raise SelectorError(f"{value!r} cannot be the value of a label")
    return Requirement(key, operator, values)


def _is_integer(values: tuple[str, ...]) -> bool:
    return len(values) == 1 and values[0].lstrip("+-").isdecimal()


class _Reader:
    """Reads the text form of label selectors, one token after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise SelectorError(f"{text!r} is no selector: {text[position:]!r} is not understood")
            self.tokens.append(match.group(1) or match.group(2))
            position = match.end()
        self.next = 0

    def peek(self) -> str:
        return self.tokens[self.next] if self.next < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.next += 1
        return token

    def word(self) -> str:
        token = self.take()
        if not token or token in _SYMBOLS:
            raise self.error(f"a name is expected before {token!r}" if token else "a name is expected at the end")
        return token

    def error(self, problem: str) -> SelectorError:
        return SelectorError(f"{self.text!r} is no selector: {problem}")

    def requirement(self) -> Requirement:
        if self.peek() == "!":
            self.take()
            return _requirement(self.word(), "!", ())
        key = self.word()
        operator = self.peek()
        if operator in ("", ","):
            return _requirement(key, "exists", ())
        self.take()
        if operator in ("in", "notin"):
            return _requirement(key, operator, self.values())
        if operator in ("=", "==", "!=", ">", "<"):
            value = "" if self.peek() in ("", ",") else self.word()
            return _requirement(key, "=" if operator == "==" else operator, (value,))
        raise self.error(f"{operator!r} is no operator; use =, !=, in, notin, > or <")

    def values(self) -> tuple[str, ...]:
        if self.take() != "(":
            raise self.error("values are written in parentheses, as in 'tier in (a, b)'")
        found: list[str] = []
        while True:
            found.append("" if self.peek() in (",", ")") else self.word())
            separator = self.take()
            if separator == ")":
                return tuple(found)
            if separator != ",":
                raise self.error("a list of values ends with ')'")


@lru_cache(maxsize=256)
def _parse(text: str) -> Selector:
    reader = _Reader(text)
    requirements: list[Requirement] = []
    while reader.peek():
        requirements.append(reader.requirement())
        separator = reader.take()
        if separator == "," and not reader.peek():
            raise reader.error("a requirement is expected after the last ','")
        if separator not in ("", ","):
            raise reader.error(f"',' is expected before {separator!r}")
    return Selector(tuple(requirements))


@frozen
class FieldRequirement:
    """One condition on a field of an object.

    Attributes:
        path: the field's path in a document, such as ``status.phase``.
        equal: whether the field must have the value, or must not.
        value: the value as text; an absent field has the empty text.
    """

    path: str
    equal: bool
    value: str

    def matches(self, obj: Any) -> bool:
        """Return whether an object meets the condition."""
        return (_field_text(obj, self.path) == self.value) is self.equal

    def __str__(self) -> str:
        escaped = re.sub(r"([\\,=])", r"\\\1", self.value)
        return f"{self.path}{'=' if self.equal else '!='}{escaped}"


@frozen
class FieldSelector:
    """A selection of objects by their fields.

    Attributes:
        requirements: the conditions that must all be met.
    """

    requirements: tuple[FieldRequirement, ...] = ()

    @classmethod
    def parse(cls, text: str) -> FieldSelector:
        """Read a selector as ``kubectl get --field-selector`` takes it; an empty text selects everything.

        Raises:
            SelectorError: the text is no selector.
        """
        parts = [part for part in _split_unescaped(text) if part.strip()]
        return cls(tuple(_field_requirement(part) for part in parts))

    def check(self, cls: type) -> None:
        """See that objects of a class can have the fields, whether there are any or not.

        Raises:
            SelectorError: one is no field of theirs.
        """
        for requirement in self.requirements:
            _check_path(cls, _ALIASES.get((cls.__name__, requirement.path), requirement.path))

    def matches(self, obj: Any) -> bool:
        """Return whether an object is selected."""
        return all(requirement.matches(obj) for requirement in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


def matcher(
    labels: Labels | None, fields: str | None = None, cls: type = KubernetesObject
) -> Callable[[Any], bool] | None:
    """Whether an object is selected by its labels and its fields, as a function; None when all are.

    Args:
        labels: a label selector; None or empty: any labels will do.
        fields: a field selector; None or empty: any fields will do.
        cls: the class of the objects, which the fields must be of.

    Raises:
        SelectorError: one of them is no selector, or a field is none of the class.
    """
    by_label = Selector.read(labels) if labels else None
    by_field = FieldSelector.parse(fields) if fields else None
    if by_field is not None:
        by_field.check(cls)
    if by_label is not None and by_field is not None:
        return lambda obj: by_label.matches(obj.metadata.labels) and by_field.matches(obj)
    if by_label is not None:
        return lambda obj: by_label.matches(obj.metadata.labels)
    return by_field.matches if by_field is not None else None


def _split_unescaped(text: str) -> list[str]:
    return re.findall(r"(?:[^,\\]|\\.)+", text)


def _field_requirement(part: str) -> FieldRequirement:
    match = re.fullmatch(r"\s*([^=!\s]+)\s*(!=|==|=)(.*)", part, re.DOTALL)
    if match is None:
        raise SelectorError(f"{part!r} is no field selector; write it as in 'status.phase!=Running'")
    path, operator, value = match.groups()
    return FieldRequirement(path, operator != "!=", re.sub(r"\\(.)", r"\1", value.strip()))


_ALIASES = {("Event", "source"): "source.component", ("Job", "status.successful"): "status.succeeded"}
"""Names that selectors have for fields and documents have not."""


def _field_text(obj: Any, path: str) -> str:
    """The value of a field as selectors compare it: what is absent is empty, but a switch is off, and a number of the status 0."""
    path = _ALIASES.get((type(obj).__name__, path), path)
    annotation: Any = None
    for name in path.split("."):
        if isinstance(obj, Mapping):
            obj, annotation = obj.get(name), None
        elif obj is not None and has(cls := type(obj)):
            shape = fields_by_name(cls).get(name)
            if shape is None:
                raise _no_field(cls, path, name)
            obj, annotation = getattr(obj, shape.attribute), shape.annotation
        else:
            return ""
    if annotation is bool:
        return "true" if obj else "false"
    if obj is None:
        return "0" if annotation in (int, Int64) and path.startswith("status.") else ""
    return str(obj)


def _check_path(cls: type, path: str) -> None:
    place: Any = cls
    for name in path.split("."):
        if not is_model_class(place):
            return  # a map, whose keys are anybody's
        shape = fields_by_name(place).get(name)
        if shape is None:
            raise _no_field(cls, path, name, place)
        place = shape.element if shape.container is None else None


def _no_field(cls: type, path: str, name: str, place: type | None = None) -> SelectorError:
    close = get_close_matches(name, fields_by_name(place or cls), n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return SelectorError(f"{path!r} is no field of {cls.__name__}: there is no {name!r}{hint}")
