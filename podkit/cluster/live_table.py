"""A table of objects that follows what becomes of them, in place, in a notebook."""

from __future__ import annotations

import threading
from typing import Any

from podkit.cluster.object_list import ObjectList
from podkit.errors import PodkitError
from podkit.loop.clock import Clock
from podkit.loop.informer import Informer, object_key
from podkit.model.copying import clone
from podkit.model.kinds import Kind
from podkit.model.selector import Labels
from podkit.showing import repr_html
from podkit.store.base import Store

PACE = 0.2
"""Seconds between two pictures at the least: a notebook that is sent more of them falls behind."""


class LiveTable:
    """The objects of a kind as they are, whenever one looks. Where a notebook shows it, the table is kept up to date in place.

    It ends when it, or its cluster, is closed; what is shown then stays.

    Args:
        store: where the objects are.
        kind: which objects.
        namespace: only those of this one; None: all.
        labels: only those that this label selector selects; None: all.
        clock: what time it is.

    Example:
        ::

            cluster.live("pods", labels="app=web")            # as the last line of a cell
    """

    def __init__(self, store: Store, kind: Kind, namespace: str | None, labels: Labels | None, clock: Clock) -> None:
        self._clock = clock
        self._woken = threading.Event()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._informer: Informer[Any] = Informer(
            lambda wake: store.watch(kind.cls, namespace=namespace, labels=labels, wake=wake),
            lambda _old, _new: None,
            wake=self._woken.set,
        )

    @property
    def objects(self) -> ObjectList[Any]:
        """The objects as they are now, ordered by namespace and name."""
        with self._lock:
            if not self._closed.is_set():
                self._informer.pump()
            found = sorted(self._informer.objects(), key=lambda obj: tuple(part or "" for part in object_key(obj)))
            return ObjectList((clone(obj) for obj in found), now=self._clock.now())

    def close(self) -> None:
        """Follow no more. Closing twice does no harm."""
        with self._lock:
            if not self._closed.is_set():
                self._closed.set()
                self._informer.close()
        self._woken.set()

    def __enter__(self) -> LiveTable:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _repr_html_(self) -> Any:
        """The picture as it is now."""
        return repr_html(self.objects)

    def _ipython_display_(self) -> None:
        """Show it in a notebook, and follow: called by IPython when this is the last line of a cell."""
        from IPython.display import display

        handle = display(self._bundle(), raw=True, display_id=True)
        if handle is not None:
            threading.Thread(target=self._follow, args=(handle,), name="podkit-live", daemon=True).start()

    def _follow(self, handle: Any) -> None:
        while not self._closed.is_set():
            self._woken.wait()
            self._woken.clear()
            try:
                handle.update(self._bundle(), raw=True)
            except PodkitError:  # the store is closed
                return
            self._closed.wait(PACE)

    def _bundle(self) -> dict[str, Any]:
        objects = self.objects
        return {"text/html": repr_html(objects) or "", "text/plain": f"{len(objects)} objects"}
