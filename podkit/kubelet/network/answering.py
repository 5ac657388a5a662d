"""Answers questions about names of the cluster. Pure, but for names outside that names of the cluster are aliases of."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Sequence
from typing import TypeAlias

from podkit.kubelet.files import CLUSTER_DOMAIN
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
    Query,
    Record,
    address_record,
    authority_record,
    respond,
    service_record,
    write_name,
)
from podkit.kubelet.network.zone import Meaning, Unknown, Zone

Resolve: TypeAlias = Callable[[str, socket.AddressFamily], Sequence[str]]
"""The addresses of a name outside the cluster."""

_FAMILIES = {A: socket.AF_INET, AAAA: socket.AF_INET6}


class Later:
    """An answer that takes its time: it has to be asked for outside, by calling `make`.

    Args:
        query: the question.
        target: the name of which the name that was asked for is an alias.
        resolve: finds the addresses of that.
    """

    def __init__(self, query: Query, target: str, resolve: Resolve) -> None:
        self._query = query
        self._target = target
        self._resolve = resolve

    def make(self, limit: int | None) -> bytes:
        """The answer, of at most so many bytes."""
        addresses = self._resolve(self._target, _FAMILIES[self._query.type])
        records = [address_record(address, self._target) for address in addresses]
        return respond(self._query, [_alias(self._target), *records], limit=limit)


def answer(query: Query, zone: Zone, resolve: Resolve, limit: int | None) -> bytes | Later | None:
    """The answer to a question; None if it is not about a name of the cluster.

    Args:
        query: the question.
        zone: the names.
        resolve: finds the addresses of names outside.
        limit: bytes that the answer may have at the most; None: no limit.
    """
    if not query.ordinary:
        return respond(query, code=NOT_IMPLEMENTED)
    found = zone.look_up(query.name)
    if found is None:
        return None
    soa = [authority_record(CLUSTER_DOMAIN)]
    if isinstance(found, Unknown):
        return respond(query, code=NO_SUCH_NAME, authority=soa, limit=limit)
    if found.alias and not found.addresses and query.type in _FAMILIES:
        return Later(query, found.alias, resolve)
    records = _records(query, found)
    return respond(query, records, authority=[] if records else soa, limit=limit)


def fail(query: Query) -> bytes:
    """Says that nobody can answer."""
    return respond(query, code=SERVER_FAILURE)


def _records(query: Query, found: Meaning) -> list[Record]:
    """The records of the type that is asked for; their order differs each time, so that clients that take the first spread out."""
    records = [address_record(address, found.alias) for address in found.addresses]
    records += [service_record(port, host, max(1, 100 // len(found.hosts))) for port, host in found.hosts]
    records += [Record("", PTR, write_name(name)) for name in found.names]
    records = [record for record in records if query.type in (record.type, ANY)]
    random.shuffle(records)
    wants_alias = query.type in (A, AAAA, CNAME, SRV, ANY)
    return [_alias(found.alias), *records] if found.alias and wants_alias else records


def _alias(target: str) -> Record:
    return Record("", CNAME, write_name(target))
