"""What a type checker must accept: every right use, with the types that come out."""

from __future__ import annotations

from typing import assert_type

from podkit.codec import from_dict, load, loads, to_dict
from podkit.model import (
    ConfigMap,
    Container,
    ContainerPort,
    CronJob,
    DaemonSet,
    Deployment,
    EmptyDirVolumeSource,
    EnvVar,
    EnvVarSource,
    HTTPGetAction,
    Job,
    ObjectMeta,
    PersistentVolumeClaim,
    Pod,
    PodSpec,
    Probe,
    ReplicaSet,
    ResourceRequirements,
    Secret,
    StatefulSet,
    Volume,
    VolumeMount,
)
from podkit.model.copying import clone

app = Container(
    "app",
    image="nginx",
    image_pull_policy="Always",
    ports=[80, ContainerPort(443, name="https", protocol="TCP")],
    env={"MODE": "prod", "POD": EnvVarSource.from_field("metadata.name")},
    resources=ResourceRequirements(requests={"cpu": "500m"}),
    volume_mounts=[VolumeMount("data", "/data", read_only=True)],
    liveness_probe=Probe(http_get=HTTPGetAction(80, path="/healthz"), period_seconds=5),
)
assert_type(app.ports, list[ContainerPort])
assert_type(app.env, list[EnvVar])

mixed: dict[str, str | EnvVarSource] = {"A": "1", "B": EnvVarSource.from_secret("s", "key")}
Container("app", env=mixed)
Container("app", env=[EnvVar("A", "1")], ports=(80, 443))

whole = Pod(
    metadata=ObjectMeta(name="web", labels={"app": "web"}), spec=PodSpec(containers=[app], restart_policy="Never")
)
assert_type(whole.spec.restart_policy == "Never", bool)

short = Pod.new(
    "web",
    containers=[app],
    labels={"app": "web"},
    restart_policy="Never",
    volumes=[
        Volume.from_config_map("config", "web", items={"nginx.conf": "nginx.conf"}),
        Volume("data", EmptyDirVolumeSource()),
    ],
    init_containers=[Container("init", image="busybox", command=["true"])],
    termination_grace_period_seconds=5,
    host_network=True,
)
assert_type(short, Pod)
assert_type(short.metadata.name, str | None)
assert_type(clone(short), Pod)

job = Job.new("hello", containers=[app], completions=3, parallelism=2, restart_policy="OnFailure", node_name="here")
assert_type(job, Job)
assert_type(Deployment.new("web", containers=[app], replicas=3), Deployment)
assert_type(ReplicaSet.new("web", containers=[app], replicas=3), ReplicaSet)
assert_type(DaemonSet.new("web", containers=[app]), DaemonSet)
assert_type(CronJob.new("web", "@daily", containers=[app], concurrency_policy="Forbid"), CronJob)
claim = PersistentVolumeClaim.new("data", "1Gi")
assert_type(StatefulSet.new("db", containers=[app], replicas=1, volume_claim_templates=[claim]), StatefulSet)
assert_type(ConfigMap.new("web", {"a": "text", "b": b"bytes"}), ConfigMap)
assert_type(Secret.new("web", {"password": "hunter2"}, type="Opaque"), Secret)

assert_type(from_dict({"containers": []}, PodSpec), PodSpec)
assert_type(load("pod.yaml", Pod), Pod)
assert_type(loads("kind: Pod", Pod), Pod)
to_dict(short)
