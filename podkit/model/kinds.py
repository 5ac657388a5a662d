"""The registry of kinds: which class holds which kind, and under which names people ask for it.

A kind can be asked for as its class, its name, its plural, its short name, with or without its group, in any case:
``Pod``, ``"pods"``, ``"po"``, ``"Deployment"``, ``"deployments.apps"``, ``"deployment.v1.apps"``.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from attrs import frozen

from podkit.errors import PodkitError
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.config import ConfigMap, Secret
from podkit.model.daemonset import DaemonSet
from podkit.model.deployment import Deployment
from podkit.model.event import Event
from podkit.model.job import CronJob, Job
from podkit.model.limit_range import LimitRange
from podkit.model.meta import KubernetesObject
from podkit.model.namespace import Namespace
from podkit.model.node import Node
from podkit.model.pod import Pod, PodTemplate
from podkit.model.priority_class import PriorityClass
from podkit.model.replicaset import ReplicaSet, ReplicationController
from podkit.model.runtime_class import RuntimeClass
from podkit.model.service import Service
from podkit.model.service_account import ServiceAccount
from podkit.model.statefulset import ControllerRevision, StatefulSet

ELSEWHERE = {
    "PodDisruptionBudget": "evictions are not limited here",
    "HorizontalPodAutoscaler": "nothing here scales by load; set replicas yourself",
    "Scale": "it is the scale of another object, not an object; read it with get_scale() and write it with update_scale()",
    "Eviction": "it is a request, not an object; use evict()",
    "Binding": "it is a request, not an object; use bind()",
    "ResourceQuota": "nothing here limits a namespace",
    "Ingress": "nothing here routes HTTP",
    "NetworkPolicy": "nothing here filters the network",
    "PersistentVolume": "claims are met by the container engine's own volumes",
    "StorageClass": "claims are met by the container engine's own volumes",
    "Role": "there are no permissions here",
    "RoleBinding": "there are no permissions here",
    "ClusterRole": "there are no permissions here",
    "ClusterRoleBinding": "there are no permissions here",
    "CustomResourceDefinition": "only Kubernetes' own kinds can be stored",
}
"""Kinds of Kubernetes that are none of podkit's, and why, or what to do instead."""


class UnknownKind(PodkitError, LookupError):
    """A kind that podkit does not know.

    Attributes:
        name: what was asked for.
        nearest: names of kinds that are spelled nearly so.

    Example:
        ::

            try:
                cluster.list("deploymnets")
            except UnknownKind as error:
                print(error.name, error.nearest)
    """

    def __init__(self, name: str, nearest: Iterable[str] = (), *, detail: str = "") -> None:
        self.name, self.nearest = name, list(nearest)
        hint = f"; did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        if (why := ELSEWHERE.get(name)) is not None:
            hint = f": {why}; take it out of the manifest"
        super().__init__(f"podkit knows no kind {name!r}{detail}{hint}")


@frozen
class Kind:
    """One kind of object.

    Attributes:
        name: its name, as in the ``kind`` field of documents.
        plural: its lower-case plural, the name of the resource.
        singular: its lower-case name.
        short_names: the abbreviations that kubectl takes for it.
        api_version: group and version, such as ``apps/v1``; the core group has no name: ``v1``.
        cls: the class that holds it.
        namespaced: False for kinds that live outside of namespaces, such as Node.
        has_status: True when the status is a subresource of its own, which a plain create or update does not touch.
    """

    name: str
    plural: str
    api_version: str
    cls: type[KubernetesObject]
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    has_status: bool = True

    @property
    def singular(self) -> str:
        """The lower-case name of the kind."""
        return self.name.lower()

    @property
    def group(self) -> str:
        """The API group: empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version within the group, such as ``v1``."""
        return self.api_version.rpartition("/")[2]

    def __str__(self) -> str:
        return self.name


_ALL = (
    "Pod",
    "ReplicationController",
    "Service",
    "DaemonSet",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "CronJob",
    "Job",
)
"""What kubectl means by ``all``, in its order."""


class Registry:
    """A set of kinds and the names they go by."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self.kinds = tuple(kinds)
        self._by_class = {kind.cls: kind for kind in self.kinds}
        self._by_document = {(kind.api_version, kind.name): kind for kind in self.kinds}

    def __contains__(self, cls: object) -> bool:
        """Whether a class is that of a kind."""
        return cls in self._by_class

    @cached_property
    def _by_name(self) -> dict[str, Kind]:
        names: dict[str, Kind] = {}
        for kind in self.kinds:
            for name in (kind.singular, kind.plural, *kind.short_names):
                for suffix in {
                    "",
                    f".{kind.version}.{kind.group}",
                    f".{kind.group}" if kind.group else f".{kind.version}",
                }:
                    names[(name + suffix).rstrip(".")] = kind
        return names

    def find(self, kind: str | type | KubernetesObject | Kind) -> Kind:
        """The kind of that name, class or object.

        Raises:
            UnknownKind: there is none; the message lists the nearest names.
        """
        if isinstance(kind, Kind):
            return kind
        if isinstance(kind, str):
            return self._find_by_name(kind)
        found = self._by_class.get(kind if isinstance(kind, type) else type(kind))
        if found is None:
            name = kind.__name__ if isinstance(kind, type) else type(kind).__name__
            raise UnknownKind(name, self._nearest(name))
        return found

    def several(self, kinds: str | type | Kind) -> list[Kind]:
        """The kinds of a text as kubectl takes it: a name, several of them (``po,svc``), or ``all``, for what runs and serves.

        Raises:
            UnknownKind: one of them is not there.
        """
        if not isinstance(kinds, str) or ("," not in kinds and kinds != "all"):
            return [self.find(kinds)]
        names = [name.strip() for name in kinds.split(",")]
        found = [self.find(one) for name in names for one in (_ALL if name == "all" else (name,))]
        return list(dict.fromkeys(found))

    def get(self, api_version: str, kind: str) -> Kind | None:
        """The kind that a document with these ``apiVersion`` and ``kind`` is of, or None."""
        return self._by_document.get((api_version, kind))

    def find_document(self, api_version: str, kind: str) -> Kind:
        """The kind that a document with these ``apiVersion`` and ``kind`` is of; both are taken as they are spelled.

        Raises:
            UnknownKind: there is none.
        """
        found = self.get(api_version, kind)
        if found is not None:
            return found
        known = [candidate for candidate in self.kinds if candidate.name == kind]
        if known:
            raise UnknownKind(kind, detail=f" in version {api_version!r}, only in {known[0].api_version!r}")
        raise UnknownKind(kind, self._nearest(kind))

    def _find_by_name(self, name: str) -> Kind:
        found = self._by_name.get(name.lower())
        if found is None:
            raise UnknownKind(name, self._nearest(name))
        return found

    def _nearest(self, name: str) -> list[str]:
        close = get_close_matches(name.lower(), self._by_name, n=3, cutoff=0.7)
        return list(dict.fromkeys(self._by_name[match].name for match in close))


KINDS = Registry(
    [
        Kind("Pod", "pods", "v1", Pod, ("po",)),
        Kind("PodTemplate", "podtemplates", "v1", PodTemplate, has_status=False),
        Kind("ReplicationController", "replicationcontrollers", "v1", ReplicationController, ("rc",)),
        Kind("ReplicaSet", "replicasets", "apps/v1", ReplicaSet, ("rs",)),
        Kind("Deployment", "deployments", "apps/v1", Deployment, ("deploy",)),
        Kind("StatefulSet", "statefulsets", "apps/v1", StatefulSet, ("sts",)),
        Kind("DaemonSet", "daemonsets", "apps/v1", DaemonSet, ("ds",)),
        Kind("ControllerRevision", "controllerrevisions", "apps/v1", ControllerRevision, has_status=False),
        Kind("Job", "jobs", "batch/v1", Job),
        Kind("CronJob", "cronjobs", "batch/v1", CronJob, ("cj",)),
        Kind("ConfigMap", "configmaps", "v1", ConfigMap, ("cm",), has_status=False),
        Kind("Secret", "secrets", "v1", Secret, has_status=False),
        Kind("PersistentVolumeClaim", "persistentvolumeclaims", "v1", PersistentVolumeClaim, ("pvc",)),
        Kind("Service", "services", "v1", Service, ("svc",)),
        Kind("Node", "nodes", "v1", Node, ("no",), namespaced=False),
        Kind("Namespace", "namespaces", "v1", Namespace, ("ns",), namespaced=False),
        Kind("Event", "events", "v1", Event, ("ev",), has_status=False),
        Kind("LimitRange", "limitranges", "v1", LimitRange, ("limits",), has_status=False),
        Kind("ServiceAccount", "serviceaccounts", "v1", ServiceAccount, ("sa",), has_status=False),
        Kind(
            "PriorityClass",
            "priorityclasses",
            "scheduling.k8s.io/v1",
            PriorityClass,
            ("pc",),
            namespaced=False,
            has_status=False,
        ),
        Kind("RuntimeClass", "runtimeclasses", "node.k8s.io/v1", RuntimeClass, namespaced=False, has_status=False),
    ]
)
"""The kinds that podkit knows."""


def kind_of(kind: str | type | KubernetesObject | Kind | Any) -> Kind:
    """The kind of that name (in any usual form), class or object.

    Raises:
        UnknownKind: there is none; the message lists the nearest names.
    """
    return KINDS.find(kind)
