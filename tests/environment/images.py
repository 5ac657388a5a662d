"""Test images made of one static busybox, without network.

They are built in memory as tar archives with fixed times and order, and imported. `BUSYBOX` is what most tests run; the others
differ in what an image can bring along: an entry point, a user, a port, a set-user-ID program.
"""

import io
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.environment.errors import EnvironmentUnavailable
from tests.environment.packages import find_program
from tests.environment.podman import Podman

BUSYBOX = "localhost/busybox:latest"
_DIRECTORIES = ("bin", "dev", "etc", "home", "proc", "root", "run", "sys", "usr", "usr/bin", "var", "www")
_FILES = {
    "etc/passwd": "root::0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
    "alice:x:4001:4002:alice:/home:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\nteam:x:50000:alice\n",
    "www/index.html": "ok\n",
}


@dataclass(frozen=True)
class Image:
    """An image to make.

    Attributes:
        name: how Podman knows it.
        changes: instructions of a Dockerfile that set its configuration.
        set_user_id: where to put copies of busybox that run as root, whoever starts them.
    """

    name: str
    changes: tuple[str, ...]
    set_user_id: tuple[str, ...] = ()


IMAGES = (
    Image(BUSYBOX, ('CMD ["sh"]', "ENV PATH=/bin:/usr/bin")),
    Image("localhost/busybox:two", ('CMD ["sh"]', "ENV PATH=/bin:/usr/bin", "LABEL version=two")),
    Image(
        "localhost/eptest:latest", ('ENTRYPOINT ["/bin/echo","ep"]', 'CMD ["image-default"]', "ENV PATH=/bin:/usr/bin")
    ),
    Image(
        "localhost/httpd:latest", ('CMD ["httpd","-f","-p","80","-h","/www"]', "ENV PATH=/bin:/usr/bin", "EXPOSE 80")
    ),
    Image("localhost/nobody:latest", ('CMD ["id","-u"]', "ENV PATH=/bin:/usr/bin", "USER 65534", "WORKDIR /tmp")),
    Image("localhost/setuid:latest", ('CMD ["/setuid/su","-c","id -u"]', "ENV PATH=/bin:/usr/bin"), ("setuid/su",)),
)
"""All of them; `localhost/busybox` first, which the registry and the pause image need."""


def build(podman: Podman) -> tuple[str, ...]:
    """Import all images.

    Returns:
        Their names.
    """
    busybox = find_program("busybox")
    if busybox is None:
        raise EnvironmentUnavailable("the test images need a static busybox: install busybox-static")
    plain = archive(busybox, ())
    for image in IMAGES:
        content = archive(busybox, image.set_user_id) if image.set_user_id else plain
        changes = [argument for change in image.changes for argument in ("--change", change)]
        podman.run("import", "--quiet", *changes, "-", image.name, stdin=content)
    return tuple(image.name for image in IMAGES)


def archive(busybox: Path, set_user_id: tuple[str, ...]) -> bytes:
    """The root file system of a test image as a tar archive."""
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    program = busybox.read_bytes()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        add = _adder(tar)
        for name in _DIRECTORIES:
            add(name, tarfile.DIRTYPE, 0o755)
        add("tmp", tarfile.DIRTYPE, 0o1777)
        for name, text in _FILES.items():
            add(name, tarfile.REGTYPE, 0o644, text.encode())
        add("bin/busybox", tarfile.REGTYPE, 0o755, program)
        for applet in sorted(applets):
            if applet != "busybox":
                add(f"bin/{applet}", tarfile.SYMTYPE, 0o777, link="busybox")
        for path in set_user_id:
            add(path, tarfile.REGTYPE, 0o4755, program)
    return buffer.getvalue()


def _adder(tar: tarfile.TarFile) -> Callable[..., None]:
    def add(name: str, kind: bytes, mode: int, content: bytes = b"", link: str = "") -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(content), link
        tar.addfile(entry, io.BytesIO(content))

    return add
