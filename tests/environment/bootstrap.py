"""``python -m tests.environment.bootstrap DIRECTORY``: make the virtual environment that everything else is installed into.

Debian splits the standard library: a ``python3`` without ``python3-venv`` cannot make a virtual environment. What is missing is
installed as the other packages are.
"""

import importlib.util
import sys
import venv
from pathlib import Path

from tests.environment.errors import EnvironmentUnavailable
from tests.environment.packages import install


def main(directory: Path) -> int:
    """Make it.

    Returns:
        The exit code, 1 if something is missing that only the user can install.
    """
    try:
        if importlib.util.find_spec("ensurepip") is None:
            install([f"python{sys.version_info.major}.{sys.version_info.minor}-venv"])
    except EnvironmentUnavailable as error:
        print(f"environment: {error}", file=sys.stderr)
        return 1
    venv.create(directory, with_pip=True, symlinks=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
