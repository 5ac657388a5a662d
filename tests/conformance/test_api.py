"""What an API server does with objects: dry runs, collections, subresources, and what the admission plugins give Pods."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from podkit import (
    Container,
    DaemonSet,
    Deployment,
    ObjectMeta,
    PodTemplate,
    PodTemplateSpec,
    ReplicaSet,
    RuntimeClass,
    ServiceAccount,
    ValidationError,
)
from tests.conformance.build import IMAGE, SLEEP, lasting, once, shell
from tests.conformance.place import Place, main_of

TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.mark.behaviour("node/podtemplate-delete-collection")
def test_node_podtemplate_delete_collection(place: Place) -> None:
    for name in ("one", "two", "three"):
        meta = ObjectMeta(name=name, labels={"set": "mine"})
        place.create(PodTemplate(metadata=meta, template=PodTemplateSpec(spec=lasting("x").spec)))
    assert len(place.cluster.list(PodTemplate, namespace=place.namespace, labels="set=mine")) == 3
    place.cluster.delete_collection(PodTemplate, namespace=place.namespace, labels="set=mine")
    assert place.cluster.list(PodTemplate, labels="set=mine") == []


@pytest.mark.behaviour("cli/dry-run")
def test_cli_dry_run(place: Place) -> None:
    pod = place.start(lasting("tried"))
    image = {"spec": {"containers": [{"name": "main", "image": "localhost/busybox:two"}]}}
    tried = place.cluster.patch(pod, image, dry_run=True)
    assert tried.spec.containers[0].image == "localhost/busybox:two"
    found = place.pod("tried")
    assert (found.spec.containers[0].image, main_of(found).image) == (IMAGE, main_of(pod).image)
    assert main_of(found).container_id == main_of(pod).container_id


@pytest.mark.behaviour("node/ephemeral-start")
def test_node_ephemeral_start(place: Place) -> None:
    pod = place.start(lasting("ephemeral-target"))
    script = "while :; do echo polo; sleep 2; done"
    seen = place.cluster.debug(pod, IMAGE, name="debugger", command=["/bin/sh", "-c", script], stdin=True, tty=True)
    assert [container.name for container in seen.spec.ephemeral_containers] == ["debugger"]
    (status,) = seen.status.ephemeral_container_statuses
    assert (status.name, status.state.running is not None) == ("debugger", True)
    assert (pod.metadata.generation, seen.metadata.generation) == (1, 2)
    assert place.said(pod, "echo", "marco", container="debugger") == "marco\n"
    (line,) = itertools.islice(place.cluster.stream_logs(pod, container="debugger"), 1)
    assert line.strip() == "polo"
    assert (main_of(seen).container_id, main_of(seen).restart_count) == (main_of(pod).container_id, 0)


def test_node_ephemeral_target(place: Place) -> None:
    """An ephemeral container sees the processes of its target, and no others."""
    other = shell("exec sleep 1234", "other")
    pod = place.start(lasting("watched", shell(SLEEP), other))
    place.cluster.debug(pod, IMAGE, name="debugger", command=["sh", "-c", SLEEP], target="other")
    processes = place.said(pod, "ps", container="debugger")
    assert "sleep 1234" in processes
    assert processes.count("sleep 3600") == 1


@pytest.mark.behaviour("node/runtimeclass-missing")
def test_node_runtimeclass_missing(place: Place) -> None:
    with pytest.raises(ValidationError, match='RuntimeClass "there-is-none" not found') as caught:
        place.create(lasting("refused", runtime_class_name="there-is-none"))
    assert [error.reason for error in caught.value.errors] == ["Forbidden"]
    assert place.pods() == []


@pytest.mark.behaviour("node/runtimeclass-overhead")
def test_node_runtimeclass_overhead(place: Place) -> None:
    overhead = {"cpu": "10m", "memory": "1Mi"}
    place.cluster.create(RuntimeClass.new("heavy", default_handler(place), overhead=overhead))
    assert place.create(lasting("heavy", runtime_class_name="heavy")).spec.overhead == overhead
    place.cluster.delete(RuntimeClass, "heavy")


@pytest.mark.behaviour("node/runtimeclass-handler")
def test_node_runtimeclass_handler(place: Place) -> None:
    place.cluster.create(RuntimeClass.new("usual", default_handler(place)))
    pod = place.start(lasting("usual", runtime_class_name="usual"))
    assert (pod.status.phase, pod.spec.overhead) == ("Running", {})
    place.cluster.delete(RuntimeClass, "usual")


def default_handler(place: Place) -> str:
    """The OCI runtime of the node."""
    return next(handler.name for handler in place.cluster.get("node", "node-1").status.runtime_handlers if handler.name)


@pytest.mark.behaviour("auth/sa-automount-optout")
def test_auth_sa_automount_optout(place: Place) -> None:
    choices = (None, True, False)
    for of_account in choices:
        account = f"account-{of_account}".lower()
        place.create(ServiceAccount.new(account, automount_service_account_token=of_account))
        for of_pod in choices:
            pod = once(f"pod-{of_account}-{of_pod}".lower(), shell("true"), service_account_name=account)
            pod.spec.automount_service_account_token = of_pod
            pod.metadata.namespace = place.namespace
            made = place.cluster.create(pod, dry_run=True)
            mounted = [mount for mount in made.spec.containers[0].volume_mounts if mount.mount_path == TOKENS]
            wanted = of_pod if of_pod is not None else of_account is not False
            assert bool(mounted) is wanted, (of_account, of_pod)


@pytest.mark.behaviour("auth/sa-token-mount")
def test_auth_sa_token_mount(place: Place) -> None:
    pod = place.start(lasting("robot", shell(SLEEP), shell(SLEEP, "other"), service_account_name="robot"))
    for container in ("main", "other"):
        files = place.said(pod, "ls", TOKENS, container=container).split()
        assert files == ["ca.crt", "namespace", "token"]
        assert place.said(pod, "cat", f"{TOKENS}/namespace", container=container) == place.namespace
    tokens = {place.said(pod, "cat", f"{TOKENS}/token", container=name) for name in ("main", "other")}
    assert len(tokens) == 1
    assert tokens != {""}


CONDITION = {"type": "StatusUpdate", "status": "True", "reason": "E2E", "message": "Set from e2e test"}


def status_is_kept(place: Place, obj: Any) -> None:
    """A condition of one's own is kept, by a patch and by an update of the status, and a watch sees it."""
    obj.metadata.namespace = place.namespace
    store = place.cluster.store
    made = store.create(obj)
    watch = store.watch(type(obj), namespace=place.namespace, since=made.metadata.resource_version)
    where = {"namespace": place.namespace}
    store.patch(type(obj), made.metadata.name, {"status": {"conditions": [CONDITION]}}, subresource="status", **where)
    store.patch(type(obj), made.metadata.name, {"metadata": {"annotations": {"a": "b"}}}, **where)
    found = store.get(type(obj), made.metadata.name, **where)
    found.metadata.resource_version = None
    next(c for c in found.status.conditions if c.type == "StatusUpdate").message = "updated"
    store.update_status(found)
    told = [
        condition.message
        for event in iter(watch.poll, None)
        for condition in event.object.status.conditions
        if condition.type == "StatusUpdate"
    ]
    assert (told[0], told[-1]) == ("Set from e2e test", "updated")
    found = store.get(type(obj), made.metadata.name, **where)
    assert [c.message for c in found.status.conditions if c.type == "StatusUpdate"] == ["updated"]
    store.delete(type(obj), made.metadata.name, **where)


def containers() -> list[Container]:
    return [shell(SLEEP)]


@pytest.mark.behaviour("apps/daemonset-status")
def test_apps_daemonset_status(place: Place) -> None:
    status_is_kept(place, DaemonSet.new("status", containers=containers()))


@pytest.mark.behaviour("apps/deployment-status")
def test_apps_deployment_status(place: Place) -> None:
    status_is_kept(place, Deployment.new("status", containers=containers(), replicas=0))


@pytest.mark.behaviour("apps/replicaset-status")
def test_apps_replicaset_status(place: Place) -> None:
    status_is_kept(place, ReplicaSet.new("status", containers=containers(), replicas=0))
