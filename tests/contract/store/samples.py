"""One object of every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podkit.codec import loads

TEMPLATE = "{metadata: {labels: {app: x}}, spec: {containers: [{name: c, image: i}]}}"
ONCE = "{spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}"
SELECTOR = "selector: {matchLabels: {app: x}}"

_REST = {
    "Pod": ("v1", "spec: {containers: [{name: c, image: i}]}"),
    "PodTemplate": ("v1", f"template: {TEMPLATE}"),
    "ReplicationController": ("v1", f"spec: {{selector: {{app: x}}, template: {TEMPLATE}}}"),
    "ReplicaSet": ("apps/v1", f"spec: {{{SELECTOR}, template: {TEMPLATE}}}"),
    "Deployment": ("apps/v1", f"spec: {{{SELECTOR}, template: {TEMPLATE}}}"),
    "StatefulSet": ("apps/v1", f"spec: {{{SELECTOR}, serviceName: x, template: {TEMPLATE}}}"),
    "DaemonSet": ("apps/v1", f"spec: {{{SELECTOR}, template: {TEMPLATE}}}"),
    "ControllerRevision": ("apps/v1", "revision: 1\ndata: {spec: {}}"),
    "Job": ("batch/v1", f"spec: {{template: {ONCE}}}"),
    "CronJob": ("batch/v1", f"spec: {{schedule: '* * * * *', jobTemplate: {{spec: {{template: {ONCE}}}}}}}"),
    "ConfigMap": ("v1", "data: {a: b}"),
    "Secret": ("v1", "stringData: {a: b}"),
    "PersistentVolumeClaim": ("v1", "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}"),
    "Service": ("v1", "spec: {ports: [{port: 80}]}"),
    "Node": ("v1", "spec: {}"),
    "Namespace": ("v1", "spec: {}"),
    "Event": ("v1", "involvedObject: {kind: Pod, name: x, namespace: default}\nreason: Seen"),
    "LimitRange": ("v1", "spec: {limits: [{type: Container, default: {cpu: 1}}]}"),
    "ServiceAccount": ("v1", "automountServiceAccountToken: false"),
    "PriorityClass": ("scheduling.k8s.io/v1", "value: 5"),
    "RuntimeClass": ("node.k8s.io/v1", "handler: runc"),
}


def _maker(kind: str, api_version: str, rest: str) -> Callable[[], Any]:
    text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: sample, labels: {{sample: 'yes'}}}}\n{rest}\n"
    return lambda: loads(text)


SAMPLES: dict[str, Callable[[], Any]] = {kind: _maker(kind, *rest) for kind, rest in _REST.items()}
"""By the name of the kind: makes an object ``sample`` of it, with the label ``sample=yes``."""
