"""Configuration and secrets that Pods read."""

from __future__ import annotations

from attrs import define, field

from podkit.model.meta import ObjectMeta


@define
class ConfigMap:
    """The Kubernetes ConfigMap."""

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="ConfigMap", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    data: dict[str, str] = field(factory=dict)
    binary_data: dict[str, bytes] = field(factory=dict)
    immutable: bool | None = None


@define
class Secret:
    """The Kubernetes Secret."""

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Secret", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    type: str | None = None
    data: dict[str, bytes] = field(factory=dict)
    immutable: bool | None = None
    string_data: dict[str, str] = field(factory=dict)
