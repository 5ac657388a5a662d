"""Files that an engine keeps: what the kubelet of an engine elsewhere does with volumes."""

from __future__ import annotations

from pathlib import Path

import pytest

from podkit.kubelet.filesystem import EngineFilesystem, File, VolumeError
from podkit.loop.clock import VirtualClock
from podkit.runtime.base import NODE
from podkit.runtime.simulated import SimulatedRuntime

LABELS = {NODE: "n"}
PLACE = "uid-1/volumes/settings"


@pytest.fixture
def runtime() -> SimulatedRuntime:
    return SimulatedRuntime(VirtualClock())


@pytest.fixture
def files(runtime: SimulatedRuntime) -> EngineFilesystem:
    return EngineFilesystem(runtime, LABELS)


def test_a_payload_changes_as_a_whole(files: EngineFilesystem) -> None:
    path = Path(files.make_directory(PLACE, mode=0o777))
    assert not files.has_payload(PLACE)
    files.write_payload(PLACE, {"a": File(b"1"), "deep/b": File(b"2", mode=0o600)})
    first = (path / "..data").readlink()
    assert ((path / "a").read_bytes(), (path / "deep" / "b").read_bytes()) == (b"1", b"2")
    assert (path / "a").readlink() == Path("..data/a")
    files.write_payload(PLACE, {"a": File(b"1"), "deep/b": File(b"2", mode=0o600)})
    assert (path / "..data").readlink() == first, "nothing has changed"
    files.write_payload(PLACE, {"a": File(b"3")})
    assert (path / "a").read_bytes() == b"3"
    assert not (path / "deep").exists()


def test_another_kubelet_finds_what_is_there(files: EngineFilesystem, runtime: SimulatedRuntime) -> None:
    path = Path(files.make_directory(PLACE, mode=0o700))
    files.write_payload(PLACE, {"a": File(b"1")})
    files.write_file("uid-1/etc-hosts", b"hosts", mode=0o644)
    data = (path / "..data").readlink()
    again = EngineFilesystem(runtime, LABELS)
    assert again.pods() == ["uid-1"]
    assert again.has_payload(PLACE)
    again.write_payload(PLACE, {"a": File(b"1")})
    assert (path / "..data").readlink() == data
    assert again.make_directory(PLACE, mode=0o777) == files.path_of(PLACE)
    assert path.stat().st_mode & 0o777 == 0o700, "it is there already"
    assert again.read_tail("uid-1/etc-hosts", 3) == b"sts"


def test_all_goes_with_the_pod(files: EngineFilesystem, runtime: SimulatedRuntime) -> None:
    files.make_directory(PLACE, mode=0o777)
    files.make_directory("uid-2/volumes/other", mode=0o777)
    files.write_file("uid-1/containers/main/0/termination-log", b"", mode=0o666)
    files.remove("uid-1/containers/main/0")
    files.remove("uid-1/volumes")
    assert files.pods() == ["uid-1", "uid-2"]
    files.remove("uid-1")
    assert files.pods() == ["uid-2"]
    with pytest.raises(VolumeError, match="is not there any more"):
        files.path_of(PLACE)
    assert len(runtime.volumes(LABELS)) == 1


def test_parts_are_parts_of_its_own_files_only(files: EngineFilesystem) -> None:
    files.make_directory(PLACE, mode=0o777)
    files.write_payload(PLACE, {"dir/a": File(b"1")})
    volume = files.path_of(PLACE)
    assert Path(files.part(volume, "dir/a")).read_bytes() == b"1"
    assert Path(files.part(volume, "dir")).is_dir()
    assert files.part(volume, "") == volume
    for sub_path in ("none", "di", "../.."):
        with pytest.raises(VolumeError, match="cannot be seen on another machine"):
            files.part(volume, sub_path)


def test_a_file_of_variables_is_read_within_its_limit(files: EngineFilesystem) -> None:
    files.make_directory(PLACE, mode=0o777)
    files.write_payload(PLACE, {"env": File(b"A=1"), "dir/x": File(b""), "dir/y": File(b"")})
    volume = files.path_of(PLACE)
    assert files.read_part(volume, "env", 10) == b"A=1"
    assert files.read_part(volume, "none", 10) is None
    with pytest.raises(VolumeError, match="more than 2 bytes"):
        files.read_part(volume, "env", 2)
    with pytest.raises(VolumeError, match="is not a file"):
        files.read_part(volume, "dir", 10)


def test_storage_of_claims_is_opened_once_and_given_to_a_group(
    files: EngineFilesystem, runtime: SimulatedRuntime
) -> None:
    claim = runtime.create_volume("claim", LABELS)
    path = files.host_path(claim.path, "")
    files.open_up(path)
    assert runtime.volume_mode("claim") == 0o777
    Path(claim.path).chmod(0o700)
    files.open_up(path)
    assert runtime.volume_mode("claim") == 0o700, "somebody wants it so"
    files.hand_over(path, 0, only_at_mismatch=False)
    assert runtime.volume_mode("claim") == 0o2770


@pytest.mark.parametrize("kind", ["DirectoryOrCreate", "FileOrCreate"])
def test_nothing_is_made_on_the_other_machine(files: EngineFilesystem, kind: str) -> None:
    with pytest.raises(VolumeError, match="cannot be done on another machine"):
        files.host_path("/srv/data", kind)
    with pytest.raises(VolumeError, match="mount it there"):
        files.make_nfs(PLACE, "server", "/share", read_only=False)
    with pytest.raises(VolumeError, match="lie in memory"):
        files.make_memory(PLACE, mode=0o777)
