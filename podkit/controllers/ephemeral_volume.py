"""Makes the claims of ephemeral volumes: each has the Pod as its owner, and so goes with it.

Source of the rules: ``pkg/controller/volume/ephemeral/controller.go``.
"""

from __future__ import annotations

from podkit.admission.pod_claims import claims_of, is_made_for
from podkit.controllers.controller import Controller, ObjectKey
from podkit.controllers.controller_ref import controller_reference
from podkit.errors import AlreadyExists
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.copying import clone
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod
from podkit.model.volume import Volume
from podkit.store.base import Store


def claim_for(pod: Pod, volume: Volume) -> PersistentVolumeClaim | None:
    """The claim of an ephemeral volume of a Pod; None if the volume is none."""
    template = volume.ephemeral.volume_claim_template if volume.ephemeral is not None else None
    if template is None:
        return None
    meta = ObjectMeta(
        name=f"{pod.metadata.name}-{volume.name}",
        namespace=pod.metadata.namespace,
        labels=dict(template.metadata.labels),
        annotations=dict(template.metadata.annotations),
        owner_references=[controller_reference(pod)],
    )
    return PersistentVolumeClaim(metadata=meta, spec=clone(template.spec))


class EphemeralVolumeController(Controller[ObjectKey]):
    """Makes the claims of ephemeral volumes.

    Args:
        store: the store with the Pods.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            controller = EphemeralVolumeController(cluster.store)
            controller.step()                                 # or start() and stop()
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("ephemeral-volume-controller", store, clock=clock)
        self._pods = self.loop.follow(lambda wake: store.watch(Pod, wake=wake), self._pod_changed)
        self._claims = self.loop.follow(lambda wake: store.watch(PersistentVolumeClaim, wake=wake), self._claim_changed)

    def _reconcile(self, key: ObjectKey) -> float | None:
        pod = self._pods.get(*key)
        if pod is None or pod.metadata.deletion_timestamp is not None:
            return None
        for volume in pod.spec.volumes:
            claim = claim_for(pod, volume)
            if claim is not None:
                self._ensure(pod, claim)
        return None

    def _ensure(self, pod: Pod, claim: PersistentVolumeClaim) -> None:
        meta = claim.metadata
        there = self._claims.get(meta.namespace, meta.name or "")
        if there is None:
            try:
                self._store.create(claim)
            except AlreadyExists:
                self.loop.enqueue(object_key(pod), after=1.0)
        elif not is_made_for(there, pod):
            own = pod.metadata
            message = (
                f"PVC {meta.namespace}/{meta.name} was not created for pod {own.namespace}/{own.name}"
                " (pod is not owner)"
            )
            self._report(pod, "EphemeralVolumeConflict", message, type="Warning")

    # What has changed

    def _pod_changed(self, _old: Pod | None, new: Pod | None) -> None:
        if new is not None and any(use.ephemeral for use in claims_of(new)):
            self.loop.enqueue(object_key(new))

    def _claim_changed(self, old: PersistentVolumeClaim | None, new: PersistentVolumeClaim | None) -> None:
        """A claim that has gone is made again; so is one that was in the way."""
        if new is None and old is not None:
            for owner in old.metadata.owner_references:
                if owner.kind == "Pod":
                    self.loop.enqueue((old.metadata.namespace, owner.name))
