"""Where a Pod may run."""

from __future__ import annotations

from attrs import define, field

from podkit.model.meta import LabelSelector
from podkit.model.scalars import Int64


@define
class Affinity:
    """The Kubernetes Affinity."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAntiAffinity | None = None


@define
class NodeAffinity:
    """The Kubernetes NodeAffinity."""

    preferred_during_scheduling_ignored_during_execution: list[PreferredSchedulingTerm] = field(factory=list)
    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


@define
class NodeSelector:
    """The Kubernetes NodeSelector."""

    node_selector_terms: list[NodeSelectorTerm] = field(factory=list)


@define
class NodeSelectorTerm:
    """The Kubernetes NodeSelectorTerm."""

    match_expressions: list[NodeSelectorRequirement] = field(factory=list)
    match_fields: list[NodeSelectorRequirement] = field(factory=list)


@define
class NodeSelectorRequirement:
    """The Kubernetes NodeSelectorRequirement."""

    key: str
    operator: str
    values: list[str] = field(factory=list)


@define
class PreferredSchedulingTerm:
    """The Kubernetes PreferredSchedulingTerm."""

    preference: NodeSelectorTerm
    weight: int


@define
class PodAffinity:
    """The Kubernetes PodAffinity."""

    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] = field(factory=list)
    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] = field(factory=list)


@define
class PodAntiAffinity:
    """The Kubernetes PodAntiAffinity."""

    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] = field(factory=list)
    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] = field(factory=list)


@define
class PodAffinityTerm:
    """The Kubernetes PodAffinityTerm."""

    topology_key: str
    label_selector: LabelSelector | None = None
    match_label_keys: list[str] = field(factory=list)
    mismatch_label_keys: list[str] = field(factory=list)
    namespace_selector: LabelSelector | None = None
    namespaces: list[str] = field(factory=list)


@define
class WeightedPodAffinityTerm:
    """The Kubernetes WeightedPodAffinityTerm."""

    pod_affinity_term: PodAffinityTerm
    weight: int


@define
class Toleration:
    """The Kubernetes Toleration."""

    key: str | None = None
    effect: str | None = None
    operator: str | None = None
    toleration_seconds: Int64 | None = None
    value: str | None = None


@define
class TopologySpreadConstraint:
    """The Kubernetes TopologySpreadConstraint."""

    max_skew: int
    topology_key: str
    when_unsatisfiable: str
    label_selector: LabelSelector | None = None
    match_label_keys: list[str] = field(factory=list)
    min_domains: int | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None


@define
class PodSchedulingGate:
    """The Kubernetes PodSchedulingGate."""

    name: str


@define
class PodSchedulingGroup:
    """The Kubernetes PodSchedulingGroup."""

    pod_group_name: str | None = None
