"""What control groups say, and what is written to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from podkit.errors import RuntimeFailed
from podkit.runtime.base import Resources
from podkit.runtime.podman import cgroup


def process(root: Path, *lines: str) -> Path:
    (root / "proc" / "7").mkdir(parents=True)
    (root / "proc" / "7" / "cgroup").write_text("\n".join(lines) + "\n")
    return root / "proc"


def group(root: Path, path: str, **files: str) -> Path:
    directory = root / "cgroup" / path
    directory.mkdir(parents=True)
    for name, content in files.items():
        (directory / name.replace("__", ".")).write_text(content)
    return directory


def test_the_counter_of_version_1_is_in_the_hierarchy_of_memory(tmp_path: Path) -> None:
    proc = process(tmp_path, "9:memory:/parent/pod/one", "8:cpu:/elsewhere", "0::/")
    directory = group(tmp_path, "memory/parent/pod/one", memory__oom_control="under_oom 0\noom_kill 1\n")
    counter = cgroup.oom_counter(7, proc, tmp_path / "cgroup")
    assert counter == directory / "memory.oom_control"
    assert cgroup.has_killed(counter)


@pytest.mark.parametrize(("killed", "expected"), [(0, False), (3, True)])
def test_the_counter_of_version_2_is_in_the_only_hierarchy(tmp_path: Path, killed: int, expected: bool) -> None:
    proc = process(tmp_path, "0::/user.slice/one")
    group(tmp_path, "user.slice/one", memory__events=f"low 0\noom 2\noom_kill {killed}\noom_group_kill 0\n")
    counter = cgroup.oom_counter(7, proc, tmp_path / "cgroup")
    assert counter is not None
    assert cgroup.has_killed(counter) is expected


def test_a_process_or_group_that_is_gone_has_no_counter(tmp_path: Path) -> None:
    assert cgroup.oom_counter(8, tmp_path, tmp_path) is None
    proc = process(tmp_path, "0::/../../elsewhere")
    assert cgroup.oom_counter(7, proc, tmp_path / "cgroup") is None
    assert not cgroup.has_killed(tmp_path / "memory.events")


def test_limits_of_version_2(tmp_path: Path) -> None:
    directory = group(tmp_path, "pod", memory__max="max", cpu__max="max 100000", cpu__weight="100")
    (tmp_path / "cgroup" / "cgroup.controllers").write_text("cpu memory")
    limits = Resources(cpu_period=100_000, cpu_quota=50_000, cpu_shares=1024, memory_limit=64 << 20)
    cgroup.resize("/pod", limits, "resize", tmp_path / "cgroup")
    found = [(directory / name).read_text() for name in ("memory.max", "cpu.max", "cpu.weight")]
    assert found == [str(64 << 20), "50000 100000", "39"]


def test_a_limit_that_the_kernel_refuses_is_an_error_that_says_where(tmp_path: Path) -> None:
    with pytest.raises(RuntimeFailed, match=r"could not resize: could not write 1024 to .*/cpu\.shares"):
        cgroup.resize("/pod", Resources(cpu_shares=1024), "resize", tmp_path)


def test_all_processes_of_a_container_are_killed_together_where_the_kernel_can(tmp_path: Path) -> None:
    cgroup.kill_together(tmp_path / "memory.oom_control")
    assert not (tmp_path / "memory.oom.group").exists()
    cgroup.kill_together(tmp_path / "memory.events")
    assert (tmp_path / "memory.oom.group").read_text() == "1"


def test_who_may_not_have_them_killed_together_goes_on(tmp_path: Path) -> None:
    cgroup.kill_together(tmp_path / "gone" / "memory.events")
