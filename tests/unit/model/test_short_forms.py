"""The short ways to write objects make the same objects as the long ones."""

from __future__ import annotations

from typing import get_type_hints

import pytest

from podkit.admission import validate
from podkit.model import (
    ConfigMap,
    ConfigMapVolumeSource,
    Container,
    ContainerPort,
    CronJob,
    DaemonSet,
    Deployment,
    DeploymentStrategy,
    EnvVar,
    EnvVarSource,
    Job,
    JobSpec,
    KeyToPath,
    LabelSelector,
    Namespace,
    ObjectFieldSelector,
    ObjectMeta,
    PersistentVolumeClaim,
    Pod,
    PodOptions,
    PodSpec,
    PodTemplateSpec,
    ReplicaSet,
    ResourceFieldSelector,
    Secret,
    SecretKeySelector,
    Service,
    ServicePort,
    ServiceSpec,
    StatefulSet,
    Volume,
)

APP = Container("app", image="nginx")


def test_ports_are_numbers_and_env_is_a_mapping() -> None:
    source = EnvVarSource.from_field("metadata.name")
    short = Container("app", ports=[80, ContainerPort(443, protocol="TCP")], env={"A": "b", "NAME": source})

    assert short == Container(
        "app",
        ports=[ContainerPort(container_port=80), ContainerPort(container_port=443, protocol="TCP")],
        env=[EnvVar(name="A", value="b"), EnvVar(name="NAME", value_from=source)],
    )


def test_sources_of_variables() -> None:
    assert EnvVarSource.from_field("status.podIP") == EnvVarSource(
        field_ref=ObjectFieldSelector(field_path="status.podIP")
    )
    assert EnvVarSource.from_resource("limits.cpu", container="app") == EnvVarSource(
        resource_field_ref=ResourceFieldSelector(resource="limits.cpu", container_name="app")
    )
    assert EnvVarSource.from_secret("s", "key", optional=True) == EnvVarSource(
        secret_key_ref=SecretKeySelector(name="s", key="key", optional=True)
    )
    config = EnvVarSource.from_config_map("c", "key").config_map_key_ref
    assert config is not None
    assert (config.name, config.key) == ("c", "key")


def test_a_pod() -> None:
    short = Pod.new(
        "web",
        containers=(APP,),
        namespace="n",
        labels={"a": "b"},
        annotations={"c": "d"},
        restart_policy="Never",
        host_network=True,
    )

    assert short == Pod(
        metadata=ObjectMeta(name="web", namespace="n", labels={"a": "b"}, annotations={"c": "d"}),
        spec=PodSpec(containers=[APP], restart_policy="Never", host_network=True),
    )


def test_every_field_of_a_pod_can_be_said_in_short() -> None:
    spec, options = get_type_hints(PodSpec), get_type_hints(PodOptions)

    assert spec.keys() - options.keys() == {
        "containers",
        "ephemeral_containers",
        "restart_policy",
        "active_deadline_seconds",
    }
    assert {name: spec[name] for name in options} == options


def test_workloads_select_their_pods_by_the_name_or_the_labels_given() -> None:
    strategy = DeploymentStrategy(type="Recreate")
    short = Deployment.new("web", containers=[APP], replicas=3, strategy=strategy, hostname="h")

    assert short.metadata == ObjectMeta(name="web", labels={"app": "web"})
    assert short.spec.selector == LabelSelector(match_labels={"app": "web"})
    assert short.spec.template == PodTemplateSpec(
        ObjectMeta(labels={"app": "web"}), PodSpec(containers=[APP], hostname="h")
    )
    assert (short.spec.replicas, short.spec.strategy) == (3, strategy)
    for cls in (Deployment, ReplicaSet, StatefulSet, DaemonSet):
        workload = cls.new("web", containers=[APP], labels={"x": "y"})
        assert workload.spec.selector == LabelSelector(match_labels={"x": "y"})
        assert workload.spec.template.metadata.labels == {"x": "y"}


def test_the_labels_of_a_workload_its_selector_and_its_pods_are_not_one_mapping() -> None:
    labels = {"x": "y"}
    workload = Deployment.new("web", containers=[APP], labels=labels)
    workload.spec.template.metadata.labels["z"] = "1"

    assert labels == {"x": "y"} == workload.metadata.labels
    assert workload.spec.selector == LabelSelector(match_labels={"x": "y"})


def test_jobs() -> None:
    short = Job.new("hello", containers=[APP], completions=3, parallelism=2, active_deadline_seconds=9)

    assert short == Job(
        metadata=ObjectMeta(name="hello"),
        spec=JobSpec(
            completions=3,
            parallelism=2,
            active_deadline_seconds=9,
            template=PodTemplateSpec(spec=PodSpec(containers=[APP], restart_policy="OnFailure")),
        ),
    )
    cron = CronJob.new("hello", "@daily", containers=[APP], restart_policy="Never", labels={"a": "b"})
    assert cron.spec.schedule == "@daily"
    assert cron.spec.job_template.metadata.labels == {"a": "b"}
    assert cron.spec.job_template.spec.template.spec.restart_policy == "Never"


def test_a_stateful_set_has_claims() -> None:
    claim = PersistentVolumeClaim.new("data", "1Gi", storage_class_name="fast")
    short = StatefulSet.new("db", containers=[APP], service_name="db", volume_claim_templates=[claim])

    assert short.spec.volume_claim_templates == [claim]
    assert claim.spec.resources is not None
    assert claim.spec.resources.requests == {"storage": "1Gi"}
    assert claim.spec.access_modes == ["ReadWriteOnce"]


def test_configuration_is_text_or_bytes() -> None:
    config = ConfigMap.new("c", {"a": "text", "b": b"\x00"}, labels={"x": "y"})
    secret = Secret.new("s", {"a": "é", "b": b"\x00"}, type="Opaque")

    assert (config.data, config.binary_data) == ({"a": "text"}, {"b": b"\x00"})
    assert (secret.data, secret.type) == ({"a": "é".encode(), "b": b"\x00"}, "Opaque")
    assert Namespace.new("n", labels={"a": "b"}).metadata == ObjectMeta(name="n", labels={"a": "b"})


def test_volumes() -> None:
    config = Volume.from_config_map("v", "c", items={"key": "path"}, default_mode=0o600)
    assert config == Volume(
        "v", config_map=ConfigMapVolumeSource(name="c", items=[KeyToPath("key", "path")], default_mode=0o600)
    )

    assert Volume.from_empty_dir("v", medium="Memory", size_limit="1Mi").empty_dir is not None
    sources = {
        "secret": Volume.from_secret("v", "s").secret,
        "host_path": Volume.from_host_path("v", "/tmp", type="Directory").host_path,
        "claim": Volume.from_claim("v", "c", read_only=True).persistent_volume_claim,
        "image": Volume.from_image("v", "busybox", pull_policy="Never").image,
    }
    assert {name: repr(source) for name, source in sources.items()} == {
        "secret": "SecretVolumeSource(secret_name='s')",
        "host_path": "HostPathVolumeSource(path='/tmp', type='Directory')",
        "claim": "PersistentVolumeClaimVolumeSource(claim_name='c', read_only=True)",
        "image": "ImageVolumeSource(reference='busybox', pull_policy='Never')",
    }


def test_a_service_in_short() -> None:
    assert Service.new("web", ports=[80]) == Service(
        metadata=ObjectMeta(name="web"), spec=ServiceSpec(selector={"app": "web"}, ports=[ServicePort(80)])
    )
    named = Service.new(
        "db",
        ports=[ServicePort(5432, name="sql"), 9187],
        selector={"tier": "data"},
        cluster_ip="None",
        namespace="shop",
    )
    assert [(port.port, port.name) for port in named.spec.ports] == [(5432, "sql"), (9187, "9187")]
    assert (named.spec.selector, named.spec.cluster_ip, named.metadata.namespace) == ({"tier": "data"}, "None", "shop")
    validate(named)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("restartPolicy", "restart_policy"),
        ("hostNetwork", "host_network"),
        ("initContainers", "init_containers"),
        ("volume", "volumes"),
    ],
)
def test_a_field_in_another_spelling_is_named_with_the_nearest(name: str, nearest: str) -> None:
    for kind in (Pod, Deployment, Job):
        with pytest.raises(
            TypeError, match=rf"'{name}', which is no field of PodSpec either; did you mean {nearest}\?"
        ):
            kind.new("web", containers=[APP], **{name: None})
