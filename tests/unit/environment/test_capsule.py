"""What a capsule decides before it mounts anything."""

from __future__ import annotations

from pathlib import Path

from tests.environment.capsule import mounts_below

MOUNTS = """\
sysfs /sys sysfs rw 0 0
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
selinuxfs /sys/fs/selinux selinuxfs rw 0 0
tmpfs /system tmpfs rw 0 0
"""


def test_what_lies_below_a_mount_comes_with_it() -> None:
    assert mounts_below(Path("/sys"), MOUNTS) == [Path("/sys/fs/cgroup"), Path("/sys/fs/selinux")]


def test_there_may_be_nothing_below() -> None:
    assert mounts_below(Path("/sys"), "sysfs /sys sysfs rw 0 0\n") == []
