"""Starts the containers of one Pod: image, configuration, create, start, postStart hook.

`kuberuntime_container.go` `startContainer`. What goes wrong on the way is told as an event and remembered as a failure with a
time for the next try; nothing here raises because of a container.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from podkit.errors import PodkitError, StartFailed
from podkit.kubelet import container as containers
from podkit.kubelet import credentials, env_file
from podkit.kubelet.environment import EnvironmentMaker
from podkit.kubelet.filesystem import VolumeError
from podkit.kubelet.images import Request
from podkit.kubelet.memory import Failure, MadeAhead, PodMemory, PostStart
from podkit.kubelet.mounts import MountMaker
from podkit.kubelet.observation import ObservedPod, container_name
from podkit.kubelet.plan import StartContainer
from podkit.kubelet.prober import target_of
from podkit.kubelet.restart import backoff_key
from podkit.kubelet.services import NodeServices
from podkit.kubelet.sources import ConfigError
from podkit.kubelet.support import Verdict, shortcomings
from podkit.kubelet.volumes import NodeVolume
from podkit.model import Container, EphemeralContainer, Pod, Secret
from podkit.runtime.base import ContainerConfig, ContainerState, ContainerStatus, ImageStatus

RETRY_AFTER = timedelta(seconds=10)
"""When to try again what has failed (`backOffPeriod` of the kubelet)."""


class ContainerStarter:
    """Starts the containers of one Pod.

    Args:
        uid: the Pod's uid.
        services: what it works with.
        memory: what is remembered of the Pod.
        wake: asks for another sync of the Pod.
    """

    def __init__(self, uid: str, services: NodeServices, memory: PodMemory, wake: Callable[[], None]) -> None:
        self._uid = uid
        self._node = services
        self._memory = memory
        self._wake = wake
        self._volumes: dict[str, NodeVolume] | None = None
        self._images: dict[tuple[str, str, int], ImageStatus] = {}
        self._seen: tuple[str, ImageStatus] | None = None

    def begin_round(self) -> None:
        """Look at the Pod's volumes again with the next container; those that are started together share one look."""
        self._volumes = None

    def look_ahead(self, pod: Pod, sandbox_id: str, *, new: bool) -> None:
        """While a sandbox is being started, do what can be done already for the container that comes first.

        It is seen whether its image is there; most often it is. If the Pod is new, the container is then made, unless it must be
        told an address, which the sandbox does not have yet. Whatever goes wrong will be told when it is tried in earnest.

        Args:
            pod: the Pod.
            sandbox_id: the sandbox.
            new: whether no container of the Pod has run yet.
        """
        if self._node.stopping.is_set():
            return
        first = (pod.spec.init_containers or pod.spec.containers)[0]
        with contextlib.suppress(PodkitError, ConfigError, VolumeError):
            image = self._node.runtime.image(first.image or "")
            self._seen = (first.image or "", image) if image is not None else None
            if (
                new
                and image is not None
                and self._node.images.serves(first.image or "", first.image_pull_policy, image)
            ):
                self._make_ahead(pod, first, image, sandbox_id)

    def _make_ahead(self, pod: Pod, first: Container, image: ImageStatus, sandbox_id: str) -> None:
        if _asks_for_address(first) or any(volume.image is not None for volume in pod.spec.volumes):
            return
        config = self._config(pod, first, StartContainer(first.name, 0), image, {}, ObservedPod())
        created = self._node.runtime.create_container(sandbox_id, config)
        now, state = self._node.clock.now(), ContainerState.CREATED
        status = ContainerStatus(created, config.name, sandbox_id, config.labels, state, config.image, image.id, now)
        self._memory.made_ahead = MadeAhead(status, config)

    def make(
        self, pod: Pod, action: StartContainer, observed: ObservedPod
    ) -> Callable[[], ContainerStatus | None] | None:
        """Make one attempt of a container, as far as that can be done now.

        Returns:
            What starts it, and gives what has become of it; that None where the engine could not say. None if it was not made.
        """
        container = containers.find(pod, action.name)
        image = self._image(pod, container, action)
        images = self._volume_images(pod, container, action) if image is not None else None
        if image is None or images is None:
            return None
        self._images.clear()
        ended = observed.newest(action.name)
        try:
            config = self._config(pod, container, action, image, images, observed)
            if ended is not None and isinstance(container, Container):
                self._note_restart(container, ended, observed)
            created = self._made_ahead(config, ended) or self._create(observed, config)
        except (ConfigError, VolumeError) as error:
            self._failed(pod, container, "CreateContainerConfigError", str(error))
            return None
        except PodkitError as error:
            self._failed(pod, container, "CreateContainerError", str(error))
            return None
        self._memory.failures.pop(action.name, None)
        return partial(self._start, pod, container, created)

    def _start(self, pod: Pod, container: Container | EphemeralContainer, created: str) -> ContainerStatus | None:
        """Start a container that has been made.

        Its postStart hook is noted before: it shall also run where the engine has started the container and could not say so.
        """
        report = self._node.reporter(pod, container)
        report("Normal", "Created", f"Created container: {container.name}")
        if isinstance(container, Container) and container.lifecycle is not None and container.lifecycle.post_start:
            self._memory.post_starts[created] = PostStart(due=True)
        try:
            self._node.runtime.start_container(created)
        except StartFailed as error:
            report("Warning", "Failed", f"Error: {error}")
            self._memory.failures[container.name] = Failure("RunContainerError", str(error), self._node.clock.now())
        except PodkitError as error:
            self._failed(pod, container, "RunContainerError", str(error))
            self._wake()  # it may run all the same
            return None
        else:
            report("Normal", "Started", f"Started container {container.name}")
        return self._node.runtime.container(created)

    def run_post_start(self, pod: Pod, started: ContainerStatus, observed: ObservedPod) -> None:
        """Run a container's postStart hook, beside the sync; until it is through, the container has not started."""
        container = containers.find(pod, container_name(started))
        lifecycle = container.lifecycle if isinstance(container, Container) else None
        if lifecycle is None or lifecycle.post_start is None or not isinstance(container, Container):
            return
        report = self._node.reporter(pod, container)

        def done(error: str) -> None:
            if error:  # the message may have secrets in it, and does not belong into an event
                report("Warning", "FailedPostStartHook", "PostStartHook failed")
            self._memory.post_starts[started.id] = PostStart(running=False, error=error)
            self._wake()

        self._memory.post_starts[started.id] = PostStart()
        warn = self._node.warner(pod)
        self._node.hooks.start(lifecycle.post_start, target_of(pod, container, started, observed), done, warn)

    def _note_restart(self, container: Container, ended: ContainerStatus, observed: ObservedPod) -> None:
        """Let the next back-off be longer. One that a probe has ended counts from the run before, see `sync`."""
        finished_at = ended.finished_at
        if ended.id in self._memory.probe_kills:
            finished_at = observed.before(ended)
        if finished_at is not None:
            self._memory.backoff.restarted(backoff_key(container), finished_at, self._node.clock.now())

    def _made_ahead(self, config: ContainerConfig, newest: ContainerStatus | None) -> str | None:
        """The container that was made ahead, if this is it, and it is what would be made now; one that is not is removed."""
        ahead = self._memory.made_ahead
        if ahead is None or newest is None or newest.id != ahead.status.id:
            return None
        self._memory.made_ahead = None
        if ahead.config == config:
            return newest.id
        self._node.runtime.remove_container(newest.id)
        return None

    def _create(self, observed: ObservedPod, config: ContainerConfig) -> str:
        sandbox = observed.ready_sandbox
        assert sandbox is not None, "containers are only started in a sandbox that is ready"
        return self._node.runtime.create_container(sandbox.id, config)

    def _image(self, pod: Pod, container: Container | EphemeralContainer, action: StartContainer) -> ImageStatus | None:
        """The image of a container; None when it cannot be had now, which is then remembered."""
        key = (self._uid, action.name, action.attempt)
        return self._ensure(pod, container, key, container.image or "", container.image_pull_policy)

    def _volume_images(
        self, pod: Pod, container: Container | EphemeralContainer, action: StartContainer
    ) -> dict[str, str] | None:
        """The ids of the images that a container mounts, by the name of the volume; None when one cannot be had now."""
        mounted = {mount.name for mount in container.volume_mounts}
        found = {}
        for volume in pod.spec.volumes:
            if volume.image is not None and volume.name in mounted:
                key = (self._uid, f"{action.name}/{volume.name}", action.attempt)
                source = volume.image
                image = self._ensure(pod, container, key, source.reference or "", source.pull_policy)
                if image is None:
                    return None
                found[volume.name] = image.id
        return found

    def _ensure(
        self,
        pod: Pod,
        container: Container | EphemeralContainer,
        key: tuple[str, str, int],
        image: str,
        policy: str | None,
    ) -> ImageStatus | None:
        """An image that a container needs; None when it cannot be had now, which is then remembered.

        One that is there stays so while the container waits for its other images. That it is being pulled is remembered
        before it is asked for: the pull may end before it is said to have begun.
        """
        if key in self._images:
            return self._images[key]
        login = credentials.find(self._pull_secrets(pod), image) if pod.spec.image_pull_secrets else None
        tell = self._node.pull_listener(pod, container, image)
        request = Request(key, image, policy or "IfNotPresent", login, self._seen_ahead(image), tell)

        def pulled() -> None:
            self._memory.failures.pop(container.name, None)
            self._wake()

        waiting = Failure("PodInitializing" if pod.spec.init_containers else "ContainerCreating", "")
        self._memory.failures[container.name] = waiting
        try:
            found = self._node.images.ensure(request, self._node.reporter(pod, container), pulled)
        except PodkitError as error:
            self._failed(pod, container, "ImageInspectError", str(error))
            return None
        if isinstance(found, Failure):
            self._memory.failures[container.name] = found
        elif found is not None:
            self._images[key] = found
            self._memory.failures.pop(container.name, None)
        return found if isinstance(found, ImageStatus) else None

    def _seen_ahead(self, image: str) -> ImageStatus | None:
        """The image that was looked at ahead, if it is this one. It is believed only once."""
        seen, self._seen = self._seen, None
        return seen[1] if seen is not None and seen[0] == image else None

    def _pull_secrets(self, pod: Pod) -> list[Secret]:
        namespace = pod.metadata.namespace or "default"
        found = [self._node.sources.secret(namespace, ref.name or "") for ref in pod.spec.image_pull_secrets]
        return [secret for secret in found if secret is not None]

    def _config(
        self,
        pod: Pod,
        container: Container | EphemeralContainer,
        action: StartContainer,
        image: ImageStatus,
        volume_images: Mapping[str, str],
        observed: ObservedPod,
    ) -> ContainerConfig:
        node = self._node
        if isinstance(container, EphemeralContainer):
            self._judge(pod, container)
        ips = observed.ready_sandbox.ips if observed.ready_sandbox is not None else ()
        volumes = self._volumes_of(pod, ips)

        def read(volume: str, path: str) -> bytes | None:
            return node.filesystem.read_part(volumes[volume].path, path, env_file.LIMIT) if volume in volumes else None

        links = node.access.links(pod)
        environment = EnvironmentMaker(pod, ips, node.facts, node.sources, read, links).make(container)
        mounts = MountMaker(
            node.filesystem, volumes, volume_images, node.files.write_hosts(pod, ips), pod.spec.host_users is False
        )
        message_file = node.files.new_message_file(self._uid, action.name, action.attempt)
        return containers.container_config(
            pod,
            container,
            image,
            action.attempt,
            labels=node.labels,
            environment=environment,
            mounts=mounts.make(container, environment, message_file),
            image_mounts=mounts.make_of_images(container, environment),
            engine=node.engine,
            target=_target(container, observed),
        )

    def _judge(self, pod: Pod, added: EphemeralContainer) -> None:
        """Warn of what will not happen of a container that was added to a Pod that had been judged before.

        Raises:
            ConfigError: it cannot be run here.
        """
        path = f"spec.ephemeralContainers[{pod.spec.ephemeral_containers.index(added)}]."
        for found in shortcomings(pod, self._node.engine, self._node.allowed_sysctls):
            if found.path.startswith(path):
                if found.verdict is Verdict.REFUSED:
                    raise ConfigError(f"podkit does not support {found.path} ({found.message})")
                self._node.report(pod, found.reason, f"{found.path}: {found.message}", type="Warning")

    def _volumes_of(self, pod: Pod, ips: Sequence[str]) -> dict[str, NodeVolume]:
        if self._volumes is None:
            self._volumes = self._node.volumes.set_up(pod, self._node.payloads(pod, ips))
        return self._volumes

    def _failed(self, pod: Pod, container: Container | EphemeralContainer, reason: str, message: str) -> None:
        """Say why a container could not be started, and remember when to try again."""
        self._node.reporter(pod, container)("Warning", "Failed", f"Error: {message}")
        self._memory.failures[container.name] = Failure(reason, message, self._node.clock.now() + RETRY_AFTER)


def _asks_for_address(container: Container) -> bool:
    references = [variable.value_from.field_ref for variable in container.env if variable.value_from is not None]
    return any(one is not None and one.field_path in ("status.podIP", "status.podIPs") for one in references)


def _target(container: Container | EphemeralContainer, observed: ObservedPod) -> str | None:
    """The id of the container whose processes an ephemeral container sees; None: it has no target.

    Raises:
        ConfigError: its target does not run.
    """
    name = container.target_container_name if isinstance(container, EphemeralContainer) else None
    if not name:
        return None
    target = observed.newest(name)
    if target is None or target.state is not ContainerState.RUNNING:
        raise ConfigError(f'unable to find target container "{name}": it does not run')
    return target.id
