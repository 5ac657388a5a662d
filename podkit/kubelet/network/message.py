"""DNS messages (RFC 1035), as far as a server of addresses needs them. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import ip_address

from attrs import frozen

A, NS, CNAME, SOA, PTR, AAAA, SRV, OPT, ANY = 1, 2, 5, 6, 12, 28, 33, 41, 255
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME, NOT_IMPLEMENTED = 0, 2, 3, 4
_IN = 1
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
_OPCODE = 0x7800
_HEADER = struct.Struct("!6H")
_TO_QUESTION = b"\xc0\x0c"
"""Instead of a name: "the name that was asked for"."""
_LONGEST_DATAGRAM = 512
_LARGEST_DATAGRAM = 4096


class MalformedMessage(ValueError):
    """It is no question that could be answered."""


@frozen
class Query:
    """A question.

    Attributes:
        id: its number.
        flags: its header's flags.
        name: the name that is asked for, in lower case, without a dot at the end.
        type: the type of record.
        question: the bytes of the question.
        limit: bytes of the longest datagram that the client takes.
        extended: whether the client has told that limit, and wants to be told ours.
    """

    id: int
    flags: int
    name: str
    type: int
    question: bytes
    limit: int = _LONGEST_DATAGRAM
    extended: bool = False

    @property
    def ordinary(self) -> bool:
        """Whether it is a plain question, and no other operation."""
        return not self.flags & _OPCODE


@frozen
class Record:
    """A resource record.

    Attributes:
        name: whose it is; empty: the name that was asked for.
        type: its type.
        data: its content.
    """

    name: str
    type: int
    data: bytes


def read_query(message: bytes) -> Query:
    """Read a question.

    Raises:
        MalformedMessage: it is none.
    """
    if len(message) < _HEADER.size:
        raise MalformedMessage("shorter than a header")
    number, flags, questions, answers, authorities, additional = _HEADER.unpack_from(message)
    if flags & _RESPONSE or questions != 1:
        raise MalformedMessage("not one question")
    name, end = _read_name(message, _HEADER.size)
    if len(message) < end + 4:
        raise MalformedMessage("the question ends too early")
    kind, _ = struct.unpack_from("!2H", message, end)
    limit, extended = _LONGEST_DATAGRAM, False
    rest = message[end + 4 :]
    if additional and not answers and not authorities and len(rest) >= 11 and rest[:3] == b"\0\0" + bytes([OPT]):
        limit, extended = min(max(struct.unpack_from("!H", rest, 3)[0], limit), _LARGEST_DATAGRAM), True
    return Query(number, flags, name, kind, message[_HEADER.size : end + 4], limit, extended)


def _read_name(message: bytes, position: int) -> tuple[str, int]:
    """An uncompressed name, as questions have, and where it ends."""
    labels: list[str] = []
    while position < len(message):
        length = message[position]
        position += 1
        if length == 0:
            return ".".join(labels), position
        if length > 63:
            break
        labels.append(message[position : position + length].decode("latin-1").lower())
        position += length
    raise MalformedMessage("the name does not end")


def respond(
    query: Query,
    answers: Sequence[Record] = (),
    *,
    code: int = NO_ERROR,
    authority: Sequence[Record] = (),
    ttl: int = 5,
    limit: int | None = None,
) -> bytes:
    """The answer to a question.

    Args:
        query: the question.
        answers: what is answered.
        code: the response code.
        authority: what the answer is based on.
        ttl: for how many seconds it may be kept.
        limit: bytes that it may have at the most; what does not fit is left out, and the client told to ask by TCP.
    """
    flags = _RESPONSE | _AUTHORITATIVE | _RECURSION_AVAILABLE | (query.flags & (_RECURSION_DESIRED | _OPCODE)) | code
    extra = [b"\0" + struct.pack("!HHIH", OPT, _LARGEST_DATAGRAM, 0, 0)] if query.extended else []
    encoded = [_encode(record, ttl) for record in answers]
    grounds = [_encode(record, ttl) for record in authority]
    room = (limit or 0xFFFF) - _HEADER.size - len(query.question) - sum(map(len, [*grounds, *extra]))
    while sum(map(len, encoded)) > room:
        encoded.pop()
        flags |= _TRUNCATED
    header = _HEADER.pack(query.id, flags, 1, len(encoded), len(grounds), len(extra))
    return header + query.question + b"".join([*encoded, *grounds, *extra])


def _encode(record: Record, ttl: int) -> bytes:
    name = write_name(record.name) if record.name else _TO_QUESTION
    return name + struct.pack("!HHIH", record.type, _IN, ttl, len(record.data)) + record.data


def write_name(name: str) -> bytes:
    """A name in a message."""
    labels = [label.encode("latin-1")[:63] for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def address_record(address: str, name: str = "") -> Record:
    """The record of an address."""
    parsed = ip_address(address)
    return Record(name, A if parsed.version == 4 else AAAA, parsed.packed)


def service_record(port: int, target: str, weight: int) -> Record:
    """The record of a port of a host."""
    return Record("", SRV, struct.pack("!3H", 0, weight, port) + write_name(target))


def authority_record(zone: str) -> Record:
    """The record that says who is responsible for a zone; what is not there may be remembered for as long as what is."""
    names = write_name(f"ns.dns.{zone}") + write_name(f"hostmaster.{zone}")
    return Record(zone, SOA, names + struct.pack("!5I", 1, 7200, 1800, 86400, 5))
