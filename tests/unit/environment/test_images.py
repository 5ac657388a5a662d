"""Test images are the same bytes each time, and nobody needs a library to run them."""

from __future__ import annotations

import io
import stat
import sys
import tarfile
from pathlib import Path

import pytest

from tests.environment.images import archive
from tests.environment.packages import is_static


@pytest.fixture
def busybox(tmp_path: Path) -> Path:
    program = tmp_path / "busybox"
    program.write_text("#!/bin/sh\nprintf 'busybox\\nls\\nsh\\n'\n")
    program.chmod(0o755)
    return program


def entries(content: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {entry.name: entry for entry in tar}


def test_the_same_busybox_gives_the_same_bytes(busybox: Path) -> None:
    assert archive(busybox, ()) == archive(busybox, ())


def test_applets_are_links(busybox: Path) -> None:
    found = entries(archive(busybox, ()))
    assert {found[f"bin/{name}"].linkname for name in ("ls", "sh")} == {"busybox"}
    assert found["bin/busybox"].isfile()


def test_everybody_may_write_to_tmp(busybox: Path) -> None:
    assert entries(archive(busybox, ()))["tmp"].mode == 0o1777


def test_a_program_can_run_as_its_owner(busybox: Path) -> None:
    program = entries(archive(busybox, ("bin/setuid",)))["bin/setuid"]
    assert program.mode & stat.S_ISUID
    assert program.uid == 0


def test_a_program_with_an_interpreter_is_not_static(busybox: Path) -> None:
    assert not is_static(busybox)
    assert not is_static(Path(sys.executable))
