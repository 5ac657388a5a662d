"""The document from which Podman makes a pod."""

from __future__ import annotations

from typing import Any

from podkit.runtime.base import PortMapping, SandboxConfig
from podkit.runtime.podman.sandbox import sandbox_spec


def spec(**fields: Any) -> dict[str, Any]:
    return sandbox_spec(SandboxConfig("web_default_1", "web", {"a": "b"}, **fields), "podkit")


def test_it_lives_until_the_kubelet_ends_it() -> None:
    made = spec()
    assert (made["name"], made["hostname"], made["labels"]) == ("web_default_1", "web", {"a": "b"})
    assert (made["exit_policy"], made["restart_policy"]) == ("continue", "no")


def test_it_has_an_address_and_shares_what_a_pod_shares() -> None:
    made = spec()
    assert (made["netns"], made["Networks"]) == ({"nsmode": "bridge"}, {"podkit": {}})
    assert made["shared_namespaces"] == ["net", "ipc", "uts"]


def test_processes_are_shared_when_asked() -> None:
    assert spec(share_process_namespace=True)["shared_namespaces"] == ["net", "ipc", "uts", "pid"]


def test_ports_lead_in() -> None:
    made = spec(port_mappings=[PortMapping(80, 8080), PortMapping(53, 53, "UDP", "127.0.0.1")])
    assert made["portmappings"] == [
        {"container_port": 80, "host_port": 8080, "protocol": "tcp", "host_ip": ""},
        {"container_port": 53, "host_port": 53, "protocol": "udp", "host_ip": "127.0.0.1"},
    ]


def test_on_the_network_of_the_machine_there_is_nothing_to_map() -> None:
    made = spec(host_network=True, port_mappings=[PortMapping(80, 80)])
    assert made["netns"] == {"nsmode": "host"}
    assert not {"Networks", "portmappings"} & made.keys()


def test_it_can_see_the_processes_and_the_ipc_of_the_machine() -> None:
    made = spec(host_pid=True, host_ipc=True)
    assert made["pidns"] == {"nsmode": "host"}
    assert made["shared_namespaces"] == ["net", "uts", "pid"]


def test_it_can_have_users_of_its_own() -> None:
    made = spec(user_namespace=1 << 30)
    ids = [{"container_id": 0, "host_id": 1 << 30, "size": 65536}]
    assert (made["userns"], made["idmappings"]) == ({"nsmode": "private"}, {"UIDMap": ids, "GIDMap": ids})
    assert not {"userns", "idmappings"} & spec().keys()


def test_kernel_parameters_and_resolver() -> None:
    made = spec(
        sysctls={"net.core.somaxconn": "9"}, dns_servers=["9.9.9.9"], dns_searches=["a"], dns_options=["ndots:2"]
    )
    assert made["sysctl"] == {"net.core.somaxconn": "9"}
    assert (made["dns_server"], made["dns_search"], made["dns_option"]) == (["9.9.9.9"], ["a"], ["ndots:2"])
    assert not {"sysctl", "dns_server", "dns_search", "dns_option"} & spec().keys()
