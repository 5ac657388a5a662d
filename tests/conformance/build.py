"""Short ways to write the Pods of the tests."""

from __future__ import annotations

from typing import Any

from podkit import (
    ConfigMapVolumeSource,
    Container,
    EnvVar,
    EnvVarSource,
    ObjectFieldSelector,
    Pod,
    ResourceFieldSelector,
    Volume,
    VolumeMount,
)

IMAGE = "localhost/busybox:latest"
SLEEP = "exec sleep 3600"
WEB_SERVER = "mkdir -p /www; hostname >/www/index.html; exec httpd -f -p 8080 -h /www"
"""A web server at port 8080 that tells its host name."""


def shell(script: str, name: str = "main", **fields: Any) -> Container:
    """A container that runs a shell script.

    Args:
        script: the script.
        name: the name of the container.
        **fields: any other field of a container; ``mounts`` is a mapping of volumes' names to paths, in place of ``volume_mounts``.
    """
    mounts = [VolumeMount(volume, path) for volume, path in fields.pop("mounts", {}).items()]
    fields["volume_mounts"] = [*fields.get("volume_mounts", []), *mounts]
    return Container(name, image=IMAGE, command=["sh", "-c", script], **fields)


def once(name: str, *containers: Container, **fields: Any) -> Pod:
    """A Pod whose containers run once."""
    return Pod.new(name, containers=containers, restart_policy=fields.pop("restart_policy", "Never"), **fields)


def lasting(name: str, *containers: Container, **fields: Any) -> Pod:
    """A Pod that goes on until it is deleted, which it does not resist for long."""
    grace = fields.pop("termination_grace_period_seconds", 1)
    return Pod.new(name, containers=containers or [shell(SLEEP)], termination_grace_period_seconds=grace, **fields)


def from_field(name: str, path: str) -> EnvVar:
    """A variable with the value of a field of the Pod."""
    return EnvVar(name, value_from=EnvVarSource(field_ref=ObjectFieldSelector(path)))


def from_resource(name: str, resource: str, divisor: str | None = None) -> EnvVar:
    """A variable with one of the container's own requests or limits."""
    return EnvVar(name, value_from=EnvVarSource(resource_field_ref=ResourceFieldSelector(resource, divisor=divisor)))


def config_volume(name: str, config_map: str, **fields: Any) -> Volume:
    """A volume with the content of a ConfigMap."""
    return Volume(name, config_map=ConfigMapVolumeSource(config_map, **fields))
