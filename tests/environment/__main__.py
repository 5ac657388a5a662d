"""``python -m tests.environment -- COMMAND…``: run a command with a Podman of its own, and leave nothing behind.

The command's exit code becomes ours. Ctrl-C reaches the command as usual; we wait for it, clean up, and then end.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from tests.environment.environment import prepared
from tests.environment.errors import EnvironmentUnavailable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it.

    Returns:
        The exit code of the command, or 1 if the environment cannot be made.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.environment", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("command", nargs="+", help="what to run, after --")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with prepared() as environment:
            return _run(options.command, environment.variables)
    except EnvironmentUnavailable as error:
        print(f"environment: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(command: list[str], variables: dict[str, str]) -> int:
    process = subprocess.Popen(command, env=os.environ | variables)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # noqa: PERF203 - the terminal sent it to the command too, which ends in its own way
            continue
        except SystemExit:
            process.terminate()
            process.wait()
            raise


if __name__ == "__main__":
    sys.exit(main())
