"""Mounts, and files that are copied into and out of containers."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from podkit.errors import ContainerNotFound, RuntimeFailed
from podkit.runtime.base import Mount, SecurityConfig
from tests.contract.runtime.engines import Engine


def test_containers_share_what_is_mounted_in_both(engine: Engine, tmp_path: Path) -> None:
    mounts = [Mount(source=str(tmp_path), destination="/data")]
    engine.run("sh", "-c", "mkdir /data/made && echo shared > /data/made/note", mounts=mounts)
    assert engine.run("cat", "/data/made/note", mounts=mounts)[1] == b"shared\n"
    assert (tmp_path / "made" / "note").read_text() == "shared\n"


def test_a_file_can_be_mounted(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("key=value\n")
    mounts = [Mount(source=str(tmp_path / "config"), destination="/etc/app/config")]
    assert engine.run("cat", "/etc/app/config", mounts=mounts)[1] == b"key=value\n"
    engine.run("sh", "-c", "echo more >> /etc/app/config", mounts=mounts)
    assert (tmp_path / "config").read_text() == "key=value\nmore\n"


def test_a_link_within_a_mount_is_followed(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "key").write_text("value")
    (tmp_path / "key").symlink_to("..data/key")
    mounts = [Mount(source=str(tmp_path), destination="/config", read_only=True)]
    assert engine.run("cat", "/config/key", mounts=mounts)[1] == b"value"


def test_a_mount_can_be_mounted_below_another(engine: Engine, tmp_path: Path) -> None:
    for name in ("outer", "inner"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "name").write_text(f"{name}\n")
    (tmp_path / "outer" / "sub").mkdir()
    mounts = [
        Mount(source=str(tmp_path / "outer"), destination="/data"),
        Mount(source=str(tmp_path / "inner"), destination="/data/sub"),
    ]
    assert engine.run("cat", "/data/name", "/data/sub/name", mounts=mounts)[1] == b"outer\ninner\n"


def test_what_is_read_only_cannot_be_written(engine: Engine, tmp_path: Path) -> None:
    mounts = [Mount(source=str(tmp_path), destination="/data", read_only=True)]
    status, output = engine.run("sh", "-c", "echo x > /data/file", mounts=mounts)
    assert status.exit_code != 0
    assert b"Read-only file system" in output
    assert list(tmp_path.iterdir()) == []


def test_a_root_can_be_read_only_around_mounts(engine: Engine, tmp_path: Path) -> None:
    mounts = [Mount(source=str(tmp_path), destination="/data")]
    script = "echo x > /data/file && echo y > /file"
    status, output = engine.run("sh", "-c", script, mounts=mounts, security=SecurityConfig(read_only_root=True))
    assert status.exit_code != 0
    assert b"/file: Read-only file system" in output
    assert (tmp_path / "file").read_text() == "x\n"


def test_files_can_be_copied_in_and_out(engine: Engine) -> None:
    container_id = engine.start("sleep", "60")
    engine.runtime.put_archive(container_id, "/tmp", archive({"one/file": b"content\n"}))
    assert engine.runtime.exec(container_id, ["cat", "/tmp/one/file"]).stdout == b"content\n"
    assert contents(engine.runtime.get_archive(container_id, "/tmp/one/file")) == {"file": b"content\n"}
    assert contents(engine.runtime.get_archive(container_id, "/tmp/one")) == {"one/file": b"content\n"}
    packed = io.BytesIO()
    engine.runtime.read_archive(container_id, "/tmp/one", packed)
    packed.seek(0)
    engine.runtime.put_archive(container_id, "/tmp/one", packed)
    assert engine.runtime.exec(container_id, ["cat", "/tmp/one/one/file"]).stdout == b"content\n"


def test_one_can_ask_what_there_is_at_a_path(engine: Engine) -> None:
    container_id = engine.start("sleep", "60")
    paths = ("/tmp", "/tmp/", "/etc/passwd", "/no/such/file")
    assert [engine.runtime.is_directory(container_id, path) for path in paths] == [True, True, False, None]
    with pytest.raises(ContainerNotFound):
        engine.runtime.is_directory("0" * 64, "/tmp")


def test_what_is_not_there_cannot_be_copied(engine: Engine) -> None:
    container_id = engine.start("sleep", "60")
    with pytest.raises(RuntimeFailed):
        engine.runtime.get_archive(container_id, "/no/such/file")
    with pytest.raises(ContainerNotFound):
        engine.runtime.get_archive("0" * 64, "/etc")
    with pytest.raises(ContainerNotFound):
        engine.runtime.put_archive("0" * 64, "/tmp", archive({}))


def archive(files: dict[str, bytes]) -> bytes:
    """A tar archive of these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def contents(packed: bytes) -> dict[str, bytes]:
    """The files of a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar if entry.isfile()}
        return {name: file.read() for name, file in files.items() if file is not None}
