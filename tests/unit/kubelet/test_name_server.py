"""The name server: messages, and what is asked and answered by real sockets of this machine's loopback network."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from directories import ObjectDirectory

from podkit.kubelet.network import server as server_module
from podkit.kubelet.network import upstream as upstream_module
from podkit.kubelet.network.answering import Later, answer
from podkit.kubelet.network.message import (
    AAAA,
    ANY,
    CNAME,
    NO_SUCH_NAME,
    NOT_IMPLEMENTED,
    PTR,
    SERVER_FAILURE,
    SRV,
    A,
    MalformedMessage,
    address_record,
    read_query,
    respond,
    write_name,
)
from podkit.kubelet.network.server import NameServer
from podkit.kubelet.network.upstream import Upstream, read_message, write_message
from podkit.kubelet.network.zone import Zone
from tests.unit.kubelet.test_service_names import DOMAIN, service, web

TRUNCATED = 0x0200
PATIENCE = 10.0


def question(name: str, kind: int = A, *, flags: int = 0x0100, extended: int = 0) -> bytes:
    extra = b"\0" + struct.pack("!HHIH", 41, extended, 0, 0) if extended else b""
    header = struct.pack("!6H", 4711, flags, 1, 0, 0, 1 if extended else 0)
    return header + write_name(name) + struct.pack("!2H", kind, 1) + extra


def read_answer(message: bytes) -> tuple[int, int, list[tuple[int, bytes]]]:
    """The response code, the flags, and type and data of the records of an answer, none of whose names is compressed in part."""
    _, flags, _, answers, _, _ = struct.unpack_from("!6H", message)
    position = _after_name(message, 12) + 4
    records = []
    for _ in range(answers):
        position = _after_name(message, position)
        kind, _, _, length = struct.unpack_from("!HHIH", message, position)
        records.append((kind, message[position + 10 : position + 10 + length]))
        position += 10 + length
    return flags & 0xF, flags, records


def _after_name(message: bytes, position: int) -> int:
    while message[position]:
        if message[position] >= 0xC0:
            return position + 2
        position += message[position] + 1
    return position + 1


PODS = [web("one", "10.89.0.2"), web("two", "10.89.0.3")]
OUT = service("out", type="ExternalName", external_name="far.example", cluster_ip=None)
ZONE = Zone(ObjectDirectory([service(), OUT, *PODS]), translated=True)


def answered(name: str, kind: int = A, **fields: int) -> tuple[int, list[tuple[int, bytes]]]:
    query = read_query(question(name, kind, **fields))
    found = answer(query, ZONE, lambda *_: ["192.0.2.7"], query.limit)
    message = found.make(query.limit) if isinstance(found, Later) else found
    assert message is not None
    assert message[:2] == struct.pack("!H", 4711)
    code, _, records = read_answer(message)
    return code, sorted(records)


def test_addresses_are_answered() -> None:
    expected = [(A, bytes([10, 89, 0, 2])), (A, bytes([10, 89, 0, 3]))]
    assert answered(f"web.shop.{DOMAIN}") == (0, expected)
    assert answered(f"WEB.Shop.{DOMAIN}.") == (0, expected)
    assert answered(f"web.shop.{DOMAIN}", extended=1232) == (0, expected)


def test_a_name_without_records_of_a_type_is_no_error() -> None:
    assert answered(f"web.shop.{DOMAIN}", AAAA) == (0, [])


def test_a_name_that_is_not_there_is_told() -> None:
    assert answered(f"api.shop.{DOMAIN}") == (NO_SUCH_NAME, [])


def test_ports_and_names_are_answered() -> None:
    code, records = answered(f"web.shop.{DOMAIN}", SRV)
    assert (code, [kind for kind, _ in records]) == (0, [SRV, SRV])
    assert answered("2.0.89.10.in-addr.arpa", PTR) == (0, [(PTR, write_name(f"10-89-0-2.web.shop.{DOMAIN}"))])


def test_an_alias_comes_with_the_addresses_of_its_target() -> None:
    alias = (CNAME, write_name("far.example"))
    assert answered(f"out.shop.{DOMAIN}") == (0, [(A, bytes([192, 0, 2, 7])), alias])
    assert answered(f"out.shop.{DOMAIN}", CNAME) == (0, [alias])
    assert answered(f"out.shop.{DOMAIN}", ANY) == (0, [alias])


def test_what_is_no_question_is_not_implemented() -> None:
    assert answered(f"web.shop.{DOMAIN}", flags=0x2800) == (NOT_IMPLEMENTED, [])


def test_what_does_not_fit_into_a_datagram_is_left_out() -> None:
    query = read_query(question(f"web.shop.{DOMAIN}"))
    records = [address_record(f"10.89.1.{number}") for number in range(100)]
    short = respond(query, records, limit=query.limit)
    _, flags, found = read_answer(short)
    assert len(short) <= 512
    assert flags & TRUNCATED
    assert 20 < len(found) < 100
    _, flags, found = read_answer(respond(query, records))
    assert not flags & TRUNCATED
    assert len(found) == 100


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 11,
        b"\0" * 12,
        question("web")[:-3],
        question("web", flags=0x8180),
        question("web")[:14],
        b"\xff" * 40,
    ],
)
def test_what_cannot_be_read_is_refused(message: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_query(message)


def sockets(address: str = "127.0.0.1", port: int = 0) -> tuple[socket.socket, socket.socket]:
    streams = socket.socket()
    streams.bind((address, port))
    streams.listen()
    datagrams = socket.socket(type=socket.SOCK_DGRAM)
    datagrams.bind(streams.getsockname())
    return datagrams, streams


@contextmanager
def serving(settings: str = "") -> Iterator[tuple[str, int]]:
    """A name server that runs; where it is."""
    server = NameServer(ZONE, Upstream(lambda: settings))
    try:
        datagrams, streams = sockets()
        server.add(datagrams, streams)
        yield streams.getsockname()
    finally:
        server.close()


def ask(at: tuple[str, int], message: bytes) -> bytes:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.connect(at)
        client.send(message)
        return client.recv(4096)


def ask_by_stream(at: tuple[str, int], *messages: bytes) -> list[bytes]:
    with socket.create_connection(at, PATIENCE) as client:
        found = []
        for message in messages:
            write_message(client, message)
            found.append(read_message(client))
        return found


@contextmanager
def machine_server(monkeypatch: pytest.MonkeyPatch, reply: Callable[[bytes], bytes | None]) -> Iterator[str]:
    """A name server of the machine; yields the resolver file that names it."""
    datagrams, streams = sockets()
    monkeypatch.setattr(upstream_module, "PORT", streams.getsockname()[1])

    def serve() -> None:
        while (message := datagrams.recvfrom(4096)) and message[0] != b"end":
            if (found := reply(message[0])) is not None:
                datagrams.sendto(found, message[1])

    def serve_streams() -> None:
        while True:
            connection, _ = streams.accept()
            with connection:
                message = read_message(connection)
                if message == b"end":
                    return
                write_message(connection, reply(message) or b"")

    threads = [threading.Thread(target=work) for work in (serve, serve_streams)]
    for thread in threads:
        thread.start()
    try:
        yield "nameserver 127.0.0.1\n"
    finally:
        with socket.socket(type=socket.SOCK_DGRAM) as client, socket.create_connection(streams.getsockname()) as other:
            client.sendto(b"end", datagrams.getsockname())
            write_message(other, b"end")
        for thread in threads:
            thread.join()
        datagrams.close()
        streams.close()


def test_the_server_answers_datagrams_and_streams() -> None:
    with serving() as at:
        ask_by_stream(at, question("web"))
        by_datagram = ask(at, question(f"web.shop.{DOMAIN}"))
        by_stream = ask_by_stream(at, question(f"web.shop.{DOMAIN}"), question(f"api.shop.{DOMAIN}"))
    assert sorted(read_answer(by_datagram)[2]) == sorted(read_answer(by_stream[0])[2])
    assert len(read_answer(by_datagram)[2]) == 2
    assert read_answer(by_stream[1])[0] == NO_SUCH_NAME


def test_other_names_are_asked_from_the_machines_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def reply(message: bytes) -> bytes:
        return respond(read_query(message), [address_record("192.0.2.1")])

    with machine_server(monkeypatch, reply) as settings, serving(settings) as at:
        found = [ask(at, question("example.org")), *ask_by_stream(at, question("example.org"))]
    assert [read_answer(message)[2] for message in found] == [[(A, bytes([192, 0, 2, 1]))]] * 2


def test_without_a_server_of_the_machine_other_names_fail_at_once() -> None:
    with serving() as at:
        assert read_answer(ask(at, question("example.org")))[0] == SERVER_FAILURE
        assert read_answer(*ask_by_stream(at, question("example.org")))[0] == SERVER_FAILURE


def test_a_server_that_is_silent_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "PATIENCE", 0.2)
    silent = machine_server(monkeypatch, lambda _: None)
    with silent as settings, serving(settings) as at, socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.connect(at)
        client.send(question("example.org"))
        assert len(read_answer(ask(at, question(f"web.shop.{DOMAIN}")))[2]) == 2
        assert read_answer(client.recv(512))[0] == SERVER_FAILURE


def test_nonsense_does_not_end_the_server() -> None:
    with serving() as at:
        with socket.socket(type=socket.SOCK_DGRAM) as client, socket.create_connection(at) as stream:
            client.sendto(b"nonsense", at)
            stream.sendall(b"\0\3abc")
        assert len(read_answer(ask(at, question(f"web.shop.{DOMAIN}")))[2]) == 2


def test_a_pod_that_goes_takes_its_sockets_away() -> None:
    server = NameServer(ZONE, Upstream(lambda: ""))
    gone, stays = sockets(), sockets()
    server.add(*gone)
    server.add(*stays)
    at = stays[1].getsockname()
    server.remove(*gone)
    assert all(one.fileno() == -1 for one in gone)
    assert len(read_answer(ask(at, question(f"web.shop.{DOMAIN}")))[2]) == 2
    server.close()
    server.close()
    assert all(one.fileno() == -1 for one in stays)
    late = sockets()
    server.add(*late)
    assert all(one.fileno() == -1 for one in late)
