"""Whom a container runs as and what it may do, as the kubelet tells the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from podkit.kubelet import user_namespaces
from podkit.kubelet.security import security_config
from podkit.kubelet.sources import ConfigError
from podkit.model import (
    AppArmorProfile,
    Capabilities,
    Container,
    PodSecurityContext,
    SeccompProfile,
    SecurityContext,
    SELinuxOptions,
    Volume,
    VolumeMount,
)
from podkit.runtime.base import USER_NAMESPACE, ContainerConfig, ImageStatus, RuntimeInfo, SecurityConfig
from tests.unit.kubelet.builders import container, pod
from tests.unit.kubelet.world import World

ABLE = RuntimeInfo("podman", "5.8.1", 2, 1 << 30, apparmor=True, selinux=True)


def made(
    own: SecurityContext | None = None, *, image_user: str = "", engine: RuntimeInfo = ABLE, **shared: Any
) -> SecurityConfig:
    main = container(security_context=own)
    of_pod = pod(main, security_context=PodSecurityContext(**shared))
    return security_config(of_pod, main, ImageStatus("sha256:1", user=image_user), engine)


def test_what_the_container_says_goes_before_what_the_pod_says() -> None:
    found = made(
        SecurityContext(run_as_user=1, run_as_group=2),
        run_as_user=3,
        run_as_group=4,
        supplemental_groups=[5],
        fs_group=6,
    )
    assert (found.user, found.group, found.supplemental_groups, found.image_groups) == (1, 2, [5, 6], True)
    assert not made(supplemental_groups_policy="Strict").image_groups


WHERE = '(pod: "web_default(u-1)", container: main)'


@pytest.mark.parametrize(
    ("user", "image_user", "message"),
    [
        (0, "app", "container's runAsUser breaks non-root policy"),
        (None, "", "container has runAsNonRoot and image will run as root"),
        (None, "0:7", "container has runAsNonRoot and image will run as root"),
        (
            None,
            "app:app",
            "container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root",
        ),
    ],
)
def test_a_container_that_must_not_be_root_does_not_start_as_root(
    user: int | None, image_user: str, message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        made(SecurityContext(run_as_non_root=True, run_as_user=user), image_user=image_user)
    assert str(refused.value) == f"{message} {WHERE}"


@pytest.mark.parametrize(("user", "image_user"), [(1, ""), (None, "1000"), (None, "1000:0")])
def test_a_container_that_is_not_root_starts(user: int | None, image_user: str) -> None:
    assert made(run_as_non_root=True, run_as_user=user, image_user=image_user).user == user


@pytest.mark.parametrize(
    ("profile", "seccomp"),
    [
        (None, "unconfined"),
        (SeccompProfile("Unconfined"), "unconfined"),
        (SeccompProfile("RuntimeDefault"), None),
        (SeccompProfile("Localhost", "profiles/mine.json"), "/var/lib/kubelet/seccomp/profiles/mine.json"),
    ],
)
def test_system_calls_are_filtered_only_if_somebody_says_so(
    profile: SeccompProfile | None, seccomp: str | None
) -> None:
    assert made(seccomp_profile=profile).seccomp == seccomp
    assert made(SecurityContext(seccomp_profile=profile)).seccomp == seccomp
    assert made(seccomp_profile=profile, engine=attrs.evolve(ABLE, seccomp=False)).seccomp is None


def test_what_the_machine_does_not_have_is_not_asked_for() -> None:
    wanted = {"app_armor_profile": AppArmorProfile("Localhost", "mine"), "se_linux_options": SELinuxOptions(level="s0")}
    found = made(**wanted)
    assert (found.apparmor, found.selinux) == ("mine", {"level": "s0"})
    found = made(**wanted, engine=attrs.evolve(ABLE, apparmor=False, selinux=False))
    assert (found.apparmor, found.selinux) == (None, {})


def test_what_it_may_do() -> None:
    found = made(
        SecurityContext(
            capabilities=Capabilities(add=["CAP_NET_ADMIN"], drop=["all"]),
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            proc_mount="Unmasked",
        )
    )
    assert (found.add_capabilities, found.drop_capabilities) == (["NET_ADMIN"], ["ALL"])
    assert (found.no_new_privileges, found.read_only_root, found.unmasked) == (True, True, True)


def test_each_pod_with_a_user_namespace_has_users_of_its_own() -> None:
    first = user_namespaces.choose("u-1", [])
    assert first == user_namespaces.choose("u-1", [])
    assert first % 65536 == 0
    assert 1 << 30 <= first <= (1 << 31) - 65536
    second = user_namespaces.choose("u-1", [first])
    assert second != first
    assert 1 << 30 <= second <= (1 << 31) - 65536


def test_the_mounts_of_a_pod_with_a_user_namespace_are_translated(tmp_path: Path) -> None:
    world = World(tmp_path)
    mount = VolumeMount("v", "/v")
    main = Container("main", "busybox", "IfNotPresent", command=["sleep", "60"], volume_mounts=[mount])
    made: list[ContainerConfig] = []
    create = world.runtime.create_container
    world.runtime.create_container = lambda sandbox, config: (made.append(config), create(sandbox, config))[1]  # type: ignore[method-assign]
    world.create(main, host_users=False, volumes=[Volume.from_empty_dir("v")])
    world.until(lambda found: found.status.phase == "Running")
    [sandbox] = world.runtime.sandboxes({})
    assert int(sandbox.labels[USER_NAMESPACE]) == user_namespaces.choose(world.pod().metadata.uid or "", [])
    assert [one.translated for one in made[0].mounts] == [True, True, True]
    world.create(main, name="plain", volumes=[Volume.from_empty_dir("v")])
    world.until(lambda found: found.status.phase == "Running", name="plain")
    assert not any(one.translated for one in made[1].mounts)
