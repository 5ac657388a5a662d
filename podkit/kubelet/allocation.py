"""Gives a Pod the resources that its spec asks for, as far as the node has them, and brings them into force.

The performing part of `podkit.kubelet.resize`, with its Events and what its conditions say.
"""

from __future__ import annotations

import json
from datetime import timedelta

from podkit.codec import to_dict
from podkit.errors import PodkitError
from podkit.kubelet import limits, resize
from podkit.kubelet.memory import PodMemory, Resizing
from podkit.kubelet.observation import ObservedPod
from podkit.kubelet.resize import ResizeContainer, ResizeSandbox
from podkit.kubelet.services import NodeServices
from podkit.model import Pod, ResourceRequirements
from podkit.model.pod_state import is_active
from podkit.model.quantity import Quantity

RETRY_AFTER = timedelta(seconds=10)
"""When to look again whether there is room for a resize, or to try again one that has failed."""


class Allocator:
    """Keeps the allocation of one Pod.

    Args:
        services: what it works with.
        memory: what is remembered of the Pod.
    """

    def __init__(self, services: NodeServices, memory: PodMemory) -> None:
        self._node = services
        self._memory = memory

    def allocate(self, pod: Pod, observed: ObservedPod) -> Pod:
        """Set aside what a Pod desires, if there is room; return the Pod as it is with what it has been given."""
        memory = self._memory
        wanted = resize.desired(pod)
        if not memory.allocation:
            memory.allocation = resize.last_allocation(pod, observed)
        if wanted != memory.allocation and is_active(pod):
            self._decide(pod, wanted)
        elif memory.resizing.pending is not None:
            memory.resizing.pending = None
            memory.resizing.look_at = None
        return resize.with_allocation(pod, memory.allocation)

    def _decide(self, pod: Pod, wanted: resize.Allocation) -> None:
        memory, resizing = self._memory, self._memory.resizing
        room = resize.Room(
            {name: Quantity(text) for name, text in self._node.facts.allocatable.items()},
            self._node.requested_by_others(pod.metadata.uid or ""),
        )
        pending = resize.judge(pod, memory.allocation, room)
        if pending is None:
            memory.allocation = wanted
            memory.resizing = Resizing(generation=pod.metadata.generation, announced=True)
            self._report(pod, "ResizeStarted", "Pod resize started")
            return
        if resizing.pending != pending:
            resizing.pending = pending
            self._report(pod, f"Resize{pending.reason}", f"Pod resize {pending.reason}", pending.message)
        resizing.look_at = self._node.clock.now() + RETRY_AFTER

    def perform(self, pod: Pod, step: ResizeContainer | ResizeSandbox) -> None:
        """Bring one resource into force. What fails is remembered, and tried again later; what comes after it waits."""
        if self._memory.resizing.retry_at is not None and self._node.clock.now() < self._memory.resizing.retry_at:
            return
        try:
            if isinstance(step, ResizeContainer):
                self._resize_container(pod, step)
            else:
                self._resize_sandbox(pod, step)
        except PodkitError as error:
            resizing = self._memory.resizing
            if resizing.error != str(error):
                resizing.error = str(error)
                self._report(pod, "ResizeError", "Pod resize error", str(error))
            resizing.retry_at = self._node.clock.now() + RETRY_AFTER

    def finish(self, pod: Pod, observed: ObservedPod) -> None:
        """Tell, once, that all is in force that was allocated."""
        resizing = self._memory.resizing
        if resizing.announced and not resize.is_in_progress(pod, observed, self._memory):
            self._memory.resizing = Resizing(pending=resizing.pending, look_at=resizing.look_at)
            self._report(pod, "ResizeCompleted", "Pod resize completed")

    def _resize_container(self, pod: Pod, step: ResizeContainer) -> None:
        container = next(one for one in resize.containers_of(pod.spec) if one.name == step.name)
        then = container.resources or ResourceRequirements()
        now = resize.in_force(pod, container, step.container, self._memory)
        if step.resource == "memory":
            self._require_room_for_what_is_used(step, now, then)
        given = limits.only(limits.resources(pod, container, self._node.engine.memory), step.resource)
        self._node.runtime.update_resources(step.container.id, given)
        self._memory.in_force[step.container.id] = resize.after(now, then, step.resource)

    def _require_room_for_what_is_used(
        self, step: ResizeContainer, now: ResourceRequirements, then: ResourceRequirements
    ) -> None:
        """Refuse a limit that the container is above already: the kernel would kill it.

        Where nobody can tell what it uses, limits take no effect either.

        Raises:
            PodkitError: it uses more.
        """
        limit = then.limits.get("memory")
        before = now.limits.get("memory")
        if limit is None or (before is not None and Quantity(before) <= Quantity(limit)):
            return
        if not self._node.runtime.info().stats_available:
            return
        used = self._node.runtime.stats(step.container.id).memory_bytes
        if used > Quantity(limit).value():
            raise PodkitError(
                f'attempting to set container "{step.name}" memory limit ({Quantity(limit).value()}) '
                f"below current usage ({used})"
            )

    def _resize_sandbox(self, pod: Pod, step: ResizeSandbox) -> None:
        self._node.runtime.update_sandbox_resources(step.sandbox_id, limits.pod_resources(pod))
        self._memory.in_force[step.sandbox_id] = pod.spec.resources or ResourceRequirements()

    def _report(self, pod: Pod, reason: str, what: str, error: str = "") -> None:
        told = [
            {"name": container.name, "resources": to_dict(container.resources or ResourceRequirements())}
            for container in resize.containers_of(pod.spec)
        ]
        content = {"containers": told, "generation": pod.metadata.generation, **({"error": error} if error else {})}
        type_ = "Normal" if reason in ("ResizeStarted", "ResizeCompleted") else "Warning"
        self._node.report(pod, reason, f"{what}: {json.dumps(content, separators=(',', ':'))}", type=type_)
