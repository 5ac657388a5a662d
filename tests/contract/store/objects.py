"""Objects to put into a store."""

from __future__ import annotations

from podkit.model import ConfigMap, Container, Job, JobSpec, ObjectMeta, Pod, PodSpec, PodTemplateSpec


def pod(name: str | None = "web", *, namespace: str | None = None, **spec: object) -> Pod:
    meta = ObjectMeta(name=name, namespace=namespace, labels={"app": name or ""})
    return Pod(metadata=meta, spec=PodSpec(containers=[Container(name="app", image="nginx")], **spec))


def config(name: str | None = "settings", *, namespace: str | None = None, **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace=namespace), data=data)


def job(name: str = "sums") -> Job:
    template = PodTemplateSpec(spec=pod().spec)
    template.spec.restart_policy = "Never"
    return Job(metadata=ObjectMeta(name=name), spec=JobSpec(template=template))
