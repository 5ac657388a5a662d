"""What Podman says about itself."""

from __future__ import annotations

from typing import Any

from podkit.runtime.podman.info import machine_addresses, runtime_info


def document(
    rootless: bool = False, controllers: tuple[str, ...] = ("cpu", "memory", "pids"), cgroups: str = "v2"
) -> dict[str, Any]:
    return {
        "host": {
            "cpus": 2,
            "memTotal": 1024,
            "os": "linux",
            "arch": "arm64",
            "kernel": "6.1.0",
            "ociRuntime": {"name": "crun", "path": "/usr/bin/crun"},
            "security": {"rootless": rootless},
            "cgroupControllers": list(controllers),
            "cgroupVersion": cgroups,
        },
        "version": {"Version": "5.8.6"},
    }


def test_it_is_told_what_it_is() -> None:
    info = runtime_info(document(), addresses=("192.0.2.1",), local=True)
    assert (info.name, info.version, info.cpus, info.memory) == ("podman", "5.8.6", 2, 1024)
    assert info.runtime_handlers == ("crun",)
    assert (info.operating_system, info.architecture, info.kernel) == ("linux", "arm64", "6.1.0")
    assert (info.addresses, info.rootless, info.limits_enforced, info.pods_reachable) == (
        ("192.0.2.1",),
        False,
        True,
        True,
    )


def test_limits_need_their_controllers() -> None:
    assert not runtime_info(document(controllers=("memory", "pids")), addresses=(), local=True).limits_enforced


def test_a_user_can_measure_containers_where_there_is_cgroup_version_2() -> None:
    assert runtime_info(document(rootless=True), addresses=(), local=True).stats_available
    assert not runtime_info(document(rootless=True, cgroups="v1"), addresses=(), local=True).stats_available
    assert runtime_info(document(cgroups="v1"), addresses=(), local=True).stats_available


def test_files_of_a_users_containers_are_root_s_in_the_namespace_of_that_user() -> None:
    assert runtime_info(document(), addresses=(), local=True).as_owner == ()
    assert runtime_info(document(rootless=True), addresses=(), local=True).as_owner == ("podman", "unshare")
    assert runtime_info(document(rootless=True), addresses=(), local=False).as_owner == ()


def test_what_is_lacking_is_named() -> None:
    able = document()
    able["host"]["kernel"] = "6.3.0"
    assert runtime_info(able, addresses=(), local=True).lacking == frozenset()
    without = runtime_info(document(rootless=True, controllers=(), cgroups="v1"), addresses=(), local=True)
    assert without.lacking == {
        "limits_enforced",
        "pods_reachable",
        "stats_available",
        "sized_memory",
        "user_namespaces",
    }


def test_what_the_machine_has_to_confine_containers() -> None:
    info = runtime_info(document(), addresses=(), local=True)
    assert (info.seccomp, info.apparmor, info.selinux, info.user_namespaces) == (True, False, False, False)
    able = document()
    able["host"]["kernel"] = "6.3.0-arch1"
    able["host"]["security"] = {"apparmorEnabled": True, "selinuxEnabled": True, "seccompEnabled": False}
    info = runtime_info(able, addresses=(), local=True)
    assert (info.seccomp, info.apparmor, info.selinux, info.user_namespaces) == (False, True, True, True)
    able["host"]["security"]["rootless"] = True
    assert not runtime_info(able, addresses=(), local=True).user_namespaces


def test_pods_are_out_of_reach_without_root_or_elsewhere() -> None:
    assert not runtime_info(document(rootless=True), addresses=(), local=True).pods_reachable
    assert not runtime_info(document(), addresses=(), local=False).pods_reachable


def test_networks_of_pods_are_entered_where_they_are_here_and_this_process_may() -> None:
    assert not runtime_info(document(), addresses=(), local=True, enters=False).sandboxes_enterable
    assert not runtime_info(document(), addresses=(), local=False).addresses_translated
    assert not runtime_info(document(), addresses=(), local=True, translates=False).addresses_translated


def test_a_remote_machine_has_the_addresses_of_its_name() -> None:
    assert machine_addresses("127.0.0.1") == ("127.0.0.1",)
    assert machine_addresses("192.0.2.7") == ("192.0.2.7",)


def test_there_is_always_an_address() -> None:
    assert machine_addresses(None)
