"""Metrics for Prometheus; needs ``podkit[metrics]``.

`ClusterCollector` is a collector of ``prometheus_client`` for one cluster, or for several. What it gives has the names that the
same things have in Kubernetes: ``workqueue_…`` and ``kubelet_…`` as the components have them, ``kube_…`` as kube-state-metrics has
them. Nothing is measured for it alone: it reads what the parts of a cluster count anyway, when somebody asks.
"""

try:
    import prometheus_client  # noqa: F401
except ImportError as error:
    raise ImportError("podkit.metrics needs prometheus_client: pip install 'podkit[metrics]'") from error

from podkit.metrics.collector import ClusterCollector

__all__ = ["ClusterCollector"]
