"""Gives claims their storage, and keeps them while they are used.

There is one class of storage, whatever it is called: a directory that the container engine of one node keeps. So binding a claim is
to decide on the node, and to say so; the kubelet of that node makes the directory for the first Pod that mounts it, and removes it
when the claim goes. With one node, a claim is bound at once. With several, it waits for its first Pod, for which the scheduler
chooses (``volumeBindingMode: WaitForFirstConsumer``).

A claim that is deleted stays until no Pod uses it any more (`PROTECTION`), and then until its data is removed (`DATA`).

Source of the rules: ``pkg/controller/volume/persistentvolume/pv_controller.go``, ``pkg/controller/volume/pvcprotection``.
"""

from __future__ import annotations

from collections.abc import Collection

from attrs import frozen

from podkit.admission.pod_claims import DATA, PROTECTION, SELECTED_NODE, claims_of, is_bound, node_of
from podkit.controllers.controller import Controller, ObjectKey
from podkit.errors import NotFound
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.copying import clone
from podkit.model.node import Node
from podkit.model.pod import Pod
from podkit.store.base import Store

PROVISIONER = "podkit.io/engine-volume"
"""What claims name as the maker of their storage."""


@frozen
class Report:
    """An event about a claim."""

    reason: str
    message: str
    type: str = "Normal"


@frozen
class Decision:
    """What is to be done about a claim.

    Attributes:
        claim: as it shall be, status and all.
        report: what to tell about it; None: nothing.
    """

    claim: PersistentVolumeClaim
    report: Report | None = None


def decide(claim: PersistentVolumeClaim, nodes: Collection[str], *, used: bool) -> Decision:
    """What is to be done about a claim.

    Args:
        claim: the claim; it is not changed.
        nodes: the names of all nodes.
        used: whether a Pod that has a node uses it.
    """
    new = clone(claim)
    finalizers = new.metadata.finalizers
    if new.metadata.deletion_timestamp is not None:
        if not used and PROTECTION in finalizers:
            finalizers.remove(PROTECTION)
        if not used and DATA in finalizers and node_of(new) not in nodes:
            finalizers.remove(DATA)  # the data went with its node
        return Decision(new)
    if PROTECTION not in finalizers:
        finalizers.append(PROTECTION)
    if is_bound(new):
        new.status.capacity = _requested(new)  # it may have been asked to grow
        return Decision(new)
    obstacle = _obstacle(new)
    if obstacle is not None:
        return Decision(new, obstacle)
    return _bind(new, nodes)


def _bind(claim: PersistentVolumeClaim, nodes: Collection[str]) -> Decision:
    node = node_of(claim) or (next(iter(nodes)) if len(nodes) == 1 else None)
    if node is None:
        return Decision(
            claim, Report("WaitForFirstConsumer", "waiting for first consumer to be created before binding")
        )
    name = _volume_name(claim)
    claim.metadata.annotations[SELECTED_NODE] = node
    claim.metadata.annotations["volume.kubernetes.io/storage-provisioner"] = PROVISIONER
    if DATA not in claim.metadata.finalizers:
        claim.metadata.finalizers.append(DATA)
    claim.spec.volume_name = name
    claim.status.phase = "Bound"
    claim.status.access_modes = list(claim.spec.access_modes)
    claim.status.capacity = _requested(claim)
    return Decision(claim, Report("ProvisioningSucceeded", f"Successfully provisioned volume {name} on {node}"))


def _obstacle(claim: PersistentVolumeClaim) -> Report | None:
    """Why a claim cannot have storage; None: it can."""
    spec = claim.spec
    if spec.volume_mode == "Block":
        return _failed("volumeMode Block cannot be had here: storage is a directory; ask for Filesystem")
    if spec.data_source is not None or spec.data_source_ref is not None:
        return _failed("storage cannot be filled from a dataSource here; fill it by an init container")
    if spec.volume_name and spec.volume_name != _volume_name(claim):
        return Report("FailedBinding", f'persistentvolume "{spec.volume_name}" not found', "Warning")
    if spec.selector is not None or spec.storage_class_name == "":
        message = "no persistent volumes available for this claim and no storage class is set"
        return Report("FailedBinding", message)
    return None


def _failed(message: str) -> Report:
    return Report("ProvisioningFailed", message, "Warning")


def _volume_name(claim: PersistentVolumeClaim) -> str:
    return f"pvc-{claim.metadata.uid}"


def _requested(claim: PersistentVolumeClaim) -> dict[str, str]:
    requests = claim.spec.resources.requests if claim.spec.resources is not None else {}
    return {"storage": requests["storage"]} if "storage" in requests else {}


class VolumeClaimController(Controller[ObjectKey]):
    """Binds claims, and protects them while Pods use them.

    Args:
        store: the store with claims, Pods and Nodes.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            controller = VolumeClaimController(cluster.store)
            controller.step()                                 # or start() and stop()
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("persistentvolume-controller", store, clock=clock)
        self._nodes = self.loop.follow(lambda wake: store.watch(Node, wake=wake), self._node_changed)
        self._claims = self.loop.follow(lambda wake: store.watch(PersistentVolumeClaim, wake=wake), self._claim_changed)
        self._pods = self.loop.follow(
            lambda wake: store.watch(Pod, wake=wake), self._pod_changed, indexes={"claim": _used}
        )

    def _reconcile(self, key: ObjectKey) -> float | None:
        claim = self._claims.get(*key)
        if claim is None:
            return None
        nodes = [node.metadata.name or "" for node in self._nodes.objects()]
        decision = decide(claim, nodes, used=bool(self._pods.by_index("claim", _text(key))))
        try:
            self._write(claim, decision.claim)
        except NotFound:
            return None
        if decision.report is not None:
            self._report(claim, decision.report.reason, decision.report.message, type=decision.report.type)
        return None

    def _write(self, old: PersistentVolumeClaim, new: PersistentVolumeClaim) -> None:
        """First the claim, then its status: a claim that says that it is bound has all that belongs to it."""
        stored = old
        if (old.metadata, old.spec) != (new.metadata, new.spec):
            stored = self._store.update(new)
        if stored.status != new.status:
            status = clone(stored)
            status.status = new.status
            self._store.update_status(status)

    # What has changed

    def _claim_changed(self, _old: PersistentVolumeClaim | None, new: PersistentVolumeClaim | None) -> None:
        if new is not None:
            self.loop.enqueue(object_key(new))

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        """Only that a Pod has gone, or got its node, can matter."""
        pod = new or old
        if pod is not None and (old is None or new is None or old.spec.node_name != new.spec.node_name):
            for use in claims_of(pod):
                self.loop.enqueue((pod.metadata.namespace, use.claim))

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        if old is None or new is None:
            for claim in self._claims.objects():
                if not is_bound(claim) or claim.metadata.deletion_timestamp is not None:
                    self.loop.enqueue(object_key(claim))


def _used(pod: Pod) -> list[str]:
    """The claims that a Pod keeps; one that has no node yet can wait for another claim of the same name."""
    return [_text((pod.metadata.namespace, use.claim)) for use in claims_of(pod)] if pod.spec.node_name else []


def _text(key: ObjectKey) -> str:
    return f"{key[0]}/{key[1]}"
