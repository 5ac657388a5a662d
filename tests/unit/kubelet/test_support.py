"""What is said of each field of a Pod: honoured, accepted with a warning, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

import podkit
from podkit import SimulatedRuntime, Verdict, VirtualClock
from podkit.kubelet.support import refusal, shortcomings
from podkit.kubelet.support.page import page
from podkit.kubelet.support.status import STATUS
from podkit.kubelet.support.table import TABLE
from podkit.kubelet.support.verdict import Entry
from podkit.model import (
    AppArmorProfile,
    Container,
    ContainerPort,
    CSIVolumeSource,
    EmptyDirVolumeSource,
    HTTPGetAction,
    NFSVolumeSource,
    ObjectMeta,
    Pod,
    PodOS,
    PodSecurityContext,
    PodStatus,
    Probe,
    ResourceRequirements,
    SeccompProfile,
    SecurityContext,
    SELinuxOptions,
    Sysctl,
    Volume,
    VolumeMount,
    WindowsSecurityContextOptions,
)
from podkit.model.shape import fields_of, is_model_class
from podkit.runtime.base import RuntimeInfo
from tests.unit.kubelet.builders import container, pod

DOCUMENT = Path(__file__).parents[3] / "docs" / "support.md"
ABLE = RuntimeInfo("podman", "5.8.1", 2, 1 << 30, apparmor=True, selinux=True)
"""An engine that can all that one can."""
WEAK = RuntimeInfo(
    "podman", "4.3.1", 2, 1 << 30, rootless=True, limits_enforced=False, seccomp=False, user_namespaces=False
)


def classes_below(cls: type, closed: Mapping[type, Mapping[str, bool]]) -> Iterator[type]:
    """The class and all that its fields consist of, but for those that are never looked into."""
    found, waiting = set(), [cls]
    while waiting:
        one = waiting.pop()
        if one in found or one is PodStatus:
            continue
        found.add(one)
        yield one
        skipped = closed.get(one, {})
        waiting += [f.element for f in fields_of(one) if is_model_class(f.element) and not skipped.get(f.name)]


def never_honoured(entry: Entry) -> bool:
    """Whether there is nothing to say of what is in a field, because it is not honoured whatever its value is."""
    return any(not case.when for case in entry.cases)


def test_the_table_names_every_field_of_a_pod_and_no_other() -> None:
    closed = {
        cls: {name: any(not case.when for case in entry.cases) for name, entry in fields.items()}
        for cls, fields in TABLE.items()
    }
    needed = {cls: {field.name for field in fields_of(cls)} for cls in classes_below(Pod, closed)}
    assert {cls: set(fields) for cls, fields in TABLE.items()} == needed


def test_every_field_of_a_status_is_named_and_no_other() -> None:
    for cls, fields in STATUS.items():
        assert {field.name for field in fields_of(cls)} == set(fields), cls
    written = {
        field.element
        for cls, fields in STATUS.items()
        for field in fields_of(cls)
        if is_model_class(field.element) and not fields[field.name]
    }
    assert written <= {*STATUS, *TABLE}


def test_the_page_of_the_documentation_is_what_the_table_says() -> None:
    assert DOCUMENT.read_text() == page(), "write it anew: python -m podkit.kubelet.support > docs/support.md"


def test_a_row_of_the_page_has_three_cells() -> None:
    rows = [line for line in page().splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {4}


def told(of: Pod, engine: RuntimeInfo = ABLE) -> dict[str, Verdict]:
    return {found.path: found.verdict for found in shortcomings(of, engine)}


def test_a_user_is_told_field_by_field() -> None:
    volume = Volume("v", csi=CSIVolumeSource("example.com"))
    limited = container(resources=ResourceRequirements(limits={"cpu": "1"}))
    runtime = SimulatedRuntime(VirtualClock(), info=WEAK)
    found = podkit.support(pod(limited, volumes=[volume]), runtime)
    assert [
        (one.path, str(one.verdict)) for one in found if one.path.startswith("spec.") and "ame" not in one.path
    ] == [
        ("spec.containers[0].image", "honoured"),
        ("spec.containers[0].resources.limits", "warned"),
        ("spec.volumes[0].csi", "refused"),
        ("spec.restartPolicy", "honoured"),
    ]
    assert all(bool(one.message) == bool(one.reason) == (one.verdict is not Verdict.HONOURED) for one in found)


def test_a_field_without_content_is_told_as_a_whole() -> None:
    found = podkit.support(
        pod(volumes=[Volume("v", empty_dir=EmptyDirVolumeSource())]), SimulatedRuntime(VirtualClock())
    )
    assert "spec.volumes[0].emptyDir" in [one.path for one in found]


@pytest.mark.parametrize(
    ("context", "field", "engine", "verdict"),
    [
        ({"app_armor_profile": AppArmorProfile("RuntimeDefault")}, "appArmorProfile", WEAK, Verdict.WARNED),
        ({"app_armor_profile": AppArmorProfile("Localhost", "mine")}, "appArmorProfile", WEAK, Verdict.WARNED),
        ({"app_armor_profile": AppArmorProfile("Unconfined")}, "appArmorProfile", WEAK, None),
        ({"app_armor_profile": AppArmorProfile("RuntimeDefault")}, "appArmorProfile", ABLE, None),
        ({"se_linux_options": SELinuxOptions(level="s0")}, "seLinuxOptions", WEAK, Verdict.WARNED),
        ({"se_linux_options": SELinuxOptions(level="s0")}, "seLinuxOptions", ABLE, None),
        ({"seccomp_profile": SeccompProfile("RuntimeDefault")}, "seccompProfile", WEAK, Verdict.WARNED),
        ({"seccomp_profile": SeccompProfile("RuntimeDefault")}, "seccompProfile", ABLE, None),
        ({"windows_options": WindowsSecurityContextOptions()}, "windowsOptions", ABLE, Verdict.WARNED),
    ],
)
def test_profiles_depend_on_the_machine(
    context: dict[str, Any], field: str, engine: RuntimeInfo, verdict: Verdict | None
) -> None:
    of_pod = pod(security_context=PodSecurityContext(**context))
    of_container = pod(container(security_context=SecurityContext(**context)))
    assert told(of_pod, engine).get(f"spec.securityContext.{field}") == verdict
    assert told(of_container, engine).get(f"spec.containers[0].securityContext.{field}") == verdict


def test_what_only_root_can_do() -> None:
    mount = VolumeMount("v", "/v", mount_propagation="Bidirectional")
    mighty = container(security_context=SecurityContext(privileged=True), volume_mounts=[mount])
    wanted = pod(mighty, volumes=[Volume("v", nfs=NFSVolumeSource("server", "/share"))])
    assert told(wanted, ABLE) == {}
    assert told(wanted, WEAK) == {
        "spec.containers[0].securityContext.privileged": Verdict.WARNED,
        "spec.containers[0].volumeMounts[0].mountPropagation": Verdict.WARNED,
        "spec.volumes[0].nfs": Verdict.REFUSED,
    }


def test_limits_of_what_there_is_not_and_of_what_nobody_enforces() -> None:
    limits = [{"hugepages-2Mi": "2Mi"}, {"example.com/x": "1"}, {"ephemeral-storage": "1Mi"}]
    wanted = pod(
        *(container(f"c{number}", resources=ResourceRequirements(limits=one)) for number, one in enumerate(limits))
    )
    assert told(wanted) == {
        "spec.containers[0].resources.limits": Verdict.REFUSED,
        "spec.containers[1].resources.limits": Verdict.WARNED,
    }
    elsewhere = attrs.evolve(ABLE, shares_files=False)
    assert told(wanted, elsewhere)["spec.containers[2].resources.limits"] is Verdict.WARNED


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("kernel.shm_rmid_forced", {}, ""),
        ("net.ipv4.tcp_wmem", {}, ""),
        ("net/ipv4/tcp_syncookies", {}, ""),
        ("kernel.msgmax", {}, 'forbidden sysctl: "kernel.msgmax" not allowlisted'),
        ("net.core.somaxconn", {}, ""),
        (
            "net.ipv4.tcp_rmem",
            {"host_network": True},
            'forbidden sysctl: "net.ipv4.tcp_rmem" not allowed with host net enabled',
        ),
        (
            "kernel.shm_rmid_forced",
            {"host_ipc": True},
            'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host ipc enabled',
        ),
    ],
)
def test_sysctls(name: str, spec: dict[str, Any], message: str) -> None:
    wanted = pod(security_context=PodSecurityContext(sysctls=[Sysctl(name, "1")]), **spec)
    found = shortcomings(wanted, ABLE, ["net.core.*"])
    assert [(one.reason, one.message) for one in found] == ([("SysctlForbidden", message)] if message else [])


def test_what_kubernetes_refuses_too_is_refused_in_its_words() -> None:
    foreign = pod(os=PodOS("windows"), volumes=[Volume("v", csi=CSIVolumeSource("example.com"))])
    message = "Failed to admit pod as the OS field doesn't match node OS"
    assert refusal(shortcomings(foreign, ABLE)) == ("PodOSNotSupported", message)


def test_annotations_that_ask_for_something() -> None:
    shaped = attrs.evolve(pod(), metadata=ObjectMeta(annotations={"kubernetes.io/egress-bandwidth": "1M"}))
    assert told(shaped) == {"metadata.annotations": Verdict.WARNED}
    assert told(attrs.evolve(pod(), metadata=ObjectMeta(annotations={"mine": "1"}))) == {}


def test_a_part_of_an_image_needs_a_recent_podman() -> None:
    wanted = pod(
        Container("main", image="busybox", volume_mounts=[VolumeMount("v", "/v", sub_path="etc")]),
        volumes=[Volume.from_image("v", "busybox")],
    )
    assert told(wanted, attrs.evolve(ABLE, version="5.4.0")) == {}
    assert told(wanted, attrs.evolve(ABLE, version="4.3.1")) == {
        "spec.containers[0].volumeMounts[0].subPath": Verdict.REFUSED
    }


def test_what_cannot_be_had_on_another_machine() -> None:
    far = attrs.evolve(ABLE, connects=False, shares_files=False)
    probe = Probe(http_get=HTTPGetAction(port=80))
    parts = [VolumeMount("v", "/v", sub_path="a"), VolumeMount("files", "/files", sub_path="a")]
    wanted = pod(
        container(readiness_probe=probe, volume_mounts=parts),
        volumes=[Volume.from_empty_dir("v", medium="Memory"), Volume.from_config_map("files", "files")],
    )
    assert told(wanted, ABLE) == {}
    assert told(wanted, far) == {
        "spec.containers[0].volumeMounts[0].subPath": Verdict.REFUSED,
        "spec.containers[0].readinessProbe.httpGet": Verdict.REFUSED,
        "spec.volumes[0].emptyDir.medium": Verdict.REFUSED,
    }


def test_users_of_its_own_need_an_engine_that_translates_owners() -> None:
    assert told(pod(host_users=False), ABLE) == told(pod(host_users=True), WEAK) == {}
    assert told(pod(host_users=False), WEAK) == {"spec.hostUsers": Verdict.REFUSED}


@pytest.mark.parametrize(
    ("of", "told_of"),
    [
        (pod(host_network=True, dns_policy="ClusterFirst"), False),
        (pod(host_network=True, dns_policy="ClusterFirstWithHostNet"), True),
        (pod(dns_policy="ClusterFirst"), False),
        (pod(container(ports=[ContainerPort(53, protocol="UDP")]), dns_policy="ClusterFirst"), True),
        (pod(container(ports=[ContainerPort(53, protocol="UDP")]), dns_policy="Default"), False),
    ],
)
def test_a_pod_that_cannot_ask_for_names_is_told(of: Pod, told_of: bool) -> None:
    assert ("spec.dnsPolicy" in told(of)) == told_of
