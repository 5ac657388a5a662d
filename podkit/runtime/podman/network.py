"""The bridge network on which sandboxes have their addresses.

One network named ``podkit`` serves all processes that use podkit on one Podman. It is made when the first sandbox needs it and
removed by whoever closes last. Both race with other processes, and no lock spans them, so every step is made to be repeated:
"exists already" is success, "still in use" ends a removal, and whoever finds the network missing makes it and tries again.
A network of this name that does not carry podkit's label belongs to a person; it is used, and never removed.
"""

from __future__ import annotations

from attrs import evolve

from podkit.errors import RuntimeFailed, RuntimeUnavailable
from podkit.runtime.podman.client import Client, get, post
from podkit.runtime.podman.errors import name_is_taken

NAME = "podkit"
LABEL = "io.podkit.network"


def ensure(client: Client, name: str = NAME) -> None:
    """Make the network unless it is there."""
    body = {"name": name, "driver": "bridge", "dns_enabled": False, "labels": {LABEL: "true"}}
    try:
        client.send(post("networks/create", f"create network {name}", json=body))
    except RuntimeFailed as error:
        if not name_is_taken(error):
            raise


def remove_if_unused(client: Client, name: str = NAME) -> None:
    """Remove the network if it is podkit's and no pod uses it. Trouble is left to whoever comes next."""
    operation = f"remove network {name}"
    try:
        found = client.send(evolve(get(f"networks/{name}/json", operation), accept=frozenset({404})))
        if found.status == 200 and (found.json().get("labels") or {}).get(LABEL) == "true":
            request = post(f"networks/{name}", operation)
            client.send(evolve(request, method="DELETE", accept=frozenset({404, 409, 500})))
    except (RuntimeFailed, RuntimeUnavailable):
        return
