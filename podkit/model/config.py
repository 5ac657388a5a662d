"""Configuration and secrets that Pods read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import ObjectMeta


@define
class ConfigMap:
    r"""Configuration that Pods read, as variables or files.

    Attributes:
        api_version: always ``v1``.
        kind: always ``ConfigMap``.
        metadata: name, labels and so on.
        data: texts by key.
        binary_data: bytes by key; a key cannot be in both.
        immutable: whether the content can never change. Default: false.

    Example:
        ::

            ConfigMap.new("settings", {"mode": "test", "app.conf": "color = blue\n"})
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="ConfigMap", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    data: dict[str, str] = field(factory=dict)
    binary_data: dict[str, bytes] = field(factory=dict)
    immutable: bool | None = None

    @classmethod
    def new(
        cls,
        name: str,
        data: Mapping[str, str | bytes],
        *,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        immutable: bool | None = None,
    ) -> Self:
        """A ConfigMap, written in short.

        Args:
            name: its name.
            data: texts, or bytes, by key.
            namespace: its namespace. Default: default.
            labels: its labels.
            immutable: whether the content can never change. Default: false.
        """
        return cls(
            metadata=ObjectMeta.of(name, namespace, labels),
            # what is neither is kept where it will be found to be wrong
            data={key: value for key, value in data.items() if not isinstance(value, bytes)},
            binary_data={key: value for key, value in data.items() if isinstance(value, bytes)},
            immutable=immutable,
        )


@define
class Secret:
    """Credentials and the like that Pods read, as variables or files; its values are never shown.

    Attributes:
        api_version: always ``v1``.
        kind: always ``Secret``.
        metadata: name, labels and so on.
        type: what it is for, which says the keys it must have. Default: Opaque.
        data: bytes by key; base64 in documents.
        string_data: texts by key, which become part of ``data`` when the object is stored, and win over it.
        immutable: whether the content can never change. Default: false.

    Example:
        ::

            secret = Secret.new("login", {"user": "me", "password": "hunter2"})
            print(secret)                                     # shows no values
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="Secret", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    type: str | None = None
    data: dict[str, bytes] = field(factory=dict, metadata={"secret": True})
    string_data: dict[str, str] = field(factory=dict, metadata={"secret": True})
    immutable: bool | None = None

    @classmethod
    def new(
        cls,
        name: str,
        data: Mapping[str, str | bytes],
        *,
        type: str | None = None,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        immutable: bool | None = None,
    ) -> Self:
        """A Secret, written in short.

        Args:
            name: its name.
            data: texts, or bytes, by key.
            type: what it is for. Default: Opaque.
            namespace: its namespace. Default: default.
            labels: its labels.
            immutable: whether the content can never change. Default: false.
        """
        return cls(
            metadata=ObjectMeta.of(name, namespace, labels),
            type=type,
            data={key: value.encode() if isinstance(value, str) else value for key, value in data.items()},
            immutable=immutable,
        )
