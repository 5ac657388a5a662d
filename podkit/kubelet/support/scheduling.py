"""The fields by which the scheduler finds a node; all of them are honoured."""

from __future__ import annotations

from collections.abc import Mapping

from podkit.kubelet.support.verdict import Fields, honours
from podkit.model import (
    Affinity,
    LabelSelector,
    LabelSelectorRequirement,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    PodSchedulingGate,
    PreferredSchedulingTerm,
    Toleration,
    TopologySpreadConstraint,
    WeightedPodAffinityTerm,
)

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"

SCHEDULING: Mapping[type, Fields] = {
    Affinity: honours("nodeAffinity", "podAffinity", "podAntiAffinity"),
    NodeAffinity: honours(_REQUIRED, _PREFERRED),
    NodeSelector: honours("nodeSelectorTerms"),
    NodeSelectorTerm: honours("matchExpressions", "matchFields"),
    NodeSelectorRequirement: honours("key", "operator", "values"),
    PreferredSchedulingTerm: honours("weight", "preference"),
    PodAffinity: honours(_REQUIRED, _PREFERRED),
    PodAntiAffinity: honours(_REQUIRED, _PREFERRED),
    PodAffinityTerm: honours(
        "topologyKey", "labelSelector", "matchLabelKeys", "mismatchLabelKeys", "namespaces", "namespaceSelector"
    ),
    WeightedPodAffinityTerm: honours("weight", "podAffinityTerm"),
    LabelSelector: honours("matchLabels", "matchExpressions"),
    LabelSelectorRequirement: honours("key", "operator", "values"),
    Toleration: honours("key", "operator", "value", "effect", "tolerationSeconds"),
    TopologySpreadConstraint: {
        **honours("maxSkew", "topologyKey", "whenUnsatisfiable", "labelSelector", "matchLabelKeys"),
        **honours("minDomains", "nodeAffinityPolicy", "nodeTaintsPolicy"),
    },
    PodSchedulingGate: honours("name"),
}
