"""What can be waited for: the last argument of `Cluster.wait`, read into an object that can judge.

- a condition, as ``kubectl wait --for=condition=``: ``"Ready"``, ``"Ready=False"``, ``"condition=Ready"``; case does not count;
  for kinds that have Pods and no conditions, ``"Ready"`` and ``"Available"`` mean all of their Pods;
- a field: ``"phase=Succeeded"`` (short for ``status.phase``), ``"status.readyReplicas=3"``, or as kubectl writes it,
  ``"jsonpath={.status.phase}=Succeeded"``; for Pods also the bare name of a phase, ``"Running"``;
- ``"deleted"``;
- a predicate: any function of the object; with a timeout it is also asked every second, as it may look at other objects too.

Each can say of one state of an object whether it is the one, and whether it can be excluded that it will ever come: a
finished Pod does not become ready, a failed Job not complete. Where that depends on why a container cannot be started, see
`podkit.cluster.hopeless`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Protocol, TypeAlias, TypeVar

from attrs import frozen

from podkit.cluster.hopeless import Needs
from podkit.cluster.serving import serving_goal
from podkit.errors import PodkitError
from podkit.model.conditions import is_true
from podkit.model.kinds import Kind
from podkit.model.pod import Pod
from podkit.model.pod_state import PHASES, TERMINAL_PHASES, is_terminal
from podkit.model.selector import FieldSelector

T = TypeVar("T")

Until: TypeAlias = str | Callable[[T], bool]
"""What is waited for: see the module."""

_FINAL_JOB_CONDITIONS = ("Complete", "Failed")
_JSON_PATH = re.compile(r"jsonpath='?\{\.(\w+(?:\.\w+)*)\}'?=(.+)")


class Goal(Protocol):
    """What is waited for."""

    def is_met(self, obj: Any) -> bool:
        """Whether this state of an object is it."""

    def excluded_by(self, obj: Any) -> str | None:
        """Why no later state of the object can be it; None when one may."""

    @property
    def needs_start(self) -> Needs:
        """Which containers must be able to start for it."""


@frozen
class ConditionGoal:
    """A condition has a status.

    Attributes:
        type: the condition's type.
        status: ``True``, ``False`` or ``Unknown``.
    """

    type: str
    status: str = "True"

    def is_met(self, obj: Any) -> bool:
        """Whether the condition has the status."""
        return any(
            condition.type.lower() == self.type.lower() and condition.status.lower() == self.status.lower()
            for condition in conditions(obj)
        )

    def excluded_by(self, obj: Any) -> str | None:
        """A Pod in a final phase changes no more; neither does a Job that is complete or has failed."""
        if isinstance(obj, Pod):
            phase = obj.status.phase
            return f"its phase is {phase}, which is final" if phase in TERMINAL_PHASES else None
        if obj.kind == "Job":
            final = _final_condition(obj)
            return f"it is {'complete' if final == 'Complete' else 'failed'}, which is final" if final else None
        return None

    @property
    def needs_start(self) -> Needs:
        """Conditions that only containers that run, or have run, can bring about."""
        if self.status.lower() != "true":
            return "none"
        name = self.type.lower()
        return "init" if name == "initialized" else "all" if name in _BY_RUNNING else "none"

    def nearest(self, obj: Any) -> str | None:
        """The condition of an object that is probably meant, where it has none of this type."""
        there = {condition.type.lower(): condition.type for condition in conditions(obj)}
        close = [] if self.type.lower() in there else get_close_matches(self.type.lower(), there, n=1)
        return there[close[0]] if close else None

    def __str__(self) -> str:
        return self.type if self.status == "True" else f"{self.type}={self.status}"


_BY_RUNNING = {"ready", "containersready", "complete", "available"}


@frozen
class FieldGoal:
    """A field has a value.

    Attributes:
        path: the field's path, such as ``status.phase``.
        value: the value as text.
    """

    path: str
    value: str

    def is_met(self, obj: Any) -> bool:
        """Whether the field has the value."""
        return FieldSelector.parse(str(self)).matches(obj)

    def excluded_by(self, obj: Any) -> str | None:
        """A final phase stays, and none goes back to Pending."""
        if not isinstance(obj, Pod) or self.path != "status.phase":
            return None
        phase = obj.status.phase
        if phase in TERMINAL_PHASES:
            return f"its phase is {phase}, which is final"
        return "no Pod goes back to Pending" if self.value == "Pending" and phase == "Running" else None

    @property
    def needs_start(self) -> Needs:
        """All phases but Pending."""
        return "all" if self.path == "status.phase" and self.value != "Pending" else "none"

    def __str__(self) -> str:
        return f"{self.path}={self.value}"


@frozen
class FinishedGoal:
    """A Pod or Job has come to its end, well or not."""

    def is_met(self, obj: Any) -> bool:
        """Whether a Pod is in a final phase, a Job complete or failed."""
        if isinstance(obj, Pod):
            return is_terminal(obj)
        return _final_condition(obj) is not None

    def excluded_by(self, obj: Any) -> str | None:  # noqa: ARG002  (an end may always come)
        """It may always come."""
        return None

    @property
    def needs_start(self) -> Needs:
        """What never starts never ends."""
        return "all"

    def __str__(self) -> str:
        return "finished"


@frozen
class DeletedGoal:
    """The object is gone."""

    def is_met(self, obj: Any) -> bool:  # noqa: ARG002  (an object that there is, is not gone)
        """No state of an object is that it is gone."""
        return False

    def excluded_by(self, obj: Any) -> str | None:  # noqa: ARG002  (anything can be deleted)
        """It may always be deleted."""
        return None

    @property
    def needs_start(self) -> Needs:
        """Nothing."""
        return "none"

    def __str__(self) -> str:
        return "deleted"


@frozen
class PredicateGoal:
    """A function says so.

    Attributes:
        predicate: the function.
    """

    predicate: Callable[[Any], bool]

    def is_met(self, obj: Any) -> bool:
        """What the function says."""
        return bool(self.predicate(obj))

    def excluded_by(self, obj: Any) -> str | None:  # noqa: ARG002  (nobody knows)
        """Nobody knows."""
        return None

    @property
    def needs_start(self) -> Needs:
        """Nobody knows."""
        return "none"

    def __str__(self) -> str:
        name = getattr(self.predicate, "__name__", "")
        return f"as {name}() wants it" if name and name != "<lambda>" else "as the predicate wants it"


def read_until(until: Until[Any], kind: Kind) -> Goal:
    """The goal that a user means.

    Raises:
        PodkitError: a text that means nothing.
    """
    if callable(until):
        return PredicateGoal(until)
    text = until.strip()
    if text.lower() in ("deleted", "delete"):
        return DeletedGoal()
    if (path := _JSON_PATH.fullmatch(text)) is not None:
        return _field_goal(path[1], path[2].strip("'\""), kind)
    name, equals, value = text.removeprefix("condition=").partition("=")
    if kind.cls is Pod and not equals and name.capitalize() in PHASES:
        return FieldGoal("status.phase", name.capitalize())
    if not equals and (serving := serving_goal(kind.name, name)) is not None:
        return serving
    if not name or (equals and not value):
        raise PodkitError(
            f"{until!r} is nothing that can be waited for; write a condition ('Ready'), a field ('phase=Succeeded'), "
            "'deleted', or pass a function"
        )
    if name == "phase" or "." in name:
        return _field_goal("status.phase" if name == "phase" else name, value, kind)
    return ConditionGoal(name, value.capitalize() if value else "True")


def _field_goal(path: str, value: str, kind: Kind) -> FieldGoal:
    """A goal that can come true.

    Raises:
        PodkitError: objects of the kind have no such field, or Pods no such phase.
    """
    goal = FieldGoal(path, value)
    FieldSelector.parse(str(goal)).check(kind.cls)
    if kind.cls is not Pod or path != "status.phase":
        return goal
    if value.capitalize() not in PHASES:
        raise PodkitError(f"{value!r} is no phase of a Pod: it is one of {', '.join(PHASES)}")
    return FieldGoal(path, value.capitalize())


def _final_condition(job: Any) -> str | None:
    """The condition by which a Job has ended; None when it has not."""
    return next((type_ for type_ in _FINAL_JOB_CONDITIONS if is_true(conditions(job), type_)), None)


def conditions(obj: Any) -> list[Any]:
    """The conditions of an object; empty for kinds that have none."""
    return getattr(getattr(obj, "status", None), "conditions", None) or []
