"""Images as volumes, and variables from files that an init container writes."""

from __future__ import annotations

from podkit import EmptyDirVolumeSource, EnvVar, EnvVarSource, FileKeySelector, ImageVolumeSource, Volume, VolumeMount
from tests.conformance.build import IMAGE, lasting, once, shell
from tests.conformance.place import Place, main_of, waits

OF_IMAGE = Volume("v", image=ImageVolumeSource(IMAGE, pull_policy="IfNotPresent"))


def test_storage_image(place: Place) -> None:
    """The files of an image can be read and executed, but not written."""
    main = shell("ls -d /v/bin/busybox; touch /v/x 2>/dev/null || echo read-only", mounts={"v": "/v"})
    assert place.output(once("reader", main, volumes=[OF_IMAGE])) == "/v/bin/busybox\nread-only\n"


def test_storage_image_that_is_missing(place: Place) -> None:
    """A container whose volume cannot be fetched waits, and says so as for its own image."""
    volume = Volume("v", image=ImageVolumeSource("localhost/no-such-image:1", pull_policy="Never"))
    pod = place.create(lasting("waiting", shell("true", mounts={"v": "/v"}), volumes=[volume]))
    place.wait(pod, lambda pod: waits(main_of(pod)) == "ErrImageNeverPull")


def from_file(name: str, key: str, **fields: bool) -> EnvVar:
    return EnvVar(name, value_from=EnvVarSource(file_key_ref=FileKeySelector(key, "vars.env", "v", **fields)))


def test_storage_file_key(place: Place) -> None:
    """A container need not mount the volume from which its variables come."""
    script = r"""printf "# made\nURL='http://x/?a=1' # why\nTEXT='two\nlines'\n" >/v/vars.env"""
    init = shell(script, "init", volume_mounts=[VolumeMount("v", "/v")])
    env = [from_file("URL", "URL"), from_file("TEXT", "TEXT"), from_file("NONE", "NONE", optional=True)]
    main = shell('echo "$URL $TEXT ${NONE-unset}"; ls /v 2>/dev/null || true', env=env)
    pod = once("reader", main, init_containers=[init], volumes=[Volume("v", empty_dir=EmptyDirVolumeSource())])
    assert place.output(pod) == "http://x/?a=1 two\nlines unset\n"


def test_storage_file_key_that_is_missing(place: Place) -> None:
    main = shell("true", env=[from_file("A", "A")])
    pod = place.create(lasting("waiting", main, volumes=[Volume("v", empty_dir=EmptyDirVolumeSource())]))
    pod = place.wait(pod, lambda pod: waits(main_of(pod)) == "CreateContainerConfigError")
    assert "vars.env of volume v" in (main_of(pod).state.waiting.message or "")
