"""What runs in a container, as whom, what it leaves behind, and what one can ask of it."""

from __future__ import annotations

import pytest

from podkit import (
    Container,
    EmptyDirVolumeSource,
    ExecFailed,
    PodSecurityContext,
    SecurityContext,
    Sysctl,
    ValidationError,
    Volume,
)
from tests.conformance.build import IMAGE, SLEEP, lasting, once, shell
from tests.conformance.place import Place, eventually

WITH_ENTRYPOINT = "localhost/eptest:latest"
"""An image whose entrypoint is ``/bin/echo ep`` and whose command is ``image-default``."""


@pytest.mark.behaviour("node/containers-image-defaults")
def test_node_containers_image_defaults(place: Place) -> None:
    assert place.output(once("speaker", Container("main", image=WITH_ENTRYPOINT))) == "ep image-default\n"


@pytest.mark.behaviour("node/containers-override-args")
def test_node_containers_override_args(place: Place) -> None:
    container = Container("main", image=WITH_ENTRYPOINT, args=["override", "arguments"])
    assert place.output(once("speaker", container)) == "ep override arguments\n"


def test_node_containers_override_command(place: Place) -> None:
    """A command replaces the image's entrypoint, and then its command does not count either."""
    assert (
        place.output(once("speaker", Container("main", image=WITH_ENTRYPOINT, command=["/bin/echo", "cmd"]))) == "cmd\n"
    )


@pytest.mark.behaviour("node/containers-override-both")
def test_node_containers_override_both(place: Place) -> None:
    container = Container("main", image=WITH_ENTRYPOINT, command=["/bin/echo", "cmd"], args=["two words", "here"])
    assert place.output(once("speaker", container)) == "cmd two words here\n"


@pytest.mark.behaviour("node/termmsg-fallback-success-empty")
def test_node_termmsg_fallback_success_empty(place: Place) -> None:
    pod = place.run(once("quiet", shell("echo DONE", termination_message_policy="FallbackToLogsOnError")))
    assert pod.status.phase == "Succeeded"
    assert not pod.status.container_statuses[0].state.terminated.message


@pytest.mark.behaviour("node/termmsg-fallback-logs")
def test_node_termmsg_fallback_logs(place: Place) -> None:
    pod = place.run(once("failing", shell("printf DONE; exit 1", termination_message_policy="FallbackToLogsOnError")))
    ended = pod.status.container_statuses[0].state.terminated
    assert (pod.status.phase, ended.exit_code, ended.reason, ended.message) == ("Failed", 1, "Error", "DONE")


def test_node_termmsg_file_first(place: Place) -> None:
    """A message in the file goes before the log, also when the container fails; by default there is only the file."""
    script = "echo from the log; printf 'from the file' >/dev/termination-log; exit 1"
    pod = place.run(once("failing", shell(script, termination_message_policy="FallbackToLogsOnError")))
    assert pod.status.container_statuses[0].state.terminated.message == "from the file"


@pytest.mark.behaviour("node/termmsg-nonroot-custom-path")
def test_node_termmsg_nonroot_custom_path(place: Place) -> None:
    path = "/dev/termination-custom-log"
    container = shell(
        f"printf DONE >{path}", termination_message_path=path, security_context=SecurityContext(run_as_user=10000)
    )
    pod = place.run(once("writer", container))
    assert pod.status.phase == "Succeeded"
    assert pod.status.container_statuses[0].state.terminated.message == "DONE"


@pytest.mark.behaviour("node/terminated-reason")
def test_node_terminated_reason(place: Place) -> None:
    pod = place.run(once("failing", shell("exit 7")))
    ended = pod.status.container_statuses[0].state.terminated
    assert (pod.status.phase, ended.exit_code, ended.reason) == ("Failed", 7, "Error")
    assert ended.started_at <= ended.finished_at


@pytest.mark.behaviour("node/logs-stdout")
def test_node_logs_stdout(place: Place) -> None:
    pod = place.start(lasting("speaker", shell(f"echo 'Hello World'; {SLEEP}")))
    assert next(iter(place.cluster.stream_logs(pod))) == "Hello World\n"
    assert place.pod("speaker").status.phase == "Running"


@pytest.mark.behaviour("node/pod-logs")
def test_node_pod_logs(place: Place) -> None:
    pod = place.start(lasting("alive", shell(f"echo container is alive; exec cat /dev/zero | {SLEEP}", stdin=False)))
    with_stream = iter(place.cluster.stream_logs(pod, container="main"))
    assert next(with_stream) == "container is alive\n"
    assert place.cluster.logs(pod, container="main") == "container is alive\n"


@pytest.mark.behaviour("node/pod-exec")
def test_node_pod_exec(place: Place) -> None:
    pod = place.start(lasting("target", shell(SLEEP), shell(SLEEP, name="other")))
    spoken = place.cluster.exec(pod, ["echo", "remote execution test"], container="main")
    assert (spoken.exit_code, spoken.stdout, spoken.stderr) == (0, "remote execution test\n", "")
    failed = place.cluster.exec(pod, ["sh", "-c", "echo e >&2; exit 7"], container="main")
    assert (failed.exit_code, failed.stdout, failed.stderr) == (7, "", "e\n")
    assert place.cluster.exec(pod, ["cat"], container="main", stdin="x").stdout == "x"


def test_node_pod_exec_of_nothing(place: Place) -> None:
    """A program that is not there is an error that says so, and does the container no harm."""
    pod = place.start(lasting("target"))
    with pytest.raises(ExecFailed, match="no-such-program"):
        place.cluster.exec(pod, ["no-such-program"], check=True)
    assert place.said(pod, "echo", "still here") == "still here\n"


@pytest.mark.behaviour("node/readonly-rootfs")
def test_node_readonly_rootfs(place: Place) -> None:
    scratch = Volume("scratch", empty_dir=EmptyDirVolumeSource())
    context = SecurityContext(read_only_root_filesystem=True)
    main = shell(
        "echo test 2>&1 >/file; echo test >/scratch/file && cat /scratch/file",
        mounts={"scratch": "/scratch"},
        security_context=context,
    )
    pod = place.run(once("readonly", main, volumes=[scratch]))
    assert sorted(place.cluster.logs(pod).splitlines()) == ["sh: can't create /file: Read-only file system", "test"]


@pytest.mark.behaviour("node/sec-runasuser")
def test_node_sec_runasuser(place: Place) -> None:
    pod = once("somebody", shell("id -u; id -g"), security_context=PodSecurityContext(run_as_user=12345))
    assert place.output(pod) == "12345\n0\n"


@pytest.mark.behaviour("node/sec-unprivileged")
def test_node_sec_unprivileged(place: Place) -> None:
    context = SecurityContext(privileged=False)
    pod = once("harmless", shell("ip link add dummy0 type dummy 2>&1 || true", security_context=context))
    assert "Operation not permitted" in place.output(pod)


@pytest.mark.behaviour("node/sec-user-group-container")
def test_node_sec_user_group_container(place: Place) -> None:
    of_container = SecurityContext(run_as_user=1001, run_as_group=2002)
    of_pod = PodSecurityContext(run_as_user=1, run_as_group=2, supplemental_groups=[3003])
    pod = once("somebody", shell("id -u; id -g; id -G", security_context=of_container), security_context=of_pod)
    assert place.output(pod) == "1001\n2002\n2002 3003\n"


def test_node_sec_user_that_the_image_does_not_know(place: Place) -> None:
    """The files of the image stay as they are: such a user has a number, no name, and the root for a home."""
    nobody = SecurityContext(run_as_user=1001, run_as_group=2002)
    pod = once("somebody", shell("id; echo $HOME; grep -c 1001 /etc/passwd || true", security_context=nobody))
    assert place.output(pod) == "uid=1001 gid=2002 groups=2002\n/\n0\n"


@pytest.mark.behaviour("node/sec-no-priv-escalation")
@pytest.mark.parametrize("allowed", [False, True])
def test_node_sec_no_priv_escalation(place: Place, allowed: bool) -> None:
    """A program that belongs to root and is set-user-ID makes root of one who may become it."""
    context = SecurityContext(run_as_user=65534, allow_privilege_escalation=allowed)
    script = "grep NoNewPrivs /proc/self/status; /setuid/su -c 'id -u' 2>&1 || true"
    container = Container(
        "main", image="localhost/setuid:latest", command=["sh", "-c", script], security_context=context
    )
    flag, became = place.output(once("climber", container)).splitlines()[:2]
    assert flag.split()[1] == ("0" if allowed else "1")
    assert (became == "0") == allowed


def test_node_sec_run_as_non_root(place: Place) -> None:
    """A container that must not be root's, and would be, does not start."""
    pod = place.create(lasting("root", shell(SLEEP, security_context=SecurityContext(run_as_non_root=True))))
    pod = place.wait(
        pod, lambda pod: pod.status.container_statuses and pod.status.container_statuses[0].state.waiting.message
    )
    waiting = pod.status.container_statuses[0].state.waiting
    assert waiting.reason == "CreateContainerConfigError"
    assert "runAsNonRoot" in waiting.message


@pytest.mark.behaviour("node/sysctl-apply")
def test_node_sysctl_apply(place: Place) -> None:
    context = PodSecurityContext(sysctls=[Sysctl("kernel.shm_rmid_forced", "1")])
    pod = once("tuned", shell("sysctl kernel.shm_rmid_forced"), security_context=context)
    assert place.output(pod) == "kernel.shm_rmid_forced = 1\n"


@pytest.mark.behaviour("node/sysctl-reject-invalid")
def test_node_sysctl_reject_invalid(place: Place) -> None:
    names = ["foo-", "kernel.shmmax", "safe-and-unsafe", "bar.."]
    context = PodSecurityContext(sysctls=[Sysctl(name, "10") for name in names])
    with pytest.raises(ValidationError) as refused:
        place.create(once("tuned", shell("true"), security_context=context))
    assert [(error.path, error.reason) for error in refused.value.errors] == [
        ("spec.securityContext.sysctls[0].name", "Invalid"),
        ("spec.securityContext.sysctls[3].name", "Invalid"),
    ]


def test_node_image_pull(place: Place) -> None:
    """An image that the machine does not have is fetched; one that the registry does not have is said to be missing."""
    there = place.start(
        lasting("there", Container("main", image="docker.io/library/busybox", command=["sleep", "3600"]))
    )
    eventually(lambda: {"Pulling", "Pulled", "Started"} <= place.events(there).keys(), "its events")
    gone = place.create(
        lasting("gone", Container("main", image="docker.io/library/no-such-image:1", command=["sleep"]))
    )
    gone = place.wait(gone, lambda pod: "Pull" in (_waiting_reason(pod) or ""))
    assert gone.status.phase == "Pending"
    assert _waiting_reason(gone) in ("ErrImagePull", "ImagePullBackOff")


def test_node_image_pull_never(place: Place) -> None:
    """A Pod that forbids to fetch its image says that this is why it does not start."""
    container = Container("main", image="docker.io/library/never-seen:1", image_pull_policy="Never")
    pod = place.wait(place.create(lasting("gone", container)), lambda pod: _waiting_reason(pod) == "ErrImageNeverPull")
    assert pod.status.phase == "Pending"


def _waiting_reason(pod) -> str | None:
    statuses = pod.status.container_statuses
    return statuses[0].state.waiting.reason if statuses and statuses[0].state.waiting else None


def test_node_image_without_tag_runs(place: Place) -> None:
    """The status names the image in full, and its id."""
    pod = place.run(once("short", Container("main", image="localhost/busybox", command=["true"])))
    assert pod.status.container_statuses[0].image == IMAGE
    assert pod.status.container_statuses[0].image_id
