"""What a verb is about: how users say which object they mean.

Each verb of `Cluster` that is about one object takes it in any of three forms: the object itself, a text such as
``"pod/web"``, or kind and name as two arguments (``Pod, "web"`` or ``"po", "web"``). The third form is made into the second
by the decorator `verb` before the method sees it, so that every method has one first argument, its target. An object says
its own namespace; for the other forms it is the argument ``namespace``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

from attrs import frozen

from podkit.cluster.pauses import steps_of
from podkit.cluster.sources import Source, is_manifest
from podkit.errors import PodkitError
from podkit.model.kinds import Kind, UnknownKind, kind_of
from podkit.model.meta import KubernetesObject
from podkit.store.base import Store

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

Target: TypeAlias = KubernetesObject | str
"""An object, or ``kind/name``."""


@frozen
class Reference:
    """One object, by its kind and name.

    Attributes:
        kind: its kind.
        name: its name.
        namespace: where it is; None for kinds that live outside of namespaces.
        uid: if it is known, which object of that name is meant.
    """

    kind: Kind
    name: str
    namespace: str | None
    uid: str | None = None

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind.name} {where}{self.name}"

    def is_meant(self, obj: KubernetesObject) -> bool:
        """Whether this object of the kind is the one."""
        meta = obj.metadata
        return (meta.name, meta.namespace) == (self.name, self.namespace) and self.uid in (None, meta.uid)


def refer(target: Target | Reference, namespace: str = "default") -> Reference:
    """The reference to a target.

    Args:
        target: an object, or ``kind/name``.
        namespace: where it is, unless the object says so itself.

    Raises:
        PodkitError: the object has no name yet, or the text is not of that form.
        UnknownKind: there is no such kind.
    """
    if isinstance(target, Reference):
        return target
    if isinstance(target, str):
        kind_name, _, name = target.partition("/")
        if not kind_name or not name:
            raise PodkitError(f"{target!r} does not say which object is meant; write kind and name, such as 'pod/web'")
        kind = kind_of(kind_name)
        return Reference(kind, name, namespace if kind.namespaced else None)
    kind = kind_of(target)
    meta = target.metadata
    if not meta.name:
        raise PodkitError(f"this {kind.name} has no name yet; use the object that create() or apply() has returned")
    return Reference(kind, meta.name, (meta.namespace or namespace) if kind.namespaced else None, meta.uid)


def current(store: Store, target: Target | Reference, namespace: str = "default") -> Any:
    """The object that is meant, as it is now.

    Raises:
        NotFound: there is none.
    """
    found = refer(target, namespace)
    return store.get(found.kind.cls, found.name, namespace=found.namespace or "default")


class BoundVerb(Protocol[P, R_co]):
    """A verb of one cluster, in the forms in which it can be called."""

    @overload
    def __call__(self, target: KubernetesObject, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, target: str, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, kind: type[Any] | str, name: str, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class Verb(Protocol[P, R_co]):
    """A verb as an attribute of a class."""

    def __get__(self, instance: object, owner: type[Any] | None = None, /) -> BoundVerb[P, R_co]:
        """The verb of this cluster."""


def verb(method: Callable[Concatenate[Any, Any, P], R_co]) -> Verb[P, R_co]:
    """Let a method whose first argument is a target be called with kind and name instead."""
    return cast(Verb[P, R_co], with_kind_and_name(method))


class BoundSourceVerb(Protocol[P, R_co]):
    """A verb of one cluster that takes one object in any form, or a whole manifest."""

    @overload
    def __call__(self, target: Source, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, kind: type[Any] | str, name: str, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class SourceVerb(Protocol[P, R_co]):
    """The same as an attribute of a class."""

    def __get__(self, instance: object, owner: type[Any] | None = None, /) -> BoundSourceVerb[P, R_co]:
        """The verb of this cluster."""


def source_verb(method: Callable[Concatenate[Any, Any, P], R_co]) -> SourceVerb[P, R_co]:
    """As `verb`, for methods that also take whole manifests; see `podkit.cluster.sources.is_manifest`."""
    by_name = with_kind_and_name(method)

    @functools.wraps(method)
    def call(self: Any, target: Any, *args: Any, **options: Any) -> Any:
        chosen: Callable[..., Any] = method if is_manifest(target) else by_name
        return chosen(self, target, *args, **options)

    if (steps := steps_of(method)) is not None:
        call.steps = source_verb(steps)  # type: ignore[attr-defined]  # a function has any attribute
    return cast(SourceVerb[P, R_co], call)


def with_kind_and_name(method: Callable[..., Any]) -> Callable[..., Any]:
    """As `verb`, for methods that say themselves, by overloads, how they can be called."""

    @functools.wraps(method)
    def call(self: Any, target: Any, /, *args: Any, **options: Any) -> Any:
        if not _is_kind(target):
            return method(self, target, *args, **options)
        name = args[0] if args else options.pop("name", None)
        if not isinstance(name, str):
            raise _no_name(method, target)
        return method(self, f"{kind_of(target).singular}/{name}", *args[1:], **options)

    if (steps := steps_of(method)) is not None:
        call.steps = with_kind_and_name(steps)  # type: ignore[attr-defined]  # a function has any attribute
    return call


def _no_name(method: Callable[..., Any], target: Any) -> Exception:
    try:
        kind = kind_of(target)
    except UnknownKind:
        return PodkitError(
            f"{target!r} does not say which object is meant; write kind and name, such as 'pod/{target}'"
        )
    many = "; delete_collection() deletes all of a kind" if method.__name__ == "delete" else ""
    return TypeError(f"{method.__name__}() needs the name of the {kind.name} after its kind{many}")


def _is_kind(target: Any) -> bool:
    return isinstance(target, type) or (isinstance(target, str) and "/" not in target)
