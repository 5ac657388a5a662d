"""A Deployment's ReplicaSets: how one is made of its template, and found again.

A ReplicaSet is named after the hash of its template, which is also a label of it and of its Pods, so that the Pods of different
revisions are told apart. It is found by its template, not by that name: going back to an earlier template finds its ReplicaSet.

Source of the rules: ``pkg/controller/deployment/util/deployment_util.go`` (FindNewReplicaSet, EqualIgnoreHash), ``sync.go``
(getNewReplicaSet).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from podkit.controllers.controller_ref import controller_reference
from podkit.controllers.deployment.annotations import revision_of
from podkit.controllers.hashing import template_hash
from podkit.model.copying import clone
from podkit.model.deployment import Deployment
from podkit.model.meta import LabelSelector, ObjectMeta
from podkit.model.pod import PodTemplateSpec
from podkit.model.replicaset import ReplicaSet, ReplicaSetSpec

HASH = "pod-template-hash"

_NEVER = datetime.max.replace(tzinfo=UTC)


def is_of_template(one: ReplicaSet, template: PodTemplateSpec) -> bool:
    """Whether a ReplicaSet makes the Pods of a template, but for the label with its hash."""
    mine = one.spec.template
    if mine.spec != template.spec:
        return False
    return _without_hash(mine) == _without_hash(template)


def _without_hash(template: PodTemplateSpec) -> ObjectMeta:
    meta = clone(template.metadata)
    meta.labels.pop(HASH, None)
    return meta


def oldest_first(sets: Iterable[ReplicaSet]) -> list[ReplicaSet]:
    """ReplicaSets by age; by name where that is the same."""
    return sorted(sets, key=lambda one: (one.metadata.creation_timestamp or _NEVER, one.metadata.name or ""))


def by_revision(sets: Iterable[ReplicaSet]) -> list[ReplicaSet]:
    """ReplicaSets by revision; by age where that is the same."""
    return sorted(oldest_first(sets), key=revision_of)


def new_replica_set(deployment: Deployment) -> ReplicaSet:
    """The ReplicaSet for a Deployment's template, with no replicas."""
    template = clone(deployment.spec.template)
    name_of_template = template_hash(deployment.spec.template, deployment.status.collision_count)
    template.metadata.labels[HASH] = name_of_template
    selector = clone(deployment.spec.selector or LabelSelector())
    selector.match_labels[HASH] = name_of_template
    return ReplicaSet(
        metadata=ObjectMeta(
            name=f"{deployment.metadata.name}-{name_of_template}",
            namespace=deployment.metadata.namespace,
            labels=dict(template.metadata.labels),
            owner_references=[controller_reference(deployment)],
        ),
        spec=ReplicaSetSpec(
            replicas=0,
            min_ready_seconds=deployment.spec.min_ready_seconds,
            selector=selector,
            template=template,
        ),
    )
