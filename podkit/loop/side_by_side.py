"""Doing several things at the same time, and waiting for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def side_by_side(jobs: Iterable[Callable[[], T]], *, at_most: int) -> list[T]:
    """Do several things, a few at a time in threads of their own; return what each has returned, in their order.

    When Python is ending it starts no threads any more; then they are done one after the other.

    Args:
        jobs: what is to be done; doing one twice must do no harm.
        at_most: how many at a time.
    """
    jobs = list(jobs)
    try:
        with ThreadPoolExecutor(at_most) as threads:
            under_way = [threads.submit(job) for job in jobs]
    except RuntimeError:
        return [job() for job in jobs]
    return [job.result() for job in under_way]
