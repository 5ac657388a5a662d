"""Runtime classes: by which OCI runtime the containers of a Pod are run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import ObjectMeta
from podkit.model.scalars import QuantityText
from podkit.model.scheduling import Toleration


@define
class Overhead:
    """What a Pod takes beside what its containers take.

    Attributes:
        pod_fixed: amounts by resource.
    """

    pod_fixed: dict[str, QuantityText] = field(factory=dict)


@define
class RuntimeClassScheduling:
    """The Nodes that have the runtime.

    Attributes:
        node_selector: labels that they have; added to the Pod's own.
        tolerations: their taints that the Pod tolerates; added to the Pod's own.
    """

    node_selector: dict[str, str] = field(factory=dict)
    tolerations: list[Toleration] = field(factory=list)


@define
class RuntimeClass:
    """An OCI runtime that Pods can ask for by ``runtimeClassName``.

    Attributes:
        api_version: always ``node.k8s.io/v1``.
        kind: always ``RuntimeClass``.
        metadata: name, labels and so on.
        handler: the runtime as the engine calls it; for Podman the name of an OCI runtime, such as ``crun``, ``runc`` or ``kata``.
        overhead: what its Pods take beside what their containers take.
        scheduling: which Nodes have it. Default: all.

    Example:
        ::

            RuntimeClass(metadata=ObjectMeta(name="kata"), handler="kata")
    """

    api_version: str = field(default="node.k8s.io/v1", kw_only=True)
    kind: str = field(default="RuntimeClass", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    handler: str = ""
    overhead: Overhead | None = None
    scheduling: RuntimeClassScheduling | None = None

    @classmethod
    def new(cls, name: str, handler: str, *, overhead: Mapping[str, str] | None = None) -> Self:
        """A RuntimeClass, written in short.

        Args:
            name: its name.
            handler: the OCI runtime.
            overhead: what its Pods take beside what their containers take. Default: nothing.
        """
        fixed = Overhead(dict(overhead)) if overhead is not None else None
        return cls(metadata=ObjectMeta.of(name), handler=handler, overhead=fixed)
