"""What the workers of one node share: the engine, the store, and what stands between them and a Pod."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from attrs import define, field

from podkit.admission.pod_resources import Amounts
from podkit.kubelet import container as containers
from podkit.kubelet.actions import Actions
from podkit.kubelet.downward import NodeFacts
from podkit.kubelet.files import PodFiles
from podkit.kubelet.filesystem import NodeFilesystem
from podkit.kubelet.hooks import Hooks
from podkit.kubelet.images import ImageManager
from podkit.kubelet.network import ServiceAccess
from podkit.kubelet.pull_progress import paced, pulling
from podkit.kubelet.sources import Sources
from podkit.kubelet.tasks import Tasks
from podkit.kubelet.tokens import TokenIssuer
from podkit.kubelet.volumes import ClaimVolumes, VolumeManager
from podkit.kubelet.volumes.payload import PayloadMaker
from podkit.loop.clock import Clock
from podkit.model import Container, EphemeralContainer, Pod
from podkit.runtime.base import PullListener, Runtime, RuntimeInfo
from podkit.store.base import EventAnnotator, EventSink, Store

Report = Callable[[str, str, str], None]
"""Reports an event about a container: type, reason, message."""


@define
class NodeServices:
    """What the workers of one node share.

    Attributes:
        facts: the node's name, addresses and resources.
        engine: what the container engine says of itself and of the machine.
        allowed_sysctls: the sysctls beside the safe ones that Pods may set.
        requested_by_others: what all Pods of the node request but the one with this uid.
        refusal: why the node does not take a new Pod because it is short of something; empty if it does.
        pids_limit: how many processes a Pod may have; 0: as many as its containers may.
        labels: what everything that the node makes is labelled with.
        runtime: the container engine.
        store: where Pods are.
        sources: where ConfigMaps and Secrets are.
        tokens: issues service account tokens.
        images: the node's images.
        filesystem: the file system of its machine.
        claims: the storage of claims.
        volumes: the volumes of its Pods.
        files: the files of its Pods.
        access: gives its Pods access to Services.
        actions: performs probes and hooks.
        hooks: runs hooks.
        tasks: where work runs that takes long.
        report: where events go.
        annotate: adds to events that have been reported.
        clock: what time it is.
        stopping: is set when the kubelet is being stopped; then nothing new is begun.
    """

    facts: NodeFacts
    engine: RuntimeInfo
    allowed_sysctls: Sequence[str]
    requested_by_others: Callable[[str], Amounts]
    refusal: Callable[[Pod], str]
    pids_limit: int
    labels: Mapping[str, str]
    runtime: Runtime
    store: Store
    sources: Sources
    tokens: TokenIssuer
    images: ImageManager
    filesystem: NodeFilesystem
    claims: ClaimVolumes
    volumes: VolumeManager
    files: PodFiles
    access: ServiceAccess
    actions: Actions
    hooks: Hooks
    tasks: Tasks
    report: EventSink
    annotate: EventAnnotator
    clock: Clock
    stopping: threading.Event = field(factory=threading.Event)

    def reporter(self, pod: Pod, container: Container | EphemeralContainer) -> Report:
        """Where events about one container of a Pod go."""
        path = containers.field_path(pod, container)

        def report(type_: str, reason: str, message: str) -> None:
            self.report(pod, reason, message, type=type_, field_path=path)

        return report

    def pull_listener(self, pod: Pod, container: Container | EphemeralContainer, image: str) -> PullListener:
        """Where it goes how far the pull of an image for a container is."""
        path = containers.field_path(pod, container)
        return paced(self.clock, lambda found: self.annotate(pod, "Pulling", pulling(image), found, field_path=path))

    def warner(self, pod: Pod) -> Callable[[str, str], None]:
        """Where warnings about a Pod go: reason, message."""
        return lambda reason, message: self.report(pod, reason, message, type="Warning")

    def payloads(self, pod: Pod, pod_ips: Sequence[str] = ()) -> PayloadMaker:
        """Makes the files of a Pod's volumes."""
        return PayloadMaker(pod, self.facts, pod_ips, self.sources, self.tokens)
