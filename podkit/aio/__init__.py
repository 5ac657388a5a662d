"""The verbs of `podkit.Cluster` for programs that live on an event loop: FastAPI, Jupyter, anything with asyncio.

`podkit.aio.Cluster` is a face, not an engine: behind it is a `podkit.Cluster`, whose verbs are called in threads. A verb that is
called is awaited, what streams is an async iterator, what has to be closed is an async context manager. Nothing of it blocks the
loop. Waiting (`wait`, `run`, `delete`, `drain`, a rollout's `wait`, `watch`, the next line of a log) costs no thread: the loop
itself waits, so that hundreds of waits can go on at once.

Cancelling what is awaited, by `Task.cancel` or ``asyncio.timeout``, ends what goes on below: a command is killed, a
connection is closed. What is short and cannot be broken off, such as a request to Podman, is let end first, for a second
at the most.
"""

from podkit.aio.cluster import Cluster
from podkit.aio.opening import Opening
from podkit.aio.port_forward import PortForward
from podkit.aio.rollout import Rollout
from podkit.aio.session import Session
from podkit.aio.streams import LogStream, Watch
from podkit.aio.subscription import Subscription

__all__ = ["Cluster", "LogStream", "Opening", "PortForward", "Rollout", "Session", "Subscription", "Watch"]
