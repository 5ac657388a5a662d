"""A directory for Services' names of which all objects are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from podkit.model import Pod, Service


class ObjectDirectory:
    """A directory of given objects.

    Args:
        objects: the Services and Pods.
    """

    def __init__(self, objects: Iterable[Service | Pod]) -> None:
        everything = list(objects)
        self._services = [obj for obj in everything if isinstance(obj, Service)]
        self._pods = [obj for obj in everything if isinstance(obj, Pod)]

    def refresh(self) -> None:
        """Nothing changes."""

    def service(self, namespace: str, name: str) -> Service | None:
        """The Service of this name; None if there is none."""
        return next((one for one in self.services(namespace) if one.metadata.name == name), None)

    def services(self, namespace: str | None = None) -> Sequence[Service]:
        """The Services of a namespace, or all."""
        return [one for one in self._services if namespace in (None, one.metadata.namespace)]

    def pods(self, namespace: str | None = None) -> Sequence[Pod]:
        """The Pods of a namespace, or all."""
        return [one for one in self._pods if namespace in (None, one.metadata.namespace)]
