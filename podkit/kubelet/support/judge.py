"""Reads a Pod with the table in hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve, frozen

from podkit.kubelet.support.table import TABLE
from podkit.kubelet.support.verdict import UNSUPPORTED, Scene, Support, Verdict
from podkit.model import Pod
from podkit.model.shape import FieldShape, fields_of, is_model_class
from podkit.runtime.base import Runtime, RuntimeInfo


def support(pod: Pod, runtime: Runtime, *, allowed_unsafe_sysctls: Sequence[str] = ()) -> list[Support]:
    """Say, field by field, what a container engine will honour, warn about or refuse. Nothing is run.

    Example:
        ``[found for found in podkit.support(pod, PodmanRuntime()) if found.verdict != "honoured"]``

    Args:
        pod: the Pod, or the template that a controller would make Pods from, as a Pod. Fields that are not set are not told.
        runtime: the container engine; it is asked what it can.
        allowed_unsafe_sysctls: the sysctls beside the safe ones that the node is to allow.

    Returns:
        The fields that are set, in the order of the document. Of one that is not honoured as a whole, what is in it is not told.

    Example:
        ::

            for found in support(pod, engine):
                if found.verdict is not Verdict.HONOURED:
                    print(found.path, found.verdict, found.message)
    """
    return list(_Reader(pod, runtime.info(), allowed_unsafe_sysctls).read())


def shortcomings(pod: Pod, engine: RuntimeInfo, allowed_sysctls: Sequence[str] = ()) -> list[Support]:
    """The fields that are not honoured."""
    return [found for found in _Reader(pod, engine, allowed_sysctls).read() if found.verdict is not Verdict.HONOURED]


def refusal(refused: Sequence[Support]) -> tuple[str, str]:
    """With which reason and message a Pod is refused; for what Kubernetes refuses too these are the kubelet's own.

    Args:
        refused: the fields for which it is; at least one.
    """
    for found in refused:
        if found.reason != UNSUPPORTED:
            return found.reason, found.message
    fields = ", ".join(f"{found.path} ({found.message})" for found in refused)
    return UNSUPPORTED, f"podkit does not support {fields}; remove it, or run the Pod elsewhere"


@frozen
class _Reader:
    """Walks over one Pod."""

    pod: Pod
    engine: RuntimeInfo
    allowed_sysctls: Sequence[str]

    def read(self) -> Iterator[Support]:
        yield from self._object(self.pod.metadata, "metadata")
        yield from self._object(self.pod.spec, "spec")

    def _object(self, owner: Any, path: str) -> Iterator[Support]:
        cls: type = type(owner)
        entries = TABLE[cls]
        scene = Scene(None, owner, self.pod, self.engine, self.allowed_sysctls)
        for field in fields_of(cls):
            value = getattr(owner, field.attribute)
            if value is None or value == [] or value == {}:
                continue
            at = f"{path}.{field.name}"
            this = evolve(scene, value=value)
            case = entries[field.name].case_of(this)
            if case is not None:
                yield Support(at, case.verdict, case.tell(this), case.reason)
            else:
                yield from self._honoured(field, value, at)

    def _honoured(self, field: FieldShape, value: Any, path: str) -> Iterator[Support]:
        """A field that is honoured as such: what is said of its parts, or itself if it has none that are set."""
        parts = [] if not is_model_class(field.element) else list(self._parts(field, value, path))
        yield from parts or [Support(path, Verdict.HONOURED)]

    def _parts(self, field: FieldShape, value: Any, path: str) -> Iterator[Support]:
        if field.container is list:
            for position, item in enumerate(value):
                yield from self._object(item, f"{path}[{position}]")
        elif field.container is None:
            yield from self._object(value, path)
