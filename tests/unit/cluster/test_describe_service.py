"""What the description of a Service says of where it leads."""

from __future__ import annotations

from datetime import UTC, datetime

from podkit import Container, ContainerPort, ObjectMeta, Pod, PodCondition, Service, ServicePort, ServiceSpec
from podkit.cluster.describe_service import service_rows
from podkit.cluster.related import Related
from podkit.cluster.rows import render

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pod(name: str, address: str, *, ready: bool = True, ending: bool = False) -> Pod:
    made = Pod.new(
        name, containers=[Container("main", image="web", ports=[ContainerPort(name="http", container_port=80)])]
    )
    made.status.phase, made.status.pod_ip = "Running", address
    made.status.conditions = [PodCondition(type="Ready", status="True" if ready else "False")]
    made.metadata.deletion_timestamp = NOW if ending else None
    return made


PODS = [pod("ready", "10.0.0.1"), pod("unready", "10.0.0.2", ready=False), pod("ending", "10.0.0.3", ending=True)]


def endpoints(**spec: object) -> str:
    service = Service(metadata=ObjectMeta(name="web"), spec=ServiceSpec(selector={"app": "web"}, **spec))  # type: ignore[arg-type]
    lines = render(service_rows(service, Related(PODS))).splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith("Endpoints"))


def test_it_leads_to_pods_that_are_ready_and_stay() -> None:
    assert endpoints(ports=[ServicePort(port=8080, target_port="http")]) == "10.0.0.1:80"


def test_it_leads_to_all_pods_if_that_does_not_matter_to_it() -> None:
    found = endpoints(ports=[ServicePort(port=80)], publish_not_ready_addresses=True)
    assert found == "10.0.0.1:80, 10.0.0.2:80, 10.0.0.3:80"


def test_a_port_that_no_pod_has_leads_nowhere() -> None:
    assert endpoints(ports=[ServicePort(port=80, target_port="metrics")]) == "<none>"
