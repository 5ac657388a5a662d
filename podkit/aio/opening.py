"""What has to be opened before it can be used, and closed afterwards."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar


class AsyncBlock(ABC):
    """Something that ``async with`` closes at the end of the block."""

    @abstractmethod
    async def close(self) -> None:
        """End it. Closing twice does no harm."""

    async def __aenter__(self) -> Self:
        """Itself; it is closed at the end of the block."""
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()


T = TypeVar("T", bound=AsyncBlock)


class Opening(Generic[T]):
    """Something that is about to be opened: ``async with`` it, and it is closed at the end; or await it, and close it yourself.

    Args:
        open: opens it.
    """

    def __init__(self, open: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._open = open
        self._used = False
        self._opened: T | None = None

    def __await__(self) -> Generator[Any, Any, T]:
        """Open it."""
        self._used = True
        return self._open().__await__()

    async def __aenter__(self) -> T:
        """Open it for a block."""
        self._used = True
        self._opened = await self._open()
        return self._opened

    async def __aexit__(
        self, _kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """Close it."""
        if self._opened is not None:
            await self._opened.close()

    def __del__(self) -> None:
        """Warn if it was never opened, as Python does of a coroutine: whoever forgets that would wait for nothing."""
        if not self._used:
            warnings.warn(
                "what was to be opened was neither awaited nor used with `async with`", RuntimeWarning, stacklevel=2
            )
