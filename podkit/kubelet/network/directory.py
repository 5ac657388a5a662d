"""The Services and Pods that names are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from podkit.loop.informer import Informer
from podkit.model import Pod, Service

NAMESPACE = "namespace"
"""The index by which both informers of an `InformedDirectory` find what is in a namespace."""


class Directory(Protocol):
    """Where Services and Pods are looked up. It may be asked from any thread."""

    def refresh(self) -> None:
        """Take in what has changed up to now, so that nobody is told what others know to be over."""

    def service(self, namespace: str, name: str) -> Service | None:
        """The Service of this name; None if there is none."""

    def services(self, namespace: str | None = None) -> Sequence[Service]:
        """The Services of a namespace, or all."""

    def pods(self, namespace: str | None = None) -> Sequence[Pod]:
        """The Pods of a namespace, or all."""


class InformedDirectory:
    """A directory of what informers know; both have an index `NAMESPACE`.

    Args:
        services: follows the Services.
        pods: follows the Pods, those of other nodes too.
        refresh: lets both take in what has changed.
    """

    def __init__(self, services: Informer[Service], pods: Informer[Pod], refresh: Callable[[], object]) -> None:
        self._services = services
        self._pods = pods
        self._refresh = refresh

    def refresh(self) -> None:
        """Take in what has changed up to now."""
        self._refresh()

    def service(self, namespace: str, name: str) -> Service | None:
        """The Service of this name; None if there is none."""
        return self._services.get(namespace, name)

    def services(self, namespace: str | None = None) -> Sequence[Service]:
        """The Services of a namespace, or all."""
        return self._services.objects() if namespace is None else self._services.by_index(NAMESPACE, namespace)

    def pods(self, namespace: str | None = None) -> Sequence[Pod]:
        """The Pods of a namespace, or all."""
        return self._pods.objects() if namespace is None else self._pods.by_index(NAMESPACE, namespace)
