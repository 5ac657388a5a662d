"""Which users of the machine the containers of a Pod are that has a user namespace of its own (``hostUsers: false``).

Each such Pod has 65536 of them to itself. They lie where no account and no range of ``/etc/subuid`` usually is, from 2^30 on. Where
in there depends on the Pod's uid, so that it is nearly always the same; a range that another sandbox of the engine has is
passed over. The sandbox's label keeps which one it is.

`pkg/kubelet/userns`, which hands out the ranges from a table on the disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from podkit.runtime.base import NAMESPACE_SIZE

FIRST = 1 << 30
COUNT = FIRST // NAMESPACE_SIZE


def choose(uid: str, taken: Collection[int]) -> int:
    """The first user of the machine that belongs to a Pod.

    Args:
        uid: the Pod's uid.
        taken: those of other Pods.
    """
    start = int.from_bytes(hashlib.sha256(uid.encode()).digest()[:4]) % COUNT
    ranges = (FIRST + (start + step) % COUNT * NAMESPACE_SIZE for step in range(COUNT))
    return next((first for first in ranges if first not in taken), FIRST + start * NAMESPACE_SIZE)
