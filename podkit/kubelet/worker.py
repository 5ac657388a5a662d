"""Performs, for one Pod, what `sync.decide` says, and reports what came of it.

A sync observes, decides, acts, and repeats that until there is nothing more to do now; then it writes the status. What
cannot be done is remembered as a failure with a time for the next try, so that every sync ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import attrs
from attrs import define

from podkit.errors import NotFound, PodkitError, StartFailed
from podkit.kubelet import container as containers
from podkit.kubelet import credentials, status
from podkit.kubelet.actions import Actions
from podkit.kubelet.downward import NodeFacts
from podkit.kubelet.environment import EnvironmentMaker
from podkit.kubelet.files import PodFiles
from podkit.kubelet.hooks import Hooks
from podkit.kubelet.images import ImageManager, Request
from podkit.kubelet.memory import Failure, PodMemory, PostStart, Stop
from podkit.kubelet.mounts import mounts
from podkit.kubelet.observation import ObservedPod, attempt_of, container_name
from podkit.kubelet.prober import Prober, target_of
from podkit.kubelet.restart import backoff_key
from podkit.kubelet.sources import ConfigError, Sources
from podkit.kubelet.support import unsupported
from podkit.kubelet.sync import (
    Action,
    Ending,
    KillContainer,
    Plan,
    RemoveContainer,
    RunSandbox,
    SignalContainer,
    StartContainer,
    StopContainer,
    StopSandbox,
    decide,
    decide_orphan,
    superfluous,
    superfluous_sandboxes,
)
from podkit.kubelet.tasks import Tasks
from podkit.kubelet.volumes import VolumeError, VolumeManager
from podkit.kubelet.volumes.payload import PayloadMaker
from podkit.loop.clock import Clock
from podkit.model import Container, EphemeralContainer, Pod, PodStatus, Secret
from podkit.runtime.base import POD_UID, ContainerConfig, ContainerState, ContainerStatus, ImageStatus, Runtime
from podkit.store.base import EventSink, Store

RETRY_AFTER = timedelta(seconds=10)
"""When to try again what has failed (`backOffPeriod` of the kubelet)."""
LOOK_AFTER = 1.0
"""Seconds after which to see whether a killed container of an orphan has ended, if no event tells so before."""
ROUNDS = 20
"""How often a sync decides anew before it lets others work."""
FALLBACK_LINES = 80
FALLBACK_BYTES = 2048


@define
class NodeServices:
    """What the workers of one node share.

    Attributes:
        facts: the node's name, addresses and resources.
        memory: bytes of memory of the machine.
        limits_enforced: whether limits of cpu and memory take effect.
        labels: what everything that the node makes is labelled with.
        runtime: the container engine.
        runtime_name: the prefix of container ids.
        store: where Pods are.
        sources: where ConfigMaps and Secrets are.
        images: the node's images.
        volumes: the volumes of its Pods.
        files: the files of its Pods.
        actions: performs probes and hooks.
        hooks: runs hooks.
        tasks: where work runs that takes long.
        report: where events go.
        clock: what time it is.
    """

    facts: NodeFacts
    memory: int
    limits_enforced: bool
    labels: Mapping[str, str]
    runtime: Runtime
    runtime_name: str
    store: Store
    sources: Sources
    images: ImageManager
    volumes: VolumeManager
    files: PodFiles
    actions: Actions
    hooks: Hooks
    tasks: Tasks
    report: EventSink
    clock: Clock


class PodWorker:
    """Runs one Pod.

    Args:
        uid: the Pod's uid.
        services: what it works with.
        wake: asks for another sync of this Pod.
        new: whether the engine is known to hold nothing of it yet, so that the first look can be spared.
    """

    def __init__(self, uid: str, services: NodeServices, wake: Callable[[], None], *, new: bool = False) -> None:
        self._uid = uid
        self._node = services
        self._wake = wake
        self._new = new
        self._memory = PodMemory()
        self._sources_changed = False
        self._probing: Prober | None = None

    def retry_now(self) -> None:
        """Something that the Pod depends on has changed: try at once what has failed, and look at its volumes again."""
        self._sources_changed = True
        self._memory.sandbox_failure = None
        for name, failure in list(self._memory.failures.items()):
            if failure.reason == "CreateContainerConfigError":
                self._memory.failures.pop(name, None)

    def sync(self, pod: Pod) -> float | None:
        """Bring a Pod nearer to what it shall be; return after how many seconds to sync again, or None."""
        if pod.status.phase is None or pod.status.phase == "Pending":
            refused = unsupported(pod)
            if refused:
                self._reject(pod, refused)
                return None
        observed = self._observe()
        self._prober(pod).tick(pod, observed)  # ticks count from when a Pod is first seen, not from when it runs
        for _ in range(ROUNDS):
            plan = decide(pod, observed, self._memory, self._node.clock.now())
            if not plan.actions:
                break
            for action in plan.actions:
                observed = self._perform(pod, action, observed)
        plan.look_again_at_if(self._prober(pod).tick(pod, observed))
        self._announce(pod, plan)
        self._read_messages(pod, observed)
        self._write_status(pod, observed, plan)
        if self._sources_changed:
            self._sources_changed = False
            self._refresh_volumes(pod, observed)
        self._clean_up(observed)
        if plan.gone:
            self._remove(observed)
            self._delete(pod)
            return None
        return self._seconds_until(plan.look_again)

    def sync_orphan(self) -> float | None:
        """Remove what is left of a Pod that the store does not have; None when nothing is left."""
        observed = self._observe()
        plan = decide_orphan(observed, self._memory, self._node.clock.now())
        for action in plan.actions:
            match action:
                case SignalContainer():
                    self._signal(action)
                case KillContainer():
                    self._kill(action)
        if plan.gone:
            self._remove(observed)
            return None
        again = decide_orphan(observed, self._memory, self._node.clock.now()).look_again
        return LOOK_AFTER if again is None else self._seconds_until(again)

    def _observe(self) -> ObservedPod:
        if self._new:
            self._new = False
            return ObservedPod()
        labels = {**self._node.labels, POD_UID: self._uid}
        sandboxes = self._node.runtime.sandboxes(labels)
        return ObservedPod.of(sandboxes, self._node.runtime.containers(labels) if sandboxes else [])

    def _perform(self, pod: Pod, action: Action, observed: ObservedPod) -> ObservedPod:
        match action:
            case RunSandbox():
                return self._run_sandbox(pod, action, observed)
            case StartContainer():
                return self._start(pod, action, observed)
            case StopContainer():
                self._begin_stop(action, pod, observed)
                return observed
            case SignalContainer():
                self._signal(action)
                return observed
            case KillContainer():
                self._kill(action)
                return observed
            case RemoveContainer(container_id):
                self._node.runtime.remove_container(container_id)
                return observed.without_container(container_id)
            case StopSandbox(sandbox_id):
                self._node.runtime.stop_sandbox(sandbox_id)
                return self._observe()

    def _clean_up(self, observed: ObservedPod) -> None:
        """Remove dead containers, and then sandboxes, that nobody needs any more."""
        for container_id in superfluous(observed):
            self._node.runtime.remove_container(container_id)
            observed = observed.without_container(container_id)
        for sandbox_id in superfluous_sandboxes(observed):
            self._node.runtime.remove_sandbox(sandbox_id)

    # --- the sandbox

    def _run_sandbox(self, pod: Pod, action: RunSandbox, observed: ObservedPod) -> ObservedPod:
        try:
            self._node.volumes.set_up(pod, self._payloads(pod, ()))
        except VolumeError as error:
            return self._sandbox_failed(pod, "FailedMount", str(error), observed)
        try:
            config = containers.sandbox_config(pod, action.attempt, self._node.labels)
            sandbox_id = self._node.runtime.run_sandbox(config)
            sandbox = self._node.runtime.sandbox(sandbox_id)
        except PodkitError as error:
            message = f"Failed to create pod sandbox: {error}"
            return self._sandbox_failed(pod, "FailedCreatePodSandBox", message, observed)
        self._memory.sandbox_failure = None
        self._memory.addresses = sandbox.ips
        self._warn_of_limits(pod)
        return observed.with_sandbox(sandbox)

    def _warn_of_limits(self, pod: Pod) -> None:
        limited = [c.name for c in pod.spec.containers if c.resources is not None and c.resources.limits]
        if limited and not self._node.limits_enforced:
            message = (
                f"the limits of {', '.join(limited)} have no effect: Podman cannot set cgroup limits here;"
                " delegate the cpu and memory controllers to its user"
            )
            self._node.report(pod, "LimitsNotEnforced", message, type="Warning")

    def _sandbox_failed(self, pod: Pod, reason: str, message: str, observed: ObservedPod) -> ObservedPod:
        self._node.report(pod, reason, message, type="Warning")
        self._memory.sandbox_failure = Failure(reason, message, self._node.clock.now() + RETRY_AFTER)
        return observed

    def _payloads(self, pod: Pod, pod_ips: tuple[str, ...]) -> PayloadMaker:
        return PayloadMaker(pod, self._node.facts, pod_ips, self._node.sources)

    def _refresh_volumes(self, pod: Pod, observed: ObservedPod) -> None:
        """Bring the files of the Pod's ConfigMaps, Secrets and downward API up to date."""
        try:
            self._node.volumes.refresh(pod, self._payloads(pod, observed.sandbox.ips if observed.sandbox else ()))
        except VolumeError as error:
            self._node.report(pod, "FailedMount", str(error), type="Warning")

    # --- containers

    def _start(self, pod: Pod, action: StartContainer, observed: ObservedPod) -> ObservedPod:
        container = containers.find(pod, action.name)
        image = self._image(pod, container, action)
        if image is None:
            return observed
        ended = observed.newest(action.name)
        try:
            config = self._config(pod, container, action, image, observed)
            if ended is not None and isinstance(container, Container):
                self._note_restart(container, ended, observed)
            created = self._create(observed, config)
        except (ConfigError, VolumeError) as error:
            self._start_failed(pod, action, "CreateContainerConfigError", str(error))
            return observed
        except PodkitError as error:
            self._start_failed(pod, action, "CreateContainerError", str(error))
            return observed
        report = self._reporter(pod, container)
        report("Normal", "Created", f"Created container: {action.name}")
        self._memory.failures.pop(action.name, None)
        try:
            self._node.runtime.start_container(created)
            report("Normal", "Started", f"Started container {action.name}")
        except StartFailed as error:
            report("Warning", "Failed", f"Error: {error}")
            self._memory.failures[action.name] = Failure("RunContainerError", str(error), self._node.clock.now())
        started = self._node.runtime.container(created)
        self._run_post_start(pod, container, started, observed)
        return observed.with_container(started)

    def _run_post_start(
        self, pod: Pod, container: Container | EphemeralContainer, started: ContainerStatus, observed: ObservedPod
    ) -> None:
        """Run a container's postStart hook, beside the sync; until it is through, the container has not started."""
        lifecycle = container.lifecycle if isinstance(container, Container) else None
        if lifecycle is None or lifecycle.post_start is None or not isinstance(container, Container):
            return

        def done(error: str) -> None:
            if error:
                self._reporter(pod, container)("Warning", "FailedPostStartHook", f"PostStartHook failed: {error}")
            self._memory.post_starts[started.id] = PostStart(running=False, error=error)
            self._wake()

        self._memory.post_starts[started.id] = PostStart()
        self._node.hooks.start(lifecycle.post_start, target_of(container, started, observed), done)

    def _note_restart(self, container: Container, ended: ContainerStatus, observed: ObservedPod) -> None:
        """Let the next back-off be longer. One that a probe has ended counts from the run before, see `sync`."""
        finished_at = ended.finished_at
        if ended.id in self._memory.probe_kills:
            finished_at = observed.before(ended)
        if finished_at is not None:
            self._memory.backoff.restarted(backoff_key(container), finished_at, self._node.clock.now())

    def _create(self, observed: ObservedPod, config: ContainerConfig) -> str:
        sandbox = observed.ready_sandbox
        assert sandbox is not None, "containers are only started in a sandbox that is ready"
        return self._node.runtime.create_container(sandbox.id, config)

    def _image(self, pod: Pod, container: Container | EphemeralContainer, action: StartContainer) -> ImageStatus | None:
        """The image of a container; None when it cannot be had now, which is then remembered."""
        image = container.image or ""
        request = Request(
            (self._uid, action.name, action.attempt),
            image,
            container.image_pull_policy or "IfNotPresent",
            credentials.find(self._pull_secrets(pod), image) if pod.spec.image_pull_secrets else None,
        )

        def pulled() -> None:
            self._memory.failures.pop(action.name, None)
            self._wake()

        waiting = Failure("PodInitializing" if pod.spec.init_containers else "ContainerCreating", "")
        self._memory.failures[action.name] = waiting
        try:
            found = self._node.images.ensure(request, self._reporter(pod, container), pulled)
        except PodkitError as error:
            self._start_failed(pod, action, "ImageInspectError", str(error))
            return None
        if isinstance(found, Failure):
            self._memory.failures[action.name] = found
        return found if isinstance(found, ImageStatus) else None

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
        observed: ObservedPod,
    ) -> ContainerConfig:
        ips = observed.ready_sandbox.ips if observed.ready_sandbox is not None else ()
        environment = EnvironmentMaker(pod, ips, self._node.facts, self._node.sources).make(container)
        volumes = self._node.volumes.set_up(pod, self._payloads(pod, ips))
        found = mounts(
            container,
            volumes,
            environment,
            hosts=self._node.files.write_hosts(pod, ips),
            message_file=self._message_file(action),
        )
        target = observed.newest(getattr(container, "target_container_name", None) or "")
        return containers.container_config(
            pod,
            container,
            image,
            action.attempt,
            labels=self._node.labels,
            environment=environment,
            mounts=found,
            node_memory=self._node.memory,
            target=target.id if target is not None else None,
        )

    def _message_file(self, action: StartContainer) -> Path:
        return self._node.files.new_message_file(self._uid, action.name, action.attempt)

    def _start_failed(self, pod: Pod, action: StartContainer, reason: str, message: str) -> None:
        """Say why a container could not be started, and remember when to try again."""
        self._reporter(pod, containers.find(pod, action.name))("Warning", "Failed", f"Error: {message}")
        self._memory.failures[action.name] = Failure(reason, message, self._node.clock.now() + RETRY_AFTER)

    def _begin_stop(self, action: StopContainer, pod: Pod, observed: ObservedPod) -> None:
        """Say that a container is to end, and run its preStop hook if there is time for one."""
        ended = action.container
        container = containers.find(pod, container_name(ended))
        self._reporter(pod, container)("Normal", "Killing", action.message)
        if action.probe_failed:
            self._memory.probe_kills.add(ended.id)
        lifecycle = container.lifecycle if isinstance(container, Container) else None
        hook = lifecycle.pre_stop if lifecycle is not None else None
        has_time = action.deadline > self._node.clock.now()
        self._memory.stops[ended.id] = Stop(action.deadline, hook=hook is not None and has_time)
        if hook is not None and has_time and isinstance(container, Container):

            def done(error: str) -> None:
                if error:
                    self._reporter(pod, container)("Warning", "FailedPreStopHook", f"PreStopHook failed: {error}")
                self._memory.hooks_done.add(ended.id)
                self._wake()

            self._node.hooks.start(hook, target_of(container, ended, observed), done)

    def _signal(self, action: SignalContainer) -> None:
        image = self._node.runtime.image(action.container.image_id) if action.container.image_id else None
        signal = (image.stop_signal if image is not None else "") or "SIGTERM"
        self._node.runtime.signal_container(action.container.id, signal)
        self._memory.stops[action.container.id] = Stop(action.kill_at, signalled=True)

    def _kill(self, action: KillContainer) -> None:
        self._node.runtime.signal_container(action.container.id, "SIGKILL")
        stop = self._memory.stops[action.container.id]
        self._memory.stops[action.container.id] = attrs.evolve(stop, killed=True)

    def _prober(self, pod: Pod) -> Prober:
        if self._probing is None:

            def tell(container: Container, reason: str, message: str) -> None:
                self._reporter(pod, container)("Warning", reason, message)

            node = self._node
            self._probing = Prober(node.actions, node.tasks, node.clock, self._memory, tell, self._wake)
        return self._probing

    # --- what is told

    def _reporter(self, pod: Pod, container: Container | EphemeralContainer) -> Callable[[str, str, str], None]:
        path = containers.field_path(pod, container)

        def report(type_: str, reason: str, message: str) -> None:
            self._node.report(pod, reason, message, type=type_, field_path=path)

        return report

    def _announce(self, pod: Pod, plan: Plan) -> None:
        """Tell, once each time, that a container waits for its back-off."""
        meta = pod.metadata
        for name, waiting in plan.waiting.items():
            if waiting.reason == "CrashLoopBackOff" and self._memory.announced.get(name) != waiting.message:
                message = f"Back-off restarting failed container {name} in pod {meta.name}_{meta.namespace}({meta.uid})"
                self._reporter(pod, containers.find(pod, name))("Warning", "BackOff", message)
                self._memory.announced[name] = waiting.message

    def _read_messages(self, pod: Pod, observed: ObservedPod) -> None:
        """Read what containers that have ended left as their termination message; each is read once."""
        for ended in observed.containers:
            if ended.state is ContainerState.EXITED and ended.id not in self._memory.termination_messages:
                self._memory.termination_messages[ended.id] = self._message(pod, ended)

    def _message(self, pod: Pod, ended: ContainerStatus) -> str:
        name = container_name(ended)
        message = self._node.files.message(self._uid, name, attempt_of(ended))
        container = containers.find(pod, name)
        falls_back = container.termination_message_policy == "FallbackToLogsOnError"
        if message or ended.exit_code == 0 or not falls_back or ended.started_at is None:
            return message
        entries = self._node.runtime.logs(ended.id, tail=FALLBACK_LINES)
        return b"".join(entry.content for entry in entries)[-FALLBACK_BYTES:].decode(errors="replace")

    def _write_status(self, pod: Pod, observed: ObservedPod, plan: Plan) -> None:
        situation = status.Situation(
            pod=pod,
            observed=observed,
            memory=self._memory,
            plan=plan,
            host_ips=self._node.facts.host_ips,
            runtime_name=self._node.runtime_name,
            now=self._node.clock.now(),
        )
        self._tell(pod, status.generate(situation))

    def _reject(self, pod: Pod, fields: list[str]) -> None:
        message = (
            f"Pod was rejected: podkit does not support {', '.join(fields)} yet; remove it, or run the Pod elsewhere"
        )
        ending = Ending("UnsupportedField", message)
        self._node.report(pod, ending.reason, message, type="Warning")
        self._tell(pod, attrs.evolve(pod.status, phase="Failed", reason=ending.reason, message=ending.message))

    def _tell(self, pod: Pod, new: PodStatus) -> None:
        if new != pod.status:
            try:
                self._node.store.update_status(attrs.evolve(pod, status=new))
            except NotFound:
                self._wake()

    # --- the end

    def _remove(self, observed: ObservedPod) -> None:
        for sandbox in observed.sandboxes:
            self._node.runtime.remove_sandbox(sandbox.id)
        self._node.volumes.tear_down(self._uid)
        self._node.files.remove(self._uid)
        self._node.images.forget(self._uid)

    def _delete(self, pod: Pod) -> None:
        meta = pod.metadata
        try:
            self._node.store.delete(
                Pod, meta.name or "", namespace=meta.namespace or "default", grace_period=0, uid=meta.uid
            )
        except NotFound:
            return

    def _seconds_until(self, moment: datetime | None) -> float | None:
        return max(0.0, (moment - self._node.clock.now()).total_seconds()) if moment is not None else None
