"""The legs on which the tests run: which Podman, which OCI runtime, who.

Without a leg it is the Podman that is here, as who we are, which is what a developer's own machine has.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tests.environment import packages
from tests.environment.environment import RUNTIME_VARIABLE
from tests.environment.errors import EnvironmentUnavailable
from tests.environment.release import own_release, programs

LEG_VARIABLE = "PODKIT_TEST_LEG"
"""Names the leg on which a process runs."""


@dataclass(frozen=True)
class Leg:
    """One way to run Podman.

    Attributes:
        name: what it is called.
        release: the Debian release whose Podman it is, by code name.
        version: the first part of the version of its Podman.
        runtime: the OCI runtime.
        rootless: whether an unprivileged user runs it.
        lacking: the capabilities (`podkit.runtime.base.RuntimeInfo.lacking`) that are known not to be there.
    """

    name: str
    release: str
    version: str
    runtime: str
    rootless: bool = False
    lacking: frozenset[str] = frozenset()


_WITHOUT_ROOT = frozenset({"limits_enforced", "pods_reachable", "stats_available", "sized_memory", "user_namespaces"})
"""What a user cannot have where the cgroup controllers are on hierarchies of version 1, as here; on version 2 it is less."""
LEGS = {
    leg.name: leg
    for leg in (
        Leg("rootful-4", "bookworm", "4", "runc", lacking=frozenset({"user_namespaces"})),
        Leg("rootful-5", "forky", "5", "crun"),
        # what most users have: theirs is rarely an old one
        Leg("rootless", "forky", "5", "crun", rootless=True, lacking=_WITHOUT_ROOT),
    )
}


def variables(leg: Leg) -> Mapping[str, str]:
    """What is to be in the environment of a process that shall have the Podman of a leg.

    Raises:
        EnvironmentUnavailable: this machine, or this user, cannot have it.
    """
    if os.geteuid() != 0:
        raise EnvironmentUnavailable(f"only root can make the leg {leg.name}: be root, or run the tests without --leg")
    # also the machine's own: some of what is beside Podman is not fetched with another one
    packages.ensure_installed(packages.PROGRAMS | packages.ROOTLESS_PROGRAMS if leg.rootless else packages.PROGRAMS)
    found = {RUNTIME_VARIABLE: leg.runtime, LEG_VARIABLE: leg.name}
    if leg.release != own_release():
        found["PATH"] = f"{programs(leg.release)}:{os.environ.get('PATH', os.defpath)}"
    return found
