"""Reporting what happens to objects, as Events in the store.

What is reported again is not stored again: the Event that is there counts up, as client-go's event correlator has it. A report
is never worth failing for: what the store refuses (because the namespace is being deleted, say) is logged, and the caller goes on.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from podkit.errors import NotFound, PodkitError
from podkit.log import about_reference, logger
from podkit.loop.clock import Clock
from podkit.model.event import Event, EventSource
from podkit.model.meta import KubernetesObject, ObjectMeta, ObjectReference
from podkit.store.base import Store

log = logger(__name__)
events = logger("podkit.events")

REMEMBERED = 4_096
"""How many reports a recorder knows again (client-go: `tools/record/events_cache.go`, maxLruCacheEntries)."""

_LONGEST_NAME = 253
_HEX_LENGTH = 16

_Report = tuple[str | None, ...]


class EventRecorder:
    """Writes Events; a `podkit.store.base.EventSink`.

    Args:
        store: where to.
        component: who reports, such as ``kubelet``.
        clock: what time it is.
        host: the node that reports, if it is one.
    """

    def __init__(self, store: Store, component: str, clock: Clock, host: str = "") -> None:
        self._store = store
        self._component = component
        self._clock = clock
        self._host = host
        self._lock = threading.Lock()
        self._known: OrderedDict[_Report, Event] = OrderedDict()

    def __call__(
        self,
        involved: KubernetesObject,
        reason: str,
        message: str,
        *,
        type: str = "Normal",
        field_path: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Report something about an object. The same report again counts up the Event that is there."""
        reference = refer_to(involved, field_path)
        report = _report(reference, type, reason, message)
        with self._lock:
            try:
                event = self._count_up(report, annotations or {}) or self._store.create(
                    self._event(reference, type, reason, message, annotations or {})
                )
            except PodkitError as error:
                log.info(
                    "%s: the event %s (%s) about %s %r could not be written: %s",
                    self._component, reason, message, reference.kind, reference.name, error,
                    extra=self._fields(reference, reason),
                )  # fmt: skip
                return
            self._remember(report, event)
        self._log(reference, event)

    def annotate(
        self,
        involved: KubernetesObject,
        reason: str,
        message: str,
        annotations: Mapping[str, str],
        *,
        type: str = "Normal",
        field_path: str | None = None,
    ) -> None:
        """Give the Event of a report these annotations, in place of those that it has. What is not known is left alone."""
        report = _report(refer_to(involved, field_path), type, reason, message)
        with self._lock:
            if (known := self._known.get(report)) is None:
                return
            known.metadata.annotations = dict(annotations)
            try:
                self._known[report] = self._stored_again(known)
            except PodkitError as error:  # it has been removed, or the store is closed
                log.debug("the event %s (%s) could not be annotated: %s", reason, message, error)

    def _log(self, reference: ObjectReference, event: Event) -> None:
        """Log what has been reported, as Kubernetes' components do; what is reported again only for those who debug."""
        level = logging.WARNING if event.type == "Warning" else logging.INFO
        if (event.count or 1) > 1:
            level = logging.DEBUG
        if events.isEnabledFor(level):
            where = f"{reference.namespace}/{reference.name}" if reference.namespace else reference.name
            fields = self._fields(reference, event.reason)
            events.log(level, "%s %s: %s: %s", reference.kind, where, event.reason, event.message, extra=fields)

    def _fields(self, reference: ObjectReference, reason: str | None) -> Mapping[str, Any]:
        known = {"node": self._host} if self._host else {}
        return about_reference(reference, component=self._component, reason=reason, **known)

    def _count_up(self, report: _Report, annotations: Mapping[str, str]) -> Event | None:
        """The known Event of a report, once it has been counted up; None when there is none (any more)."""
        known = self._known.get(report)
        if known is None:
            return None
        known.count = (known.count or 1) + 1
        known.last_timestamp = self._clock.now()
        known.metadata.annotations = dict(annotations)
        try:
            return self._stored_again(known)
        except NotFound:
            return None

    def _stored_again(self, known: Event) -> Event:
        known.metadata.resource_version = None
        return self._store.update(known)

    def _event(
        self, reference: ObjectReference, type: str, reason: str, message: str, annotations: Mapping[str, str]
    ) -> Event:
        now = self._clock.now()
        name = f"{(reference.name or '')[: _LONGEST_NAME - _HEX_LENGTH - 1].rstrip('-.')}.{secrets.token_hex(_HEX_LENGTH // 2)}"
        return Event(
            metadata=ObjectMeta(name=name, namespace=reference.namespace or "default", annotations=dict(annotations)),
            involved_object=reference,
            type=type,
            reason=reason,
            message=message,
            count=1,
            first_timestamp=now,
            last_timestamp=now,
            source=EventSource(component=self._component, host=self._host or None),
            reporting_component=self._component,
            reporting_instance=self._host or None,
        )

    def _remember(self, report: _Report, event: Event) -> None:
        self._known[report] = event
        self._known.move_to_end(report)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def _report(reference: ObjectReference, type: str, reason: str, message: str) -> _Report:
    """What makes a report the same as another one."""
    path = reference.field_path
    return (reference.kind, reference.namespace, reference.name, reference.uid, path, type, reason, message)


def refer_to(obj: KubernetesObject, field_path: str | None = None) -> ObjectReference:
    """The reference to an object, or to a part of it, such as ``spec.containers{app}``."""
    meta = obj.metadata
    return ObjectReference(
        kind=obj.kind,
        api_version=obj.api_version,
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        field_path=field_path,
    )
