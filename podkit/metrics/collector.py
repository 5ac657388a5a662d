"""A collector of ``prometheus_client`` for clusters.

Objects are followed by informers, which take in, at each scrape, what has changed since the last one. So a scrape costs what it
tells, and copies no objects.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from podkit.cluster.cluster import Cluster
from podkit.cluster.measures import measure
from podkit.cluster.wiring import Machinery
from podkit.loop.informer import Informer
from podkit.metrics import objects
from podkit.metrics.families import Families
from podkit.metrics.work import add_work
from podkit.model import DaemonSet, Deployment, Job, Node, Pod, StatefulSet
from podkit.store.base import Store

_ADDS: Mapping[type, Callable[[Families, Any], None]] = {
    Pod: objects.add_pod,
    Node: objects.add_node,
    Deployment: objects.add_deployment,
    StatefulSet: objects.add_stateful_set,
    DaemonSet: objects.add_daemon_set,
    Job: objects.add_job,
}


class ClusterCollector(Collector):
    """The metrics of a cluster, or of several.

    A cluster that has been closed has none any more.

    Args:
        cluster: the cluster; or several, by a name that their samples get as the label ``cluster``.
        each_object: whether there are samples for each Pod, node and workload (``kube_…``), and not only counts of them.

    Example:
        ::

            from prometheus_client import REGISTRY, start_http_server

            with Cluster() as cluster:
                REGISTRY.register(ClusterCollector(cluster))
                start_http_server(9090)
                ...
    """

    def __init__(self, cluster: Cluster | Mapping[str, Cluster], *, each_object: bool = True) -> None:
        named = cluster if isinstance(cluster, Mapping) else {"": cluster}
        kinds: Iterable[type] = _ADDS if each_object else (Pod,)
        self._clusters = {name: _Followed(one.machinery, kinds) for name, one in named.items()}
        self._each_object = each_object

    def collect(self) -> Iterator[Metric]:
        """What there is at this moment, for ``prometheus_client``."""
        families = Families()
        for name, cluster in self._clusters.items():
            families.begin({"cluster": name} if name else {})
            cluster.add(families, each_object=self._each_object)
        return iter(families)

    def describe(self) -> Iterable[Metric]:
        """Nothing: which metrics there are depends on what there is."""
        return []


class _Followed:
    """A cluster whose objects are followed."""

    def __init__(self, parts: Machinery, kinds: Iterable[type]) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._informers = {kind: _informer(parts.store, kind) for kind in kinds}

    def add(self, families: Families, *, each_object: bool) -> None:
        """Add what there is."""
        if self._parts.closed:
            return
        add_work(families, measure(self._parts))
        with self._lock:
            for informer in self._informers.values():
                informer.pump()
            objects.add_counts(families, self._informers[Pod].objects())
            if each_object:
                for kind, informer in self._informers.items():
                    for obj in informer.objects():
                        _ADDS[kind](families, obj)


def _informer(store: Store, kind: type) -> Informer[Any]:
    return Informer(lambda wake: store.watch(kind, wake=wake), lambda _, __: None, wake=lambda: None)
