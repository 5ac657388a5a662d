"""Which taints a toleration is for: what the scheduler, the controllers and the kubelet have in common about it.

Source of the rules: component-helpers ``scheduling/corev1/helpers.go``, ``pkg/apis/core/v1/toleration.go`` (ToleratesTaint).
"""

from __future__ import annotations

from collections.abc import Iterable

from podkit.model.node import Taint
from podkit.model.scheduling import Toleration


def tolerates(tolerations: Iterable[Toleration], taint: Taint) -> bool:
    """Whether one of the tolerations is for a taint."""
    return any(is_for(toleration, taint) for toleration in tolerations)


def is_for(toleration: Toleration, taint: Taint) -> bool:
    """Whether a toleration is for a taint."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    operator = toleration.operator or "Equal"
    if operator == "Exists":
        return True
    if operator == "Equal":
        return (toleration.value or "") == (taint.value or "")
    return _compares(operator, taint.value, toleration.value)


def _compares(operator: str, value: str | None, bound: str | None) -> bool:
    """Whether a taint's value is less, or greater, than the toleration's, both being integers."""
    try:
        number, limit = int(value or ""), int(bound or "")
    except ValueError:
        return False
    return number < limit if operator == "Lt" else number > limit
