"""A Podman of our own to test against, set up and taken down with nothing left behind.

The library knows nothing of this package: what is set up here reaches it the way a user's Podman does, through the environment
variables that every Podman reads (``CONTAINERS_CONF`` and its kin). Storage, configuration, networks, images and a registry live
in one directory of the run; as root, they also live in namespaces of the run (see `tests.environment.capsule`), so that the
machine's own Podman, its networks and its firewall never hear of the tests.

Use it from a shell (``python -m tests.environment -- COMMAND``), or from tests by the fixture ``podman_environment``.
Only the standard library is imported here: the demo and ``make test`` run this before anything is installed.
"""

from tests.environment.environment import Environment, prepared

__all__ = ["Environment", "prepared"]
