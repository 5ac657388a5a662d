"""Namespaces keep names apart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import ObjectMeta


@define
class NamespaceSpec:
    """What keeps a namespace from being removed.

    Attributes:
        finalizers: names of those who must agree before the namespace is gone.
    """

    finalizers: list[str] = field(factory=list)


@define
class NamespaceStatus:
    """The state of a namespace.

    Attributes:
        phase: ``Active`` or ``Terminating``.
        conditions: the state, aspect by aspect.
    """

    phase: str | None = None
    conditions: list[NamespaceCondition] = field(factory=list, metadata={"merge_key": "type"})


@define
class Namespace:
    """Keeps names apart: names are unique in one namespace only.

    Attributes:
        api_version: always ``v1``.
        kind: always ``Namespace``.
        metadata: name, labels and so on.
        spec: what keeps it.
        status: the state it is in.

    Example:
        ::

            Namespace.new("team", labels={"purpose": "tests"})
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Namespace", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: NamespaceSpec = field(factory=NamespaceSpec)
    status: NamespaceStatus = field(factory=NamespaceStatus)

    @classmethod
    def new(cls, name: str, *, labels: Mapping[str, str] | None = None) -> Self:
        """A namespace with a name and perhaps labels."""
        return cls(metadata=ObjectMeta.of(name, labels=labels))


@define
class NamespaceCondition:
    """One aspect of a namespace's state.

    Attributes:
        type: the aspect.
        status: ``True``, ``False`` or ``Unknown``.
        last_transition_time: when ``status`` changed last.
        reason: one word, in CamelCase, for why it is so.
        message: the same in words for people.
    """

    type: str
    status: str
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None
