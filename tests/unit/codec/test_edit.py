"""A file that is edited keeps everything but what was changed."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podkit.codec import dumps, load_all, loads_all
from podkit.codec.editing import edit
from podkit.errors import DecodeError
from podkit.model import ConfigMap, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, Pod, Volume
from podkit.model.copying import clone
from tests.unit.strategies import documents, objects, patient

DEPLOYMENT = """\
# The front, as the public sees it.
apiVersion: apps/v1
kind: Deployment
metadata:
    name: "web"      # never rename
    labels: {app: web,   tier: front}

spec:
    replicas: 3  # see the runbook

    # which Pods
    selector:
        matchLabels: {app: web}
    template:
        metadata:
            labels:
                app: web
        spec:
            containers:
                # the application
                - name: app
                  image: nginx:1.25   # pinned
                  ports:
                      - containerPort: 80
                  env:
                      # how it runs
                      - name: MODE
                        value: 'prod'
                      - {name: LEVEL, value: "1"}
                # its helper
                - name: helper
                  command: ["sh", "-c", 'sleep 1']
                  image: busybox
            volumes:
                - name: data
                  emptyDir: {}
                  # the end
"""


def edited(tmp_path: Path, text: str, change: Callable[[list[Any]], None], name: str = "file.yaml") -> str:
    path = tmp_path / name
    path.write_bytes(text.encode())
    with edit(path) as objs:
        change(objs)
        wanted = [clone(obj) for obj in objs]
    result = path.read_bytes().decode()
    assert loads_all(result) == wanted
    return result


def containers(objs: list[Any]) -> list[Container]:
    found: list[Container] = objs[0].spec.template.spec.containers
    return found


def differences(old: str, new: str) -> list[str]:
    """What a diff of the two texts would show."""
    return [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "+-"]


def test_nothing_changes_when_nothing_is_changed(tmp_path: Path) -> None:
    assert edited(tmp_path, DEPLOYMENT, lambda objs: None) == DEPLOYMENT


def test_a_scalar_keeps_its_comment_and_quotes(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        objs[0].spec.replicas = 5
        objs[0].metadata.name = "shop"
        app = containers(objs)[0]
        app.image = "nginx:1.27"
        app.env[0].value = "it's test"
        app.env[1].value = "2"

    assert differences(DEPLOYMENT, edited(tmp_path, DEPLOYMENT, change)) == [
        '-     name: "web"      # never rename',
        '+     name: "shop"      # never rename',
        "-     replicas: 3  # see the runbook",
        "+     replicas: 5  # see the runbook",
        "-                   image: nginx:1.25   # pinned",
        "+                   image: nginx:1.27   # pinned",
        "-                         value: 'prod'",
        "+                         value: 'it''s test'",
        '-                       - {name: LEVEL, value: "1"}',
        '+                       - {name: LEVEL, value: "2"}',
    ]


def test_new_fields_stand_where_people_write_them_in_the_style_of_the_file(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        objs[0].metadata.labels["new"] = "a, b"
        objs[0].spec.min_ready_seconds = 4
        app = containers(objs)[0]
        app.args = ["x"]
        app.ports.append(ContainerPort(443, name="https"))
        app.image_pull_policy = "Always"

    assert differences(DEPLOYMENT, edited(tmp_path, DEPLOYMENT, change)) == [
        "-     labels: {app: web,   tier: front}",
        '+     labels: {app: web,   tier: front, new: "a, b"}',
        "+     minReadySeconds: 4",
        "+                   imagePullPolicy: Always",
        "+                   args:",
        "+                       - x",
        "+                       - containerPort: 443",
        "+                         name: https",
    ]


def test_a_container_that_is_put_in_does_not_move_the_comments_of_others(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        containers(objs).insert(1, Container("proxy", image="envoy"))

    assert differences(DEPLOYMENT, edited(tmp_path, DEPLOYMENT, change)) == [
        "+                 - name: proxy",
        "+                   image: envoy",
    ]


def test_a_container_that_is_put_in_front_leaves_the_comments_of_the_first(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        containers(objs).insert(0, Container("proxy", image="envoy"))

    result = edited(tmp_path, DEPLOYMENT, change)

    lines = differences(DEPLOYMENT, result)
    assert lines == ["+                 - name: proxy", "+                   image: envoy"]
    assert "# the application\n                - name: app" in result


def test_a_container_that_is_taken_out_takes_its_comments_along(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        del containers(objs)[1]

    assert differences(DEPLOYMENT, edited(tmp_path, DEPLOYMENT, change)) == [
        "-                 # its helper",
        "-                 - name: helper",
        '-                   command: ["sh", "-c", \'sleep 1\']',
        "-                   image: busybox",
    ]


def test_containers_that_change_places_take_their_comments_along(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        containers(objs).reverse()

    result = edited(tmp_path, DEPLOYMENT, change)

    assert result.index("# its helper") < result.index("name: helper") < result.index("name: app")
    assert "image: nginx:1.25   # pinned" in result
    assert "# how it runs" in result


def test_a_renamed_container_keeps_the_rest(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        containers(objs)[0].name = "server"

    assert differences(DEPLOYMENT, edited(tmp_path, DEPLOYMENT, change)) == [
        "-                 - name: app",
        "+                 - name: server",
    ]


def test_what_is_taken_away_goes_and_nothing_else(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        objs[0].spec.replicas = None
        app = containers(objs)[0]
        del app.env[0]
        app.ports = []
        containers(objs)[1].command = []

    assert differences(DEPLOYMENT, edited(tmp_path, DEPLOYMENT, change)) == [
        "-     replicas: 3  # see the runbook",
        "- ",
        "-                   ports:",
        "-                       - containerPort: 80",
        "-                       # how it runs",
        "-                       - name: MODE",
        "-                         value: 'prod'",
        '-                   command: ["sh", "-c", \'sleep 1\']',
    ]


def test_values_change_between_scalars_and_blocks(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        spec = objs[0].spec.template.spec
        spec.volumes[0].empty_dir = EmptyDirVolumeSource("Memory", "1Mi")
        spec.volumes.append(Volume.from_config_map("conf", "web"))
        spec.containers[0].env[0].value = "two\nlines"
        spec.containers[1].command[2] = "sleep 2"

    assert differences(DEPLOYMENT, edited(tmp_path, DEPLOYMENT, change)) == [
        "-                         value: 'prod'",
        '+                         value: "two\\nlines"',
        '-                   command: ["sh", "-c", \'sleep 1\']',
        '+                   command: ["sh", "-c", \'sleep 2\']',
        "-                   emptyDir: {}",
        "+                   emptyDir:",
        "+                       medium: Memory",
        "+                       sizeLimit: 1Mi",
        "+                 - name: conf",
        "+                   configMap:",
        "+                       name: web",
    ]


CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  # one
  a: b
  script: |
    echo one

    echo two

  # last
  z: |-
    x
"""
MANY = f"# top\n---\n{CONFIG}---\n# only a comment\n---\n{DEPLOYMENT}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\n"


def test_blocks_of_text_are_replaced_by_blocks_of_text(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        objs[0].data["script"] = "echo three\n"
        objs[0].data["z"] = "plain"

    assert edited(tmp_path, CONFIG, change) == CONFIG.replace(
        "    echo one\n\n    echo two\n", "    echo three\n"
    ).replace("|-\n    x", "plain")


def test_other_documents_are_not_touched(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        objs[1].spec.replicas = 4

    assert edited(tmp_path, MANY, change) == MANY.replace("replicas: 3", "replicas: 4")


def test_objects_can_be_added_and_taken_out(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        del objs[0]
        objs.append(ConfigMap.new("new", {"a": "b"}))

    result = edited(tmp_path, MANY, change)

    assert DEPLOYMENT in result
    assert result.endswith("metadata: {name: p}\n---\n" + dumps(ConfigMap.new("new", {"a": "b"})))
    assert "script" not in result


def test_an_object_may_be_replaced_by_another_of_its_name(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        other = clone(objs[0])
        other.data["a"] = "c"
        objs[0] = other

    assert edited(tmp_path, CONFIG, change) == CONFIG.replace("a: b", "a: c")


def test_octal_modes_stay_octal(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Pod\nspec:\n  volumes:\n  - name: a\n    secret: {secretName: s, defaultMode: 0644}\n"

    def change(objs: list[Any]) -> None:
        objs[0].spec.volumes[0].secret.default_mode = 0o600

    assert edited(tmp_path, text, change) == text.replace("0644", "0600")


def test_what_was_null_or_empty_can_be_filled(tmp_path: Path) -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace:   # ours\n  labels: {}\n  annotations: null # none\n"
        "spec:\n  # all\n  containers: []\n"
    )

    def change(objs: list[Any]) -> None:
        objs[0].metadata.namespace = "ns"
        objs[0].metadata.labels["a"] = "b"
        objs[0].metadata.annotations["c"] = "d"
        objs[0].spec.containers.append(Container("app"))

    assert edited(tmp_path, text, change) == (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: ns   # ours\n"
        "  labels:\n    a: b\n  annotations: # none\n    c: d\n"
        "spec:\n  # all\n  containers:\n  - name: app\n"
    )


LIST = """\
apiVersion: v1
kind: List
items:
# first
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: a}  # a
  data: {k: v}
# second
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: b}  # b
  data: {k: v}
"""


def test_items_of_a_list_are_changed_in_place_and_can_be_taken_out(tmp_path: Path) -> None:
    def change_both(objs: list[Any]) -> None:
        for config in objs:
            config.data["k"] = "w"

    def take_out(objs: list[Any]) -> None:
        del objs[0]
        objs[0].data["k"] = "w"

    assert edited(tmp_path, LIST, change_both) == LIST.replace("k: v", "k: w")
    result = edited(tmp_path, LIST, take_out)
    assert result == LIST[: LIST.index("# first")] + LIST[LIST.index("# second") :].replace("k: v", "k: w")


def test_parts_behind_aliases_are_changed_for_the_one_that_changed(tmp_path: Path) -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: x  # keep\n"
        "    env: &env\n    - {name: A, value: b}\n"
        "  - name: c\n    image: i\n    env: *env\n"
    )

    def change_alias(objs: list[Any]) -> None:
        objs[0].spec.containers[1].env[0].value = "z"

    def change_anchor(objs: list[Any]) -> None:
        objs[0].spec.containers[0].env = [EnvVar("A", "z")]

    assert edited(tmp_path, text, change_alias) == text.replace("env: *env", "env:\n    - name: A\n      value: z")
    edited(tmp_path, text, change_anchor)


def test_json_and_kyaml_are_kept(tmp_path: Path) -> None:
    json_text = '{\n\t"apiVersion": "v1",\n\t"kind": "Pod",\n\t"metadata": {\n\t\t"name": "a"\n\t}\n}\n'
    kyaml = '---\n{\n  apiVersion: "v1",\n  kind: "Pod",\n  metadata: {\n    name: "a", # the name\n  },\n}\n'

    def change(objs: list[Any]) -> None:
        objs[0].metadata.name = "b"
        objs[0].metadata.namespace = "c"

    assert edited(tmp_path, json_text, change, "a.json") == json_text.replace('"a"', '"b",\n\t\t"namespace": "c"')
    assert edited(tmp_path, kyaml, change) == kyaml.replace('"a",', '"b",\n    namespace: c,')


def test_line_ends_of_windows_are_kept(tmp_path: Path) -> None:
    def change(objs: list[Any]) -> None:
        objs[0].data["new"] = "x\ny\n"

    result = edited(tmp_path, CONFIG.replace("\n", "\r\n"), change)

    assert result.count("\n") == result.count("\r\n")
    assert "# one\r\n" in result


def test_nothing_is_written_after_an_exception(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(CONFIG)

    with suppress(ZeroDivisionError), edit(path) as objs:
        objs[0].data["a"] = 1 / 0

    assert path.read_text() == CONFIG


def test_nothing_is_written_when_an_object_cannot_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(CONFIG)

    with pytest.raises(DecodeError, match=r"data\[a\]: must be a string"), edit(path) as objs:
        objs[0].data["a"] = 1

    assert path.read_text() == CONFIG


def test_the_file_is_left_alone_when_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(CONFIG)
    before = path.stat().st_ino

    with edit(path):
        pass

    assert path.stat().st_ino == before


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "file.yaml", tmp_path / "link.yaml"
    path.write_text(CONFIG)
    path.chmod(0o640)
    link.symlink_to(path)

    with edit(link) as objs:
        objs[0].data["a"] = "c"

    assert link.is_symlink()
    assert "a: c" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file.yaml", "link.yaml"]


def test_fields_that_kubernetes_does_not_have_can_stay(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(CONFIG + "extra: {x: 1}  # ours\n")

    with pytest.warns(UserWarning, match="extra"), edit(path, unknown_fields="ignore") as objs:
        objs[0].data["a"] = "c"

    assert path.read_text() == CONFIG.replace("a: b", "a: c") + "extra: {x: 1}  # ours\n"


@given(documents(), documents(), st.booleans())
@settings(patient, max_examples=150)
def test_any_object_can_become_any_other(
    tmp_path_factory: pytest.TempPathFactory, old: Any, new: Any, as_json: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(dumps(old, format="json" if as_json else "yaml"), encoding="utf-8", newline="")

    with edit(path) as objs:
        objs[:] = [new]

    assert load_all(path) == [new]


@given(documents(), st.data())
@settings(patient, max_examples=150)
def test_any_field_can_be_taken_from_another_object(
    tmp_path_factory: pytest.TempPathFactory, old: Any, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(dumps(old), encoding="utf-8", newline="")
    other = data.draw(objects(type(old)))

    with edit(path) as (obj,):
        for attribute in ("metadata", "spec", "data", "status"):
            if hasattr(obj, attribute) and data.draw(st.booleans()):
                setattr(obj, attribute, getattr(other, attribute))

    assert load_all(path) == [obj]


def test_an_empty_file_can_get_objects(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("# nothing yet\n")

    with edit(path) as objs:
        objs.append(Pod.new("a", containers=[]))

    assert path.read_text() == "# nothing yet\n---\n" + dumps(Pod.new("a", containers=[]))
