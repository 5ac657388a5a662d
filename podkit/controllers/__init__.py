"""Controllers: loops that make and mend objects."""

from podkit.controllers.cronjob.controller import CronJobController
from podkit.controllers.daemonset.controller import DaemonSetController
from podkit.controllers.deployment.controller import DeploymentController
from podkit.controllers.ephemeral_volume import EphemeralVolumeController
from podkit.controllers.garbage_collector import GarbageCollector
from podkit.controllers.job.controller import JobController
from podkit.controllers.namespace import NamespaceController
from podkit.controllers.node_lifecycle.controller import NodeLifecycleController
from podkit.controllers.pod_garbage import PodGarbageCollector
from podkit.controllers.replicaset.controller import ReplicaSetController, ReplicationManager
from podkit.controllers.statefulset.controller import StatefulSetController
from podkit.controllers.taint_eviction import TaintEvictionController
from podkit.controllers.ttl import TTLAfterFinishedController
from podkit.controllers.volume_claim import VolumeClaimController

__all__ = [
    "CronJobController",
    "DaemonSetController",
    "DeploymentController",
    "EphemeralVolumeController",
    "GarbageCollector",
    "JobController",
    "NamespaceController",
    "NodeLifecycleController",
    "PodGarbageCollector",
    "ReplicaSetController",
    "ReplicationManager",
    "StatefulSetController",
    "TTLAfterFinishedController",
    "TaintEvictionController",
    "VolumeClaimController",
]
