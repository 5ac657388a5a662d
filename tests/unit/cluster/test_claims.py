"""Storage that outlives Pods: what becomes of the data of claims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from podkit import (
    Cluster,
    Container,
    EphemeralVolumeSource,
    MemoryStore,
    NotFound,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimTemplate,
    PersistentVolumeClaimVolumeSource,
    Pod,
    VirtualClock,
    Volume,
    VolumeMount,
    VolumeResourceRequirements,
    clean,
)
from podkit.runtime.simulated import SimulatedRuntime


def user(name: str, script: str, *, read_only: bool = False, **options: Any) -> Pod:
    """A Pod that runs a script over the data of a claim."""
    volume = Volume("v", persistent_volume_claim=PersistentVolumeClaimVolumeSource("data", read_only=read_only))
    main = Container("main", image="busybox", command=["sh", "-c", script], volume_mounts=[VolumeMount("v", "/data")])
    return Pod.new(name, containers=[main], volumes=[volume], restart_policy="Never", **options)


def volumes(runtime: SimulatedRuntime) -> list[Mapping[str, str]]:
    return [volume.labels for volume in runtime.volumes({})]


def test_data_outlives_pods_and_goes_with_the_claim(cluster: Cluster, runtime: SimulatedRuntime) -> None:
    claim = cluster.create(PersistentVolumeClaim.new("data", "1Gi"))
    cluster.run(user("writer", "echo kept >/data/file"))
    cluster.delete(Pod, "writer")
    reader = cluster.run(user("reader", "cat /data/file"))
    assert cluster.logs(reader) == "kept\n"
    [labels] = volumes(runtime)
    assert labels["io.podkit.claim.name"] == "data"
    cluster.delete(reader)
    cluster.delete(claim)
    with pytest.raises(NotFound):
        cluster.get(PersistentVolumeClaim, "data")
    assert volumes(runtime) == []


def test_a_claim_that_a_pod_uses_is_kept_until_the_pod_has_gone(cluster: Cluster, runtime: SimulatedRuntime) -> None:
    claim = cluster.create(PersistentVolumeClaim.new("data", "1Gi"))
    pod = cluster.wait(cluster.create(user("web", "sleep 3600")), "Ready")
    cluster.delete(claim, wait=False)
    assert len(volumes(runtime)) == 1
    assert cluster.get(PersistentVolumeClaim, "data").metadata.deletion_timestamp is not None
    cluster.delete(pod)
    cluster.wait(claim, "deleted")
    assert volumes(runtime) == []


def test_a_claim_can_be_mounted_read_only(cluster: Cluster) -> None:
    cluster.create(PersistentVolumeClaim.new("data", "1Gi"))
    pod = cluster.run(user("web", "echo x >/data/file", read_only=True), check=False)
    assert pod.status.phase == "Failed"


def test_closing_removes_the_data_of_claims(runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path) -> None:
    with Cluster(runtime, clock=clock, root_dir=tmp_path) as cluster:
        cluster.create(PersistentVolumeClaim.new("data", "1Gi"))
        cluster.run(user("writer", "echo kept >/data/file"))
        assert len(volumes(runtime)) == 1
    assert volumes(runtime) == []


def test_with_keep_the_data_stays_until_it_is_cleaned(
    runtime: SimulatedRuntime, clock: VirtualClock, tmp_path: Path
) -> None:
    store = MemoryStore(clock)
    with Cluster(runtime, store=store, clock=clock, root_dir=tmp_path, on_exit="keep") as cluster:
        cluster.create(PersistentVolumeClaim.new("data", "1Gi"))
        cluster.run(user("writer", "echo kept >/data/file"))
    with Cluster(runtime, store=store, clock=clock, root_dir=tmp_path, on_exit="keep") as cluster:
        assert cluster.logs(cluster.run(user("reader", "cat /data/file"))) == "kept\n"
    clean(runtime)
    assert len(volumes(runtime)) == 1
    assert f"volume {runtime.volumes({})[0].name}" in clean(runtime, kept=True)
    assert volumes(runtime) == []
    store.close()


def test_the_data_of_an_ephemeral_volume_goes_with_its_pod(cluster: Cluster, runtime: SimulatedRuntime) -> None:
    spec = PersistentVolumeClaimSpec(
        access_modes=["ReadWriteOnce"], resources=VolumeResourceRequirements(requests={"storage": "1Gi"})
    )
    pod = user("web", "echo x >/data/file; sleep 3600")
    pod.spec.volumes = [Volume("v", ephemeral=EphemeralVolumeSource(PersistentVolumeClaimTemplate(spec=spec)))]
    pod = cluster.wait(cluster.create(pod), "Ready")
    claim = cluster.get(PersistentVolumeClaim, "web-v")
    assert claim.status.phase == "Bound"
    assert len(volumes(runtime)) == 1
    cluster.delete(pod)
    cluster.wait(claim, "deleted")
    assert volumes(runtime) == []
