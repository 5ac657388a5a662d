"""What a container finds in its environment, and what becomes of ``$(NAME)``."""

from __future__ import annotations

import ipaddress

import pytest

from podkit import (
    ConfigMap,
    ConfigMapEnvSource,
    ConfigMapKeySelector,
    Container,
    EmptyDirVolumeSource,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    ResourceRequirements,
    Secret,
    SecretKeySelector,
    Volume,
    VolumeMount,
)
from tests.conformance.build import IMAGE, SLEEP, from_field, from_resource, lasting, once, shell
from tests.conformance.place import PATIENCE, Place


def environment(text: str) -> dict[str, str]:
    """What ``env`` has printed."""
    return dict(line.split("=", 1) for line in text.splitlines())


def prints_environment(**fields: object) -> Container:
    """A container that prints its environment, without a shell, which would drop some names."""
    return Container("main", image=IMAGE, command=["env"], **fields)


@pytest.mark.behaviour("node/configmap-env-key")
def test_node_configmap_env_key(place: Place) -> None:
    source = EnvVarSource(config_map_key_ref=ConfigMapKeySelector("data-1", "settings"))
    absent = EnvVarSource(config_map_key_ref=ConfigMapKeySelector("data-1", "nowhere", optional=True))
    pod = once(
        "reader", prints_environment(env=[EnvVar("DATA", value_from=source), EnvVar("ABSENT", value_from=absent)])
    )
    found = environment(place.output(ConfigMap.new("settings", {"data-1": "value-1"}), pod))
    assert found["DATA"] == "value-1"
    assert "ABSENT" not in found


@pytest.mark.behaviour("node/configmap-envfrom")
def test_node_configmap_envfrom(place: Place) -> None:
    data = {f"data-{number}": f"value-{number}" for number in range(3)}
    sources = [EnvFromSource(prefix, config_map_ref=ConfigMapEnvSource("settings")) for prefix in (None, "p-")]
    found = environment(
        place.output(ConfigMap.new("settings", data), once("reader", prints_environment(env_from=sources)))
    )
    assert data.items() <= found.items()
    assert {f"p-{name}": value for name, value in data.items()}.items() <= found.items()


@pytest.mark.behaviour("node/secret-env-key")
def test_node_secret_env_key(place: Place) -> None:
    source = EnvVarSource(secret_key_ref=SecretKeySelector("data-1", "hidden"))
    pod = once("reader", prints_environment(env=[EnvVar("SECRET_DATA", value_from=source)]))
    found = environment(place.output(Secret.new("hidden", {"data-1": b"value-1"}), pod))
    assert found["SECRET_DATA"] == "value-1"


@pytest.mark.behaviour("node/downward-env-resources")
def test_node_downward_env_resources(place: Place) -> None:
    variables = [
        from_resource("CPU_LIMIT", "limits.cpu"),
        from_resource("CPU_LIMIT_MILLI", "limits.cpu", divisor="1m"),
        from_resource("CPU_REQUEST", "requests.cpu"),
        from_resource("MEMORY_LIMIT", "limits.memory"),
        from_resource("MEMORY_REQUEST_MI", "requests.memory", divisor="1Mi"),
    ]
    resources = ResourceRequirements({"cpu": "250m", "memory": "32Mi"}, {"cpu": "1250m", "memory": "64Mi"})
    found = environment(place.output(once("reader", prints_environment(env=variables, resources=resources))))
    assert found["CPU_LIMIT"] == "2"
    assert found["CPU_LIMIT_MILLI"] == "1250"
    assert found["CPU_REQUEST"] == "1"
    assert found["MEMORY_LIMIT"] == "67108864"
    assert found["MEMORY_REQUEST_MI"] == "32"


def test_node_downward_env_default_limits_of_the_pod(place: Place) -> None:
    """What limits the Pod limits its containers that have no limit of their own."""
    variables = [from_resource("CPU_LIMIT", "limits.cpu"), from_resource("MEMORY_LIMIT", "limits.memory")]
    of_pod = ResourceRequirements(limits={"cpu": "1250m", "memory": "64Mi"})
    found = environment(place.output(once("reader", prints_environment(env=variables), resources=of_pod)))
    assert (found["CPU_LIMIT"], found["MEMORY_LIMIT"]) == ("2", "67108864")


@pytest.mark.behaviour("node/downward-env-default-limits")
def test_node_downward_env_default_limits(place: Place) -> None:
    variables = [from_resource("CPU_LIMIT", "limits.cpu"), from_resource("MEMORY_LIMIT", "limits.memory")]
    found = environment(place.output(once("reader", prints_environment(env=variables))))
    node = place.cluster.get("node", "node-1")
    assert found["CPU_LIMIT"] == node.status.allocatable["cpu"]
    assert int(found["MEMORY_LIMIT"]) > 0


@pytest.mark.behaviour("node/downward-env-host-ip")
def test_node_downward_env_host_ip(place: Place) -> None:
    pod = place.run(
        once(
            "reader",
            prints_environment(env=[from_field("HOST_IP", "status.hostIP"), from_field("HOST_IPS", "status.hostIPs")]),
        )
    )
    found = environment(place.cluster.logs(pod))
    assert found["HOST_IP"] == pod.status.host_ip
    assert found["HOST_IPS"].split(",") == [one.ip for one in pod.status.host_ips]
    assert ipaddress.ip_address(found["HOST_IP"])


@pytest.mark.behaviour("node/downward-env-name-ns-ip")
def test_node_downward_env_name_ns_ip(place: Place) -> None:
    fields = {
        "NAME": "metadata.name",
        "NAMESPACE": "metadata.namespace",
        "IP": "status.podIP",
        "LABEL": "metadata.labels['tier']",
    }
    variables = [from_field(name, path) for name, path in fields.items()]
    pod = place.run(once("reader", prints_environment(env=variables), labels={"tier": "back"}))
    found = environment(place.cluster.logs(pod))
    assert found["NAME"] == "reader"
    assert found["NAMESPACE"] == place.namespace
    assert found["LABEL"] == "back"
    assert found["IP"] == pod.status.pod_ip


@pytest.mark.behaviour("node/expand-env-compose")
def test_node_expand_env_compose(place: Place) -> None:
    composed = {"FOO": "foo-value", "BOTH": "$(FOO);;$(BAR)", "BAR": "bar-value", "LATER": "$(NONE)-$$(FOO)-$(FOO)"}
    found = environment(
        place.output(once("reader", prints_environment(env=[EnvVar(*pair) for pair in composed.items()])))
    )
    assert found["BOTH"] == "foo-value;;$(BAR)", "only what stands before is known"
    assert found["LATER"] == "$(NONE)-$(FOO)-foo-value"


@pytest.mark.behaviour("node/expand-command")
def test_node_expand_command(place: Place) -> None:
    script = 'TEST=wrong; echo "$(TEST) $1"'
    container = Container(
        "main", image=IMAGE, command=["sh", "-c", script, "sh"], args=["<$(TEST)>"], env=[EnvVar("TEST", "right")]
    )
    assert place.output(once("expanded", container)) == "right <right>\n"


NAME_VARIABLE = from_field("POD_NAME", "metadata.name")
SCRATCH = Volume("scratch", empty_dir=EmptyDirVolumeSource())


@pytest.mark.behaviour("node/expand-subpathexpr")
def test_node_expand_subpathexpr(place: Place) -> None:
    mounts = [VolumeMount("scratch", "/part", sub_path_expr="$(POD_NAME)"), VolumeMount("scratch", "/whole")]
    main = shell("echo hello >/part/file; cat /whole/chooser/file", env=[NAME_VARIABLE], volume_mounts=mounts)
    assert place.output(once("chooser", main, volumes=[SCRATCH])) == "hello\n"


@pytest.mark.behaviour("node/expand-subpathexpr-absolute")
@pytest.mark.parametrize("path", ["/tmp", "../outside"])
def test_node_expand_subpathexpr_absolute(place: Place, path: str) -> None:
    mounts = [VolumeMount("scratch", "/part", sub_path_expr="$(WHERE)")]
    pod = place.create(
        lasting("chooser", shell(SLEEP, env=[EnvVar("WHERE", path)], volume_mounts=mounts), volumes=[SCRATCH])
    )
    pod = place.wait(
        pod, lambda pod: pod.status.container_statuses and pod.status.container_statuses[0].state.waiting.message
    )
    assert pod.status.phase == "Pending"
    assert pod.status.container_statuses[0].state.waiting.reason == "CreateContainerConfigError"
    place.cluster.delete(pod, timeout=PATIENCE)


@pytest.mark.behaviour("node/expand-subpathexpr-write")
def test_node_expand_subpathexpr_write(place: Place) -> None:
    variables = [from_field("WHERE", "metadata.annotations['where']"), NAME_VARIABLE]
    mounts = [VolumeMount("scratch", "/part", sub_path_expr="$(WHERE)/$(POD_NAME)"), VolumeMount("scratch", "/whole")]
    main = shell(SLEEP, env=variables, volume_mounts=mounts)
    pod = place.start(lasting("writer", main, volumes=[SCRATCH], annotations={"where": "first"}))
    place.said(pod, "touch", "/whole/first/writer/test.log")
    place.cluster.patch(pod, {"metadata": {"annotations": {"where": "second"}}})
    assert place.said(pod, "ls", "/part", "/whole") == "/part:\ntest.log\n\n/whole:\nfirst\n"
    assert place.pod("writer").status.container_statuses[0].restart_count == 0


@pytest.mark.behaviour("node/expand-subpathexpr-repair")
def test_node_expand_subpathexpr_repair(place: Place) -> None:
    mounts = [VolumeMount("scratch", "/part", sub_path_expr="$(WHERE)")]
    main = shell(SLEEP, env=[from_field("WHERE", "metadata.annotations['where']")], volume_mounts=mounts)
    pod = place.create(lasting("writer", main, volumes=[SCRATCH]))
    place.wait(
        pod, lambda pod: pod.status.container_statuses and pod.status.container_statuses[0].state.waiting.message
    )
    place.cluster.patch(pod, {"metadata": {"annotations": {"where": "here"}}})
    assert place.wait(pod, "Ready").metadata.uid == pod.metadata.uid
