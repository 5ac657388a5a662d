"""The document from which Podman makes a container."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.runtime.base import ContainerConfig, Mount, Resources, SecurityConfig
from podkit.runtime.podman.container import container_spec, needs_shared_memory, resource_limits


def spec(security: SecurityConfig | None = None, resources: Resources | None = None, **fields: Any) -> dict[str, Any]:
    config = ContainerConfig(
        "web", "nginx", {"a": "b"}, security=security or SecurityConfig(), resources=resources or Resources(), **fields
    )
    return container_spec("11f1", config)


def test_the_kubelet_and_not_podman_restarts_and_probes() -> None:
    made = spec()
    assert (made["name"], made["image"], made["pod"], made["labels"]) == ("web", "nginx", "11f1", {"a": "b"})
    assert made["restart_policy"] == "no"
    assert made["healthconfig"]["Test"] == ["NONE"]


def test_nothing_of_the_machine_leaks_in() -> None:
    assert spec()["httpproxy"] is False
    assert "env_host" not in spec()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"command": ["a"]}, {"entrypoint": ["a"]}),
        ({"args": ["b"]}, {"command": ["b"]}),
        ({"command": ["a"], "args": ["b"]}, {"entrypoint": ["a"], "command": ["b"]}),
        ({"command": [], "args": []}, {}),
    ],
)
def test_command_and_args_replace_entrypoint_and_command(given: dict[str, Any], expected: dict[str, Any]) -> None:
    made = spec(**given)
    assert {key: made[key] for key in ("entrypoint", "command") if key in made} == expected


def test_a_working_directory_is_created() -> None:
    made = spec(working_dir="/w")
    assert (made["work_dir"], made["create_working_dir"]) == ("/w", True)
    assert "work_dir" not in spec()


def test_mounts_keep_their_order_and_say_how_they_propagate() -> None:
    made = spec(mounts=[Mount("/b", "/x/y", read_only=True), Mount("/a", "/x", propagation="rshared")])
    assert made["mounts"] == [
        {"type": "bind", "source": "/b", "destination": "/x/y", "options": ["rbind", "ro", "rprivate"]},
        {"type": "bind", "source": "/a", "destination": "/x", "options": ["rbind", "rw", "rshared"]},
    ]


def test_a_mount_can_get_the_label_of_the_pods_containers() -> None:
    made = spec(mounts=[Mount("/a", "/x", relabel=True)])
    assert made["mounts"][0]["options"] == ["rbind", "rw", "rprivate", "z"]


def test_podman_leaves_those_files_alone_that_are_mounted() -> None:
    made = spec(mounts=[Mount("/h", "/etc/hosts")])
    assert made["use_image_hosts"] is True
    assert "use_image_resolve_conf" not in made
    assert spec(mounts=[Mount("/r", "/etc/resolv.conf")])["use_image_resolve_conf"] is True


@pytest.mark.parametrize(
    ("security", "user"),
    [
        (SecurityConfig(), None),
        (SecurityConfig(user=0), "0"),
        (SecurityConfig(user=5, group=7), "5:7"),
        (SecurityConfig(username="web"), "web"),
        (SecurityConfig(username="web", group=7), "web:7"),
    ],
)
def test_who_it_runs_as(security: SecurityConfig, user: str | None) -> None:
    assert spec(security).get("user") == user


def test_it_can_share_the_ipc_of_the_machine() -> None:
    assert spec(host_ipc=True)["ipcns"] == {"nsmode": "host"}
    assert "ipcns" not in spec()


def test_what_it_may_do() -> None:
    made = spec(
        SecurityConfig(
            supplemental_groups=[1, 2],
            privileged=True,
            add_capabilities=["NET_ADMIN"],
            drop_capabilities=["ALL"],
            no_new_privileges=True,
            read_only_root=True,
            seccomp="unconfined",
            apparmor="mine",
            selinux={"level": "s0:c1"},
            unmasked=True,
        )
    )
    assert made["groups"] == ["1", "2"]
    assert (made["privileged"], made["cap_add"], made["cap_drop"]) == (True, ["NET_ADMIN"], ["ALL"])
    assert (made["no_new_privileges"], made["seccomp_profile_path"]) == (True, "unconfined")
    assert (made["apparmor_profile"], made["selinux_opts"], made["unmask"]) == ("mine", ["level:s0:c1"], ["ALL"])
    assert (made["read_only_filesystem"], made["read_write_tmpfs"]) == (True, False)


def test_engine_defaults_are_not_spelled_out() -> None:
    made = spec()
    assert (
        not {"user", "privileged", "cap_add", "seccomp_profile_path", "resource_limits", "oom_score_adj"} & made.keys()
    )


def test_below_a_read_only_root_the_shared_memory_is_mounted_once() -> None:
    read_only = SecurityConfig(read_only_root=True)
    config = ContainerConfig("web", "nginx", {}, security=read_only)
    assert needs_shared_memory(config)
    made = container_spec("11f1", config, shared_memory="/p/shm")
    assert made["mounts"] == [
        {"type": "bind", "source": "/p/shm", "destination": "/dev/shm", "options": ["rbind", "rw", "rprivate"]}
    ]
    own = ContainerConfig("web", "nginx", {}, security=read_only, mounts=[Mount("/m", "/dev/shm")])
    assert not needs_shared_memory(own)
    assert not needs_shared_memory(ContainerConfig("web", "nginx", {}))


def test_memory_is_a_hard_limit_without_swap() -> None:
    assert resource_limits(Resources(memory_limit=64)) == {"memory": {"limit": 64, "swap": 64}}
    assert resource_limits(Resources(cpu_period=100_000, cpu_quota=50_000, cpu_shares=512)) == {
        "cpu": {"quota": 50_000, "period": 100_000, "shares": 512}
    }
    assert resource_limits(Resources()) == {}


def test_limits_without_a_controller_are_left_out() -> None:
    """A rootless Podman has only the controllers that systemd delegates; crun would refuse the container."""
    resources = Resources(cpu_shares=2, memory_limit=64)
    assert resource_limits(resources, {"memory", "pids"}) == {"memory": {"limit": 64, "swap": 64}}
    assert resource_limits(resources, ()) == {}


def test_an_oom_score_is_not_lower_than_the_kernel_allows() -> None:
    config = ContainerConfig("web", "nginx", {}, resources=Resources(oom_score_adj=-997))
    assert container_spec("11f1", config)["oom_score_adj"] == -997
    assert container_spec("11f1", config, lowest_oom_score=0)["oom_score_adj"] == 0


def test_a_target_is_joined_without_a_dependency() -> None:
    config = ContainerConfig("debug", "busybox", {}, target="40b8")
    assert container_spec("11f1", config, target_pid=42)["pidns"] == {"nsmode": "path", "value": "/proc/42/ns/pid"}
