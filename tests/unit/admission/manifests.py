"""Short ways to write the objects that tests of admission are about, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from podkit.admission.validation import check
from podkit.codec import from_dict, loads
from podkit.errors import DecodeError


def yaml(text: str) -> Any:
    """Return the value of a YAML text, read plainly."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def pod(spec: str = "{}", metadata: str = "{}") -> Any:
    """Return a Pod: one container, unless the spec has its own."""
    given = yaml(spec)
    return _object("Pod", "v1", metadata, {"containers": [{"name": "c", "image": "img"}], **given})


def container(fields: str, spec: str = "{}") -> Any:
    """Return a Pod whose container has these fields besides name and image."""
    return pod_of({**yaml(spec), "containers": [{"name": "c", "image": "img", **yaml(fields)}]})


def pod_of(spec: dict[str, Any]) -> Any:
    """Return a Pod with a spec that is a value already."""
    return _object("Pod", "v1", "{}", spec)


def volume(source: str) -> Any:
    """Return a Pod with a volume ``v`` of this source."""
    return pod_of({"containers": [{"name": "c", "image": "img"}], "volumes": [{"name": "v", **yaml(source)}]})


def job(spec: str = "{}", metadata: str = "{}") -> Any:
    """Return a Job that runs a Pod which never restarts."""
    given = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "img"}]}}}
    return _object("Job", "batch/v1", metadata, {**given, **yaml(spec)})


def cron_job(spec: str = "{}") -> Any:
    """Return a CronJob."""
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "img"}]}}
    given = {"schedule": "@hourly", "jobTemplate": {"spec": {"template": template}}}
    return _object("CronJob", "batch/v1", "{}", {**given, **yaml(spec)})


def workload(kind: str, spec: str = "{}") -> Any:
    """Return a Deployment, ReplicaSet, StatefulSet or DaemonSet that selects its template."""
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "img"}]}}
    given = {"selector": {"matchLabels": {"app": "a"}}, "template": template}
    return _object(kind, "apps/v1", "{}", {**given, **yaml(spec)})


def _object(kind: str, version: str, metadata: str, spec: Any) -> Any:
    meta = {"name": "x", **yaml(metadata)}
    return from_dict({"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec})


def load(text: str) -> Any:
    """Return the object of a YAML document."""
    return loads(text)


def wrong(obj: Any, old: Any = None) -> set[str]:
    """Return what is wrong with an object, as ``path: Reason``."""
    return {f"{error.path}: {error.reason}" for error in check(obj, old)}


def wrong_in(text: str) -> set[str]:
    """Return what is wrong with a document, wherever it is found, reading or checking."""
    try:
        return wrong(loads(text))
    except DecodeError as error:
        return {f"{each.path}: {each.reason}" for each in error.errors}
