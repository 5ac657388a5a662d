"""Events tell what happened to an object."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from podkit.model.meta import ObjectMeta, ObjectReference
from podkit.model.scalars import MicroTime


@define
class Event:
    """The Kubernetes Event."""

    involved_object: ObjectReference
    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Event", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    type: str | None = None
    reason: str | None = None
    message: str | None = None
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: MicroTime | None = field(default=None, metadata={"micro": True})
    source: EventSource | None = None
    series: EventSeries | None = None
    action: str | None = None
    related: ObjectReference | None = None
    reporting_component: str | None = None
    reporting_instance: str | None = None


@define
class EventSource:
    """The Kubernetes EventSource."""

    component: str | None = None
    host: str | None = None


@define
class EventSeries:
    """The Kubernetes EventSeries."""

    count: int | None = None
    last_observed_time: MicroTime | None = field(default=None, metadata={"micro": True})
