"""What the simulated engine has made, and not removed yet."""

from __future__ import annotations

import hashlib
import itertools

from podkit.errors import ContainerNotFound, RuntimeFailed
from podkit.runtime.simulated.container import Container
from podkit.runtime.simulated.sandbox import Sandbox
from podkit.runtime.simulated.table import Table


class Inventory:
    """Sandboxes and containers, whose names are all different from each other.

    Attributes:
        sandboxes: the sandboxes.
        containers: the containers.
    """

    def __init__(self) -> None:
        self.sandboxes: Table[Sandbox] = Table()
        self.containers: Table[Container] = Table()
        self._names: set[str] = set()
        self._numbers = itertools.count(1)

    def new_id(self) -> str:
        """An id, which looks like an engine's and is the same in each run of a test."""
        return hashlib.sha256(str(next(self._numbers)).encode()).hexdigest()

    def require_free(self, name: str) -> None:
        """See that nothing has a name.

        Raises:
            RuntimeFailed: something has it.
        """
        if name in self._names:
            text = f"the name {name} is in use; remove what has it, or choose another one"
            raise RuntimeFailed(text, operation=f"create {name}", detail="name is already in use")

    def sandbox(self, sandbox_id: str) -> Sandbox:
        """A sandbox by its id.

        Raises:
            ContainerNotFound: there is none.
        """
        sandbox = self.sandboxes.get(sandbox_id)
        if sandbox is None:
            raise ContainerNotFound(f"there is no sandbox {sandbox_id[:12]}", operation="look for a sandbox")
        return sandbox

    def add_sandbox(self, sandbox: Sandbox) -> None:
        """Take in a new sandbox."""
        self._names.add(sandbox.config.name)
        self.sandboxes.add(sandbox)

    def remove_sandbox(self, sandbox: Sandbox) -> None:
        """Forget a sandbox that has no containers any more."""
        self.sandboxes.remove(sandbox)
        self._names.discard(sandbox.config.name)

    def container(self, container_id: str) -> Container:
        """A container by its id.

        Raises:
            ContainerNotFound: there is none.
        """
        container = self.containers.get(container_id)
        if container is None:
            raise ContainerNotFound(f"there is no container {container_id[:12]}", operation="look for a container")
        return container

    def add_container(self, container: Container) -> None:
        """Take in a new container, which its sandbox then has."""
        self._names.add(container.config.name)
        self.containers.add(container)
        container.sandbox.containers.append(container.id)

    def remove_container(self, container: Container) -> None:
        """Forget a container."""
        self.containers.remove(container)
        self._names.discard(container.config.name)
        container.sandbox.containers.remove(container.id)
