"""Descriptions of the kinds that are no Pods: in the words of kubectl, which people look for."""

from __future__ import annotations

import pytest

from podkit import Cluster
from podkit.errors import DecodeError

TEMPLATE = """
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: busybox, command: [sleep, "100000"], ports: [{name: http, containerPort: 8080}]}]
"""
OTHERS = (
    """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: often}
spec:
  schedule: "*/1 * * * *"
  startingDeadlineSeconds: 30
  suspend: true
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: main, image: busybox}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: user}
spec:
  containers: [{name: main, image: busybox, command: [sleep, "100000"]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
"""
    + TEMPLATE
    + """---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
"""
    + TEMPLATE.replace("web", "db")
    + """---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
"""
    + TEMPLATE.replace("web", "agent")
)
WORDS = {
    "rs/web": ["Replicas: 2 current / 2 desired", "Pods Status: 2 Running / 0 Waiting / 0 Succeeded / 0 Failed"],
    "sts/db": ["Replicas: 1 desired | 1 total", "Pods Status: 1 Running", "Volume Claims: <none>"],
    "ds/agent": ["Desired Number of Nodes Scheduled: 1", "Number of Nodes Misscheduled: 0", "Pods Status: 1 Running"],
    "svc/web": ["Type: ClusterIP", "Port: <unset> 80/TCP", "TargetPort: http/TCP", ":8080, ", "Session Affinity: None"],
    "cj/often": [
        "Schedule: */1 * * * *",
        "Concurrency Policy: Allow",
        "Suspend: True",
        "Starting Deadline Seconds: 30s",
        "Selector: <unset>",
        "Parallelism: <unset>",
        "Active Jobs: <none>",
    ],
    "pvc/data": ["Status: Bound", "Access Modes: ReadWriteOnce", "Used By: user"],
    "node/node-1": ["CreationTimestamp:", "Kubelet Version:", "LastHeartbeatTime", "Non-terminated Pods:", "web-"],
    "ns/default": ["Name: default", "Status: Active"],
}


def test_all_kinds_are_described_in_the_words_of_kubectl(cluster: Cluster) -> None:
    cluster.apply(OTHERS)
    for name in ("rs/web", "sts/db", "ds/agent", "pod/user"):
        cluster.wait(name, "Ready", timeout=60)
    for name, words in WORDS.items():
        text = " ".join(cluster.describe(name).split())
        assert [word for word in words if word not in text] == [], text


def test_a_manifest_of_one_line_is_no_path(cluster: Cluster) -> None:
    with pytest.raises(DecodeError, match="apiVersion"):
        cluster.apply("kind: Pod")
