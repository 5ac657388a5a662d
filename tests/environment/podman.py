"""The configuration of the test Podman, and its command line.

Everything that can be moved is moved into one directory, by files that only processes with our environment variables read.
What differs from Podman's defaults beyond places is there because a machine or a version needs it, and only then.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.environment.errors import EnvironmentUnavailable
from tests.environment.machine import Machine, find_binary

_OVERLAYFS = "overlay"
_DEFAULT_OPEN_FILES = 1_048_576
_PATIENCE = 120.0


ACCEPT_ALL = json.dumps({"default": [{"type": "insecureAcceptAnything"}]})
"""A signature policy."""
FOREIGN = ("CONTAINER_HOST", "CONTAINER_CONNECTION", "CONTAINERS_CONF_OVERRIDE")
"""Environment variables that lead to another Podman, or another configuration, than ours."""


def without_foreign(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment variables without those that lead to another Podman."""
    return {name: value for name, value in variables.items() if name not in FOREIGN}


class Podman:
    """A Podman whose world is one directory.

    Args:
        directory: where everything of it lives.
        machine: what it must work on.
    """

    def __init__(self, directory: Path, machine: Machine) -> None:
        self.directory = directory
        self._machine = machine
        self._etc = directory / "etc"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that make any `podman` below us ours."""
        etc = self._etc
        found = {
            "CONTAINERS_CONF": str(etc / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(etc / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(etc / "registries.conf"),
            "REGISTRY_AUTH_FILE": str(etc / "auth.json"),
            "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
            "TMPDIR": str(self.directory / "tmp"),
        }
        if not self._machine.root:
            found["XDG_RUNTIME_DIR"] = str(self.directory / "run")
            found["XDG_DATA_HOME"] = str(self.directory / "store")
            found["XDG_CACHE_HOME"] = str(self.directory / "cache")
            if bus := os.environ.get("DBUS_SESSION_BUS_ADDRESS") or _session_bus():
                found["DBUS_SESSION_BUS_ADDRESS"] = bus
        return found

    @property
    def configured(self) -> bool:
        """Whether there is anything of it."""
        return (self._etc / "storage.conf").exists()

    @property
    def events(self) -> Path:
        """Its log of all that happened."""
        return self.directory / "run" / "libpod" / "events" / "events.log"

    def configure(self, runtime: str) -> None:
        """Write the configuration.

        Args:
            runtime: the OCI runtime, ``crun`` or ``runc``.
        """
        for name in ("etc/networks", "run", "store", "volumes", "tmp"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "run").chmod(0o700)
        (self.directory / "tmp").chmod(0o1777)
        files = {
            "containers.conf": containers_conf(
                self.directory, self._machine, runtime=runtime, conmon=find_binary("conmon"), helpers=_helpers()
            ),
            "storage.conf": storage_conf(self.directory, _storage_driver(self.directory), root=self._machine.root),
            "policy.json": ACCEPT_ALL,
            "auth.json": "{}",
        }
        for name, text in files.items():
            (self._etc / name).write_text(text)
        self.use_registries("")
        self._install_policy()

    def use_registries(self, registry: str) -> None:
        """Send every pull from docker.io to a registry on loopback, or (with "") nowhere else than where it says."""
        (self._etc / "registries.conf").write_text(registries_conf(registry))

    def run(self, *arguments: str, stdin: bytes | None = None, check: bool = True, timeout: float = _PATIENCE) -> str:
        """Run the command line.

        Args:
            arguments: what follows ``podman``.
            stdin: what it reads.
            check: whether a failure is an error.
            timeout: seconds after which it is ended.

        Returns:
            What it printed, without the newline at the end.

        Raises:
            EnvironmentUnavailable: it failed and `check` is set, or it took too long.
        """
        environ = without_foreign(os.environ) | self.variables
        try:
            done = subprocess.run(
                ["podman", *arguments], input=stdin, env=environ, capture_output=True, check=False, timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            raise EnvironmentUnavailable(f"podman {' '.join(arguments)} did not end in {timeout:.0f} s") from error
        if check and done.returncode != 0:
            raise EnvironmentUnavailable(
                f"podman {' '.join(arguments)} failed: {done.stderr.decode(errors='replace').strip()}"
            )
        return done.stdout.decode(errors="replace").rstrip("\n")

    def erase(self) -> None:
        """Remove what it stored. A rootless Podman's files belong to other user ids, and only in its user namespace can they go.

        The namespace is made by another Podman, because ours would look for it at its containers, which may be dead.
        """
        if not self._machine.root:
            other = Podman(self.directory / "erase", self._machine)
            other.configure("crun")
            rubbish = (str(self.directory / name) for name in ("store", "volumes", "tmp", "cache"))
            other.run("unshare", "rm", "-rf", *rubbish, check=False)

    def _install_policy(self) -> None:
        """Podman reads its signature policy from /etc alone; in the capsule that directory is ours and empty."""
        policy = Path("/etc/containers/policy.json")
        if self._machine.root and policy.parent.is_dir() and not policy.exists():
            policy.write_text((self._etc / "policy.json").read_text())


def containers_conf(
    directory: Path, machine: Machine, *, runtime: str, conmon: Path | None, helpers: list[Path]
) -> str:
    """Write ``containers.conf``: our directories, and what this machine needs.

    Args:
        directory: where the environment lives.
        machine: the machine.
        runtime: the OCI runtime.
        conmon: the monitor to use; None for Podman's own choice.
        helpers: the directory that holds all that Podman runs, in a tree that is not installed; else empty.
    """
    engine: dict[str, object] = {
        "runtime": runtime,
        "events_logger": "file",
        # by default each exec leaves a monitor behind for 300 s, and the removal of its pod waits for it
        "exit_command_delay": 1,
        "tmp_dir": str(directory / "run" / "libpod"),
        "volume_path": str(directory / "volumes"),
    }
    if not machine.systemd or machine.root:
        engine["cgroup_manager"] = "cgroupfs"
    if conmon is not None:
        engine["conmon_path"] = [str(conmon)]
    runtimes: dict[str, object] = {}
    for path in helpers:
        engine["helper_binaries_dir"] = [str(path)]
        runtimes[runtime] = [str(path / runtime)]
    containers: dict[str, object] = {}
    if not machine.can_raise_limits and 0 <= machine.open_files < _DEFAULT_OPEN_FILES:
        # Podman's own defaults are above what we may set; soft and hard are equal because 4.3 swaps them
        limits = {"nofile": machine.open_files, "nproc": machine.processes}
        containers["default_ulimits"] = [f"{name}={value}:{value}" for name, value in limits.items() if value >= 0]
    network = {"network_backend": "netavark", "network_config_dir": str(directory / "etc" / "networks")}
    return _toml({"engine": engine, "engine.runtimes": runtimes, "containers": containers, "network": network})


def storage_conf(directory: Path, driver: str, *, root: bool) -> str:
    """Write ``storage.conf``: images and containers in our directory, where a user's are already (by ``XDG_DATA_HOME``)."""
    places = {"graphroot": str(directory / "store"), "runroot": str(directory / "run" / "c")} if root else {}
    return _toml({"storage": {"driver": driver, **places}})


def registries_conf(registry: str) -> str:
    """Write ``registries.conf``: short names are docker.io's, and docker.io is `registry` (host:port) if one is given.

    The registry takes docker.io's place and is not a mirror of it: after a mirror's "no", Podman asks the original too.
    """
    text = 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n'
    if registry:
        for prefix, location in (("docker.io", registry), (registry, registry)):
            text += f'\n[[registry]]\nprefix = "{prefix}"\nlocation = "{location}"\ninsecure = true\n'
    return text


def _toml(sections: Mapping[str, Mapping[str, object]]) -> str:
    """TOML's strings, integers and lists of strings are written as JSON's."""
    blocks = (
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
        for name, section in sections.items()
    )
    return "\n".join(blocks)


def _storage_driver(directory: Path) -> str:
    """Overlay, unless our directory is on an overlay itself (in a container without memory to spare): those do not stack."""
    kind = subprocess.run(
        ["stat", "--file-system", "--format=%T", directory], capture_output=True, text=True, check=True
    ).stdout
    return "vfs" if kind.strip().startswith(_OVERLAYFS) else "overlay"


def _helpers() -> list[Path]:
    """The directory of `podman` if its helpers lie beside it, as in a tree of programs that is not installed."""
    podman = find_binary("podman")
    return [podman.parent] if podman is not None and (podman.parent / "netavark").exists() else []


def _session_bus() -> str:
    bus = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "bus")
    return f"unix:path={bus}" if bus.exists() else ""
