"""A kubelet of its own on real Podman, and short ways to see what becomes of its Pods."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from podkit.errors import NotFound
from podkit.kubelet import Kubelet, sandbox_starter, starter
from podkit.model import Container, ContainerState, ContainerStateWaiting, ContainerStatus, Event, Pod
from podkit.runtime.podman import PodmanRuntime
from podkit.store.memory import MemoryStore
from tests.environment import Environment

IMAGE = "localhost/busybox:latest"
PATIENCE = 90.0
_numbers = itertools.count(1)


def shell(script: str, name: str = "main", **fields: Any) -> Container:
    """A container that runs a shell script."""
    return Container(name, image=IMAGE, command=["sh", "-c", script], **fields)


SLEEPS = shell("exec sleep 3600")


class Node:
    """A node: its store, its runtime and its kubelet, which runs in threads.

    Args:
        environment: the Podman below it.
        root: the node's directory.
        **options: further arguments of the kubelet.
    """

    def __init__(self, environment: Environment, root: Path, **options: Any) -> None:
        self._environment = environment
        self._root = root
        self._options = options
        self.store = MemoryStore()
        self.runtime = PodmanRuntime()
        self.kubelet = self._started()

    def _started(self) -> Kubelet:
        kubelet = Kubelet("node-1", self.runtime, self.store, root_dir=self._root, **self._options)
        kubelet.register()
        kubelet.start()
        return kubelet

    def close(self) -> None:
        """End it, and everything that it has made."""
        self.kubelet.stop()
        self.kubelet.evict_all(0)
        self.runtime.close()
        self.store.close()

    def restart_kubelet(self, *, between: Callable[[], object] = lambda: None) -> None:
        """Stop the kubelet and start another one over the same store and directory.

        Args:
            between: what happens while there is none.
        """
        self.kubelet.stop()
        between()
        self.kubelet = self._started()

    def kill_service(self) -> None:
        """Kill the Podman service that the runtime has started."""
        process = self.runtime._client.service._run._process
        process.kill()
        process.wait()

    # --- Pods

    def create(self, *containers: Container, **spec: Any) -> Pod:
        """A Pod that is bound to this node."""
        spec.setdefault("termination_grace_period_seconds", 1)
        return self.store.create(
            Pod.new(f"pod-{next(_numbers)}", containers=containers or [SLEEPS], node_name="node-1", **spec)
        )

    def running(self, *containers: Container, **spec: Any) -> Pod:
        """A Pod whose containers all run."""
        return self.wait(self.create(*containers, **spec), runs)

    def wait(self, pod: Pod, until: Callable[[Pod], object]) -> Pod:
        """Wait until a Pod has come to a state; return it as it is then."""
        deadline = time.monotonic() + PATIENCE
        while not until(now := self.get(pod)):
            assert time.monotonic() < deadline, f"it did not happen in time; the Pod is {now.status}"
            time.sleep(0.02)
        return now

    def get(self, pod: Pod) -> Pod:
        """A Pod as it is now."""
        return self.store.get(Pod, pod.metadata.name or "")

    def delete(self, pod: Pod, grace: int | None = None) -> None:
        """Delete a Pod, and wait until it is gone."""
        self.store.delete(Pod, pod.metadata.name or "", grace_period=grace)
        deadline = time.monotonic() + PATIENCE
        while self._exists(pod):
            assert time.monotonic() < deadline, "it was not removed in time"
            time.sleep(0.02)

    def _exists(self, pod: Pod) -> bool:
        try:
            self.get(pod)
        except NotFound:
            return False
        return True

    def events(self, pod: Pod) -> dict[str, str]:
        """What has been reported about a Pod: by reason, the last message."""
        mine = [one for one in self.store.list(Event) if one.involved_object.uid == pod.metadata.uid]
        return {event.reason or "": event.message or "" for event in mine}

    # --- from outside

    def podman(self, *arguments: str) -> str:
        """What a person types."""
        return self._environment.podman(*arguments)

    def engine_pod(self, pod: Pod) -> str:
        """The name of a Pod's present pod in Podman."""
        found = self.podman(
            "pod", "ps", "--format", "{{.Name}}", "--filter", f"label=io.kubernetes.pod.uid={pod.metadata.uid}"
        )
        (name,) = found.split()
        return name

    def infra_pid(self, pod: Pod) -> int:
        """The process that holds the network of a Pod."""
        infra = self.podman("pod", "inspect", self.engine_pod(pod), "--format", "{{.InfraContainerID}}")
        return int(self.podman("inspect", infra, "--format", "{{.State.Pid}}"))

    def pid(self, pod: Pod) -> int:
        """The first process of a Pod's first container."""
        return self.runtime.container(container_id(pod)).pid or 0

    def remains(self, pod: Pod) -> list[str]:
        """What there is of a Pod in the engine, on the disk and among the mounts."""
        uid = pod.metadata.uid or ""
        label = f"label=io.kubernetes.pod.uid={uid}"
        listed = [self.podman("pod", "ps", "-q", "--filter", label), self.podman("ps", "-aq", "--filter", label)]
        mounts = [line for line in Path("/proc/thread-self/mounts").read_text().splitlines() if uid in line]
        return [*listed[0].split(), *listed[1].split(), *map(str, self._files(uid)), *mounts]

    def leaves_nothing(self, pod: Pod) -> bool:
        """Whether, soon, there is nothing of a Pod any more.

        A Pod that has ended leaves the store at once when it is deleted; what the engine holds of it follows.
        """
        deadline = time.monotonic() + PATIENCE
        while self.remains(pod) and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.remains(pod)

    def _files(self, uid: str) -> Iterator[Path]:
        directory = self._root / "pods" / uid
        return iter([directory] if directory.exists() else [])


@contextlib.contextmanager
def soon_again() -> Iterator[None]:
    """Let kubelets try again after 2 s what has failed; that they wait for 10 s is shown on a virtual clock."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (starter, sandbox_starter):
            patch.setattr(module, "RETRY_AFTER", timedelta(seconds=2))
        yield


def main_of(pod: Pod) -> ContainerStatus:
    """The status of a Pod's first container; one that says nothing as long as there is none."""
    nothing = ContainerState(waiting=ContainerStateWaiting())
    return next(iter(pod.status.container_statuses), ContainerStatus("main", False, 0, "", "", state=nothing))


def container_id(pod: Pod) -> str:
    """The engine's id of a Pod's first container."""
    return (main_of(pod).container_id or "").partition("://")[2]


def runs(pod: Pod) -> bool:
    """Whether all containers of a Pod run."""
    return bool(pod.status.container_statuses) and all(
        one.state and one.state.running for one in pod.status.container_statuses
    )


def waits_for(reason: str) -> Callable[[Pod], bool]:
    """Whether a Pod's first container waits for this reason."""

    def check(pod: Pod) -> bool:
        state = main_of(pod).state
        return state is not None and state.waiting is not None and state.waiting.reason == reason

    return check


def restarted(times: int) -> Callable[[Pod], bool]:
    """Whether a Pod's first container runs after so many restarts."""
    return lambda pod: main_of(pod).restart_count == times and runs(pod)


def killed(pid: int) -> None:
    """Send a process SIGKILL, as a person does it."""
    assert pid > 0, "it has ended already"
    os.kill(pid, signal.SIGKILL)
