"""Sandboxes: what the containers of a Pod share."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from podkit.errors import ContainerNotFound, PortInUse, RuntimeFailed
from podkit.runtime.base import NODE, POD_UID, ContainerState, Forward, PortMapping
from tests.contract.runtime.engines import Engine

GONE = "0" * 64


def test_a_sandbox_is_ready_and_has_an_address(engine: Engine) -> None:
    config = engine.sandbox_config()
    sandbox_id = engine.runtime.run_sandbox(config)
    try:
        status = engine.runtime.sandbox(sandbox_id)
        assert (status.id, status.name, status.ready) == (sandbox_id, config.name, True)
        assert status.labels == config.labels
        assert ip_address(status.ips[0]).version == 4
        assert status.created_at.tzinfo is not None
    finally:
        engine.runtime.remove_sandbox(sandbox_id)


def test_containers_can_be_made_while_a_sandbox_is_being_started(engine: Engine) -> None:
    made: dict[str, str] = {}

    def make(sandbox_id: str) -> None:
        made[sandbox_id] = engine.create("sh", "-c", "exit 0", sandbox_id=sandbox_id)

    sandbox_id = engine.runtime.run_sandbox(engine.sandbox_config(), make)
    try:
        status = engine.runtime.sandbox(sandbox_id)
        assert status.ready
        container_id = made[sandbox_id]
        assert engine.runtime.container(container_id).state is ContainerState.CREATED
        engine.runtime.start_container(container_id)
        assert engine.ended(container_id).exit_code == 0
    finally:
        engine.runtime.remove_sandbox(sandbox_id)


def test_what_was_made_meanwhile_goes_with_a_sandbox_that_cannot_be_started(engine: Engine) -> None:
    def fail(sandbox_id: str) -> None:
        engine.create("true", sandbox_id=sandbox_id)
        raise KeyboardInterrupt

    config = engine.sandbox_config()
    with pytest.raises(KeyboardInterrupt):
        engine.runtime.run_sandbox(config, fail)
    labels = {POD_UID: config.labels[POD_UID]}
    assert not engine.runtime.sandboxes(labels)


def test_each_sandbox_has_an_address_of_its_own(engine: Engine) -> None:
    ips = {engine.runtime.sandbox(engine.run_sandbox()).ips for _ in range(2)}
    assert len(ips) == 2


def test_a_sandbox_on_the_network_of_the_machine_has_its_addresses(engine: Engine) -> None:
    sandbox_id = engine.run_sandbox(host_network=True)
    assert engine.runtime.sandbox(sandbox_id).ips == engine.runtime.info().addresses


def test_sandboxes_are_found_by_all_of_the_given_labels(engine: Engine) -> None:
    one = engine.run_sandbox(labels=engine.labels | {POD_UID: "one", "app": "web"})
    other = engine.run_sandbox(labels=engine.labels | {POD_UID: "other", "app": "web"})

    def found(**labels: str) -> set[str]:
        return {status.id for status in engine.runtime.sandboxes(engine.labels | labels)}

    assert found(app="web") == {one, other}
    assert found(app="web", **{POD_UID: "one"}) == {one}
    assert found(**{POD_UID: "one"}) == {one}
    assert not found(app="db", **{POD_UID: "one"})
    assert not engine.runtime.sandboxes({NODE: "somebody-else"})


def test_an_inventory_is_all_sandboxes_and_containers(engine: Engine) -> None:
    first = engine.run_sandbox()
    engine.start("sh", "-c", "exit 3", sandbox_id=first)
    engine.start("sleep", "3600", sandbox_id=first)
    stopped = engine.run_sandbox()

    def compare() -> None:
        sandboxes, containers = engine.runtime.inventory(engine.labels)
        assert {(one.id, one.ready, one.ips) for one in sandboxes} == {
            (one.id, one.ready, one.ips) for one in engine.runtime.sandboxes(engine.labels)
        }
        assert {one.id for one in containers} == {one.id for one in engine.runtime.containers(engine.labels)}
        assert len(containers) == 2

    compare()
    engine.runtime.stop_sandbox(stopped)
    compare()


def test_a_name_is_given_once(engine: Engine) -> None:
    name = engine.name("pod")
    engine.run_sandbox(name=name)
    with pytest.raises(RuntimeFailed, match=name):
        engine.run_sandbox(name=name)


def test_a_host_port_that_is_taken_is_refused_and_leaves_nothing_behind(engine: Engine) -> None:
    mapping = PortMapping(container_port=80, host_port=18080)
    first = engine.run_sandbox(port_mappings=[mapping])
    config = engine.sandbox_config(port_mappings=[mapping])
    with pytest.raises(PortInUse):
        engine.runtime.run_sandbox(config)
    assert not engine.runtime.sandboxes(config.labels)

    engine.runtime.remove_sandbox(first)
    engine.run_sandbox(port_mappings=[mapping])


def test_one_port_number_can_be_opened_for_each_protocol_and_address(engine: Engine) -> None:
    engine.run_sandbox(port_mappings=[PortMapping(80, 18081, host_ip="127.0.0.1")])
    engine.run_sandbox(port_mappings=[PortMapping(80, 18081, host_ip="127.0.0.2")])
    engine.run_sandbox(port_mappings=[PortMapping(80, 18081, protocol="UDP")])


def test_stopping_a_sandbox_kills_what_runs_and_takes_down_its_network(engine: Engine) -> None:
    sandbox_id = engine.run_sandbox()
    container_id = engine.start("sleep", "60", sandbox_id=sandbox_id)
    engine.runtime.stop_sandbox(sandbox_id)
    status = engine.runtime.sandbox(sandbox_id)
    assert (status.ready, status.ips) == (False, ())
    assert engine.ended(container_id).exit_code == 137

    engine.runtime.stop_sandbox(sandbox_id)
    engine.runtime.stop_sandbox(GONE)


def test_removing_a_sandbox_removes_its_containers(engine: Engine) -> None:
    sandbox_id = engine.run_sandbox()
    running = engine.start("sleep", "60", sandbox_id=sandbox_id)
    created = engine.create("true", sandbox_id=sandbox_id)
    engine.runtime.remove_sandbox(sandbox_id)
    for container_id in (running, created):
        with pytest.raises(ContainerNotFound):
            engine.runtime.container(container_id)
    with pytest.raises(ContainerNotFound):
        engine.runtime.sandbox(sandbox_id)

    engine.runtime.remove_sandbox(sandbox_id)
    engine.runtime.remove_sandbox(GONE)


def test_containers_see_the_hostname_of_their_sandbox(engine: Engine) -> None:
    _, output = engine.run("hostname")
    assert output == b"web-0\n"
    _, output = engine.run("cat", "/etc/hostname")
    assert output.strip() == b"web-0"


def test_containers_of_a_sandbox_share_memory_and_others_do_not(engine: Engine) -> None:
    other = engine.run_sandbox()
    engine.run("sh", "-c", "echo shared > /dev/shm/note")
    assert engine.run("cat", "/dev/shm/note")[1] == b"shared\n"
    assert engine.run("cat", "/dev/shm/note", sandbox_id=other)[0].exit_code == 1


def test_in_a_shared_process_namespace_a_container_is_no_init(engine: Engine) -> None:
    sandbox_id = engine.run_sandbox(share_process_namespace=True)
    container_id = engine.start("sleep", "60", sandbox_id=sandbox_id)
    engine.runtime.signal_container(container_id, "SIGTERM")
    assert engine.ended(container_id).exit_code == 143


def test_a_container_with_a_target_lives_among_the_processes_of_that(engine: Engine) -> None:
    target = engine.start("sleep", "60")
    container_id = engine.start("sleep", "60", target=target)
    engine.runtime.signal_container(container_id, "SIGTERM")
    assert engine.ended(container_id).exit_code == 143
    assert engine.runtime.container(target).state is ContainerState.RUNNING


def test_the_next_attempt_of_a_container_has_the_same_network(engine: Engine) -> None:
    sandbox_id = engine.run_sandbox()
    ips = engine.runtime.sandbox(sandbox_id).ips
    for _ in range(2):
        container_id = engine.start("sleep", "60", sandbox_id=sandbox_id)
        engine.runtime.signal_container(container_id, "SIGKILL")
        assert engine.ended(container_id).state is ContainerState.EXITED
        assert engine.runtime.sandbox(sandbox_id).ips == ips


def test_no_container_is_made_in_a_sandbox_that_is_gone(engine: Engine) -> None:
    with pytest.raises(ContainerNotFound):
        engine.create("true", sandbox_id=GONE)


def test_the_engine_says_what_its_machine_is(engine: Engine) -> None:
    info = engine.runtime.info()
    assert info.name
    assert info.version
    assert info.cpus > 0
    assert info.memory > 0
    assert all(info.runtime_handlers)
    assert info.runtime_handlers
    assert all(ip_address(address) for address in info.addresses)


def test_a_port_can_be_opened_inside_and_leads_to_whoever_opened_it(engine: Engine) -> None:
    sandbox_id = engine.run_sandbox()
    if not engine.runtime.info().sandboxes_enterable:
        with pytest.raises(RuntimeFailed, match="cannot be entered"):
            engine.runtime.bind(sandbox_id, "127.0.0.10", 53)
        return
    datagrams, streams = engine.runtime.bind(sandbox_id, "127.0.0.10", 53)
    with datagrams, streams:
        streams.settimeout(10)
        with engine.runtime.connect(sandbox_id, 53, host="127.0.0.10", timeout=10) as client:
            connection, _ = streams.accept()
            with connection:
                connection.sendall(b"hello")
                assert client.recv(5) == b"hello"
        with pytest.raises(OSError, match="in use"):
            engine.runtime.bind(sandbox_id, "127.0.0.10", 53)
    other = engine.runtime.bind(sandbox_id, "127.0.0.10", 53)
    for one in other:
        one.close()


def test_nothing_can_be_opened_in_a_sandbox_that_is_not_there(engine: Engine) -> None:
    with pytest.raises((ContainerNotFound, RuntimeFailed)):
        engine.runtime.bind(GONE, "127.0.0.10", 53)
    with pytest.raises((ContainerNotFound, RuntimeFailed)):
        engine.runtime.forward(GONE, ())


def test_an_address_can_lead_elsewhere_or_nowhere(engine: Engine) -> None:
    server, client = engine.run_sandbox(), engine.run_sandbox()
    if not engine.runtime.info().addresses_translated:
        with pytest.raises(RuntimeFailed, match="no packets"):
            engine.runtime.forward(client, ())
        return
    (address,) = engine.runtime.sandbox(server).ips[:1]
    for targets in ((), ((address, 8080),), ((address, 8080), (address, 8080))):
        engine.runtime.forward(
            client, [Forward("TCP", "10.96.1.1", 80, targets), Forward("UDP", "10.96.1.1", 80, targets)]
        )
        with pytest.raises(ConnectionRefusedError):  # nobody listens yet
            engine.runtime.connect(client, 80, host="10.96.1.1", timeout=10)
    serving = "mkdir /www; echo ok >/www/index.html; exec httpd -f -p 8080 -h /www"
    engine.start("sh", "-c", serving, sandbox_id=server)
    engine.eventually(lambda: answers(engine, client))
    engine.runtime.forward(client, [Forward("TCP", "10.96.1.1", 80)])
    assert not answers(engine, client)


def answers(engine: Engine, sandbox_id: str) -> bool:
    """Whether somebody takes a connection to the address that leads elsewhere."""
    try:
        engine.runtime.connect(sandbox_id, 80, host="10.96.1.1", timeout=10).close()
    except ConnectionRefusedError:
        return False
    return True
