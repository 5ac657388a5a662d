"""Volumes on the file system: layout, modes, updates, types, parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from builders import container, pod
from test_environment import LOGIN, NODE, SETTINGS, Sources

from podkit.kubelet.filesystem import File, LocalFilesystem, VolumeError, atomic_writer
from podkit.kubelet.mounts import MountMaker
from podkit.kubelet.sources import ConfigError
from podkit.kubelet.tokens import TokenIssuer
from podkit.kubelet.volumes import ClaimVolumes, NodeVolume, VolumeManager
from podkit.kubelet.volumes.payload import PayloadMaker
from podkit.loop.clock import VirtualClock
from podkit.model import (
    ConfigMapProjection,
    ConfigMapVolumeSource,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    EmptyDirVolumeSource,
    HostPathVolumeSource,
    KeyToPath,
    NFSVolumeSource,
    ObjectFieldSelector,
    Pod,
    PodSecurityContext,
    ProjectedVolumeSource,
    SecretProjection,
    SecretVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeMount,
    VolumeProjection,
)
from podkit.runtime.simulated import SimulatedRuntime


def set_up(root: Path, web: Pod, sources: Sources | None = None) -> dict[str, Path]:
    return paths(manager(root).set_up(web, payloads(web, sources)))


def manager(root: Path) -> VolumeManager:
    filesystem = LocalFilesystem(root)
    return VolumeManager(filesystem, ClaimVolumes("node-1", SimulatedRuntime(VirtualClock()), filesystem, {}))


def paths(volumes: dict[str, NodeVolume]) -> dict[str, Path]:
    return {name: Path(volume.path) for name, volume in volumes.items()}


def payloads(web: Pod, sources: Sources | None = None) -> PayloadMaker:
    tokens = TokenIssuer("node-1", VirtualClock())
    return PayloadMaker(web, NODE, ("10.88.0.2",), sources or Sources(SETTINGS, LOGIN), tokens)


def with_volume(**source: Any) -> Pod:
    return pod(volumes=[Volume(name="v", **source)])


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.fixture(autouse=True)
def freed(tmp_path: Path) -> Iterator[None]:
    """Nothing stays mounted."""
    yield
    manager(tmp_path).tear_down("u-1")


class TestAtomicWriter:
    def test_files_are_links_through_one_link(self, tmp_path: Path) -> None:
        atomic_writer.write(tmp_path, {"a": File(b"1", 0o400), "dir/b": File(b"2")})
        assert (tmp_path / "a").read_bytes() == b"1"
        assert (tmp_path / "dir/b").read_bytes() == b"2"
        assert os.readlink(tmp_path / "a") == "..data/a"
        assert os.readlink(tmp_path / "dir") == "..data/dir"
        assert mode(tmp_path / "a") == 0o400
        assert mode(tmp_path / "dir/b") == 0o644

    def test_an_update_replaces_everything_and_leaves_nothing_stale(self, tmp_path: Path) -> None:
        atomic_writer.write(tmp_path, {"a": File(b"1"), "b": File(b"2")})
        assert atomic_writer.write(tmp_path, {"a": File(b"3"), "c": File(b"4")})
        visible = {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.startswith("..")}
        assert visible == {"a": b"3", "c": b"4"}
        assert len([path for path in tmp_path.iterdir() if path.name.startswith("..20")]) == 1

    def test_the_same_again_writes_nothing(self, tmp_path: Path) -> None:
        atomic_writer.write(tmp_path, {"a": File(b"1")})
        before = os.readlink(tmp_path / "..data")
        assert not atomic_writer.write(tmp_path, {"a": File(b"1")})
        assert os.readlink(tmp_path / "..data") == before

    @pytest.mark.parametrize("path", ["", "/etc/passwd", "../up", "a/../../b", "..data", "x" * 256])
    def test_a_path_must_stay_inside(self, tmp_path: Path, path: str) -> None:
        with pytest.raises(VolumeError, match="invalid path"):
            atomic_writer.write(tmp_path, {path: File(b"")})
        assert list(tmp_path.iterdir()) == []


class TestData:
    def test_all_keys_of_a_config_map(self, tmp_path: Path) -> None:
        place = set_up(tmp_path, with_volume(config_map=ConfigMapVolumeSource(name="settings")))["v"]
        assert (place / "data-2").read_text() == "two"
        assert mode(place / "a") == 0o644

    def test_chosen_keys_at_chosen_paths_with_chosen_modes(self, tmp_path: Path) -> None:
        items = [KeyToPath(key="a", path="path/to/a", mode=0o400)]
        source = ConfigMapVolumeSource(name="settings", items=items, default_mode=0o440)
        place = set_up(tmp_path, with_volume(config_map=source))["v"]
        assert (place / "path/to/a").read_text() == "1"
        assert mode(place / "path/to/a") == 0o400
        assert not (place / "data-2").exists()

    def test_a_missing_one_is_an_error_that_names_the_volume(self, tmp_path: Path) -> None:
        with pytest.raises(VolumeError, match='SetUp failed for volume "v" : configmap "no" not found'):
            set_up(tmp_path, with_volume(config_map=ConfigMapVolumeSource(name="no")))
        items = [KeyToPath(key="no", path="x")]
        with pytest.raises(VolumeError, match="references non-existent config key: no"):
            set_up(tmp_path, with_volume(config_map=ConfigMapVolumeSource(name="settings", items=items)))

    def test_an_optional_one_is_empty(self, tmp_path: Path) -> None:
        place = set_up(tmp_path, with_volume(config_map=ConfigMapVolumeSource(name="no", optional=True)))["v"]
        assert [path for path in place.iterdir() if not path.name.startswith("..")] == []

    def test_a_projection_puts_all_sources_in_one_tree(self, tmp_path: Path) -> None:
        sources = [
            VolumeProjection(secret=SecretProjection(name="login", items=[KeyToPath(key="user", path="all/user")])),
            VolumeProjection(config_map=ConfigMapProjection(name="settings", items=[KeyToPath(key="a", path="all/a")])),
            VolumeProjection(
                downward_api=DownwardAPIProjection(
                    items=[
                        DownwardAPIVolumeFile(
                            path="all/name", field_ref=ObjectFieldSelector(field_path="metadata.name")
                        )
                    ]
                )
            ),
        ]
        place = set_up(tmp_path, with_volume(projected=ProjectedVolumeSource(sources=sources)))["v"]
        found = {path.name: path.read_text() for path in (place / "all").iterdir()}
        assert found == {"user": "root", "a": "1", "name": "web"}
        assert place.is_mount() or place.is_symlink()  # because of the Secret, it lies in memory

    def test_changes_reach_the_files_and_files_of_a_deleted_source_stay(self, tmp_path: Path) -> None:
        web = with_volume(config_map=ConfigMapVolumeSource(name="settings"))
        volumes = manager(tmp_path)
        place = paths(volumes.set_up(web, payloads(web)))["v"]
        changed = type(SETTINGS)(metadata=SETTINGS.metadata, data={"a": "new"})
        volumes.refresh(web, payloads(web, Sources(changed)))
        assert (place / "a").read_text() == "new"
        assert not (place / "data-2").exists()
        [problem] = volumes.refresh(web, payloads(web, Sources(LOGIN)))
        assert 'configmap "settings" not found' in str(problem)
        assert (place / "a").read_text() == "new"

    def test_a_container_can_be_started_again_with_files_whose_source_was_deleted(self, tmp_path: Path) -> None:
        web = with_volume(config_map=ConfigMapVolumeSource(name="settings"))
        volumes = manager(tmp_path)
        place = paths(volumes.set_up(web, payloads(web)))["v"]
        assert paths(volumes.set_up(web, payloads(web, Sources()))) == {"v": place}
        assert (place / "a").is_file()

    def test_whoever_runs_podkit_with_a_strict_umask_still_lets_containers_read(self, tmp_path: Path) -> None:
        items = [KeyToPath(key="a", path="deep/down/a")]
        web = with_volume(config_map=ConfigMapVolumeSource(name="settings", items=items))
        before = os.umask(0o077)
        try:
            place = set_up(tmp_path, web)["v"]
        finally:
            os.umask(before)
        assert [(place / path).stat().st_mode & 0o777 for path in ("deep", "deep/down", "deep/down/a")] == [
            0o755,
            0o755,
            0o644,
        ]


class TestOwn:
    def test_an_empty_dir_is_for_everybody_and_keeps_its_content(self, tmp_path: Path) -> None:
        web = with_volume(empty_dir=EmptyDirVolumeSource())
        place = set_up(tmp_path, web)["v"]
        assert mode(place) == 0o777
        (place / "x").write_text("kept")
        assert (set_up(tmp_path, web)["v"] / "x").read_text() == "kept"

    @pytest.mark.skipif(os.geteuid() != 0, reason="without the right to mount, it is a link")
    @pytest.mark.parametrize(
        "source",
        [
            {"empty_dir": EmptyDirVolumeSource(medium="Memory")},
            {"secret": SecretVolumeSource(secret_name="login")},
        ],
    )
    def test_it_lies_in_memory_again_after_the_machine_was_started_anew(
        self, tmp_path: Path, source: dict[str, Any]
    ) -> None:
        (tmp_path / "u-1/volumes/v").mkdir(parents=True)
        assert set_up(tmp_path, with_volume(**source))["v"].is_mount()

    def test_tear_down_removes_it_with_all_that_is_in_it(self, tmp_path: Path) -> None:
        web = with_volume(empty_dir=EmptyDirVolumeSource())
        (set_up(tmp_path, web)["v"] / "x").write_text("gone")
        volumes = manager(tmp_path)
        volumes.tear_down("u-1")
        assert not (tmp_path / "u-1/volumes").exists()
        volumes.tear_down("u-1")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount and change groups")
    def test_in_memory_it_is_a_file_system_of_its_own(self, tmp_path: Path) -> None:
        web = with_volume(empty_dir=EmptyDirVolumeSource(medium="Memory", size_limit="1Mi"))
        place = set_up(tmp_path, web)["v"]
        try:
            assert place.is_mount()
            with pytest.raises(OSError, match="No space"):
                (place / "x").write_bytes(b"x" * (2 << 20))
        finally:
            manager(tmp_path).tear_down("u-1")
        assert not place.exists()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount and change groups")
    def test_a_secret_lies_in_memory_and_belongs_to_the_group_of_the_pod(self, tmp_path: Path) -> None:
        web = with_volume(secret=SecretVolumeSource(secret_name="login", default_mode=0o440))
        web.spec.security_context = PodSecurityContext(fs_group=1001)
        place = set_up(tmp_path, web)["v"]
        try:
            assert place.is_mount()
            assert (place / "user").stat().st_gid == 1001
            assert mode(place / "user") == 0o440
        finally:
            manager(tmp_path).tear_down("u-1")


class TestHostPath:
    @pytest.mark.parametrize(
        ("kind", "exists_as", "accepted"),
        [
            ("Directory", "dir", True),
            ("Directory", "file", False),
            ("Directory", None, False),
            ("File", "file", True),
            ("File", "dir", False),
            ("DirectoryOrCreate", None, True),
            ("DirectoryOrCreate", "file", False),
            ("FileOrCreate", None, True),
            ("FileOrCreate", "dir", False),
            ("Socket", "file", False),
            ("", None, True),
            ("", "file", True),
        ],
    )
    def test_the_type_is_checked(self, tmp_path: Path, kind: str, exists_as: str | None, accepted: bool) -> None:
        path = tmp_path / "thing"
        if exists_as == "dir":
            path.mkdir()
        elif exists_as == "file":
            path.touch()
        web = with_volume(host_path=HostPathVolumeSource(path=str(path), type=kind))
        if accepted:
            assert set_up(tmp_path / "pods", web)["v"] == path
            assert path.exists()
        else:
            with pytest.raises(VolumeError, match="hostPath type check failed"):
                set_up(tmp_path / "pods", web)

    def test_a_file_is_not_made_in_a_directory_that_is_not_there(self, tmp_path: Path) -> None:
        source = HostPathVolumeSource(path=str(tmp_path / "no/file"), type="FileOrCreate")
        with pytest.raises(VolumeError, match="must exist"):
            set_up(tmp_path, with_volume(host_path=source))


class TestMounts:
    def test_parts_of_a_volume(self, tmp_path: Path) -> None:
        found = self.destinations(tmp_path, VolumeMount(name="v", mount_path="/x", sub_path="deep/er"))
        assert found["/x"] == str(tmp_path / "deep/er")
        assert (tmp_path / "deep/er").is_dir()

    def test_the_part_may_come_from_the_environment(self, tmp_path: Path) -> None:
        found = self.destinations(tmp_path, VolumeMount(name="v", mount_path="/x", sub_path_expr="$(POD)/log"))
        assert found["/x"] == str(tmp_path / "web/log")

    @pytest.mark.parametrize(
        ("mount", "message"),
        [
            (VolumeMount(name="v", mount_path="/x", sub_path_expr="$(NO)"), 'missing value for "NO"'),
            (VolumeMount(name="v", mount_path="/x", sub_path_expr="$(ROOT)"), "relative"),
            (VolumeMount(name="v", mount_path="/x", sub_path="a/../../b"), r"\.\."),
            (VolumeMount(name="v", mount_path="/x", sub_path="link"), "leads out of the volume"),
            (VolumeMount(name="w", mount_path="/x"), "cannot find volume"),
        ],
    )
    def test_a_part_that_cannot_be_had(self, tmp_path: Path, mount: VolumeMount, message: str) -> None:
        (tmp_path / "link").symlink_to("/etc")
        with pytest.raises((ConfigError, VolumeError), match=message):
            self.destinations(tmp_path, mount)

    def test_the_hosts_file_and_the_termination_message_are_provided_unless_the_container_brings_its_own(
        self, tmp_path: Path
    ) -> None:
        assert self.destinations(tmp_path)["/etc/hosts"] == "/pods/hosts"
        assert self.destinations(tmp_path)["/dev/termination-log"] == "/pods/message"
        own = self.destinations(tmp_path, VolumeMount(name="v", mount_path="/etc/hosts"))
        assert own["/etc/hosts"] == str(tmp_path)

    def test_only_what_the_kubelet_has_made_is_labelled(self, tmp_path: Path) -> None:
        (tmp_path / "pods/u-1/volumes/own").mkdir(parents=True)
        (tmp_path / "machine").mkdir()
        own, machine = PurePosixPath(tmp_path / "pods/u-1/volumes/own"), PurePosixPath(tmp_path / "machine")
        volumes = {"own": NodeVolume(own), "machine": NodeVolume(machine, own=False)}
        of = container(volume_mounts=[VolumeMount(name=name, mount_path=f"/{name}") for name in volumes])
        mounts = MountMaker(LocalFilesystem(tmp_path / "pods"), volumes, {}, PurePosixPath("/pods/hosts"))
        found = mounts.make(of, {}, PurePosixPath("/pods/message"))
        assert {mount.destination: mount.relabel for mount in found} == {
            "/own": True,
            "/machine": False,
            "/etc/hosts": True,
            "/dev/termination-log": True,
        }

    @staticmethod
    def destinations(volume: Path, *volume_mounts: VolumeMount) -> dict[str, str]:
        of = container(volume_mounts=list(volume_mounts))
        environment = {"POD": "web", "ROOT": "/tmp"}
        volumes = {"v": NodeVolume(PurePosixPath(volume))}
        mounts = MountMaker(LocalFilesystem(volume), volumes, {}, PurePosixPath("/pods/hosts"))
        found = mounts.make(of, environment, PurePosixPath("/pods/message"))
        return {mount.destination: mount.source for mount in found}


class TestToken:
    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
    @pytest.mark.parametrize(
        ("context", "expected"),
        [
            (PodSecurityContext(), (0o644, 0, 0)),
            (PodSecurityContext(run_as_user=1000), (0o600, 1000, 0)),
            (PodSecurityContext(fs_group=2000), (0o640, 0, 2000)),
            (PodSecurityContext(run_as_user=1000, fs_group=2000), (0o640, 1000, 2000)),
        ],
    )
    def test_it_is_for_the_user_and_the_group_of_the_pod(
        self, tmp_path: Path, context: PodSecurityContext, expected: tuple[int, int, int]
    ) -> None:
        source = VolumeProjection(service_account_token=ServiceAccountTokenProjection(path="token"))
        web = with_volume(projected=ProjectedVolumeSource(sources=[source]))
        web.spec.security_context = context
        token = set_up(tmp_path, web)["v"] / "token"
        status = token.stat()
        assert (status.st_mode & 0o777, status.st_uid, status.st_gid) == expected
        assert len(token.read_text()) > 30
        assert token.parent.is_mount()


class TestNfs:
    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
    def test_a_share_is_mounted_and_taken_away_without_its_content(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The machine's ``mount`` is played by one that binds a directory in place of the share."""
        share, tools = tmp_path / "share", tmp_path / "tools"
        share.mkdir()
        tools.mkdir()
        (share / "precious").write_text("kept")
        mount = 'test "$1 $2 $3 $4 $5" = "-t nfs -o retry=0,ro server:/share" && exec /bin/mount --bind "$SHARE" "$6"'
        for name, script in (("mount", mount), ("mount.nfs", "")):
            (tools / name).write_text(f"#!/bin/sh\n{script}\n")
            (tools / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
        monkeypatch.setenv("SHARE", str(share))
        web = with_volume(nfs=NFSVolumeSource("server", "/share", read_only=True))
        [found] = manager(tmp_path).set_up(web, payloads(web)).values()
        assert found.read_only
        assert Path(found.path, "precious").read_text() == "kept"
        manager(tmp_path).tear_down("u-1")
        assert not Path(found.path).exists()
        assert (share / "precious").exists()

    def test_a_machine_that_cannot_mount_it_says_what_is_missing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(VolumeError, match=r"server:/share needs (root|mount\.nfs)"):
            set_up(tmp_path, with_volume(nfs=NFSVolumeSource("server", "/share")))


class TestRoot:
    def test_what_a_volume_lies_on_is_never_removed_with_it(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "precious").touch()
        web = with_volume(empty_dir=EmptyDirVolumeSource())
        (set_up(tmp_path, web)["v"] / "link").symlink_to(outside)
        manager(tmp_path).tear_down("u-1")
        assert (outside / "precious").exists()
