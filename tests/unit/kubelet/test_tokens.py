"""Service account tokens: what they say, and when they are renewed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from podkit.kubelet.tokens import TokenIssuer
from podkit.loop.clock import VirtualClock
from podkit.model import (
    ConfigMapProjection,
    Container,
    Pod,
    ProjectedVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeMount,
    VolumeProjection,
)
from tests.unit.kubelet.builders import NOW, pod
from tests.unit.kubelet.world import World, is_running, main

TOKEN = ServiceAccountTokenProjection(path="token", expiration_seconds=1000)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def issuer(clock: VirtualClock) -> TokenIssuer:
    return TokenIssuer("node-1", clock)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.kubelet.stop()
    world.kubelet.evict_all(grace=0)  # tokens lie in memory, which is mounted


def claims(token: bytes) -> dict[str, Any]:
    header, content, signature = token.decode().split(".")
    assert json.loads(_bytes(header)) == {"alg": "HS256", "typ": "JWT"}
    assert len(_bytes(signature)) == 32
    return json.loads(_bytes(content))


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_token_says_whose_it_is_for_whom_and_until_when(issuer: TokenIssuer) -> None:
    web = pod(service_account_name="robot")
    said = claims(issuer.token(web, ServiceAccountTokenProjection(path="t", audience="vault", expiration_seconds=600)))
    assert (said["sub"], said["aud"]) == ("system:serviceaccount:default:robot", ["vault"])
    assert (said["iat"], said["exp"]) == (int(NOW.timestamp()), int(NOW.timestamp()) + 600)
    assert said["kubernetes.io"]["pod"] == {"name": "web", "uid": "u-1"}
    assert said["kubernetes.io"]["node"] == {"name": "node-1"}


def test_without_an_audience_it_is_for_who_issues_it(issuer: TokenIssuer) -> None:
    said = claims(issuer.token(pod(), TOKEN))
    assert said["aud"] == [said["iss"]]


def test_it_stays_the_same_until_four_fifths_of_its_time_are_over(issuer: TokenIssuer, clock: VirtualClock) -> None:
    first = issuer.token(pod(), TOKEN)
    clock.advance(799)
    assert issuer.token(pod(), TOKEN) == first
    clock.advance(1)
    assert issuer.token(pod(), TOKEN) != first


def test_it_is_renewed_once_a_day_at_the_latest(issuer: TokenIssuer) -> None:
    issuer.token(pod(), ServiceAccountTokenProjection(path="t", expiration_seconds=10**7))
    renew_at = issuer.renew_at("u-1")
    assert renew_at is not None
    assert (renew_at - NOW).days == 1


def test_nobody_can_guess_it(issuer: TokenIssuer, clock: VirtualClock) -> None:
    signatures = {one.token(pod(), TOKEN).rpartition(b".")[2] for one in (issuer, TokenIssuer("node-1", clock))}
    assert len(signatures) == 2


def test_a_pod_that_has_gone_is_forgotten(issuer: TokenIssuer) -> None:
    first = issuer.token(pod(), TOKEN)
    issuer.forget("u-1")
    assert issuer.renew_at("u-1") is None
    assert issuer.token(pod(), TOKEN) != first


def projected(*sources: VolumeProjection) -> list[Volume]:
    return [Volume("identity", projected=ProjectedVolumeSource(sources=list(sources)))]


def reader(**fields: Any) -> Container:
    return main(volume_mounts=[VolumeMount("identity", "/identity")], **fields)


def test_what_a_container_finds_is_renewed_while_it_runs(world: World) -> None:
    world.create(reader(), volumes=projected(VolumeProjection(service_account_token=TOKEN)))
    world.until(is_running)
    [file] = world.root.rglob("..data/token")
    first = file.read_text()
    world.pass_time(790)
    assert file.read_text() == first
    world.pass_time(20)
    assert file.read_text() != first
    second = file.read_text()
    world.pass_time(810)
    assert file.read_text() != second


def test_a_kubelet_that_comes_back_issues_a_new_one(world: World) -> None:
    world.create(reader(), volumes=projected(VolumeProjection(service_account_token=TOKEN)))
    world.until(is_running)
    [file] = world.root.rglob("..data/token")
    first = file.read_text()
    world.kubelet.stop()
    world.kubelet = world.new_kubelet()
    world.pass_time(1)
    assert file.read_text() != first


def test_a_volume_that_is_never_complete_keeps_nobody_busy(world: World) -> None:
    missing = VolumeProjection(config_map=ConfigMapProjection(name="missing"))
    world.create(reader(), volumes=projected(VolumeProjection(service_account_token=TOKEN), missing))
    world.pass_time(1000)
    assert world.store.get(Pod, "web").status.phase == "Pending"
