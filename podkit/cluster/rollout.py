"""The rollout of a Deployment, DaemonSet or StatefulSet: to see, to wait for, to stop, to take back.

All of it is done by reading and writing the object, as ``kubectl rollout`` does; the controllers do the rest.

Source of the rules: kubectl, ``pkg/polymorphichelpers/{rollback,objectpauser,objectresumer,objectrestarter}.go``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from podkit.cluster.again import write_again
from podkit.cluster.pauses import Steps, waits
from podkit.cluster.revisions import Revision, revisions_of
from podkit.cluster.rollout_status import RolloutGoal, RolloutStatus, rollout_status
from podkit.cluster.target import Reference, refer
from podkit.cluster.waiter import Waiter
from podkit.errors import Conflict, NotFound, PodkitError
from podkit.model.copying import clone
from podkit.showing import repr_html
from podkit.store.base import Store

T = TypeVar("T")

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

_ROLLING = ("Deployment", "DaemonSet", "StatefulSet")


class Rollout:
    """The rollout of one object. Each method looks at the object as it is then.

    Args:
        store: where the object is.
        waiter: waits for it.
        reference: which object.

    Raises:
        PodkitError: objects of this kind do not roll.

    Example:
        ::

            rollout = cluster.rollout("deploy/web")
            print(rollout.status())
            rollout.restart()
            rollout.wait(timeout=60)
    """

    def __init__(self, store: Store, waiter: Waiter, reference: Reference) -> None:
        if reference.kind.name not in _ROLLING:
            raise PodkitError(f"{reference} has no rollout: only {', '.join(_ROLLING[:-1])} and {_ROLLING[-1]} do")
        self._store = store
        self._waiter = waiter
        self._reference = reference

    def __repr__(self) -> str:
        return f"<rollout of {self._reference}>"

    def _repr_html_(self) -> Any:
        """The picture in a notebook: how far it is, and its history."""
        return repr_html(self)

    def current(self) -> Any:
        """The object as it is now.

        Raises:
            NotFound: it is not there any more.
        """
        reference = self._reference
        obj = self._store.get(reference.kind.cls, reference.name, namespace=reference.namespace or "default")
        if not reference.is_meant(obj):
            raise NotFound(
                reference.kind.name, reference.name, reference.namespace, hint="there is another one of that name"
            )
        return obj

    def status(self) -> RolloutStatus:
        """How far the rollout is."""
        obj = self.current()
        self._require_rolling_update(obj)
        return rollout_status(obj)

    @waits
    def wait(self, timeout: float | None = None) -> Steps[Any]:
        """Wait until the rollout is complete; return the object as it is then.

        Args:
            timeout: seconds to wait at the most. Default: no limit.

        Raises:
            WaitTimeout: it has not come to its end in time, or (``hopeless`` is set) never will: it has exceeded its progress
                deadline, or the image of the new Pods does not exist. The old Pods stay; see `undo`.
        """
        self._require_rolling_update(self.current())
        return (yield from self._waiter.steps([self._reference], RolloutGoal(), timeout))[0]

    def history(self) -> list[Revision]:
        """The revisions that are remembered, the present one last."""
        return revisions_of(self._store, self.current())

    def undo(self, revision: int | None = None) -> Any:
        """Go back to an earlier template; return the object as it is stored. It does not wait for the rollout.

        Args:
            revision: the number of the revision. Default: the one before the present one.

        Raises:
            PodkitError: there is no such revision any more, none to go back to, or the rollout is paused.
        """
        if getattr(self.current().spec, "paused", False):
            raise PodkitError(f"{self._reference} cannot go back while it is paused; resume it first")
        template = self._earlier(revision).template

        def go_back(obj: Any) -> None:
            obj.spec.template = clone(template)

        return self._change(go_back)

    def pause(self) -> Any:
        """Let changes of a Deployment's template wait until `resume`; return the object as it is stored."""
        return self._set_paused(True)

    def resume(self) -> Any:
        """Let the changes that wait take effect; return the object as it is stored."""
        return self._set_paused(None)

    def restart(self) -> Any:
        """Replace all Pods by new ones, as a rollout to a template with a new time in an annotation; return the object.

        Raises:
            PodkitError: the rollout is paused.
        """
        if getattr(self.current().spec, "paused", False):
            raise PodkitError(f"{self._reference} cannot be restarted while it is paused; resume it first")
        now = self._waiter.clock.now()

        def annotate(obj: Any) -> None:
            obj.spec.template.metadata.annotations[RESTARTED_AT] = f"{now:%Y-%m-%dT%H:%M:%S.%f}Z"

        return self._change(annotate)

    def _complete(self, steps: Steps[T]) -> T:
        return self._waiter.driver.complete(steps)

    def _set_paused(self, paused: bool | None) -> Any:
        if self._reference.kind.name != "Deployment":
            raise PodkitError(f"{self._reference} cannot be paused or resumed: only a Deployment can")

        def set_paused(obj: Any) -> None:
            obj.spec.paused = paused

        return self._change(set_paused)

    def _earlier(self, number: int | None) -> Revision:
        known = self.history()
        if number is not None:
            found = next((revision for revision in known if revision.revision == number), None)
            if found is None:
                numbers = ", ".join(str(revision.revision) for revision in known) or "none"
                raise PodkitError(f"{self._reference} has no revision {number}; there are: {numbers}")
            return found
        if len(known) < 2:
            raise PodkitError(f"{self._reference} has no earlier revision to go back to")
        return known[-2]

    def _change(self, change: Callable[[Any], None]) -> Any:
        """Change the object, again when somebody else does so at the same time."""

        def write() -> Any:
            obj = self.current()
            change(obj)
            return self._store.update(obj)

        return write_again(write, Conflict)

    def _require_rolling_update(self, obj: Any) -> None:
        strategy = getattr(obj.spec, "update_strategy", None)
        if strategy is not None and strategy.type == "OnDelete":
            raise PodkitError(f"{refer(obj)} has the update strategy OnDelete: it does not roll by itself")
