"""Events tell what happened to an object."""

from __future__ import annotations

from datetime import datetime

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import ObjectMeta, ObjectReference
from podkit.model.scalars import MicroTime


@define
class Event:
    """Something that happened to an object, for people to read; kept for a limited time.

    Attributes:
        api_version: always ``v1``.
        kind: always ``Event``.
        metadata: name, labels and so on.
        involved_object: the object.
        type: ``Normal`` or ``Warning``.
        reason: one word, in CamelCase, for what happened.
        message: the same in words for people.
        count: how often it happened.
        first_timestamp: when it happened first.
        last_timestamp: when it happened last.
        event_time: when it was observed first, to the microsecond.
        source: who reports it.
        series: how often it happened since, for events that repeat.
        action: what was done or failed.
        related: another object that has to do with it.
        reporting_component: the controller that reports it.
        reporting_instance: the instance of that controller.

    Example:
        ::

            for event in cluster.list(Event):
                print(event.involved_object.kind, event.involved_object.name, event.reason, event.message)
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Event", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    involved_object: ObjectReference = field(kw_only=True)
    type: str | None = None
    reason: str | None = None
    message: str | None = None
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: MicroTime | None = None
    source: EventSource | None = None
    series: EventSeries | None = None
    action: str | None = None
    related: ObjectReference | None = None
    reporting_component: str | None = None
    reporting_instance: str | None = None


@define
class EventSource:
    """Who reports an event.

    Attributes:
        component: the component.
        host: the Node that it runs on.
    """

    component: str | None = None
    host: str | None = None


@define
class EventSeries:
    """How often an event repeated.

    Attributes:
        count: how often, up to the last time.
        last_observed_time: when it was observed last.
    """

    count: int | None = None
    last_observed_time: MicroTime | None = None
