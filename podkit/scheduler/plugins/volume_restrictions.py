"""VolumeRestrictions: a claim with ReadWriteOncePod is one Pod's at a time.

Source of the rule: ``pkg/scheduler/framework/plugins/volumerestrictions``.
"""

from __future__ import annotations

from podkit.admission.pod_claims import claims_of
from podkit.scheduler.node_info import NodeInfo
from podkit.scheduler.plugins import FITS, NodeFilter, Reasons
from podkit.scheduler.pod_info import PodInfo
from podkit.scheduler.snapshot import Snapshot

REASON = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"


def volume_restrictions(pod: PodInfo, cluster: Snapshot) -> NodeFilter | None:
    """The filter."""
    namespace = pod.pod.metadata.namespace
    single = {
        use.claim
        for use in claims_of(pod.pod)
        if (claim := cluster.claims.get((namespace, use.claim))) is not None
        and "ReadWriteOncePod" in claim.spec.access_modes
    }

    def check(node: NodeInfo) -> Reasons:
        others = (other.pod for other in node.pods.values() if other.pod.metadata.namespace == namespace)
        taken = any(use.claim in single for other in others for use in claims_of(other))
        return [REASON] if taken else FITS

    return check if single else None
