"""Controllers: loops that make and mend objects."""

from podkit.controllers.deployment.controller import DeploymentController
from podkit.controllers.garbage_collector import GarbageCollector
from podkit.controllers.job.controller import JobController
from podkit.controllers.namespace import NamespaceController
from podkit.controllers.pod_garbage import PodGarbageCollector
from podkit.controllers.replicaset.controller import ReplicaSetController, ReplicationManager
from podkit.controllers.ttl import TTLAfterFinishedController

__all__ = [
    "DeploymentController",
    "GarbageCollector",
    "JobController",
    "NamespaceController",
    "PodGarbageCollector",
    "ReplicaSetController",
    "ReplicationManager",
    "TTLAfterFinishedController",
]
