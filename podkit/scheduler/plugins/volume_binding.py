"""VolumeBinding: the data of a claim lies on one node, and a Pod must go where it is.

A claim whose node is not decided yet fits everywhere; the scheduler then writes its choice on the claim. One that is not there, or
is being deleted, or cannot be bound, keeps its Pods waiting.

Source of the rule: ``pkg/scheduler/framework/plugins/volumebinding``.
"""

from __future__ import annotations

from podkit.admission.pod_claims import claims_of, is_bound, is_made_for, node_of
from podkit.model.claim import PersistentVolumeClaim
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, Final, NodeFilter, Reasons, Unresolvable
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

REASON = "node(s) didn't match PersistentVolume's node affinity"


def volume_binding(pod: PodInfo, cluster: Snapshot) -> NodeFilter | None:
    """The filter.

    Raises:
        Unresolvable: a claim is not there, or cannot be used.
    """
    places = {node for claim in claims(pod, cluster) if (node := node_of(claim)) is not None}

    def check(node: NodeInfo) -> Reasons:
        return FITS if places <= {node.name} else Final([REASON])

    return check if places else None


def claims(pod: PodInfo, cluster: Snapshot) -> list[PersistentVolumeClaim]:
    """The claims that a Pod uses.

    Raises:
        Unresolvable: one is not there, or cannot be used.
    """
    found = []
    for use in claims_of(pod.pod):
        claim = cluster.claims.get((pod.pod.metadata.namespace, use.claim))
        if claim is None:
            raise Unresolvable(
                f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{use.claim}"'
                if use.ephemeral
                else f'persistentvolumeclaim "{use.claim}" not found'
            )
        if use.ephemeral and not is_made_for(claim, pod.pod):
            owner, own = claim.metadata, pod.pod.metadata
            raise Unresolvable(
                f"PVC {owner.namespace}/{owner.name} was not created for pod {own.namespace}/{own.name}"
                " (pod is not owner)"
            )
        if claim.metadata.deletion_timestamp is not None:
            raise Unresolvable(f'persistentvolumeclaim "{use.claim}" is being deleted')
        if not is_bound(claim) and _never_will_be(claim):
            raise Unresolvable("pod has unbound immediate PersistentVolumeClaims")
        found.append(claim)
    return found


def _never_will_be(claim: PersistentVolumeClaim) -> bool:
    """Whether a claim asks for something that no node has, and so waits for something else than a Pod."""
    spec = claim.spec
    sourced = spec.data_source is not None or spec.data_source_ref is not None or spec.selector is not None
    return bool(sourced or spec.volume_mode == "Block" or spec.storage_class_name == "" or spec.volume_name)
