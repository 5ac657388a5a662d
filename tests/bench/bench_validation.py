"""How quick admission is: ``python -m tests.bench.bench_validation``.

What a store does to every object that is written, for the objects of a simulation with many Pods. The aim is 10,000 small
Pods a second through ``prepare_create``.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable

from podkit.admission import check, prepare_create, prepare_status_update, prepare_update, set_defaults
from podkit.codec import loads
from podkit.model.meta import KubernetesObject
from podkit.model.quantity import Quantity
from podkit.model.selector import Selector

SMALL_POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: app
    image: nginx
    ports: [{containerPort: 80}]
    env: [{name: A, value: b}]
    resources: {requests: {cpu: 100m, memory: 64Mi}}
"""

LARGE_POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web, tier: front}, annotations: {example.com/note: text}}
spec:
  securityContext: {runAsUser: 1000, fsGroup: 2000}
  nodeSelector: {disk: ssd}
  tolerations: [{key: dedicated, operator: Equal, value: web, effect: NoSchedule}]
  affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}
  topologySpreadConstraints:
  - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
  volumes:
  - {name: data, emptyDir: {sizeLimit: 1Gi}}
  - {name: settings, configMap: {name: settings, items: [{key: a, path: a.conf}]}}
  - {name: access, projected: {sources: [{secret: {name: s}}, {downwardAPI: {items: [{path: labels, fieldRef:
      {fieldPath: metadata.labels}}]}}]}}
  initContainers:
  - {name: prepare, image: busybox, command: [sh, -c, "true"], volumeMounts: [{name: data, mountPath: /data}]}
  - {name: proxy, image: envoy, restartPolicy: Always, ports: [{containerPort: 15001}],
     startupProbe: {tcpSocket: {port: 15001}}}
  containers:
  - name: app
    image: nginx:1.27
    ports: [{name: http, containerPort: 80}, {name: metrics, containerPort: 9090}]
    env: [{name: A, value: b}, {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
    envFrom: [{configMapRef: {name: settings}}]
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: "1", memory: 1Gi}}
    volumeMounts: [{name: data, mountPath: /data}, {name: settings, mountPath: /etc/app, readOnly: true}]
    livenessProbe: {httpGet: {path: /healthz, port: http}}
    readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 5}
    lifecycle: {preStop: {sleep: {seconds: 5}}}
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: nginx, ports: [{containerPort: 80}]}]}
"""

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: hello}
spec:
  completions: 10
  parallelism: 3
  template:
    spec: {restartPolicy: Never, containers: [{name: app, image: busybox, command: [echo, hello]}]}
"""


def report(what: str, function: Callable[[], object]) -> None:
    """Print what one call of a function takes: the best of five rounds of a fifth of a second or so."""
    timer = timeit.Timer(function)
    times, _ = timer.autorange()
    best = min(timer.repeat(5, times)) / times
    print(f"{what:<44}{best * 1e6:10.1f} µs {1 / best:12,.0f}/s")


def report_object(name: str, obj: KubernetesObject) -> None:
    """Print a line for each of the things that admission does to an object."""
    stored = prepare_create(obj)
    report(f"{name}: set_defaults", lambda: set_defaults(obj))
    report(f"{name}: check", lambda: check(obj))
    report(f"{name}: prepare_create", lambda: prepare_create(obj))
    report(f"{name}: prepare_update", lambda: prepare_update(stored, stored))
    report(f"{name}: prepare_status_update", lambda: prepare_status_update(stored, stored))


def main() -> None:
    """Print the table."""
    for name, text in (("small Pod", SMALL_POD), ("large Pod", LARGE_POD), ("Deployment", DEPLOYMENT), ("Job", JOB)):
        report_object(name, loads(text))
    selector = Selector.parse("app=web, tier in (front, back), !canary")
    labels = {"app": "web", "tier": "front"}
    report("a selector of three requirements: matches", lambda: selector.matches(labels))
    report("a quantity: parse", lambda: Quantity("64Mi"))


if __name__ == "__main__":
    main()
