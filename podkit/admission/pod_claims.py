"""The claims that a Pod uses, and what controllers, scheduler and kubelet tell each other on a claim.

A claim's data lies on one node. Which one is written on the claim as `SELECTED_NODE`: by the scheduler when it has chosen a node
for the first Pod that uses it, or at once by the controller where there is but one node.

Source of the rules: component-helpers ``storage/ephemeral``, ``storage/volume/pv_helpers.go``.
"""

from __future__ import annotations

from attrs import frozen

from podkit.model.claim import PersistentVolumeClaim
from podkit.model.pod import Pod

SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""The annotation that names the node on which a claim's data lies."""

PROTECTION = "kubernetes.io/pvc-protection"
"""The finalizer that keeps a claim as long as a Pod uses it."""

DATA = "podkit.io/volume"
"""The finalizer that keeps a claim that is being deleted until its node has removed its data."""


@frozen
class ClaimUse:
    """The use that a volume of a Pod makes of a claim.

    Attributes:
        volume: the name of the volume.
        claim: the name of the claim, in the Pod's namespace.
        ephemeral: whether the claim is made for the Pod, and goes with it.
        read_only: whether the Pod must not write to it.
    """

    volume: str
    claim: str
    ephemeral: bool = False
    read_only: bool = False


def claims_of(pod: Pod) -> list[ClaimUse]:
    """The claims that a Pod uses, in the order of its volumes."""
    found = []
    for volume in pod.spec.volumes:
        if (source := volume.persistent_volume_claim) is not None:
            found.append(ClaimUse(volume.name, source.claim_name, read_only=bool(source.read_only)))
        elif volume.ephemeral is not None:
            found.append(ClaimUse(volume.name, f"{pod.metadata.name}-{volume.name}", ephemeral=True))
    return found


def is_made_for(claim: PersistentVolumeClaim, pod: Pod) -> bool:
    """Whether a claim is one of the Pod's own, made for an ephemeral volume of it."""
    return any(owner.controller and owner.uid == pod.metadata.uid for owner in claim.metadata.owner_references)


def node_of(claim: PersistentVolumeClaim) -> str | None:
    """The node on which a claim's data lies; None: that is not decided yet."""
    return claim.metadata.annotations.get(SELECTED_NODE)


def is_bound(claim: PersistentVolumeClaim) -> bool:
    """Whether a claim has its storage."""
    return claim.status.phase == "Bound" and bool(claim.spec.volume_name)
