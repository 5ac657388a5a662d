"""Containers: a first process, files, a log, and what a status says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from attrs import frozen

from podkit.errors import ContainerNotFound, ImageNotFound, RuntimeFailed, StartFailed
from podkit.loop.clock import Clock, VirtualClock
from podkit.runtime.base import (
    ContainerConfig,
    ContainerState,
    ContainerStats,
    ContainerStatus,
    ExecResult,
    ProcessUser,
)
from podkit.runtime.simulated.executables import Executables
from podkit.runtime.simulated.filesystem import Filesystem, MachineTree, MemoryTree, Tree, container_files
from podkit.runtime.simulated.images import Images, SimulatedImage
from podkit.runtime.simulated.log import Log
from podkit.runtime.simulated.process import (
    NOT_KNOWN,
    Invocation,
    Output,
    Process,
    Program,
    Shared,
    Stdin,
    signal_exit_code,
)
from podkit.runtime.simulated.sandbox import Sandbox
from podkit.runtime.simulated.turn import Turn
from podkit.runtime.simulated.users import user_and_group

_CANNOT_START = 128
_FIRST_EXEC_PID = 1000
_LONGEST_EXEC_SECONDS = 86_400.0
_NOBODY_SAID = ContainerStats(cpu_seconds=0.0, memory_bytes=1 << 20)


@frozen
class Surroundings:
    """What a container needs of the engine.

    Attributes:
        clock: what time it is.
        turn: where timers are set.
        executables: the programs that there are.
        exited: is called when a container has ended.
        images: the images that can be mounted.
    """

    clock: Clock
    turn: Turn
    executables: Executables
    exited: Callable[[Container], None]
    images: Images


class Container:
    """One container.

    Attributes:
        id: the engine's id.
        config: its configuration.
        labels: what it is found by.
        image: what it was made from.
        sandbox: where it lives.
        log: what it has written.
        stats: what it uses while it runs; the simulation measures nothing, so tests may say it.
    """

    __slots__ = (
        "_created_at",
        "_error",
        "_exec_pid",
        "_finished_at",
        "_lost",
        "_process",
        "_shared",
        "_started_at",
        "_state",
        "_status",
        "_surroundings",
        "config",
        "id",
        "image",
        "labels",
        "log",
        "sandbox",
        "stats",
    )

    def __init__(
        self, container_id: str, config: ContainerConfig, image: SimulatedImage, sandbox: Sandbox, engine: Surroundings
    ) -> None:
        self.id = container_id
        self.config = config
        self.labels: Mapping[str, str] = dict(config.labels)
        self.image = image
        self.sandbox = sandbox
        self.log = Log(engine.turn, engine.clock.now)
        self.stats = _NOBODY_SAID
        self._surroundings = engine
        self._created_at = engine.clock.now()
        self._started_at: datetime | None = None
        self._finished_at: datetime | None = None
        self._state = ContainerState.CREATED
        self._error = ""
        self._lost = False
        self._shared: Shared | None = None
        self._process: Process | None = None
        self._status: ContainerStatus | None = None
        self._exec_pid = _FIRST_EXEC_PID

    @property
    def running(self) -> bool:
        """Whether its first process runs."""
        return self._state is ContainerState.RUNNING

    @property
    def shared(self) -> Shared:
        """What its processes share."""
        if self._shared is None:
            self._shared = Shared(
                self._make_files,
                hostname=self.sandbox.config.hostname,
                user=user_and_group(self.config.security, self.image),
                signal=self._signal_from_inside,
                listen=self._listen,
                find=self._find,
            )
        return self._shared

    def start(self, started: Callable[[Container], None]) -> None:
        """Start its process; starting one that runs is no error.

        Args:
            started: is called before the process does anything.

        Raises:
            StartFailed: there is no such command, or no such user.
            RuntimeFailed: it has ended already.
        """
        if self.running:
            return
        if self._state is not ContainerState.CREATED:
            raise RuntimeFailed(
                f"container {self.config.name} has been started before, and a container is started at most once",
                operation=f"start container {self.config.name}",
            )
        argv = arguments(self.config, self.image)
        try:
            program = self._surroundings.executables.first_process(argv[0], self.image, self._working_dir, self.shared)
        except StartFailed as error:
            self._change(ContainerState.EXITED, error=error.detail)
            raise
        init = not (self.sandbox.config.share_process_namespace or self.sandbox.config.host_pid or self.config.target)
        self._process = Process(self._surroundings.turn, self._exited, init=init)
        self._change(ContainerState.RUNNING)
        started(self)
        stdin = Stdin(endless=self.config.stdin or self.config.tty)
        self._process.start(program, self._invocation(argv, self._process, stdin, self.log.stdout, self.log.stderr))

    def signal(self, name: str) -> None:
        """Send a signal to its first process; one that does not run meets none."""
        if self._process is not None:
            self._process.signal(name)

    def _signal_from_inside(self, name: str) -> None:
        if self._process is not None:
            self._process.signal_from_inside(name)

    def kill(self) -> None:
        """End it at once."""
        self.signal("SIGKILL")

    def run_out_of_memory(self) -> None:
        """Let the kernel kill its first process for lack of memory."""
        if self._process is not None and self.running:
            self._process.out_of_memory = True
            self.kill()

    def lose_monitor(self) -> None:
        """Let nobody know any more how it is."""
        self._lost = True
        self._status = None

    def exec(self, argv: Sequence[str], stdin: bytes | None, timeout: float | None) -> ExecResult:
        """Run a command to its end, on a clock of its own, so that it takes no time.

        Raises:
            ContainerNotFound: it does not run.
            RuntimeFailed: the command would never end, and there is no timeout.
        """
        self.require_running()
        if not argv:
            raise RuntimeFailed("there is no command to run", operation="run a command in a container")
        try:
            program = self._surroundings.executables.command(argv[0], self._working_dir, self.shared)
        except StartFailed as error:
            return ExecResult(NOT_KNOWN, stderr=f"{error.detail}\n".encode())
        stdout, stderr = bytearray(), bytearray()
        clock = VirtualClock(self._surroundings.clock.now())
        process = Process(clock, lambda _ended: None, init=False, pid=self._exec_pid)
        self._exec_pid += 1
        process.start(program, self._invocation(argv, process, Stdin(stdin or b""), stdout.extend, stderr.extend))
        _let_run(process, clock, _LONGEST_EXEC_SECONDS if timeout is None else timeout)
        exit_code = process.exit_code
        if exit_code is None:
            process.kill(signal_exit_code("SIGKILL"))
            if timeout is None:
                raise RuntimeFailed(f"{' '.join(argv)} would never end; give it a timeout", operation="run a command")
        elif process.left_children:
            stderr += b"simulation: what a command leaves running in the background ends with it\n"
            exit_code = NOT_KNOWN
        return ExecResult(exit_code, bytes(stdout), bytes(stderr))

    def require_running(self) -> None:
        """See that it runs.

        Raises:
            ContainerNotFound: it does not.
        """
        if not self.running:
            raise ContainerNotFound(f"container {self.config.name} does not run", operation="run a command in it")

    def usage(self) -> ContainerStats:
        """What it uses: nothing while it does not run."""
        return self.stats if self.running else ContainerStats(cpu_seconds=0.0, memory_bytes=0)

    def storage_used(self) -> int:
        """Bytes of the files that it has written, and of its log."""
        written = self._shared.files.written if self._shared is not None else 0
        return written + sum(len(entry.content) for entry in self.log.entries)

    def status(self) -> ContainerStatus:
        """What it is now."""
        if self._status is None:
            self._status = ContainerStatus(
                id=self.id,
                name=self.config.name,
                sandbox_id=self.sandbox.id,
                labels=self.labels,
                state=ContainerState.UNKNOWN if self._lost else self._state,
                image=self.image.reference,
                image_id=self.image.id,
                created_at=self._created_at,
                started_at=self._started_at,
                finished_at=None if self._lost else self._finished_at,
                exit_code=None if self._lost else self._exit_code,
                oom_killed=self._process is not None and self._process.out_of_memory,
                error=self._error,
                user=self._user() if self._started_at is not None else None,
            )
        return self._status

    def _user(self) -> ProcessUser:
        user, group = user_and_group(self.config.security, self.image)
        groups = dict.fromkeys([group, *sorted(self.config.security.supplemental_groups)])
        return ProcessUser(user, group, tuple(groups))

    @property
    def _exit_code(self) -> int | None:
        return self._process.exit_code if self._process is not None else _CANNOT_START if self._error else None

    @property
    def _working_dir(self) -> str:
        return self.config.working_dir or self.image.working_dir or "/"

    def _change(self, state: ContainerState, error: str = "") -> None:
        now = self._surroundings.clock.now()
        self._state, self._error, self._status = state, error, None
        if state is ContainerState.RUNNING:
            self._started_at = now
        else:
            self._finished_at = now
            self.log.end()

    def _exited(self, _process: Process) -> None:
        self._change(ContainerState.EXITED)
        self.sandbox.forget_listeners(self.id)
        if not self._lost:
            self._surroundings.exited(self)

    def _listen(self, port: int, answer: bytes) -> None:
        self.sandbox.listen(port, self.id, answer)

    def _find(self, name: str, working_dir: str) -> Program | None:
        return self._surroundings.executables.find(name, working_dir, self.shared)

    def _invocation(
        self, argv: Sequence[str], process: Process, stdin: Stdin, stdout: Output, stderr: Output
    ) -> Invocation:
        env = {
            "HOSTNAME": self.sandbox.config.hostname,
            "TERM": "xterm",
            "HOME": "/" if self.shared.user[0] else "/root",
            "container": "podman",
            **self.image.env,
            **self.config.env,
        }
        return Invocation(argv, env, self._working_dir, stdin, stdout, stderr, self.shared, process)

    def _make_files(self) -> Filesystem:
        mounts: list[tuple[str, Tree]] = [("/dev/shm", self.sandbox.shared_memory)]
        mounts += [
            (mount.destination, MachineTree(mount.source, read_only=mount.read_only)) for mount in self.config.mounts
        ]
        for mount in self.config.image_mounts:
            image = self._surroundings.images.find(mount.image)
            files = image.below(mount.sub_path) if image is not None else {}
            mounts.append((mount.destination, MemoryTree(files, read_only=True)))
        return container_files(
            image_files=self.image.files,
            own_files=self.sandbox.files(),
            mounts=mounts,
            working_dir=self._working_dir,
            read_only=self.config.security.read_only_root,
        )


def arguments(config: ContainerConfig, image: SimulatedImage) -> list[str]:
    """What a container runs: Kubernetes' rules, by which a command drops the image's arguments."""
    if config.command:
        return [*config.command, *(config.args or ())]
    return [*image.entrypoint, *(config.args or image.command)]


def image_for(config: ContainerConfig, images: Images) -> SimulatedImage:
    """The image that a container can be made of.

    Raises:
        ImageNotFound: the engine does not have it, or one that is to be mounted.
        RuntimeFailed: what is to be mounted is not there, or there is no command.
    """
    operation = f"create container {config.name}"
    image = _existing_image(config.image, images, operation)
    for mounted in config.image_mounts:
        _existing_image(mounted.image, images, operation)
    for mount in config.mounts:
        if not Path(mount.source).exists():
            text = f"could not {operation}: statfs {mount.source}: no such file or directory"
            raise RuntimeFailed(text, operation=operation)
    if not arguments(config, image):
        raise RuntimeFailed(f"could not {operation}: neither it nor its image has a command", operation=operation)
    return image


def _existing_image(reference: str, images: Images, operation: str) -> SimulatedImage:
    image = images.find(reference)
    if image is None:
        raise ImageNotFound(f"could not {operation}: the engine has no image {reference}", operation=operation)
    return image


def _let_run(process: Process, clock: VirtualClock, seconds: float) -> None:
    """Let time pass until a process has ended, has nothing to wait for, or its time is up."""
    while process.exit_code is None:
        due = clock.next_timer()
        if due is None or due > seconds:
            return
        clock.advance(due - clock.monotonic())
