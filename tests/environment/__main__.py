"""``python -m tests.environment -- COMMAND…``: run a command with a Podman of its own, and leave nothing behind.

The command's exit code becomes ours. Ctrl-C reaches the command as usual; we wait for it, clean up, and then end.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.environment.environment import prepared, unprivileged
from tests.environment.errors import EnvironmentUnavailable
from tests.environment.legs import LEGS, variables
from tests.environment.podman import without_foreign
from tests.environment.unprivileged import IDENTITY

ROOT = Path(__file__).parents[2]
_END_SECONDS = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it.

    Returns:
        The exit code of the command, or 1 if the environment cannot be made.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tests.environment", description="Run a command with a Podman of its own."
    )
    parser.add_argument(
        "--demo", action="store_true", help="serve the real busybox of docker.io where that can be reached"
    )
    parser.add_argument("--leg", choices=LEGS, help="which Podman, and how; without it, the one that is here")
    parser.add_argument(
        "--if-possible", action="store_true", help="say so and do nothing where there is no way to have that leg"
    )
    parser.add_argument("command", nargs="+", help="what to run, after --")
    options = parser.parse_args(arguments)
    # a shell starts what it puts in the background deaf to Ctrl-C; what we run is to hear it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        if options.leg:
            try:
                os.environ.update(variables(LEGS[options.leg]))
            except EnvironmentUnavailable as error:
                if not options.if_possible:
                    raise
                print(f"environment: the leg {options.leg} is left out: {error}", file=sys.stderr)
                return 0
            if LEGS[options.leg].rootless:
                return _run_unprivileged([sys.executable, "-m", "tests.environment", "--", *options.command])
        with prepared(real_images=options.demo) as environment, _undisturbed_end():
            return _run(options.command, environment.variables)
    except EnvironmentUnavailable as error:
        print(f"environment: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run_unprivileged(command: list[str]) -> int:
    first = Path(os.environ["PATH"].split(os.pathsep)[0])
    readable = [ROOT, first.parent, Path(sys.prefix), Path(sys.base_prefix)]
    with unprivileged(readable) as variables, _undisturbed_end():
        return _run(command, variables, user=IDENTITY)


def _end(number: int, _frame: object) -> None:
    sys.exit(128 + number)


@contextlib.contextmanager
def _undisturbed_end() -> Iterator[None]:
    """Once the command is over, an impatient Ctrl-C must not keep us from cleaning up."""
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)


def _run(command: list[str], variables: dict[str, str], user: int | None = None) -> int:
    """Run the command to its end. Ctrl-C reaches it from the terminal, and it ends in its own way; other signals we pass on."""
    environ = without_foreign(os.environ) | variables
    groups = None if user is None else ()
    process = subprocess.Popen(command, env=environ, user=user, group=user, extra_groups=groups)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
        except SystemExit:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
            raise


if __name__ == "__main__":
    sys.exit(main())
