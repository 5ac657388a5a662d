"""Security contexts: whom containers run as, what they may do, and what confines them."""

from __future__ import annotations

from pathlib import Path

import pytest

from podkit import (
    AppArmorProfile,
    Capabilities,
    ContainerUser,
    EmptyDirVolumeSource,
    LinuxContainerUser,
    PodSecurityContext,
    SeccompProfile,
    Secret,
    SecretVolumeSource,
    SecurityContext,
    SELinuxOptions,
    Sysctl,
    Volume,
    VolumeMount,
)
from podkit.runtime.base import RuntimeInfo
from tests.conformance.build import SLEEP, lasting, once, shell
from tests.conformance.place import Place, main_of

ALICE = 4001
"""A user that the image knows: her primary group is 4002, and she is in the group 50000."""


@pytest.mark.parametrize(
    ("policy", "group", "groups"),
    [
        (None, None, [4002, 50000, 60000]),
        ("Merge", 4003, [4003, 50000, 60000]),
        ("Strict", None, [4002, 60000]),
        ("Strict", 4003, [4003, 60000]),
    ],
)
def test_node_sec_supplemental_groups_policy(
    place: Place, policy: str | None, group: int | None, groups: list[int]
) -> None:
    """The groups of the image count with Merge, whatever the primary group is, and do not with Strict; the status tells."""
    context = PodSecurityContext(
        run_as_user=ALICE, run_as_group=group, supplemental_groups=[60000], supplemental_groups_policy=policy
    )
    pod = place.run(once("alice", shell("id -G"), security_context=context))
    assert place.cluster.logs(pod) == " ".join(map(str, groups)) + "\n"
    assert main_of(pod).user == ContainerUser(LinuxContainerUser(ALICE, groups[0], groups))


def test_node_sec_fs_group(place: Place) -> None:
    """A volume belongs to the group, in which every process is; what is made in it too."""
    context = PodSecurityContext(run_as_user=1000, run_as_group=1000, fs_group=2000)
    main = shell("id -G; touch /v/new; stat -c '%u %g' /v/new", mounts={"v": "/v"})
    pod = once("writer", main, volumes=[Volume("v", empty_dir=EmptyDirVolumeSource())], security_context=context)
    assert place.output(pod) == "1000 2000\n1000 2000\n"


@pytest.mark.parametrize(
    ("profile", "mode"),
    [(None, "0"), (SeccompProfile("Unconfined"), "0"), (SeccompProfile("RuntimeDefault"), "2")],
)
def test_node_sec_seccomp(place: Place, profile: SeccompProfile | None, mode: str) -> None:
    """System calls are filtered only where somebody says so."""
    main = shell("grep Seccomp: /proc/self/status", security_context=SecurityContext(seccomp_profile=profile))
    assert place.output(once("filtered", main)).split() == ["Seccomp:", mode]


def test_node_sec_capabilities(place: Place) -> None:
    """Without any, with one only, and with all."""
    contexts = {
        "none": Capabilities(drop=["ALL"]),
        "one": Capabilities(drop=["ALL"], add=["NET_ADMIN"]),
    }
    containers = [
        shell("grep CapEff /proc/self/status", name, security_context=SecurityContext(capabilities=capabilities))
        for name, capabilities in contexts.items()
    ]
    pod = place.run(once("able", *containers))
    found = {name: int(place.cluster.logs(pod, container=name).split()[1], 16) for name in contexts}
    assert found == {"none": 0, "one": 1 << 12}


def test_node_sec_privileged(place: Place) -> None:
    """A privileged container can do what others cannot, and sees all of /proc."""
    script = "mount -t tmpfs none /mnt 2>/dev/null && echo mounted; grep -c ' /proc/' /proc/mounts; true"
    mighty = shell(f"mkdir -p /mnt; {script}", security_context=SecurityContext(privileged=True))
    assert place.output(once("mighty", mighty)) == "mounted\n0\n"
    assert "mounted" not in place.output(once("meek", shell(f"mkdir -p /mnt; {script}")))


def test_node_sec_run_as_non_root_words(place: Place) -> None:
    """Why a container may not start, in the kubelet's words."""
    context = SecurityContext(run_as_non_root=True, run_as_user=0)
    pod = place.create(lasting("root", shell(SLEEP, security_context=context)))
    pod = place.wait(pod, lambda pod: main_of(pod).state.waiting and main_of(pod).state.waiting.message)
    waiting = main_of(pod).state.waiting
    assert waiting.reason == "CreateContainerConfigError"
    name = f"root_{place.namespace}({pod.metadata.uid})"
    assert waiting.message == f'container\'s runAsUser breaks non-root policy (pod: "{name}", container: main)'


def test_node_sysctl_unsafe(place: Place) -> None:
    """A sysctl that could harm others is refused by the node."""
    context = PodSecurityContext(sysctls=[Sysctl("kernel.msgmax", "10000")])
    pod = place.run(once("tuned", shell("true"), security_context=context))
    assert (pod.status.phase, pod.status.reason) == ("Failed", "SysctlForbidden")
    assert place.events(pod)["SysctlForbidden"] == 'forbidden sysctl: "kernel.msgmax" not allowlisted'


def test_node_sec_what_the_machine_does_not_have(place: Place, podman_info: RuntimeInfo) -> None:
    """A Pod that wants a confinement that is not there runs, and an Event says what does not happen."""
    context = SecurityContext(
        app_armor_profile=AppArmorProfile("RuntimeDefault"), se_linux_options=SELinuxOptions(level="s0:c1,c2")
    )
    pod = place.run(once("confined", shell("true", security_context=context)))
    assert pod.status.phase == "Succeeded"
    told = [event.message for event in place.cluster.events(pod) if event.reason == "FieldNotHonoured"]
    missing = {"appArmorProfile": not podman_info.apparmor, "seLinuxOptions": not podman_info.selinux}
    assert {name: any(name in message for message in told) for name in missing} == missing


def test_node_sec_user_namespace(place: Place, podman_info: RuntimeInfo) -> None:
    """Root of a Pod with users of its own is nobody on the machine; volumes look as they do without. Else it is refused."""
    volumes = [
        Volume("shared", empty_dir=EmptyDirVolumeSource()),
        Volume("keys", secret=SecretVolumeSource("keys", default_mode=0o440)),
    ]
    mounts = [VolumeMount("shared", "/shared"), VolumeMount("keys", "/keys", read_only=True)]
    script = "awk '{print $1, $3}' /proc/self/uid_map; id -u; cat /keys/k; echo x >/shared/x; stat -c '%u %g' /shared/x"
    main = shell(f"{script}; echo well >/dev/termination-log", volume_mounts=mounts)
    pod = once("own", main, volumes=volumes, host_users=False, security_context=PodSecurityContext(fs_group=2000))
    pod = place.run(Secret.new("keys", {"k": "s\n"}), pod)
    if not podman_info.user_namespaces:
        assert (pod.status.phase, pod.status.reason) == ("Failed", "UnsupportedField")
        return
    assert place.cluster.logs(pod) == "0 65536\n0\ns\n0 2000\n"
    assert main_of(pod).state.terminated.message == "well\n"
    assert main_of(pod).user.linux.uid == 0


@pytest.mark.needs("user_namespaces")
def test_node_sec_user_namespace_lasts(place: Place) -> None:
    """Containers of one Pod share its users and its network; commands run there too; /proc can be unmasked."""
    unmasked = SecurityContext(proc_mount="Unmasked")
    pod = place.start(
        lasting("own", shell(SLEEP, security_context=unmasked), shell(SLEEP, name="other"), host_users=False)
    )
    first, second = (place.said(pod, "readlink", "/proc/self/ns/user", container=name) for name in ("main", "other"))
    assert first == second
    assert place.said(pod, "grep", "-c", " /proc/", "/proc/mounts", container="other") != "0\n"
    assert place.cluster.exec(pod, ["grep", "-c", " /proc/", "/proc/mounts"], container="main").stdout == "0\n"
    assert place.said(pod, "hostname", "-i", container="main").strip() == pod.status.pod_ip


def test_node_volume_mounts_in_status(place: Place) -> None:
    mounts = [VolumeMount("v", "/v", read_only=True, recursive_read_only="IfPossible"), VolumeMount("v", "/w")]
    pod = place.run(once("mounts", shell("true", volume_mounts=mounts), volumes=[Volume.from_empty_dir("v")]))
    told = [(one.name, one.mount_path, one.read_only, one.recursive_read_only) for one in main_of(pod).volume_mounts]
    assert told == [("v", "/v", True, "Disabled"), ("v", "/w", None, None)]


@pytest.mark.parametrize("namespace", ["network", "pid", "ipc"])
def test_node_sec_host_namespaces(place: Place, namespace: str) -> None:
    """A Pod that asks for a namespace of the machine is in it, and no other Pod is."""
    if namespace == "ipc" and not Path("/dev/mqueue").is_dir():
        pytest.skip("this machine has no /dev/mqueue, which Podman mounts with its IPC")
    kind = {"network": "net"}.get(namespace, namespace)
    look = shell(f"readlink /proc/self/ns/{kind}")
    inside = place.output(once("inside", look, **{f"host_{namespace}": True}))
    again = place.output(once("again", look, **{f"host_{namespace}": True}))
    own = place.output(once("own", look))
    assert inside == again != own


def test_node_sec_shared_processes(place: Place) -> None:
    """The containers of a Pod that shares its processes see each other's."""
    script = "until grep -qs sleep /proc/[0-9]*/comm; do sleep 0.1; done; readlink /proc/self/ns/pid"
    pod = lasting("shared", shell(SLEEP, name="other"), shell(f"{script}; {SLEEP}"), share_process_namespace=True)
    pod = place.start(pod)
    seen = {place.said(pod, "readlink", "/proc/self/ns/pid", container=name) for name in ("main", "other")}
    assert len(seen) == 1
    assert "sleep" in place.said(pod, "sh", "-c", "cat /proc/[0-9]*/comm", container="main")
