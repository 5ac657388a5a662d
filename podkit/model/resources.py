"""CPU, memory and other resources: what is asked for, what is claimed, what was given."""

from __future__ import annotations

from attrs import define, field

from podkit.model.scalars import QuantityText


@define
class ResourceRequirements:
    """The Kubernetes ResourceRequirements."""

    claims: list[ResourceClaim] = field(factory=list)
    limits: dict[str, QuantityText] = field(factory=dict)
    requests: dict[str, QuantityText] = field(factory=dict)


@define
class ResourceClaim:
    """The Kubernetes ResourceClaim."""

    name: str
    request: str | None = None


@define
class VolumeResourceRequirements:
    """The Kubernetes VolumeResourceRequirements."""

    limits: dict[str, QuantityText] = field(factory=dict)
    requests: dict[str, QuantityText] = field(factory=dict)


@define
class PodResourceClaim:
    """The Kubernetes PodResourceClaim."""

    name: str
    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None


@define
class PodResourceClaimStatus:
    """The Kubernetes PodResourceClaimStatus."""

    name: str
    resource_claim_name: str | None = None


@define
class PodExtendedResourceClaimStatus:
    """The Kubernetes PodExtendedResourceClaimStatus."""

    resource_claim_name: str
    request_mappings: list[ContainerExtendedResourceRequest] = field(factory=list)


@define
class ContainerExtendedResourceRequest:
    """The Kubernetes ContainerExtendedResourceRequest."""

    container_name: str
    request_name: str
    resource_name: str


@define
class NodeAllocatableResourceClaimStatus:
    """The Kubernetes NodeAllocatableResourceClaimStatus."""

    resource_claim_name: str
    containers: list[str] = field(factory=list)
    resources: dict[str, QuantityText] = field(factory=dict)


@define
class ResourceStatus:
    """The Kubernetes ResourceStatus."""

    name: str
    resources: list[ResourceHealth] = field(factory=list)


@define
class ResourceHealth:
    """The Kubernetes ResourceHealth."""

    resource_id: str = field(metadata={"json": "resourceID"})
    health: str | None = None
    message: str | None = None


@define
class ContainerResizePolicy:
    """The Kubernetes ContainerResizePolicy."""

    resource_name: str
    restart_policy: str
