"""The downward API: what a Pod tells its containers about itself.

`pkg/fieldpath/fieldpath.go` and `pkg/api/v1/resource/helpers.go` of Kubernetes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from podkit.kubelet.sources import ConfigError
from podkit.model import Container, ObjectFieldSelector, Pod, ResourceFieldSelector
from podkit.model.quantity import Quantity

_SUBSCRIPT = re.compile(r"^(metadata\.(?:labels|annotations))\['(.*)'\]$")


@frozen
class NodeFacts:
    """What a Pod may ask about its node.

    Attributes:
        name: the node's name.
        host_ips: its addresses, the primary one first.
        allocatable: what it can give to Pods, by resource name.
    """

    name: str
    host_ips: Sequence[str] = ("127.0.0.1",)
    allocatable: Mapping[str, str] = field(factory=dict)


def field_value(pod: Pod, pod_ips: Sequence[str], node: NodeFacts, selector: ObjectFieldSelector) -> str:
    """The value of a ``fieldRef``.

    Raises:
        ConfigError: there is no such field.
    """
    path = selector.field_path
    subscript = _SUBSCRIPT.match(path)
    if subscript:
        source = pod.metadata.labels if subscript.group(1) == "metadata.labels" else pod.metadata.annotations
        return source.get(subscript.group(2), "")
    if path in ("metadata.labels", "metadata.annotations"):
        return format_map(pod.metadata.labels if path == "metadata.labels" else pod.metadata.annotations)
    values = {
        "metadata.name": pod.metadata.name,
        "metadata.namespace": pod.metadata.namespace,
        "metadata.uid": pod.metadata.uid,
        "spec.nodeName": node.name,
        "spec.serviceAccountName": pod.spec.service_account_name or "",
        "status.hostIP": node.host_ips[0],
        "status.hostIPs": ",".join(node.host_ips),
        "status.podIP": pod_ips[0] if pod_ips else "",
        "status.podIPs": ",".join(pod_ips),
    }
    if path not in values:
        raise ConfigError(f'unsupported fieldPath: "{path}"')
    return values[path] or ""


def format_map(values: Mapping[str, str]) -> str:
    """Labels or annotations as text: sorted lines ``key="escaped value"``."""
    return "\n".join(f"{key}={_quoted(value)}" for key, value in sorted(values.items()))


def resource_value(pod: Pod, container: Container, node: NodeFacts, selector: ResourceFieldSelector) -> str:
    """The value of a ``resourceFieldRef``: in units of the divisor, rounded up; limits of the Pod or the node count too.

    Raises:
        ConfigError: there is no such container or resource.
    """
    if selector.container_name and selector.container_name != container.name:
        named = [c for c in [*pod.spec.containers, *pod.spec.init_containers] if c.name == selector.container_name]
        if not named:
            raise ConfigError(f"container {selector.container_name} not found")
        container = named[0]
    kind, _, resource = selector.resource.partition(".")
    if kind not in ("limits", "requests"):
        raise ConfigError(f"unsupported container resource : {selector.resource}")
    resources = container.resources
    given = (resources.limits if kind == "limits" else resources.requests) if resources else {}
    amount = given.get(resource)
    if amount is None:
        amount = _limit_around(pod, node, resource) if kind == "limits" else "0"
    divisor = Quantity(selector.divisor or "1")
    if not divisor:
        divisor = Quantity("1")
    whole = -(-Quantity(amount).nanos // divisor.nanos)
    return str(whole)


def _limit_around(pod: Pod, node: NodeFacts, resource: str) -> str:
    """What limits a container that has no limit of its own: its Pod as a whole, or else the node."""
    of_pod = pod.spec.resources.limits if pod.spec.resources else {}
    return of_pod.get(resource) or node.allocatable.get(resource, "0")


def _quoted(text: str) -> str:
    """Text as Go's ``%q`` prints it, for what labels and annotations hold."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'
