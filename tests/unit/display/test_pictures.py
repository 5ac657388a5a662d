"""What a notebook shows of objects, lists, clusters and rollouts."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

import podkit
from podkit import (
    Cluster,
    ConfigMap,
    Container,
    ContainerPort,
    Deployment,
    EmptyDirVolumeSource,
    Event,
    Pod,
    Secret,
    Volume,
    display,
)
from podkit.model import ContainerState, ContainerStateWaiting, ContainerStatus, Job, ObjectMeta, ObjectReference
from podkit.model.kinds import KINDS
from tests.unit.cluster.builders import job, once, shell
from tests.unit.display.page import Page, read

HOSTILE = "<script>alert('pod')</script><b onmouseover=\"x\">&amp;\x00"
"""What nobody may be able to bring into a notebook by a name or a message."""

NEEDED: dict[str, dict[str, Any]] = {
    "Event": {"involved_object": ObjectReference()},
    "ControllerRevision": {"revision": 1},
}
"""What objects of some kinds cannot be without."""


def is_harmless(page: Page) -> bool:
    return "script" not in page.names and not any(name.startswith("on") for name, _ in page.attributes)


def test_the_card_of_a_pod_says_what_one_asks_first(cluster: Cluster) -> None:
    pod = shell("web", "sleep 3600", volumes=[Volume("shared", empty_dir=EmptyDirVolumeSource())])
    pod.spec.containers[0].ports = [ContainerPort(80, name="http")]
    page = read(cluster.wait(cluster.create(pod), "Ready"))
    for part in ("web", "Running", "node-1", "main", "busybox", "80/TCP (http)", "shared · emptyDir", "✓ Ready"):
        assert part in page.text


def test_a_container_that_fails_says_how_often_and_why(cluster: Cluster) -> None:
    pod = cluster.create(shell("crash", "exit 3"))
    cluster.wait(pod, lambda pod: any(one.restart_count == 2 for one in pod.status.container_statuses))
    page = read(cluster.describe(pod))
    assert "CrashLoopBackOff" in page.text
    assert "2 (last: Error 3)" in page.cells
    assert any("Back-off restarting failed container" in cell for cell in page.cells), "its events are on the card"


def test_a_description_is_still_a_text(cluster: Cluster) -> None:
    text = cluster.describe(cluster.create(once("one", "true")))
    assert isinstance(text, str)
    assert text.startswith("Name:")


def test_an_object_of_each_kind_has_a_card() -> None:
    for kind in KINDS.kinds:
        extra = NEEDED.get(kind.name, {})
        obj: Any = kind.cls(
            metadata=ObjectMeta(name="some", creation_timestamp=datetime(2026, 1, 1, tzinfo=UTC)), **extra
        )
        page = read(obj)
        assert "some" in page.text
        assert kind.name in page.text


def test_parts_of_objects_are_shown_as_before() -> None:
    assert not hasattr(Container("a", image="b"), "_repr_html_")


def test_values_of_secrets_are_in_no_picture(cluster: Cluster) -> None:
    secret = Secret.new("login", {"password": "geheim"})
    [applied] = cluster.apply(secret)
    for picture in (secret, applied, cluster.list(Secret), cluster.describe(applied), cluster):
        html = picture._repr_html_()  # type: ignore[union-attr]
        assert "geheim" not in html
        assert "Z2VoZWlt" not in html
    assert "password" in read(applied).text


def test_a_list_is_a_table_with_the_columns_of_kubectl(cluster: Cluster) -> None:
    cluster.wait(cluster.create(shell("web", "sleep 3600")), "Ready")
    pods = cluster.list(Pod)
    assert pods == [cluster.get("pod/web")], "it is a list as any other"
    cells = read(pods).cells
    assert cells[:7] == ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node"]
    assert cells[7:11] == ["web", "1/1", "Running", "0"]


def test_a_list_of_several_kinds_has_a_table_for_each(cluster: Cluster) -> None:
    applied = cluster.apply([ConfigMap.new("settings", {"a": "1"}), shell("web", "sleep 1")])
    page = read(applied)
    assert "ConfigMap · 1" in page.text
    assert "Pod · 1" in page.text


def test_an_empty_list_says_so(cluster: Cluster) -> None:
    assert "nothing" in read(cluster.list(Pod)).text


def test_of_a_long_list_the_beginning_is_shown(cluster: Cluster) -> None:
    for number in range(100):
        cluster.create(ConfigMap.new(f"settings-{number:03}", {}))
    page = read(cluster.list(ConfigMap))
    assert "settings-059" in page.text
    assert "settings-060" not in page.text
    assert "… and 40 more" in page.text


def test_namespaces_are_told_where_there_are_several(cluster: Cluster) -> None:
    cluster.create(podkit.Namespace.new("shop"))
    cluster.create(ConfigMap.new("a", {}))
    cluster.create(ConfigMap.new("a", {}, namespace="shop"))
    assert read(cluster.list(ConfigMap)).cells[:2] == ["Namespace", "Name"]


def test_a_cluster_shows_its_nodes_and_what_their_pods_do(cluster: Cluster) -> None:
    cluster.wait(cluster.create(shell("web", "sleep 3600")), "Ready")
    page = read(cluster)
    assert "node-1" in page.cells
    assert "1 Running" in page.text


def test_a_cluster_that_is_closed_is_shown_all_the_same(cluster: Cluster) -> None:
    cluster.close()
    assert repr(cluster)
    cluster._repr_html_()


def test_a_rollout_shows_how_far_it_is_and_its_history(cluster: Cluster) -> None:
    main = Container("main", image="busybox", command=["sleep", "3600"])
    web = cluster.create(Deployment.new("web", containers=[main], replicas=2))
    rollout = cluster.rollout(web)
    rollout.wait()
    page = read(rollout)
    assert 'deployment "web" successfully rolled out' in page.text
    assert "2 new, available" in page.text
    assert "busybox" in page.cells


def test_a_job_shows_its_completions(cluster: Cluster) -> None:
    done = cluster.run(job("sum", "true", completions=3))
    assert "3 succeeded · 3 wanted" in read(done).text
    assert "3/3" in read(cluster.list(Job)).cells


@pytest.mark.parametrize("obj", [None, 5, "text", [], ContainerStatus("a", True, 0, "b", "")])
def test_what_has_no_picture_has_none(obj: object) -> None:
    assert display.html(obj) is None


def test_text_from_objects_is_only_ever_text() -> None:
    pod = Pod.new(HOSTILE, containers=[Container(HOSTILE, image=HOSTILE)], labels={HOSTILE: HOSTILE})
    pod.spec.volumes = [Volume(HOSTILE, empty_dir=EmptyDirVolumeSource())]
    pod.spec.node_name = HOSTILE
    pod.status.reason = pod.status.message = HOSTILE
    waiting = ContainerState(waiting=ContainerStateWaiting(reason=HOSTILE, message=HOSTILE))
    pod.status.container_statuses = [ContainerStatus(HOSTILE, False, 1, HOSTILE, "", state=waiting)]
    pod.status.conditions = [podkit.PodCondition(HOSTILE, HOSTILE, reason=HOSTILE, message=HOSTILE)]
    page = read(pod)
    assert is_harmless(page)
    assert "<script>alert('pod')</script>" in page.text, "it is shown as it is written"


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.kinds if kind.name != "Pod"])
def test_names_and_annotations_of_each_kind_are_only_ever_text(kind: str) -> None:
    cls: Any = KINDS.find(kind).cls
    obj = cls(metadata=ObjectMeta(name=HOSTILE, labels={HOSTILE: HOSTILE}), **NEEDED.get(kind, {}))
    obj.metadata.annotations = {HOSTILE: HOSTILE}
    assert is_harmless(read(obj))


def test_messages_of_events_are_only_ever_text(cluster: Cluster) -> None:
    pod = cluster.create(shell("web", "sleep 1"))
    about = ObjectReference(kind="Pod", name="web", namespace="default", uid=pod.metadata.uid)
    cluster.create(Event(metadata=ObjectMeta(name="e"), involved_object=about, reason="Odd", message=HOSTILE))
    for picture in (cluster.events(pod), cluster.describe(pod)):
        assert is_harmless(read(picture))


def test_a_card_costs_nothing_before_it_is_asked_for() -> None:
    script = (
        "import sys, podkit; podkit.Pod.new('a', containers=[]); podkit.Cluster;"
        "assert 'podkit.display' not in sys.modules;"
        "assert '<div' in podkit.Pod.new('a', containers=[])._repr_html_();"
        "assert not {'podman', 'requests', 'IPython'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_both_themes_are_there() -> None:
    html = Pod.new("a", containers=[])._repr_html_()  # type: ignore[attr-defined]
    for theme in ("prefers-color-scheme:dark", '[data-jp-theme-light="false"]', ".vscode-dark", '[data-theme="light"]'):
        assert theme in html


def test_the_rules_of_jupyterlab_for_tables_and_lists_do_not_win() -> None:
    """Such as ``:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon td { text-align: right }``: of two classes."""
    html = display.html(ConfigMap.new("settings", {"a": "b"})) or ""
    selectors = [
        one.strip() for rule in html.partition("</style>")[0].split("}") for one in rule.partition("{")[0].split(",")
    ]
    elements = [one for one in selectors if re.search(r"\b(table|tr|th|td|dl|dt|dd)(:[\w-]+|\.[\w-]+)*$", one)]
    assert len(elements) > 5
    assert [one for one in elements if one.count(".") < 3] == []


def test_an_object_with_a_mistake_in_it_is_shown_as_its_repr() -> None:
    pod = Pod.new("web", containers=["busybox"])  # type: ignore[list-item]  # this is the mistake
    assert display.html(pod) is None


def test_what_pods_use_is_a_table(cluster: Cluster) -> None:
    cluster.wait(cluster.create(shell("web", "sleep 1000")), "Ready")
    page = read(cluster.top("pods"))
    assert "web" in page.cells
    assert display.html(cluster.top("pods", labels="app=none")) is not None


def test_of_what_is_very_long_the_beginning_is_shown() -> None:
    settings = ConfigMap.new(
        "settings", {"app.log": "word " * 100_000, **{f"key-{number}": "v" for number in range(3000)}}
    )
    page = read(settings)
    assert "word word" in page.text
    assert "… and 495999 more characters" in page.text
    assert "… and 2941 more" in page.text
    assert len(display.html(settings) or "") < 20_000
