"""What admission knows of the other objects of the cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from podkit.model.meta import KubernetesObject

T = TypeVar("T", bound=KubernetesObject)


class Known(Protocol):
    """Where plugins look up the objects that others refer to. What they get they do not change."""

    def find(self, kind: type[T], name: str, namespace: str | None = None) -> T | None:
        """The object of this name; None when there is none. Objects without a namespace are found without one."""

    def all(self, kind: type[T]) -> Iterable[T]:
        """All objects of a kind."""


class _Nothing:
    """A cluster in which nothing has been created."""

    def find(self, kind: type[T], name: str, namespace: str | None = None) -> T | None:  # noqa: ARG002
        """There is none."""
        return None

    def all(self, kind: type[T]) -> Iterable[T]:  # noqa: ARG002
        """There are none."""
        return ()


NOTHING: Known = _Nothing()
"""A cluster in which nothing has been created."""
