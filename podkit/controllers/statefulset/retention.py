"""Who a StatefulSet's claims belong to, which is what decides when they go.

A claim that is to go with the set has the set as its owner; one that is to go because the set was scaled down has the Pod as its
owner that is about to go. The garbage collector does the rest. A claim that something else controls is left alone.

Source of the rules: ``pkg/controller/statefulset/stateful_set_utils.go`` (isClaimOwnerUpToDate, updateClaimOwnerRefForSetAndPod,
hasStaleOwnerRef).
"""

from __future__ import annotations

from podkit.controllers.controller_ref import controller_of, controller_reference
from podkit.controllers.statefulset.identity import is_wanted, ordinal_of
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.meta import OwnerReference
from podkit.model.pod import Pod
from podkit.model.statefulset import StatefulSet


def deletes_when_deleted(owner: StatefulSet) -> bool:
    """Whether claims go with the set."""
    policy = owner.spec.persistent_volume_claim_retention_policy
    return policy is not None and policy.when_deleted == "Delete"


def deletes_when_scaled(owner: StatefulSet) -> bool:
    """Whether claims go with Pods that are too many."""
    policy = owner.spec.persistent_volume_claim_retention_policy
    return policy is not None and policy.when_scaled == "Delete"


def owners_of(owner: StatefulSet, pod: Pod, claim: PersistentVolumeClaim) -> list[OwnerReference]:
    """The owners that a claim of a Pod is to have."""
    others = [one for one in claim.metadata.owner_references if not _is_ours(one, owner, pod)]
    if any(one.controller for one in others):
        return others
    condemned = not is_wanted(owner, ordinal_of(pod))
    if condemned and deletes_when_scaled(owner):
        return [*others, controller_reference(pod)]
    return [*others, controller_reference(owner)] if deletes_when_deleted(owner) else others


def is_settled(owner: StatefulSet, pod: Pod, claim: PersistentVolumeClaim) -> bool:
    """Whether a claim has the owners that it is to have."""
    reference = controller_of(claim)
    if reference is not None and not _is_ours(reference, owner, pod):
        return True
    have = {one.uid for one in claim.metadata.owner_references}
    return have == {one.uid for one in owners_of(owner, pod, claim)}


def is_stale(name: str, claim: PersistentVolumeClaim) -> bool:
    """Whether a claim is about to go with an earlier Pod of this name, so that no new one may use it."""
    return any(one.kind == "Pod" and one.name == name for one in claim.metadata.owner_references)


def _is_ours(reference: OwnerReference, owner: StatefulSet, pod: Pod) -> bool:
    return reference.uid in (owner.metadata.uid, pod.metadata.uid)
