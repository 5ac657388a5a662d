"""Stops the containers of one Pod: preStop hook, stop signal, kill.

`kuberuntime_container.go` `killContainer`, cut into the steps that `podkit.kubelet.sync` decides on, so that nobody waits while
a container takes its time to end. What has been done is remembered as a `podkit.kubelet.memory.Stop`.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from podkit.kubelet import container as containers
from podkit.kubelet.memory import PodMemory, Stop
from podkit.kubelet.observation import ObservedPod, container_name
from podkit.kubelet.plan import KillContainer, SignalContainer, StopContainer
from podkit.kubelet.prober import target_of
from podkit.kubelet.services import NodeServices
from podkit.log import about, logger
from podkit.model import Container, Pod
from podkit.runtime.base import STOP_SIGNAL, ContainerStatus

log = logger(__name__)


def stop_signal(container: ContainerStatus) -> str:
    """What tells a container to end: what its ``lifecycle.stopSignal`` said when it was made, or its image, else SIGTERM."""
    return container.labels.get(STOP_SIGNAL) or "SIGTERM"


class ContainerStopper:
    """Stops the containers of one Pod.

    Args:
        services: what it works with.
        memory: what is remembered of the Pod.
        wake: asks for another sync of the Pod.
    """

    def __init__(self, services: NodeServices, memory: PodMemory, wake: Callable[[], None]) -> None:
        self._node = services
        self._memory = memory
        self._wake = wake

    def begin(self, pod: Pod, action: StopContainer, observed: ObservedPod) -> None:
        """Say that a container is to end, and run its preStop hook if there is time for one."""
        ended = action.container
        container = containers.find(pod, container_name(ended))
        report = self._node.reporter(pod, container)
        report("Normal", "Killing", action.message)
        if action.probe_failed:
            self._memory.probe_kills.add(ended.id)
        if action.replaced:
            self._memory.replaced.add(ended.id)
        lifecycle = container.lifecycle if isinstance(container, Container) else None
        hook = lifecycle.pre_stop if lifecycle is not None else None
        has_time = action.deadline > self._node.clock.now()
        self._memory.stops[ended.id] = Stop(action.deadline, hook=hook is not None and has_time)
        if hook is not None and has_time and isinstance(container, Container):

            def done(error: str) -> None:
                if error:  # the message may have secrets in it, and does not belong into an event
                    fields = about(pod, container=container.name, component="kubelet")
                    log.info("the preStop hook of container %s failed: %s", container.name, error, extra=fields)
                    report("Warning", "FailedPreStopHook", "PreStopHook failed")
                self._memory.hooks_done.add(ended.id)
                self._wake()

            target = target_of(pod, container, ended, observed)
            self._node.hooks.start(hook, target, done, self._node.warner(pod))

    def signal(self, action: SignalContainer) -> None:
        """Send a container its stop signal."""
        self._node.runtime.signal_container(action.container.id, stop_signal(action.container))
        self._memory.stops[action.container.id] = Stop(action.kill_at, signalled=True)

    def kill(self, action: KillContainer) -> None:
        """End a container whose time is up."""
        self._node.runtime.signal_container(action.container.id, "SIGKILL")
        stop = self._memory.stops[action.container.id]
        self._memory.stops[action.container.id] = attrs.evolve(stop, killed=True)
