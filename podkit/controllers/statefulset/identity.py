"""What makes a Pod of a StatefulSet the one that it is: its name with its number, and the claims that bear the same.

Source of the rules: ``pkg/controller/statefulset/stateful_set_utils.go`` (getParentNameAndOrdinal, updateIdentity, initIdentity,
updateStorage, identityMatches, storageMatches).
"""

from __future__ import annotations

import re
from functools import lru_cache

from podkit.controllers.pod_template import pod_of_template
from podkit.controllers.revisions import HASH
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.copying import clone
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod, PodTemplateSpec
from podkit.model.statefulset import StatefulSet
from podkit.model.volume import PersistentVolumeClaimVolumeSource, Volume

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"

_NUMBERED = re.compile(r"(.*)-([0-9]+)", re.DOTALL)


def replicas_of(owner: StatefulSet) -> int:
    """How many Pods there shall be."""
    return owner.spec.replicas if owner.spec.replicas is not None else 1


def start_of(owner: StatefulSet) -> int:
    """The first number."""
    return (owner.spec.ordinals.start or 0) if owner.spec.ordinals is not None else 0


def ordinal_of(pod: Pod) -> int:
    """The number of a Pod; -1 when its name has none."""
    return _ordinal(pod.metadata.name or "")


@lru_cache(maxsize=65_536)
def _ordinal(name: str) -> int:
    found = _NUMBERED.fullmatch(name)
    return int(found[2]) if found is not None else -1


def is_member(owner: StatefulSet, pod: Pod) -> bool:
    """Whether a Pod is named as one of this set."""
    found = _NUMBERED.fullmatch(pod.metadata.name or "")
    return found is not None and found[1] == owner.metadata.name


def is_wanted(owner: StatefulSet, ordinal: int) -> bool:
    """Whether there shall be a Pod with this number."""
    return start_of(owner) <= ordinal < start_of(owner) + replicas_of(owner)


def pod_name(owner: StatefulSet, ordinal: int) -> str:
    """The name of the Pod with this number."""
    return f"{owner.metadata.name}-{ordinal}"


def claim_names(owner: StatefulSet, ordinal: int) -> dict[str, str]:
    """The names of the claims of a Pod, by the volume that each is for."""
    volumes = [template.metadata.name or "" for template in owner.spec.volume_claim_templates]
    return {volume: f"{volume}-{owner.metadata.name}-{ordinal}" for volume in volumes}


def new_pod(owner: StatefulSet, template: PodTemplateSpec, revision: str, ordinal: int) -> Pod:
    """A Pod, to be created.

    Args:
        owner: the StatefulSet.
        template: what it is made of.
        revision: the name of the revision that this template has.
        ordinal: its number.
    """
    pod = pod_of_template(owner, template)
    pod.metadata.generate_name = None
    pod.metadata.name = pod.spec.hostname = pod_name(owner, ordinal)
    pod.spec.subdomain = owner.spec.service_name or None
    pod.metadata.labels[HASH] = revision
    _set_labels(pod, ordinal)
    _set_volumes(owner, pod, ordinal)
    return pod


def with_identity(pod: Pod) -> Pod:
    """A Pod that has lost labels of its identity, with them."""
    mended = clone(pod)
    _set_labels(mended, ordinal_of(mended))
    return mended


def has_identity(pod: Pod) -> bool:
    """Whether a Pod has the labels of its identity."""
    labels = pod.metadata.labels
    return labels.get(POD_NAME) == pod.metadata.name and labels.get(POD_INDEX) == str(ordinal_of(pod))


def new_claim(owner: StatefulSet, template: PersistentVolumeClaim, ordinal: int) -> PersistentVolumeClaim:
    """A claim of a Pod, to be created."""
    selector = owner.spec.selector
    meta = ObjectMeta(
        name=claim_names(owner, ordinal)[template.metadata.name or ""],
        namespace=owner.metadata.namespace,
        labels={**template.metadata.labels, **(selector.match_labels if selector is not None else {})},
        annotations=dict(template.metadata.annotations),
    )
    return PersistentVolumeClaim(metadata=meta, spec=clone(template.spec))


def _set_labels(pod: Pod, ordinal: int) -> None:
    pod.metadata.labels |= {POD_NAME: pod.metadata.name or "", POD_INDEX: str(ordinal)}


def _set_volumes(owner: StatefulSet, pod: Pod, ordinal: int) -> None:
    """Mount the claims; a volume of the template of the same name gives way."""
    claims = claim_names(owner, ordinal)
    others = [volume for volume in pod.spec.volumes if volume.name not in claims]
    mine = [
        Volume(name, persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim, read_only=False))
        for name, claim in claims.items()
    ]
    pod.spec.volumes = [*mine, *others]
