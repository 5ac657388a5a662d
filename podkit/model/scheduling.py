"""Where a Pod may run."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import LabelSelector
from podkit.model.scalars import Int64

NodeSelectorOperator: TypeAlias = Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
"""How a label of a Node relates to the values of a requirement."""

TolerationOperator: TypeAlias = Literal["Equal", "Exists", "Lt", "Gt"]
"""How the value of a taint relates to a toleration's."""

TaintEffect: TypeAlias = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
"""What a taint does to Pods that do not tolerate it."""

UnsatisfiableConstraintAction: TypeAlias = Literal["DoNotSchedule", "ScheduleAnyway"]
"""What becomes of a Pod that cannot be spread as it must."""

NodeInclusionPolicy: TypeAlias = Literal["Honor", "Ignore"]
"""Whether something counts when Nodes are chosen."""


@define
class Affinity:
    """Where a Pod wants to be, and where not.

    Attributes:
        node_affinity: by the labels of Nodes.
        pod_affinity: near other Pods.
        pod_anti_affinity: away from other Pods.

    Example:
        ::

            term = PodAffinityTerm(label_selector=LabelSelector(match_labels={"app": "web"}), topology_key="kubernetes.io/hostname")
            Affinity(pod_anti_affinity=PodAntiAffinity(required_during_scheduling_ignored_during_execution=[term]))
    """

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAntiAffinity | None = None


@define
class NodeAffinity:
    """Which Nodes a Pod must or would like to be on.

    Attributes:
        required_during_scheduling_ignored_during_execution: the Nodes that are possible at all.
        preferred_during_scheduling_ignored_during_execution: the Nodes that are better, by weight.
    """

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: list[PreferredSchedulingTerm] = field(factory=list)


@define
class NodeSelector:
    """A choice of Nodes.

    Attributes:
        node_selector_terms: alternatives, of which one must match.
    """

    node_selector_terms: list[NodeSelectorTerm] = field(factory=list)


@define
class NodeSelectorTerm:
    """Requirements that a Node must meet, all of them; an empty term matches none.

    Attributes:
        match_expressions: requirements for the Node's labels.
        match_fields: requirements for the Node's fields; only ``metadata.name`` is possible.
    """

    match_expressions: list[NodeSelectorRequirement] = field(factory=list)
    match_fields: list[NodeSelectorRequirement] = field(factory=list)


@define
class NodeSelectorRequirement:
    """A requirement that a label or field of a Node must meet.

    Attributes:
        key: the key of the label, or the field.
        operator: how it relates to the values.
        values: the values; none for Exists and DoesNotExist, one whole number for Gt and Lt.
    """

    key: str
    operator: NodeSelectorOperator
    values: list[str] = field(factory=list)


@define
class PreferredSchedulingTerm:
    """A choice of Nodes and how much it counts.

    Attributes:
        weight: how much, 1 to 100.
        preference: the Nodes.
    """

    weight: int
    preference: NodeSelectorTerm


@define
class PodAffinity:
    """Which Pods a Pod must or would like to be near to.

    Attributes:
        required_during_scheduling_ignored_during_execution: the terms that must all hold.
        preferred_during_scheduling_ignored_during_execution: the terms that make a place better, by weight.
    """

    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] = field(factory=list)
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] = field(factory=list)


@define
class PodAntiAffinity:
    """Which Pods a Pod must not or would rather not be near to.

    Attributes:
        required_during_scheduling_ignored_during_execution: the terms that must all hold.
        preferred_during_scheduling_ignored_during_execution: the terms that make a place worse, by weight.
    """

    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] = field(factory=list)
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] = field(factory=list)


@define
class PodAffinityTerm:
    """A set of Pods, and what near to them means.

    Attributes:
        topology_key: the label of Nodes that must be equal for two Pods to be near, such as ``kubernetes.io/hostname``.
        label_selector: the Pods, by their labels; absent: none.
        match_label_keys: labels of this Pod whose values the others must have too.
        mismatch_label_keys: labels of this Pod whose values the others must not have.
        namespaces: the namespaces of the Pods. Default: that of this Pod, unless ``namespace_selector`` is there.
        namespace_selector: further namespaces, by their labels; empty: all.
    """

    topology_key: str
    label_selector: LabelSelector | None = None
    match_label_keys: list[str] = field(factory=list)
    mismatch_label_keys: list[str] = field(factory=list)
    namespaces: list[str] = field(factory=list)
    namespace_selector: LabelSelector | None = None


@define
class WeightedPodAffinityTerm:
    """A set of Pods and how much it counts.

    Attributes:
        weight: how much, 1 to 100.
        pod_affinity_term: the Pods.
    """

    weight: int
    pod_affinity_term: PodAffinityTerm


@define
class Toleration:
    """A kind of taint that keeps the Pod off no Node.

    Attributes:
        key: the taint's key. Default: any, with the operator Exists.
        operator: how the taint's value relates to ``value``. Default: Equal.
        value: the taint's value; empty for Exists.
        effect: the taint's effect. Default: any.
        toleration_seconds: seconds that a NoExecute taint is tolerated for. Default: for ever.

    Example:
        ::

            Toleration(key="disk", operator="Equal", value="slow", effect="NoSchedule")
    """

    key: str | None = None
    operator: TolerationOperator | None = None
    value: str | None = None
    effect: TaintEffect | None = None
    toleration_seconds: Int64 | None = None


@define
class TopologySpreadConstraint:
    """How evenly Pods must be spread.

    Attributes:
        max_skew: how much the numbers of Pods in two domains may differ, at least 1.
        topology_key: the label of Nodes whose values are the domains.
        when_unsatisfiable: whether the Pod waits or goes elsewhere when that is not possible.
        label_selector: the Pods that are counted.
        match_label_keys: labels of this Pod whose values the counted ones must have too.
        min_domains: the number of domains that there must be for an empty one not to count as zero. Default: 1.
        node_affinity_policy: whether only Nodes that the Pod's affinity allows count. Default: Honor.
        node_taints_policy: whether only Nodes whose taints the Pod tolerates count. Default: Ignore.

    Example:
        ::

            TopologySpreadConstraint(
                max_skew=1,
                topology_key="kubernetes.io/hostname",
                when_unsatisfiable="DoNotSchedule",
                label_selector=LabelSelector(match_labels={"app": "web"}),
            )
    """

    max_skew: int
    topology_key: str
    when_unsatisfiable: UnsatisfiableConstraintAction
    label_selector: LabelSelector | None = None
    match_label_keys: list[str] = field(factory=list)
    min_domains: int | None = None
    node_affinity_policy: NodeInclusionPolicy | None = None
    node_taints_policy: NodeInclusionPolicy | None = None


@define
class PodSchedulingGate:
    """Something that must be cleared before the Pod is scheduled.

    Attributes:
        name: its name.
    """

    name: str


@define
class PodSchedulingGroup:
    """The group of Pods that a Pod is scheduled with.

    Attributes:
        pod_group_name: the name of the PodGroup in the Pod's namespace.
    """

    pod_group_name: str | None = None
