"""Limit ranges: what Pods of a namespace ask for that say nothing, and what they may ask for at all."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import ObjectMeta
from podkit.model.scalars import QuantityText

LimitType: TypeAlias = Literal["Container", "Pod", "PersistentVolumeClaim"]
"""What a limit is about: each container, each Pod as a whole, or each claim."""


@define
class LimitRangeItem:
    """The limits of one type of thing.

    Attributes:
        type: what they are about.
        max: the most that may be asked for, by resource.
        min: the least that may be asked for.
        default: for containers, the limit of those that have none. Default: ``max``.
        default_request: for containers, the request of those that have none. Default: ``default``, else ``min``.
        max_limit_request_ratio: how many times its request a limit may be.
    """

    type: LimitType
    max: dict[str, QuantityText] = field(factory=dict)
    min: dict[str, QuantityText] = field(factory=dict)
    default: dict[str, QuantityText] = field(factory=dict)
    default_request: dict[str, QuantityText] = field(factory=dict)
    max_limit_request_ratio: dict[str, QuantityText] = field(factory=dict)


@define
class LimitRangeSpec:
    """What is limited.

    Attributes:
        limits: the limits, by type of thing.
    """

    limits: list[LimitRangeItem] = field(factory=list)


@define
class LimitRange:
    """What Pods of its namespace ask for that say nothing, and what they may ask for at all.

    Attributes:
        api_version: always ``v1``.
        kind: always ``LimitRange``.
        metadata: name, labels and so on.
        spec: what is limited.

    Example:
        ::

            limits = LimitRangeItem(type="Container", default={"memory": "128Mi"}, default_request={"cpu": "50m"})
            LimitRange(metadata=ObjectMeta(name="small"), spec=LimitRangeSpec(limits=[limits]))
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="LimitRange", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    spec: LimitRangeSpec = field(factory=LimitRangeSpec)
