"""Priority classes: which Pods go first where there is not room for all."""

from __future__ import annotations

from typing import Self

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import ObjectMeta
from podkit.model.pod import PreemptionPolicy


@define
class PriorityClass:
    """A priority that Pods can ask for by ``priorityClassName``.

    Attributes:
        api_version: always ``scheduling.k8s.io/v1``.
        kind: always ``PriorityClass``.
        metadata: name, labels and so on.
        value: the priority, at most 1,000,000,000; it cannot be changed.
        global_default: whether Pods that ask for none have it; at most one class can say so. Default: false.
        description: what it is for, in words.
        preemption_policy: ``PreemptLowerPriority`` or ``Never``; it cannot be changed. Default: PreemptLowerPriority.

    Example:
        ::

            PriorityClass(metadata=ObjectMeta(name="urgent"), value=1000)
    """

    api_version: str = field(default="scheduling.k8s.io/v1", kw_only=True)
    kind: str = field(default="PriorityClass", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    value: int = 0
    global_default: bool | None = None
    description: str | None = None
    preemption_policy: PreemptionPolicy | None = None

    @classmethod
    def new(
        cls,
        name: str,
        value: int,
        *,
        global_default: bool | None = None,
        description: str | None = None,
        preemption_policy: PreemptionPolicy | None = None,
    ) -> Self:
        """A PriorityClass, written in short.

        Args:
            name: its name.
            value: the priority.
            global_default: whether Pods that ask for none have it. Default: false.
            description: what it is for.
            preemption_policy: whether its Pods push others out. Default: PreemptLowerPriority.
        """
        return cls(
            metadata=ObjectMeta.of(name),
            value=value,
            global_default=global_default,
            description=description,
            preemption_policy=preemption_policy,
        )
