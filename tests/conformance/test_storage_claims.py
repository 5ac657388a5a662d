"""Claims for storage, and ephemeral volumes, on a real engine."""

from __future__ import annotations

from podkit import (
    Container,
    EphemeralVolumeSource,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimTemplate,
    PersistentVolumeClaimVolumeSource,
    PodSecurityContext,
    Volume,
    VolumeMount,
    VolumeResourceRequirements,
)
from tests.conformance.build import SLEEP, lasting, once, shell
from tests.conformance.place import Place, eventually


def of_claim(name: str = "data", *, read_only: bool | None = None) -> Volume:
    return Volume("v", persistent_volume_claim=PersistentVolumeClaimVolumeSource(name, read_only=read_only))


def reader(script: str, **fields) -> Container:
    return shell(script, mounts={"v": "/data"}, **fields)


def test_storage_claim(place: Place) -> None:
    """A Pod waits for its claim; what it writes is there for the next Pod; the claim goes when nobody uses it any more."""
    pod = place.create(lasting("writer", reader(f"echo kept >/data/file; {SLEEP}"), volumes=[of_claim()]))
    place.wait(pod, lambda pod: any("not found" in (c.message or "") for c in pod.status.conditions))
    assert place.events(pod)["FailedScheduling"] == (
        '0/1 nodes are available: persistentvolumeclaim "data" not found. '
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )
    claim = place.create(PersistentVolumeClaim.new("data", "1Gi"))
    assert place.wait(claim, "phase=Bound").status.capacity == {"storage": "1Gi"}
    place.wait(pod, "Ready")
    eventually(lambda: place.content(pod, "/data/file") == "kept\n", "it writes")
    place.cluster.delete(pod)
    pod = place.start(lasting("reader", reader(SLEEP), volumes=[of_claim(read_only=True)]))
    assert place.said(pod, "cat", "/data/file") == "kept\n"
    assert place.cluster.exec(pod, ["touch", "/data/other"]).exit_code != 0
    place.cluster.delete(claim, wait=False)
    assert place.cluster.get(claim).metadata.deletion_timestamp is not None
    place.cluster.delete(pod)
    place.wait(claim, "deleted")


def test_storage_claim_sub_path(place: Place) -> None:
    """Two containers have a directory each of one claim; nobody but them makes these."""
    mounts = [VolumeMount("v", "/mine", sub_path="a/b"), VolumeMount("v", "/all", read_only=True)]
    main = shell("echo hello >/mine/file; cat /all/a/b/file", volume_mounts=mounts)
    claim = PersistentVolumeClaim.new("data", "1Gi")
    assert place.output(claim, once("writer", main, volumes=[of_claim()])) == "hello\n"


def test_storage_claim_nonroot(place: Place) -> None:
    """Any user can write to fresh storage, with or without fsGroup; with it, files are the group's."""
    context = PodSecurityContext(run_as_user=1000, run_as_group=1000)
    claim = PersistentVolumeClaim.new("data", "1Gi")
    first = once("first", reader("echo x >/data/own"), volumes=[of_claim()], security_context=context)
    place.output(claim, first)
    context = PodSecurityContext(run_as_user=2000, fs_group=3000)
    script = "echo y >/data/own; touch /data/new; stat -c '%g %a' /data /data/own; stat -c %g /data/new"
    second = once("second", reader(script), volumes=[of_claim()], security_context=context)
    assert place.output(second).split() == ["3000", "2777", "3000", "664", "3000"]


def test_storage_ephemeral(place: Place) -> None:
    """An ephemeral volume is a claim that is made for the Pod, and goes with it."""
    resources = VolumeResourceRequirements(requests={"storage": "1Gi"})
    template = PersistentVolumeClaimTemplate(spec=PersistentVolumeClaimSpec(["ReadWriteOnce"], resources=resources))
    volume = Volume("v", ephemeral=EphemeralVolumeSource(template))
    pod = place.start(lasting("scratch", reader(f"echo x >/data/file; {SLEEP}"), volumes=[volume]))
    eventually(lambda: place.content(pod, "/data/file") == "x\n", "it writes")
    claim = place.cluster.get(PersistentVolumeClaim, "scratch-v", namespace=place.namespace)
    assert claim.metadata.owner_references[0].uid == pod.metadata.uid
    place.cluster.delete(pod)
    place.wait(claim, "deleted")
