"""The words in which the table says what becomes of a field."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import evolve, field, frozen

from podkit.model import Pod
from podkit.runtime.base import RuntimeInfo

UNSUPPORTED = "UnsupportedField"
"""The reason with which a Pod is refused, where Kubernetes has no word for it."""
NOT_HONOURED = "FieldNotHonoured"
"""The reason of the Event that warns, where there is no better one."""


class Verdict(enum.StrEnum):
    """What becomes of a field.

    Example:
        ::

            for found in support(pod, engine):
                if found.verdict is not Verdict.HONOURED:
                    print(found.path, found.verdict, found.message)
    """

    HONOURED = "honoured"
    """It does what it does in Kubernetes."""
    WARNED = "warned"
    """The Pod runs, something of the field does not happen, and an Event of the Pod says so."""
    REFUSED = "refused"
    """The Pod does not run: it fails with a reason and a message that names the field."""


@frozen
class Support:
    """What becomes of one field of a Pod.

    Attributes:
        path: the field, such as ``spec.containers[0].resources.limits``.
        verdict: what becomes of it.
        message: what will not happen here, and what to do; empty where it is honoured.
        reason: the reason of the Event that warns, or of the status of the Pod that is refused; empty where it is honoured.

    Example:
        ::

            for found in support(pod, engine):
                if found.verdict is not Verdict.HONOURED:
                    print(found.path, found.verdict, found.message)
    """

    path: str
    verdict: Verdict
    message: str = ""
    reason: str = ""


@frozen
class Scene:
    """What a case can look at.

    Attributes:
        value: the value of the field; it is set.
        owner: the object that the field belongs to.
        pod: the whole Pod.
        engine: what the container engine says of itself.
        allowed_sysctls: the sysctls that the node allows beside the safe ones; see `podkit.kubelet.sysctls`.
    """

    value: Any
    owner: Any
    pod: Pod
    engine: RuntimeInfo
    allowed_sysctls: Sequence[str] = ()


def _always(_scene: Scene) -> bool:
    return True


@frozen
class Case:
    """A case in which a field is not honoured.

    Attributes:
        verdict: what becomes of the field.
        message: what will not happen, and what to do; a function where it depends on the value.
        when: the case in words, which continue "when it is"; empty: always.
        applies: whether this is the case.
        reason: the reason of the Event or of the status.
    """

    verdict: Verdict
    message: str | Callable[[Scene], str]
    when: str = ""
    applies: Callable[[Scene], bool] = _always
    reason: str = UNSUPPORTED

    def tell(self, scene: Scene) -> str:
        """The message for one value."""
        return self.message if isinstance(self.message, str) else self.message(scene)


@frozen
class Entry:
    """What the table says of one field: the cases in which it is not honoured, the first that applies counts; and a remark.

    Attributes:
        cases: the cases.
        remark: what to know about how it is honoured.
    """

    cases: tuple[Case, ...] = ()
    remark: str = field(default="", kw_only=True)

    def case_of(self, scene: Scene) -> Case | None:
        """The case that applies; None where the field is honoured."""
        return next((case for case in self.cases if case.applies(scene)), None)

    def __or__(self, other: Entry) -> Entry:
        """Both: the cases of this one come first."""
        return evolve(self, cases=self.cases + other.cases, remark=self.remark or other.remark)


Fields: TypeAlias = Mapping[str, Entry]
"""What the table says of the fields of one class, by their names in documents."""


def honours(*names: str) -> dict[str, Entry]:
    """These fields do what they do in Kubernetes."""
    return {name: Entry() for name in names}


def remark(text: str) -> Entry:
    """A field is honoured; this is what to know about it."""
    return Entry(remark=text)


def warns(
    message: str, when: str = "", applies: Callable[[Scene], bool] = _always, *, reason: str = NOT_HONOURED
) -> Entry:
    """A field is accepted, and an Event says what does not happen; see `Case`."""
    return Entry((Case(Verdict.WARNED, message, when, applies, reason),))


def refuses(
    message: str | Callable[[Scene], str],
    when: str = "",
    applies: Callable[[Scene], bool] = _always,
    *,
    reason: str = UNSUPPORTED,
) -> Entry:
    """A Pod with this field is refused; see `Case`."""
    return Entry((Case(Verdict.REFUSED, message, when, applies, reason),))
