"""Service accounts: who a Pod is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

from attrs import field

from podkit.model.definition import define
from podkit.model.meta import LocalObjectReference, ObjectMeta, ObjectReference


@define
class ServiceAccount:
    """Who a Pod is, with what its Pods get because of that.

    Attributes:
        api_version: always ``v1``.
        kind: always ``ServiceAccount``.
        metadata: name, labels and so on.
        secrets: Secrets that its Pods may use; kept for those who read them, nothing acts on them.
        image_pull_secrets: Secrets with which the images of its Pods are pulled, for Pods that name none themselves.
        automount_service_account_token: whether its Pods see their token as a file; what a Pod says itself wins. Default: true.

    Example:
        ::

            ServiceAccount(metadata=ObjectMeta(name="builder"), image_pull_secrets=[LocalObjectReference("login")])
    """

    api_version: str = field(default="v1", kw_only=True)
    kind: str = field(default="ServiceAccount", kw_only=True)
    metadata: ObjectMeta = field(factory=ObjectMeta)
    secrets: list[ObjectReference] = field(factory=list, metadata={"merge_key": "name"})
    image_pull_secrets: list[LocalObjectReference] = field(factory=list)
    automount_service_account_token: bool | None = None

    @classmethod
    def new(
        cls,
        name: str,
        *,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        image_pull_secrets: Iterable[str] = (),
        automount_service_account_token: bool | None = None,
    ) -> Self:
        """A ServiceAccount, written in short.

        Args:
            name: its name.
            namespace: its namespace. Default: default.
            labels: its labels.
            image_pull_secrets: the names of Secrets with which the images of its Pods are pulled.
            automount_service_account_token: whether its Pods see their token as a file. Default: true.
        """
        return cls(
            metadata=ObjectMeta.of(name, namespace, labels),
            image_pull_secrets=[LocalObjectReference(secret) for secret in image_pull_secrets],
            automount_service_account_token=automount_service_account_token,
        )
