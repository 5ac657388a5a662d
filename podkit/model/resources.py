"""CPU, memory and other resources: what is asked for, what is claimed, what was given."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import field

from podkit.model.definition import define
from podkit.model.scalars import QuantityText

ResourceResizeRestartPolicy: TypeAlias = Literal["NotRequired", "RestartContainer"]
"""Whether a container restarts when a resource is resized."""


@define
class ResourceRequirements:
    """How much of each resource is asked for and may be used; ``cpu``, ``memory``, ``ephemeral-storage`` and more.

    Attributes:
        requests: the amount that is set aside, by resource. Default: the limit, if there is one.
        limits: the amount that may be used at most, by resource. Default: no limit.
        claims: the resource claims of the Pod that the container uses.

    Example:
        ::

            ResourceRequirements(requests={"cpu": "100m", "memory": "64Mi"}, limits={"memory": "128Mi"})
    """

    requests: dict[str, QuantityText] = field(factory=dict)
    limits: dict[str, QuantityText] = field(factory=dict)
    claims: list[ResourceClaim] = field(factory=list)


@define
class ResourceClaim:
    """A resource claim of the Pod, as a container uses it.

    Attributes:
        name: the name of the claim in ``spec.resourceClaims``.
        request: the request of the claim that is used. Default: all of it.
    """

    name: str
    request: str | None = None


@define
class VolumeResourceRequirements:
    """How much storage a claim asks for.

    Attributes:
        requests: the amount that is asked for; ``storage`` is the only resource.
        limits: the amount that is given at most.
    """

    requests: dict[str, QuantityText] = field(factory=dict)
    limits: dict[str, QuantityText] = field(factory=dict)


@define
class PodResourceClaim:
    """A resource claim that a Pod needs: exactly one of the two names of its source.

    Attributes:
        name: the name by which containers refer to it.
        resource_claim_name: the ResourceClaim object in the Pod's namespace.
        resource_claim_template_name: the template that a ResourceClaim is made from for this Pod alone.
    """

    name: str
    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None


@define
class PodResourceClaimStatus:
    """The ResourceClaim that was made from a template for a Pod.

    Attributes:
        name: the name of the entry in ``spec.resourceClaims``.
        resource_claim_name: the ResourceClaim that was made; absent when none was needed.
    """

    name: str
    resource_claim_name: str | None = None


@define
class PodExtendedResourceClaimStatus:
    """The ResourceClaim that stands behind a Pod's extended resources.

    Attributes:
        resource_claim_name: its name.
        request_mappings: which request of it belongs to which container and resource.
    """

    resource_claim_name: str
    request_mappings: list[ContainerExtendedResourceRequest] = field(factory=list)


@define
class ContainerExtendedResourceRequest:
    """The request that stands behind an extended resource of a container.

    Attributes:
        container_name: the container.
        resource_name: the extended resource.
        request_name: the request in the ResourceClaim.
    """

    container_name: str
    resource_name: str
    request_name: str


@define
class NodeAllocatableResourceClaimStatus:
    """What a ResourceClaim takes from the Node's own resources.

    Attributes:
        resource_claim_name: the claim.
        containers: the containers that use it.
        resources: the amounts, by resource.
    """

    resource_claim_name: str
    containers: list[str] = field(factory=list)
    resources: dict[str, QuantityText] = field(factory=dict)


@define
class ResourceStatus:
    """The health of a resource that a container got.

    Attributes:
        name: the resource, or ``claim:`` and the claim's name and request.
        resources: the health of each unit of it.
    """

    name: str
    resources: list[ResourceHealth] = field(factory=list)


@define
class ResourceHealth:
    """The health of one unit of a resource.

    Attributes:
        resource_id: the identity of the unit.
        health: ``Healthy``, ``Unhealthy`` or ``Unknown``. Default: Unknown.
        message: more about it in words.
    """

    resource_id: str = field(metadata={"json": "resourceID"})
    health: str | None = None
    message: str | None = None


@define
class ContainerResizePolicy:
    """What happens to a container when one of its resources is resized.

    Attributes:
        resource_name: the resource: ``cpu`` or ``memory``.
        restart_policy: whether the container restarts. Default: NotRequired.
    """

    resource_name: str
    restart_policy: ResourceResizeRestartPolicy
