"""Addresses and host ports of sandboxes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podkit.errors import PortInUse, RuntimeFailed
from podkit.runtime.base import PortMapping
from podkit.runtime.simulated.sandbox import NETWORK, Network
from tests.unit.runtime.simulated.bench import Bench, sandbox


def test_addresses_are_given_out_once_and_again_when_all_others_were() -> None:
    network = Network()
    first, second = network.take_address(), network.take_address()
    assert (first, second) == ("10.88.0.2", "10.88.0.3")
    network.give_back(first)
    others = {network.take_address() for _ in range(NETWORK.num_addresses - 5)}
    assert first not in others
    assert len(others) == NETWORK.num_addresses - 5
    assert network.take_address() == first
    with pytest.raises(RuntimeFailed, match="no address"):
        network.take_address()


@given(st.lists(st.booleans(), max_size=60))
def test_no_two_sandboxes_ever_have_one_address(takes: list[bool]) -> None:
    network, held = Network(), list[str]()
    for take in takes:
        if take or not held:
            address = network.take_address()
            assert address not in held
            held.append(address)
        else:
            network.give_back(held.pop(0))


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [
        (PortMapping(80, 8080), PortMapping(81, 8080), True),
        (PortMapping(80, 8080), PortMapping(80, 8081), False),
        (PortMapping(80, 8080), PortMapping(80, 8080, protocol="UDP"), False),
        (PortMapping(80, 8080, host_ip="127.0.0.1"), PortMapping(80, 8080, host_ip="127.0.0.2"), False),
        (PortMapping(80, 8080, host_ip="127.0.0.1"), PortMapping(80, 8080, host_ip="127.0.0.1"), True),
        (PortMapping(80, 8080, host_ip="127.0.0.1"), PortMapping(80, 8080), True),
        (PortMapping(80, 8080, host_ip="0.0.0.0"), PortMapping(80, 8080, host_ip="127.0.0.1"), True),
    ],
)
def test_two_sandboxes_cannot_have_one_host_port(
    bench: Bench, first: PortMapping, second: PortMapping, conflict: bool
) -> None:
    first_id = bench.runtime.run_sandbox(sandbox("first", port_mappings=[first]))
    if conflict:
        with pytest.raises(PortInUse):
            bench.runtime.run_sandbox(sandbox("second", port_mappings=[PortMapping(1, 9999), second]))
        bench.runtime.stop_sandbox(first_id)
        bench.runtime.run_sandbox(sandbox("third", port_mappings=[PortMapping(1, 9999)]))
    bench.runtime.run_sandbox(sandbox("second", port_mappings=[second]))


def test_a_container_that_starts_in_a_stopped_sandbox_brings_it_up_again(bench: Bench) -> None:
    before = bench.runtime.sandbox(bench.sandbox_id).ips
    bench.runtime.stop_sandbox(bench.sandbox_id)
    bench.start("sleep", "60")
    status = bench.runtime.sandbox(bench.sandbox_id)
    assert status.ready
    assert status.ips != before
