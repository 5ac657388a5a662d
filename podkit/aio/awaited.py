"""Verbs that are awaited, made of those that block.

`awaited` makes a method of an asynchronous class out of the method of the class behind it: same name, same parameters, same
documentation, and a result that has to be awaited. So the two cannot differ. Methods that are generic or overloaded say
their types once more, because Python has no words for "the same, awaited" there; they call `run`, and take the rest from the
method behind them with `like`. A test compares these.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

from podkit.aio.runner import Pool, Runner
from podkit.cluster.pauses import steps_of
from podkit.cluster.sources import Source
from podkit.cluster.target import BoundSourceVerb, BoundVerb, Verb
from podkit.model.meta import KubernetesObject

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
F = TypeVar("F", bound=Callable[..., Any])


class Face(Protocol):
    """An object whose methods are those of another one, awaited."""

    async def _behind(self) -> tuple[Runner, Any]:
        """Who runs things, and the object behind."""


class Awaited(Protocol[P, R_co]):
    """A method as an attribute of a class."""

    def __get__(self, instance: object, owner: type[Any] | None = None, /) -> Callable[P, Coroutine[Any, Any, R_co]]:
        """The method of this object."""


class AwaitedBoundVerb(Protocol[P, R_co]):
    """A verb of one cluster, in the forms in which it can be called; see `podkit.cluster.target.BoundVerb`."""

    @overload
    def __call__(self, target: KubernetesObject, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R_co]: ...
    @overload
    def __call__(self, target: str, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R_co]: ...
    @overload
    def __call__(
        self, kind: type[Any] | str, name: str, /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, R_co]: ...


class AwaitedVerb(Protocol[P, R_co]):
    """A verb as an attribute of a class."""

    def __get__(self, instance: object, owner: type[Any] | None = None, /) -> AwaitedBoundVerb[P, R_co]:
        """The verb of this cluster."""


class AwaitedBoundSourceVerb(Protocol[P, R_co]):
    """A verb of one cluster that takes one object in any form, or a whole manifest."""

    @overload
    def __call__(self, target: Source, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R_co]: ...
    @overload
    def __call__(
        self, kind: type[Any] | str, name: str, /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, R_co]: ...


class AwaitedSourceVerb(Protocol[P, R_co]):
    """The same as an attribute of a class."""

    def __get__(self, instance: object, owner: type[Any] | None = None, /) -> AwaitedBoundSourceVerb[P, R_co]:
        """The verb of this cluster."""


def awaited(method: Callable[Concatenate[Any, P], R], pool: Pool = Pool.QUICK) -> Awaited[P, R]:
    """A method that is awaited, of one that blocks.

    Args:
        method: the method, as an attribute of its class.
        pool: in which threads it is called.
    """
    return cast(Awaited[P, R], _awaited(method, pool))


def awaited_verb(method: BoundVerb[P, R], pool: Pool = Pool.QUICK) -> AwaitedVerb[P, R]:
    """The same for a method that was made by `podkit.cluster.target.verb`."""
    return cast(AwaitedVerb[P, R], _awaited(method, pool))


def awaited_source_verb(method: BoundSourceVerb[P, R], pool: Pool = Pool.QUICK) -> AwaitedSourceVerb[P, R]:
    """The same for a method that was made by `podkit.cluster.target.source_verb`."""
    return cast(AwaitedSourceVerb[P, R], _awaited(method, pool))


def opened_verb(method: BoundVerb[P, Any], make: Callable[[Face, Callable[[Any], Any]], R]) -> Verb[P, R]:
    """A verb that is not awaited itself, but returns something that opens what the verb behind it returns.

    Args:
        method: the verb.
        make: makes that of the cluster, and of a function that calls the verb of the cluster behind.
    """
    sync: Callable[..., Any] = method

    @functools.wraps(sync)
    def call(self: Face, /, *args: Any, **options: Any) -> R:
        return make(self, lambda behind: sync(behind, *args, **options))

    return cast(Verb[P, R], call)


def _awaited(method: Callable[..., Any], pool: Pool) -> Callable[..., Coroutine[Any, Any, Any]]:
    @functools.wraps(method)
    async def call(self: Face, /, *args: Any, **options: Any) -> Any:
        return await run(self, method, *args, pool=pool, **options)

    return call


async def run(face: Face, method: Callable[..., Any], /, *args: Any, pool: Pool = Pool.QUICK, **options: Any) -> Any:
    """Call a method of the object behind another one: step by step if it waits, else in a thread."""
    runner, behind = await face._behind()
    steps = steps_of(method)
    if steps is not None:
        return await runner.complete(steps(behind, *args, **options))
    return await runner.call(pool, method, behind, *args, **options)


def like(method: Callable[..., Any]) -> Callable[[F], F]:
    """Give a method the documentation of the one behind it, and its parameters for those who ask for them."""

    def take_over(function: F) -> F:
        function.__doc__ = method.__doc__
        function.__signature__ = inspect.signature(method)  # type: ignore[attr-defined]  # `inspect` looks for it
        return function

    return take_over
