"""Who has written more to the disk than it may, and with which words it is told."""

from __future__ import annotations

import pytest

from podkit.kubelet.eviction.local_storage import StorageUsage, exceeded, limited_volumes, limits_storage
from podkit.model import EmptyDirVolumeSource, Pod, ResourceRequirements, Volume
from podkit.model.quantity import Quantity
from tests.unit.kubelet.builders import container, pod

MEBIBYTE = 1 << 20


def limited(name: str, limit: str):
    return container(name, resources=ResourceRequirements(limits={"ephemeral-storage": limit}))


def with_volume(**source) -> Pod:
    return pod(volumes=[Volume("scratch", empty_dir=EmptyDirVolumeSource(**source))])


@pytest.mark.parametrize(
    ("used", "message"),
    [
        (MEBIBYTE, None),
        (MEBIBYTE + 1, 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". '),
    ],
)
def test_an_empty_dir_may_be_full_but_no_more(used: int, message: str | None) -> None:
    assert exceeded(with_volume(size_limit="1024Ki"), StorageUsage(volumes={"scratch": used})) == message


def test_an_empty_dir_in_memory_has_a_limit_too() -> None:
    assert limited_volumes(with_volume(size_limit="1Mi", medium="Memory")) == {"scratch": Quantity("1Mi")}


@pytest.mark.parametrize("source", [{}, {"size_limit": "0"}])
def test_these_empty_dirs_have_no_limit(source: dict[str, str]) -> None:
    assert limited_volumes(with_volume(**source)) == {}


def test_a_container_has_its_own_limit() -> None:
    two = pod(limited("small", "1Mi"), limited("large", "10Mi"))
    usage = StorageUsage({"small": MEBIBYTE + 1, "large": 5 * MEBIBYTE})
    assert exceeded(two, usage) == 'Container small exceeded its local ephemeral storage limit "1Mi". '
    assert exceeded(two, StorageUsage({"small": MEBIBYTE, "large": 5 * MEBIBYTE})) is None


def test_the_limits_of_all_containers_hold_for_all_that_the_pod_has_written() -> None:
    usage = StorageUsage({"a": MEBIBYTE // 2, "b": MEBIBYTE // 2}, directory=MEBIBYTE + 1)
    message = "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. "
    assert exceeded(pod(limited("a", "1Mi"), limited("b", "1Mi")), usage) == message


def test_an_init_container_that_may_write_more_raises_the_limit_of_the_pod() -> None:
    usage = StorageUsage({"main": 100}, directory=3 * MEBIBYTE)
    assert exceeded(pod(limited("main", "1Mi"), init=[limited("first", "5Mi")]), usage) is None


def test_without_limits_nothing_is_too_much() -> None:
    greedy = pod()
    assert not limits_storage(greedy)
    assert exceeded(greedy, StorageUsage({"main": 1 << 40}, directory=1 << 40)) is None
