"""Volumes: what is in them, whose it is, who may read it, and how it follows what it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from podkit import (
    ConfigMap,
    ConfigMapProjection,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    EmptyDirVolumeSource,
    HostPathVolumeSource,
    KeyToPath,
    ObjectFieldSelector,
    PodSecurityContext,
    ProjectedVolumeSource,
    ResourceFieldSelector,
    ResourceRequirements,
    Secret,
    SecretProjection,
    SecretVolumeSource,
    ValidationError,
    Volume,
    VolumeMount,
    VolumeProjection,
)
from podkit.model import DownwardAPIProjection
from tests.conformance.build import SLEEP, config_volume, lasting, once, shell
from tests.conformance.place import Place, eventually, main_of

DATA = {f"data-{number}": f"value-{number}" for number in (1, 2, 3)}
SECRET_DATA = {name: value.encode() for name, value in DATA.items()}
SHOW = r"cd /v; for f in $(find -L . -type f | grep -v '\.\.' | sort); do echo $(stat -L -c '%a' $f) $f $(cat $f); done"
"""Prints of each file its mode, its path and its content."""


def content(place: Place, volume: Volume, *objects, **fields) -> list[str]:
    """What a container finds in a volume, a line a file."""
    main = shell(SHOW, mounts={volume.name: "/v"}, resources=fields.pop("resources", None))
    return place.output(*objects, once("reader", main, volumes=[volume], **fields)).splitlines()


def secret_volume(**fields) -> Volume:
    return Volume("v", secret=SecretVolumeSource("hidden", **fields))


def projected_volume(*sources: VolumeProjection, default_mode: int | None = None) -> Volume:
    return Volume("v", projected=ProjectedVolumeSource(list(sources), default_mode=default_mode))


def downward_volume(*items: DownwardAPIVolumeFile, default_mode: int | None = None) -> Volume:
    return Volume("v", downward_api=DownwardAPIVolumeSource(list(items), default_mode=default_mode))


def pod_field(path: str, field: str, **fields) -> DownwardAPIVolumeFile:
    return DownwardAPIVolumeFile(path, field_ref=ObjectFieldSelector(field), **fields)


def resource_field(path: str, resource: str) -> DownwardAPIVolumeFile:
    return DownwardAPIVolumeFile(path, resource_field_ref=ResourceFieldSelector(resource, container_name="main"))


def in_projection(volume: Volume) -> Volume:
    """The same volume as the only source of a projected one."""
    if volume.config_map is not None:
        source = VolumeProjection(config_map=ConfigMapProjection(volume.config_map.name, items=volume.config_map.items))
        return projected_volume(source, default_mode=volume.config_map.default_mode)
    if volume.secret is not None:
        source = VolumeProjection(secret=SecretProjection(volume.secret.secret_name, items=volume.secret.items))
        return projected_volume(source, default_mode=volume.secret.default_mode)
    source = VolumeProjection(downward_api=DownwardAPIProjection(items=volume.downward_api.items))
    return projected_volume(source, default_mode=volume.downward_api.default_mode)


ALL = [f"644 ./data-{number} value-{number}" for number in (1, 2, 3)]
READ_BY_OWNER = [line.replace("644", "400") for line in ALL]
ITEM = [KeyToPath("data-2", "path/to/data-2")]
ITEM_MODE = [KeyToPath("data-2", "path/to/data-2", mode=0o400)]

OF_CONFIG_MAP = {
    "configmap-default": (config_volume("v", "settings"), ALL),
    "configmap-defaultmode": (config_volume("v", "settings", default_mode=0o400), READ_BY_OWNER),
    "configmap-items": (config_volume("v", "settings", items=ITEM), ["644 ./path/to/data-2 value-2"]),
    "configmap-items-mode": (config_volume("v", "settings", items=ITEM_MODE), ["400 ./path/to/data-2 value-2"]),
}
OF_SECRET = {
    "secret-default": (secret_volume(), ALL),
    "secret-defaultmode": (secret_volume(default_mode=0o400), READ_BY_OWNER),
    "secret-items": (secret_volume(items=ITEM), ["644 ./path/to/data-2 value-2"]),
    "secret-items-mode": (secret_volume(items=ITEM_MODE), ["400 ./path/to/data-2 value-2"]),
}
LIMITS = ResourceRequirements({"cpu": "250m", "memory": "32Mi"}, {"cpu": "1250m", "memory": "64Mi"})
OF_POD = {
    "downward-podname": (downward_volume(pod_field("podname", "metadata.name")), ["644 ./podname reader"]),
    "downward-cpu-limit": (downward_volume(resource_field("cpu", "limits.cpu")), ["644 ./cpu 2"]),
    "downward-cpu-request": (downward_volume(resource_field("cpu", "requests.cpu")), ["644 ./cpu 1"]),
    "downward-memory-limit": (downward_volume(resource_field("memory", "limits.memory")), ["644 ./memory 67108864"]),
    "downward-memory-request": (
        downward_volume(resource_field("memory", "requests.memory")),
        ["644 ./memory 33554432"],
    ),
    "downward-defaultmode": (
        downward_volume(pod_field("podname", "metadata.name"), default_mode=0o400),
        ["400 ./podname reader"],
    ),
    "downward-item-mode": (
        downward_volume(pod_field("podname", "metadata.name", mode=0o400)),
        ["400 ./podname reader"],
    ),
}
UNCOVERED = {
    "configmap-items-mode",
    "secret-items",
    "downward-cpu-request",
    "projected-downward-memory-limit",
    "projected-downward-item-mode",
}
"""Combinations that no conformance test has; they are as true as the others."""


def cases(*tables: dict) -> list:
    """Each volume by itself, and the same as a part of a projected one."""
    direct = {name: case for table in tables for name, case in table.items()}
    projected = {f"projected-{name}": (in_projection(volume), lines) for name, (volume, lines) in direct.items()}
    return [_case(name, *case) for name, case in (direct | projected).items()]


def _case(name: str, volume: Volume, lines: list[str]):
    marks = [] if name in UNCOVERED else [pytest.mark.behaviour(f"storage/{name}")]
    return pytest.param(volume, lines, id=name, marks=marks)


@pytest.mark.parametrize(("volume", "lines"), cases(OF_CONFIG_MAP, OF_SECRET, OF_POD))
def test_storage(place: Place, volume: Volume, lines: list[str]) -> None:
    objects = [ConfigMap.new("settings", DATA), Secret.new("hidden", SECRET_DATA)]
    assert content(place, volume, *objects, resources=LIMITS) == lines


@pytest.mark.behaviour("storage/configmap-items-nonroot")
def test_storage_configmap_items_nonroot(place: Place) -> None:
    volume = config_volume("v", "settings", items=ITEM)
    found = content(
        place, volume, ConfigMap.new("settings", DATA), security_context=PodSecurityContext(run_as_user=1000)
    )
    assert found == ["644 ./path/to/data-2 value-2"]


@pytest.mark.behaviour("storage/secret-nonroot-fsgroup")
def test_storage_secret_nonroot_fsgroup(place: Place) -> None:
    main = shell("stat -L -c '%a %g' /v/data-1; cat /v/data-1", mounts={"v": "/v"})
    context = PodSecurityContext(run_as_user=1000, fs_group=1001)
    pod = once("reader", main, volumes=[secret_volume(default_mode=0o440)], security_context=context)
    assert place.output(Secret.new("hidden", SECRET_DATA), pod) == "440 1001\nvalue-1"


@pytest.mark.behaviour("storage/configmap-binary")
def test_storage_configmap_binary(place: Place) -> None:
    config_map = ConfigMap.new("settings", {"text": "value\n", "bytes": bytes.fromhex("decafebad0feff")})
    main = shell("cat /v/text; od -An -tx1 /v/bytes", mounts={"v": "/v"})
    pod = once("reader", main, volumes=[config_volume("v", "settings")])
    assert place.output(config_map, pod).split() == ["value", "de", "ca", "fe", "ba", "d0", "fe", "ff"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(config_volume("v", "settings"), config_volume("w", "settings"), id="configmap-multiple-volumes"),
        pytest.param(secret_volume(), Volume("w", secret=SecretVolumeSource("hidden")), id="secret-multiple-volumes"),
        pytest.param(
            config_volume("v", "settings"), Volume("w", secret=SecretVolumeSource("hidden")), id="wrapper-no-conflict"
        ),
        pytest.param(
            in_projection(config_volume("v", "settings")),
            Volume("w", projected=in_projection(config_volume("w", "settings")).projected),
            id="projected-configmap-multiple",
        ),
    ],
)
@pytest.mark.behaviour
def test_storage_two_volumes(place: Place, first: Volume, second: Volume) -> None:
    main = shell("cat /v/data-1 /w/data-1", mounts={"v": "/v", "w": "/w"})
    pod = once("reader", main, volumes=[first, second])
    assert place.output(ConfigMap.new("settings", DATA), Secret.new("hidden", SECRET_DATA), pod) == "value-1value-1"


def test_storage_files_are_read_only(place: Place) -> None:
    """Nobody writes to what a ConfigMap, a Secret, the downward API or a projection has put there."""
    downward = Volume("d", downward_api=DownwardAPIVolumeSource([pod_field("data-1", "metadata.name")]))
    secret = Volume("s", secret=SecretVolumeSource("hidden"))
    projected = Volume("p", projected=in_projection(config_volume("p", "settings")).projected)
    volumes = [config_volume("c", "settings"), secret, downward, projected]
    script = "for v in /c /s /d /p; do touch $v/new 2>&1; echo x 2>&1 >$v/data-1 || true; done | grep -c 'Read-only'"
    main = shell(script, mounts={volume.name: f"/{volume.name}" for volume in volumes})
    objects = [ConfigMap.new("settings", DATA), Secret.new("hidden", SECRET_DATA)]
    assert place.output(*objects, once("writer", main, volumes=volumes)) == "8\n"


def test_storage_mounts_inside_of_files(place: Place) -> None:
    """A volume can be mounted below a ConfigMap's, although that one is read-only, and goes on following its source."""
    mounts = {"v": "/v", "scratch": "/v/deep/scratch"}
    main = shell("cat /v/data-1; touch /v/deep/scratch/file; ls /v/deep/scratch; exec sleep 3600", mounts=mounts)
    volumes = [config_volume("v", "settings"), Volume("scratch", empty_dir=EmptyDirVolumeSource())]
    pod = place.start(ConfigMap.new("settings", DATA), lasting("reader", main, volumes=volumes))
    eventually(lambda: place.cluster.logs(pod) == "value-1file\n", "the file has been made")
    place.cluster.patch(ConfigMap, "settings", {"data": {"data-1": "new"}}, namespace=place.namespace)
    eventually(lambda: place.said(pod, "cat", "/v/data-1") == "new", "the file in the volume follows")


def test_storage_a_file_inside_of_files(place: Place) -> None:
    """A single file of one ConfigMap can be mounted among the files of another one."""
    mounts = [VolumeMount("v", "/v"), VolumeMount("w", "/v/more", sub_path="extra")]
    volumes = [config_volume("v", "settings"), config_volume("w", "others")]
    objects = [ConfigMap.new("settings", DATA), ConfigMap.new("others", {"extra": "!"})]
    pod = once("reader", shell("cat /v/data-1 /v/more", volume_mounts=mounts), volumes=volumes)
    assert place.output(*objects, pod) == "value-1!"


@pytest.mark.behaviour("storage/wrapper-many-configmaps")
def test_storage_wrapper_many_configmaps(place: Place) -> None:
    names = [f"settings-{number}" for number in range(50)]
    main = shell("cat /v/*/data", mounts={name: f"/v/{name}" for name in names})
    config_maps = [ConfigMap.new(name, {"data": "x"}) for name in names]
    assert (
        place.output(*config_maps, once("reader", main, volumes=[config_volume(name, name) for name in names]))
        == "x" * 50
    )


@pytest.mark.behaviour("storage/projected-combined")
def test_storage_projected_combined(place: Place) -> None:
    volume = projected_volume(
        VolumeProjection(secret=SecretProjection("hidden", items=[KeyToPath("data-1", "all/secret")])),
        VolumeProjection(config_map=ConfigMapProjection("settings", items=[KeyToPath("data-2", "all/config")])),
        VolumeProjection(downward_api=DownwardAPIProjection(items=[pod_field("all/podname", "metadata.name")])),
    )
    found = content(place, volume, ConfigMap.new("settings", DATA), Secret.new("hidden", SECRET_DATA))
    assert found == ["644 ./all/config value-2", "644 ./all/podname reader", "644 ./all/secret value-1"]


@pytest.mark.behaviour("storage/downward-cpu-default")
@pytest.mark.behaviour("storage/projected-downward-cpu-default")
def test_storage_downward_cpu_default(place: Place) -> None:
    volume = downward_volume(resource_field("cpu", "limits.cpu"))
    main = shell("cat /v/cpu /w/cpu", mounts={"v": "/v", "w": "/w"})
    pod = once("reader", main, volumes=[volume, Volume("w", projected=in_projection(volume).projected)])
    assert place.output(pod) == 2 * place.cluster.get("node", "node-1").status.allocatable["cpu"]


# --- volumes follow what they come from


@pytest.mark.parametrize("projected", [False, True], ids=["configmap-update", "projected-configmap-update"])
@pytest.mark.behaviour
def test_storage_follows(place: Place, projected: bool) -> None:
    """A file changes as a whole: a reader that looks all the time sees the old value, then the new one, and nothing else."""
    volume = config_volume("v", "settings")
    watcher = 'while :; do now=$(cat /v/data-1 2>&1); [ "$now" = "$last" ] || echo $now; last=$now; sleep 0.02; done'
    main = shell(watcher, mounts={"v": "/v"})
    config_map = ConfigMap.new("settings", {"data-1": "old"})
    pod = place.start(config_map, lasting("reader", main, volumes=[in_projection(volume) if projected else volume]))
    lines = iter(place.cluster.stream_logs(pod))
    assert next(lines) == "old\n"
    place.cluster.patch(ConfigMap, "settings", {"data": {"data-1": "new", "data-2": "more"}}, namespace=place.namespace)
    eventually(lambda: place.said(pod, "ls", "/v") == "data-1\ndata-2\n", "the new key is there")
    assert next(lines) == "new\n"
    assert main_of(place.pod("reader")).restart_count == 0


@pytest.mark.behaviour("storage/downward-update-labels")
@pytest.mark.behaviour("storage/projected-downward-update-labels")
@pytest.mark.behaviour("storage/projected-downward-update-annotations")
def test_storage_downward_update(place: Place) -> None:
    volume = downward_volume(pod_field("labels", "metadata.labels"), pod_field("notes", "metadata.annotations"))
    volumes = [volume, Volume("w", projected=in_projection(volume).projected)]
    main = shell(SLEEP, mounts={"v": "/v", "w": "/w"})
    pod = place.start(
        lasting("reader", main, volumes=volumes, labels={"b": "2", "a": "1"}, annotations={"note": "old"})
    )
    assert place.said(pod, "cat", "/v/labels") == 'a="1"\nb="2"'
    place.cluster.patch(pod, {"metadata": {"labels": {"c": "3"}, "annotations": {"note": "new"}}})
    eventually(lambda: place.said(pod, "cat", "/v/labels", "/w/labels").count('c="3"') == 2, "the new label")
    eventually(lambda: place.said(pod, "cat", "/v/notes", "/w/notes").count('note="new"') == 2, "the new annotation")
    assert main_of(place.pod("reader")).restart_count == 0


@pytest.mark.parametrize("projected", [False, True], ids=["secret-optional-updates", "projected-secret-optional"])
@pytest.mark.behaviour
def test_storage_optional(place: Place, projected: bool) -> None:
    names = ("deleted", "updated", "created")
    volumes = [Volume(name, secret=SecretVolumeSource(name, optional=True)) for name in names]
    if projected:
        sources = {name: [VolumeProjection(secret=SecretProjection(name, optional=True))] for name in names}
        volumes = [Volume(name, projected=ProjectedVolumeSource(sources[name])) for name in names]
    main = shell(SLEEP, mounts={name: f"/v/{name}" for name in names})
    deleted, updated = Secret.new("deleted", {"key": b"old"}), Secret.new("updated", {"key": b"old"})
    pod = place.start(deleted, updated, lasting("reader", main, volumes=volumes))
    read = ["sh", "-c", "cd /v; for f in */*; do echo $f $(cat $f); done"]
    assert place.said(pod, *read).split() == ["deleted/key", "old", "updated/key", "old"]
    place.cluster.delete(Secret, "deleted", namespace=place.namespace)
    place.cluster.patch(Secret, "updated", {"stringData": {"key": "new"}}, namespace=place.namespace)
    place.create(Secret.new("created", {"key": b"first"}))
    expected = ["created/key", "first", "updated/key", "new"]
    eventually(lambda: place.said(pod, *read).split() == expected, "the files follow the Secrets")
    assert main_of(place.pod("reader")).restart_count == 0


@pytest.mark.behaviour("storage/configmap-immutable")
def test_storage_configmap_immutable(place: Place) -> None:
    config_map = place.create(ConfigMap.new("settings", DATA, immutable=True))
    with pytest.raises(ValidationError, match="immutable"):
        place.cluster.patch(config_map, {"data": {"data-1": "changed"}})
    with pytest.raises(ValidationError, match="immutable"):
        place.cluster.patch(config_map, {"immutable": False})
    place.cluster.patch(config_map, {"metadata": {"labels": {"changed": "yes"}}})
    place.cluster.delete(ConfigMap, "settings", namespace=place.namespace)


# --- emptyDir


@pytest.mark.parametrize("medium", [None, "Memory"], ids=["emptydir-mode-default", "emptydir-mode-tmpfs"])
@pytest.mark.behaviour
def test_storage_emptydir_mode(place: Place, medium: str | None) -> None:
    main = shell("stat -c %A /v; stat -f -c %T /v", mounts={"v": "/v"})
    mode, kind = place.output(
        once("tester", main, volumes=[Volume("v", empty_dir=EmptyDirVolumeSource(medium))])
    ).split()
    assert mode in ("drwxrwxrwx", "drwxrwxrwt")
    assert medium is None or kind == "tmpfs"


OF_EMPTY_DIR = {
    f"emptydir-{user}-{mode}-{medium}": (user, mode, medium)
    for user in ("root", "nonroot")
    for mode in ("0644", "0666", "0777")
    for medium in ("default", "tmpfs")
}
UNCOVERED_OF_EMPTY_DIR = {
    "emptydir-root-0666-default",
    "emptydir-root-0777-tmpfs",
    "emptydir-nonroot-0777-default",
    "emptydir-nonroot-0644-tmpfs",
}


@pytest.mark.parametrize(
    ("user", "mode", "medium"),
    [
        pytest.param(*case, id=name, marks=[] if name in UNCOVERED_OF_EMPTY_DIR else [pytest.mark.behaviour])
        for name, case in OF_EMPTY_DIR.items()
    ],
)
def test_storage_emptydir_file(place: Place, user: str, mode: str, medium: str) -> None:
    uid = 0 if user == "root" else 1001
    script = f"umask 0; echo content >/v/f; chmod {mode} /v/f; stat -c '%a %u' /v/f; cat /v/f; stat -f -c %T /v"
    main = shell(script, mounts={"v": "/v"})
    volume = Volume("v", empty_dir=EmptyDirVolumeSource("Memory" if medium == "tmpfs" else None))
    pod = once("tester", main, volumes=[volume], security_context=PodSecurityContext(run_as_user=uid))
    *found, kind = place.output(pod).splitlines()
    assert found == [f"{mode[1:]} {uid}", "content"]
    assert (kind == "tmpfs") or medium == "default"


@pytest.mark.behaviour("storage/emptydir-shared")
def test_storage_emptydir_shared(place: Place) -> None:
    reader = shell("while [ ! -f /here/done ]; do sleep 0.1; done; cat /here/file", "reader", mounts={"v": "/here"})
    writer = shell("echo hello >/there/file; touch /there/done", "writer", mounts={"v": "/there"})
    pod = place.run(once("pair", reader, writer, volumes=[Volume("v", empty_dir=EmptyDirVolumeSource())]))
    assert place.cluster.logs(pod, container="reader") == "hello\n"


@pytest.mark.needs("sized_memory")
def test_storage_emptydir_size_limit(place: Place) -> None:
    """A volume in memory is no larger than its limit."""
    main = shell("dd if=/dev/zero of=/v/f bs=1M count=8 2>&1 || ls -s /v", mounts={"v": "/v"})
    volume = Volume("v", empty_dir=EmptyDirVolumeSource("Memory", size_limit="4Mi"))
    assert "No space left on device" in place.output(once("filler", main, volumes=[volume]))


# --- subPath


@pytest.mark.parametrize(
    "volume",
    [
        pytest.param(config_volume("v", "settings"), id="subpath-configmap"),
        pytest.param(secret_volume(), id="subpath-secret"),
        pytest.param(in_projection(config_volume("v", "settings")), id="subpath-projected"),
    ],
)
@pytest.mark.behaviour
def test_storage_subpath(place: Place, volume: Volume) -> None:
    mount = VolumeMount("v", "/etc/data", sub_path="data-1")
    main = shell("ls /etc/data; cat /etc/data", volume_mounts=[mount])
    pod = once("reader", main, volumes=[volume])
    objects = [ConfigMap.new("settings", DATA), Secret.new("hidden", SECRET_DATA)]
    assert place.output(*objects, pod) == "/etc/data\nvalue-1"


@pytest.mark.behaviour("storage/subpath-configmap-existing-file")
@pytest.mark.parametrize("path", ["/etc/resolv.conf", "/etc/hosts", "/etc/passwd"])
def test_storage_subpath_configmap_existing_file(place: Place, path: str) -> None:
    mount = VolumeMount("v", path, sub_path="data-1")
    pod = once("reader", shell(f"cat {path}", volume_mounts=[mount]), volumes=[config_volume("v", "settings")])
    assert place.output(ConfigMap.new("settings", DATA), pod) == "value-1"


def test_storage_subpath_does_not_follow(place: Place) -> None:
    """A single file that is mounted stays what it was when the container started."""
    mounts = [VolumeMount("v", "/file", sub_path="data-1"), VolumeMount("v", "/whole")]
    main = shell(SLEEP, volume_mounts=mounts)
    pod = place.start(
        ConfigMap.new("settings", DATA), lasting("reader", main, volumes=[config_volume("v", "settings")])
    )
    place.cluster.patch(ConfigMap, "settings", {"data": {"data-1": "new"}}, namespace=place.namespace)
    eventually(lambda: place.said(pod, "cat", "/whole/data-1") == "new", "the file in the volume follows")
    assert place.said(pod, "cat", "/file") == "value-1"


# --- hostPath


def test_storage_host_path(place: Place, tmp_path: Path) -> None:
    """A directory of the machine, which is made if the Pod says so, is written to, and stays."""
    where = tmp_path / "made"
    volume = Volume("v", host_path=HostPathVolumeSource(str(where), type="DirectoryOrCreate"))
    place.output(once("writer", shell("echo hello >/v/file", mounts={"v": "/v"}), volumes=[volume]))
    assert (where / "file").read_text() == "hello\n"


def test_storage_host_path_read_only(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello\n")
    volume = Volume("v", host_path=HostPathVolumeSource(str(tmp_path), type="Directory"))
    mount = VolumeMount("v", "/v", read_only=True)
    assert (
        place.output(
            once(
                "reader",
                shell("cat /v/file; touch /v/other 2>/dev/null || true", volume_mounts=[mount]),
                volumes=[volume],
            )
        )
        == "hello\n"
    )
    assert not (tmp_path / "other").exists()


def test_storage_host_path_of_the_wrong_type(place: Place, tmp_path: Path) -> None:
    """A Pod whose volume is not what it says does not start, and its events say why; when it is put right, the Pod starts."""
    where = tmp_path / "later"
    volume = Volume("v", host_path=HostPathVolumeSource(str(where), type="Directory"))
    pod = place.create(lasting("waiting", shell(SLEEP, mounts={"v": "/v"}), volumes=[volume]))
    with place.cluster.watch("events", namespace=place.namespace) as events:
        failed = next(event.object for event in events if event.object.reason == "FailedMount")
    assert "later" in failed.message
    where.mkdir()
    place.wait(pod, "Ready")
